package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// The types of the admin API, as far as the CLI uses them.
type (
	healthPage struct {
		Checks []json.RawMessage `json:"checks"`
		Next   string            `json:"next"`
	}
	healthCheck struct {
		ID               string        `json:"id"`
		Name             string        `json:"name"`
		Type             string        `json:"type"`
		Endpoint         string        `json:"endpoint"`
		Healthy          bool          `json:"healthy"`
		Disabled         bool          `json:"disabled"`
		Inverted         bool          `json:"inverted"`
		Since            *time.Time    `json:"since"`
		Cause            string        `json:"cause"`
		Against          int           `json:"against"`
		FailureThreshold int           `json:"failure_threshold"`
		Interval         int           `json:"interval"`
		NextProbe        *time.Time    `json:"next_probe"`
		Last             *healthResult `json:"last"`
		LastFailure      *healthResult `json:"last_failure"`
		Children         int           `json:"children"`
		HealthyChildren  int           `json:"healthy_children"`
		AlarmState       string        `json:"alarm_state"`
		History          []healthFlip  `json:"history"`
	}
	healthResult struct {
		Time    time.Time `json:"time"`
		Success bool      `json:"success"`
		Text    string    `json:"text"`
		Checker string    `json:"checker"`
	}
	healthFlip struct {
		Time    time.Time `json:"time"`
		ID      string    `json:"id"`
		Healthy bool      `json:"healthy"`
		Cause   string    `json:"cause"`
	}
	recoveryControl struct {
		ARN   string `json:"arn"`
		State string `json:"state"`
	}
)

const cliTime = "2006-01-02T15:04:05.000Z"

func newHealthCommand() *cobra.Command {
	return newGroup("health", "Show health checks and what they say", `  open53 health list --status unhealthy
  open53 health show 1f2e3d4c-aaaa-4bbb-8ccc-0123456789ab
  open53 health watch
  open53 health control arn:aws:route53-recovery-control::1:controlpanel/1/routingcontrol/1 off`,
		newHealthListCommand(), newHealthShowCommand(), newHealthWatchCommand(), newHealthControlCommand())
}

func newHealthListCommand() *cobra.Command {
	s := &settings{}
	var status string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List health checks with their status",
		Example: "  open53 health list --status unhealthy",
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			all := []json.RawMessage{}
			t := newTable("ID", "NAME", "TYPE", "STATUS", "SINCE", "ENDPOINT", "LAST RESULT")
			for after := ""; ; {
				var page healthPage
				path := "health?limit=1000&status=" + url.QueryEscape(status) + "&after=" + url.QueryEscape(after)
				if err := c.admin(cmd.Context(), http.MethodGet, path, nil, &page); err != nil {
					return c.failure("health list", err)
				}
				for _, raw := range page.Checks {
					var check healthCheck
					if err := json.Unmarshal(raw, &check); err != nil {
						return fmt.Errorf("health list: read answer: %w", err)
					}
					t.row(check.ID, check.Name, check.Type, check.status(), timeCell(check.Since), check.Endpoint, check.latest())
				}
				all = append(all, page.Checks...)
				if after = page.Next; after == "" {
					break
				}
			}
			if s.output == formatJSON {
				return printPlainJSON(cmd, map[string]any{"checks": all})
			}
			return t.print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&status, "status", "", "only checks that are healthy, unhealthy or disabled")
	s.register(cmd.Flags())
	registerOutputCompletion(cmd)
	return cmd
}

// status is what is published, and whether anybody looks.
func (h *healthCheck) status() string {
	text := "unhealthy"
	if h.Healthy {
		text = "healthy"
	}
	if h.Disabled {
		text += " (disabled)"
	}
	return text
}

// latest is what was seen last.
func (h *healthCheck) latest() string {
	switch {
	case h.Last != nil:
		return h.Last.Text
	case h.Type == "CALCULATED":
		return fmt.Sprintf("%d of %d children are healthy", h.HealthyChildren, h.Children)
	}
	return h.AlarmState
}

func timeCell(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(cliTime)
}

func newHealthShowCommand() *cobra.Command {
	s := &settings{}
	cmd := &cobra.Command{
		Use:     "show ID",
		Short:   "Show a health check, its last results and its last changes",
		Example: "  open53 health show 1f2e3d4c-aaaa-4bbb-8ccc-0123456789ab --output json",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			var raw json.RawMessage
			if err := c.admin(cmd.Context(), http.MethodGet, "health/"+url.PathEscape(args[0]), nil, &raw); err != nil {
				return c.failure("health show", err)
			}
			if s.output == formatJSON {
				return printPlainJSON(cmd, raw)
			}
			var check healthCheck
			if err := json.Unmarshal(raw, &check); err != nil {
				return fmt.Errorf("health show: read answer: %w", err)
			}
			return check.print(cmd)
		},
	}
	s.register(cmd.Flags())
	registerOutputCompletion(cmd)
	return cmd
}

