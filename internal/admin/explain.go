package admin

import (
	"net/http"
	"net/netip"

	"open53/internal/rdata"
)

// Question is what an explanation is asked for.
type Question struct {
	Name   rdata.Name
	Type   rdata.Type
	Client netip.Addr   // that the query comes from
	Subnet netip.Prefix // that it names (RFC 7871), if valid
}

// defaultClient asks where the request names nobody.
var defaultClient = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// explain tells how DNS answers a question, decision by decision.
func (h *handler) explain(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name   string `json:"name"`
		Type   string `json:"type"`
		Client string `json:"client"`
		Subnet string `json:"subnet"`
	}
	if err := decode(r, &in); err != nil || in.Name == "" {
		fail(w, http.StatusBadRequest, "InvalidInput", `want {"name": "…", "type": "A", "client": "ADDRESS", "subnet": "PREFIX"}`)
		return
	}
	q := Question{Client: defaultClient, Type: rdata.TypeA}
	var err error
	if q.Name, err = rdata.ParseName(in.Name); err != nil {
		fail(w, http.StatusBadRequest, "InvalidInput", "name: "+err.Error())
		return
	}
	if in.Type != "" {
		t, known := rdata.ParseType(in.Type)
		if !known {
			fail(w, http.StatusBadRequest, "InvalidInput", "type "+in.Type+" is not known")
			return
		}
		q.Type = t
	}
	if in.Client != "" {
		if q.Client, err = netip.ParseAddr(in.Client); err != nil || q.Client.Zone() != "" {
			fail(w, http.StatusBadRequest, "InvalidInput", "client "+in.Client+" is no IP address")
			return
		}
	}
	if in.Subnet != "" {
		if q.Subnet, err = parseSubnet(in.Subnet); err != nil {
			fail(w, http.StatusBadRequest, "InvalidInput", "subnet "+in.Subnet+" is neither a prefix nor an IP address")
			return
		}
	}
	reply(w, http.StatusOK, h.Explain(q))
}

// parseSubnet reads a prefix, or an address as the prefix of that alone.
func parseSubnet(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}
