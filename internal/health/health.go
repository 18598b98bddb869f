// Package health knows what health checks are, and what their status is.
//
// The Table is the one place where the health of the world meets the query
// path: probers and aggregators write it, queries read it.
package health
