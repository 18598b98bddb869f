package nameserver

import "open53/internal/dnswire"

// The names that class CH answers (RFC 4892 and custom), in wire form.
const (
	versionBind   = "\x07version\x04bind\x00"
	versionServer = "\x07version\x06server\x00"
	idServer      = "\x02id\x06server\x00"
	hostnameBind  = "\x08hostname\x04bind\x00"
)

// solveChaos answers who this server is, as far as the operator lets it.
func (r *Responder) solveChaos() {
	var text string
	switch string(r.query.Name()) {
	case versionBind, versionServer:
		text = r.config.Version
	case idServer, hostnameBind:
		text = r.config.ID
	}
	if text == "" || len(text) > 255 || r.query.Type != dnswire.TypeTXT && r.query.Type != dnswire.TypeANY {
		r.rcode = dnswire.RcodeRefused
		return
	}
	r.aa = true
	r.b = append(r.b, 0xc0, 0x0c, 0, dnswire.TypeTXT, 0, dnswire.ClassCH, 0, 0, 0, 0)
	r.b = dnswire.AppendUint16(r.b, uint16(len(text)+1))
	r.b = append(r.b, byte(len(text)))
	r.b = append(r.b, text...)
	r.counts[answer]++
}
