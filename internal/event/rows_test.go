package event

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/rdata"
	"open53/internal/zone"
)

func TestIndexRows(t *testing.T) {
	name := rdata.MustParseName("sub.example.com")
	for _, tt := range []struct {
		name     string
		kind     Kind
		document any
		want     []Row
	}{
		{"public zone", KindZone, &zone.HostedZone{ID: "Z1", Name: name}, []Row{
			{IndexZoneID, "Z1"}, {IndexZoneName, "com.example.sub.\x00Z1"},
		}},
		{"zone of a delegation set", KindZone, &zone.HostedZone{ID: "Z1", Name: rdata.Root, DelegationSetID: "N1"}, []Row{
			{IndexZoneID, "Z1"}, {IndexZoneName, ".\x00Z1"}, {IndexZoneDelegationSet, "N1\x00Z1"},
		}},
		{"zone of CIDR collections", KindZone, &zone.HostedZone{ID: "Z1", Name: rdata.Root, CIDRUses: []zone.CIDRUse{{CollectionID: "c", Location: "*", RRsets: 1}, {CollectionID: "c", Location: "a", RRsets: 2}, {CollectionID: "d", Location: "a", RRsets: 1}}}, []Row{
			{IndexZoneID, "Z1"}, {IndexZoneName, ".\x00Z1"}, {IndexZoneCIDR, "c\x00Z1"}, {IndexZoneCIDR, "d\x00Z1"},
		}},
		{"private zone", KindZone, &zone.HostedZone{ID: "Z1", Name: name, Private: true, VPCs: []zone.VPC{{Region: "r1", ID: "v1"}, {Region: "r2", ID: "v2"}}}, []Row{
			{IndexZoneID, "Z1"},
			{IndexZoneName, "com.example.sub.\x00Z1"},
			{IndexZoneVPC, "r1\x00v1\x00Z1"},
			{IndexZoneVPC, "r2\x00v2\x00Z1"},
		}},
		{"delegation set", KindDelegationSet, &zone.DelegationSet{ID: "N1"}, []Row{{IndexDelegationSetID, "N1"}}},
		{"reference", KindReference, &zone.Tag{Key: "any", Value: "thing"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			document, err := EncodeDocument(tt.document)
			if err != nil {
				t.Fatal(err)
			}
			got, err := IndexRows(tt.kind, document)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
	for _, kind := range []Kind{KindZone, KindDelegationSet, KindReference} {
		if rows, err := IndexRows(kind, nil); err != nil || rows != nil {
			t.Errorf("%s without a document: %v, %v", kind, rows, err)
		}
	}
	if _, err := IndexRows(KindZone, []byte{0xff}); err == nil {
		t.Error("a broken document is accepted")
	}
	if document, _ := EncodeDocument(&zone.HostedZone{ID: "Z1", Name: "\x05a"}); document != nil {
		if _, err := IndexRows(KindZone, document); err == nil {
			t.Error("a malformed zone name is accepted")
		}
	}
}
