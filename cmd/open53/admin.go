package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"open53/internal/route53api"
)

// adminPrefix begins the paths of what the Route 53 API has no operation for.
const adminPrefix = "/open53/v1/"

// The types of the admin API, as far as the CLI uses them.
type (
	zoneHistory struct {
		Versions []zoneVersion `json:"versions"`
		Next     uint64        `json:"next"` // the version that the next page begins at; 0 at the end
	}
	zoneVersion struct {
		Version   uint64      `json:"version"`
		Time      time.Time   `json:"time"`
		Actor     string      `json:"actor"`
		Operation string      `json:"operation"`
		ChangeID  string      `json:"change_id"`
		Comment   string      `json:"comment"`
		Serial    uint32      `json:"serial"`
		Changes   []setChange `json:"changes"`
	}
	setChange struct {
		Action        string          `json:"action"`
		Name          string          `json:"name"`
		Type          string          `json:"type"`
		SetIdentifier string          `json:"set_identifier,omitempty"`
		Old           json.RawMessage `json:"old"` // in the shape of the AWS CLI, or null
		New           json.RawMessage `json:"new"`
	}
	revertRequest struct {
		Version uint64 `json:"version"`
		Comment string `json:"comment,omitempty"`
		DryRun  bool   `json:"dry_run,omitempty"`
	}
	revertPreview struct {
		Changes []setChange `json:"changes"`
	}
	revertResult struct {
		ChangeID string `json:"change_id"`
		Version  uint64 `json:"version"`
		Changes  int    `json:"changes"`
	}
	zoneSettings struct {
		SerialMode string `json:"serial_mode"`
	}
	adminProblem struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
)

// noAdmin is the code of the error that a server without the admin API gives.
const noAdmin = "NoAdminAPI"

// admin calls the admin API. in and out may be nil. Errors of the server are
// route53api.APIError.
func (c *client) admin(ctx context.Context, method, path string, in, out any) error {
	resp, err := c.adminStream(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return fmt.Errorf("read answer of %s: %w", path, err)
	}
	return nil
}

// adminStream is admin for answers that the caller reads, and closes.
func (c *client) adminStream(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, c.Endpoint+adminPrefix+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if err := c.Sign(r, body); err != nil {
		return nil, err
	}
	resp, err := c.HTTP.Do(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	return nil, c.adminError(resp)
}

func (c *client) adminError(resp *http.Response) error {
	var document struct {
		Error adminProblem `json:"error"`
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err == nil && json.Unmarshal(text, &document) == nil && document.Error.Code != "" {
		return &route53api.GenericError{ErrorCode: document.Error.Code, HTTPStatus: resp.StatusCode, Message: document.Error.Message}
	}
	return &route53api.GenericError{
		ErrorCode: noAdmin, HTTPStatus: resp.StatusCode,
		Message: fmt.Sprintf("%s is no open53 server, or a proxy is before it (status %d)", c.Endpoint, resp.StatusCode),
	}
}

// zonePath is a path below a zone.
func zonePath(zoneID, what string, query ...string) string {
	path := "zones/" + url.PathEscape(zoneID) + "/" + what
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	return path
}

// zoneVersion is the newest version of a zone; 0 where the server does not
// keep a history.
func (c *client) zoneVersion(ctx context.Context, zoneID string) uint64 {
	var page zoneHistory
	if c.admin(ctx, http.MethodGet, zonePath(zoneID, "history", "limit=1", "order=desc"), nil, &page) != nil || len(page.Versions) == 0 {
		return 0
	}
	return page.Versions[0].Version
}
