package server

import (
	"fmt"
	"regexp"
	"sync"
)

// IDs replaces what a server makes up (ids, request ids, times) by what is the
// same in every run: the first zone is Z1, its change C1, a traffic policy T1. A
// random UUID is a request's unless it is seen as an "Id", as those of health
// checks and CIDR collections are (H1). The zero IDs is ready. Safe for
// concurrent use.
type IDs struct {
	mu   sync.Mutex // guards the maps
	name map[string]string
	id   map[string]string
}

var (
	longID    = regexp.MustCompile(`\b([CNZ][A-Z0-9]{20}|[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\b`)
	shortID   = regexp.MustCompile(`\b[CHNTZ][1-9][0-9]?\b`)
	requestID = regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`)
	uuidOfID  = regexp.MustCompile(`"Id": "(` + requestID.String() + `)"`)
	timestamp = regexp.MustCompile(`\b20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{3,6})?(Z|\+00:00)`)
)

// Short replaces ids by names in text.
func (n *IDs) Short(text string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.name == nil {
		n.name, n.id = map[string]string{}, map[string]string{}
	}
	for _, match := range uuidOfID.FindAllStringSubmatch(text, -1) {
		n.nameOf(match[1], 'H')
	}
	text = requestID.ReplaceAllStringFunc(text, func(id string) string {
		if name := n.name[id]; name != "" {
			return name
		}
		return "REQUEST-ID"
	})
	text = timestamp.ReplaceAllString(text, "TIME")
	return longID.ReplaceAllStringFunc(text, func(id string) string {
		if id[8] == '-' { // a UUID in order of time: of traffic policies and their instances
			return n.nameOf(id, 'T')
		}
		return n.nameOf(id, id[0])
	})
}

// nameOf is the short name of an id, which gets one with the letter the first
// time.
func (n *IDs) nameOf(id string, letter byte) string {
	for i := 1; n.name[id] == ""; i++ {
		if name := fmt.Sprintf("%c%d", letter, i); n.id[name] == "" {
			n.name[id], n.id[name] = name, id
		}
	}
	return n.name[id]
}

// Long replaces names by their ids in text. A name that stands for nothing yet
// is left alone.
func (n *IDs) Long(text string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return shortID.ReplaceAllStringFunc(text, func(name string) string {
		if id := n.id[name]; id != "" {
			return id
		}
		return name
	})
}
