package main

import "fmt"

// emitDecode prints the functions that read elements: one per structure and
// list, and one per input and output that has a body.
func emitDecode(p *printer, s *service) {
	for _, sh := range s.structs {
		emitDecodeStruct(p, sh)
	}
	for _, sh := range s.lists {
		emitDecodeList(p, sh)
	}
	for _, op := range s.operations {
		for _, sh := range []*shape{op.input, op.output} {
			if len(sh.inLocation("")) > 0 {
				emitDecodeStruct(p, sh)
			}
		}
	}
}

func emitDecodeStruct(p *printer, sh *shape) {
	body := sh.inLocation("")
	var required []string
	for _, m := range body {
		if m.required {
			required = append(required, m.wireName)
		}
	}
	p.line("func decode%s(d *decoder, v *%s) {", sh.goName, sh.goName)
	if len(required) > 0 {
		p.line("\thas := uint64(0)")
	}
	p.line("\tfor name := d.Child(); name != nil; name = d.Child() {")
	p.line("\t\tswitch string(name) {")
	bit := 0
	for _, m := range body {
		p.line("\t\tcase %q:", m.elementName())
		if m.required {
			p.line("\t\t\thas |= 1 << %d", bit)
			bit++
		}
		emitDecodeMember(p, m)
	}
	p.line("\t\tdefault:\n\t\t\td.Skip()\n\t\t}\n\t}")
	if len(required) > 0 {
		p.line("\tif has != %#x {", 1<<len(required)-1)
		p.line("\t\td.missing(has, %s)\n\t}", quoted(required))
	}
	for _, m := range body {
		if m.shape.kind == kindList && m.shape.Flattened {
			p.line("\td.CheckCount(%q, len(v.%s), %s)", m.elementName(), m.name, countBounds(m.shape))
		}
	}
	p.line("}\n")
}

// elementName is the name of the member's element; the items of a flattened
// list stand directly in the structure, under the name of their own if they
// have one.
func (m *member) elementName() string {
	if m.shape.kind == kindList && m.shape.Flattened && m.shape.itemName != "member" {
		return m.shape.itemName
	}
	return m.wireName
}

func emitDecodeMember(p *printer, m *member) {
	sh := m.shape
	switch {
	case sh.kind == kindList && sh.Flattened && sh.item.kind == kindStruct:
		p.line("\t\t\tv.%s = append(v.%s, %s{})", m.name, m.name, sh.item.goType())
		p.line("\t\t\tdecode%s(d, &v.%s[len(v.%s)-1])", sh.item.goName, m.name, m.name)
	case sh.kind == kindList && sh.Flattened:
		p.line("\t\t\tv.%s = append(v.%s, %s)", m.name, m.name, decodeScalar(sh.item))
	case sh.kind == kindList:
		p.line("\t\t\tv.%s = decode%s(d)", m.name, sh.goName)
	case sh.kind == kindStruct && m.pointer():
		p.line("\t\t\tv.%s = new(%s)", m.name, sh.goName)
		p.line("\t\t\tdecode%s(d, v.%s)", sh.goName, m.name)
	case sh.kind == kindStruct:
		p.line("\t\t\tv.%s = %s{} // the last one wins", m.name, sh.goName)
		p.line("\t\t\tdecode%s(d, &v.%s)", sh.goName, m.name)
	case m.pointer():
		p.line("\t\t\tv.%s = new(%s)", m.name, decodeScalar(sh))
	default:
		p.line("\t\t\tv.%s = %s", m.name, decodeScalar(sh))
	}
}

// decodeScalar is the expression that reads the open element.
func decodeScalar(sh *shape) string {
	ref := constraintRef(sh, "d.enums")
	switch sh.kind {
	case kindString:
		return fmt.Sprintf("d.String(%s)", ref)
	case kindEnum:
		return fmt.Sprintf("%s(d.Enum(%s))", sh.goName, ref)
	case kindInt32:
		return fmt.Sprintf("int32(d.Int(%s))", ref)
	case kindInt64:
		return fmt.Sprintf("d.Int(%s)", ref)
	case kindFloat:
		return "d.Float()"
	case kindBool:
		return "d.Bool()"
	case kindTime:
		return "d.Time()"
	}
	return "d.Blob()"
}

func countBounds(sh *shape) string {
	least, most := int64(0), int64(0)
	if sh.Min != nil {
		least = *sh.Min
	}
	if sh.Max != nil {
		most = *sh.Max
	}
	return fmt.Sprintf("%d, %d", least, most)
}

func emitDecodeList(p *printer, sh *shape) {
	if sh.Flattened {
		return
	}
	p.line("func decode%s(d *decoder) %s {", sh.goName, sh.goType())
	p.line("\tlist := %s{}", sh.goType())
	p.line("\tfor name := d.Child(); name != nil; name = d.Child() {")
	p.line("\t\tif string(name) != %q {\n\t\t\td.Skip()\n\t\t\tcontinue\n\t\t}", sh.itemName)
	if sh.item.kind == kindStruct {
		p.line("\t\tlist = append(list, %s{})", sh.item.goName)
		p.line("\t\tdecode%s(d, &list[len(list)-1])", sh.item.goName)
	} else {
		p.line("\t\tlist = append(list, %s)", decodeScalar(sh.item))
	}
	p.line("\t}")
	p.line("\td.CheckCount(%q, len(list), %s)", sh.itemName, countBounds(sh))
	p.line("\treturn list\n}\n")
}
