package rdata

import "strings"

// How names, strings and times are written in master files (RFC 1035 §5.1).

// appendMasterName appends the wire form of a name as a master file writes
// it: `\DDD` is decimal, `\X` stands for X, and a name without a trailing dot
// is completed with origin.
func appendMasterName(b []byte, text string, origin Name) ([]byte, *problem) {
	switch text {
	case "":
		return b, domainNameEmpty
	case ".":
		return append(b, 0), nil
	case "@":
		if origin == "" {
			return b, relativeName
		}
		return append(b, origin...), nil
	}
	start, label := len(b), len(b)
	b = append(b, 0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '.':
			if why := closeLabel(b, start, label); why != nil {
				return b[:start], why
			}
			label = len(b)
			b = append(b, 0)
			continue
		case c == '\\':
			v, width, ok := escape(text[i+1:], true)
			if !ok {
				return b[:start], unsupportedCharacter
			}
			c = v
			i += width
		case c < ' ' || c == 0x7f:
			return b[:start], unsupportedCharacter
		}
		b = append(b, c)
	}
	if len(b) == label+1 { // the text ends with a dot, and b with the root
		return b, nil
	}
	if origin == "" {
		return b[:start], relativeName
	}
	if why := closeLabel(b, start, label); why != nil {
		return b[:start], why
	}
	if b = append(b, origin...); len(b)-start > MaxName {
		return b[:start], domainNameTooLong
	}
	return b, nil
}

// appendMasterLabels appends the labels of an uncompressed name as text,
// each followed by a dot; end is where to stop.
func appendMasterLabels[T ~string | ~[]byte](b []byte, wire T, end int) []byte {
	for i := 0; i < end && wire[i] != 0; {
		next := i + 1 + int(wire[i])
		for _, c := range []byte(wire[i+1 : next]) {
			b = appendMasterByte(b, c)
		}
		b = append(b, '.')
		i = next
	}
	return b
}

// appendMasterByte appends one byte of a label.
func appendMasterByte(b []byte, c byte) []byte {
	switch {
	case c <= ' ' || c >= 0x7f:
		return appendDecimal(b, c)
	case strings.IndexByte(`.\"();@$`, c) >= 0:
		return append(b, '\\', c)
	}
	return append(b, c)
}

func appendDecimal(b []byte, c byte) []byte {
	return append(b, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
}

// parseTTL reads seconds, or numbers with the units w, d, h, m, s in either
// case, at most 2^32-1 seconds in all.
func parseTTL(text string) (seconds uint32, ok bool) {
	if text == "" || text[0] < '0' || text[0] > '9' {
		return 0, false
	}
	const limit = 1<<32 - 1
	var sum, n uint64
	digits := false
	for i := range len(text) {
		c := text[i]
		if '0' <= c && c <= '9' {
			n = n*10 + uint64(c-'0')
			digits = true
		} else {
			unit := ttlUnit(c)
			if unit == 0 || !digits {
				return 0, false
			}
			sum += n * unit
			n, digits = 0, false
		}
		if n > limit || sum > limit {
			return 0, false
		}
	}
	sum += n
	return uint32(sum), sum <= limit
}

func ttlUnit(c byte) uint64 {
	switch c | 0x20 {
	case 's':
		return 1
	case 'm':
		return 60
	case 'h':
		return 60 * 60
	case 'd':
		return 24 * 60 * 60
	case 'w':
		return 7 * 24 * 60 * 60
	}
	return 0
}
