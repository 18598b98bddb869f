package kv

import (
	"open53/internal/event"
	"open53/internal/store"
)

// headCache keeps the heads that were used lately: two generations, of which
// the older one is dropped when the younger one is full. Only the committer
// uses it.
type headCache struct {
	limit      int // heads per generation
	young, old map[event.Key]store.Head
}

func newHeadCache(limit int) *headCache {
	return &headCache{limit: limit, young: make(map[event.Key]store.Head), old: nil}
}

func (c *headCache) lookup(key event.Key) (store.Head, bool) {
	if head, found := c.young[key]; found {
		return head, true
	}
	head, found := c.old[key]
	if found {
		c.put(head)
	}
	return head, found
}

func (c *headCache) put(head store.Head) {
	if len(c.young) >= c.limit {
		c.young, c.old = make(map[event.Key]store.Head, c.limit), c.young
	}
	c.young[head.Key] = head
}
