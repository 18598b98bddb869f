package zone

import (
	"fmt"
	"testing"
)

func TestAlias(t *testing.T) {
	t.Parallel()
	const (
		cloudFront = "Z2FDTNDATAQYW2/d1.cloudfront.net"
		balancer   = "Z35SXDOTRQ7X7K/lb.us-east-1.elb.amazonaws.com"
	)
	tried := func(target, typ, zone string) string {
		return "Tried to create an alias that targets " + target + ", type " + typ + " in zone " + zone
	}
	const outside, notFound = ", but the alias target name does not lie within the target zone", ", but that target was not found"
	a := "a.example.com A 60 192.0.2.1"
	private := func(z *HostedZone) { z.Private = true }
	strict := Options{Strict: true}
	runBatches(t, []batchCase{
		{name: "alias to a record", zone: []string{a}, batch: []string{"CREATE b.example.com A alias=Z1EXAMPLE/A.example.com./eth"}},
		{name: "alias at the apex", zone: []string{a}, batch: []string{"CREATE example.com A alias=Z1EXAMPLE/a.example.com"}},
		{name: "alias to alias", zone: []string{a, "b.example.com A alias=Z1EXAMPLE/a.example.com"}, batch: []string{"CREATE c.example.com A alias=Z1EXAMPLE/b.example.com"}},
		{name: "alias to a wildcard", zone: []string{"*.example.com A 60 192.0.2.1"}, batch: []string{"CREATE b.x.example.com A alias=Z1EXAMPLE/*.example.com"}},
		{
			name: "alias to what a wildcard would match", zone: []string{"*.example.com A 60 192.0.2.1"}, batch: []string{"CREATE b.example.com A alias=Z1EXAMPLE/x.example.com"},
			want: []string{tried("x.example.com.", "A", testZoneID) + notFound},
		},
		{name: "target created before it in the batch", batch: []string{"CREATE " + a, "CREATE b.example.com A alias=Z1EXAMPLE/a.example.com"}},
		{
			name: "target created after it in the batch", batch: []string{"CREATE b.example.com A alias=Z1EXAMPLE/a.example.com", "CREATE " + a},
			want: []string{tried("a.example.com.", "A", testZoneID) + notFound},
		},
		{
			name: "target deleted before it in the batch", zone: []string{a}, batch: []string{"DELETE " + a, "CREATE b.example.com A alias=Z1EXAMPLE/a.example.com"},
			want: []string{tried("a.example.com.", "A", testZoneID) + notFound},
		},
		{name: "target missing", batch: []string{"CREATE b.example.com A alias=Z1EXAMPLE/a.example.com"}, want: []string{tried("a.example.com.", "A", testZoneID) + notFound}},
		{name: "target of another type", zone: []string{a}, batch: []string{"CREATE b.example.com AAAA alias=Z1EXAMPLE/a.example.com"}, want: []string{tried("a.example.com.", "AAAA", testZoneID) + notFound}},
		{
			name: "target a CNAME, alias an A", zone: []string{"a.example.com CNAME 60 example.org"}, batch: []string{"CREATE b.example.com A alias=Z1EXAMPLE/a.example.com"},
			want: []string{tried("a.example.com.", "A", testZoneID) + notFound},
		},
		{name: "CNAME alias to CNAME", zone: []string{"a.example.com CNAME 60 example.org"}, batch: []string{"CREATE b.example.com CNAME alias=Z1EXAMPLE/a.example.com"}},
		{name: "CNAME alias to A", zone: []string{a}, batch: []string{"CREATE b.example.com CNAME alias=Z1EXAMPLE/a.example.com"}, want: []string{tried("a.example.com.", "CNAME", testZoneID) + notFound}},
		{
			name: "target outside the zone", batch: []string{"CREATE b.example.com A alias=Z1EXAMPLE/a.example.org"},
			want: []string{tried("a.example.org.", "A", testZoneID) + outside, tried("a.example.org.", "A", testZoneID) + notFound},
		},
		{
			name: "alias target zone wrong", zone: []string{a}, batch: []string{"CREATE b.example.com A alias=ZOTHER/a.example.com"},
			want: []string{tried("a.example.com.", "A", "ZOTHER") + outside, tried("a.example.com.", "A", "ZOTHER") + notFound},
		},
		{name: "target that is no name", batch: []string{"CREATE b.example.com A alias=Z1EXAMPLE/a..b"}, want: []string{"FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..b'"}},
		{
			name: "target that is no name, and an alias to it", batch: []string{"CREATE b.example.com A alias=Z1EXAMPLE/a..b", "CREATE c.example.com A alias=Z1EXAMPLE/b.example.com"},
			want: []string{"FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..b'"},
		},
		{
			name: "NS alias", zone: []string{"a.example.com NS 60 ns.example.org"}, batch: []string{"CREATE b.example.com NS alias=Z1EXAMPLE/a.example.com"},
			want: []string{"RRSet of type NS with DNS name b.example.com. is not permitted to be an alias in zone example.com."},
		},
		{
			name: "SOA alias", batch: []string{"UPSERT example.com SOA alias=Z1EXAMPLE/a.example.com"},
			want: []string{"RRSet of type SOA with DNS name example.com. is not permitted to be an alias in zone example.com."},
		},
		{name: "TXT and HTTPS aliases", zone: []string{`a.example.com TXT 60 "t"`, "a.example.com HTTPS 60 1 ."}, batch: []string{"CREATE b.example.com TXT alias=Z1EXAMPLE/a.example.com", "CREATE b.example.com HTTPS alias=Z1EXAMPLE/a.example.com"}},
		{name: "routed aliases", zone: []string{a}, batch: []string{"CREATE b.example.com A id=S weight=1 alias=Z1EXAMPLE/a.example.com/eth", "CREATE b.example.com A id=T weight=1 60 192.0.2.1"}},
		{name: "services", opts: strict, batch: []string{
			"CREATE b.example.com A alias=" + cloudFront, "CREATE b.example.com AAAA alias=" + cloudFront, "CREATE b.example.com HTTPS alias=" + cloudFront,
			"CREATE c.example.com A alias=" + balancer + "/eth", "CREATE d.example.com A alias=Z3AQBSTGFYJSTF/s3-website-us-east-1.amazonaws.com",
			"CREATE e.example.com A alias=Z2BJ6XQ5FK7U4H/x.awsglobalaccelerator.com",
		}},
		{
			name: "other types in a service's zone", batch: []string{"CREATE b.example.com CNAME alias=" + cloudFront, "CREATE c.example.com HTTPS alias=" + balancer},
			want: []string{tried("d1.cloudfront.net.", "CNAME", cloudFrontZone) + notFound, tried("lb.us-east-1.elb.amazonaws.com.", "HTTPS", "Z35SXDOTRQ7X7K") + notFound},
		},
		{
			name: "CloudFront with health evaluation", batch: []string{"CREATE b.example.com A alias=" + cloudFront + "/eth"},
			want: []string{tried("d1.cloudfront.net.", "A", cloudFrontZone) + ", but EvaluateTargetHealth is not permitted for CloudFront"},
		},
		{
			name: "CloudFront in a private zone", hz: private, batch: []string{"CREATE b.example.com A alias=" + cloudFront, "CREATE c.example.com A alias=" + balancer},
			want: []string{tried("d1.cloudfront.net.", "A", cloudFrontZone) + ", but aliases of private zones cannot target CloudFront"},
		},
		{
			name: "name of no service, strictly", opts: strict, batch: []string{"CREATE b.example.com A alias=Z35SXDOTRQ7X7K/lb.example.org"},
			want: []string{tried("lb.example.org.", "A", "Z35SXDOTRQ7X7K") + outside},
		},
		{name: "name of no service", batch: []string{"CREATE b.example.com A alias=Z35SXDOTRQ7X7K/lb.elb.localhost.localstack.cloud"}},
		{name: "configured service zone", opts: Options{Strict: true, ServiceZones: func(id string) bool { return id == "ZVPCE" }}, batch: []string{"CREATE b.example.com A alias=ZVPCE/vpce-1.example.org"}},
	})
}

