package dnswire

import "encoding/binary"

// Status is what Parse makes of a message.
type Status uint8

// The outcomes of Parse.
const (
	// OK: a well-formed message with one question.
	OK Status = iota
	// Drop: not to be answered at all: shorter than a header, or a response.
	Drop
	// FormErr: answer FORMERR. Question is false if the question is unusable.
	FormErr
	// NoQuestion: a query without a question; only its OPT has been read.
	NoQuestion
	// NotQuery: another opcode; only the header has been read.
	NotQuery
)

// Query is one parsed message. The slices point into the message.
type Query struct {
	ID     uint16
	Flags  uint16
	Opcode uint8

	// Question is true when Name, Type, Class and QuestionEnd are valid.
	Question    bool
	Type        uint16
	Class       uint16
	QuestionEnd int // offset behind the question section

	// Labels counts the labels of the name, the root not included; Offsets[i]
	// is where label i begins in Name, and Offsets[Labels] the root's length
	// byte.
	Labels  int
	NameLen int // bytes, the root included
	Offsets [MaxLabels + 1]uint8

	EDNS    bool
	Version uint8
	DO      bool
	UDPSize uint16 // as the client sent it; 0 without EDNS
	NSID    bool
	// Keepalive: the client sent edns-tcp-keepalive (RFC 7828).
	Keepalive bool
	Cookie    []byte // client cookie, or client and server cookie; nil if none
	ECS       ECS

	name FoldedName
}

// FoldedName is a buffer for a name in lower case, with room behind it so that
// hashing may read whole words.
type FoldedName [MaxNameLen + 1 + 8]byte

// Name is the question's name in wire form, folded to lower case.
func (q *Query) Name() []byte { return q.name[:q.NameLen] }

// NameWords is Name with eight more readable bytes behind it.
func (q *Query) NameWords() []byte { return q.name[:q.NameLen+8] }

// Parse reads a message. It accepts records of any kind behind the question
// and looks only at the OPT record; see RFC 6891 §6.1.1 for its rules.
func (q *Query) Parse(msg []byte) Status {
	q.Question, q.EDNS = false, false
	if len(msg) < HeaderLen {
		return Drop
	}
	head := binary.BigEndian.Uint64(msg)
	q.ID = uint16(head >> 48)
	q.Flags = uint16(head >> 32)
	q.Opcode = uint8(q.Flags & opcodeMask >> opcodeShift)
	if q.Flags&FlagQR != 0 {
		return Drop
	}
	questions := uint16(head >> 16)
	if q.Opcode != OpcodeQuery {
		if questions == 1 {
			q.parseQuestion(msg) // only to echo it
		}
		return NotQuery
	}
	q.resetEDNS()
	status := OK
	if questions == 0 {
		q.QuestionEnd, status = HeaderLen, NoQuestion
	} else if questions > 1 || !q.parseQuestion(msg) {
		return FormErr
	}
	records := int(uint16(head)) + int(be16(msg[8:])) + int(be16(msg[10:]))
	if records == 0 {
		return status // bytes behind the question are ignored, as BIND does
	}
	if !q.parseRecords(msg, records, int(be16(msg[10:]))) {
		return FormErr
	}
	return status
}

func (q *Query) resetEDNS() {
	q.Version, q.DO, q.UDPSize, q.NSID, q.Keepalive = 0, false, 0, false, false
	q.Cookie = nil
	q.ECS = ECS{}
}

// parseQuestion reads name, type and class. A compression pointer in the
// question has nothing to point at and is refused.
func (q *Query) parseQuestion(msg []byte) bool {
	pos := HeaderLen
	labels := 0
	for {
		if pos >= len(msg) {
			return false
		}
		n := int(msg[pos])
		q.Offsets[labels] = uint8(pos - HeaderLen)
		if n == 0 {
			break
		}
		pos += 1 + n
		labels++
		if n > 63 || pos-HeaderLen >= MaxNameLen {
			return false
		}
	}
	pos++
	if len(msg) < pos+4 {
		return false
	}
	q.Labels = labels
	q.NameLen = pos - HeaderLen
	q.Type = be16(msg[pos:])
	q.Class = be16(msg[pos+2:])
	q.QuestionEnd = pos + 4
	foldName(&q.name, msg[HeaderLen:pos])
	q.Question = true
	return true
}

