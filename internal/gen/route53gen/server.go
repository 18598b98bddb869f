package main

import (
	"fmt"
	"slices"
)

// emitServer prints the table of operations, and for each the function that
// reads its request and the one that serves it.
func emitServer(p *printer, s *service) {
	p.line("// operations are all operations, by name.")
	p.line("var operations = [...]operation{")
	for _, op := range s.operations {
		prefixes := ""
		if len(op.prefixes) > 0 {
			prefixes = fmt.Sprintf(", Prefixes: %#v", op.prefixes)
		}
		p.line("\t{name: %q, status: %d, serve: serve%s, route: restxml.Route{Method: %q, Pattern: %q%s}},",
			op.name, op.status, op.name, op.method, op.uri, prefixes)
	}
	p.line("}\n")
	for _, op := range s.operations {
		emitServe(p, op)
		emitRead(p, op)
	}
}

func emitServe(p *printer, op *operation) {
	p.line("func serve%s(x *exchange) error {", op.name)
	p.line("\tin := new(%s)", op.input.goName)
	p.line("\tif err := read%s(x, in); err != nil {\n\t\treturn err\n\t}", op.name)
	body, headers := op.output.inLocation(""), op.output.inLocation("header")
	if len(body)+len(headers) == 0 {
		p.line("\tif _, err := x.api.%s(x.ctx, in); err != nil {\n\t\treturn err\n\t}", op.name)
	} else {
		p.line("\tout, err := x.api.%s(x.ctx, in)", op.name)
		p.line("\tif err != nil {\n\t\treturn err\n\t}")
	}
	for _, m := range headers {
		if m.pointer() {
			p.line("\tif out.%s != nil {\n\t\tx.replyHeader.Set(%q, %s)\n\t}", m.name, m.wireName, scalarText(m.shape, "*out."+m.name))
		} else {
			p.line("\tx.replyHeader.Set(%q, %s)", m.wireName, scalarText(m.shape, "out."+m.name))
		}
	}
	p.line("\tx.openReply(%q)", op.output.name)
	if len(body) > 0 {
		p.line("\tx.reply = append%s(x.reply, out)", op.output.goName)
	}
	p.line("\tx.closeReply(%q)", op.output.name)
	p.line("\treturn nil\n}\n")
}

// scalarText is the text of a scalar outside the body.
func scalarText(sh *shape, value string) string {
	switch sh.kind {
	case kindEnum:
		return fmt.Sprintf("string(%s)", value)
	case kindInt32, kindInt64:
		return fmt.Sprintf("strconv.FormatInt(int64(%s), 10)", value)
	case kindBool:
		return fmt.Sprintf("strconv.FormatBool(%s)", value)
	}
	return value
}

// emitRead prints the function that reads path, query, headers and body.
func emitRead(p *printer, op *operation) {
	p.line("func read%s(x *exchange, in *%s) error {", op.name, op.input.goName)
	for _, m := range op.input.inLocation("uri") {
		emitReadParam(p, m, fmt.Sprintf("x.labels[%d]", slices.Index(op.labels, m.wireName)))
	}
	emitReadQuery(p, op.input.inLocation("querystring"))
	for _, m := range op.input.inLocation("header") {
		p.line("\tif values := x.header.Values(%q); len(values) > 0 {", m.wireName)
		emitReadParam(p, m, "values[0]")
		p.line("\t}")
		if m.required {
			p.line("\tif x.header.Values(%q) == nil {\n\t\tx.params.Missing(%q)\n\t}", m.wireName, lowerFirst(m.name))
		}
	}
	body := op.input.inLocation("")
	if len(body) == 0 {
		p.line("\treturn x.paramErr()\n}\n")
		return
	}
	p.line("\tif err := x.paramErr(); err != nil {\n\t\treturn err\n\t}")
	required := slices.ContainsFunc(body, func(m *member) bool { return m.required })
	p.line("\tif x.openBody(%q, %t) {", op.root, required)
	p.line("\t\tdecode%s(&x.decoder, in)\n\t}", op.input.goName)
	p.line("\treturn x.closeBody()\n}\n")
}

func emitReadQuery(p *printer, members []*member) {
	if len(members) == 0 {
		return
	}
	for _, m := range members {
		if m.required {
			p.line("\tvar has%s bool", m.name)
		}
	}
	p.line("\tfor x.query.Next() {\n\t\tswitch x.query.Key {")
	for _, m := range members {
		p.line("\t\tcase %q:", m.wireName)
		if m.required {
			p.line("\t\t\thas%s = true", m.name)
		}
		emitReadParam(p, m, "x.query.Value")
	}
	p.line("\t\t}\n\t}")
	for _, m := range members {
		if m.required {
			p.line("\tif !has%s {\n\t\tx.params.Missing(%q)\n\t}", m.name, lowerFirst(m.name))
		}
	}
}

// emitReadParam prints the assignment of a member outside the body.
func emitReadParam(p *printer, m *member, value string) {
	ref := constraintRef(m.shape, "x.enums")
	if m.max != nil {
		ref = lowerFirst(m.name) + "Limit"
		p.line("\t%s := &%s", ref, constraintVar(m.shape))
		p.line("\tif in.%s == %q {\n\t\t%s = &%s\n\t}", m.max.When, m.max.Is, ref, maximumVar(m))
	}
	name := lowerFirst(m.name)
	var expr string
	switch m.shape.kind {
	case kindEnum:
		expr = fmt.Sprintf("%s(x.params.Enum(%q, %s, %s))", m.shape.goName, name, value, ref)
	case kindInt32:
		expr = fmt.Sprintf("int32(x.params.Int(%q, %s, %s))", name, value, ref)
	case kindInt64:
		expr = fmt.Sprintf("x.params.Int(%q, %s, %s)", name, value, ref)
	case kindBool:
		expr = fmt.Sprintf("x.params.Bool(%q, %s)", name, value)
	default:
		expr = fmt.Sprintf("x.params.String(%q, %s, %s)", name, value, ref)
	}
	if m.pointer() {
		expr = "new(" + expr + ")"
	}
	p.line("\tin.%s = %s", m.name, expr)
}
