// Package apiclient makes clients of the Route 53 API that cost little: plain
// HTTP on connections that stay open, requests signed with Signature Version 4.
package apiclient

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"open53/internal/route53api"
	"open53/internal/sigv4"
)

// New returns a client of the server at endpoint ("http://127.0.0.1:4566"). It
// is safe for concurrent use, and keeps up to 256 connections open.
func New(endpoint string, credentials sigv4.Credentials) *route53api.Client {
	var signer sigv4.Signer
	return &route53api.Client{
		Endpoint: endpoint,
		HTTP:     &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: time.Minute},
		Sign: func(r *http.Request, body []byte) error {
			return signer.Sign(r, body, credentials, "us-east-1", "route53", time.Now())
		},
	}
}

// Credentials reads the first profile of a credentials file as open53 serve
// writes it.
func Credentials(path string) (sigv4.Credentials, error) {
	file, err := os.Open(path)
	if err != nil {
		return sigv4.Credentials{}, err
	}
	defer func() { _ = file.Close() }()
	var c sigv4.Credentials
	for lines := bufio.NewScanner(file); lines.Scan() && (c.AccessKeyID == "" || c.SecretAccessKey == ""); {
		name, value, _ := strings.Cut(lines.Text(), "=")
		switch strings.TrimSpace(name) {
		case "aws_access_key_id":
			c.AccessKeyID = strings.TrimSpace(value)
		case "aws_secret_access_key":
			c.SecretAccessKey = strings.TrimSpace(value)
		}
	}
	if c.AccessKeyID == "" || c.SecretAccessKey == "" {
		return sigv4.Credentials{}, fmt.Errorf("%s holds no key", path)
	}
	return c, nil
}

// Upsert is a change that sets the one A record of a name.
func Upsert(name, address string) route53api.Change {
	return route53api.Change{
		Action: route53api.ChangeActionUpsert,
		ResourceRecordSet: route53api.ResourceRecordSet{
			Name: name, Type: route53api.RRTypeA, TTL: new(int64(60)),
			ResourceRecords: []route53api.ResourceRecord{{Value: address}},
		},
	}
}
