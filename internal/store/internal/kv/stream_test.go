package kv

import (
	"bytes"
	"testing"

	"open53/internal/event"
)

// sampleBackup is a backup of the sample store, compacted up to a position.
func sampleBackup(tb testing.TB, compacted uint64) []byte {
	tb.Helper()
	s, one := sampleStore(tb, newFakeEngine())
	if compacted > 0 {
		var b bytes.Buffer
		if err := s.Backup(tb.Context(), &b); err != nil {
			tb.Fatal(err)
		}
		info, err := VerifyBackup(&b)
		if err != nil {
			tb.Fatal(err)
		}
		if err := s.RecordBackup(tb.Context(), info); err != nil {
			tb.Fatal(err)
		}
		if err := s.Compact(tb.Context(), compacted); err != nil {
			tb.Fatal(err)
		}
	}
	mustAppend(tb, s, one.next(tb, "last", addChange(testRRset("d.example.com", "192.0.2.4"))))
	var b bytes.Buffer
	if err := s.Backup(tb.Context(), &b); err != nil {
		tb.Fatal(err)
	}
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestByteStringHead(t *testing.T) {
	for _, n := range []int{1, 23, 24, 255, 256, 65535, 65536, maxItem} {
		want, err := event.EncodeDocument(make([]byte, n))
		if err != nil {
			t.Fatal(err)
		}
		if got := byteStringHead(n); !bytes.HasPrefix(want, got) || len(got)+n != len(want) {
			t.Errorf("head of %d bytes is %x", n, got)
		}
	}
}

// reseal puts the right digest into a backup that was altered, if it can still
// be read: so that what checks the contents is reached.
func reseal(b []byte) []byte {
	stream, err := newStreamReader(bytes.NewReader(b))
	if err != nil {
		return b
	}
	var out bytes.Buffer
	w := newStreamWriter(&out)
	if w.document(itemHeader, stream.header) != nil {
		return b
	}
	for {
		letter, payload, err := stream.read()
		if err != nil {
			return b
		}
		if letter != itemTrailer {
			_ = w.item(letter, payload) // into memory
			continue
		}
		var t backupTrailer
		if event.DecodeDocument(payload, &t) != nil || w.finish(t) != nil {
			return b
		}
		return out.Bytes()
	}
}

// TestBackupLies alters what a backup says and makes its digest right again:
// the events still have to lead to the state. Of a compacted store, a lie about
// what was before the log may pass if no event shows it; then it must at least
// restore to a store that is consistent.
func TestBackupLies(t *testing.T) {
	for _, compacted := range []uint64{0, 3, 5, 8} {
		b := sampleBackup(t, compacted)
		if !bytes.Equal(reseal(b), b) {
			t.Fatal("reseal alters a good backup")
		}
		for i := range b {
			lie := bytes.Clone(b)
			lie[i] ^= 1
			lie = reseal(lie)
			if bytes.Equal(lie, b) {
				continue // it was the digest that was altered
			}
			info, err := VerifyBackup(bytes.NewReader(lie))
			e := newFakeEngine()
			if _, restoreErr := Restore(t.Context(), e, bytes.NewReader(lie)); (err == nil) != (restoreErr == nil) {
				t.Fatalf("compacted up to %d, byte %d: verify: %v; restore: %v", compacted, i, err, restoreErr)
			}
			if err != nil || info.StoreID != "id" { // nothing else depends on the id
				continue
			}
			if compacted == 0 {
				t.Fatalf("byte %d is %x: accepted", i, lie[i])
			}
			checkConsistent(t, e)
		}
	}
}

// TestBackupFlips flips each bit that could be one of the digest, and one bit of
// every other byte.
func TestBackupFlips(t *testing.T) {
	b := sampleBackup(t, 5)
	for i := range b {
		for bit := range 8 {
			if bit > 0 && i < len(b)-40 {
				break
			}
			flipped := bytes.Clone(b)
			flipped[i] ^= 1 << bit
			if _, err := VerifyBackup(bytes.NewReader(flipped)); err == nil {
				t.Errorf("bit %d of byte %d of %d: accepted", bit, i, len(b))
			}
		}
	}
}

// TestRestoreChecksTheEngine: what arrives in the engine is compared with the
// backup, not only what is sent there.
func TestRestoreChecksTheEngine(t *testing.T) {
	b := sampleBackup(t, 0)
	for _, key := range [][]byte{
		appendRRsetKey(nil, "Z1", testRRset("a.example.com", "").Key()),
		headKey(event.Key{Kind: event.KindReference, ID: "hostedzone/r"}),
	} {
		e := newFakeEngine()
		e.after = func(int) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			delete(e.rows, string(key))
			return nil
		}
		if _, err := Restore(t.Context(), e, bytes.NewReader(b)); err == nil {
			t.Errorf("the engine lost %q: restored", key)
		}
	}
}

func checkConsistent(t *testing.T, e *fakeEngine) {
	t.Helper()
	s, err := Open(e, 0)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	if report, err := s.Verify(t.Context(), nil); err != nil || len(report.Faults) > 0 {
		t.Fatalf("verify: %q, %v", report.Faults, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// FuzzBackup: whatever is accepted can be restored, verifies, and makes the
// same backup again.
func FuzzBackup(f *testing.F) {
	for _, compacted := range []uint64{0, 5, 8} {
		f.Add(sampleBackup(f, compacted))
	}
	f.Add([]byte("\x40"))
	f.Add([]byte("\x5a\x00\x00\x00\x01h"))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = reseal(b)
		_, err := VerifyBackup(bytes.NewReader(b))
		e := newFakeEngine()
		if _, restoreErr := Restore(t.Context(), e, bytes.NewReader(b)); (err == nil) != (restoreErr == nil) {
			t.Fatalf("verify: %v; restore: %v", err, restoreErr)
		}
		if err != nil {
			return
		}
		s, err := Open(e, 0)
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		if report, err := s.Verify(t.Context(), nil); err != nil || len(report.Faults) > 0 {
			t.Fatalf("verify: %q, %v", report.Faults, err)
		}
		var again bytes.Buffer
		if err := s.Backup(t.Context(), &again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Bytes(), b) {
			t.Fatalf("backup %x makes backup %x", b, again.Bytes())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
