package main

// emitAPI prints the interface and the API that has nothing.
func emitAPI(p *printer, s *service) {
	p.line("// Version is the API's version, the first element of every path.")
	p.line("const Version = %q\n", s.version)
	p.line("// Namespace is the XML namespace of requests and answers.")
	p.line("const Namespace = %q\n", s.namespace)
	p.line("// API has a method for each operation. An error that is no APIError is an")
	p.line("// internal one: clients are not told what it says.")
	p.line("type API interface {")
	for _, op := range s.operations {
		p.line("\t%s(ctx context.Context, in *%s) (*%s, error)", op.name, op.input.goName, op.output.goName)
	}
	p.line("}\n")
	p.line("// Unimplemented answers every operation with NotImplemented. Embed it in an API")
	p.line("// that has some of the operations only.")
	p.line("type Unimplemented struct{}\n")
	p.line("var _ API = Unimplemented{}\n")
	for _, op := range s.operations {
		p.line("// %s is not implemented.", op.name)
		p.line("func (Unimplemented) %s(context.Context, *%s) (*%s, error) {", op.name, op.input.goName, op.output.goName)
		p.line("\treturn nil, notImplemented(%q)\n}\n", op.name)
	}
}
