package event

import (
	"errors"
	"fmt"
	"strings"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// MaxID is the longest id of an entity or a change, in bytes.
const MaxID = 1024

// Validate checks what every event must satisfy whatever state it is applied
// to: ids without NUL bytes (they are parts of keys), a version, a previous
// hash for all versions but the first, RRset changes in zones only, each with
// one identity, every name in canonical wire form.
func (e *Event) Validate() error {
	if err := e.Key.Validate(); err != nil {
		return err
	}
	switch {
	case e.ChangeID == "" || len(e.ChangeID) > MaxID:
		return fmt.Errorf("change id has %d bytes, not 1 to %d", len(e.ChangeID), MaxID)
	case e.Version == 0:
		return errors.New("version is 0")
	case e.Version == 1 && e.Prev != Hash{}:
		return errors.New("version 1 has a previous hash")
	case e.Version > 1 && e.Prev == Hash{}:
		return fmt.Errorf("version %d has no previous hash", e.Version)
	case e.Deleted && len(e.Document) > 0:
		return errors.New("a deletion has a document")
	case len(e.Changes) > 0 && e.Key.Kind != KindZone:
		return fmt.Errorf("a %s has RRset changes", e.Key.Kind)
	}
	for i := range e.Changes {
		if err := validateChange(&e.Changes[i]); err != nil {
			return fmt.Errorf("change %d: %w", i, err)
		}
	}
	return nil
}

// Validate checks that a key names an entity and can be part of a store's key.
func (k Key) Validate() error {
	switch {
	case k.Kind == "" || k.ID == "":
		return errors.New("key is empty")
	case len(k.Kind)+len(k.ID) > MaxID:
		return fmt.Errorf("key is longer than %d bytes", MaxID)
	case strings.IndexByte(string(k.Kind), 0) >= 0 || strings.IndexByte(k.ID, 0) >= 0:
		return errors.New("key contains a NUL byte")
	}
	return nil
}

func validateChange(c *zone.Change) error {
	if c.Old == nil && c.New == nil {
		return errors.New("neither an old nor a new RRset")
	}
	if c.Old != nil && c.New != nil && c.Old.Key() != c.New.Key() {
		return errors.New("old and new RRset are not the same one")
	}
	for _, s := range []*zone.RRset{c.Old, c.New} {
		if s == nil {
			continue
		}
		if err := validateNames(s); err != nil {
			return err
		}
	}
	return nil
}

// validateNames keeps malformed names out of the store: sort keys are made
// from names, and that code relies on their form.
func validateNames(s *zone.RRset) error {
	if !isCanonicalName(string(s.Name)) {
		return fmt.Errorf("owner name %q is not in canonical wire form", string(s.Name))
	}
	if s.Alias != nil && !isCanonicalName(string(s.Alias.Target)) {
		return fmt.Errorf("alias target %q is not in canonical wire form", string(s.Alias.Target))
	}
	return nil
}

// isCanonicalName reports whether name is an uncompressed wire-form name in
// lower case, as rdata.Name promises. It is on the start-up path.
func isCanonicalName[T string | []byte](name T) bool {
	if len(name) > rdata.MaxName {
		return false
	}
	for i := 0; i < len(name); {
		n := int(name[i])
		if n == 0 {
			return i == len(name)-1
		}
		end := i + 1 + n
		if n > rdata.MaxLabel || end >= len(name) {
			return false
		}
		for i++; i < end; i++ {
			if 'A' <= name[i] && name[i] <= 'Z' {
				return false
			}
		}
	}
	return false
}
