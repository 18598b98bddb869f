package sts

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"open53/internal/access"
)

var caller = access.Caller{AccountID: "123456789012", ARN: "arn:aws:iam::123456789012:user/a&b", UserID: "AIDAX", AccessKeyID: "AKIAX"}

func ask(method, target, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(form))
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	r = r.WithContext(access.WithRequest(r.Context(), &access.Request{ID: "the-id", Caller: caller, Body: []byte(form)}))
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w
}

func TestGetCallerIdentity(t *testing.T) {
	const form = "Action=GetCallerIdentity&Version=2011-06-15"
	const want = "<?xml version=\"1.0\"?>\n" + `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">` +
		`<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/a&amp;b</Arn><UserId>AIDAX</UserId><Account>123456789012</Account></GetCallerIdentityResult>` +
		`<ResponseMetadata><RequestId>the-id</RequestId></ResponseMetadata></GetCallerIdentityResponse>`
	for name, w := range map[string]*httptest.ResponseRecorder{
		"POST": ask("POST", "/", form),
		"GET":  ask("GET", "/?"+form, ""),
	} {
		if w.Code != 200 || w.Body.String() != want || w.Header().Get("Content-Type") != "text/xml" {
			t.Errorf("%s: %d %s %s", name, w.Code, w.Header(), w.Body)
		}
	}
}

func TestErrors(t *testing.T) {
	const sts, iam = "https://sts.amazonaws.com/doc/2011-06-15/", "https://iam.amazonaws.com/doc/2010-05-08/"
	for _, c := range []struct {
		name, method, target, form string
		status                     int
		space, code, message       string
	}{
		{"other action", "POST", "/", "Action=AssumeRole&Version=2011-06-15", 400, sts, "InvalidAction", "Could not find operation AssumeRole for version 2011-06-15"},
		{"markup", "POST", "/", "Action=%3Cb%3E&Version=2011-06-15", 400, sts, "InvalidAction", "Could not find operation <b> for version 2011-06-15"},
		{"no version", "GET", "/?Action=GetCallerIdentity", "", 400, sts, "InvalidAction", "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED"},
		{"no action", "POST", "/", "Version=2011-06-15", 400, sts, "MissingAction", "The request is missing an action or a required parameter."},
		{"user", "POST", "/", "Action=GetUser&Version=2010-05-08", 403, iam, "AccessDenied", "User: arn:aws:iam::123456789012:user/a&b is not authorized to perform: iam:GetUser because no identity-based policy allows the iam:GetUser action"},
		{"roles", "POST", "/", "Action=ListRoles&Version=2010-05-08", 403, iam, "AccessDenied", "User: arn:aws:iam::123456789012:user/a&b is not authorized to perform: iam:ListRoles because no identity-based policy allows the iam:ListRoles action"},
		{"broken form", "POST", "/", "Action=%zz", 400, sts, "MalformedQueryString", "The query string contains a syntax error."},
		{"large form", "POST", "/", strings.Repeat("a", maxForm+1), 400, sts, "MalformedQueryString", "The query string contains a syntax error."},
		{"method", "DELETE", "/", "", 405, sts, "MethodNotAllowed", "The method DELETE is not allowed. Allowed: GET, POST."},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := ask(c.method, c.target, c.form)
			var doc struct {
				XMLName   xml.Name
				Error     struct{ Type, Code, Message string }
				RequestId string
			}
			if err := xml.Unmarshal(w.Body.Bytes(), &doc); err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
			if w.Code != c.status || doc.XMLName != (xml.Name{Space: c.space, Local: "ErrorResponse"}) || doc.RequestId != "the-id" ||
				doc.Error.Type != "Sender" || doc.Error.Code != c.code || doc.Error.Message != c.message {
				t.Errorf("%d %+v", w.Code, doc)
			}
			if c.status == http.StatusMethodNotAllowed && w.Header().Get("Allow") == "" {
				t.Error("no Allow header")
			}
		})
	}
}
