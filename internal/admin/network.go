package admin

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"open53/internal/access"
	"open53/internal/event"
	"open53/internal/network"
	"open53/internal/network/registry"
	"open53/internal/store"
	"open53/internal/zone"
)

// VPC is a network as the API shows it.
type VPC struct {
	ID      string   `json:"id"`
	Region  string   `json:"region"`
	Account string   `json:"account"`
	Blocks  []string `json:"cidr_blocks"`
	// Private zones answer clients of networks that have both.
	DNSSupport   bool              `json:"dns_support"`
	DNSHostnames bool              `json:"dns_hostnames"`
	Tags         map[string]string `json:"tags"`
	Created      string            `json:"created"`
	// Zones are the ids of the private hosted zones that are associated.
	Zones []string `json:"zones"`
}

// vpcSettings are what PUT takes; what is left out is as it was, or its
// default for a new network.
type vpcSettings struct {
	Region       string            `json:"region"`
	Account      string            `json:"account"`
	Blocks       []string          `json:"cidr_blocks"`
	DNSSupport   *bool             `json:"dns_support"`
	DNSHostnames *bool             `json:"dns_hostnames"`
	Tags         map[string]string `json:"tags"`
}

const (
	defaultVPCs = 100  // on a page
	maxVPCs     = 1000 // on a page
)

func (h *handler) handleVPCs(mux *http.ServeMux) {
	mux.HandleFunc("GET /open53/v1/vpcs", h.listVPCs)
	mux.HandleFunc("GET /open53/v1/vpcs/{id}", h.showVPC)
	mux.HandleFunc("PUT /open53/v1/vpcs/{id}", h.setVPC)
	mux.HandleFunc("DELETE /open53/v1/vpcs/{id}", h.deleteVPC)
}

// vpcFailed is failed for errors of the registry.
func (h *handler) vpcFailed(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, registry.ErrNotFound):
		fail(w, http.StatusNotFound, "NoSuchVPC", "there is no VPC "+r.PathValue("id"))
	case errors.Is(err, registry.ErrInvalid):
		fail(w, http.StatusBadRequest, "InvalidInput", err.Error())
	default:
		h.failed(w, r, err)
	}
}

func (h *handler) listVPCs(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit, err := number(r, "limit", defaultVPCs)
	if err != nil || limit == 0 || limit > maxVPCs {
		fail(w, http.StatusBadRequest, "InvalidInput", fmt.Sprintf("limit is not a number from 1 to %d", maxVPCs))
		return
	}
	region := query.Get("region")
	keep := func(n *network.Network) bool { return region == "" || n.Region == region }
	if text := query.Get("address"); text != "" {
		found, err := h.vpcOfAddress(text)
		if err != nil {
			fail(w, http.StatusBadRequest, "InvalidInput", err.Error())
			return
		}
		keep = func(n *network.Network) bool { return n.ID == found && (region == "" || n.Region == region) }
	}
	networks, next, err := h.Networks.List(query.Get("from"), int(limit), keep)
	if err != nil {
		h.failed(w, r, err)
		return
	}
	view := h.Store.View()
	defer view.Close()
	list := make([]VPC, 0, len(networks))
	for _, n := range networks {
		shown, err := shownVPC(view, n)
		if err != nil {
			h.failed(w, r, err)
			return
		}
		list = append(list, shown)
	}
	reply(w, http.StatusOK, map[string]any{"vpcs": list, "next": next})
}

// vpcOfAddress is the id of the VPC that DNS takes an address to be in; "" for
// none.
func (h *handler) vpcOfAddress(text string) (string, error) {
	address, err := netip.ParseAddr(text)
	if err != nil {
		return "", fmt.Errorf("address %q is not an IP address", text)
	}
	all, _, err := h.Networks.List("", 0, nil)
	if err != nil {
		return "", err
	}
	table := network.NewTable(all)
	if number := table.Find(address); number >= 0 {
		return table.Networks()[number].ID, nil
	}
	return "", nil
}

func (h *handler) showVPC(w http.ResponseWriter, r *http.Request) {
	n, err := h.Networks.Find(r.PathValue("id"))
	if err != nil {
		h.vpcFailed(w, r, err)
		return
	}
	h.replyVPC(w, r, n)
}