// Fold copies the uncompressed, well-formed name at the start of wire into n in
// lower case and notes where its labels begin.
func (n *FoldedName) Fold(wire []byte, offsets *[MaxLabels + 1]uint8) (length, labels int) {
	for wire[length] != 0 {
		offsets[labels] = uint8(length)
		length += 1 + int(wire[length])
		labels++
	}
	offsets[labels] = uint8(length)
	length++
	foldName(n, wire[:length])
	return length, labels
}

// foldName copies a checked wire name into dst in lower case (RFC 4343), eight
// bytes at a time, and clears the word behind it.
func foldName(dst *FoldedName, src []byte) {
	i := 0
	for ; i+8 <= len(src); i += 8 {
		binary.LittleEndian.PutUint64(dst[i:], foldWord(binary.LittleEndian.Uint64(src[i:])))
	}
	var tail [8]byte
	copy(tail[:], src[i:])
	binary.LittleEndian.PutUint64(dst[i:], foldWord(binary.LittleEndian.Uint64(tail[:])))
	binary.LittleEndian.PutUint64(dst[i+8:], 0)
}

// foldWord lower-cases the bytes 'A'–'Z' in eight bytes at once. Length bytes
// are below 'A' and stay.
func foldWord(w uint64) uint64 {
	const (
		ones = 0x0101010101010101
		high = 0x8080808080808080
	)
	heptets := w &^ high
	geA := heptets + ones*(0x80-'A')
	gtZ := heptets + ones*(0x80-'Z'-1)
	upper := (geA ^ gtZ) &^ w & high
	return w | upper>>2 // 0x80>>2 is 0x20, the case bit
}

// parseRecords walks the records behind the question and reads the OPT.
func (q *Query) parseRecords(msg []byte, records, additional int) bool {
	pos := q.QuestionEnd
	for i := range records {
		owner := pos
		var ok bool
		if pos, ok = skipName(msg, pos); !ok || len(msg) < pos+10 {
			return false
		}
		fixed := msg[pos : pos+10]
		end := pos + 10 + int(be16(fixed[8:]))
		if end > len(msg) {
			return false
		}
		if be16(fixed) == TypeOPT {
			// RFC 6891 §6.1.1: one OPT at most, owner root, additional section.
			if q.EDNS || msg[owner] != 0 || i < records-additional {
				return false
			}
			q.EDNS = true
			q.UDPSize = be16(fixed[2:])
			q.Version = fixed[5]
			q.DO = fixed[6]&0x80 != 0
			if !q.parseOptions(msg[pos+10 : end]) {
				return false
			}
		}
		pos = end
	}
	return true
}

// skipName steps over a possibly compressed name.
func skipName(msg []byte, pos int) (int, bool) {
	for pos < len(msg) {
		n := int(msg[pos])
		switch {
		case n == 0:
			return pos + 1, true
		case n&0xc0 == 0xc0:
			return pos + 2, pos+2 <= len(msg)
		case n > 63:
			return 0, false
		}
		pos += 1 + n
	}
	return 0, false
}

func (q *Query) parseOptions(b []byte) bool {
	for len(b) > 0 {
		if len(b) < 4 {
			return false
		}
		code, n := be16(b), int(be16(b[2:]))
		if len(b) < 4+n {
			return false
		}
		value := b[4 : 4+n]
		b = b[4+n:]
		switch code {
		case OptionNSID:
			q.NSID = true
		case OptionKeepalive:
			q.Keepalive = true
		case OptionCookie:
			// RFC 7873 §5.2.2: 8 bytes, or 8 and 8 to 32.
			if n != 8 && (n < 16 || n > 40) {
				return false
			}
			q.Cookie = value
		case OptionECS:
			if !q.ECS.parse(value) {
				return false
			}
		}
	}
	return true
}
