// Package storetest is the conformance suite of store.Store: every
// implementation passes Run, and nothing in it knows which one it tests.
//
// A writer makes events that are right for the state as it left it; a model
// (naive, in memory, one copy of everything per version) says what the store
// must show. Random histories are made from a seed, which a failure prints.
package storetest

import (
	"io"
	"testing"

	"open53/internal/store"
)

// Harness is how the suite gets its stores.
type Harness struct {
	// Open makes an empty store. The suite closes it.
	Open func(t *testing.T) store.Store
	// Reopen closes a store that Open made and opens what it left. nil where
	// nothing is left.
	Reopen func(t *testing.T, s store.Store) store.Store
	// Restore makes a store of a backup.
	Restore func(t *testing.T, r io.Reader) (store.Store, error)
	// VerifyBackup proves a backup.
	VerifyBackup func(r io.Reader) (store.BackupInfo, error)
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	for _, tt := range []struct {
		name string
		test func(t *testing.T, h Harness)
	}{
		{"Append", testAppend},
		{"AppendInvalid", testAppendInvalid},
		{"AppendTooLarge", testAppendTooLarge},
		{"AppendContext", testAppendContext},
		{"AppendSeveralVersions", testAppendSeveralVersions},
		{"Conflict", testConflict},
		{"Atomic", testAtomic},
		{"Idempotent", testIdempotent},
		{"Race", testRace},
		{"RaceForReference", testRaceForReference},
		{"Pipeline", testPipeline},
		{"PipelineFailure", testPipelineFailure},
		{"Tail", testTail},
		{"TailFromTheMiddle", testTailFromTheMiddle},
		{"TailConcurrent", testTailConcurrent},
		{"TailEnds", testTailEnds},
		{"ViewIsolation", testViewIsolation},
		{"DurableBeforeVisible", testDurableBeforeVisible},
		{"ListOrder", testListOrder},
		{"PagesAtVersions", testPagesAtVersions},
		{"Indexes", testIndexes},
		{"DeleteAndRecreate", testDeleteAndRecreate},
		{"DeleteWithLeftovers", testDeleteWithLeftovers},
		{"Lookup", testLookup},
		{"Reopen", testReopen},
		{"Closed", testClosed},
		{"Backup", testBackup},
		{"BackupWhileWriting", testBackupWhileWriting},
		{"BackupTampered", testBackupTampered},
		{"BackupEmpty", testBackupEmpty},
		{"RecordBackup", testRecordBackup},
		{"Compact", testCompact},
		{"CompactKeepsChangesWhole", testCompactKeepsChangesWhole},
		{"CompactWhileWriting", testCompactWhileWriting},
		{"RandomHistories", testRandomHistories},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, h) })
	}
}
