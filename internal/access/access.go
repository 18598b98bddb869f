// Package access says who made a request and what they may do: access keys,
// callers and permission decisions.
//
// Keys come from one credentials file in AWS's profile format (KeyFile), which
// is read again when it changes:
//
//	[default]                       the admin: the account's root
//	aws_access_key_id = AKIA…
//	aws_secret_access_key = …
//
//	[ci]                            user/ci
//	aws_access_key_id = …
//	aws_secret_access_key = …
//	open53_actions = route53:Get* route53:List*
//	aws_account_id = 111122223333  another account than the site's
//
// An Authenticator turns a signed request into a Caller: Parse, Identify (is
// the key known, is the scope right; needs no body) and Verify (is the
// signature genuine; needs the body), or Authenticate for all three. What a
// caller may do is asked of Caller.Authorize. Refusals are *Error, in AWS's
// words.
//
// Invariant: in mode Strict no Caller exists without a verified signature.
// Everything here is safe for concurrent use; a lookup takes no lock.
package access

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"open53/internal/sigv4"
)

// DefaultAccountID is the account of a site that names no other.
const DefaultAccountID = "000000000000"

// Mode is how much proof a request needs.
type Mode uint8

const (
	// Strict wants a genuine signature by a known key.
	Strict Mode = iota
	// Any takes every well-formed credentials and asks for no proof. It is
	// for laptops and CI, on the loopback interface. An unknown key id of 12
	// digits is the account of that number.
	Any
)

// Options configure an Authenticator.
type Options struct {
	Mode      Mode
	AccountID string // 12 digits; empty is DefaultAccountID
	// Keys are the known keys. Needed in mode Strict; in mode Any they only
	// give names to callers.
	Keys Keys
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Keys finds access keys.
type Keys interface {
	Lookup(accessKeyID string, now time.Time) (Key, bool)
}

// Key is an access key.
type Key struct {
	ID      string
	Secret  string
	Profile string   // name of the profile; "default" is the admin
	Actions []string // what it may do, e.g. "route53:List*"
	Account string   // 12 digits; empty is the site's
}

// String leaves the secret out, so that a key may be logged.
func (k Key) String() string { return k.Profile + "/" + k.ID }

// Authenticator authenticates requests.
type Authenticator struct {
	mode      Mode
	accountID string
	keys      Keys
	now       func() time.Time
	verifier  sigv4.Verifier
}

// New makes an Authenticator.
func New(o Options) *Authenticator {
	a := &Authenticator{mode: o.Mode, accountID: o.AccountID, keys: o.Keys, now: o.Now}
	if a.accountID == "" {
		a.accountID = DefaultAccountID
	}
	if a.now == nil {
		a.now = time.Now
	}
	return a
}

// Identity is a claim whose key is known. It is not proven yet.
type Identity struct {
	claim sigv4.Claim
	key   Key
}

// Parse reads the credentials of a request. The claim's scope says which
// service the client meant to address. Errors: *Error with the code
// MissingAuthenticationToken or IncompleteSignature.
func (a *Authenticator) Parse(r *http.Request) (sigv4.Claim, error) {
	claim, err := sigv4.Parse(r)
	if err != nil {
		return claim, refusal(err)
	}
	return claim, nil
}

// Identify looks up the key of a claim. The request must be addressed to one
// of services (signing names); with none named, any will do. It needs no body:
// strangers are turned away before theirs is read.
func (a *Authenticator) Identify(claim sigv4.Claim, services ...string) (Identity, error) {
	var key Key
	known := false
	if a.keys != nil {
		key, known = a.keys.Lookup(claim.AccessKeyID, a.now())
	}
	if a.mode == Any {
		if !known {
			key = Key{ID: strings.Clone(claim.AccessKeyID), Profile: adminProfile, Actions: everything}
			if validAccount(key.ID) { // as emulators of AWS have it
				key.Account = key.ID
			}
		}
		return Identity{claim, key}, nil
	}
	if len(services) > 0 && !slices.Contains(services, claim.Scope.Service) {
		return Identity{}, wrongService(services[0])
	}
	// Session tokens belong to temporary keys, and there are none.
	if !known || claim.SessionToken != "" {
		return Identity{}, errUnknownKey
	}
	return Identity{claim, key}, nil
}

// Verify proves an identity by the request's signature over this body.
func (a *Authenticator) Verify(id *Identity, r *http.Request, body []byte) (Caller, error) {
	if a.mode != Any {
		if err := a.verifier.Verify(&id.claim, id.key.Secret, r, body, a.now()); err != nil {
			return Caller{}, refusal(err)
		}
	}
	return newCaller(cmp.Or(id.key.Account, a.accountID), id.key), nil
}

// Authenticate is Parse, Identify and Verify in one.
func (a *Authenticator) Authenticate(r *http.Request, body []byte, services ...string) (Caller, error) {
	claim, err := a.Parse(r)
	if err != nil {
		return Caller{}, err
	}
	id, err := a.Identify(claim, services...)
	if err != nil {
		return Caller{}, err
	}
	return a.Verify(&id, r, body)
}
