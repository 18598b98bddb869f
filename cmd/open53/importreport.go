package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"open53/cmd/open53/internal/zonefile"
	"open53/internal/rdata"
)

// showPlans prints what would change, one line for each record.
func showPlans(cmd *cobra.Command, targets []*importTarget) error {
	for _, t := range targets {
		batches := 0
		for _, phase := range t.phases {
			batches += len(phase)
		}
		where := "would be created"
		if t.ref != nil {
			where = t.ref.id
		}
		text := fmt.Appendf(nil, "; zone %s (%s): %s, %s in %s\n", t.file.Zone, where, t.summary(), plural(len(t.changes), "change"), plural(batches, "change set"))
		for _, change := range t.changes {
			text = appendDiff(text, change, t.file.Zone)
		}
		if _, err := cmd.OutOrStdout().Write(text); err != nil {
			return err
		}
	}
	return nil
}

// appendDiff appends the lines of a set that go, and those that come. Lines
// that only change places are shown if nothing else changes.
func appendDiff(b []byte, change zonefile.Change, apex rdata.Name) []byte {
	before, after := linesOf(change.Old, apex), linesOf(change.New, apex)
	stay := func(other []string) func(line string) bool {
		return func(line string) bool { return slices.Contains(other, line) }
	}
	gone, come := slices.DeleteFunc(slices.Clone(before), stay(after)), slices.DeleteFunc(slices.Clone(after), stay(before))
	if len(gone) == 0 && len(come) == 0 {
		gone, come = before, after
	}
	for _, line := range gone {
		b = append(append(b, "- "...), line...)
	}
	for _, line := range come {
		b = append(append(b, "+ "...), line...)
	}
	return b
}

// linesOf are the lines of a set in a master file; nil has none.
func linesOf(set *zonefile.Set, apex rdata.Name) []string {
	if set == nil {
		return nil
	}
	return slices.Collect(strings.Lines(string(zonefile.AppendSet(nil, set, apex))))
}

// counts are how many sets are created, replaced and deleted.
func (t *importTarget) counts() (created, replaced, deleted int) {
	for _, change := range t.changes {
		switch {
		case change.Old == nil:
			created++
		case change.New == nil:
			deleted++
		default:
			replaced++
		}
	}
	return created, replaced, deleted
}

// last is the id of the last change; "" if there was none.
func (t *importTarget) last() string {
	if len(t.ids) == 0 {
		return ""
	}
	return t.ids[len(t.ids)-1]
}

func (t *importTarget) summary() string {
	created, replaced, deleted := t.counts()
	return fmt.Sprintf("%d created, %d replaced, %d deleted, %d unchanged", created, replaced, deleted, t.unchanged)
}

// print says what was done.
func (t *importTarget) print(cmd *cobra.Command, s *settings) error {
	if s.output == formatJSON {
		created, replaced, deleted := t.counts()
		return printJSON(cmd, importReport{t.ref.id, t.ref.name.String(), created, replaced, deleted, t.unchanged, optional(t.last())})
	}
	text := fmt.Sprintf("%s (%s): %s", t.ref.label(), t.ref.id, t.summary())
	if last := t.last(); last != "" {
		text += "; change " + last
	}
	return printf(cmd, "%s\n", text)
}

// importReport is what was done, as JSON, with names in the manner of the API.
type importReport struct {
	HostedZoneId, Name                    string //nolint:revive // the API's spelling
	Created, Replaced, Deleted, Unchanged int
	ChangeId                              *string //nolint:revive // of the last change set
}
