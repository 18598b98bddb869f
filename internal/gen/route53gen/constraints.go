package main

import (
	"fmt"
	"strings"
)

// constraintVar names the variable that holds a shape's constraint.
func constraintVar(sh *shape) string { return "constraint" + sh.goName }

// constraintRef is the expression for a pointer to the constraint, within a
// method that has the open enumerations at hand under the name enums.
func constraintRef(sh *shape, enums string) string {
	if sh.open {
		return "&" + enums + "." + sh.goName
	}
	return "&" + constraintVar(sh)
}

// maximumVar names the constraint that applies on a condition.
func maximumVar(m *member) string { return fmt.Sprintf("%sMax%d", constraintVar(m.shape), m.max.Max) }

// emitConstraints prints one variable for each scalar shape.
func emitConstraints(p *printer, s *service) {
	p.line("// What the model says about scalar shapes.")
	p.line("var (")
	for _, sh := range s.scalars {
		p.line("\t%s = restxml.Constraint{%s}", constraintVar(sh), constraintFields(sh))
	}
	p.line(")\n")
	seen := make(map[string]bool)
	for _, op := range s.operations {
		for _, m := range op.input.members {
			if m.max == nil || seen[maximumVar(m)] {
				continue
			}
			seen[maximumVar(m)] = true
			p.line("// %s holds where %s is %q.", maximumVar(m), m.max.When, m.max.Is)
			p.line("var %s = restxml.Constraint{Type: %q, MaxLen: %d}\n", maximumVar(m), m.shape.name, m.max.Max)
		}
	}
}

func constraintFields(sh *shape) string {
	fields := []string{fmt.Sprintf("Type: %q", sh.name)}
	add := func(format string, args ...any) { fields = append(fields, fmt.Sprintf(format, args...)) }
	switch sh.kind {
	case kindInt32, kindInt64:
		least, most := "math.MinInt64", "math.MaxInt64"
		if sh.kind == kindInt32 {
			least, most = "math.MinInt32", "math.MaxInt32"
		}
		if sh.Min != nil {
			least = fmt.Sprint(*sh.Min)
		}
		if sh.Max != nil {
			most = fmt.Sprint(*sh.Max)
		}
		add("Min: %s", least)
		add("Max: %s", most)
	case kindString, kindEnum:
		if sh.Min != nil && *sh.Min > 0 {
			add("MinLen: %d", *sh.Min)
		}
		if sh.Max != nil {
			add("MaxLen: %d", *sh.Max)
		}
		if sh.pattern != "" {
			add("Pattern: restxml.NewPattern(%q, %q)", sh.Pattern, sh.pattern)
		}
		if sh.prefixes != nil {
			add("Prefixes: %#v", sh.prefixes)
		}
		if sh.kind == kindEnum {
			add("Enum: restxml.NewEnum(%s)", quoted(sh.Enum))
		}
	}
	return strings.Join(fields, ", ")
}

func quoted(list []string) string {
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", s)
	}
	return b.String()
}
