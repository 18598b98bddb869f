package route53

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
)

const (
	// serversPerZone is how many name servers a zone has where there are more.
	serversPerZone = 4
	// sameNameZones bounds how many zones of one name are looked at for the
	// servers that they have.
	sameNameZones = 64
)

// serverNames checks configured names and puts them into the API's form: lower
// case, no trailing dot.
func serverNames(names []string) ([]string, error) {
	out := make([]string, len(names))
	for i, text := range names {
		name, err := rdata.ParseName(text)
		if err != nil {
			return nil, fmt.Errorf("name server: %w", err)
		}
		if name == rdata.Root || name.IsWildcard() {
			return nil, fmt.Errorf("name server: %q is no host name", text)
		}
		out[i] = strings.TrimSuffix(name.String(), ".")
		if slices.Contains(out[:i], out[i]) {
			return nil, fmt.Errorf("name server: %s is there twice", out[i])
		}
	}
	return out, nil
}

// chooseServers chooses the name servers of a new zone or delegation set. The
// id decides, so that the choice spreads; servers with the fewest other uses
// come first.
func (s *Service) chooseServers(id string, uses map[string]int) []string {
	servers := slices.Clone(s.cfg.NameServers)
	if len(servers) <= serversPerZone {
		return servers
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // never fails
	rand.New(rand.NewPCG(h.Sum64(), 0)).Shuffle(len(servers), func(i, j int) {
		servers[i], servers[j] = servers[j], servers[i]
	})
	slices.SortStableFunc(servers, func(a, b string) int { return uses[a] - uses[b] })
	return servers[:serversPerZone]
}

// serverUses counts which servers the public zones of a name have. A resolver
// that asks for one of them must not reach another: on Amazon zones of one
// name never share a server.
func serverUses(view store.View, name rdata.Name) (map[string]int, error) {
	uses := make(map[string]int)
	zones := 0
	for hosted, err := range zonesNamed(view, name) {
		if err != nil {
			return nil, err
		}
		if zones++; zones > sameNameZones {
			break
		}
		if !hosted.Private {
			for _, server := range hosted.NameServers {
				uses[server]++
			}
		}
	}
	return uses, nil
}

// zonesNamed yields the zones with a name, by id.
func zonesNamed(view store.View, name rdata.Name) func(yield func(*zone.HostedZone, error) bool) {
	return zonesUnder(view, []byte(name.SortKey()+"\x00"))
}

// zonesUnder yields the zones whose keys in the index of names begin with
// prefix.
func zonesUnder(view store.View, prefix []byte) func(yield func(*zone.HostedZone, error) bool) {
	return func(yield func(*zone.HostedZone, error) bool) {
		for entry, err := range view.List(event.IndexZoneName, prefix, nil) {
			var hosted *zone.HostedZone
			if err == nil {
				hosted, _, err = decodeZone(entry.Head.Key.ID, entry.Head)
			}
			if !yield(hosted, err) || err != nil {
				return
			}
		}
	}
}
