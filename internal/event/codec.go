package event

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Encoding is core deterministic CBOR (RFC 8949 §4.2.1) with one rule of our
// own: every Go string is a byte string, never a text string. Names are raw
// wire bytes and a text string must be UTF-8; one rule for all strings means
// that no string can make an event that is written but cannot be read.
var (
	encoding = mustEncMode()
	decoding = mustDecMode(cbor.ExtraDecErrorUnknownField)
	// headMode reads the beginning of a document and lets the rest be.
	headMode = mustDecMode(cbor.ExtraDecErrorNone)
)

func mustEncMode() cbor.EncMode {
	options := cbor.CoreDetEncOptions()
	options.String = cbor.StringToByteString
	mode, err := options.EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}

func mustDecMode(extra cbor.ExtraDecErrorCond) cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey:          cbor.DupMapKeyEnforcedAPF,
		IndefLength:        cbor.IndefLengthForbidden,
		TagsMd:             cbor.TagsForbidden,
		ByteStringToString: cbor.ByteStringToStringAllowed,
		ExtraReturnErrors:  extra,
		// The largest batch holds fewer changes than this; the library's
		// default of 131,072 could be exceeded by it.
		MaxArrayElements: 1 << 24,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}

// errNotCanonical: the bytes mean something, but they are not the one way to
// encode it, so they have another hash than what they mean.
var errNotCanonical = errors.New("encoding is not deterministic")

// Encode is the canonical encoding of an event: equal events have equal bytes.
// It refuses an event that Validate refuses, so that whatever it returns can
// be decoded.
func Encode(e *Event) ([]byte, error) {
	if err := e.Validate(); err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	b, err := encoding.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	return b, nil
}

// Decode reads one encoded event. It is strict: unknown and duplicate keys,
// bytes behind the event, indefinite lengths and every other encoding than
// the canonical one are errors, as is an event that Validate refuses. So a
// decoded event encodes to the same bytes again.
func Decode(b []byte) (*Event, error) {
	e := new(Event)
	if err := decoding.Unmarshal(b, e); err != nil {
		return nil, fmt.Errorf("decode event: %w", err)
	}
	again, err := Encode(e)
	if err != nil {
		return nil, fmt.Errorf("decode event: %w", err)
	}
	if !bytes.Equal(b, again) {
		return nil, fmt.Errorf("decode event: %w", errNotCanonical)
	}
	return e, nil
}

// HashOf is the hash of an encoded event, the Prev of the next one.
func HashOf(encoded []byte) Hash { return sha256.Sum256(encoded) }

// EncodeDocument encodes an entity's document (or another struct with integer
// cbor keys) deterministically.
func EncodeDocument(v any) ([]byte, error) {
	b, err := encoding.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return b, nil
}

// DecodeDocument reads a document into v, a pointer to a struct. Unknown keys
// are an error: a node must not drop what a newer one wrote.
func DecodeDocument(b []byte, v any) error {
	if err := decoding.Unmarshal(b, v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}
