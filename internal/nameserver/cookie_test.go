package nameserver

import (
	"encoding/hex"
	"net/netip"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCookieVectors are the examples of RFC 9018 Appendix A.
func TestCookieVectors(t *testing.T) {
	secret := func(s string) (k [16]byte) { copy(k[:], unhex(t, s)); return k }
	for name, test := range map[string]struct {
		client           string
		secret, previous string
		sent             string // client cookie, and server cookie if there is one
		now              uint32
		valid            bool
		want             string // new server cookie
	}{
		"A.1 new": {
			client: "198.51.100.100", secret: "e5e973e5a6b2a43f48e7dc849e37bfcf",
			sent: "2464c4abcf10c957", now: 1559731985, want: "010000005cf79f111f8130c3eee29480",
		},
		"A.2 renewed": {
			client: "198.51.100.100", secret: "e5e973e5a6b2a43f48e7dc849e37bfcf",
			sent: "2464c4abcf10c957010000005cf79f111f8130c3eee29480", now: 1559734385, valid: true,
			want: "010000005cf7a871d4a564a1442aca77",
		},
		"A.3 reserved bits": {
			client: "203.0.113.203", secret: "e5e973e5a6b2a43f48e7dc849e37bfcf",
			sent: "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", now: 1559734700, valid: false,
			want: "010000005cf7a9acf73a7810aca2381e",
		},
		"A.4 secret changed": {
			client: "2001:db8:220:1:59de:d0f4:8769:82b8", secret: "445536bcd2513298075a5d379663c962",
			previous: "dd3bdf9344b678b185a6f5cb60fca715",
			sent:     "22681ab97d52c298010000005cf7c57926556bd0934c72f8", now: 1559741961, valid: true,
			want: "010000005cf7c609a6bb79d16625507a",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := &Cookies{Enabled: true, Secret: secret(test.secret)}
			if test.previous != "" {
				c.Previous = secret(test.previous)
			}
			sent, client := unhex(t, test.sent), netip.MustParseAddr(test.client)
			if _, ok := verifyCookie(c, sent, client, test.now); ok != test.valid {
				t.Errorf("verified: %t, want %t", ok, test.valid)
			}
			b := make([]byte, clientCookie+serverCookie)
			copy(b, sent[:clientCookie])
			makeCookie(c.Secret, b, client, test.now)
			if got := hex.EncodeToString(b[clientCookie:]); got != test.want {
				t.Errorf("server cookie %s, want %s", got, test.want)
			}
			if _, ok := verifyCookie(c, b, client, test.now+10); !ok {
				t.Error("its own cookie is not good")
			}
			other := netip.MustParseAddr("192.0.2.200")
			if _, ok := verifyCookie(c, b, other, test.now+10); ok {
				t.Error("the cookie is good for another client")
			}
			if _, ok := verifyCookie(c, b, client, test.now+3601); ok {
				t.Error("the cookie is good after an hour")
			}
		})
	}
}

// TestSipHash is the example of the SipHash paper, appendix A.
func TestSipHash(t *testing.T) {
	var key [16]byte
	msg := make([]byte, 15)
	for i := range key {
		key[i] = byte(i)
	}
	for i := range msg {
		msg[i] = byte(i)
	}
	if got, want := sipHash(key, msg), uint64(0xa129ca6149be45e5); got != want {
		t.Errorf("%x, want %x", got, want)
	}
}
