package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// service is the model with every reference resolved, ready to print.
type service struct {
	modelDigest, overridesDigest string

	version    string // "2013-04-01"
	namespace  string
	operations []*operation // by name
	structs    []*shape     // structures that are no input, output or error
	lists      []*shape     // lists used in bodies
	enums      []*shape
	scalars    []*shape // shapes with a constraint of their own, enums included
	errors     []*shape
	open       []*shape // enumerations and strings that a server may extend

	shapes      map[string]*shape
	initialisms map[string]bool
}

type operation struct {
	name     string
	method   string
	uri      string
	status   int
	root     string // root element of the request; empty if it has no body
	input    *shape
	output   *shape
	labels   []string // in path order
	prefixes map[string][]string
}

// kind is what a shape becomes in Go.
type kind int

const (
	kindStruct kind = iota
	kindList
	kindString
	kindEnum
	kindInt32
	kindInt64
	kindFloat
	kindBool
	kindTime
	kindBlob
)

var kinds = map[string]kind{
	"structure": kindStruct, "list": kindList, "string": kindString, "integer": kindInt32, "long": kindInt64,
	"double": kindFloat, "float": kindFloat, "boolean": kindBool, "timestamp": kindTime, "blob": kindBlob,
}

type shape struct {
	*modelShape
	name     string // in the model
	goName   string
	kind     kind
	members  []*member // structures
	item     *shape    // lists
	itemName string    // element name of a list's items
	open     bool      // enums and strings
	prefixes []string  // strings
	pattern  string    // strings, in Go's syntax
	status   int       // errors
}

// member is one member of a structure.
type member struct {
	name     string
	shape    *shape
	required bool
	location string // "", "uri", "querystring", "header"
	wireName string // element, label, parameter or header
	max      *conditionalMaximum
}

// pointer reports whether the Go field is a pointer: optional, and of a kind
// whose zero value is not nil.
func (m *member) pointer() bool {
	return !m.required && m.shape.kind != kindList && m.shape.kind != kindBlob
}

func (s *shape) inLocation(locations ...string) []*member {
	var list []*member
	for _, m := range s.members {
		if slices.Contains(locations, m.location) {
			list = append(list, m)
		}
	}
	return list
}

