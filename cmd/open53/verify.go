package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/store/pebble"
)

func newVerifyCommand() *cobra.Command {
	s := &settings{}
	var data string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that a server's store is whole and unaltered",
		Long: `Recompute every hash chain and compare the state with a replay of the log, on the
running server or, with --data, in the directory of one that does not run. The
exit code is 1 if there are faults.`,
		Example: `  open53 verify
  open53 verify --data /var/lib/open53`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p := newProgress(cmd.ErrOrStderr(), "verify", "steps", 0)
			var report storeReport
			var err error
			if data != "" {
				report, err = verifyDirectory(cmd, data, p)
			} else {
				report, err = verifyServer(cmd, &s.connection, p)
			}
			p.finish()
			if err != nil {
				return err
			}
			return printReport(cmd, s, report)
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "check the data `DIR` of a server that does not run")
	s.register(cmd.Flags())
	registerOutputCompletion(cmd)
	return cmd
}

// storeReport is what a verification found.
type storeReport struct {
	Events   uint64   `json:"events"`
	Entities uint64   `json:"entities"`
	RRsets   uint64   `json:"rrsets"`
	Faults   []string `json:"faults"`
}

func verifyDirectory(cmd *cobra.Command, data string, p *progress) (storeReport, error) {
	directory := storeDirectory(data)
	if _, err := os.Stat(directory); err != nil { // Open would make a store
		return storeReport{}, fmt.Errorf("verify: %w", err)
	}
	s, err := pebble.Open(directory, pebble.Options{})
	if err != nil {
		return storeReport{}, fmt.Errorf("verify: %w", err)
	}
	r, err := s.Verify(cmd.Context(), p.to)
	if err = errors.Join(err, s.Close()); err != nil {
		return storeReport{}, fmt.Errorf("verify: %w", err)
	}
	return newStoreReport(r), nil
}

func newStoreReport(r store.Report) storeReport {
	if r.Faults == nil {
		r.Faults = []string{}
	}
	return storeReport{r.Events, r.Entities, r.RRsets, r.Faults}
}

// verifyServer follows the lines that the server sends while it verifies.
func verifyServer(cmd *cobra.Command, s *connection, p *progress) (storeReport, error) {
	c, err := s.connect(cmd.Context())
	if err != nil {
		return storeReport{}, err
	}
	resp, err := c.adminStream(cmd.Context(), http.MethodPost, "verify", nil)
	if err != nil {
		return storeReport{}, c.failure("verify", err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	for lines := json.NewDecoder(resp.Body); ; {
		var line struct {
			Done   uint64        `json:"done"`
			Total  uint64        `json:"total"`
			Report *storeReport  `json:"report"`
			Error  *adminProblem `json:"error"`
		}
		err := lines.Decode(&line)
		switch {
		case errors.Is(err, io.EOF):
			return storeReport{}, errors.New("verify: the server ended without a report")
		case err != nil:
			return storeReport{}, c.failure("verify", err)
		case line.Error != nil:
			return storeReport{}, c.failure("verify", &route53api.GenericError{ErrorCode: line.Error.Code, HTTPStatus: 500, Message: line.Error.Message})
		case line.Report != nil:
			return *line.Report, nil
		}
		p.to(line.Done, line.Total)
	}
}

func printReport(cmd *cobra.Command, s *settings, r storeReport) error {
	if s.output == formatJSON {
		if err := printPlainJSON(cmd, r); err != nil {
			return err
		}
	} else {
		for _, fault := range r.Faults {
			if err := printf(cmd, "%s\n", fault); err != nil {
				return err
			}
		}
		if err := printf(cmd, "%d events, %d entities, %d record sets: %s\n", r.Events, r.Entities, r.RRsets, plural(len(r.Faults), "fault")); err != nil {
			return err
		}
	}
	if len(r.Faults) > 0 {
		return fmt.Errorf("verify: the store has %s", plural(len(r.Faults), "fault"))
	}
	return nil
}
