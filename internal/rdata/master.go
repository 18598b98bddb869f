package rdata

import (
	"fmt"
	"io"
	"iter"
)

// Master files are read by our own reader and not by the zone parser of
// miekg/dns. That one reports the line where it noticed a fault, which in a
// record of several lines is not where the record starts, and gives no line at
// all for good records, which an import needs to say which record a zone
// refused. It stops at the first error, and it makes an RR that would have to
// be packed and printed again to get at rdata and value. The reader here holds
// one record at a time, hands each part of it to the same parser as API
// values, and goes on after an error, so that one run lists all of them.

// MasterRecord is one record of a master file.
type MasterRecord struct {
	File string // name of the file it stands in
	Line int    // line in File where it starts, from 1
	Name Name
	Type Type
	TTL  uint32 // seconds, 0 to 2147483647 (RFC 2181 §8)
	Wire []byte // uncompressed rdata; belongs to the caller
	// Value is the Route 53 text of Wire, as from FormatValue.
	Value string
}

// MasterError is a fault in a master file. Reading goes on behind the record
// that it is about.
type MasterError struct {
	File string
	Line int // where the faulty record starts, from 1
	Msg  string
	Err  error // what failed to read or open, nil for faults in the text
}

// Error is "file:line: message".
func (e *MasterError) Error() string {
	if e.File == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Msg)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
}

// Unwrap gives access to errors of the reader and of MasterOptions.Open.
func (e *MasterError) Unwrap() error { return e.Err }

// MasterOptions changes how master files are read. The zero value is what
// ReadMaster uses.
type MasterOptions struct {
	// Open opens the files that $INCLUDE names; nil refuses the directive.
	Open func(name string) (io.ReadCloser, error)
	// SkipDNSSEC leaves out the records that a signer makes: DNSKEY, RRSIG,
	// NSEC, NSEC3, NSEC3PARAM, their predecessors and ZONEMD. Without it they
	// are errors.
	SkipDNSSEC bool
	// MaxGenerate is the most records that one $GENERATE may make; 0 is 65536.
	MaxGenerate int
}

// ReadMaster reads a master file (RFC 1035 §5, RFC 2308 §4, RFC 3597 §5) with
// $ORIGIN, $TTL and $GENERATE. origin completes relative names until $ORIGIN
// says otherwise; "" is no origin. file is for messages only.
//
// Each turn yields a record or an error, nearly always a *MasterError. A loop
// that goes on after an error gets the records behind it; after an error of r
// the sequence ends. Only one record is in memory at a time.
func ReadMaster(r io.Reader, origin Name, file string) iter.Seq2[MasterRecord, error] {
	return MasterOptions{}.Read(r, origin, file)
}

// Read is ReadMaster with options.
func (o MasterOptions) Read(r io.Reader, origin Name, file string) iter.Seq2[MasterRecord, error] {
	return func(yield func(MasterRecord, error) bool) {
		m := masterReader{options: o, yield: yield}
		if m.options.MaxGenerate == 0 {
			m.options.MaxGenerate = 65536
		}
		m.file(r, origin, file, 0)
	}
}
