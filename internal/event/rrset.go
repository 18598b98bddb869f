package event

import (
	"bytes"
	"fmt"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// EncodeRRset is the canonical encoding of one RRset, as stores keep it and as
// it lies inside an event.
func EncodeRRset(s *zone.RRset) ([]byte, error) {
	if err := validateNames(s); err != nil {
		return nil, fmt.Errorf("encode RRset: %w", err)
	}
	b, err := encoding.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode RRset: %w", err)
	}
	return b, nil
}

// DecodeRRset reads one encoded RRset, as strictly as Decode reads an event.
func DecodeRRset(b []byte) (*zone.RRset, error) {
	var d RRsetDecoder
	return d.Decode(b)
}

// RRsetDecoder decodes RRsets one after the other. RRsets of one owner that
// follow each other share the memory of their name; nothing else is shared,
// and nothing refers to the bytes that were decoded. The zero value is ready;
// it is not safe for concurrent use.
//
// Start-up reads every RRset of the server through it, so the encodings that
// nearly all RRsets have are read by hand (rrsetReader); the library reads the
// rest. Both accept the same bytes and give the same RRset.
type RRsetDecoder struct {
	name rdata.Name // of the RRset before
}

// Decode reads one encoded RRset.
func (d *RRsetDecoder) Decode(b []byte) (*zone.RRset, error) {
	if s := d.decodeFast(b); s != nil {
		return s, nil
	}
	s := new(zone.RRset)
	if err := decoding.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("decode RRset: %w", err)
	}
	again, err := EncodeRRset(s)
	if err != nil {
		return nil, fmt.Errorf("decode RRset: %w", err)
	}
	if !bytes.Equal(b, again) {
		return nil, fmt.Errorf("decode RRset: %w", errNotCanonical)
	}
	s.Name = d.share(string(s.Name))
	return s, nil
}

func (d *RRsetDecoder) share(name string) rdata.Name {
	if string(d.name) != name {
		d.name = rdata.Name(name)
	}
	return d.name
}

// An rrsetBlock is one allocation for an RRset with a single value.
type rrsetBlock struct {
	set    zone.RRset
	values [1]string
}

// decodeFast reads the layout {1: name, 2: type, …} with the fields 3 to 10,
// 14 and 15; nil means that the bytes are something else, valid or not.
func (d *RRsetDecoder) decodeFast(b []byte) *zone.RRset {
	r := rrsetReader{b: b}
	fields := r.mapHeader()
	if fields < 2 || !r.key(1) {
		return nil
	}
	name := r.bytes()
	if !r.key(2) {
		return nil
	}
	typ := r.uint()
	if r.bad || typ > 0xffff {
		return nil
	}
	if string(d.name) != string(name) {
		if !isCanonicalName(name) {
			return nil
		}
		d.name = rdata.Name(name)
	}
	block := &rrsetBlock{}
	s := &block.set
	s.Name, s.Type = d.name, rdata.Type(typ)
	last := byte(2)
	for range fields - 2 {
		key := r.nextKey()
		if key <= last { // also where the bytes end
			return nil
		}
		last = key
		if !r.field(key, block) {
			return nil
		}
	}
	if r.bad || len(r.b) > 0 {
		return nil
	}
	return s
}

// field reads the value of one optional field. A zero value is never encoded,
// so one that is there is not canonical.
func (r *rrsetReader) field(key byte, block *rrsetBlock) bool {
	s := &block.set
	switch key {
	case 3:
		s.SetIdentifier = r.text()
		return s.SetIdentifier != ""
	case 4:
		ttl := r.uint()
		s.TTL = uint32(ttl)
		return ttl != 0 && ttl <= 0xffffffff
	case 5:
		s.Values = r.values(block.values[:0])
		return len(s.Values) > 0
	case 6:
		s.Alias = r.alias()
		return s.Alias != nil
	case 7:
		policy := r.uint()
		s.Policy = zone.Policy(policy)
		return policy != 0 && policy <= 0xff
	case 8:
		weight := r.uint()
		s.Weight = uint8(weight)
		return weight != 0 && weight <= 0xff
	case 9:
		s.Region = r.text()
		return s.Region != ""
	case 10:
		s.Secondary = r.isTrue()
		return s.Secondary
	case 14:
		s.HealthCheckID = r.text()
		return s.HealthCheckID != ""
	case 15:
		s.TrafficPolicyInstanceID = r.text()
		return s.TrafficPolicyInstanceID != ""
	}
	return false // the nested policies are rare: left to the library
}
