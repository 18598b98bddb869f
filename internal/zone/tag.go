package zone

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Limits of tags.
const (
	MaxTags       = 50 // on one resource
	MaxTagChanges = 10 // tags added, and keys removed, by one call
	MaxTagKey     = 128
	MaxTagValue   = 256
)

// Get returns the value of the tag with the key.
func (t Tags) Get(key string) (string, bool) {
	if i, found := t.search(key); found {
		return t[i].Value, true
	}
	return "", false
}

func (t Tags) search(key string) (int, bool) {
	return slices.BinarySearchFunc(t, key, func(tag Tag, key string) int { return cmp.Compare(tag.Key, key) })
}

// With returns the tags and those of add; a key that is there gets the new
// value. t does not change.
func (t Tags) With(add ...Tag) Tags {
	out := slices.Clone(t)
	for _, tag := range add {
		i, found := out.search(tag.Key)
		if found {
			out[i] = tag
		} else {
			out = slices.Insert(out, i, tag)
		}
	}
	return out
}

// Without returns the tags but those with the keys; keys that are not there
// do no harm. t does not change.
func (t Tags) Without(keys ...string) Tags {
	out := slices.Clone(t)
	for _, key := range keys {
		if i, found := out.search(key); found {
			out = slices.Delete(out, i, i+1)
		}
	}
	return out
}

// Change is ChangeTagsForResource: keys are removed first, then tags added.
// The error is an *Error with code InvalidInput; its texts are ours.
func (t Tags) Change(add []Tag, remove []string) (Tags, error) {
	if err := validateTagChange(add, remove); err != nil {
		return nil, err
	}
	out := t.Without(remove...).With(add...)
	if len(out) > MaxTags {
		return nil, tagFault("A resource cannot have more than %d tags.", MaxTags)
	}
	return out, nil
}

func validateTagChange(add []Tag, remove []string) error {
	switch {
	case len(add) == 0 && len(remove) == 0:
		return tagFault("At least one of AddTags and RemoveTagKeys must be specified.")
	case len(add) > MaxTagChanges || len(remove) > MaxTagChanges:
		return tagFault("A request cannot add or remove more than %d tags.", MaxTagChanges)
	}
	seen := make(map[string]bool, len(add))
	for _, tag := range add {
		switch n := utf8.RuneCountInString(tag.Key); {
		case n == 0 || n > MaxTagKey:
			return tagFault("The tag key '%s' must have 1 to %d characters.", tag.Key, MaxTagKey)
		case utf8.RuneCountInString(tag.Value) > MaxTagValue:
			return tagFault("The value of the tag '%s' cannot have more than %d characters.", tag.Key, MaxTagValue)
		case seen[tag.Key]:
			return tagFault("The tag key '%s' is specified more than once.", tag.Key)
		}
		seen[tag.Key] = true
	}
	return nil
}

func tagFault(format string, args ...any) error {
	return &Error{Code: CodeInvalidInput, Message: fmt.Sprintf(format, args...)}
}
