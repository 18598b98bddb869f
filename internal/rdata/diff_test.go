package rdata

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

// value is one random value in the text of the API and in that of master
// files, made from the same parts.
type value struct {
	api, master strings.Builder
}

func (v *value) both(format string, args ...any) {
	fmt.Fprintf(&v.api, format, args...)
	fmt.Fprintf(&v.master, format, args...)
}

// octet writes one byte: itself where plain has it, escaped otherwise.
func (v *value) octet(c byte, plain string) {
	if strings.IndexByte(plain, c) >= 0 {
		v.both("%c", c)
		return
	}
	fmt.Fprintf(&v.api, `\%03o`, c)
	fmt.Fprintf(&v.master, `\%03d`, c)
}

const (
	letters   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	nameChars = letters + "*+/:=!#%&',<>?[]^`{|}~"
	textChars = nameChars + " .;()@$"
)

func (v *value) name(r *rand.Rand) {
	labels := r.IntN(4)
	for range labels {
		for range 1 + r.IntN(8) {
			c := letters[r.IntN(len(letters))]
			if r.IntN(10) == 0 {
				c = byte(r.IntN(256))
			}
			v.octet(c, nameChars)
		}
		v.both(".")
	}
	if labels == 0 {
		v.both(".")
	}
}

func (v *value) quoted(r *rand.Rand, longest int) {
	v.both(`"`)
	for range r.IntN(longest + 1) {
		c := letters[r.IntN(len(letters))]
		if r.IntN(4) == 0 {
			c = byte(r.IntN(256))
		}
		v.octet(c, textChars)
	}
	v.both(`"`)
}

func (v *value) hex(r *rand.Rand, n int) {
	for i := range n {
		// Blanks inside are for digests only; \# has them as well.
		if i > 0 && r.IntN(20) == 0 {
			v.both(" ")
		}
		v.both("%02x", r.IntN(256))
	}
}

func randomAddr(r *rand.Rand, n int) netip.Addr {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.IntN(256) * r.IntN(2))
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}

func (v *value) addrs(r *rand.Rand, n int) {
	for i := range 1 + r.IntN(3) {
		if i > 0 {
			v.both(",")
		}
		// miekg/dns refuses IPv4-mapped hints, so have none here.
		addr := randomAddr(r, n)
		for addr.Is4In6() {
			addr = randomAddr(r, n)
		}
		v.both("%s", addr)
	}
}

func (v *value) serviceParams(r *rand.Rand) {
	type param struct {
		name  string
		write func()
	}
	params := []param{
		{"alpn", func() { v.both(`="h2,h3,x-%d"`, r.IntN(10)) }},
		{"port", func() { v.both("=%d", r.IntN(65536)) }},
		{"ipv4hint", func() { v.both("="); v.addrs(r, 4) }},
		{"ipv6hint", func() { v.both("="); v.addrs(r, 16) }},
		{"ech", func() {
			b := make([]byte, 1+r.IntN(20))
			v.both("=%s", base64.StdEncoding.EncodeToString(b))
		}},
		{"dohpath", func() { v.both("=/dns-query{?dns}") }},
		{"ohttp", func() {}},
	}
	r.Shuffle(len(params), func(i, j int) { params[i], params[j] = params[j], params[i] })
	params = params[:r.IntN(len(params)+1)]
	for _, p := range params {
		v.both(" %s", p.name)
		p.write()
		if p.name == "alpn" && r.IntN(2) == 0 {
			v.both(" no-default-alpn")
		}
	}
	if len(params) > 1 && r.IntN(2) == 0 {
		v.both(" mandatory=%s,%s", params[0].name, params[1].name)
	}
}