func TestLoops(t *testing.T) {
	t.Parallel()
	loop := func(typ, name string) string {
		return "RRSet of type " + typ + " with DNS name " + name + " is not permitted as it creates a CNAME or alias loop in the zone."
	}
	runBatches(t, []batchCase{
		{name: "alias to itself", batch: []string{"UPSERT a.example.com A alias=Z1EXAMPLE/a.example.com"}, want: []string{loop("A", "a.example.com.")}},
		{name: "CNAME to itself", batch: []string{"UPSERT a.example.com CNAME 60 A.example.com"}, want: []string{loop("CNAME", "a.example.com.")}},
		{
			name: "CNAMEs in a ring", zone: []string{"a.example.com CNAME 60 b.example.com", "b.example.com CNAME 60 c.example.com"}, batch: []string{"CREATE c.example.com CNAME 60 a.example.com"},
			want: []string{loop("CNAME", "c.example.com.")},
		},
		{
			name: "CNAMEs in a ring, generic value", zone: []string{"a.example.com CNAME 60 b.example.com"}, batch: []string{`CREATE b.example.com CNAME 60 \# 15 0161076578616d706c6503636f6d00`},
			want: []string{loop("CNAME", "b.example.com.")},
		},
		{name: "CNAMEs that meet", zone: []string{"a.example.com CNAME 60 c.example.com", "b.example.com CNAME 60 c.example.com"}, batch: []string{"CREATE c.example.com CNAME 60 d.example.com"}},
		{
			name: "alias ring", zone: []string{"a.example.com A 60 192.0.2.1", "b.example.com A alias=Z1EXAMPLE/a.example.com", "c.example.com A alias=Z1EXAMPLE/b.example.com"},
			batch: []string{"UPSERT a.example.com A alias=Z1EXAMPLE/c.example.com"}, want: []string{loop("A", "a.example.com.")},
		},
		{
			name: "alias ring through one member of a group", zone: []string{"a.example.com A 60 192.0.2.1", "b.example.com A id=S weight=1 60 192.0.2.1", "b.example.com A id=T weight=0 alias=Z1EXAMPLE/a.example.com"},
			batch: []string{"UPSERT a.example.com A alias=Z1EXAMPLE/b.example.com"}, want: []string{loop("A", "a.example.com.")},
		},
		{
			name: "aliases of two types pass each other", zone: []string{"a.example.com AAAA 60 2001:db8::1", "b.example.com A 60 192.0.2.1", "b.example.com AAAA alias=Z1EXAMPLE/a.example.com"},
			batch: []string{"CREATE a.example.com A alias=Z1EXAMPLE/b.example.com"},
		},
		{
			name: "CNAME alias ring", zone: []string{"a.example.com CNAME 60 example.org", "b.example.com CNAME alias=Z1EXAMPLE/a.example.com"},
			batch: []string{"UPSERT a.example.com CNAME 60 b.example.com"}, want: []string{loop("CNAME", "a.example.com.")},
		},
		{
			name: "CNAME in the place of a deleted alias target", zone: []string{"w.example.com A 60 192.0.2.1", "v.example.com A alias=Z1EXAMPLE/w.example.com"},
			batch: []string{"DELETE w.example.com A 60 192.0.2.1", "CREATE w.example.com CNAME 60 v.example.com"}, want: []string{loop("CNAME", "w.example.com.")},
		},
		{
			name:  "CNAME to an alias whose target has a way back for another type only",
			zone:  []string{"n.example.com AAAA 60 2001:db8::1", "w.example.com A 60 192.0.2.1", "w.example.com AAAA alias=Z1EXAMPLE/n.example.com", "v.example.com A alias=Z1EXAMPLE/w.example.com"},
			batch: []string{"DELETE n.example.com AAAA 60 2001:db8::1", "CREATE n.example.com CNAME 60 v.example.com"},
		},
		{name: "ring made by one batch", batch: []string{"CREATE a.example.com CNAME 60 b.example.com", "CREATE b.example.com CNAME 60 a.example.com"}, want: []string{loop("CNAME", "b.example.com.")}},
		{name: "ring opened before it would close", zone: []string{"a.example.com CNAME 60 b.example.com"}, batch: []string{"UPSERT a.example.com CNAME 60 c.example.com", "CREATE b.example.com CNAME 60 a.example.com"}},
	})
}

