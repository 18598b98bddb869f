package access

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// adminProfile is the profile whose key is the account's root.
const adminProfile = "default"

// Caller is who made a request.
type Caller struct {
	AccountID   string
	ARN         string // arn:aws:iam::ACCOUNT:root, or …:user/PROFILE
	UserID      string // the account id for root, AIDA… for a user
	AccessKeyID string
	// Actions are patterns of what the caller may do: "*",
	// "route53:*", "route53:List*". Not to be changed.
	Actions []string
}

// everything is the admin's permission.
var everything = []string{"*"}

func newCaller(accountID string, key Key) Caller {
	c := Caller{AccountID: accountID, AccessKeyID: key.ID, Actions: key.Actions}
	if key.Profile == adminProfile {
		c.ARN, c.UserID = "arn:aws:iam::"+accountID+":root", accountID
		return c
	}
	c.ARN, c.UserID = "arn:aws:iam::"+accountID+":user/"+key.Profile, userID(key.Profile)
	return c
}

// userID is AWS-like and the same on every node: AIDA and 17 characters that
// follow from the name.
func userID(name string) string {
	sum := sha256.Sum256([]byte("user/" + name))
	return "AIDA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

// Authorize says whether the caller may do an action: "route53:GetHostedZone",
// "open53:Write". The zero Caller may do nothing. Errors: *Error with the code
// AccessDenied.
func (c Caller) Authorize(action string) error {
	for _, pattern := range c.Actions {
		if matches(pattern, action) {
			return nil
		}
	}
	return Denied(c, action)
}

// matches compares as IAM does: without regard to case, * for any text, ? for
// one character.
func matches(pattern, action string) bool {
	pattern, action = strings.ToLower(pattern), strings.ToLower(action)
	star, retry := -1, 0 // where the last * was, and where its text may end next
	p, a := 0, 0
	for a < len(action) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, retry = p, a
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == action[a]):
			p++
			a++
		case star >= 0:
			retry++
			p, a = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
