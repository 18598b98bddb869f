package main

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

const zoneHead = "$ORIGIN example.com.\n$TTL 300\n@ SOA ns1 host 1 7200 900 1209600 86400\n@ NS ns1\n"

// bigZone needs a change set for each thousand of names.
func bigZone(names int, address string) string {
	var b strings.Builder
	b.WriteString(zoneHead)
	for i := range names {
		fmt.Fprintf(&b, "h%05d A %s\n", i, address)
	}
	return b.String()
}

// failing is a server whose changes fail from the nth on, until the switch is
// turned off.
func failing(t *testing.T, n int, answer func(w http.ResponseWriter)) (endpoint string, off func()) {
	on, seen := true, 0
	endpoint = relay(t, startNode(t), func(w http.ResponseWriter, r *http.Request) bool {
		if !on || !isChange(r) {
			return false
		}
		if seen++; seen < n {
			return false
		}
		answer(w)
		return true
	})
	return endpoint, func() { on = false }
}

func refuse(w http.ResponseWriter) {
	answerError(w, 400, "InvalidChangeBatch", "[no]")
}

func TestImportFailsMidway(t *testing.T) {
	endpoint, mend := failing(t, 3, refuse)
	cli(t, endpoint, "zone", "create", "example.com").must(t)
	path := file(t, "big.zone", bigZone(4500, "192.0.2.1"))
	r := cli(t, endpoint, "import", "--parallel", "1", path)
	r.fails(t, exitFailed, "big.zone: change set 3 of 5: InvalidChangeBatch: [no]; change sets 1-2 of 5 are done (last change C")
	back := regexp.MustCompile(`To go on, mend the cause and repeat the command; to go back: open53 (revert Z[A-Z0-9]+ 1)\n$`).FindStringSubmatch(r.err)
	if back == nil {
		t.Fatal(r.err)
	}
	mend()
	// Forward: the same command again.
	// Two change sets of 1000 are there; the SOA and NS of the first count twice.
	r = cli(t, endpoint, "import", path).must(t)
	if want := "2504 created, 0 replaced, 0 deleted, 1998 unchanged"; !strings.Contains(r.out, want) {
		t.Errorf("%s, want %s", r.out, want)
	}
	// And back.
	cli(t, endpoint, append(strings.Fields(back[1]), "--yes")...).must(t)
	if r = cli(t, endpoint, "record", "list", "example.com").must(t); strings.Contains(r.out, "h00000") {
		t.Error("the revert left records behind")
	}
}

func TestImportFailsAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(w http.ResponseWriter)
		want   string
	}{
		{"refused", refuse, "small.zone: InvalidChangeBatch: [no]; nothing was changed\n"},
		{"internal", func(w http.ResponseWriter) { answerError(w, 500, "InternalFailure", "oops") }, "InternalFailure: oops; it is not known whether the change set was made\n"},
		{"cut", func(w http.ResponseWriter) { panic(http.ErrAbortHandler) }, "EOF; it is not known whether the change set was made\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			endpoint, _ := failing(t, 1, tt.answer)
			cli(t, endpoint, "zone", "create", "example.com").must(t)
			cli(t, endpoint, "import", file(t, "small.zone", zoneHead)).fails(t, exitFailed, tt.want)
		})
	}
}

func TestImportFailsInNewZone(t *testing.T) {
	endpoint, mend := failing(t, 1, refuse)
	small := file(t, "small.zone", zoneHead)
	r := cli(t, endpoint, "import", "--create", small, file(t, "other.zone", "$ORIGIN other.example.\n@ 1 SOA . . 1 2 3 4 5\n"))
	r.fails(t, exitFailed, "nothing was changed but that zone Z")
	r.fails(t, exitFailed, " was created; not begun: other.example.\n")
	mend()
	cli(t, endpoint, "import", small).must(t)

	endpoint, _ = failing(t, 2, refuse)
	r = cli(t, endpoint, "import", "--create", "--parallel", "1", file(t, "big.zone", bigZone(2500, "192.0.2.1")))
	r.fails(t, exitFailed, "change sets 1 of 3 are done (last change C")
	r.fails(t, exitFailed, "to go back: open53 zone delete Z")
}

// TestImportInterrupted ends the context, as Ctrl-C does, while a change set
// is on its way: that one is awaited, and none follows.
func TestImportInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	seen := 0
	endpoint := relay(t, startNode(t), func(_ http.ResponseWriter, r *http.Request) bool {
		if isChange(r) {
			if seen++; seen == 2 {
				interrupt()
				time.Sleep(50 * time.Millisecond) // the client notices
			}
		}
		return false
	})
	cli(t, endpoint, "zone", "create", "example.com").must(t)
	r := cliWith(ctx, t, nil, endpoint, "import", "--parallel", "1", file(t, "big.zone", bigZone(4500, "192.0.2.1")))
	r.fails(t, exitFailed, "interrupted: context canceled; change sets 1-2 of 5 are done (last change C")
	if seen != 2 {
		t.Errorf("%d change sets were sent", seen)
	}
}