// print prints what there is to say, a line each, and the history behind it.
func (h *healthCheck) print(cmd *cobra.Command) error {
	t := newTable("ID", h.ID)
	add := func(name, text string) {
		if text != "" {
			t.row(name, text)
		}
	}
	add("NAME", h.Name)
	add("TYPE", h.Type)
	add("ENDPOINT", h.Endpoint)
	add("STATUS", h.status())
	add("SINCE", timeCell(h.Since))
	add("CAUSE", h.Cause)
	if h.Interval > 0 {
		add("PROBED", fmt.Sprintf("every %d s; %d results in a row change the status, %d so far", h.Interval, h.FailureThreshold, h.Against))
	}
	add("NEXT PROBE", timeCell(h.NextProbe))
	if h.Inverted {
		add("INVERTED", "yes")
	}
	if h.Type == "CALCULATED" {
		add("CHILDREN", strconv.Itoa(h.Children)+", healthy "+strconv.Itoa(h.HealthyChildren))
	}
	add("ALARM", h.AlarmState)
	for _, r := range []struct {
		name string
		*healthResult
	}{{"LAST", h.Last}, {"LAST FAILURE", h.LastFailure}} {
		if r.healthResult != nil {
			add(r.name, timeCell(&r.Time)+" "+r.Text)
		}
	}
	if err := t.print(cmd.OutOrStdout()); err != nil || len(h.History) == 0 {
		return err
	}
	history := newTable("TIME", "STATUS", "CAUSE")
	for _, f := range h.History {
		history.row(timeCell(&f.Time), f.status(), f.Cause)
	}
	if err := printf(cmd, "\n"); err != nil {
		return err
	}
	return history.print(cmd.OutOrStdout())
}

func (f *healthFlip) status() string { return (&healthCheck{Healthy: f.Healthy}).status() }

func newHealthWatchCommand() *cobra.Command {
	s := &settings{}
	cmd := &cobra.Command{
		Use:     "watch",
		Short:   "Print changes of status as they happen, until interrupted",
		Example: "  open53 health watch --output json",
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			resp, err := c.adminStream(cmd.Context(), http.MethodGet, "health/watch", nil)
			if err != nil {
				return c.failure("health watch", err)
			}
			defer resp.Body.Close() //nolint:errcheck // only read from
			for lines := json.NewDecoder(resp.Body); ; {
				var raw json.RawMessage
				if err := lines.Decode(&raw); err != nil {
					if errors.Is(err, io.EOF) || cmd.Context().Err() != nil {
						return nil // the server stops, or the user does
					}
					return fmt.Errorf("health watch: %w", err)
				}
				if err := printFlip(cmd, s.output, raw); err != nil {
					return err
				}
			}
		},
	}
	s.register(cmd.Flags())
	registerOutputCompletion(cmd)
	return cmd
}

func printFlip(cmd *cobra.Command, output format, raw json.RawMessage) error {
	if output == formatJSON {
		return printf(cmd, "%s\n", raw)
	}
	var f healthFlip
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("health watch: read answer: %w", err)
	}
	return printf(cmd, "%s  %s  %-9s  %s\n", timeCell(&f.Time), f.ID, f.status(), f.Cause)
}

func newHealthControlCommand() *cobra.Command {
	s := &settings{}
	cmd := &cobra.Command{
		Use:   "control [ARN [on|off]]",
		Short: "List or switch the routing controls of RECOVERY_CONTROL checks",
		Example: `  open53 health control
  open53 health control arn:aws:route53-recovery-control::1:controlpanel/1/routingcontrol/1 on`,
		Args: arguments(0, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			var answer struct {
				Controls []recoveryControl `json:"recovery_controls"`
				recoveryControl
			}
			method, path := http.MethodGet, "recovery-controls"
			var in any
			if len(args) > 0 {
				path += "/" + url.PathEscape(args[0])
			}
			if len(args) > 1 {
				if state := strings.ToLower(args[1]); state != "on" && state != "off" {
					return usagef("a routing control is switched on or off, not %q", args[1])
				}
				method, in = http.MethodPost, map[string]string{"state": args[1]}
			}
			if err := c.admin(cmd.Context(), method, path, in, &answer); err != nil {
				return c.failure("health control", err)
			}
			if len(args) > 0 {
				answer.Controls = []recoveryControl{answer.recoveryControl}
			}
			if s.output == formatJSON {
				return printPlainJSON(cmd, map[string]any{"recovery_controls": answer.Controls})
			}
			t := newTable("ROUTING CONTROL", "STATE")
			for _, control := range answer.Controls {
				t.row(control.ARN, control.State)
			}
			return t.print(cmd.OutOrStdout())
		},
	}
	s.register(cmd.Flags())
	registerOutputCompletion(cmd)
	return cmd
}
