package rdata

import (
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
)

// Service parameter keys (RFC 9460 §14.3.2 and the registry that it made).
const (
	paramMandatory = iota
	paramALPN
	paramNoDefaultALPN
	paramPort
	paramIPv4Hint
	paramECH
	paramIPv6Hint
	paramDoHPath // RFC 9461
	paramOHTTP   // RFC 9540
	paramsNamed  // number of keys with a name
)

var paramNames = [paramsNamed]string{
	"mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp",
}

// maxServicePriority is Route 53's own limit; RFC 9460 has 16 bits.
const maxServicePriority = 32767

// serviceParam is one parsed parameter; value is in wire form.
type serviceParam struct {
	key   uint16
	value []byte
}

// svcb is the rdata of SVCB and HTTPS: priority, target, parameters
// (RFC 9460 §2.1). Wire form has the parameters in the order of their keys.
func (p *parser) svcb() {
	p.fields(2, 0, svcbTooFewFields)
	limit := uint64(maxServicePriority)
	if p.master {
		limit = 0xffff
	}
	priority, ok := number(p.field(), limit)
	if !ok {
		p.fail(svcbPriority)
		return
	}
	p.b = append(p.b, byte(priority>>8), byte(priority))
	p.name()
	var params []serviceParam
	for p.problem == nil {
		p.skipBlanks()
		if p.rest == "" {
			break
		}
		param, why := parseServiceParam(p.field(), p.master)
		if why != nil {
			p.fail(why)
			return
		}
		params = append(params, param)
	}
	slices.SortStableFunc(params, func(a, b serviceParam) int { return int(a.key) - int(b.key) })
	if why := checkServiceParams(params); why != nil {
		p.fail(why)
		return
	}
	for _, param := range params {
		p.b = binary.BigEndian.AppendUint16(p.b, param.key)
		p.b = binary.BigEndian.AppendUint16(p.b, uint16(len(param.value)))
		p.b = append(p.b, param.value...)
	}
}

// parseServiceParam reads key, key=value or key="value". Only registered keys
// have a place in Route 53; master files may use all but the reserved 65535.
func parseServiceParam(field string, master bool) (serviceParam, *problem) {
	name, text, _ := strings.Cut(field, "=")
	key, generic, ok := parseParamKey(name)
	if !ok || (key >= paramsNamed && !master) {
		return serviceParam{}, svcbUnknownParam
	}
	if body, quoted := unquote(text); quoted {
		text = body
	} else if strings.Contains(text, `"`) {
		return serviceParam{}, svcbParamValue
	}
	value, why := appendText(nil, text, master)
	if why != nil {
		return serviceParam{}, why
	}
	if !generic {
		value, ok = parseParamValue(key, value)
	}
	if !ok || len(value) > maxRdata || !validParamValue(key, value) {
		return serviceParam{}, svcbParamValue
	}
	return serviceParam{key: key, value: value}, nil
}

// parseParamKey reads a registered name or keyNNNNN without leading zeros.
func parseParamKey(name string) (key uint16, generic, ok bool) {
	if i := slices.Index(paramNames[:], name); i >= 0 {
		return uint16(i), false, true
	}
	digits, found := strings.CutPrefix(name, "key")
	n, isNumber := number(digits, 0xffff)
	if !found || !isNumber || (len(digits) > 1 && digits[0] == '0') || n == 0xffff {
		return 0, false, false
	}
	return uint16(n), true, true
}

