package rdata

import "github.com/miekg/dns"

// One method per type with a fixed sequence of fields. The order of the calls
// is the order of the fields in text and in wire form alike.

// mx is preference and exchange (RFC 1035 §3.3.9).
func (p *parser) mx() {
	p.fields(2, 2, mxNotTwoFields)
	p.uint16(mxPriorityRequired)
	p.name()
}

// srv is priority, weight, port and target (RFC 2782).
func (p *parser) srv() {
	p.fields(4, 4, srvNotFourFields)
	p.uint16(illegalNumber16)
	p.uint16(illegalNumber16)
	p.uint16(illegalNumber16)
	p.name()
}

// soa is mname, rname, serial, refresh, retry, expire and minimum (RFC 1035 §3.3.13).
func (p *parser) soa() {
	p.fields(7, 7, soaNotSevenFields)
	p.name()
	p.name()
	for range 5 {
		p.uint32()
	}
}

// txt is one or more character strings. Blanks between quoted strings are
// optional: Route 53 stores "a""b" as it is given.
func (p *parser) txt() {
	p.missing = invalidCharacterString
	if !p.master && len(p.rest) > maxValueText {
		p.fail(characterStringTooLong)
		return
	}
	p.charString()
	for p.problem == nil {
		p.skipBlanks()
		if p.rest == "" {
			return
		}
		p.charString()
	}
}

// caa is flags, tag and a value that fills the rest of the rdata (RFC 8659 §4.1).
func (p *parser) caa() {
	p.fields(3, 3, caaNotThreeFields)
	p.uint8()
	tag := p.field()
	if p.problem != nil {
		return
	}
	if !validCAATag(tag) {
		p.fail(caaIllegalTag)
		return
	}
	p.b = append(p.b, byte(len(tag)))
	p.b = append(p.b, tag...)
	p.text(p.field())
}

func validCAATag[T string | []byte](tag T) bool {
	for i := range len(tag) {
		c := tag[i] | 0x20
		if (c < 'a' || c > 'z') && (tag[i] < '0' || tag[i] > '9') {
			return false
		}
	}
	return len(tag) > 0 && len(tag) <= 255
}

// naptr is order, preference, flags, services, regexp and replacement (RFC 3403 §4.1).
func (p *parser) naptr() {
	p.fields(6, 6, naptrNotSixFields)
	p.uint16(illegalNumber16)
	p.uint16(illegalNumber16)
	p.charString()
	p.charString()
	regexp := len(p.b)
	p.charString()
	replacement := len(p.b)
	p.name()
	if p.problem == nil && !p.master && p.b[regexp] != 0 && p.b[replacement] != 0 {
		p.fail(naptrBothTargets)
	}
}

// digestLengths are the lengths in bytes of the digests that are registered;
// other digest types may have any length but none.
var (
	dsDigestLengths    = map[uint8]int{1: 20, 2: 32, 3: 32, 4: 48, 5: 32, 6: 32}
	tlsaDataLengths    = map[uint8]int{1: 32, 2: 64}
	sshfpDigestLengths = map[uint8]int{1: 20, 2: 32}
)

// ds is key tag, algorithm, digest type and digest (RFC 4034 §5.1).
func (p *parser) ds() {
	p.fields(4, 0, dsNotFourFields)
	p.uint16(illegalNumber16)
	p.algorithm()
	kind := p.uint8()
	p.digest(dsDigestLengths, kind, dsDigestLength)
}

// algorithm is a DNSSEC algorithm: a number, in master files also a mnemonic.
func (p *parser) algorithm() {
	text := p.field()
	n, ok := number(text, 0xff)
	if !ok && p.master {
		var mnemonic uint8
		mnemonic, ok = dns.StringToAlgorithm[text]
		n = uint64(mnemonic)
	}
	if !ok {
		p.fail(illegalNumber8)
		return
	}
	p.b = append(p.b, byte(n))
}

// tlsa is usage, selector, matching type and data (RFC 6698 §2.1).
func (p *parser) tlsa() {
	p.fields(4, 0, tlsaNotFourFields)
	p.uint8()
	p.uint8()
	kind := p.uint8()
	p.digest(tlsaDataLengths, kind, tlsaDataLength)
}

// sshfp is algorithm, fingerprint type and fingerprint (RFC 4255 §3.1).
func (p *parser) sshfp() {
	p.fields(3, 0, sshfpNotThreeField)
	p.uint8()
	kind := p.uint8()
	p.digest(sshfpDigestLengths, kind, sshfpLength)
}

func (p *parser) digest(lengths map[uint8]int, kind uint8, wrong *problem) {
	digest := p.hex()
	if want, known := lengths[kind]; known && len(digest) != want {
		p.fail(wrong)
	}
}
