package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"open53/internal/route53api"
)

// failure says in one line what was attempted, why it did not work, and what
// to do about it where that is known.
func (c *client) failure(doing string, err error) error {
	var api route53api.APIError
	var network net.Error
	switch {
	case errors.As(err, &api):
		return fmt.Errorf("%s: %w%s", doing, err, c.advice(api))
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: interrupted: %w", doing, context.Canceled)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: no server answers at %s: start one (\"open53 dev\" or \"open53 serve\"), or say where it is with --endpoint or AWS_ENDPOINT_URL", doing, c.Endpoint)
	case errors.As(err, &network) && network.Timeout():
		return fmt.Errorf("%s: the server at %s does not answer in time: %w", doing, c.Endpoint, reason(err))
	}
	return fmt.Errorf("%s: %w", doing, reason(err))
}

// reason is an error without the request that led to it, which is said already.
func reason(err error) error {
	if at, ok := errors.AsType[*url.Error](err); ok {
		return at.Err
	}
	return err
}

// advice is what to do about an error of the API; most need none.
func (c *client) advice(err route53api.APIError) string {
	switch err.Code() {
	case "HostedZoneAlreadyExists":
		return " (choose another --caller-reference)"
	case "HostedZoneNotEmpty":
		return " (--force deletes its records too)"
	case "NoSuchHostedZone":
		return " (\"open53 zone list\" shows those there are)"
	case "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException":
		return c.credentialAdvice()
	case "ConflictingDomainExists":
		return " (zones of one name cannot share a delegation set or a VPC)"
	}
	return ""
}

func (c *client) credentialAdvice() string {
	text := fmt.Sprintf(" (the credentials come from %s", c.source)
	if own := ownCredentials(); c.local && own != c.source {
		if _, err := os.Stat(own); err == nil {
			if full, err := filepath.Abs(own); err == nil {
				own = full
			}
			return text + fmt.Sprintf("; the server's own are in %s: export AWS_SHARED_CREDENTIALS_FILE=%s)", own, own)
		}
	}
	return text + "; choose others with --profile or AWS_PROFILE)"
}
