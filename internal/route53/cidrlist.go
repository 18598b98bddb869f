package route53

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

	"open53/internal/event"
	api "open53/internal/route53api"
	"open53/internal/zone"
)

// cidrPage is how many items a page of collections, locations or blocks has.
const cidrPage = 100

// ListCidrCollections lists the collections by id.
func (s *Service) ListCidrCollections(ctx context.Context, in *api.ListCidrCollectionsInput) (_ *api.ListCidrCollectionsOutput, err error) {
	defer s.fail(ctx, "ListCidrCollections", &err)
	size, err := pageSize(in.MaxResults, cidrPage, cidrPage)
	if err != nil {
		return nil, err
	}
	list := token{list: "cidrcollections"}
	from, err := parseToken(list.list, in.NextToken)
	if err != nil {
		return nil, err
	}
	view := s.store.View()
	defer view.Close()
	out := &api.ListCidrCollectionsOutput{CidrCollections: []api.CollectionSummary{}}
	for entry, err := range view.List(event.IndexID(event.KindCIDRCollection), nil, []byte(from)) {
		if err != nil {
			return nil, err
		}
		if len(out.CidrCollections) == size {
			list.at = entry.Head.Key.ID
			out.NextToken = new(list.String())
			break
		}
		c, err := decodeCIDRCollection(entry.Head.Key.ID, entry.Head)
		if err != nil {
			return nil, err
		}
		out.CidrCollections = append(out.CidrCollections, api.CollectionSummary{
			Arn: new(cidrARN(c.ID)), Id: new(c.ID), Name: new(c.Name), Version: new(c.Version),
		})
	}
	return out, nil
}

// ListCidrLocations lists the locations of a collection by name; the default
// one, which it has without saying so, is not among them.
func (s *Service) ListCidrLocations(ctx context.Context, in *api.ListCidrLocationsInput) (_ *api.ListCidrLocationsOutput, err error) {
	defer s.fail(ctx, "ListCidrLocations", &err)
	size, err := pageSize(in.MaxResults, cidrPage, cidrPage)
	if err != nil {
		return nil, err
	}
	list := token{list: "cidrlocations " + in.CollectionId}
	from, err := parseToken(list.list, in.NextToken)
	if err != nil {
		return nil, err
	}
	c, err := s.cidrCollection(in.CollectionId)
	if err != nil {
		return nil, err
	}
	begin, _ := slices.BinarySearchFunc(c.Locations, from, func(l zone.CIDRLocation, name string) int { return cmp.Compare(l.Name, name) })
	rest := c.Locations[begin:]
	out := &api.ListCidrLocationsOutput{CidrLocations: []api.LocationSummary{}}
	if len(rest) > size {
		list.at = rest[size].Name
		out.NextToken, rest = new(list.String()), rest[:size]
	}
	for i := range rest {
		out.CidrLocations = append(out.CidrLocations, api.LocationSummary{LocationName: new(rest[i].Name)})
	}
	return out, nil
}

func (s *Service) cidrCollection(id string) (*zone.CIDRCollection, error) {
	view := s.store.View()
	defer view.Close()
	return readCIDRCollection(view, id)
}

// ListCidrBlocks lists the blocks of a collection, or of one of its locations,
// by location and block.
func (s *Service) ListCidrBlocks(ctx context.Context, in *api.ListCidrBlocksInput) (_ *api.ListCidrBlocksOutput, err error) {
	defer s.fail(ctx, "ListCidrBlocks", &err)
	size, err := pageSize(in.MaxResults, cidrPage, cidrPage)
	if err != nil {
		return nil, err
	}
	list := token{list: "cidrblocks " + in.CollectionId + " " + value(in.LocationName)}
	from, err := parseToken(list.list, in.NextToken)
	if err != nil {
		return nil, err
	}
	place, err := parseCIDRPlace(from)
	if err != nil {
		return nil, err
	}
	c, err := s.cidrCollection(in.CollectionId)
	if err != nil {
		return nil, err
	}
	locations := c.Locations
	if name := value(in.LocationName); name != "" {
		l, found := c.Location(name)
		if !found { // ours
			return nil, &api.NoSuchCidrLocationException{Message: "No CIDR location exists with the name " + name + " in collection " + c.ID}
		}
		locations = []zone.CIDRLocation{l}
	}
	out := &api.ListCidrBlocksOutput{CidrBlocks: []api.CidrBlockSummary{}}
	for _, l := range locations {
		for _, block := range l.Blocks {
			if l.Name < place.location || l.Name == place.location && block.Compare(place.block) < 0 {
				continue
			}
			if len(out.CidrBlocks) == size {
				list.at = l.Name + " " + block.String()
				out.NextToken = new(list.String())
				return out, nil
			}
			out.CidrBlocks = append(out.CidrBlocks, api.CidrBlockSummary{CidrBlock: new(block.String()), LocationName: new(l.Name)})
		}
	}
	return out, nil
}

// cidrPlace is where a list of blocks goes on.
type cidrPlace struct {
	location string
	block    netip.Prefix
}

// parseCIDRPlace reads the place of a token; nothing is the beginning.
func parseCIDRPlace(text string) (cidrPlace, error) {
	if text == "" {
		return cidrPlace{}, nil
	}
	location, block, _ := strings.Cut(text, " ")
	p, err := netip.ParsePrefix(block)
	if err != nil {
		return cidrPlace{}, &api.InvalidPaginationToken{Message: "The pagination token is invalid."} // ours
	}
	return cidrPlace{location: location, block: p}, nil
}
