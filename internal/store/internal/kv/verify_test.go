package kv

import (
	"bytes"
	"strings"
	"testing"

	"open53/internal/event"
	"open53/internal/store"
)

// TestVerifyFinds changes rows behind the store's back, each a fault that some
// engine or bug could cause; Verify must name it.
func TestVerifyFinds(t *testing.T) {
	z1 := event.Key{Kind: event.KindZone, ID: "Z1"}
	rowA := string(appendRRsetKey(nil, "Z1", testRRset("a.example.com", "").Key()))
	rowC := string(appendRRsetKey(nil, "Z1", testRRset("c.example.com", "").Key()))
	encode := func(v any) []byte {
		t.Helper()
		b, err := event.EncodeDocument(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	otherSet, err := event.EncodeRRset(testRRset("a.example.com", "203.0.113.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(rows map[string][]byte)
		want   string
	}{
		{"nothing", func(map[string][]byte) {}, ""},
		{"event missing", func(rows map[string][]byte) { delete(rows, string(logKey(4))) }, "events 4 to 4 are missing"},
		{"event altered", func(rows map[string][]byte) {
			rows[string(logKey(4))] = bytes.Replace(rows[string(logKey(4))], []byte("192.0.2.1"), []byte("192.0.2.9"), 1)
		}, `does not follow version 2 of zone "Z1"`},
		{"event garbled", func(rows map[string][]byte) { rows[string(logKey(4))] = []byte{0} }, "event 4"},
		{"events swapped", func(rows map[string][]byte) {
			rows[string(logKey(4))], rows[string(logKey(8))] = rows[string(logKey(8))], rows[string(logKey(4))]
		}, "is not version"},
		{"version missing", func(rows map[string][]byte) { delete(rows, string(versionKey(z1, 2))) }, "does not follow version 1"},
		{"last version missing", func(rows map[string][]byte) { delete(rows, string(versionKey(z1, 3))) }, "its events lead to version 2"},
		{"version of nothing", func(rows map[string][]byte) {
			rows[string(versionKey(event.Key{Kind: event.KindZone, ID: "Z0"}, 1))] = uint64Bytes(1)
		}, "belongs to no entity"},
		{"version elsewhere", func(rows map[string][]byte) { rows[string(versionKey(z1, 2))] = uint64Bytes(1) }, "event 1 is not version 2"},
		{"head missing", func(rows map[string][]byte) { delete(rows, string(headKey(z1))) }, "belongs to no entity"},
		{"head with another serial", func(rows map[string][]byte) {
			var row headRow
			if err := event.DecodeDocument(rows[string(headKey(z1))], &row); err != nil {
				t.Fatal(err)
			}
			row.Serial++
			rows[string(headKey(z1))] = encode(row)
		}, `the head of zone "Z1"`},
		{"head garbled", func(rows map[string][]byte) { rows[string(headKey(z1))] = []byte{0xff} }, `head of zone "Z1"`},
		{"RRset missing", func(rows map[string][]byte) { delete(rows, rowA) }, `zone "Z1" has 1 RRsets, its head counts 2`},
		{"RRset altered", func(rows map[string][]byte) { rows[rowA] = otherSet }, "are not what its events lead to"},
		{"RRset garbled", func(rows map[string][]byte) { rows[rowA] = []byte{1} }, "row"},
		{"RRsets swapped", func(rows map[string][]byte) { rows[rowA], rows[rowC] = rows[rowC], rows[rowA] }, "holds the RRset of row"},
		{"RRset too many", func(rows map[string][]byte) {
			rows[string(appendRRsetKey(nil, "Z2", testRRset("a.example.com", "").Key()))] = otherSet
		}, `zone "Z2" has 1 RRsets, its head counts 0`},
		{"RRset of no zone", func(rows map[string][]byte) {
			rows[string(appendRRsetKey(nil, "Z9", testRRset("a.example.com", "").Key()))] = otherSet
		}, "belongs to no entity"},
		{"index row missing", func(rows map[string][]byte) {
			delete(rows, string(indexKey(event.Row{Index: event.IndexZoneID, Key: "Z1"})))
		}, `index zone-id does not list zone "Z1"`},
		{"index row of another", func(rows map[string][]byte) {
			rows[string(indexKey(event.Row{Index: event.IndexZoneID, Key: "Z1"}))] = []byte("zone\x00Z2")
		}, "does not list"},
		{"index row too many", func(rows map[string][]byte) {
			rows[string(indexKey(event.Row{Index: event.IndexZoneID, Key: "Z9"}))] = []byte("zone\x00Z9")
		}, "the indexes have 5 rows, the documents ask for 4"},
		{"change missing", func(rows map[string][]byte) { delete(rows, string(changeKey("C3"))) }, `change "C3" of event 4 is not listed`},
		{"change elsewhere", func(rows map[string][]byte) { rows[string(changeKey("C3"))] = rows[string(changeKey("C4"))] }, `change "C3" is listed at events 5 to 5`},
		{"change too many", func(rows map[string][]byte) { rows[string(changeKey("C9"))] = rows[string(changeKey("C4"))] }, "8 changes are listed, the log has 7"},
		{"wrong count", func(rows map[string][]byte) { rows[string(countKey(event.KindZone))] = uint64Bytes(3) }, "3 entities of kind zone are counted, there are 2"},
		{"no count", func(rows map[string][]byte) { delete(rows, string(countKey(event.KindZone))) }, "not counted"},
		{"wrong number of events", func(rows map[string][]byte) { rows[string(metaEvents)] = uint64Bytes(9) }, "9 events are counted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newFakeEngine()
			s, _ := sampleStore(t, e)
			e.mu.Lock()
			tt.change(e.rows)
			e.mu.Unlock()
			s.publish(e.Snapshot(), nil, 0, 0)
			report, err := s.Verify(t.Context(), nil)
			faults := strings.Join(report.Faults, "\n")
			if err != nil || (tt.want == "") != (faults == "") || !strings.Contains(faults, tt.want) {
				t.Errorf("faults are %q (%v), want one with %q", faults, err, tt.want)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestVerifyManyFaults(t *testing.T) {
	e := newFakeEngine()
	s, _ := sampleStore(t, e)
	e.mu.Lock()
	for i := range uint64(500) {
		e.rows[string(versionKey(event.Key{Kind: "x", ID: "y"}, i))] = uint64Bytes(1)
	}
	e.mu.Unlock()
	s.publish(e.Snapshot(), nil, 0, 0)
	if report, err := s.Verify(t.Context(), nil); err != nil || len(report.Faults) != maxFaults {
		t.Errorf("%d faults, %v; want %d", len(report.Faults), err, maxFaults)
	}
	_ = s.Close()
}

// TestOpenChecks: what a start looks at.
func TestOpenChecks(t *testing.T) {
	for _, tt := range []struct {
		name     string
		expected uint64
		change   func(rows map[string][]byte)
		want     string
	}{
		{"nothing", 8, func(map[string][]byte) {}, ""},
		{"lost events", 9, func(map[string][]byte) {}, "events 9 to 9 are lost"},
		{"another format", 0, func(rows map[string][]byte) { rows[string(metaFormat)] = uint64Bytes(2) }, "reads format 1"},
		{"no format", 0, func(rows map[string][]byte) { delete(rows, string(metaFormat)) }, "its format is missing"},
		{"no id", 0, func(rows map[string][]byte) { delete(rows, string(metaStore)) }, "its id is missing"},
		{"a lost increment", 0, func(rows map[string][]byte) { rows[string(metaEvents)] = uint64Bytes(7) }, "the log ends at event 8, but 7 were committed"},
		{"the last event missing", 0, func(rows map[string][]byte) { delete(rows, string(logKey(8))) }, "the log ends at event 7, but 8 were committed"},
		{"an event missing", 0, func(rows map[string][]byte) { delete(rows, string(logKey(6))) }, "event 6 is missing"},
		{"an old head", 0, func(rows map[string][]byte) {
			rows[string(headKey(event.Key{Kind: event.KindZone, ID: "Z1"}))] = rows[string(headKey(event.Key{Kind: event.KindZone, ID: "Z2"}))]
		}, `the head of zone "Z1" is at version 4, its last event (8) at version 3`},
		{"an altered event", 0, func(rows map[string][]byte) {
			rows[string(logKey(4))] = bytes.Replace(rows[string(logKey(4))], []byte("192.0.2.1"), []byte("192.0.2.9"), 1)
		}, "event 8 does not follow event 4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newFakeEngine()
			s, _ := sampleStore(t, e)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			tt.change(e.rows)
			s, err := Open(e, tt.expected)
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
			if err == nil {
				_ = s.Close()
			}
		})
	}
}

func TestSum(t *testing.T) {
	members := [][32]byte{event.HashOf([]byte("a")), event.HashOf([]byte("b")), event.HashOf([]byte("c"))}
	var forward, backward sum
	for i := range members {
		forward.add(members[i])
		backward.add(members[len(members)-1-i])
	}
	if forward != backward || forward == (sum{}) {
		t.Error("the sum depends on the order")
	}
	for i := range members {
		forward.sub(members[i])
	}
	if forward != (sum{}) {
		t.Error("adding and taking away leaves something")
	}
	var one, none sum
	one.add([32]byte{0: 0xff, 31: 0})
	one.add([32]byte{0: 1})
	if one != (sum{1: 1}) { // the carry
		t.Errorf("255 + 1 is %x", one)
	}
	none.sub([32]byte{0: 1})
	none.add([32]byte{0: 1})
	if none != (sum{}) { // the borrow, through all words
		t.Errorf("0 - 1 + 1 is %x", none)
	}
}

var _ store.View = (*view)(nil)
