package rdata

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

var valueTests = []struct {
	name string
	t    Type
	text string
	want string // hex
}{
	{"a", TypeA, "192.0.2.7", "c0000207"},
	{"aaaa long", TypeAAAA, "2001:0db8:85a3::8a2e:0370:7334", "20010db885a3000000008a2e03707334"},
	{"aaaa mapped", TypeAAAA, "::ffff:192.0.2.1", "00000000000000000000ffffc0000201"},
	{"cname keeps case", TypeCNAME, "Www.Example.COM", "03577777074578616d706c6503434f4d00"},
	{"ns trailing dot", TypeNS, "a.b.", "0161016200"},
	{"ptr root", TypePTR, ".", "00"},
	{"name with octal", TypeCNAME, `a\056b.c`, "03612e62016300"},
	{"mx", TypeMX, "10 m.x.", "000a016d017800"},
	{"mx null", TypeMX, "0 .", "000000"},
	{"mx blanks", TypeMX, "10 \t m.x", "000a016d017800"},
	{"srv", TypeSRV, "1 2 65535 t.", "00010002ffff017400"},
	{"txt", TypeTXT, `"ab" "c"`, "0261620163"},
	{"txt adjacent", TypeTXT, `"ab""c"`, "0261620163"},
	{"txt empty string", TypeTXT, `""`, "00"},
	{"txt escapes", TypeTXT, `"a\"b\\c\344 ;"`, "08612262" + "5c63e4203b"},
	{"spf", TypeSPF, `"v=spf1 -all"`, "0b763d73706631202d616c6c"},
	{"soa", TypeSOA, "a. b. 1 7200 900 1209600 86400", "016100016200" + "00000001" + "00001c20" + "00000384" + "00127500" + "00015180"},
	{"caa", TypeCAA, `0 issue "ca.example"`, "0005697373756563612e6578616d706c65"},
	{"caa empty value", TypeCAA, `128 issuewild ""`, "8009697373756577696c64"},
	{
		"naptr", TypeNAPTR, `100 10 "u" "E2U+sip" "!^.*$!sip:a@b!" .`,
		"0064000a" + "0175" + "074532552b736970" + "0e215e2e2a24217369703a61406221" + "00",
	},
	{"ds", TypeDS, "60485 5 1 2BB183AF5F22588179A53B0A 98631FAD1A292118", "ec450501" + "2bb183af5f22588179a53b0a98631fad1a292118"},
	{"ds unknown digest", TypeDS, "1 2 99 abcd", "00010263abcd"},
	{"tlsa", TypeTLSA, "3 1 0 00ff", "03010000ff"},
	{"sshfp", TypeSSHFP, "4 3 00", "040300"},
	{"https alias", TypeHTTPS, "0 t.", "0000017400"},
	{"https", TypeHTTPS, `1 . alpn="h2,h3" port=443`, "000100" + "00010006026832026833" + "0003000201bb"},
	{
		"svcb sorted", TypeSVCB, `1 t. ipv4hint=192.0.2.1 port="8443" mandatory=port`,
		"0001017400" + "000000020003" + "0003000220fb" + "00040004c0000201",
	},
	{
		"svcb escaped comma", TypeSVCB, `1 . alpn="f\\\\oo\\,bar,h2"`,
		"000100" + "0001000c" + "08665c6f6f2c626172" + "026832",
	},
	{"generic a", TypeA, `\# 4 c0 0002 07`, "c0000207"},
	{"generic unknown", Type(65280), `\# 0`, ""},
	{"generic https key", TypeHTTPS, `\# 9 000100 ff78 0002 abcd`, "000100ff780002abcd"},
	{"dname", TypeDNAME, "x.y.", "0178017900"},
	{"hinfo", Type(13), `"a b" "c"`, "03612062" + "0163"},
	{
		"loc", Type(29), "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
		"00001613" + "8b3cf018" + "810cbce0" + "009895b8",
	},
	{"uri", Type(256), `10 1 "ftp://a.b/\143"`, "000a0001" + "6674703a2f2f612e622f63"},
	{"openpgpkey", Type(61), "AQID", "010203"},
	{"smimea", Type(53), "3 1 1 abcd", "030101abcd"},
	{"cds", Type(59), "60485 5 1 2BB183AF", "ec450501" + "2bb183af"},
	{"cdnskey", Type(60), "256 3 5 AQID", "01000305" + "010203"},
	{"csync", Type(62), "66 3 A NS AAAA", "000000420003" + "0004" + "60000008"},
	{"afsdb", Type(18), "1 Db.x.", "0001" + "0244620178" + "00"},
	{"generic cert", Type(37), `\# 8 0003000000010203`, "0003000000010203"},
	{"rp", Type(17), `a\056b.c d.`, "03612e62016300016400"},
}

