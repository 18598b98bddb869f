package sigv4

import (
	"net/http"
	"net/url"
	"strings"
)

// Claim is what a request says about its signature. Its strings share memory
// with the request.
type Claim struct {
	AccessKeyID   string
	Scope         Scope
	SignedHeaders string // lower case, ascending, separated by semicolons
	Signature     string // as sent; 64 lower-case hexadecimal digits if genuine
	SessionToken  string // X-Amz-Security-Token, or empty
	Presigned     bool   // the query form

	terminator string
	stamp      string // X-Amz-Date or Date, as sent
	expires    string // X-Amz-Expires, as sent; the query form only
}

// Parse reads the credentials of a request: those of the Authorization
// header, or else those of the query. It checks their form alone; time, scope
// and signature are for Verify. Errors: *Error of kind Missing or Incomplete.
func Parse(r *http.Request) (Claim, error) {
	if values := r.Header[authorizationHeader]; len(values) > 0 {
		if len(values) > 1 {
			return Claim{}, incomplete("Authorization header must not be repeated.")
		}
		return parseHeader(r, values[0])
	}
	_, query := receivedTarget(r)
	if !strings.Contains(query, "X-Amz-") {
		return Claim{}, errMissing
	}
	return parseQuery(query)
}

// fields are the parts of the header form, or of the query form.
type fields struct {
	algorithm, credential, signedHeaders, signature string
}

func parseHeader(r *http.Request, header string) (Claim, error) {
	claim := Claim{stamp: r.Header.Get(dateHeader), SessionToken: r.Header.Get(tokenHeader)}
	if claim.stamp == "" {
		claim.stamp = r.Header.Get("Date")
	}
	algorithm, rest, _ := strings.Cut(header, " ")
	if algorithm != Algorithm {
		if strings.HasPrefix(algorithm, "AWS4-") {
			return Claim{}, incomplete("Unsupported AWS 'algorithm': '%s' (only AWS4-HMAC-SHA256 for now). ", algorithm)
		}
		rest = "" // another scheme: nothing we need is there
	}
	var f fields
	if err := f.readHeader(rest, header); err != nil {
		return Claim{}, err
	}
	var missing strings.Builder
	for _, part := range []struct{ name, value string }{
		{"Credential", f.credential}, {"Signature", f.signature}, {"SignedHeaders", f.signedHeaders},
	} {
		if part.value == "" {
			missing.WriteString("Authorization header requires '" + part.name + "' parameter. ")
		}
	}
	if missing.Len() > 0 {
		if claim.stamp == "" {
			missing.WriteString(noDate + " ")
		}
		return Claim{}, incomplete("%s(Hashed with SHA-256 and encoded with Base64) Authorization=%s", missing.String(), digest(header))
	}
	return claim, claim.set(f)
}

// readHeader reads "Credential=…, SignedHeaders=…, Signature=…", in any order.
func (f *fields) readHeader(rest, header string) error {
	for part := range strings.FieldsFuncSeq(rest, func(c rune) bool { return c == ',' || c == ' ' }) {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return incomplete("Invalid key=value pair (missing equal-sign) in Authorization header "+
				"(hashed with SHA-256 and encoded with Base64): '%s'.", digest(header))
		}
		var field *string
		switch name {
		case "Credential":
			field = &f.credential
		case "SignedHeaders":
			field = &f.signedHeaders
		case "Signature":
			field = &f.signature
		default:
			continue
		}
		if *field != "" {
			return incomplete("Authorization header must not repeat the '%s' parameter.", name)
		}
		*field = value
	}
	return nil
}

func parseQuery(query string) (Claim, error) {
	claim := Claim{Presigned: true}
	var f fields
	places := []struct {
		name  string
		value *string
	}{
		{algorithmParameter, &f.algorithm},
		{credentialParameter, &f.credential},
		{signatureParameter, &f.signature},
		{signedHeadersParameter, &f.signedHeaders},
		{dateHeader, &claim.stamp},
		{expiresParameter, &claim.expires},
		{tokenHeader, &claim.SessionToken},
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		for _, p := range places {
			if name != p.name {
				continue
			}
			text, err := url.QueryUnescape(value)
			if err != nil || *p.value != "" {
				return Claim{}, incomplete("AWS query-string parameters must include a single valid '%s'. %s", name, reexamine)
			}
			*p.value = text
		}
	}
	if f.algorithm == "" && f.credential == "" && f.signature == "" {
		return Claim{}, errMissing // some other parameter that begins with X-Amz-
	}
	var missing strings.Builder
	for _, p := range places[:5] {
		if *p.value == "" {
			missing.WriteString("AWS query-string parameters must include '" + p.name + "'. ")
		}
	}
	if missing.Len() > 0 {
		return Claim{}, incomplete("%s%s", missing.String(), reexamine)
	}
	if f.algorithm != Algorithm {
		return Claim{}, incomplete("Unsupported AWS 'algorithm': '%s' (only AWS4-HMAC-SHA256 for now). ", f.algorithm)
	}
	return claim, claim.set(f)
}

const (
	reexamine = "Re-examine the query-string parameters."
	noDate    = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
)

// set takes over the parts that both forms have.
func (c *Claim) set(f fields) error {
	parts := strings.SplitN(f.credential, "/", 6)
	if len(parts) != 5 || parts[0] == "" {
		return incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'",
			f.credential)
	}
	if !ascending(f.signedHeaders) {
		return incomplete("SignedHeaders must be lower-case header names in ascending order, got '%s'", f.signedHeaders)
	}
	c.AccessKeyID = parts[0]
	c.Scope = Scope{Date: parts[1], Region: parts[2], Service: parts[3]}
	c.terminator = parts[4]
	c.SignedHeaders = f.signedHeaders
	c.Signature = f.signature
	return nil
}

// ascending checks a SignedHeaders list. No name may come twice: the
// canonical request repeats the header's value for each, which would let a
// small request ask for much work.
func ascending(names string) bool {
	before := ""
	for name := range strings.SplitSeq(names, ";") {
		if name <= before {
			return false
		}
		for i := range len(name) {
			if c := name[i]; c <= ' ' || c >= 0x7f || c == ':' || 'A' <= c && c <= 'Z' {
				return false
			}
		}
		before = name
	}
	return true
}

// signs reports whether the claim's signature covers a header, given in lower
// case.
func (c *Claim) signs(header string) bool {
	for name := range strings.SplitSeq(c.SignedHeaders, ";") {
		if name == header {
			return true
		}
	}
	return false
}
