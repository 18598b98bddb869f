package ec2_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"open53/internal/access"
	"open53/internal/dnstest"
	"open53/internal/ec2"
	"open53/internal/network/registry"
	"open53/internal/store/memory"
)

// counting is a source of bytes that are all different and always the same.
type counting struct{ next byte }

func (c *counting) Read(b []byte) (int, error) {
	for i := range b {
		c.next++
		b[i] = c.next
	}
	return len(b), nil
}

// caller asks as somebody, somewhere.
type caller struct {
	service *ec2.Service
	access  access.Caller
	region  string
}

func newCaller(t *testing.T) *caller {
	t.Helper()
	s, err := memory.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	now := func() time.Time { return time.UnixMilli(1_700_000_000_000) }
	return &caller{
		service: ec2.New(registry.New(registry.Config{Store: s, Now: now, Random: &counting{}}), slog.New(slog.DiscardHandler)),
		access:  access.Caller{AccountID: "111122223333", ARN: "arn:aws:iam::111122223333:root", AccessKeyID: "AKIA", Actions: []string{"*"}},
		region:  "eu-west-1",
	}
}

func (c *caller) send(method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r = r.WithContext(access.WithRequest(r.Context(), &access.Request{ID: "the-id", Caller: c.access, Region: c.region}))
	w := httptest.NewRecorder()
	c.service.ServeHTTP(w, r)
	return w
}

// TestGolden sends the forms of testdata/*.txt, one member per word:
// "Action Name=value …"; "as ACCOUNT REGION" is who asks from then on.
func TestGolden(t *testing.T) {
	dnstest.RunGolden(t, "testdata/*.txt", func(t *testing.T) func(dnstest.Block) string {
		t.Helper()
		c := newCaller(t)
		return func(b dnstest.Block) string {
			words := strings.Fields(b.Command)
			if words[0] == "as" {
				c.access.AccountID, c.region = words[1], words[2]
				return ""
			}
			form := url.Values{"Action": {words[0]}, "Version": {"2016-11-15"}}
			for _, word := range words[1:] {
				name, value, _ := strings.Cut(word, "=")
				form.Set(name, value)
			}
			w := c.send(http.MethodPost, "/", form.Encode())
			text := indent(t, w.Body.Bytes())
			if w.Code != http.StatusOK {
				text = http.StatusText(w.Code) + "\n" + text
			}
			return text
		}
	})
}

// indent prints a document, an element a line, without the declaration.
func indent(t *testing.T, document []byte) string {
	t.Helper()
	var b strings.Builder
	depth := 0
	d := xml.NewDecoder(bytes.NewReader(document))
	text := ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return strings.TrimPrefix(b.String(), "\n") + "\n"
		}
		if err != nil {
			t.Fatalf("%v: %s", err, document)
		}
		switch token := token.(type) {
		case xml.StartElement:
			b.WriteString("\n" + strings.Repeat("  ", depth) + token.Name.Local)
			depth++
			text = ""
		case xml.CharData:
			text = string(token)
		case xml.EndElement:
			if strings.TrimSpace(text) != "" {
				b.WriteString(": " + text)
			}
			text = ""
			depth--
		}
	}
}

func TestProtocol(t *testing.T) {
	c := newCaller(t)
	const want = "<?xml version=\"1.0\"?>\n" + `<DescribeRouteTablesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>the-id</requestId><routeTableSet></routeTableSet></DescribeRouteTablesResponse>`
	for name, w := range map[string]*httptest.ResponseRecorder{
		"POST": c.send("POST", "/", "Action=DescribeRouteTables&Version=2016-11-15"),
		"GET":  c.send("GET", "/?Action=DescribeRouteTables&Version=2016-11-15", ""),
	} {
		if w.Code != 200 || w.Body.String() != want || w.Header().Get("Content-Type") != "text/xml;charset=UTF-8" {
			t.Errorf("%s: %d %s %s", name, w.Code, w.Header(), w.Body)
		}
	}
	reader := *c
	reader.access.Actions = []string{"route53:*", "ec2:Describe*"}
	for _, test := range []struct {
		name, method, form string
		status             int
		code               string
	}{
		{"no action", "POST", "Version=2016-11-15", 400, "MissingAction"},
		{"other action", "POST", "Action=RunInstances&Version=2016-11-15", 400, "InvalidAction"},
		{"markup", "POST", "Action=%3Cb%3E", 400, "InvalidAction"},
		{"broken form", "POST", "Action=%zz", 400, "MalformedQueryString"},
		{"large form", "POST", strings.Repeat("a", 1<<20+1), 400, "MalformedQueryString"},
		{"method", "DELETE", "", 405, "MethodNotAllowed"},
		{"not allowed", "POST", "Action=CreateVpc&CidrBlock=10.0.0.0/16", 403, "UnauthorizedOperation"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := reader.send(test.method, "/", test.form)
			var doc struct {
				XMLName xml.Name `xml:"Response"`
				Errors  struct {
					Error struct{ Code, Message string }
				}
				RequestID string
			}
			if err := xml.Unmarshal(w.Body.Bytes(), &doc); err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
			if w.Code != test.status || doc.Errors.Error.Code != test.code || doc.Errors.Error.Message == "" || doc.RequestID != "the-id" {
				t.Errorf("%d %+v", w.Code, doc)
			}
		})
	}
	if w := reader.send("POST", "/", "Action=DescribeVpcs"); w.Code != 200 {
		t.Errorf("allowed: %d %s", w.Code, w.Body)
	}
}

func TestWriteError(t *testing.T) {
	for code, want := range map[string]string{"InvalidClientTokenId": "AuthFailure", "SignatureDoesNotMatch": "SignatureDoesNotMatch", "InternalFailure": "InternalError"} {
		w := httptest.NewRecorder()
		ec2.WriteError(w, "id", &access.Error{ErrorCode: code, HTTPStatus: 403, Message: "<x>"})
		if !strings.Contains(w.Body.String(), "<Code>"+want+"</Code>") {
			t.Errorf("%s: %s", code, w.Body)
		}
	}
}

// FuzzForm: no form makes the service fail by its own fault.
func FuzzForm(f *testing.F) {
	f.Add("Action=DescribeVpcs&Filter.1.Name=tag:x&Filter.1.Value.1=*a?\\*b&MaxResults=5")
	f.Add("Action=CreateVpc&CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=a")
	f.Add("Action=ModifyVpcAttribute&VpcId=vpc-12345678&EnableDnsSupport.Value=true")
	f.Add("Action=DescribeVpcs&Filter.99999999999999999999.Name=x&VpcId.-1=a&VpcId.=b")
	f.Fuzz(func(t *testing.T, form string) {
		w := newCaller(t).send("POST", "/", form)
		if w.Code >= 500 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if err := xml.Unmarshal(w.Body.Bytes(), new(struct{ XMLName xml.Name })); err != nil {
			t.Errorf("%v: %s", err, w.Body)
		}
	})
}