func TestParseValue(t *testing.T) {
	for _, tt := range valueTests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseValue(tt.t, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if hex.EncodeToString(got) != tt.want {
				t.Errorf("ParseValue(%s, %s) = %x, want %s", tt.t, tt.text, got, tt.want)
			}
		})
	}
}

var refusedTests = []struct {
	name string
	t    Type
	text string
	code string
}{
	{"a name", TypeA, "www.example.com", "ARRDATAIllegalIPv4Address"},
	{"a blank", TypeA, "192.0.2.1 ", "ARRDATAIllegalIPv4Address"},
	{"a two", TypeA, "192.0.2.1 192.0.2.2", "ARRDATAIllegalIPv4Address"},
	{"a leading zero", TypeA, "192.0.2.01", "ARRDATAIllegalIPv4Address"},
	{"a v6", TypeA, "::1", "ARRDATAIllegalIPv4Address"},
	{"a empty", TypeA, "", "ARRDATAIllegalIPv4Address"},
	{"aaaa zone id", TypeAAAA, "fe80::1%eth0", "AAAARRDATAIllegalIPv6Address"},
	{"aaaa v4", TypeAAAA, "192.0.2.1", "AAAARRDATAIllegalIPv6Address"},
	{"cname empty", TypeCNAME, "", "DomainNameEmpty"},
	{"cname empty label", TypeCNAME, "a..b", "DomainLabelEmpty"},
	{"cname blank", TypeCNAME, "a b", "UnsupportedCharacter"},
	{"cname decimal escape", TypeCNAME, `a\192b`, "UnsupportedCharacter"},
	{"mx one field", TypeMX, "mail.example.com", "MXRRDATANotTwoFields"},
	{"mx three fields", TypeMX, "1 a b", "MXRRDATANotTwoFields"},
	{"mx number", TypeMX, "65536 a", "MXRRDATAPriorityRequired"},
	{"mx sign", TypeMX, "+1 a", "MXRRDATAPriorityRequired"},
	{"srv five fields", TypeSRV, "1 1 32769 ip-10-0-6-110.testapi. eu-central-1.compute.internal.", "SRVRRDATANotFourFields"},
	{"txt unquoted", TypeTXT, "v=spf1", "InvalidCharacterString"},
	{"txt half quoted", TypeTXT, `"a`, "InvalidCharacterString"},
	{"txt escaped end", TypeTXT, `"a\"`, "InvalidCharacterString"},
	{"txt unquoted second", TypeTXT, `"a" b`, "InvalidCharacterString"},
	{"txt empty", TypeTXT, ``, "InvalidCharacterString"},
	{"txt not ascii", TypeTXT, `"ä"`, "UnsupportedCharacter"},
	{"txt bad octal", TypeTXT, `"\400"`, "UnsupportedCharacter"},
	{"soa six", TypeSOA, "a b 1 2 3 4", "SOARRDATANotSevenFields"},
	{"soa units", TypeSOA, "a b 1 2h 3 4 5", "InvalidNumber"},
	{"caa unquoted", TypeCAA, "0 issue ca.example", "InvalidCharacterString"},
	{"caa tag", TypeCAA, `0 is-sue "x"`, "CAARRDATAIllegalTag"},
	{"caa two", TypeCAA, `0 issue`, "CAARRDATANotThreeFields"},
	{"naptr both", TypeNAPTR, `1 1 "U" "123" "regular" myentry.example.com`, "NAPTRRRDATARegexpAndReplacementError"},
	{"ds digest", TypeDS, "1 2 2 abcd", "DSRRDATAIllegalDigest"},
	{"tlsa odd", TypeTLSA, "3 1 0 abc", "InvalidHexadecimal"},
	{"sshfp length", TypeSSHFP, "4 2 00", "SSHFPRRDATAIllegalFingerprint"},
	{"https priority", TypeHTTPS, "32768 .", "SVCBRRDATAIllegalPriority"},
	{"https unregistered", TypeHTTPS, "1 . key65333=x", "SVCBRRDATAUnknownParameter"},
	{"https twice", TypeHTTPS, "1 . port=1 port=2", "SVCBRRDATADuplicateParameter"},
	{"https mandatory", TypeHTTPS, "1 . mandatory=alpn port=2", "SVCBRRDATAMandatoryMissing"},
	{"https no default", TypeHTTPS, "1 . no-default-alpn", "SVCBRRDATAALPNMissing"},
	{"https port", TypeHTTPS, "1 . port=x", "SVCBRRDATAIllegalParameter"},
	{"generic length", TypeA, `\# 5 c0000207`, "InvalidGenericRRDATA"},
	{"generic not a", TypeA, `\# 3 c00002`, "MalformedRRDATA"},
	{"unknown type text", Type(65280), "hello", "InvalidGenericRRDATA"},
	{"unnamed type that has text", Type(37), "PGP 0 0 AQID", "InvalidGenericRRDATA"},
	{"generic mx with bytes behind", TypeMX, `\# 4 000a0000`, "MalformedRRDATA"},
	{"generic mx compressed", TypeMX, `\# 4 000ac000`, "MalformedRRDATA"},
	{"generic odd", TypeA, `\# 4 c000020`, "InvalidGenericRRDATA"},
	{"generic without length", TypeA, `\#`, "InvalidGenericRRDATA"},
	{"txt too long", TypeTXT, `"` + strings.Repeat("a", 256) + `"`, "CharacterStringTooLong"},
	{"txt value too long", TypeTXT, strings.Repeat(`"`+strings.Repeat("a", 200)+`" `, 20), "CharacterStringTooLong"},
	{"tlsa value too long", TypeTLSA, "3 1 0 " + strings.Repeat("00", 65536), "RRDATATooLong"},
	{"tlsa length", TypeTLSA, "3 1 1 00", "TLSARRDATAIllegalData"},
	{"https one field", TypeHTTPS, "1", "SVCBRRDATATooFewFields"},
	{"https empty alpn", TypeHTTPS, "1 . alpn=h2,,h3", "SVCBRRDATAIllegalParameter"},
	{"https mandatory names itself", TypeHTTPS, "1 . mandatory=mandatory", "SVCBRRDATAIllegalParameter"},
	{"https hint", TypeHTTPS, "1 . ipv4hint=::1", "SVCBRRDATAIllegalParameter"},
	{"https half quoted", TypeHTTPS, `1 . alpn="h2`, "SVCBRRDATAIllegalParameter"},
	{"hinfo newline", Type(13), "a b\n$INCLUDE /etc/passwd", "UnsupportedCharacter"},
}

func TestParseValueRefused(t *testing.T) {
	for _, tt := range refusedTests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseValue(tt.t, tt.text)
			var v *ValueError
			if !errors.As(err, &v) || v.Code != tt.code {
				t.Errorf("ParseValue(%s, %s): %v, want %s", tt.t, tt.text, err, tt.code)
			}
		})
	}
}
