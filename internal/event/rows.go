package event

import (
	"errors"
	"fmt"

	"open53/internal/zone"
)

// IndexRows lists the index rows of an entity with the given document. An
// entity without a document has none, and so has a kind that no index lists.
func IndexRows(kind Kind, document []byte) ([]Row, error) {
	if len(document) == 0 {
		return nil, nil
	}
	switch kind {
	case KindZone:
		var z zone.HostedZone
		if err := DecodeDocument(document, &z); err != nil {
			return nil, fmt.Errorf("index rows: %w", err)
		}
		if !isCanonicalName(string(z.Name)) {
			return nil, fmt.Errorf("index rows: zone name %q is not in canonical wire form", string(z.Name))
		}
		return zoneRows(&z), nil
	case KindDelegationSet:
		var d zone.DelegationSet
		if err := DecodeDocument(document, &d); err != nil {
			return nil, fmt.Errorf("index rows: %w", err)
		}
		return []Row{{IndexDelegationSetID, d.ID}}, nil
	case KindHealthCheck, KindHealthStatus, KindCIDRCollection, KindTrafficPolicy, KindTrafficPolicyVersion,
		KindNetwork, KindAlarm, KindLatency, KindRoutingControl:
		id, err := documentID(document)
		if err != nil {
			return nil, fmt.Errorf("index rows: %s: %w", kind, err)
		}
		return []Row{{IndexID(kind), id}}, nil
	case KindTrafficPolicyInstance:
		var instance zone.TrafficPolicyInstance
		if err := DecodeDocument(document, &instance); err != nil {
			return nil, fmt.Errorf("index rows: %w", err)
		}
		if !isCanonicalName(string(instance.Name)) {
			return nil, fmt.Errorf("index rows: instance name %q is not in canonical wire form", string(instance.Name))
		}
		return instanceRows(&instance), nil
	case KindReference: // looked up, never listed
	}
	return nil, nil
}

// documentID reads the id that a document begins with.
func documentID(document []byte) (string, error) {
	var d struct {
		ID string `cbor:"1,keyasint"`
	}
	if err := headMode.Unmarshal(document, &d); err != nil {
		return "", err
	}
	if d.ID == "" {
		return "", errors.New("document has no id")
	}
	return d.ID, nil
}

func instanceRows(i *zone.TrafficPolicyInstance) []Row {
	place := i.ZoneID + "\x00" + i.Name.SortKey() + "\x00" + i.Type.String() + "\x00" + i.ID
	return []Row{
		{IndexInstanceZone, place},
		{IndexInstancePolicy, zone.TrafficPolicyVersionID(i.Policy, i.Version) + "\x00" + place},
	}
}

func zoneRows(z *zone.HostedZone) []Row {
	rows := []Row{
		{IndexZoneID, z.ID},
		{IndexZoneName, z.Name.SortKey() + "\x00" + z.ID},
	}
	if z.DelegationSetID != "" {
		rows = append(rows, Row{IndexZoneDelegationSet, z.DelegationSetID + "\x00" + z.ID})
	}
	for i, use := range z.CIDRUses { // in order of collection
		if i == 0 || use.CollectionID != z.CIDRUses[i-1].CollectionID {
			rows = append(rows, Row{IndexZoneCIDR, use.CollectionID + "\x00" + z.ID})
		}
	}
	for _, vpc := range z.VPCs {
		rows = append(rows, Row{IndexZoneVPC, vpc.Region + "\x00" + vpc.ID + "\x00" + z.ID})
	}
	return rows
}
