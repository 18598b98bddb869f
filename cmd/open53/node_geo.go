package main

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"

	"open53/internal/config"
	"open53/internal/event"
	"open53/internal/geo"
	"open53/internal/geo/mmdb"
	"open53/internal/policy"
	"open53/internal/zone"
)

// newWorld makes what answers depend on besides the zones. What the store has
// of it comes with the replica's first Load.
func (n *node) newWorld(c *config.Config) (err error) {
	own := make([]geo.Region, 0, len(c.Regions))
	for _, r := range c.Regions {
		own = append(own, geo.Region{Name: r.Name, Coordinates: geo.Coordinates{Latitude: r.Latitude, Longitude: r.Longitude}})
	}
	n.world = policy.World{Locator: new(geo.Locator), Collections: new(geo.Collections)}
	if n.world.Latencies, err = geo.NewLatencies(own...); err != nil {
		return fmt.Errorf("--region: %w", err)
	}
	n.world = n.world.Complete()
	return nil
}

// regionExists tells route53 which regions there are beside Amazon's.
func (n *node) regionExists(name string) bool {
	_, found := n.world.Latencies.Region(name)
	return found
}

// locate reads the databases of positions: now if the zones, which are loaded,
// have answers that depend on where clients are, or if the operator has named
// databases, which may be wrong; else when run begins, so that a start need not
// wait for what takes seconds: a change that needs them is not in sync before.
// dev always reads later.
func (n *node) locate(c *config.Config, dev bool) error {
	patterns := []string{filepath.Join(defaultGeoDirectory, "*.mmdb")}
	if c.Data != "" {
		patterns = append([]string{filepath.Join(c.Data, "geo", "*.mmdb")}, patterns...)
	}
	if len(c.GeoDatabases) == 1 && c.GeoDatabases[0] == noGeoDatabase {
		n.geo = mmdb.NewFollower(nil, nil, n.world.Locator, n.component("geo"))
		return nil
	}
	n.geo = mmdb.NewFollower(c.GeoDatabases, patterns, n.world.Locator, n.component("geo"))
	if len(c.GeoDatabases) == 0 && (dev || !n.db.Located()) {
		n.geoReady = make(chan struct{})
		n.replica.AwaitPlaces(n.geoReady)
		return nil
	}
	return n.geo.Load()
}

// defaultGeoDirectory is where `make geo-database` puts what it fetches.
const defaultGeoDirectory = "open53-geo"

// noGeoDatabase is the --geo-database that is none, not even one that would be
// found.
const noGeoDatabase = "none"

// followGeo keeps up with the databases.
func (n *node) followGeo(ctx context.Context) error {
	if n.geoReady != nil {
		n.geo.Follow()
		close(n.geoReady)
	}
	return n.geo.Run(ctx)
}

// followEntities has the replica tell the world what the store has of it.
func (n *node) followEntities() {
	n.replica.Follow(event.KindCIDRCollection, func(id string, document []byte) error {
		if document == nil {
			n.world.Collections.Drop(id)
			return nil
		}
		var c zone.CIDRCollection
		if err := event.DecodeDocument(document, &c); err != nil {
			return err
		}
		locations := make(map[string][]netip.Prefix, len(c.Locations))
		for _, l := range c.Locations {
			locations[l.Name] = l.Blocks
		}
		n.world.Collections.Set(id, locations)
		return nil
	})
	n.replica.Follow(event.KindLatency, func(id string, document []byte) error {
		var m geo.Measurements
		if document != nil {
			if err := event.DecodeDocument(document, &m); err != nil {
				return err
			}
		}
		n.world.Latencies.Set(id, m.Rows)
		return nil
	})
}
