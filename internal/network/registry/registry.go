// Package registry keeps networks in the store: it reads them from views and
// changes them by events, one entity per network.
//
// Two ways lead here, the EC2 API and open53's own; both find the same
// networks. A change is decided on the newest network and appended; if another
// one came in between, it is decided again. When a change returns, it is
// durable, and in use by DNS unless that takes longer than a moment.
//
// A Registry holds no state of its own and is safe for concurrent use.
package registry

import (
	"context"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"open53/internal/access"
	"open53/internal/event"
	"open53/internal/network"
	"open53/internal/store"
)

// Errors that callers act on.
var (
	// ErrNotFound: there is no network with that id.
	ErrNotFound = errors.New("no such VPC")
	// ErrExists: there is one already.
	ErrExists = errors.New("the VPC exists already")
	// ErrInvalid: the network is not what network.Validate asks for.
	ErrInvalid = errors.New("invalid VPC")
)

// Config is what a Registry needs.
type Config struct {
	Store  store.Store
	Now    func() time.Time
	Random io.Reader // of ids
	// Published returns when DNS shows a position; nil does not wait.
	Published func(ctx context.Context, position uint64) error
}

// publishTime bounds how long a change waits for DNS to show it.
const publishTime = 2 * time.Second

// maxAttempts bounds how often one change is decided.
const maxAttempts = 16

// Registry reads and changes networks.
type Registry struct {
	config Config
	mu     sync.Mutex // guards config.Random
}

// New returns a Registry.
func New(c Config) *Registry { return &Registry{config: c} }

func key(id string) event.Key { return event.Key{Kind: event.KindNetwork, ID: id} }

func read(head store.Head) (*network.Network, error) {
	if !head.Exists() {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, head.Key.ID)
	}
	n := new(network.Network)
	if err := event.DecodeDocument(head.Document, n); err != nil {
		return nil, fmt.Errorf("network %s: %w", head.Key.ID, err)
	}
	return n, nil
}

// Find returns a network. Error: ErrNotFound.
func (r *Registry) Find(id string) (*network.Network, error) {
	if id == "" {
		return nil, ErrNotFound
	}
	view := r.config.Store.View()
	defer view.Close()
	head, err := view.Head(key(id))
	if err != nil {
		return nil, err
	}
	return read(head)
}

// List returns the networks that keep admits, by id from the id start on: at
// most limit of them (0 is all), and the id that the next page begins with, or
// "".
func (r *Registry) List(start string, limit int, keep func(*network.Network) bool) (page []*network.Network, next string, err error) {
	view := r.config.Store.View()
	defer view.Close()
	for entry, err := range view.List(event.IndexID(event.KindNetwork), nil, []byte(start)) {
		if err != nil {
			return nil, "", err
		}
		n, err := read(entry.Head)
		if err != nil {
			return nil, "", err
		}
		if keep != nil && !keep(n) {
			continue
		}
		if limit > 0 && len(page) == limit {
			return page, n.ID, nil
		}
		page = append(page, n)
	}
	return page, "", nil
}

// Update gives a network its next state. change gets the present one, nil if
// there is none, and returns the next one, nil to delete it, or the present
// one to leave it; it may be called several times. operation says in the
// history what happened. Errors: those of change, ErrInvalid, those of the
// store.
func (r *Registry) Update(ctx context.Context, operation, id string, change func(old *network.Network) (*network.Network, error)) (*network.Network, error) {
	changeID, err := r.newChangeID()
	if err != nil {
		return nil, err
	}
	for range maxAttempts {
		made, position, err := r.attempt(ctx, operation, changeID, id, change)
		if conflict := new(store.Conflict); errors.As(err, &conflict) {
			continue
		}
		if err != nil {
			return nil, err
		}
		r.await(ctx, position)
		return made, nil
	}
	return nil, fmt.Errorf("change VPC %s: others keep changing it: %w", id, store.ErrUnavailable)
}

func (r *Registry) attempt(ctx context.Context, operation, changeID, id string, change func(*network.Network) (*network.Network, error)) (*network.Network, uint64, error) {
	head, err := r.head(id)
	if err != nil {
		return nil, 0, err
	}
	var old *network.Network
	if head.Exists() {
		if old, err = read(head); err != nil {
			return nil, 0, err
		}
	}
	next, err := change(old)
	if err != nil || next == old {
		return old, 0, err
	}
	e := &event.Event{
		Key: key(id), Version: head.Version + 1, Prev: head.Hash, Time: r.config.Now().UnixMilli(),
		ChangeID: changeID, Actor: actor(ctx), Operation: operation, Deleted: next == nil,
	}
	if next != nil {
		if err := next.Validate(); err != nil {
			return nil, 0, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		if e.Document, err = event.EncodeDocument(next); err != nil {
			return nil, 0, err
		}
	}
	position, err := r.config.Store.Append(ctx, []*event.Event{e})
	return next, position, err
}

func (r *Registry) head(id string) (store.Head, error) {
	view := r.config.Store.View()
	defer view.Close()
	return view.Head(key(id))
}

// await lets DNS catch up. The change is made, whether it does or not.
func (r *Registry) await(ctx context.Context, position uint64) {
	if r.config.Published == nil || position == 0 {
		return
	}
	ctx, stop := context.WithTimeout(ctx, publishTime)
	defer stop()
	_ = r.config.Published(ctx, position)
}

// Create stores a new network. Error: ErrExists.
func (r *Registry) Create(ctx context.Context, operation string, n *network.Network) error {
	_, err := r.Update(ctx, operation, n.ID, func(old *network.Network) (*network.Network, error) {
		if old != nil {
			return nil, fmt.Errorf("%w: %s", ErrExists, n.ID)
		}
		return n, nil
	})
	return err
}

// Delete ends a network. Error: ErrNotFound.
func (r *Registry) Delete(ctx context.Context, operation, id string) error {
	_, err := r.Update(ctx, operation, id, func(old *network.Network) (*network.Network, error) {
		if old == nil {
			return nil, fmt.Errorf("%w: %s", ErrNotFound, id)
		}
		return nil, nil
	})
	return err
}

// Now is the time for Network.Created.
func (r *Registry) Now() int64 { return r.config.Now().UnixMilli() }

// NewID draws an id: a prefix ("vpc-", "vpc-cidr-assoc-") and 17 hexadecimal
// digits.
func (r *Registry) NewID(prefix string) (string, error) {
	var b [9]byte
	if err := r.Draw(b[:]); err != nil {
		return "", err
	}
	return prefix + hex.EncodeToString(b[:])[:17], nil
}

// newChangeID draws an id as Route 53's changes have it: C and 20 characters.
func (r *Registry) newChangeID() (string, error) {
	var b [13]byte
	if err := r.Draw(b[:]); err != nil {
		return "", err
	}
	return "C" + base32.StdEncoding.EncodeToString(b[:])[:20], nil
}

// Draw fills b with random bytes.
func (r *Registry) Draw(b []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := io.ReadFull(r.config.Random, b); err != nil {
		return fmt.Errorf("draw random bytes: %w", err)
	}
	return nil
}

// actor is who asks, as events name them.
func actor(ctx context.Context) string {
	if caller, ok := access.CallerFrom(ctx); ok {
		return caller.AccessKeyID
	}
	return "system:local"
}
