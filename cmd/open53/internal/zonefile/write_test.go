package zonefile

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

func write(t *testing.T, f *File) string {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b, f.Zone)
	for _, s := range f.Sets {
		w.Add(s)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const everything = `; Zone example.com., written by open53. What a master file cannot say is in comments that begin with "open53:".
$ORIGIN example.com.
$TTL 900
@	900	IN	SOA	ns1.example.com. host.example.com. 1 7200 900 1209600 86400
@	60	IN	A	192.0.2.2
@	60	IN	A	192.0.2.1
@	300	IN	MX	10 Mail.example.com.
@	172800	IN	NS	ns1.example.com.
@	5	IN	TXT	"v=spf1 \"a\" \\ -all" "\195\164"
*.a	60	IN	A	192.0.2.3
; open53: {"Name":"app.example.com.","Type":"A","AliasTarget":{"DNSName":"www.example.com.","EvaluateTargetHealth":true}}
; open53: {"Name":"cdn.example.com.","Type":"A","AliasTarget":{"HostedZoneId":"Z2FDTNDATAQYW2","DNSName":"d1.cloudfront.net.","EvaluateTargetHealth":false}}
; open53: {"Name":"w.example.com.","Type":"A","SetIdentifier":"one","Weight":1,"TTL":60,"ResourceRecords":[{"Value":"192.0.2.1"}],"HealthCheckId":"abc"}
; open53: {"Name":"w.example.com.","Type":"A","SetIdentifier":"two","Weight":0,"TTL":60,"ResourceRecords":[{"Value":"192.0.2.2"}]}
www	60	IN	A	192.0.2.1
; open53: {"Name":"x\\052.example.com.","Type":"MX","TTL":3,"ResourceRecords":[{"Value":"no mail exchanger"}]}
`

func TestWriteReadWrite(t *testing.T) {
	f := read(t, everything)
	if err := f.Check(true); err == nil { // the last set is what only other servers hold
		t.Error("a value that is none was accepted")
	}
	if diff := cmp.Diff(everything, write(t, f)); diff != "" {
		t.Error(diff)
	}
	// Another server reads all but the comments.
	z := dns.NewZoneParser(strings.NewReader(everything), "", "")
	n := 0
	for _, ok := z.Next(); ok; _, ok = z.Next() {
		n++
	}
	if z.Err() != nil || n != 8 {
		t.Errorf("miekg/dns reads %d records, %v", n, z.Err())
	}
}

func TestWriteWithoutSOA(t *testing.T) {
	f := read(t, "$ORIGIN e.\n@ 1 A 192.0.2.1\na 2 A 192.0.2.1\n")
	_, body, _ := strings.Cut(write(t, f), "\n")
	if diff := cmp.Diff("$ORIGIN e.\n@\t1\tIN\tA\t192.0.2.1\na\t2\tIN\tA\t192.0.2.1\n", body); diff != "" {
		t.Error(diff)
	}
	f.Sets = nil
	if _, body, _ = strings.Cut(write(t, f), "\n"); body != "$ORIGIN e.\n" {
		t.Errorf("empty zone: %q", body)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk is full") }

func TestWriteFails(t *testing.T) {
	w := NewWriter(fullDisk{}, "\x01e\x00")
	w.Add(&Set{Name: "\x01e\x00", Type: 1, Values: []string{"192.0.2.1"}})
	if err := w.Close(); err == nil || err.Error() != "write zone file: disk is full" {
		t.Error(err)
	}
}

// FuzzRead checks that what was read is written in a form that reads the same:
// Write∘Read∘Write is Write.
func FuzzRead(f *testing.F) {
	f.Add(everything)
	f.Add(head + "a\\.b A 192.0.2.1\n\\097 TXT a b\n$GENERATE 1-3 h$ A 192.0.2.$\n")
	f.Add("; open53: {\"Name\":\"a\",\"Type\":\"A\"}\n$ORIGIN .\na 3 NS a\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Read(strings.NewReader(text), "zone", ReadOptions{SkipDNSSEC: true})
		if err != nil {
			return
		}
		_ = file.Check(false)
		first := write(t, file)
		again, err := Read(strings.NewReader(first), "zone", ReadOptions{Zone: file.Zone})
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		if diff := cmp.Diff(first, write(t, again)); diff != "" {
			t.Error(diff)
		}
		if changes, _ := again.Plan(file.Sets, PlanOptions{Replace: true}); len(changes) > 0 {
			t.Errorf("%d sets read back differ, one is %s", len(changes), changes[0].Name())
		}
	})
}