func (h *handler) replyVPC(w http.ResponseWriter, r *http.Request, n *network.Network) {
	view := h.Store.View()
	defer view.Close()
	shown, err := shownVPC(view, n)
	if err != nil {
		h.failed(w, r, err)
		return
	}
	reply(w, http.StatusOK, shown)
}

// setVPC makes a network, or changes one.
func (h *handler) setVPC(w http.ResponseWriter, r *http.Request) {
	var in vpcSettings
	if err := decode(r, &in); err != nil {
		fail(w, http.StatusBadRequest, "InvalidInput", `want {"region": "eu-west-1", "cidr_blocks": ["10.0.0.0/16"]}: `+err.Error())
		return
	}
	id := r.PathValue("id")
	n, err := h.Networks.Update(r.Context(), "SetVPC", id, func(old *network.Network) (*network.Network, error) {
		return h.changedVPC(r, id, old, &in)
	})
	if err != nil {
		h.vpcFailed(w, r, err)
		return
	}
	h.replyVPC(w, r, n)
}

// changedVPC is a network as the settings want it.
func (h *handler) changedVPC(r *http.Request, id string, old *network.Network, in *vpcSettings) (*network.Network, error) {
	request := access.RequestFrom(r.Context())
	n := &network.Network{
		ID: id, Region: request.Region, Account: request.Caller.AccountID, DNSSupport: true, DNSHostnames: true,
		Tenancy: "default", Created: h.Networks.Now(),
	}
	if old != nil {
		n = old.Clone()
	}
	if n.Account == "" {
		n.Account = h.Account
	}
	if in.Region != "" {
		n.Region = in.Region
	}
	if in.Account != "" {
		n.Account = in.Account
	}
	if in.DNSSupport != nil {
		n.DNSSupport = *in.DNSSupport
	}
	if in.DNSHostnames != nil {
		n.DNSHostnames = *in.DNSHostnames
	}
	if in.Tags != nil {
		n.Tags = zone.Tags{}
		for key, value := range in.Tags {
			n.Tags = n.Tags.With(zone.Tag{Key: key, Value: value})
		}
	}
	if in.Blocks == nil {
		return n, nil
	}
	blocks, err := h.blocksOf(n, in.Blocks)
	n.Blocks = blocks
	return n, err
}

// blocksOf are blocks as given; those that the network has already keep their
// association.
func (h *handler) blocksOf(n *network.Network, texts []string) ([]network.Block, error) {
	blocks := make([]network.Block, 0, len(texts))
	for _, text := range texts {
		prefix, err := network.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", registry.ErrInvalid, err)
		}
		block := network.Block{Prefix: network.Prefix{Prefix: prefix}}
		for _, b := range n.Blocks {
			if b.Prefix == block.Prefix {
				block = b
			}
		}
		if block.AssociationID == "" {
			if block.AssociationID, err = h.Networks.NewID("vpc-cidr-assoc-"); err != nil {
				return nil, err
			}
		}
		blocks = append(blocks, block)
	}
	return blocks, nil
}

func (h *handler) deleteVPC(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if err := h.Networks.Delete(r.Context(), "DeleteVPC", id); err != nil {
		h.vpcFailed(w, r, err)
		return
	}
	reply(w, http.StatusOK, map[string]string{"deleted": id})
}

// shownVPC is a network with the zones that a view has for it.
func shownVPC(view store.View, n *network.Network) (VPC, error) {
	v := VPC{
		ID: n.ID, Region: n.Region, Account: n.Account, DNSSupport: n.DNSSupport, DNSHostnames: n.DNSHostnames,
		Blocks: []string{}, Tags: map[string]string{}, Zones: []string{},
		Created: time.UnixMilli(n.Created).UTC().Format(timeFormat),
	}
	for _, b := range n.Blocks {
		v.Blocks = append(v.Blocks, b.Prefix.String())
	}
	for _, t := range n.Tags {
		v.Tags[t.Key] = t.Value
	}
	prefix := n.Region + "\x00" + n.ID + "\x00"
	for entry, err := range view.List(event.IndexZoneVPC, []byte(prefix), []byte(prefix)) {
		if err != nil {
			return v, err
		}
		v.Zones = append(v.Zones, strings.TrimPrefix(string(entry.IndexKey), prefix))
	}
	return v, nil
}
