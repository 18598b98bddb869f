package main

// emitEnums prints the enumerations, and the type that opens some of them.
func emitEnums(p *printer, s *service) {
	for _, e := range s.enums {
		p.line("// %s is the enumeration of that name in the service model.", e.goName)
		p.line("type %s string\n", e.goName)
		p.line("// The values of %s.", e.goName)
		p.line("const (")
		for _, v := range e.Enum {
			p.line("\t%s %s = %q", s.constName(e, v), e.goName, v)
		}
		p.line(")\n")
		p.line("// Values lists the values that the model has for %s.", e.goName)
		p.line("func (%s) Values() []%s {", e.goName, e.goName)
		p.line("\treturn []%s{", e.goName)
		for _, v := range e.Enum {
			p.line("\t\t%s,", s.constName(e, v))
		}
		p.line("\t}\n}\n")
	}
	emitOpenEnums(p, s)
}

func emitOpenEnums(p *printer, s *service) {
	p.line("// Enums says what a server admits for the enumerations and texts that it may extend.")
	p.line("// The zero value is the model, to the letter.")
	p.line("type Enums struct {")
	for _, e := range s.open {
		rule := "EnumRule"
		if e.kind == kindString {
			rule = "TextRule"
		}
		p.line("\t%s %s", e.goName, rule)
	}
	p.line("}\n")
	p.line("// openEnums are the constraints that follow from an Enums.")
	p.line("type openEnums struct {")
	for _, e := range s.open {
		p.line("\t%s restxml.Constraint", e.goName)
	}
	p.line("}\n")
	p.line("func newOpenEnums(rules Enums) *openEnums {")
	p.line("\treturn &openEnums{")
	for _, e := range s.open {
		p.line("\t\t%s: rules.%s.apply(%s),", e.goName, e.goName, constraintVar(e))
	}
	p.line("\t}\n}")
}