// randomValues makes a random value of each type with its own parser.
var randomValues = map[Type]func(v *value, r *rand.Rand){
	TypeA:     func(v *value, r *rand.Rand) { v.both("%s", randomAddr(r, 4)) },
	TypeAAAA:  func(v *value, r *rand.Rand) { v.both("%s", randomAddr(r, 16)) },
	TypeNS:    (*value).name,
	TypeCNAME: (*value).name,
	TypePTR:   (*value).name,
	TypeDNAME: (*value).name,
	TypeMX:    func(v *value, r *rand.Rand) { v.both("%d ", r.IntN(65536)); v.name(r) },
	TypeSRV: func(v *value, r *rand.Rand) {
		v.both("%d %d %d ", r.IntN(65536), r.IntN(65536), r.IntN(65536))
		v.name(r)
	},
	TypeSOA: func(v *value, r *rand.Rand) {
		v.name(r)
		v.both(" ")
		v.name(r)
		v.both(" %d %d %d %d %d", r.Uint32(), r.Uint32(), r.Uint32(), r.Uint32(), r.Uint32())
	},
	TypeTXT: randomText,
	TypeSPF: randomText,
	TypeCAA: func(v *value, r *rand.Rand) { v.both("%d issue%d ", r.IntN(256), r.IntN(10)); v.quoted(r, 100) },
	TypeNAPTR: func(v *value, r *rand.Rand) {
		v.both(`%d %d "u" `, r.IntN(65536), r.IntN(65536))
		v.quoted(r, 20)
		v.both(` "" `)
		v.name(r)
	},
	TypeDS: func(v *value, r *rand.Rand) {
		kind := 1 + r.IntN(2)
		v.both("%d %d %d ", r.IntN(65536), r.IntN(256), kind)
		v.hex(r, dsDigestLengths[uint8(kind)])
	},
	TypeTLSA: func(v *value, r *rand.Rand) {
		kind := 1 + r.IntN(2)
		v.both("%d %d %d ", r.IntN(256), r.IntN(256), kind)
		v.hex(r, tlsaDataLengths[uint8(kind)])
	},
	TypeSSHFP: func(v *value, r *rand.Rand) {
		kind := 1 + r.IntN(2)
		v.both("%d %d ", r.IntN(256), kind)
		v.hex(r, sshfpDigestLengths[uint8(kind)])
	},
	TypeSVCB:  randomServiceBinding,
	TypeHTTPS: randomServiceBinding,
}

func randomText(v *value, r *rand.Rand) {
	for i := range 1 + r.IntN(3) {
		if i > 0 {
			v.both(" ")
		}
		v.quoted(r, 255)
	}
}

func randomServiceBinding(v *value, r *rand.Rand) {
	v.both("%d ", r.IntN(32768))
	v.name(r)
	v.serviceParams(r)
}

// miekgWire is what miekg/dns packs for a master file value.
func miekgWire(t *testing.T, typ Type, text string) []byte {
	t.Helper()
	rr, err := dns.NewRR(". 0 IN " + typ.String() + " " + text)
	if err != nil {
		t.Fatalf("miekg/dns refuses %s %s: %v", typ, text, err)
	}
	buf := make([]byte, dns.MaxMsgSize)
	end, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		t.Fatalf("miekg/dns does not pack %s %s: %v", typ, text, err)
	}
	return buf[11:end] // root, type, class, TTL, length
}

// Values of all types parse to what miekg/dns makes of the same value.
func TestParseValueAgainstMiekg(t *testing.T) {
	for typ := range amazonTypes {
		if randomValues[typ] == nil {
			t.Errorf("no random %s values", typ)
		}
	}
	for typ, write := range randomValues {
		t.Run(typ.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(53, uint64(typ)))
			for range 500 {
				var v value
				write(&v, r)
				want := miekgWire(t, typ, v.master.String())
				got, err := ParseValue(typ, v.api.String())
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("ParseValue(%s, %s) = %x, %v, miekg/dns has %x", typ, v.api.String(), got, err, want)
				}
				for rr, err := range ReadMaster(strings.NewReader("a. 1 "+typ.String()+" "+v.master.String()), "", "") {
					if err != nil || !bytes.Equal(rr.Wire, want) {
						t.Fatalf("ReadMaster of %s %s = %x, %v, miekg/dns has %x", typ, v.master.String(), rr.Wire, err, want)
					}
				}
				checkWire(t, typ, got)
				line, err := AppendMasterLine(nil, "", Root, typ, 0, got)
				if err != nil {
					t.Fatal(err)
				}
				text := strings.SplitN(strings.TrimSpace(string(line)), "\t", 5)[4]
				if again := miekgWire(t, typ, text); !bytes.Equal(again, want) {
					t.Fatalf("miekg/dns reads %s %s as %x, want %x", typ, text, again, want)
				}
			}
		})
	}
}

