package replica

import (
	"fmt"
	"maps"
	"slices"

	"open53/internal/event"
	"open53/internal/network"
	"open53/internal/store"
	"open53/internal/zone"
	"open53/internal/zonedb"
)

// networks are the VPCs as published, and the ids of those that events have
// changed since.
type networks struct {
	known   map[string]*network.Network
	touched map[string]struct{}
}

// load reads all networks.
func (n *networks) load(edit *zonedb.Edit, view store.View) error {
	n.known, n.touched = map[string]*network.Network{}, map[string]struct{}{}
	for entry, err := range view.List(event.IndexID(event.KindNetwork), nil, nil) {
		if err != nil {
			return err
		}
		if err := n.put(entry.Head); err != nil {
			return err
		}
	}
	n.use(edit)
	return nil
}

// note remembers what an event touches.
func (n *networks) note(e *event.Event) {
	if e.Key.Kind == event.KindNetwork {
		n.touched[e.Key.ID] = struct{}{}
	}
}

func (n *networks) changed() bool { return len(n.touched) > 0 }

// follow brings the networks that events touched to the state of a view.
func (n *networks) follow(edit *zonedb.Edit, view store.View) error {
	if !n.changed() {
		return nil
	}
	for id := range n.touched {
		head, err := view.Head(event.Key{Kind: event.KindNetwork, ID: id})
		if err != nil {
			return err
		}
		if err := n.put(head); err != nil {
			return err
		}
	}
	clear(n.touched)
	n.use(edit)
	return nil
}

func (n *networks) put(head store.Head) error {
	if !head.Exists() {
		delete(n.known, head.Key.ID)
		return nil
	}
	read := new(network.Network)
	if err := event.DecodeDocument(head.Document, read); err != nil {
		return fmt.Errorf("network %s: %w", head.Key.ID, err)
	}
	n.known[read.ID] = read
	return nil
}

func (n *networks) use(edit *zonedb.Edit) {
	edit.SetNetworks(network.NewTable(slices.Collect(maps.Values(n.known))))
}

// setVPCs tells an edit the VPCs of a zone's document.
func setVPCs(edit *zonedb.Edit, head store.Head) error {
	var hosted zone.HostedZone
	if err := event.DecodeDocument(head.Document, &hosted); err != nil {
		return fmt.Errorf("zone %s: %w", head.Key.ID, err)
	}
	if !hosted.Private {
		return nil
	}
	return edit.SetVPCs(hosted.ID, hosted.VPCs)
}
