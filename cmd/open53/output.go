package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"open53/cmd/open53/internal/awsjson"
)

// table is rows of text, printed with aligned columns and no borders.
type table struct {
	rows [][]string
}

func newTable(header ...string) *table { return &table{rows: [][]string{header}} }

// row adds a row. An empty cell becomes "-", so that columns can be told apart
// by scripts.
func (t *table) row(cells ...string) {
	for i, c := range cells {
		if c == "" {
			cells[i] = "-"
		}
	}
	t.rows = append(t.rows, cells)
}

// print writes the table. The last column is not padded.
func (t *table) print(w io.Writer) error {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row[:len(row)-1] {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		last := len(row) - 1
		for i, cell := range row[:last] {
			b.WriteString(cell)
			for range widths[i] - utf8.RuneCountInString(cell) + 2 {
				b.WriteByte(' ')
			}
		}
		b.WriteString(row[last])
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printJSON writes v in the shape of the AWS CLI.
func printJSON(cmd *cobra.Command, v any) error {
	_, err := cmd.OutOrStdout().Write(awsjson.AppendIndented(nil, v))
	return err
}

// printf writes to standard output.
func printf(cmd *cobra.Command, text string, args ...any) error {
	_, err := fmt.Fprintf(cmd.OutOrStdout(), text, args...)
	return err
}

// notef writes one line for people to standard error.
func notef(cmd *cobra.Command, text string, args ...any) {
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), text+"\n", args...) // nobody to tell
}

// isTerminal reports whether f is a terminal.
func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// confirm asks a question on the terminal. Without one the answer must come
// from --yes.
func confirm(cmd *cobra.Command, question string) error {
	if !isTerminal(cmd.InOrStdin()) {
		return usagef("%s asks before it changes anything, and standard input is no terminal: say --yes", cmd.Name())
	}
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%s [y/N] ", question)
	answers := make(chan string, 1)
	go func() {
		var answer string
		_, _ = fmt.Fscanln(cmd.InOrStdin(), &answer) // no answer is no
		answers <- strings.ToLower(answer)
	}()
	select {
	case answer := <-answers:
		if answer == "y" || answer == "yes" {
			return nil
		}
	case <-cmd.Context().Done(): // the read is left to itself: the process ends
	}
	return fmt.Errorf("%s: not confirmed; nothing was changed", cmd.Name())
}