// A file of random records in all the ways to lay one out is read as
// miekg/dns reads it.
func TestReadMasterAgainstMiekg(t *testing.T) {
	r := rand.New(rand.NewPCG(53, 1035))
	types := slices.Sorted(maps.Keys(randomValues))
	for range 50 {
		file := randomFile(r, types)
		var want, got []string
		zone := dns.NewZoneParser(strings.NewReader(file), "example.com.", "")
		for rr, ok := zone.Next(); ok; rr, ok = zone.Next() {
			name := make([]byte, MaxName)
			end, err := dns.PackDomainName(rr.Header().Name, name, 0, nil, false)
			if err != nil {
				t.Fatal(err)
			}
			wire, err := packRR(rr)
			if err != nil {
				t.Fatal(err)
			}
			lowerASCII(name)
			want = append(want, fmt.Sprintf("%s %d %d %x", Name(name[:end]), rr.Header().Ttl, rr.Header().Rrtype, wire))
		}
		if zone.Err() != nil {
			t.Fatalf("miekg/dns: %v in\n%s", zone.Err(), file)
		}
		for rr, err := range ReadMaster(strings.NewReader(file), MustParseName("example.com"), "") {
			if err != nil {
				t.Fatalf("%v in\n%s", err, file)
			}
			got = append(got, fmt.Sprintf("%s %d %d %x", rr.Name, rr.TTL, rr.Type, rr.Wire))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-miekg/dns +ours)\n%s\nin\n%s", diff, file)
		}
	}
}

func randomFile(r *rand.Rand, types []Type) string {
	pick := func(choices ...string) string { return choices[r.IntN(len(choices))] }
	var file strings.Builder
	file.WriteString("$TTL 2h\n")
	for i := range 40 {
		switch r.IntN(12) {
		case 0:
			fmt.Fprintf(&file, "$ORIGIN %s\n", pick("sub", "example.net.", "a.b.example.com.", "."))
		case 1:
			fmt.Fprintf(&file, "$TTL %s ; comment\n", pick("1", "1h30m", "1w2d", "86400"))
		case 2:
			fmt.Fprintf(&file, "$GENERATE 1-%d/2 g$.${0,3,x} %s A 192.0.2.$\n", 1+r.IntN(9), pick("300", "300 IN", "IN 300")) // miekg/dns forgets $TTL here
		}
		owner := pick("www", "@", "*", "Mixed.Case", "abs.example.org.", `esc\.aped\032`, " ")
		if i == 0 {
			owner = "first"
		}
		typ := types[r.IntN(len(types))]
		var v value
		randomValues[typ](&v, r)
		fmt.Fprintf(&file, "%s%s%s%s", owner, pick(" ", "\t", " \t "), pick("", "60 ", "IN ", "60 IN ", "IN 60 ", "1m "), typ)
		switch text := v.master.String(); r.IntN(3) {
		case 0:
			fmt.Fprintf(&file, " %s\n", text)
		case 1:
			fmt.Fprintf(&file, " %s ; comment ( \" \n\n; more\n", text)
		case 2:
			fmt.Fprintf(&file, " ( ; begins\n\t%s\n ) ; ends\n", text)
		}
	}
	return file.String()
}

// Records in generic form are what miekg/dns makes of them.
func TestGenericAgainstMiekg(t *testing.T) {
	r := rand.New(rand.NewPCG(53, 3597))
	for range 500 {
		wire := make([]byte, r.IntN(40))
		for i := range wire {
			wire[i] = byte(r.IntN(256))
		}
		text := fmt.Sprintf(`\# %d %s`, len(wire), hex.EncodeToString(wire))
		got, err := ParseValue(Type(65400), text)
		if err != nil || !bytes.Equal(got, wire) || !bytes.Equal(miekgWire(t, Type(65400), text), wire) {
			t.Fatalf("%s: %x, %v", text, got, err)
		}
	}
}
