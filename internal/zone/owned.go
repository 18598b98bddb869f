package zone

import (
	"open53/internal/rdata"
)

// RRsets of traffic policy instances belong to the instance. Its root stands
// at the instance's name, like any RRset; the others are hidden: they lie below
// one name that is kept for them, and no client sees or names them.
//
//	www.example.com A                       root, alias ─┐
//	7fj2m0o4.._trafficpolicy.example.com A  group  ◀─────┘

// hiddenLabel is the label below the apex that hidden RRsets lie below.
const hiddenLabel = "_trafficpolicy"

// HiddenParent is the name that the hidden RRsets of a zone lie below. An apex
// of more than 239 bytes has none that is legal.
func (z *HostedZone) HiddenParent() rdata.Name {
	return rdata.Name(string(rune(len(hiddenLabel)))+hiddenLabel) + z.Name
}

// AfterHidden is the first name in list order that is behind all hidden ones:
// '0' is the first character behind the dot that names show unescaped.
func (z *HostedZone) AfterHidden() rdata.Name {
	return rdata.Name(string(rune(len(hiddenLabel)+1))+hiddenLabel+"0") + z.Name
}

// Hides reports whether RRsets of the name are hidden.
func (z *HostedZone) Hides(name rdata.Name) bool {
	parent := z.HiddenParent()
	return len(name) > len(parent) && name.IsSubdomainOf(parent)
}

// reserved refuses names that are hidden, except to instances.
func (b *batch) reserved(i int, name rdata.Name) bool {
	if b.opts.Instance != "" || !b.zone.Hides(name) {
		return false
	}
	b.fault(i, "RRSet with DNS name "+name.String()+" is not permitted in zone "+b.zone.Name.String()) // ours: that of names outside
	return true
}

// foreign refuses to write over an RRset that somebody else owns: a client
// over that of an instance, an instance over any that is not its own.
func (b *batch) foreign(i int, old *RRset) bool {
	if old == nil || old.TrafficPolicyInstanceID == b.opts.Instance {
		return false
	}
	if b.opts.Instance != "" {
		b.fault(i, "Tried to create resource record set "+bracketed(old)+" but it already exists")
		return true
	}
	b.fault(i, notPermitted(old)+" to be changed as it belongs to the traffic policy instance "+ // ours
		old.TrafficPolicyInstanceID+" in zone "+b.zone.Name.String())
	return true
}

// matchesOwned reports whether a client's DELETE names a stored root as clients
// see it: by its instance alone. Amazon lets the root be deleted in this way;
// the instance stays.
func matchesOwned(stored, wanted *RRset) bool {
	return stored.TrafficPolicyInstanceID == wanted.TrafficPolicyInstanceID && wanted.Alias == nil && len(wanted.Values) == 0 &&
		wanted.Policy == Simple && wanted.HealthCheckID == ""
}
