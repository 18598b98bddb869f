package route53

import (
	"context"
	"fmt"
	"io"
	"sync"

	"open53/internal/access"
)

// The first letters of ids, by which people tell them apart.
const (
	zoneIDLetter          = 'Z'
	changeIDLetter        = 'C'
	delegationSetIDLetter = 'N'
)

// idDigits is how many characters of an id are random: 36^20 is 2^103.
const idDigits = 20

// idSource makes ids.
type idSource struct {
	mu     sync.Mutex // guards random
	random io.Reader
}

// next is a new id: the letter and 20 upper-case letters and digits.
func (s *idSource) next(letter byte) (string, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	const fair = 256 - 256%len(alphabet) // bytes from here on would prefer the first characters
	id := make([]byte, 1, 1+idDigits)
	id[0] = letter
	var buffer [idDigits + 4]byte // few bytes are unfair
	for len(id) < cap(id) {
		if err := s.read(buffer[:]); err != nil {
			return "", fmt.Errorf("make id: %w", err)
		}
		for _, b := range buffer {
			if int(b) < fair && len(id) < cap(id) {
				id = append(id, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(id), nil
}

// nextUUID is a new id of those resources that have UUIDs (RFC 9562, version 4).
func (s *idSource) nextUUID() (string, error) {
	var b [16]byte
	if err := s.read(b[:]); err != nil {
		return "", fmt.Errorf("make id: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

func (s *idSource) read(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := io.ReadFull(s.random, b)
	return err
}

// localActor is who asks where no request was authenticated.
const localActor = "system:local"

// actor is who asks, as events name them.
func actor(ctx context.Context) string {
	if caller, ok := access.CallerFrom(ctx); ok {
		return caller.AccessKeyID
	}
	return localActor
}

// account is the id of the account that asks.
func (s *Service) account(ctx context.Context) string {
	if caller, ok := access.CallerFrom(ctx); ok {
		return caller.AccountID
	}
	return s.cfg.AccountID
}
