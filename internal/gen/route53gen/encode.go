package main

import "fmt"

// emitEncode prints the functions that append the content of elements.
func emitEncode(p *printer, s *service) {
	for _, sh := range s.structs {
		emitEncodeStruct(p, sh)
	}
	for _, sh := range s.lists {
		emitEncodeList(p, sh)
	}
	for _, op := range s.operations {
		for _, sh := range []*shape{op.input, op.output} {
			if len(sh.inLocation("")) > 0 {
				emitEncodeStruct(p, sh)
			}
		}
	}
}

func emitEncodeStruct(p *printer, sh *shape) {
	p.line("func append%s(b []byte, v *%s) []byte {", sh.goName, sh.goName)
	for _, m := range sh.inLocation("") {
		if m.required {
			emitEncodeMember(p, m)
			continue
		}
		p.line("\tif v.%s != nil {", m.name)
		emitEncodeMember(p, m)
		p.line("\t}")
	}
	p.line("\treturn b\n}\n")
}

func emitEncodeMember(p *printer, m *member) {
	sh := m.shape
	switch {
	case sh.kind == kindList && sh.Flattened:
		p.line("\tb = append%s(b, %q, v.%s)", sh.goName, m.elementName(), m.name)
	case sh.kind == kindList:
		emitWrapped(p, m.wireName, fmt.Sprintf("append%s(b, %q, v.%s)", sh.goName, sh.itemName, m.name))
	case sh.kind == kindStruct && m.pointer():
		emitWrapped(p, m.wireName, fmt.Sprintf("append%s(b, v.%s)", sh.goName, m.name))
	case sh.kind == kindStruct:
		emitWrapped(p, m.wireName, fmt.Sprintf("append%s(b, &v.%s)", sh.goName, m.name))
	case m.pointer():
		p.line("\tb = %s", encodeScalar(sh, m.wireName, "*v."+m.name))
	default:
		p.line("\tb = %s", encodeScalar(sh, m.wireName, "v."+m.name))
	}
}

// emitWrapped prints start tag, content, end tag.
func emitWrapped(p *printer, name, content string) {
	p.line("\tb = restxml.AppendStart(b, %q)", name)
	p.line("\tb = %s", content)
	p.line("\tb = restxml.AppendEnd(b, %q)", name)
}

// encodeScalar is the expression that appends a whole element.
func encodeScalar(sh *shape, name, value string) string {
	if name != "name" {
		name = fmt.Sprintf("%q", name)
	}
	switch sh.kind {
	case kindString:
		return fmt.Sprintf("restxml.AppendString(b, %s, %s)", name, value)
	case kindEnum:
		return fmt.Sprintf("restxml.AppendString(b, %s, string(%s))", name, value)
	case kindInt32:
		return fmt.Sprintf("restxml.AppendInt(b, %s, int64(%s))", name, value)
	case kindInt64:
		return fmt.Sprintf("restxml.AppendInt(b, %s, %s)", name, value)
	case kindFloat:
		return fmt.Sprintf("restxml.AppendFloat(b, %s, %s)", name, value)
	case kindBool:
		return fmt.Sprintf("restxml.AppendBool(b, %s, %s)", name, value)
	case kindTime:
		return fmt.Sprintf("restxml.AppendTime(b, %s, %s)", name, value)
	}
	return fmt.Sprintf("restxml.AppendBlob(b, %s, %s)", name, value)
}

// emitEncodeList prints the function that appends a list's items, each in an
// element of the given name.
func emitEncodeList(p *printer, sh *shape) {
	p.line("func append%s(b []byte, name string, list %s) []byte {", sh.goName, sh.goType())
	if sh.item.kind == kindStruct {
		p.line("\tfor i := range list {")
		p.line("\t\tb = restxml.AppendStart(b, name)")
		p.line("\t\tb = append%s(b, &list[i])", sh.item.goName)
		p.line("\t\tb = restxml.AppendEnd(b, name)")
	} else {
		p.line("\tfor _, item := range list {")
		p.line("\t\tb = %s", encodeScalar(sh.item, "name", "item"))
	}
	p.line("\t}\n\treturn b\n}\n")
}
