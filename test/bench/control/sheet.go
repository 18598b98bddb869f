package main

import (
	"fmt"
	"io"

	"open53/test/bench/internal/report"
)

// sheet is the report: a row per figure, a column per server. A row stands
// where it was first set.
type sheet struct {
	titles []string
	cells  map[string]map[*target]string // by title
}

// set fills a cell.
func (s *sheet) set(title string, t *target, text string) {
	if s.cells == nil {
		s.cells = map[string]map[*target]string{}
	}
	if s.cells[title] == nil {
		s.titles = append(s.titles, title)
		s.cells[title] = map[*target]string{}
	}
	s.cells[title][t] = text
}

// set fills a cell and tells whoever waits.
func (b *bench) set(t *target, title, text string) {
	b.sheet.set(title, t, text)
	b.notef("  %s: %s\n", title, text)
}

func (s *sheet) write(w io.Writer, targets []*target) error {
	table := report.Table{Header: []string{""}}
	for _, t := range targets {
		table.Header = append(table.Header, t.name)
	}
	for _, title := range s.titles {
		row := []string{title}
		for _, t := range targets {
			text, ok := s.cells[title][t]
			switch {
			case t.missing:
				text = "not installed here"
			case !ok:
				text = "–" // it has nothing of the kind
			}
			row = append(row, text)
		}
		table.Add(row...)
	}
	if _, err := table.WriteTo(w); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	for _, t := range targets {
		if _, err := fmt.Fprintf(w, "- %s: %s.\n", t.name, t.settings); err != nil {
			return err
		}
	}
	return nil
}
