package sigv4

import (
	"bytes"
	"net/http"
	"testing"
)

const benchBody = `<?xml version="1.0" encoding="UTF-8"?><ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>www.example.com.</Name><Type>A</Type><TTL>300</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`

func benchRequest(b *testing.B, presigned bool) (*http.Request, []byte) {
	b.Helper()
	r, err := http.NewRequest("POST", "http://127.0.0.1:4566/2013-04-01/hostedzone/Z0123456789ABCDEFGHIJ/rrset/?maxitems=100", bytes.NewReader([]byte(benchBody)))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/xml")
	if presigned {
		err = new(Signer).Presign(r, []byte(benchBody), suite, "us-east-1", "route53", now, MaxExpires)
	} else {
		err = new(Signer).Sign(r, []byte(benchBody), suite, "us-east-1", "route53", now)
	}
	if err != nil {
		b.Fatal(err)
	}
	r.RequestURI = r.URL.RequestURI()
	return r, []byte(benchBody)
}

func BenchmarkVerify(b *testing.B) {
	for _, form := range []struct {
		name      string
		presigned bool
	}{{"header", false}, {"presigned", true}} {
		b.Run(form.name, func(b *testing.B) {
			r, body := benchRequest(b, form.presigned)
			var v Verifier
			b.ReportAllocs()
			for b.Loop() {
				claim, err := Parse(r)
				if err == nil {
					err = v.Verify(&claim, suite.SecretAccessKey, r, body, now)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	r, body := benchRequest(b, false)
	var s Signer
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Sign(r, body, suite, "us-east-1", "route53", now); err != nil {
			b.Fatal(err)
		}
	}
}