// TestLongChain: the search for loops ends however long the chain.
func TestLongChain(t *testing.T) {
	t.Parallel()
	z := testZone()
	m := newMemory(t, z)
	for i := range 3 * maxLoopSteps {
		set := fmt.Sprintf("CREATE n%d.example.com CNAME 60 n%d.example.com", i, i+1)
		changes, err := Apply(z, m, parseRequest(t, set), Options{})
		if err != nil {
			t.Fatal(err)
		}
		m.commit(t, changes)
	}
	view := &countingView{memory: m}
	if _, err := Apply(z, view, parseRequest(t, "CREATE start.example.com CNAME 60 n0.example.com"), Options{}); err != nil {
		t.Error(err)
	}
	if view.reads > maxLoopSteps+2 {
		t.Errorf("%d names read", view.reads)
	}
}

func TestServiceZones(t *testing.T) {
	t.Parallel()
	if n := len(serviceZones()); n != 202 { // 203 rows; CloudFront's id stands for API Gateway too
		t.Errorf("%d service zones", n)
	}
	if !IsServiceZone(cloudFrontZone) || !IsServiceZone("Z83WF9RJE8B12") || IsServiceZone("hosted_zone_id") || IsServiceZone("") {
		t.Error("service zones are not those of the table")
	}
}
