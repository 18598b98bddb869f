package event

// Index names a secondary order in which entities are listed. Its rows follow
// from the documents alone, so a store can rebuild it.
type Index string

// The indexes. Each row is an index key; the strings are stored.
const (
	// IndexZoneID lists hosted zones by id: key is the id.
	IndexZoneID Index = "zone-id"
	// IndexZoneName lists hosted zones by name: SortKey, 0x00, id.
	IndexZoneName Index = "zone-name"
	// IndexZoneVPC lists private zones by VPC: region, 0x00, VPC id, 0x00, zone id.
	IndexZoneVPC Index = "zone-vpc"
	// IndexZoneDelegationSet lists zones by reusable delegation set: set id, 0x00, zone id.
	IndexZoneDelegationSet Index = "zone-delegationset"
	// IndexZoneCIDR lists the zones that use a CIDR collection: collection id, 0x00, zone id.
	IndexZoneCIDR Index = "zone-cidrcollection"
	// IndexDelegationSetID lists reusable delegation sets by id.
	IndexDelegationSetID Index = "delegationset-id"
)

// IndexID lists the entities of a kind by id, for those kinds whose documents
// begin with it: key is the id.
func IndexID(kind Kind) Index { return Index(kind) + "-id" }

// Row is one index row.
type Row struct {
	Index Index
	Key   string
}
