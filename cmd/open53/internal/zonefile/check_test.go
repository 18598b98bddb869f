package zonefile

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	alias := func(name, t, target, zone string) string {
		return fmt.Sprintf(`; open53: {"Name":"%s.example.com","Type":"%s","AliasTarget":{"HostedZoneId":"%s","DNSName":"%s"}}`+"\n", name, t, zone, target)
	}
	routed := func(name, id, policy string) string {
		return fmt.Sprintf(`; open53: {"Name":"%s.example.com","Type":"A","SetIdentifier":"%s",%s,"TTL":60,"ResourceRecords":[{"Value":"192.0.2.1"}]}`+"\n", name, id, policy)
	}
	many := ""
	for i := range 401 {
		many += fmt.Sprintf("m A 10.0.%d.%d\n", i/256, i%256)
	}
	for _, tt := range []struct {
		name, text string
		complete   bool
		want       string // lines and messages
	}{
		{"nothing wrong", "a A 192.0.2.1\na MX 1 b\nc CNAME a\nd CNAME www.example.org.\ne NS a\ne DS 1 13 2 " + strings.Repeat("00", 32) + "\n" +
			alias("f", "A", "a.example.com", "") + alias("g", "A", "x.elb.amazonaws.com", "Z35SXDOTRQ7X7K") + routed("h", "1", `"Weight":0`), true, ""},
		{
			"CNAME, then others", "a CNAME b\na A 192.0.2.1\n", true,
			"zone:6: RRSet of type A with DNS name a.example.com. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com.",
		},
		{
			"others, then CNAME", "a A 192.0.2.1\na CNAME b\n", true,
			"zone:6: RRSet of type CNAME with DNS name a.example.com. is not permitted as it conflicts with other records with the same DNS name in zone example.com.",
		},
		{"CNAME at the apex", "@ CNAME a\n", true, "zone:5: RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone example.com."},
		{"two CNAMEs", "a CNAME b\na CNAME c\n", true, "zone:5: RRSet of type CNAME with DNS name a.example.com. is not permitted to have more than one record in zone example.com."},
		{"second SOA", "@ SOA ns2 host 1 7200 900 1209600 86400\n", true, "zone:3: A HostedZone must contain exactly one SOA record."},
		{
			"CNAME loop", "a CNAME b\nb CNAME a\n", true,
			"zone:5: RRSet of type CNAME with DNS name a.example.com. is not permitted as it creates a CNAME or alias loop in the zone.\n" +
				"zone:6: RRSet of type CNAME with DNS name b.example.com. is not permitted as it creates a CNAME or alias loop in the zone.",
		},
		{"too many values", many, true, "zone:5: Cannot have more than 400 records in a RRSet."},
		{
			"routed and simple", "a A 192.0.2.1\n" + routed("a", "x", `"Weight":1`), true,
			"zone:6: RRSet with DNS name a.example.com., type A, SetIdentifier x cannot be created as a non-weighted set exists with the same name and type.",
		},
		{
			"two policies", routed("a", "x", `"Weight":1,"Region":"eu-west-1"`), true,
			"zone:5: Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, GeoProximityLocation, or CidrRoutingConfig], but found more than one in Change with [Action=CREATE, Name=a.example.com., Type=A, SetIdentifier=x]",
		},
		{
			"bad country", routed("a", "x", `"GeoLocation":{"CountryCode":"nowhere"}`), true,
			"zone:5: Invalid XML ; cvc-pattern-valid: Value 'nowhere' is not facet-valid with respect to pattern '([A-Z]{2}|\\*)' for type 'CountryCode'.",
		},
		{"all the policies", routed("a", "x", `"GeoLocation":{"CountryCode":"*"}`) + routed("b", "x", `"GeoProximityLocation":{"Coordinates":{"Latitude":"1","Longitude":"2"},"Bias":3}`) +
			routed("c", "x", `"CidrRoutingConfig":{"CollectionId":"00000000-0000-0000-0000-000000000000","LocationName":"*"}`) +
			routed("d", "x", `"Failover":"SECONDARY"`) + routed("e", "x", `"MultiValueAnswer":true`) + routed("f", "x", `"Region":"mars-1"`), true, ""},
		{
			"bad value in a comment", `; open53: {"Name":"a.example.com","Type":"A","TTL":1,"ResourceRecords":[{"Value":"x"}]}` + "\n", true,
			"zone:5: Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with 'x''",
		},
		{
			"alias without target", alias("a", "A", "b.example.com", ""), true,
			"zone:5: Tried to create an alias that targets b.example.com., type A in zone ZTHISZONE, but that target was not found",
		},
		{
			"alias target of another type", "b AAAA ::1\n" + alias("a", "A", "b.example.com", "ZOTHER"), true,
			"zone:6: Tried to create an alias that targets b.example.com., type A in zone ZTHISZONE, but that target was not found",
		},
		{"alias target may be in the zone", "b AAAA ::1\n" + alias("a", "A", "b.example.com", "") + alias("c", "A", "d.example.com", ""), false, ""},
		{
			"alias loop", alias("a", "A", "b.example.com", "") + alias("b", "A", "a.example.com", ""), false,
			"zone:5: RRSet of type A with DNS name a.example.com. is not permitted as it creates a CNAME or alias loop in the zone.\n" +
				"zone:6: RRSet of type A with DNS name b.example.com. is not permitted as it creates a CNAME or alias loop in the zone.",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := read(t, head+tt.text).Check(tt.complete)
			got := ""
			if faults, ok := errors.AsType[*Faults](err); ok {
				got = joined(faults.List)
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
