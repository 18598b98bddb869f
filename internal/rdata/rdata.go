// Package rdata is names, types and rdata: it translates between the value
// strings of the Route 53 API, master files (RFC 1035 §5) and uncompressed
// wire form, and says which values are equal.
//
// Wire form is the meeting point. Both text forms are read by one parser with
// one method per RR type; a dialect says where they differ:
//
//	            escapes            names                  strings
//	API value   \ooo octal         always absolute        quoted
//	master file \DDD decimal, \X   relative to $ORIGIN    quotes optional
//
// In wire form embedded names are uncompressed and keep the case they were
// written in; owner names are a Name, folded to lower case. CanonicalValue
// folds embedded names for comparison.
//
// Amazon's 17 types are parsed here by hand, because a server parses each of
// its records at start. The extension types go through miekg/dns. Every type
// may also be written in the generic form of RFC 3597, `\# length hex`.
//
// For every well-formed wire w, ParseValue(t, FormatValue(t, w)) is w.
// Everything here is a pure function and safe for concurrent use; the
// iterator that ReadMaster returns belongs to one goroutine.
package rdata

import "strings"

// ParseValue reads a Route 53 value string of type t and returns its
// uncompressed wire form. Names are absolute with or without the trailing
// dot; their case is kept. The error is a *ValueError.
//
// Beyond Route 53 it reads the generic form of RFC 3597 (`\# length hex`) for
// any type; that form is checked for being well-formed rdata of the type, not
// for Route 53's own restrictions.
func ParseValue(t Type, text string) ([]byte, error) {
	return AppendValue(make([]byte, 0, wireSize(t, text)), t, text)
}

// wireSize is about what the wire form of text takes: exact for addresses
// and for names without escapes, rarely too little for the others.
func wireSize(t Type, text string) int {
	switch t {
	case TypeA:
		return 4
	case TypeAAAA:
		return 16
	case TypeCNAME, TypeNS, TypePTR:
		if strings.HasSuffix(text, ".") {
			return len(text) + 1
		}
		return len(text) + 2
	}
	return len(text)
}

// AppendValue is ParseValue that appends the wire form to b, so that many
// values can share one buffer. On error b comes back as it was.
func AppendValue(b []byte, t Type, text string) ([]byte, error) {
	p := parser{rest: text, b: b}
	p.value(t)
	if p.problem != nil {
		return b, p.problem.with(text)
	}
	return p.b, nil
}

// value parses the whole of p.rest as rdata of type t.
func (p *parser) value(t Type) {
	start := len(p.b)
	if p.isGeneric() {
		p.generic(t)
	} else {
		p.presentation(t)
	}
	if len(p.b)-start > maxRdata {
		p.fail(rdataTooLong)
	}
}

// presentation parses the text form that the type defines.
func (p *parser) presentation(t Type) {
	switch t {
	case TypeA:
		p.a()
	case TypeAAAA:
		p.aaaa()
	case TypeCNAME, TypeNS, TypePTR, TypeDNAME:
		p.onlyName()
	case TypeMX:
		p.mx()
	case TypeTXT, TypeSPF:
		p.txt()
	case TypeSRV:
		p.srv()
	case TypeSOA:
		p.soa()
	case TypeCAA:
		p.caa()
	case TypeNAPTR:
		p.naptr()
	case TypeDS:
		p.ds()
	case TypeTLSA:
		p.tlsa()
	case TypeSSHFP:
		p.sshfp()
	case TypeSVCB, TypeHTTPS:
		p.svcb()
	default:
		p.extension(t)
	}
}
