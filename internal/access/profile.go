package access

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
)

// minSecret is the shortest secret that a file may hold, in bytes.
const minSecret = 16

// parseProfiles reads a credentials file. Profiles without keys and settings
// that are not ours are passed over, as AWS's tools do.
func parseProfiles(data []byte) (map[string]Key, error) {
	keys := make(map[string]Key)
	profiles := make(map[string]bool)
	var current *Key
	finish := func() error {
		if current == nil {
			return nil
		}
		return addKey(keys, *current)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			if err := finish(); err != nil {
				return nil, err
			}
			name, ok := strings.CutSuffix(line[1:], "]")
			if name = strings.TrimSpace(name); !ok || !validProfile(name) {
				return nil, fmt.Errorf("line %d: no profile name: 1 to 64 of letters, digits and +=,.@_-", number)
			}
			if profiles[name] {
				return nil, fmt.Errorf("line %d: profile %q comes twice", number, name)
			}
			profiles[name] = true
			current = &Key{Profile: name, Actions: everything}
		default:
			name, value, ok := strings.Cut(line, "=")
			if !ok || current == nil {
				return nil, fmt.Errorf("line %d: neither a [profile] nor a setting within one", number)
			}
			current.set(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return keys, finish()
}

func (k *Key) set(name, value string) {
	switch name {
	case "aws_access_key_id":
		k.ID = value
	case "aws_secret_access_key":
		k.Secret = value
	case "aws_account_id":
		k.Account = value
	case "open53_actions":
		k.Actions = strings.FieldsFunc(value, func(c rune) bool { return c == ' ' || c == ',' || c == '\t' })
	}
}

func addKey(keys map[string]Key, k Key) error {
	if k.ID == "" && k.Secret == "" {
		return nil
	}
	if !validKeyID(k.ID) {
		return fmt.Errorf("profile %q: access key id must be 1 to 128 letters, digits or underscores", k.Profile)
	}
	if len(k.Secret) < minSecret {
		return fmt.Errorf("profile %q: secret access key is shorter than %d characters", k.Profile, minSecret)
	}
	if k.Account != "" && !validAccount(k.Account) {
		return fmt.Errorf("profile %q: aws_account_id is not 12 digits", k.Profile)
	}
	if other, ok := keys[k.ID]; ok {
		return fmt.Errorf("profiles %q and %q have the same access key id", other.Profile, k.Profile)
	}
	keys[k.ID] = k
	return nil
}

func validKeyID(id string) bool {
	for i := range len(id) {
		if !alphanumeric(id[i]) && id[i] != '_' {
			return false
		}
	}
	return 1 <= len(id) && len(id) <= 128
}

func validAccount(id string) bool {
	return len(id) == 12 && strings.Trim(id, "0123456789") == ""
}

// validProfile admits the user names of IAM: a profile is part of an ARN.
func validProfile(name string) bool {
	for i := range len(name) {
		if !alphanumeric(name[i]) && strings.IndexByte("+=,.@_-", name[i]) < 0 {
			return false
		}
	}
	return 1 <= len(name) && len(name) <= 64
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
