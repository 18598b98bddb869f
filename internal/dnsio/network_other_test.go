//go:build !linux

package dnsio

import "testing"

func ownNetwork(*testing.T) []string { return nil }