// TestImportChecksNewZones: what a file lacks may be in a zone that is there,
// but not in one that is to be created.
func TestImportChecksNewZones(t *testing.T) {
	endpoint := startNode(t)
	path := file(t, "small.zone", zoneHead+`; open53: {"Name":"a.example.com","Type":"A","AliasTarget":{"DNSName":"b.example.com"}}`+"\n")
	r := cli(t, endpoint, "import", "--create", path)
	r.fails(t, exitFailed, "small.zone:5: Tried to create an alias that targets b.example.com., type A in zone")
	r.fails(t, exitFailed, "open53: import: 1 fault in 1 file; nothing was changed\n")
	cli(t, endpoint, "zone", "show", "example.com").fails(t, exitFailed, "there is no hosted zone")
	cli(t, endpoint, "zone", "create", "example.com").must(t)
	cli(t, endpoint, "import", path).fails(t, exitFailed, "but that target was not found]; nothing was changed")
	cli(t, endpoint, "record", "set", "example.com", "b", "A", "192.0.2.1").must(t)
	cli(t, endpoint, "import", "--wait", path).must(t)
}

func TestImportIsThrottled(t *testing.T) {
	seen := 0
	endpoint := relay(t, startNode(t), func(w http.ResponseWriter, r *http.Request) bool {
		if !isChange(r) {
			return false
		}
		seen++
		switch seen {
		case 1:
			answerError(w, 400, "Throttling", "Rate exceeded")
		case 2:
			answerError(w, 400, "PriorRequestNotComplete", "The request was rejected because Route 53 was still processing a prior request.")
		default:
			return false
		}
		return true
	})
	cli(t, endpoint, "import", "--create", file(t, "small.zone", zoneHead+"www A 192.0.2.1\n")).must(t)
	if r := cli(t, endpoint, "record", "list", "example.com").must(t); seen != 3 || !strings.Contains(r.out, "192.0.2.1") {
		t.Errorf("%d requests, %s", seen, r.out)
	}
}

// TestImportReadsWhatItNeeds counts the pages that are read of a large zone
// for a small file.
func TestImportReadsWhatItNeeds(t *testing.T) {
	pages := 0
	endpoint := relay(t, startNode(t), func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/rrset") {
			pages++
		}
		return false
	})
	cli(t, endpoint, "import", "--create", file(t, "big.zone", bigZone(6000, "192.0.2.1"))).must(t)
	pages = 0
	r := cli(t, endpoint, "import", file(t, "few.zone", zoneHead+"h00001 A 192.0.2.1\nh02999 A 192.0.2.9\nh03000 A 192.0.2.1\nh05999 A 192.0.2.1\nnew A 192.0.2.1\n"))
	if want := "1 created, 1 replaced, 0 deleted, 5 unchanged"; !strings.Contains(r.out, want) {
		t.Errorf("%s%s, want %s", r.out, r.err, want)
	}
	if pages > 4 {
		t.Errorf("%d pages", pages)
	}
}

// TestImportManyAtOnce sends many change sets in parallel and in phases:
// aliases after their targets, and back to nothing.
func TestImportManyAtOnce(t *testing.T) {
	endpoint := startNode(t)
	text := bigZone(3000, "192.0.2.1")
	for i := range 1500 {
		text += fmt.Sprintf(`; open53: {"Name":"a%05d.example.com","Type":"A","AliasTarget":{"DNSName":"h%05d.example.com"}}`+"\n", i, i*2)
	}
	path := file(t, "big.zone", text)
	cli(t, endpoint, "import", "--create", "--parallel", "8", path).must(t)
	if r := cli(t, endpoint, "import", "--replace", path).must(t); !strings.Contains(r.out, "0 created, 0 replaced, 0 deleted, 4502 unchanged") {
		t.Error(r.out)
	}
	exported := cli(t, endpoint, "export", "example.com").must(t)
	if again := cli(t, startNode(t), "import", "--create", "--output", "json", file(t, "again.zone", exported.out)).must(t); !strings.Contains(again.out, `"Created": 4500`) {
		t.Error(again.out)
	}
	cli(t, endpoint, "zone", "delete", "example.com", "--force", "--yes").must(t)
}

func TestRanges(t *testing.T) {
	for text, want := range map[string]string{"": "", "..": "", "x": "1", "xx.x": "1-2, 4", ".xxx..x": "2-4, 7"} {
		set := make([]bool, len(text))
		for i := range text {
			set[i] = text[i] == 'x'
		}
		if got := ranges(set); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
