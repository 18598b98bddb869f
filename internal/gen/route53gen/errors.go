package main

// emitErrors prints the error types and the table from code to type.
func emitErrors(p *printer, s *service) {
	for _, e := range s.errors {
		p.line("// %s is the API error of that code, HTTP status %d.", e.goName, e.status)
		p.line("type %s struct{ Message string }\n", e.goName)
		p.line("// Error is code and message.")
		p.line("func (e *%s) Error() string { return %q + e.Message }\n", e.goName, e.name+": ")
		p.line("// Code is %q.", e.name)
		p.line("func (*%s) Code() string { return %q }\n", e.goName, e.name)
		p.line("// Status is %d.", e.status)
		p.line("func (*%s) Status() int { return %d }\n", e.goName, e.status)
		p.line("// ErrorMessage is Message.")
		p.line("func (e *%s) ErrorMessage() string { return e.Message }\n", e.goName)
	}
	p.line("// errorTypes makes an error of the type that has the code.")
	p.line("var errorTypes = map[string]func(message string) APIError{")
	for _, e := range s.errors {
		p.line("\t%q: func(m string) APIError { return &%s{m} },", e.name, e.goName)
	}
	p.line("}")
}
