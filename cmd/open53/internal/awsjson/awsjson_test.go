package awsjson

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"open53/internal/route53api"
)

func TestAppend(t *testing.T) {
	for _, tt := range []struct {
		name string
		v    any
		want string
	}{
		{"plain set", route53api.ResourceRecordSet{
			Name: "www.example.com.", Type: "A", TTL: new(int64(300)), ResourceRecords: []route53api.ResourceRecord{{Value: "192.0.2.1"}},
		}, `{"Name":"www.example.com.","Type":"A","TTL":300,"ResourceRecords":[{"Value":"192.0.2.1"}]}`},
		{
			"alias", &route53api.ResourceRecordSet{Name: "a.", Type: "A", AliasTarget: &route53api.AliasTarget{HostedZoneId: "Z1", DNSName: "b."}},
			`{"Name":"a.","Type":"A","AliasTarget":{"HostedZoneId":"Z1","DNSName":"b.","EvaluateTargetHealth":false}}`,
		},
		{"zero that is there", route53api.ResourceRecordSet{Weight: new(int64(0))}, `{"Name":"","Type":"","Weight":0}`},
		{"escapes", route53api.ResourceRecord{Value: "\"a\\052<é\u2028\x01"}, `{"Value":"\"a\\052<é\u2028\u0001"}`},
		{"empty list", route53api.ListHostedZonesOutput{HostedZones: []route53api.HostedZone{}}, `{"HostedZones":[],"IsTruncated":false,"MaxItems":""}`},
		{
			"time",
			route53api.ChangeInfo{SubmittedAt: time.Date(2024, 5, 6, 7, 8, 9, 120e6, time.UTC)},
			`{"Id":"","Status":"","SubmittedAt":"2024-05-06T07:08:09.120000+00:00"}`,
		},
		{"whole second", time.Date(2024, 5, 6, 7, 8, 9, 0, time.FixedZone("", 3600)), `"2024-05-06T06:08:09+00:00"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(Append(nil, tt.v))); diff != "" {
				t.Error(diff)
			}
			if !json.Valid(Append(nil, tt.v)) {
				t.Error("no JSON")
			}
		})
	}
	if got, want := string(AppendIndented(nil, route53api.ResourceRecord{Value: "x"})), "{\n    \"Value\": \"x\"\n}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDecode(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"good", ` {"Name": "a.", "Type": "A", "Weight": 3, "AliasTarget": {"DNSName": "b."}} `, ""},
		{"unknown member", `{"Name": "a.", "Colour": 1}`, `unknown field "Colour"`},
		{"wrong type", `{"Name": 1}`, "cannot unmarshal number"},
		{"too much", `{} {}`, "text behind the JSON value"},
		{"garbage behind", `{} x`, "text behind the JSON value"},
		{"too short", `{"Name": "a."`, "JSON ends too early"},
		{"nothing", ``, "JSON ends too early"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var rs route53api.ResourceRecordSet
			err := Decode([]byte(tt.text), &rs)
			if tt.want == "" {
				if err != nil || rs.Name != "a." || *rs.Weight != 3 || rs.AliasTarget.DNSName != "b." {
					t.Errorf("%+v, %v", rs, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// FuzzDecode checks that what was read is written so that it reads the same.
func FuzzDecode(f *testing.F) {
	f.Add(`{"Name":"a.","Type":"A","TTL":1,"ResourceRecords":[{"Value":"1.2.3.4"}]}`)
	f.Add(`{"GeoLocation":{"CountryCode":"*"},"GeoProximityLocation":{"Coordinates":{"Latitude":"1","Longitude":"2"},"Bias":-3}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var a, b route53api.ResourceRecordSet
		if Decode([]byte(text), &a) != nil {
			return
		}
		if err := Decode(Append(nil, a), &b); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Error(diff)
		}
	})
}
