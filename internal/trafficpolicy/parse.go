package trafficpolicy

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// Parse reads a document of either format. opts say which regions and places
// there are; limits of groups are those of opts too. Numbers and booleans may
// also be strings, as they are in Amazon's own examples. A *Error tells
// everything that is wrong.
func Parse(document string, opts zone.Options) (*Document, error) {
	r := &reader{opts: &opts, doc: &Document{Endpoints: map[string]*Endpoint{}, Rules: map[string]*Rule{}}}
	if n := utf8.RuneCountInString(document); n > MaxDocument {
		r.fault("", "The document must not be longer than "+strconv.Itoa(MaxDocument)+" characters")
		return nil, &Error{r.faults}
	}
	root, err := parseJSON(document)
	if err != nil {
		r.fault("", "The document is not valid JSON: "+printable(err.Error()))
		return nil, &Error{r.faults}
	}
	r.document(root)
	if len(r.faults) == 0 {
		r.graph()
	}
	if len(r.faults) == 0 {
		r.tryOut()
	}
	if len(r.faults) > 0 {
		return nil, &Error{r.faults}
	}
	return r.doc, nil
}

const startRequired = "Exactly one of StartEndpoint and StartRule is required"

// document reads everything but what only the whole tells.
func (r *reader) document(root *node) {
	f := r.fields("", "The document", root)
	switch r.doc.Format = f.text("AWSPolicyFormatVersion"); r.doc.Format {
	case Format2015, Format2023:
	default:
		r.fault("", "AWSPolicyFormatVersion must be one of "+Format2015+", "+Format2023)
	}
	r.recordType(f.text("RecordType"))
	r.doc.Start = Reference{Endpoint: f.text("StartEndpoint"), Rule: f.text("StartRule")}
	if both, none := r.doc.Start.Endpoint != "" && r.doc.Start.Rule != "", r.doc.Start == (Reference{}); both || none && r.opts.Strict {
		r.fault("", startRequired)
	}
	for id, n := range r.definitions(f, "Endpoints") {
		r.doc.Endpoints[id] = r.endpoint(id, n)
	}
	for id, n := range r.definitions(f, "Rules") {
		r.doc.Rules[id] = r.rule(id, n)
	}
	r.findStart()
	if len(r.doc.Rules) > MaxRules {
		r.fault("", "There must not be more than "+strconv.Itoa(MaxRules)+" rules")
	}
	f.end()
}

func (r *reader) recordType(name string) {
	t, ok := rdata.ParseType(name)
	if !ok || !t.IsAmazon() || t.String() != name || t == rdata.TypeNS || t == rdata.TypeSOA || t == rdata.TypeDS {
		r.fault("", "RecordType '"+printable(name)+"' is not a DNS type that traffic policies support")
		return
	}
	r.doc.Type = t
}

// definitions yields the members of a map of endpoints or rules, in the
// document's order.
func (r *reader) definitions(f *fields, name string) func(yield func(string, *node) bool) {
	return func(yield func(string, *node) bool) {
		if !f.has(name) {
			return
		}
		for _, m := range r.fields("", name, f.member(name)).node.members {
			if !isID(m.name) {
				r.fault("", "The id '"+printable(m.name)+"' in "+name+" must be 1 to "+strconv.Itoa(maxID)+" printable characters")
				continue
			}
			if !yield(m.name, m.value) {
				return
			}
		}
	}
}

// isID reports whether a text can be the id of an endpoint or a rule. Ids are
// parts of set identifiers, and are shown.
func isID(id string) bool {
	return id != "" && len(id) <= maxID && !strings.ContainsFunc(id, func(c rune) bool {
		return c == utf8.RuneError || !unicode.IsPrint(c)
	})
}

// graph checks the references: what they lead to is there, and no way through
// rules leads back to where it has been.
func (r *reader) graph() {
	r.known("", r.doc.Start)
	for _, id := range sortedKeys(r.doc.Rules) {
		for _, b := range r.doc.Rules[id].Branches {
			r.known(id, b.Reference)
		}
	}
	if len(r.faults) > 0 {
		return
	}
	state := map[string]visit{}
	for _, id := range sortedKeys(r.doc.Rules) {
		if cycle := r.doc.cycle(id, state, nil); cycle != nil {
			r.fault(id, "The rules must not form a cycle: "+strings.Join(cycle, " > "))
			return
		}
	}
}

func (r *reader) known(id string, ref Reference) {
	if ref.Endpoint != "" && r.doc.Endpoints[ref.Endpoint] == nil {
		r.fault(id, "Endpoint '"+printable(ref.Endpoint)+"' is not defined in Endpoints")
	}
	if ref.Rule != "" && r.doc.Rules[ref.Rule] == nil {
		r.fault(id, "Rule '"+printable(ref.Rule)+"' is not defined in Rules")
	}
}

// visit is how far a search has come with a rule.
type visit uint8

const (
	unseen visit = iota
	underWay
	done
)

// cycle searches from a rule and returns the ids of a cycle, the first again
// at the end, or nil.
func (d *Document) cycle(id string, state map[string]visit, path []string) []string {
	path = append(path, id)
	switch state[id] {
	case done:
		return nil
	case underWay:
		return path[slices.Index(path, id):]
	case unseen:
	}
	state[id] = underWay
	for _, b := range d.Rules[id].Branches {
		if b.Rule == "" {
			continue
		}
		if cycle := d.cycle(b.Rule, state, path); cycle != nil {
			return cycle
		}
	}
	state[id] = done
	return nil
}

// tryOut applies the expansion to an empty zone. What is wrong with single
// values and groups has been found before; this is the last word on it.
func (r *reader) tryOut() {
	z := &zone.HostedZone{ID: "Z1", Name: "\x06tryout\x07invalid\x00"} // no value leads there
	sets, err := r.doc.Expand(Place{Zone: z, Name: "\x03www" + z.Name, Instance: "tryout"})
	if err != nil {
		r.fault("", "The document cannot be expanded: "+err.Error())
		return
	}
	opts := *r.opts
	opts.HealthChecks, opts.CIDRCollections, opts.Instance = nil, nil, "tryout"
	opts.Limits.RequestRecords, opts.Limits.RequestCharacters = -1, -1
	var refused *zone.BatchError
	if _, err := zone.Apply(z, emptyView{}, Request(nil, sets), opts); errors.As(err, &refused) {
		for _, m := range refused.Messages {
			r.fault("", strings.TrimSuffix(m, "."))
		}
	} else if err != nil {
		r.fault("", err.Error())
	}
}

type emptyView struct{}

func (emptyView) RRsetsAt(rdata.Name) ([]*zone.RRset, error) { return nil, nil }
