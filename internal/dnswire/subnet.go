package dnswire

import "net/netip"

// ECS is a client subnet option (RFC 7871 §6).
type ECS struct {
	Present bool
	Family  uint16 // 1 IPv4, 2 IPv6, 0 with prefix 0
	Source  uint8  // prefix length
	Address []byte // truncated address as sent
}

// parse checks a client subnet option (RFC 7871 §6, §7.1.2).
func (e *ECS) parse(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	family, source, scope := be16(b), b[2], b[3]
	address := b[4:]
	if scope != 0 || len(address) != (int(source)+7)/8 {
		return false
	}
	switch {
	case family == 1 && source <= 32, family == 2 && source <= 128, family == 0 && source == 0:
	default:
		return false
	}
	if rest := source % 8; rest != 0 && address[len(address)-1]&(0xff>>rest) != 0 {
		return false // bits beyond the prefix must be zero
	}
	*e = ECS{Present: true, Family: family, Source: source, Address: address}
	return true
}

// Addr is the address, zero behind the prefix; false if the option says not to
// use any (RFC 7871 §7.1.2: source prefix length 0).
func (e *ECS) Addr() (netip.Addr, bool) {
	if !e.Present || e.Source == 0 {
		return netip.Addr{}, false
	}
	var ip [16]byte
	copy(ip[:], e.Address)
	if e.Family == 1 {
		return netip.AddrFrom4([4]byte(ip[:4])), true
	}
	return netip.AddrFrom16(ip), true
}

// Append appends the option as a response has it: as sent, with the scope
// (RFC 7871 §7.2.1).
func (e *ECS) Append(b []byte, scope uint8) []byte {
	b = append(b, 0, OptionECS)
	b = AppendUint16(b, uint16(4+len(e.Address)))
	b = AppendUint16(b, e.Family)
	b = append(b, e.Source, scope)
	return append(b, e.Address...)
}
