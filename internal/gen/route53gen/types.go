package main

import (
	"cmp"
	"fmt"
	"strings"
)

// emitTypes prints the structures: shared ones, then inputs and outputs.
func emitTypes(p *printer, s *service) {
	for _, sh := range s.structs {
		p.line("// %s is the structure of that name in the service model.", sh.goName)
		emitStruct(p, sh)
	}
	for _, op := range s.operations {
		p.line("// %s is the request of %s.", op.input.goName, op.name)
		emitStruct(p, op.input)
		p.line("// %s is the answer of %s.", op.output.goName, op.name)
		emitStruct(p, op.output)
	}
}

func emitStruct(p *printer, sh *shape) {
	if len(sh.members) == 0 {
		p.line("type %s struct{}\n", sh.goName)
		return
	}
	p.line("type %s struct {", sh.goName)
	for _, m := range sh.members {
		p.line("\t%s %s%s", m.name, m.goType(), trailingComment(m))
	}
	p.line("}\n")
}

// trailingComment tells what the type does not: whether the member is
// required, where it travels, and its bounds.
func trailingComment(m *member) string {
	var notes []string
	if m.required {
		notes = append(notes, "required")
	}
	switch m.location {
	case "uri":
		notes = append(notes, "in the path")
	case "querystring":
		notes = append(notes, fmt.Sprintf("in the query as %q", m.wireName))
	case "header":
		notes = append(notes, "in header "+m.wireName)
	}
	if b := bounds(m.shape); b != "" {
		notes = append(notes, b)
	}
	if len(notes) == 0 {
		return ""
	}
	return " // " + strings.Join(notes, "; ")
}

func bounds(sh *shape) string {
	unit := ""
	switch sh.kind {
	case kindString:
		unit = " character"
	case kindList:
		unit = " item"
	case kindInt32, kindInt64:
	default:
		return ""
	}
	if last := cmp.Or(sh.Max, sh.Min); unit != "" && last != nil && *last != 1 {
		unit += "s"
	}
	switch {
	case sh.Min != nil && sh.Max != nil:
		return fmt.Sprintf("%d to %d%s", *sh.Min, *sh.Max, unit)
	case sh.Max != nil:
		return fmt.Sprintf("at most %d%s", *sh.Max, unit)
	case sh.Min != nil:
		return fmt.Sprintf("at least %d%s", *sh.Min, unit)
	}
	return ""
}
