package ec2

import (
	"sort"
	"strconv"
	"strings"

	"open53/internal/access"
	"open53/internal/zone"
)

// parameterName is how EC2's errors write a member: "VpcId" is "vpcId".
func parameterName(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// required is a member that must be there.
func (f form) required(name string) (string, error) {
	if v := f.Get(name); v != "" {
		return v, nil
	}
	return "", missing(name)
}

func missing(name string) *access.Error {
	return fault("MissingParameter", "The request must contain the parameter "+parameterName(name))
}

func invalidValue(name, value, why string) *access.Error {
	return fault("InvalidParameterValue", "Value ("+value+") for parameter "+parameterName(name)+" is invalid. "+why)
}

// boolean reads true or false; def if the member is not there.
func (f form) boolean(name string, def bool) (bool, error) {
	switch v := f.Get(name); strings.ToLower(v) {
	case "":
		return def, nil
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	default:
		return false, invalidValue(name, v, "Expected a boolean.")
	}
}

// maxNumber bounds the numbers of list members, so that a form cannot ask for
// long walks.
const maxNumber = 1000

// numbers are the N for which some member begins with "prefix.N" and ends
// there or goes on with a dot, in order.
func (f form) numbers(prefix string) []int {
	seen := map[int]bool{}
	for name := range f.Values {
		rest, ok := strings.CutPrefix(name, prefix+".")
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(digits); err == nil && 0 < n && n <= maxNumber {
			seen[n] = true
		}
	}
	list := make([]int, 0, len(seen))
	for n := range seen {
		list = append(list, n)
	}
	sort.Ints(list)
	return list
}

func numbered(prefix string, n int) string { return prefix + "." + strconv.Itoa(n) }

// list is the values of "prefix.1", "prefix.2", …
func (f form) list(prefix string) []string {
	var values []string
	for _, n := range f.numbers(prefix) {
		if name := numbered(prefix, n); f.Has(name) {
			values = append(values, f.Get(name))
		}
	}
	return values
}

// Limits of EC2's tags.
const (
	maxTags     = 50
	maxTagKey   = 127
	maxTagValue = 255
)

// tags reads "prefix.1.Key", "prefix.1.Value", ….
func (f form) tags(prefix string) ([]zone.Tag, error) {
	var tags []zone.Tag
	seen := map[string]bool{}
	for _, n := range f.numbers(prefix) {
		tag := zone.Tag{Key: f.Get(numbered(prefix, n) + ".Key"), Value: f.Get(numbered(prefix, n) + ".Value")}
		switch {
		case tag.Key == "":
			return nil, missing(prefix + ".Key")
		case len([]rune(tag.Key)) > maxTagKey:
			return nil, fault("InvalidParameterValue", "Tag key exceeds the maximum length of "+strconv.Itoa(maxTagKey)+" characters")
		case len([]rune(tag.Value)) > maxTagValue:
			return nil, fault("InvalidParameterValue", "Tag value exceeds the maximum length of "+strconv.Itoa(maxTagValue)+" characters")
		case strings.HasPrefix(strings.ToLower(tag.Key), "aws:"):
			return nil, fault("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		case seen[tag.Key]:
			return nil, fault("InvalidParameterValue", "Duplicate tag key '"+tag.Key+"' specified.")
		}
		seen[tag.Key] = true
		tags = append(tags, tag)
	}
	return tags, nil
}

// withTags adds tags, within the limit.
func withTags(tags zone.Tags, add []zone.Tag) (zone.Tags, error) {
	tags = tags.With(add...)
	if len(tags) > maxTags {
		return nil, fault("TagLimitExceeded", "More than "+strconv.Itoa(maxTags)+" tags")
	}
	return tags, nil
}

// specifiedTags reads TagSpecification.N of a resource type.
func (f form) specifiedTags(resource string) (zone.Tags, error) {
	var all zone.Tags
	for _, n := range f.numbers("TagSpecification") {
		prefix := numbered("TagSpecification", n)
		if t := f.Get(prefix + ".ResourceType"); t != resource {
			return nil, invalidValue("TagSpecification", t, "Only tags of a "+resource+" can be specified.")
		}
		tags, err := f.tags(prefix + ".Tag")
		if err == nil {
			all, err = withTags(all, tags)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// page is the part of a list that a request wants.
type page struct {
	from  string // where it begins; "" is the beginning
	limit int    // 0 is all
}

// maxPage is the largest page.
const maxPage = 1000

// page reads MaxResults and NextToken.
func (f form) page() (page, error) {
	p := page{from: f.Get("NextToken")}
	if text := f.Get("MaxResults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 5 || n > maxPage {
			return p, invalidValue("MaxResults", text, "Expecting a value between 5 and "+strconv.Itoa(maxPage)+".")
		}
		p.limit = n
	}
	return p, nil
}
