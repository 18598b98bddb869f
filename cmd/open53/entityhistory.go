package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// entityVersion is a version of what is no hosted zone.
type entityVersion struct {
	Version   uint64          `json:"version"`
	Time      time.Time       `json:"time"`
	Actor     string          `json:"actor"`
	Operation string          `json:"operation"`
	ChangeID  string          `json:"change_id"`
	Deleted   bool            `json:"deleted,omitempty"`
	Document  json.RawMessage `json:"document"`
}

// entityHistory prints the versions of something by its kind and id, the newest
// first, or what one version made of it.
func (c *client) entityHistory(cmd *cobra.Command, s *settings, kind, id string, version uint64, limit int) error {
	versions, err := c.entityVersions(cmd, kind, id, version)
	if err != nil {
		return c.failure("history of "+kind+" "+id, err)
	}
	if version > 0 {
		if len(versions) == 0 || versions[0].Version != version {
			return fmt.Errorf("%s %s has no version %d", kind, id, version)
		}
		var text bytes.Buffer
		if err := json.Indent(&text, versions[0].Document, "", "  "); err != nil {
			return err
		}
		return printf(cmd, "%s\n", text.String())
	}
	slices.Reverse(versions)
	if limit > 0 {
		versions = versions[:min(limit, len(versions))]
	}
	if s.output == formatJSON {
		return printPlainJSON(cmd, map[string]any{"versions": versions})
	}
	t := newTable("VERSION", "TIME", "ACTOR", "OPERATION")
	for _, v := range versions {
		t.row(strconv.FormatUint(v.Version, 10), v.Time.UTC().Format("2006-01-02T15:04:05.000Z"), v.Actor, v.Operation)
	}
	return t.print(cmd.OutOrStdout())
}

// entityVersions are all versions, the oldest first, or one.
func (c *client) entityVersions(cmd *cobra.Command, kind, id string, version uint64) (all []entityVersion, err error) {
	for from := max(1, version); from > 0; {
		var page struct {
			Versions []entityVersion `json:"versions"`
			Next     uint64          `json:"next"`
		}
		path := fmt.Sprintf("history/%s/%s?from=%d&limit=1000", url.PathEscape(kind), url.PathEscape(id), from)
		if version > 0 {
			path = fmt.Sprintf("history/%s/%s?from=%d&limit=1", url.PathEscape(kind), url.PathEscape(id), from)
		}
		if err := c.admin(cmd.Context(), http.MethodGet, path, nil, &page); err != nil {
			return nil, err
		}
		all, from = append(all, page.Versions...), page.Next
		if version > 0 {
			break
		}
	}
	return all, nil
}

// revertEntity makes something what it was at a version.
func (c *client) revertEntity(cmd *cobra.Command, kind, id string, version uint64) error {
	path := fmt.Sprintf("history/%s/%s/revert", url.PathEscape(kind), url.PathEscape(id))
	var out struct {
		ChangeID string `json:"change_id"`
	}
	if err := c.admin(cmd.Context(), http.MethodPost, path, map[string]uint64{"version": version}, &out); err != nil {
		return c.failure(fmt.Sprintf("revert %s %s to version %d", kind, id, version), err)
	}
	return printf(cmd, "%s %s is what it was at version %d; change %s\n", kind, id, version, out.ChangeID)
}
