package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"open53/internal/admin"
	"open53/internal/geo"
)

// latencyBatch is how many rows one request carries: what fits the server's
// limit for a body.
const latencyBatch = 20_000

func newLatencyCommand() *cobra.Command {
	return newGroup("latency", "Tell the server how far clients are from regions",
		`  open53 latency set 203.0.113.0/24 eu-central-1 8.5
  open53 latency import measured.csv --source probes
  open53 latency list`,
		newLatencyListCommand(), newLatencySetCommand(), newLatencyDeleteCommand(), newLatencyImportCommand())
}

// latencyVerb makes a sub-command that talks to the server.
func latencyVerb(cmd *cobra.Command, source *string, run func(cmd *cobra.Command, s *settings, c *client, args []string) error) *cobra.Command {
	s := &settings{}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := s.connect(cmd.Context())
		if err != nil {
			return err
		}
		return run(cmd, s, c, args)
	}
	cmd.Flags().StringVar(source, "source", *source, "`NAME` of what measured the latencies")
	s.register(cmd.Flags())
	registerOutputCompletion(cmd)
	return cmd
}

func newLatencyListCommand() *cobra.Command {
	source := ""
	return latencyVerb(&cobra.Command{
		Use:   "list",
		Short: "List measured latencies",
		Args:  arguments(0, 0),
	}, &source, func(cmd *cobra.Command, s *settings, c *client, _ []string) error {
		rows, err := c.latencies(cmd.Context(), source)
		if err != nil {
			return c.failure("list latencies", err)
		}
		if s.output == formatJSON {
			return printPlainJSON(cmd, map[string]any{"rows": rows})
		}
		t := newTable("FROM", "REGION", "MS", "SOURCE")
		for _, row := range rows {
			t.row(latencyFrom(&row), row.Region, strconv.FormatFloat(float64(*row.Millis), 'f', -1, 32), row.Source)
		}
		return t.print(cmd.OutOrStdout())
	})
}

func latencyFrom(row *admin.LatencyRow) string {
	switch {
	case row.Prefix != "":
		return row.Prefix
	case row.ASN != 0:
		return "AS" + strconv.FormatUint(uint64(row.ASN), 10)
	}
	return row.Country
}

// latencies lists all rows, page by page.
func (c *client) latencies(ctx context.Context, source string) ([]admin.LatencyRow, error) {
	rows := []admin.LatencyRow{}
	for next := ""; ; {
		var page struct {
			Rows []admin.LatencyRow `json:"rows"`
			Next string             `json:"next"`
		}
		query := url.Values{"source": {source}, "next": {next}, "limit": {"10000"}}
		if err := c.admin(ctx, http.MethodGet, "latency?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		rows = append(rows, page.Rows...)
		if next = page.Next; next == "" {
			return rows, nil
		}
	}
}

func newLatencySetCommand() *cobra.Command {
	source := admin.DefaultLatencySource
	return latencyVerb(&cobra.Command{
		Use:   "set FROM REGION MS",
		Short: "Set one latency",
		Long: `Set the round trip, in milliseconds, from clients to a region. FROM is a network, an
autonomous system or a country; the first of these that is known of a client counts,
and of networks the longest.`,
		Example: `  open53 latency set 203.0.113.0/24 eu-central-1 8.5
  open53 latency set AS64500 us-east-1 80
  open53 latency set DE eu-central-1 12`,
		Args: arguments(3, 3),
	}, &source, func(cmd *cobra.Command, _ *settings, c *client, args []string) error {
		millis, err := strconv.ParseFloat(args[2], 32)
		if err != nil {
			return usagef("%q is no number of milliseconds", args[2])
		}
		return c.changeLatency(cmd, source, args, new(float32(millis)))
	})
}

func newLatencyDeleteCommand() *cobra.Command {
	source := admin.DefaultLatencySource
	return latencyVerb(&cobra.Command{
		Use:     "delete FROM REGION",
		Short:   "Forget one latency",
		Example: `  open53 latency delete 203.0.113.0/24 eu-central-1`,
		Args:    arguments(2, 2),
	}, &source, func(cmd *cobra.Command, _ *settings, c *client, args []string) error {
		return c.changeLatency(cmd, source, args, nil)
	})
}

// changeLatency changes the row of the first two arguments; nil removes it.
func (c *client) changeLatency(cmd *cobra.Command, source string, args []string, millis *float32) error {
	l := geo.Latency{Region: args[1]}
	if err := l.ParseFrom(args[0]); err != nil {
		return &usageError{err}
	}
	row := latencyRow(&l)
	row.Millis = millis
	body := admin.LatencyRows{Source: source, Rows: []admin.LatencyRow{row}}
	if err := c.admin(cmd.Context(), http.MethodPatch, "latency", body, nil); err != nil {
		return c.failure(fmt.Sprintf("%s latency from %s", cmd.Name(), args[0]), err)
	}
	return nil
}

func latencyRow(l *geo.Latency) admin.LatencyRow {
	row := admin.LatencyRow{ASN: l.ASN, Country: l.Country, Region: l.Region, Millis: &l.Millis}
	if l.Prefix.IsValid() {
		row.Prefix = l.Prefix.String()
	}
	return row
}

func newLatencyImportCommand() *cobra.Command {
	source, merge := admin.DefaultLatencySource, false
	cmd := latencyVerb(&cobra.Command{
		Use:   "import FILE",
		Short: "Replace all latencies of a source by those of a CSV file",
		Long: `Replace all latencies of a source by those of a CSV file with the columns from,
region, ms; "-" is standard input. Lines that begin with # are comments. Files of
more than 20,000 rows are sent in several changes.`,
		Example: `  open53 latency import measured.csv --source probes
  printf '203.0.113.0/24,eu-central-1,8.5\nAS64500,us-east-1,80\nDE,eu-central-1,12\n' | open53 latency import - --merge`,
		Args: arguments(1, 1),
	}, &source, func(cmd *cobra.Command, _ *settings, c *client, args []string) error {
		rows, err := readLatencies(cmd, args[0])
		if err != nil {
			return err
		}
		method := http.MethodPut
		if merge {
			method = http.MethodPatch
		}
		for begin := 0; begin == 0 || begin < len(rows); begin += latencyBatch {
			body := admin.LatencyRows{Source: source, Rows: []admin.LatencyRow{}}
			for i := begin; i < min(begin+latencyBatch, len(rows)); i++ {
				body.Rows = append(body.Rows, latencyRow(&rows[i]))
			}
			if err := c.admin(cmd.Context(), method, "latency", body, nil); err != nil {
				return c.failure("import "+args[0], err)
			}
			method = http.MethodPatch // the rest adds to the first
		}
		imported := strconv.Itoa(len(rows)) + " latencies"
		if len(rows) == 1 {
			imported = "1 latency"
		}
		return printf(cmd, "%s imported for the source %s\n", imported, source)
	})
	cmd.Flags().BoolVar(&merge, "merge", false, "keep what the file does not have")
	return cmd
}

func readLatencies(cmd *cobra.Command, path string) ([]geo.Latency, error) {
	in := cmd.InOrStdin()
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
		defer file.Close() //nolint:errcheck // only read from
		in = file
	}
	rows, err := geo.ReadLatencies(in)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", path, err)
	}
	return rows, nil
}
