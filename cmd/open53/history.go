package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"open53/cmd/open53/internal/awsjson"
	"open53/cmd/open53/internal/zonefile"
	"open53/internal/rdata"
	"open53/internal/route53api"
)

// historyPage is how many versions one request lists.
const historyPage = 100

func newHistoryCommand() *cobra.Command {
	s := &settings{}
	var limit int
	var kind string
	cmd := &cobra.Command{
		Use:   "history ZONE [VERSION]",
		Short: "Show what changed in a zone, when and by whom",
		Long: `Show the versions of a hosted zone, the newest first, or what one version
changed: lines with "-" went, lines with "+" came. A deleted zone has its history
still, under its id. With --of, the same of something else by its id: healthcheck,
cidrcollection, delegationset, trafficpolicy, trafficpolicyinstance or vpc. It needs
an open53 server.`,
		Example: `  open53 history example.com
  open53 history example.com 17
  open53 history example.com --limit 0 --output json
  open53 history --of healthcheck 4b4c5f5e-2f0b-4a59-9a3c-6c0f5d1b7a10`,
		Args:              arguments(1, 2),
		ValidArgsFunction: s.completeZone,
		RunE: func(cmd *cobra.Command, args []string) error {
			var version uint64
			if len(args) > 1 {
				var err error
				if version, err = parseVersion(args[1]); err != nil {
					return err
				}
			}
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			if kind != "" {
				return c.entityHistory(cmd, s, kind, args[0], version, limit)
			}
			ref, err := c.findPast(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if version > 0 {
				return c.showVersion(cmd, s, ref, version)
			}
			versions, err := c.history(cmd.Context(), ref, limit)
			if err != nil {
				return err
			}
			if s.output == formatJSON {
				return printPlainJSON(cmd, map[string]any{"versions": versions})
			}
			return printHistory(cmd, versions)
		},
	}
	cmd.Flags().StringVar(&kind, "of", "", "show what is of a `KIND`, by its id, instead of a zone")
	cmd.Flags().IntVar(&limit, "limit", 20, "show the newest `N` versions; 0 is all")
	s.register(cmd.Flags())
	registerOutputCompletion(cmd)
	return cmd
}

// findPast is findZone that takes the id of a deleted zone too, whose name is
// not known any more.
func (c *client) findPast(ctx context.Context, text string) (*zoneRef, error) {
	ref, err := c.findZone(ctx, text)
	var none *route53api.NoSuchHostedZone
	if isZoneID(text) && errors.As(err, &none) {
		return &zoneRef{id: zonefile.BareID(text), name: rdata.Root}, nil
	}
	return ref, err
}

func parseVersion(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return 0, usagef("version %q is no number from 1 up; \"open53 history ZONE\" lists them", text)
	}
	return n, nil
}

// history lists the newest versions, limit of them or all.
func (c *client) history(ctx context.Context, ref *zoneRef, limit int) ([]zoneVersion, error) {
	list := []zoneVersion{}
	var from uint64
	for {
		n := historyPage
		if limit > 0 {
			n = min(n, limit-len(list))
		}
		query := []string{"order=desc", fmt.Sprintf("limit=%d", n)}
		if from > 0 {
			query = append(query, fmt.Sprintf("from=%d", from))
		}
		var page zoneHistory
		if err := c.admin(ctx, http.MethodGet, zonePath(ref.id, "history", query...), nil, &page); err != nil {
			return nil, c.failure("history of "+ref.label(), err)
		}
		list = append(list, page.Versions...)
		if page.Next == 0 || len(page.Versions) == 0 || limit > 0 && len(list) >= limit {
			return list, nil
		}
		from = page.Next
	}
}

func printHistory(cmd *cobra.Command, versions []zoneVersion) error {
	t := newTable("VERSION", "TIME", "ACTOR", "OPERATION", "CHANGES", "COMMENT")
	for _, v := range versions {
		t.row(strconv.FormatUint(v.Version, 10), v.Time.UTC().Format("2006-01-02T15:04:05.000Z"),
			v.Actor, v.Operation, strconv.Itoa(len(v.Changes)), v.Comment)
	}
	return t.print(cmd.OutOrStdout())
}

// showVersion prints what one version changed.
func (c *client) showVersion(cmd *cobra.Command, s *settings, ref *zoneRef, version uint64) error {
	var page zoneHistory
	path := zonePath(ref.id, "history", "order=asc", "limit=1", fmt.Sprintf("from=%d", version))
	if err := c.admin(cmd.Context(), http.MethodGet, path, nil, &page); err != nil {
		return c.failure("history of "+ref.label(), err)
	}
	if len(page.Versions) == 0 || page.Versions[0].Version != version {
		return fmt.Errorf("history of %s: there is no version %d", ref.label(), version)
	}
	v := page.Versions[0]
	if s.output == formatJSON {
		return printPlainJSON(cmd, v)
	}
	err := printf(cmd, "version %d, %s, %s by %s, serial %d, change %s\n", v.Version, v.Time.UTC().Format("2006-01-02T15:04:05.000Z"), v.Operation, v.Actor, v.Serial, v.ChangeID)
	if err == nil && v.Comment != "" {
		err = printf(cmd, "%s\n", v.Comment)
	}
	if err != nil {
		return err
	}
	return printChanges(cmd, ref, v.Changes)
}

// printChanges prints the lines that go and those that come.
func printChanges(cmd *cobra.Command, ref *zoneRef, changes []setChange) error {
	var text []byte
	for _, change := range changes {
		before, err := decodeSet(change.Old, ref.id)
		if err != nil {
			return err
		}
		after, err := decodeSet(change.New, ref.id)
		if err != nil {
			return err
		}
		text = appendDiff(text, zonefile.Change{Old: before, New: after}, ref.name)
	}
	_, err := cmd.OutOrStdout().Write(text)
	return err
}

// decodeSet reads a record set in the shape of the AWS CLI; null is nil.
func decodeSet(raw json.RawMessage, zoneID string) (*zonefile.Set, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var set route53api.ResourceRecordSet
	if err := awsjson.Decode(raw, &set); err != nil {
		return nil, fmt.Errorf("read record set: %w", err)
	}
	return zonefile.FromAPI(&set, zoneID)
}

// printPlainJSON prints what is not of the Route 53 API.
func printPlainJSON(cmd *cobra.Command, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", strings.Repeat(" ", 4))
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := cmd.OutOrStdout().Write(b.Bytes())
	return err
}
