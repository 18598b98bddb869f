package rdata

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func TestFormatValue(t *testing.T) {
	tests := []struct {
		name string
		t    Type
		wire string // hex
		want string
	}{
		{"a", TypeA, "c0000207", "192.0.2.7"},
		{"aaaa", TypeAAAA, "20010db8000000000000000000000001", "2001:db8::1"},
		{"aaaa mapped", TypeAAAA, "00000000000000000000ffffc0000201", "::ffff:192.0.2.1"},
		{"name", TypeCNAME, "0357777703436f4d00", "Www.CoM."},
		{"root", TypeNS, "00", "."},
		{"escapes in a name", TypePTR, "062e5c22200aff00", `\056\134\042\040\012\377.`},
		{"printable in a name", TypePTR, "042a40242800", "*@$(."},
		{"mx", TypeMX, "000a016d00", "10 m."},
		{"srv", TypeSRV, "00010002ffff00", "1 2 65535 ."},
		{"soa", TypeSOA, "016100016200" + "ffffffff" + "00000002" + "00000003" + "00000004" + "00000005", "a. b. 4294967295 2 3 4 5"},
		{"txt", TypeTXT, "0261620005225c3b7fe4", `"ab" "" "\"\\;\177\344"`},
		{"caa", TypeCAA, "8005697373756563613b", `128 issue "ca;"`},
		{"caa without a value", TypeCAA, "00056973737565", `0 issue ""`},
		{"naptr with bytes behind", TypeNAPTR, "0001000201750001210000", ""},
		{"naptr strings", TypeNAPTR, "00010002" + "0175" + "00" + "0121" + "00", `1 2 "u" "" "!" .`},
		{"naptr with both targets", TypeNAPTR, "00010002" + "00" + "00" + "0121" + "016100", `\# 11 0001000200000121016100`},
		{"ds", TypeDS, "00010802" + strings.Repeat("AB", 32), "1 8 2 " + strings.Repeat("ab", 32)},
		{"ds of a wrong length", TypeDS, "00010802ab", `\# 5 00010802ab`},
		{"tlsa", TypeTLSA, "030100ff", "3 1 0 ff"},
		{"sshfp", TypeSSHFP, "0403ff", "4 3 ff"},
		{"https alias", TypeHTTPS, "0000016100", "0 a."},
		{
			"https parameters", TypeHTTPS, "000100" +
				"000000040001" + "0003" + "00010006026832026833" + "00020000" + "0003000201bb" + "00040008c0000201c0000202" + "00050003010203" +
				"0006001020010db8000000000000000000000001" + "000700022f71" + "00080000",
			`1 . mandatory=alpn,port alpn="h2,h3" no-default-alpn port=443 ipv4hint=192.0.2.1,192.0.2.2 ech=AQID ` +
				`ipv6hint=2001:db8::1 dohpath="/q" ohttp`,
		},
		{"alpn with comma and backslash", TypeHTTPS, "000100" + "00010005" + "04612c5c62", `1 . alpn="a\\,\\\\b"`},
		{"https parameter that Route 53 does not know", TypeHTTPS, "000100" + "ff35000178", `\# 8 000100ff35000178`},
		{"https priority that Route 53 does not know", TypeHTTPS, "ffff00", `\# 3 ffff00`},
		{"long txt", TypeTXT, strings.Repeat("04ffffffff", 250), `\# 1250 ` + strings.Repeat("04ffffffff", 250)},
		{"hinfo", 13, "0161" + "01ff", `"a" "\377"`},
		{"rp", 17, "022e2000" + "00", `\056\040. .`},
		{"unnamed type", 37, "0003000000010203", `\# 8 0003000000010203`},
		{"unknown type, empty", 65280, "", `\# 0`},
		{"a too short", TypeA, "c00002", ""},
		{"name without root", TypeCNAME, "0161", ""},
		{"name with bytes behind", TypeCNAME, "016100ff", ""},
		{"compressed name", TypeCNAME, "c000", ""},
		{"txt without strings", TypeTXT, "", ""},
		{"txt cut short", TypeTXT, "0261", ""},
		{"caa with a bad tag", TypeCAA, "00022d2d", ""},
		{"caa cut short", TypeCAA, "000a61", ""},
		{"ds without digest", TypeDS, "00010802", ""},
		{"https parameters out of order", TypeHTTPS, "000100" + "0003000201bb" + "00010003026832", ""},
		{"https parameter cut short", TypeHTTPS, "000100" + "0003000301bb", ""},
		{"https reserved key", TypeHTTPS, "000100" + "ffff0000", ""},
		{"https mandatory missing", TypeHTTPS, "000100" + "000000020001", ""},
		{"hinfo cut short", 13, "0161", ""},
		{"loc empty", 29, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wire, err := hex.DecodeString(tt.wire)
			if err != nil {
				t.Fatal(err)
			}
			got, err := FormatValue(tt.t, wire)
			if got != tt.want || (err != nil) != (tt.want == "") {
				t.Fatalf("FormatValue(%s, %s) = %s, %v, want %s", tt.t, tt.wire, got, err, tt.want)
			}
			if err != nil {
				return
			}
			if again, err := ParseValue(tt.t, got); err != nil || !bytes.Equal(again, wire) {
				t.Errorf("ParseValue(%s, %s) = %x, %v, want %s", tt.t, got, again, err, tt.wire)
			}
		})
	}
}

