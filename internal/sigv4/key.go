package sigv4

import (
	"container/list"
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"sync"
)

// maxKeys is how many derived keys a cache holds. One client uses one per day
// and service.
const maxKeys = 256

// keyID is everything that a derived key depends on. The secret is part of it:
// an access key whose secret changes must not keep its old derived keys.
type keyID struct {
	accessKeyID, secret string
	scope               Scope
}

// keyCache holds derived keys, the least recently used leaving first.
type keyCache struct {
	mu      sync.Mutex
	entries map[keyID]*list.Element // of *derivedKey
	recent  list.List               // most recently used in front
}

type derivedKey struct {
	id  keyID
	key [sha256.Size]byte
}

// key returns the signing key of id, deriving it if need be.
func (c *keyCache) key(id keyID) [sha256.Size]byte {
	c.mu.Lock()
	if e, ok := c.entries[id]; ok {
		c.recent.MoveToFront(e)
		c.mu.Unlock()
		return e.Value.(*derivedKey).key
	}
	c.mu.Unlock()

	key := id.derive()
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[id]; ok { // another request was faster
		return key
	}
	if c.entries == nil {
		c.entries = make(map[keyID]*list.Element)
	}
	if c.recent.Len() >= maxKeys {
		oldest := c.recent.Back()
		delete(c.entries, oldest.Value.(*derivedKey).id)
		c.recent.Remove(oldest)
	}
	id = id.clone()
	c.entries[id] = c.recent.PushFront(&derivedKey{id, key})
	return key
}

// clone detaches the id from the request whose header its strings point into.
func (id keyID) clone() keyID {
	return keyID{strings.Clone(id.accessKeyID), strings.Clone(id.secret), Scope{
		strings.Clone(id.scope.Date), strings.Clone(id.scope.Region), strings.Clone(id.scope.Service),
	}}
}

func (id keyID) derive() (key [sha256.Size]byte) {
	k := sum([]byte("AWS4"+id.secret), id.scope.Date)
	k = sum(k, id.scope.Region)
	k = sum(k, id.scope.Service)
	copy(key[:], sum(k, terminator))
	return key
}

func sum(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
