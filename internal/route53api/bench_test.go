package route53api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"open53/internal/restxml"
)

// oneChange is a batch as botocore sends it.
const oneChange = `<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch>` +
	`<Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>www.example.com.</Name><Type>A</Type><TTL>300</TTL>` +
	`<ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords>` +
	`</ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`

func BenchmarkDecodeOneChange(b *testing.B) {
	x := new(exchange)
	x.enums = newOpenEnums(Enums{})
	x.labels[0] = "Z0123456789ABCDEFGHIJ"
	body := []byte(oneChange)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		x.body = body
		in := new(ChangeResourceRecordSetsInput)
		if err := readChangeResourceRecordSets(x, in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeList300(b *testing.B) {
	out := &ListResourceRecordSetsOutput{MaxItems: "300"}
	for i := range 300 {
		out.ResourceRecordSets = append(out.ResourceRecordSets, ResourceRecordSet{
			Name: fmt.Sprintf("host-%d.example.com.", i), Type: RRTypeA, TTL: new(int64(300)),
			ResourceRecords: []ResourceRecord{{Value: "192.0.2.1"}, {Value: "192.0.2.2"}},
		})
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = appendListResourceRecordSetsOutput(buf[:0], out)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecodeList300(b *testing.B) {
	out := &ListResourceRecordSetsOutput{MaxItems: "300"}
	for i := range 300 {
		out.ResourceRecordSets = append(out.ResourceRecordSets, ResourceRecordSet{
			Name: fmt.Sprintf("host-%d.example.com.", i), Type: RRTypeA, TTL: new(int64(300)),
			ResourceRecords: []ResourceRecord{{Value: "192.0.2.1"}, {Value: "192.0.2.2"}},
		})
	}
	body := restxml.AppendRoot(nil, "ListResourceRecordSetsResponse", Namespace)
	body = restxml.AppendEnd(appendListResourceRecordSetsOutput(body, out), "ListResourceRecordSetsResponse")
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		a := &answer{data: body}
		out := new(ListResourceRecordSetsOutput)
		a.open("ListResourceRecordSetsResponse")
		decodeListResourceRecordSetsOutput(&a.decoder, out)
		if err := a.close(); err != nil {
			b.Fatal(err)
		}
	}
}

// discard is a ResponseWriter that costs nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

func BenchmarkServeOneChange(b *testing.B) {
	answer := &ChangeResourceRecordSetsOutput{ChangeInfo: ChangeInfo{Id: "/change/C1", Status: ChangeStatusInsync}}
	h := NewHandler(recorder(func(context.Context, string, any) (any, error) { return answer, nil }), Options{})
	body := strings.NewReader(oneChange)
	r := httptest.NewRequest("POST", "/2013-04-01/hostedzone/Z0123456789ABCDEFGHIJ/rrset/", body)
	w := discard{make(http.Header)}
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(oneChange)
		h.ServeHTTP(w, r)
	}
}
