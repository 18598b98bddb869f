package nameserver

import (
	"encoding/binary"
	"net/netip"
	"time"

	"open53/internal/dnswire"
)

// Cookies are the secrets of server cookies (RFC 7873, RFC 9018). All servers
// behind one address share them. The zero value makes no cookies.
type Cookies struct {
	// Enabled answers COOKIE options. Without it they are ignored.
	Enabled bool
	// Secret makes cookies; Previous is accepted beside it while secrets
	// change (RFC 9018 §5).
	Secret, Previous [16]byte
	// Require answers BADCOOKIE to clients over UDP that send a COOKIE option
	// without a good server cookie, and truncates the answers of those that
	// send none (RFC 7873 §5.2.3, §5.2.1).
	Require bool
}

// Lengths and times of RFC 9018 §4.
const (
	clientCookie = 8
	serverCookie = 16
	cookieValid  = time.Hour       // a cookie's life
	cookieAhead  = 5 * time.Minute // how far a clock may be ahead
	cookieRenew  = 30 * time.Minute
)

// cookieState is what a query's COOKIE option says.
type cookieState uint8

const (
	noCookie cookieState = iota
	clientOnly
	badServerCookie
	goodCookie
)

// checkCookie looks at the COOKIE option of the query and prepares the one of
// the response.
func (r *Responder) checkCookie() cookieState {
	c := &r.config.Cookies
	sent := r.query.Cookie
	if !c.Enabled || len(sent) == 0 {
		return noCookie
	}
	now := uint32(r.now() / 1000)
	copy(r.cookie[:], sent[:clientCookie])
	state := clientOnly
	if len(sent) > clientCookie {
		state = badServerCookie
		if age, ok := verifyCookie(c, sent, r.client, now); ok {
			state = goodCookie
			if age < cookieRenew { // the same again (RFC 9018 §4.3)
				copy(r.cookie[:], sent)
				return state
			}
		}
	}
	makeCookie(c.Secret, r.cookie[:], r.client, now)
	return state
}

// makeCookie fills in the server cookie behind the client cookie in b.
func makeCookie(secret [16]byte, b []byte, client netip.Addr, now uint32) {
	b[8], b[9], b[10], b[11] = 1, 0, 0, 0 // version, reserved
	binary.BigEndian.PutUint32(b[12:], now)
	binary.LittleEndian.PutUint64(b[16:], cookieHash(secret, b, client))
}

// cookieHash is over client cookie, version, reserved, timestamp and client
// address (RFC 9018 §4.4).
func cookieHash(secret [16]byte, b []byte, client netip.Addr) uint64 {
	var msg [32]byte
	n := copy(msg[:], b[:16])
	if client.Is4() || client.Is4In6() {
		ip := client.Unmap().As4()
		n += copy(msg[n:], ip[:])
	} else {
		ip := client.As16()
		n += copy(msg[n:], ip[:])
	}
	return sipHash(secret, msg[:n])
}

// verifyCookie checks a whole cookie and returns its age.
func verifyCookie(c *Cookies, b []byte, client netip.Addr, now uint32) (age time.Duration, ok bool) {
	if len(b) != clientCookie+serverCookie || b[8] != 1 {
		return 0, false
	}
	// RFC 1982 arithmetic: the timestamp wraps in 2106.
	age = time.Duration(int32(now-binary.BigEndian.Uint32(b[12:]))) * time.Second
	if age > cookieValid || age < -cookieAhead {
		return 0, false
	}
	hash := binary.LittleEndian.Uint64(b[16:])
	if hash == cookieHash(c.Secret, b, client) {
		return age, true
	}
	return cookieRenew, c.Previous != [16]byte{} && hash == cookieHash(c.Previous, b, client)
}

// appendCookie adds the COOKIE option of the response.
func (r *Responder) appendCookie(b []byte) []byte {
	b = append(b, 0, dnswire.OptionCookie, 0, clientCookie+serverCookie)
	return append(b, r.cookie[:]...)
}

// demandCookie ends a response to a client that has to show a cookie first. It
// reports whether it did.
func (r *Responder) demandCookie() bool {
	if !r.config.Cookies.Require || r.transport != dnswire.UDP || r.cookieState == goodCookie {
		return false
	}
	if r.cookieState == noCookie {
		r.tc = true // it may ask again over TCP
	} else {
		r.rcode = dnswire.RcodeBadCookie
	}
	return true
}
