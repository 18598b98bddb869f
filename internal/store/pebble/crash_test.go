package pebble

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
)

// The environment of the child processes of these tests.
const (
	envCrashDir    = "OPEN53_CRASH_DIR"    // run crashChild there
	envCrashRounds = "OPEN53_CRASH_ROUNDS" // how often to kill; default 30
	envOpenDir     = "OPEN53_OPEN_DIR"     // try to open it
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(envCrashDir); dir != "" {
		if err := crashChild(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv(envOpenDir); dir != "" {
		_, err := Open(dir, Options{})
		fmt.Println(err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// crashChild writes to the store until it is killed, and an acknowledgement of
// each change to standard output: position, change id, hash of the last event.
func crashChild(dir string) error {
	s, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	errs := make(chan error)
	for n := range 4 {
		go func() { errs <- crashWriter(s, n) }()
	}
	go func() { errs <- crashKeeper(s) }()
	return <-errs
}

// crashWriter commits batches of two or three entities, three in flight.
func crashWriter(s *Store, n int) error {
	zoneKey := event.Key{Kind: event.KindZone, ID: fmt.Sprintf("Z%d", n)}
	v := s.View()
	head, err := v.Head(zoneKey)
	_ = v.Close()
	if err != nil {
		return err
	}
	type flight struct {
		ticket store.Ticket
		change string
		hash   event.Hash
	}
	var flights []flight
	c := &crashChain{key: zoneKey, version: head.Version, prev: head.Hash, exists: head.Exists()}
	for {
		events, err := c.batch(n)
		if err != nil {
			return err
		}
		flights = append(flights, flight{s.Enqueue(events), events[0].ChangeID, c.prev})
		if len(flights) < 3 {
			continue
		}
		first := flights[0]
		flights = flights[1:]
		position, err := first.ticket.Wait(context.Background())
		if err != nil {
			return err
		}
		// One write: a kill does not cut it.
		fmt.Fprintf(os.Stdout, "%d %s %s\n", position, first.change, first.hash)
	}
}

// crashChain makes a zone's batches. What a zone holds follows from the version
// alone, so a child goes on where a killed one ended.
type crashChain struct {
	key     event.Key
	version uint64
	prev    event.Hash
	exists  bool
}

func (c *crashChain) batch(n int) ([]*event.Event, error) {
	version := c.version + 1
	change := fmt.Sprintf("C%d-%d", n, version)
	zoneEvent := &event.Event{
		Key: c.key, Version: version, Prev: c.prev, ChangeID: change, Operation: "crash", Serial: uint32(version),
	}
	// Lives of 200 versions: made, changed, deleted.
	switch version % 200 {
	case 1:
		document, err := event.EncodeDocument(&zone.HostedZone{ID: c.key.ID, Name: rdata.MustParseName("example.com")})
		if err != nil {
			return nil, err
		}
		zoneEvent.Document = document
	case 0:
		zoneEvent.Deleted = true
	default:
		name := rdata.MustParseName(fmt.Sprintf("n%d.example.com", version%200))
		set := &zone.RRset{Name: name, Type: rdata.TypeTXT, TTL: 60, Values: []string{strings.Repeat("x", int(version*37%900))}}
		zoneEvent.Changes = []zone.Change{{Action: zone.Create, New: set}}
	}
	encoded, err := event.Encode(zoneEvent)
	if err != nil {
		return nil, err
	}
	c.version, c.prev = version, event.HashOf(encoded)
	events := []*event.Event{
		{Key: event.Key{Kind: event.KindReference, ID: change}, Version: 1, ChangeID: change, Operation: "crash"},
		zoneEvent,
	}
	if version%3 == 0 {
		other := event.Key{Kind: event.KindDelegationSet, ID: change}
		document, err := event.EncodeDocument(&zone.DelegationSet{ID: change})
		if err != nil {
			return nil, err
		}
		events = []*event.Event{events[0], {Key: other, Version: 1, ChangeID: change, Operation: "crash", Document: document}, events[1]}
	}
	return events, nil
}

// crashKeeper backs up and compacts, so that kills hit that as well.
func crashKeeper(s *Store) error {
	ctx := context.Background()
	for {
		time.Sleep(30 * time.Millisecond)
		var b bytes.Buffer
		if err := s.Backup(ctx, &b); err != nil {
			return err
		}
		info, err := VerifyBackup(&b)
		if err != nil {
			return err
		}
		if err := s.RecordBackup(ctx, info); err != nil {
			return err
		}
		if err := s.Compact(ctx, info.Position/4*3); err != nil {
			return err
		}
	}
}

// acknowledgement is a line of the child.
type acknowledgement struct {
	position uint64
	change   string
	hash     string
}

// TestCrash kills a writing process again and again. Each time all that was
// acknowledged must be there, whole and in order, and the state what the log
// leads to.
func TestCrash(t *testing.T) {
	t.Parallel()
	rounds := 30
	if text := os.Getenv(envCrashRounds); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	if testing.Short() {
		rounds = 5
	}
	dir := t.TempDir()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	acknowledged := make(map[uint64]acknowledgement)
	for round := range rounds {
		for _, a := range killChild(t, dir, time.Duration(2+r.IntN(110))*time.Millisecond) {
			if before, twice := acknowledged[a.position]; twice {
				t.Fatalf("round %d: position %d was acknowledged for %s and for %s", round, a.position, before.change, a.change)
			}
			acknowledged[a.position] = a
		}
		checkAfterCrash(t, dir, acknowledged)
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
	if len(acknowledged) == 0 {
		t.Fatal("nothing was ever acknowledged")
	}
	t.Logf("%d changes acknowledged in %d rounds, all there", len(acknowledged), rounds)
}

// killChild runs a child, kills it some time after its first acknowledgement
// and returns what it acknowledged.
func killChild(t *testing.T, dir string, after time.Duration) (acks []acknowledgement) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), envCrashDir+"="+dir)
	var stderr bytes.Buffer
	child.Stderr = &stderr
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		once.Do(func() { time.AfterFunc(after, func() { _ = child.Process.Kill() }) })
		var a acknowledgement
		if n, err := fmt.Sscanf(lines.Text(), "%d %s %s", &a.position, &a.change, &a.hash); n != 3 || err != nil || len(a.hash) != 64 {
			t.Fatalf("the child said %q (%v)", lines.Text(), err)
		}
		acks = append(acks, a)
	}
	err = child.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the child was not killed: %v: %s", err, stderr.String())
	}
	return acks
}

func checkAfterCrash(t *testing.T, dir string, acknowledged map[uint64]acknowledgement) {
	t.Helper()
	s := mustOpen(t, dir, Options{})
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	for position, a := range acknowledged {
		if position > s.Position() {
			t.Errorf("change %s was acknowledged at position %d, the log ends at %d", a.change, position, s.Position())
		}
	}
	records := readLog(t, s)
	changes := make(map[string]int) // change id → its events
	for _, record := range records {
		changes[record.Event.ChangeID]++
		if a, found := acknowledged[record.Position]; found && (a.change != record.Event.ChangeID || a.hash != record.Hash.String()) {
			t.Errorf("position %d was acknowledged for %s, hash %s; it holds %s, hash %s",
				record.Position, a.change, a.hash, record.Event.ChangeID, record.Hash)
		}
	}
	for change, events := range changes {
		_, number, _ := strings.Cut(change, "-")
		version, err := strconv.Atoi(number)
		want := 2
		if version%3 == 0 {
			want = 3
		}
		if err != nil || events != want {
			t.Errorf("change %s has %d events, want %d", change, events, want)
		}
	}
	report, err := s.Verify(t.Context(), nil)
	if err != nil || len(report.Faults) > 0 {
		t.Errorf("verify: %v, %q", err, report.Faults)
	}
}

// readLog reads the whole log that a store still has.
func readLog(t *testing.T, s *Store) (records []store.Record) {
	t.Helper()
	from := uint64(1)
	for {
		var err error
		records, err = tailUntil(t, s, from)
		if err == nil {
			return records
		}
		var base uint64
		if _, text, found := strings.Cut(err.Error(), "the log begins at position "); found {
			base, _ = strconv.ParseUint(text, 10, 64)
		}
		if !errors.Is(err, store.ErrCompacted) || base <= from {
			t.Fatal(err)
		}
		from = base
	}
}

// tailUntil reads from a position to the end, which must not move.
func tailUntil(t *testing.T, s *Store, from uint64) (records []store.Record, err error) {
	t.Helper()
	end := s.Position()
	if from > end {
		return nil, nil
	}
	for record, err := range s.Tail(t.Context(), from) {
		if err != nil {
			return records, err
		}
		if want := from + uint64(len(records)); record.Position != want {
			return records, fmt.Errorf("position %d follows %d", record.Position, want-1)
		}
		if records = append(records, record); record.Position == end {
			break
		}
	}
	return records, nil
}