func TestAppendMasterLine(t *testing.T) {
	tests := []struct {
		name   string
		origin Name
		owner  Name
		t      Type
		value  string
		want   string // what follows owner, TTL and class is behind the last tab
	}{
		{"relative", MustParseName("example.com"), MustParseName("www.example.com"), TypeA, "192.0.2.7", "www\t300\tIN\tA\t192.0.2.7\n"},
		{"origin", MustParseName("example.com"), MustParseName("example.com"), TypeNS, "a.b", "@\t300\tIN\tNS\ta.b.\n"},
		{"wildcard", MustParseName("example.com"), MustParseName("*.example.com"), TypeA, "192.0.2.7", "*\t300\tIN\tA\t192.0.2.7\n"},
		{"elsewhere", MustParseName("example.com"), MustParseName("example.net"), TypeA, "192.0.2.7", "example.net.\t300\tIN\tA\t192.0.2.7\n"},
		{"no origin", "", MustParseName("a.b"), TypeA, "192.0.2.7", "a.b.\t300\tIN\tA\t192.0.2.7\n"},
		{"root as origin", Root, MustParseName("a.b"), TypeA, "192.0.2.7", "a.b.\t300\tIN\tA\t192.0.2.7\n"},
		{"root", Root, Root, TypeA, "192.0.2.7", ".\t300\tIN\tA\t192.0.2.7\n"},
		{"escaped owner", Root, MustParseName(`\056\040@$\377`), TypeA, "192.0.2.7", `\.\032\@\$\255.` + "\t300\tIN\tA\t192.0.2.7\n"},
		{"names in rdata are absolute", MustParseName("x"), MustParseName("x"), TypeMX, "1 a.x", "@\t300\tIN\tMX\t1 a.x.\n"},
		{"decimal escapes", Root, Root, TypeTXT, `"\344;\""`, ".\t300\tIN\tTXT\t" + `"\228;\""` + "\n"},
		{"unknown parameter is no problem here", Root, Root, TypeHTTPS, `\# 8 000100ff35000178`, ".\t300\tIN\tHTTPS\t" + `1 . key65333="x"` + "\n"},
		{"unknown type", Root, Root, 65280, `\# 2 abcd`, ".\t300\tIN\tTYPE65280\t" + `\# 2 abcd` + "\n"},
		{"ds of a wrong length", Root, Root, TypeDS, `\# 5 00010802ab`, ".\t300\tIN\tDS\t" + `\# 5 00010802ab` + "\n"},
		{"escapes of miekg/dns", Root, Root, 17, `\056\100. a.`, ".\t300\tIN\tRP\t" + `\.\@. a.` + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wire, err := ParseValue(tt.t, tt.value)
			if err != nil {
				t.Fatal(err)
			}
			got, err := AppendMasterLine([]byte("before\n"), tt.origin, tt.owner, tt.t, 300, wire)
			if want := "before\n" + tt.want; err != nil || string(got) != want {
				t.Fatalf("got %q, %v, want %q", got, err, want)
			}
			for rr, err := range ReadMaster(strings.NewReader(tt.want), tt.origin, "") {
				if err != nil || rr.Name != tt.owner || rr.Type != tt.t || rr.TTL != 300 || !bytes.Equal(rr.Wire, wire) {
					t.Errorf("read again: %+v, %v", rr, err)
				}
			}
		})
	}
	if got, err := AppendMasterLine([]byte("before\n"), Root, Root, TypeA, 1, []byte{1}); err == nil || string(got) != "before\n" {
		t.Errorf("malformed rdata: %q, %v", got, err)
	}
}
