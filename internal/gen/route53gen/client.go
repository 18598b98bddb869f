package main

import (
	"fmt"
	"strings"
)

// emitClient prints the client's methods.
func emitClient(p *printer, s *service) {
	p.line("var _ API = (*Client)(nil)\n")
	for _, op := range s.operations {
		emitCall(p, op)
	}
}

func emitCall(p *printer, op *operation) {
	p.line("// %s sends %s %s.", op.name, op.method, op.uri)
	p.line("func (c *Client) %s(ctx context.Context, in *%s) (*%s, error) {", op.name, op.input.goName, op.output.goName)
	p.line("\tq := outgoing{operation: %q, method: %q}", op.name, op.method)
	emitPath(p, op)
	for _, m := range op.input.inLocation("querystring") {
		emitOptional(p, m, "q.param(%q, %s)")
	}
	if headers := op.input.inLocation("header"); len(headers) > 0 {
		p.line("\tq.header = make(http.Header)")
		for _, m := range headers {
			emitOptional(p, m, "q.header.Set(%q, %s)")
		}
	}
	if op.root != "" {
		p.line("\tq.openBody(%q)", op.root)
		p.line("\tq.body = append%s(q.body, in)", op.input.goName)
		p.line("\tq.closeBody(%q)", op.root)
	}
	body, headers := op.output.inLocation(""), op.output.inLocation("header")
	if len(body)+len(headers) == 0 {
		p.line("\tif _, err := c.send(ctx, &q); err != nil {\n\t\treturn nil, err\n\t}")
		p.line("\treturn new(%s), nil\n}\n", op.output.goName)
		return
	}
	p.line("\ta, err := c.send(ctx, &q)")
	p.line("\tif err != nil {\n\t\treturn nil, err\n\t}")
	p.line("\tout := new(%s)", op.output.goName)
	for _, m := range headers {
		emitReadHeader(p, m)
	}
	if len(body) > 0 {
		p.line("\tif a.open(%q) {\n\t\tdecode%s(&a.decoder, out)\n\t}", op.output.name, op.output.goName)
		p.line("\tif err := a.close(); err != nil {\n\t\treturn nil, err\n\t}")
	}
	p.line("\treturn out, nil\n}\n")
}

// emitReadHeader prints the reading of a header of the answer. Answers are
// read as they are: nothing is checked, and what is no number is left out.
func emitReadHeader(p *printer, m *member) {
	value := "values[0]"
	switch m.shape.kind {
	case kindEnum:
		value = fmt.Sprintf("%s(%s)", m.shape.goName, value)
	case kindInt32, kindInt64:
		value = m.shape.goType() + "(n)"
	case kindBool:
		value += ` == "true"`
	}
	if m.pointer() {
		value = "new(" + value + ")"
	}
	p.line("\tif values := a.header.Values(%q); len(values) > 0 {", m.wireName)
	if m.shape.kind == kindInt32 || m.shape.kind == kindInt64 {
		p.line("\t\tif n, err := strconv.ParseInt(values[0], 10, 64); err == nil {\n\t\t\tout.%s = %s\n\t\t}", m.name, value)
	} else {
		p.line("\t\tout.%s = %s", m.name, value)
	}
	p.line("\t}")
}

// emitPath prints the calls that build the escaped path.
func emitPath(p *printer, op *operation) {
	literal := ""
	for seg := range strings.SplitSeq(strings.TrimPrefix(op.uri, "/"), "/") {
		literal += "/"
		label, ok := strings.CutPrefix(seg, "{")
		if !ok {
			literal += seg
			continue
		}
		label = strings.TrimSuffix(label, "}")
		m := op.labelMember(label)
		p.line("\tq.literal(%q)", literal)
		p.line("\tq.label(%q, %s)", m.name, scalarText(m.shape, "in."+m.name))
		literal = ""
	}
	if literal != "" {
		p.line("\tq.literal(%q)", literal)
	}
}

// emitOptional prints a call with the member's name on the wire and its text,
// if the member is there.
func emitOptional(p *printer, m *member, call string) {
	if !m.pointer() {
		p.line("\t"+call, m.wireName, scalarText(m.shape, "in."+m.name))
		return
	}
	p.line("\tif in.%s != nil {", m.name)
	p.line("\t\t"+call, m.wireName, scalarText(m.shape, "*in."+m.name))
	p.line("\t}")
}
