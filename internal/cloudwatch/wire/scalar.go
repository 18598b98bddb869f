package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Timestamp is a time to the millisecond: seconds since 1970 in JSON and, with
// tag 1, in CBOR; text (RFC 3339) in XML and forms.
type Timestamp struct{ time.Time }

// UnixTimestamp is the Timestamp of Unix milliseconds.
func UnixTimestamp(ms int64) *Timestamp { return &Timestamp{time.UnixMilli(ms).UTC()} }

// maxSeconds is the end of the year 9999.
const maxSeconds = 253402300799

// errTime: no time can be read from it.
var errTime = errors.New("is not a time")

func timeOf(seconds float64) (time.Time, error) {
	if !(math.Abs(seconds) <= maxSeconds) { // NaN, too
		return time.Time{}, errTime
	}
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC(), nil
}

func (t *Timestamp) seconds() float64 { return float64(t.UnixMilli()) / 1000 }

// parseTime reads a time as text. A text without a zone is UTC.
func parseTime(text string) (time.Time, error) {
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			if t.Unix() > maxSeconds || t.Unix() < -maxSeconds {
				return time.Time{}, errTime
			}
			return t.UTC().Truncate(time.Millisecond), nil
		}
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return timeOf(seconds)
	}
	return time.Time{}, errTime
}

// MarshalJSON writes seconds.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, t.seconds(), 'f', -1, 64), nil
}

// UnmarshalJSON reads seconds, or a text.
func (t *Timestamp) UnmarshalJSON(b []byte) (err error) {
	if len(b) > 0 && b[0] == '"' {
		var text string
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
		t.Time, err = parseTime(text)
		return err
	}
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err != nil {
		return err
	}
	t.Time, err = timeOf(seconds)
	return err
}

// MarshalCBOR writes tag 1.
func (t Timestamp) MarshalCBOR() ([]byte, error) {
	return cbor.Marshal(cbor.Tag{Number: 1, Content: t.seconds()})
}

// UnmarshalCBOR reads tag 1.
func (t *Timestamp) UnmarshalCBOR(b []byte) error {
	var tag cbor.RawTag
	if err := cbor.Unmarshal(b, &tag); err != nil {
		return err
	}
	if tag.Number != 1 {
		return fmt.Errorf("tag %d %w", tag.Number, errTime)
	}
	var seconds float64
	if err := cbor.Unmarshal(tag.Content, &seconds); err != nil {
		return err
	}
	var err error
	t.Time, err = timeOf(seconds)
	return err
}

// Double is a number that JSON may also write as "NaN", "Infinity" and
// "-Infinity".
type Double float64

// MarshalJSON writes a number, always with a fraction or an exponent: where
// types follow values, as in Python, it is to become no integer.
func (d Double) MarshalJSON() ([]byte, error) {
	switch f := float64(d); {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(f, -1):
		return []byte(`"-Infinity"`), nil
	}
	b := strconv.AppendFloat(nil, float64(d), 'g', -1, 64)
	if !bytes.ContainsAny(b, ".e") {
		b = append(b, ".0"...)
	}
	return b, nil
}

// UnmarshalJSON reads a number or one of the texts.
func (d *Double) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var text string
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
		f, err := parseDouble(text)
		*d = Double(f)
		return err
	}
	return json.Unmarshal(b, (*float64)(d))
}

func parseDouble(text string) (float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a number", text)
	}
	return f, nil
}