// loadService reads the two files and resolves them.
func loadService(modelData, overData []byte) (*service, error) {
	var m model
	if err := strictUnmarshal(modelData, &m); err != nil {
		return nil, fmt.Errorf("parse model: %w", err)
	}
	var over overrides
	if err := strictUnmarshal(overData, &over); err != nil {
		return nil, fmt.Errorf("parse overrides: %w", err)
	}
	s := &service{
		modelDigest:     fmt.Sprintf("%x", sha256.Sum256(modelData)),
		overridesDigest: fmt.Sprintf("%x", sha256.Sum256(overData)),
		shapes:          make(map[string]*shape),
		initialisms:     make(map[string]bool),
	}
	for _, w := range over.Initialisms {
		s.initialisms[w] = true
	}
	for _, step := range []func(*model, *overrides) error{
		s.readMetadata, s.readShapes, s.readMembers, s.applyOverrides, s.readOperations, s.classify,
	} {
		if err := step(&m, &over); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *service) readMetadata(m *model, _ *overrides) error {
	var protocol string
	if err := json.Unmarshal(m.Metadata["protocol"], &protocol); err != nil || protocol != "rest-xml" {
		return fmt.Errorf("protocol is %q, not rest-xml", protocol)
	}
	if err := json.Unmarshal(m.Metadata["apiVersion"], &s.version); err != nil {
		return fmt.Errorf("api version: %w", err)
	}
	return nil
}

func (s *service) readShapes(m *model, over *overrides) error {
	for _, name := range slices.Sorted(maps.Keys(m.Shapes)) {
		ms := m.Shapes[name]
		k, ok := kinds[ms.Type]
		if !ok {
			return fmt.Errorf("shape %s: type %s is not supported", name, ms.Type)
		}
		sh := &shape{modelShape: ms, name: name, goName: name, kind: k, pattern: ms.Pattern}
		if ms.Enum != nil {
			sh.kind = kindEnum
		}
		if p, ok := over.GoPatterns[name]; ok {
			sh.pattern = p
		}
		sh.prefixes = over.IDPrefixes[name]
		sh.open = slices.Contains(over.OpenEnums, name) || slices.Contains(over.OpenTexts, name)
		sh.status = 400
		if ms.Error != nil && ms.Error.HTTPStatusCode != 0 {
			sh.status = ms.Error.HTTPStatusCode
		}
		s.shapes[name] = sh
	}
	return nil
}

func (s *service) readMembers(_ *model, over *overrides) error {
	for _, name := range slices.Sorted(maps.Keys(s.shapes)) {
		sh := s.shapes[name]
		if sh.kind == kindList {
			if sh.item = s.shapes[sh.Member.Shape]; sh.item == nil || sh.item.kind == kindList {
				return fmt.Errorf("list %s: items of shape %q", name, sh.Member.Shape)
			}
			if sh.itemName = sh.Member.LocationName; sh.itemName == "" {
				sh.itemName = "member"
			}
		}
		for _, mm := range sh.Members {
			m := &member{name: mm.Name, shape: s.shapes[mm.Shape], location: mm.Location, wireName: mm.LocationName}
			if m.shape == nil {
				return fmt.Errorf("member %s.%s: no shape %q", name, mm.Name, mm.Shape)
			}
			if m.wireName == "" {
				m.wireName = mm.Name
			}
			m.required = slices.Contains(sh.Required, mm.Name) && !slices.Contains(over.OptionalMembers, name+"."+mm.Name)
			if err := m.check(); err != nil {
				return fmt.Errorf("member %s.%s: %w", name, mm.Name, err)
			}
			sh.members = append(sh.members, m)
		}
	}
	return nil
}

// check refuses what the emitters have no code for.
func (m *member) check() error {
	switch m.location {
	case "":
		return nil
	case "uri", "querystring", "header":
	default:
		return fmt.Errorf("location %s is not supported", m.location)
	}
	switch m.shape.kind {
	case kindString, kindEnum, kindInt32, kindInt64, kindBool:
	default:
		return fmt.Errorf("%s in the %s is not supported", m.shape.Type, m.location)
	}
	if m.location == "uri" && !m.required {
		return errors.New("a label must be required")
	}
	return nil
}

// applyOverrides makes sure that every override names something that exists.
func (s *service) applyOverrides(_ *model, over *overrides) error {
	for _, path := range over.OptionalMembers {
		name, memberName, _ := strings.Cut(path, ".")
		if m := s.find(name, memberName); m == nil || !slices.Contains(s.shapes[name].Required, memberName) {
			return fmt.Errorf("optionalMembers: %s is not a required member", path)
		}
	}
	for _, name := range over.OpenEnums {
		if sh := s.shapes[name]; sh == nil || sh.kind != kindEnum {
			return fmt.Errorf("openEnums: %s is not an enumeration", name)
		}
		s.open = append(s.open, s.shapes[name])
	}
	for _, name := range over.OpenTexts {
		if sh := s.shapes[name]; sh == nil || sh.kind != kindString || sh.Pattern == "" {
			return fmt.Errorf("openTexts: %s is not a string with a pattern", name)
		}
		s.open = append(s.open, s.shapes[name])
	}
	for _, name := range slices.Sorted(maps.Keys(over.IDPrefixes)) {
		if sh := s.shapes[name]; sh == nil || sh.kind != kindString {
			return fmt.Errorf("idPrefixes: %s is not a string", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(over.GoPatterns)) {
		if sh := s.shapes[name]; sh == nil || sh.Pattern == "" {
			return fmt.Errorf("goPatterns: %s has no pattern", name)
		}
	}
	for i := range over.ConditionalMaxima {
		c := &over.ConditionalMaxima[i]
		m, when := s.find(c.Shape, c.Member), s.find(c.Shape, c.When)
		if m == nil || when == nil || m.location == "" || when.location != "uri" || m.shape.kind != kindString {
			return fmt.Errorf("conditionalMaxima: %s.%s by %s", c.Shape, c.Member, c.When)
		}
		m.max = c
	}
	return nil
}

func (s *service) find(shapeName, memberName string) *member {
	if sh := s.shapes[shapeName]; sh != nil {
		for _, m := range sh.members {
			if m.name == memberName {
				return m
			}
		}
	}
	return nil
}

func (s *service) readOperations(m *model, _ *overrides) error {
	for _, name := range slices.Sorted(maps.Keys(m.Operations)) {
		mo := m.Operations[name]
		if mo.Input == nil || mo.Output == nil {
			return fmt.Errorf("operation %s: input or output is missing", name)
		}
		op := &operation{
			name: name, method: mo.HTTP.Method, uri: mo.HTTP.RequestURI, status: max(200, mo.HTTP.ResponseCode),
			input: s.shapes[mo.Input.Shape], output: s.shapes[mo.Output.Shape], prefixes: make(map[string][]string),
		}
		if op.input == nil || op.output == nil {
			return fmt.Errorf("operation %s: unknown input or output", name)
		}
		op.input.goName, op.output.goName = name+"Input", name+"Output"
		if len(op.input.inLocation("")) > 0 {
			op.root = mo.Input.LocationName
			if op.root == "" || mo.Input.XMLNamespace == nil {
				return fmt.Errorf("operation %s: the body has no root element", name)
			}
			if s.namespace != "" && s.namespace != mo.Input.XMLNamespace.URI {
				return fmt.Errorf("operation %s: a second namespace", name)
			}
			s.namespace = mo.Input.XMLNamespace.URI
		}
		if err := op.readLabels(); err != nil {
			return fmt.Errorf("operation %s: %w", name, err)
		}
		s.operations = append(s.operations, op)
	}
	return nil
}

// readLabels finds the input member of each label of the path.
func (op *operation) readLabels() error {
	for seg := range strings.SplitSeq(op.uri, "/") {
		label, ok := strings.CutPrefix(seg, "{")
		if !ok {
			continue
		}
		label = strings.TrimSuffix(label, "}")
		op.labels = append(op.labels, label)
		if m := op.labelMember(label); m == nil {
			return fmt.Errorf("no member for label %s", label)
		} else if m.shape.prefixes != nil {
			op.prefixes[label] = m.shape.prefixes
		}
	}
	if n := len(op.input.inLocation("uri")); n != len(op.labels) {
		return fmt.Errorf("%d labels for %d members", len(op.labels), n)
	}
	return nil
}

func (op *operation) labelMember(label string) *member {
	for _, m := range op.input.inLocation("uri") {
		if m.wireName == label {
			return m
		}
	}
	return nil
}

// classify sorts the shapes into the lists that emitters walk over. What no
// request and no answer can hold is left out.
func (s *service) classify(_ *model, _ *overrides) error {
	used := make(map[*shape]bool)
	checked := make(map[*shape]bool) // all of them but headers of answers
	top := make(map[*shape]bool)
	for _, op := range s.operations {
		top[op.input], top[op.output] = true, true
		op.input.mark(used)
		op.output.mark(used)
		op.input.mark(checked)
		for _, m := range op.output.inLocation("") {
			m.shape.mark(checked)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.shapes)) {
		sh := s.shapes[name]
		switch {
		case sh.Exception:
			s.errors = append(s.errors, sh)
			continue
		case !used[sh]:
			continue
		case sh.kind == kindStruct && !top[sh]:
			s.structs = append(s.structs, sh)
		case sh.kind == kindList:
			s.lists = append(s.lists, sh)
		case sh.kind == kindEnum:
			s.enums = append(s.enums, sh)
		}
		switch sh.kind {
		case kindString, kindEnum, kindInt32, kindInt64:
			if checked[sh] {
				s.scalars = append(s.scalars, sh)
			}
		}
	}
	return nil
}

// mark adds the shape, and all that it is made of, to used.
func (s *shape) mark(used map[*shape]bool) {
	if used[s] {
		return
	}
	used[s] = true
	for _, m := range s.members {
		m.shape.mark(used)
	}
	if s.item != nil {
		s.item.mark(used)
	}
}
