package zonefile

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"open53/cmd/open53/internal/awsjson"
	"open53/internal/rdata"
	"open53/internal/route53api"
	"open53/internal/zone"
)

// File is what a master file says a zone shall hold.
type File struct {
	Name     string     // of the file, for messages
	Zone     rdata.Name // which zone it is
	Sets     []*Set     // in list order
	Warnings []Fault    // what was mended, in the order of places
}

// ReadOptions change how a file is read.
type ReadOptions struct {
	// Zone says which zone the file is, and completes relative names; "" takes
	// the owner of the SOA record, else the first $ORIGIN.
	Zone rdata.Name
	// Open opens the files that $INCLUDE names; nil refuses the directive.
	Open func(name string) (io.ReadCloser, error)
	// SkipDNSSEC leaves out DNSKEY, RRSIG, NSEC and their like, which are
	// faults otherwise.
	SkipDNSSEC bool
}

// Read reads a whole file. Records that are there twice are taken once, and of
// different TTLs in one set the smallest is taken (RFC 2181 §5), with a
// warning. Faults are an error of type *Faults, and all of them are found;
// what is wrong beyond single records is for Check to find.
func Read(r io.Reader, name string, o ReadOptions) (*File, error) {
	b := &builder{options: o, sets: make(map[zone.RRsetKey]*Set)}
	master := rdata.MasterOptions{SkipDNSSEC: o.SkipDNSSEC}
	if o.Open != nil {
		master.Open = func(included string) (io.ReadCloser, error) {
			f, err := o.Open(included)
			if err != nil {
				return nil, err
			}
			return struct {
				io.Reader
				io.Closer
			}{b.watch(f, included), f}, nil
		}
	}
	for rr, err := range master.Read(b.watch(r, name), o.Zone, name) {
		var fault *rdata.MasterError
		switch {
		case err == nil:
			b.record(&rr)
		case !errors.As(err, &fault) || fault.Err != nil:
			return nil, fmt.Errorf("read zone file: %w", err)
		default:
			b.faults.add(Position{fault.File, fault.Line}, "%s", fault.Msg)
		}
	}
	return b.file(name)
}

// builder collects the sets of a file.
type builder struct {
	options  ReadOptions
	sets     map[zone.RRsetKey]*Set
	list     []*Set     // in the order of their first records
	last     *Set       // of the last record
	comments []Fault    // the open53 comments, until all records are there
	soa      *Set       // the first one
	origin   rdata.Name // of the first $ORIGIN
	warnings Faults
	faults   Faults
}

func (b *builder) record(rr *rdata.MasterRecord) {
	at := Position{rr.File, rr.Line}
	s := b.last
	if s == nil || s.Name != rr.Name || s.Type != rr.Type {
		key := zone.RRsetKey{Name: rr.Name, Type: rr.Type}
		if s = b.sets[key]; s == nil {
			s = &Set{Name: rr.Name, Type: rr.Type, TTL: rr.TTL, At: at}
			b.sets[key] = s
			b.list = append(b.list, s)
		}
	}
	b.last = s
	if rr.TTL != s.TTL {
		b.warnings.add(at, "%s %s has records with TTL %d and TTL %d: %d is taken for all", s.Name, s.Type, s.TTL, rr.TTL, min(s.TTL, rr.TTL))
		s.TTL = min(s.TTL, rr.TTL)
	}
	if rr.Type == rdata.TypeSOA && b.soa == nil {
		b.soa = s
	}
	if len(rr.Value) > zone.MaxValue {
		b.faults.add(at, "%s %s: value of %d characters; %d is the limit", rr.Name, rr.Type, len(rr.Value), zone.MaxValue)
		return
	}
	s.Values = append(s.Values, rr.Value)
}

// special takes the set of an open53 comment.
func (b *builder) special(at Position, text string) {
	var in route53api.ResourceRecordSet
	if err := awsjson.Decode([]byte(text), &in); err != nil {
		b.faults.add(at, "open53 comment: %s", err)
		return
	}
	s, err := FromAPI(&in, "")
	if err != nil {
		b.faults.add(at, "open53 comment: %s", err)
		return
	}
	s.At, s.unread = at, true
	if other := b.sets[s.Key()]; other != nil {
		first, second := other.At, at
		if first.File == second.File && first.Line > second.Line {
			first, second = second, first
		}
		b.faults.add(second, "%s %s is already given at %s", s.Name, s.Type, first)
		return
	}
	b.sets[s.Key()] = s
	b.list = append(b.list, s)
}

// file finishes the file.
func (b *builder) file(name string) (*File, error) {
	for _, c := range b.comments {
		b.special(c.At, c.Msg)
	}
	f := &File{Name: name, Zone: b.options.Zone, Sets: b.list}
	switch {
	case f.Zone != "":
	case b.soa != nil:
		f.Zone = b.soa.Name
	default:
		f.Zone = b.origin
	}
	for _, s := range f.Sets {
		b.withoutRepeats(s)
		if f.Zone != "" && !s.Name.IsSubdomainOf(f.Zone) {
			b.faults.add(s.At, "%s lies outside zone %s", s.Name, f.Zone)
		}
	}
	if f.Zone == "" && b.faults.Total == 0 {
		b.faults.add(Position{name, 1}, "which zone is it? The file has neither a SOA record nor $ORIGIN: say --zone NAME")
	}
	if err := b.faults.err(); err != nil {
		return nil, err
	}
	sortFaults(b.warnings.List)
	f.Warnings = b.warnings.List
	if more := b.warnings.Total - len(f.Warnings); more > 0 {
		f.Warnings = append(f.Warnings, Fault{Position{name, 0}, fmt.Sprintf("%d more warnings", more)})
	}
	Sort(f.Sets)
	return f, nil
}

// withoutRepeats leaves each value of a plain set once.
func (b *builder) withoutRepeats(s *Set) {
	if s.Special != nil {
		return
	}
	repeated := rdata.Duplicates(s.Type, s.Values)
	if len(repeated) == 0 {
		return
	}
	if s != b.soa { // dumps of a transfer begin and end with the SOA
		b.warnings.add(s.At, "%s %s has the value %s twice: taken once", s.Name, s.Type, repeated[0])
	}
	seen := s.Values[:0]
	for _, v := range s.Values {
		if _, found := rdata.Duplicate(s.Type, append(slices.Clip(seen), v)); !found {
			seen = append(seen, v)
		}
	}
	s.Values = seen
}

// watch passes a file on and looks at those of its lines that the reader of
// master files does not tell of. It is ahead of that reader.
func (b *builder) watch(r io.Reader, file string) io.Reader {
	return newLineWatcher(r, func(number int, line string) {
		if text, ok := strings.CutPrefix(line, commentMark); ok {
			b.comments = append(b.comments, Fault{Position{file, number}, text})
			return
		}
		if b.origin == "" && len(line) > 7 && strings.EqualFold(line[:7], "$ORIGIN") {
			b.origin = originOf(line)
		}
	})
}

// originOf reads an $ORIGIN directive with an absolute name; "" if it is none.
func originOf(line string) rdata.Name {
	for rr, err := range rdata.ReadMaster(strings.NewReader(line+"\n@ 0 IN A 127.0.0.1\n"), "", "") {
		if err != nil {
			return ""
		}
		return rr.Name
	}
	return ""
}
