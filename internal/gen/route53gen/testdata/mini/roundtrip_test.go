package route53api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type thing struct {
	Unimplemented
	in  *PutThingInput
	out *PutThingOutput
}

func (a *thing) PutThing(_ context.Context, in *PutThingInput) (*PutThingOutput, error) {
	a.in = in
	return a.out, nil
}

func TestRoundTrip(t *testing.T) {
	api := new(thing)
	srv := httptest.NewServer(NewHandler(api, Options{Enums: Enums{Color: EnumRule{Any: true}}}))
	defer srv.Close()
	client := &Client{Endpoint: srv.URL}
	for _, tt := range []struct {
		name string
		in   PutThingInput
		out  PutThingOutput
	}{
		{"little",
			PutThingInput{Id: "x", Token: "t", Data: []byte{}, Colors: []Color{"red"}},
			PutThingOutput{}},
		{"much",
			PutThingInput{
				Id: "a/b c", Token: "t", Flag: new(true), Size: new(int32(-5)), Deep: new(false), Data: []byte{0, 255}, More: []byte("x"),
				Colors: []Color{ColorDarkGreen, "blue"}, AllParts: []Part{{Name: "p"}, {Name: ""}}, At: new(time.UnixMilli(958).UTC()), Ratio: new(0.5),
			},
			PutThingOutput{
				Tag: new("tag"), Count: new(int32(7)), Color: new(ColorRed), Done: new(true),
				Parts: []Part{{Name: "q"}, {Name: "r"}}, Data: []byte("y"), Total: new(int64(1 << 40)),
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			api.out = &tt.out
			got, err := client.PutThing(t.Context(), &tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.in, api.in); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(&tt.out, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWire(t *testing.T) {
	body := func(content string) string { return "<PutThingRequest>" + content + "</PutThingRequest>" }
	for _, tt := range []struct {
		name, path, token, flag, body string
		status                        int
		want                          string
	}{
		{"fine", "/2020-01-01/thing/x", "t", "true", body("<Data/><Colors>red</Colors>"), 201, `<Part><Name>q</Name></Part><Part><Name>r</Name></Part><Data>eQ==</Data>`},
		{"no header", "/2020-01-01/thing/x", "", "", body("<Data/><Colors>red</Colors>"), 400, "Value null at 'token' failed"},
		{"bad header", "/2020-01-01/thing/x", "t", "maybe", body("<Data/><Colors>red</Colors>"), 400, "Value 'maybe' at 'flag' failed to satisfy constraint: Member must be true or false"},
		{"bad query", "/2020-01-01/thing/x?size=6&deep=1", "t", "", body("<Data/><Colors>red</Colors>"), 400, "Value '6' at 'size' failed to satisfy constraint: Member must have value less than or equal to 5"},
		{"bad blob", "/2020-01-01/thing/x", "t", "", body("<Data>!</Data><Colors>red</Colors>"), 400, "'!' is not a valid value for 'base64Binary'."},
		{"too few", "/2020-01-01/thing/x", "t", "", body("<Data/>"), 400, "The content of element 'PutThingRequest' is not complete. One of '{\"urn:mini\":Colors}' is expected."},
		{"too many", "/2020-01-01/thing/x", "t", "", body("<Data/>" + strings.Repeat("<Colors>red</Colors>", 4)), 400, "Invalid content was found starting with element '{\"urn:mini\":Colors}'."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			api := &thing{out: &PutThingOutput{Parts: []Part{{Name: "q"}, {Name: "r"}}, Data: []byte("y")}}
			r := httptest.NewRequest("PUT", tt.path, strings.NewReader(tt.body))
			for name, value := range map[string]string{"X-Token": tt.token, "X-Flag": tt.flag} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			w := httptest.NewRecorder()
			NewHandler(api, Options{}).ServeHTTP(w, r)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("status %d: %s\nwant %s", w.Code, w.Body, tt.want)
			}
			if w.Header().Values("ETag") != nil && w.Code == http.StatusCreated {
				t.Error("a header that is not there was written")
			}
		})
	}
}
