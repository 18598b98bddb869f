package route53api

import (
	"crypto/rand"
	"encoding/hex"
)

// newRequestID makes a random UUID (RFC 9562 §5.4).
func newRequestID() string {
	var u [16]byte
	rand.Read(u[:]) // never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	b := make([]byte, 0, 36)
	for i, n := range [...]int{4, 6, 8, 10, 16} {
		from := [...]int{0, 4, 6, 8, 10}[i]
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, u[from:n])
	}
	return string(b)
}
