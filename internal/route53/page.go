package route53

import (
	"encoding/base64"
	"strconv"
	"strings"

	api "open53/internal/route53api"
)

// Sizes of pages. A request may ask for less, and gets no more.
const (
	zonePage          = 100
	rrsetPage         = 100
	maxRRsetPage      = 300
	authorizationPage = 50
	healthCheckPage   = 100
	maxAuthorizations = 100
	// geoPage is what Amazon's list of all locations, taken without a limit,
	// names as its own.
	geoPage = 500
)

// pageSize reads MaxItems. Nothing is the default; more than the limit is the
// limit.
func pageSize(maxItems *string, usual, limit int) (int, error) {
	if maxItems == nil || *maxItems == "" {
		return usual, nil
	}
	digits := strings.TrimLeft(*maxItems, "0")
	if digits == "" || strings.Trim(digits, "0123456789") != "" { // ours
		return 0, invalidInput("The value '" + *maxItems + "' for the number of items is not valid: it must be a positive integer.")
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > limit { // out of range is large
		return limit, nil
	}
	return n, nil
}

// marker is an id that a client may have given its prefix.
func marker(text *string) string {
	if text == nil {
		return ""
	}
	return (*text)[strings.LastIndexByte(*text, '/')+1:]
}

// A token is where a list goes on, within what it lists. Clients return it as
// it is; one that does not fit its list is refused, and can do no harm.
type token struct {
	list string // "by-vpc us-east-1 vpc-1"
	at   string
}

// tokenVersion begins the tokens of this format.
const tokenVersion = "1\x00"

// String is the token as clients get it.
func (t token) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(tokenVersion + t.list + "\x00" + t.at))
}

// parseToken reads the place in list that a client returns; nothing is the
// beginning. Error: InvalidPaginationToken.
func parseToken(list string, text *string) (at string, err error) {
	if text == nil || *text == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(*text)
	at, fits := strings.CutPrefix(string(raw), tokenVersion+list+"\x00")
	if err != nil || !fits || at == "" {
		return "", &api.InvalidPaginationToken{Message: "The pagination token is invalid."} // ours
	}
	return at, nil
}
