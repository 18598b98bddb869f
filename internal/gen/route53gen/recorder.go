package main

// emitRecorder prints what tests need to treat all operations alike: an API
// that answers from one function, and tables of constructors and calls.
func emitRecorder(p *printer, s *service) {
	p.line("// recorder is an API that passes every call to one function.")
	p.line("type recorder func(ctx context.Context, operation string, in any) (out any, err error)\n")
	p.line("var _ API = recorder(nil)\n")
	for _, op := range s.operations {
		p.line("func (r recorder) %s(ctx context.Context, in *%s) (*%s, error) {", op.name, op.input.goName, op.output.goName)
		p.line("\tout, err := r(ctx, %q, in)", op.name)
		p.line("\tif err != nil {\n\t\treturn nil, err\n\t}")
		p.line("\treturn out.(*%s), nil\n}\n", op.output.goName)
	}
	p.line("// testOperation is an operation with its types taken away.")
	p.line("type testOperation struct {")
	p.line("\tname, input, output string // shapes")
	p.line("\tnewInput, newOutput func() any")
	p.line("\tcall func(ctx context.Context, api API, in any) (any, error)\n}\n")
	p.line("var testOperations = []testOperation{")
	for _, op := range s.operations {
		p.line("\t{")
		p.line("\t\tname: %q, input: %q, output: %q,", op.name, op.input.name, op.output.name)
		p.line("\t\tnewInput: func() any { return new(%s) }, newOutput: func() any { return new(%s) },", op.input.goName, op.output.goName)
		p.line("\t\tcall: func(ctx context.Context, api API, in any) (any, error) { return api.%s(ctx, in.(*%s)) },", op.name, op.input.goName)
		p.line("\t},")
	}
	p.line("}")
}
