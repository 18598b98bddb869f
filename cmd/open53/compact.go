package main

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newCompactCommand() *cobra.Command {
	s := &connection{}
	age := "30d"
	cmd := &cobra.Command{
		Use:   "compact",
		Short: "Drop old history that a backup holds",
		Long: `Drop events older than some days from a running server's log, if a backup that
"open53 backup" made and proved holds them. Zones stay as they are; versions from
before are no longer in history and cannot be reverted to, but the backup has them.`,
		Example: `  open53 backup -o /backup/open53-monday && open53 compact
  open53 compact --older-than 365d`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			older, err := parseAge(age)
			if err != nil {
				return err
			}
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			var out struct {
				UpTo uint64 `json:"dropped_up_to"`
			}
			before := map[string]time.Time{"before": time.Now().Add(-older).UTC()}
			if err := c.admin(cmd.Context(), http.MethodPost, "compact", before, &out); err != nil {
				return c.failure("compact", err)
			}
			if out.UpTo == 0 {
				return printf(cmd, "no events are older than %s\n", age)
			}
			return printf(cmd, "dropped events up to position %d\n", out.UpTo)
		},
	}
	cmd.Flags().StringVar(&age, "older-than", age, "drop what is older than `AGE`: days (30d) or 12h, 90m")
	s.register(cmd.Flags())
	return cmd
}

// parseAge reads a duration, in which d is a day.
func parseAge(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d, nil
	}
	return 0, usagef("--older-than %q: want days (30d) or a duration (12h)", text)
}