// parseParamValue turns the text of a named parameter, escapes resolved, into
// wire form. What validParamValue checks is not checked here.
func parseParamValue(key uint16, text []byte) (wire []byte, ok bool) {
	switch key {
	case paramNoDefaultALPN, paramOHTTP:
		return nil, len(text) == 0
	case paramPort:
		n, ok := number(string(text), 0xffff)
		return []byte{byte(n >> 8), byte(n)}, ok
	case paramECH:
		wire, err := base64.StdEncoding.Strict().DecodeString(string(text))
		return wire, err == nil
	case paramDoHPath:
		return text, true
	}
	items, ok := splitValueList(text)
	if !ok {
		return nil, false
	}
	var keys []uint16
	for _, item := range items {
		switch key {
		case paramMandatory:
			k, _, ok := parseParamKey(string(item))
			if !ok {
				return nil, false
			}
			keys = append(keys, k)
		case paramALPN:
			if len(item) > 255 {
				return nil, false
			}
			wire = append(append(wire, byte(len(item))), item...)
		case paramIPv4Hint, paramIPv6Hint:
			addr, err := netip.ParseAddr(string(item))
			if err != nil || addr.Zone() != "" || addr.Is4() != (key == paramIPv4Hint) {
				return nil, false
			}
			wire = append(wire, addr.AsSlice()...)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		wire = binary.BigEndian.AppendUint16(wire, k)
	}
	return wire, true
}

// splitValueList splits at commas; `\,` and `\\` stand for themselves
// (RFC 9460 Appendix A.1). An empty list is not a list.
func splitValueList(text []byte) (items [][]byte, ok bool) {
	item := []byte{}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case ',':
			items = append(items, item)
			item = []byte{}
			continue
		case '\\':
			i++
			if i == len(text) || (text[i] != ',' && text[i] != '\\') {
				return nil, false
			}
			c = text[i]
		}
		item = append(item, c)
	}
	return append(items, item), len(text) > 0
}

// validParamValue checks the wire form of one parameter's value.
func validParamValue(key uint16, value []byte) bool {
	switch key {
	case paramMandatory: // two bytes a key, strictly ascending, never itself
		last := paramMandatory
		for i := 0; i+1 < len(value); i += 2 {
			k := int(binary.BigEndian.Uint16(value[i:]))
			if k <= last {
				return false
			}
			last = k
		}
		return len(value) >= 2 && len(value)%2 == 0
	case paramALPN:
		rest := value
		for len(rest) > 0 {
			n := int(rest[0])
			if n == 0 || n >= len(rest) {
				return false
			}
			rest = rest[n+1:]
		}
		return len(value) > 0
	case paramNoDefaultALPN, paramOHTTP:
		return len(value) == 0
	case paramPort:
		return len(value) == 2
	case paramIPv4Hint:
		return len(value) > 0 && len(value)%4 == 0
	case paramIPv6Hint:
		return len(value) > 0 && len(value)%16 == 0
	case paramECH, paramDoHPath:
		return len(value) > 0
	}
	return true
}

// checkServiceParams wants sorted params: each key once, and what RFC 9460
// §8 and §7.1.1 ask of the set (self-consistent).
func checkServiceParams(params []serviceParam) *problem {
	has := func(key uint16) bool {
		_, found := slices.BinarySearchFunc(params, key, func(p serviceParam, k uint16) int { return int(p.key) - int(k) })
		return found
	}
	for i, param := range params {
		if i > 0 && params[i-1].key == param.key {
			return svcbDuplicate
		}
		switch param.key {
		case paramMandatory:
			for v := param.value; len(v) >= 2; v = v[2:] {
				if !has(binary.BigEndian.Uint16(v)) {
					return svcbMandatory
				}
			}
		case paramNoDefaultALPN:
			if !has(paramALPN) {
				return svcbNoDefaultALPN
			}
		}
	}
	return nil
}

// validServiceParams checks the parameters of rdata in wire form.
func validServiceParams(wire []byte) bool {
	var params []serviceParam
	last := -1
	for len(wire) > 0 {
		if len(wire) < 4 {
			return false
		}
		key := int(binary.BigEndian.Uint16(wire))
		n := int(binary.BigEndian.Uint16(wire[2:]))
		if len(wire) < 4+n || key <= last || key == 0xffff || !validParamValue(uint16(key), wire[4:4+n]) {
			return false
		}
		params = append(params, serviceParam{key: uint16(key), value: wire[4 : 4+n]})
		last = key
		wire = wire[4+n:]
	}
	return checkServiceParams(params) == nil
}
