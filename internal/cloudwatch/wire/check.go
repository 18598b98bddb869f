package wire

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Violation is a parameter that breaks a constraint of the model.
type Violation struct {
	// Missing: a required parameter is not there.
	Missing bool
	// Name is the parameter's, as a form has it: MetricData.member.1.MetricName.
	Name string
	text string
}

// String says it in the words of the AWS front end.
func (v *Violation) String() string { return v.text }

// Check tests a request (a pointer to a struct) against the constraints of its
// fields. They are written in the tag "is", separated by spaces:
//
//	required
//	1..255      the characters of a text, the members of a list, a number; either end may be open
//	each=1..9   the same for each text of a list
//	enum=a,b    the texts that are allowed
//
// A text type with a method Enum() []string lists its allowed texts by itself.
// It stops after ten violations. Texts that are not UTF-8 violate, too.
func Check(request any) []Violation {
	c := checker{}
	c.fields("", "", reflect.ValueOf(request).Elem())
	return c.found
}

type checker struct{ found []Violation }

// maxViolations bounds the answer.
const maxViolations = 10

func (c *checker) add(missing bool, name, path string, value any, text string) {
	if len(c.found) >= maxViolations {
		return
	}
	shown := "null"
	if !missing {
		shown = fmt.Sprintf("'%.200s'", fmt.Sprint(value))
	}
	c.found = append(c.found, Violation{missing, name, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", shown, path, text)})
}

// fields checks a struct. A field has two names: that of forms, and that of
// messages (metricData.1.member.metricName).
func (c *checker) fields(name, path string, v reflect.Value) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		wire := wireName(&f)
		if wire == "" || len(c.found) >= maxViolations {
			continue
		}
		c.value(&f, join(name, wire), join(path, lowerFirst(wire)), v.Field(i))
	}
}

func (c *checker) value(f *reflect.StructField, name, path string, v reflect.Value) {
	tag := f.Tag.Get("is")
	if v.IsZero() {
		if strings.HasPrefix(tag, "required") {
			c.add(true, name, path, nil, "Member must not be null")
		}
		return
	}
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	c.constraints(strings.Fields(tag), name, path, v)
	switch v.Kind() {
	case reflect.Struct:
		if _, scalar := reflect.TypeAssert[Timestamp](v); !scalar {
			c.fields(name, path, v)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Struct {
			return
		}
		for i := range v.Len() {
			if _, scalar := reflect.TypeAssert[Timestamp](v.Index(i)); scalar || len(c.found) >= maxViolations {
				return
			}
			number := strconv.Itoa(i + 1)
			c.fields(name+".member."+number, path+"."+number+".member", v.Index(i))
		}
	default:
	}
}

func (c *checker) constraints(list []string, name, path string, v reflect.Value) {
	if v.Kind() == reflect.String && !utf8.ValidString(v.String()) {
		c.add(false, name, path, strings.ToValidUTF8(v.String(), "\ufffd"), "Member must be valid UTF-8")
	}
	if e, ok := reflect.TypeAssert[interface{ Enum() []string }](v); ok {
		c.enum(e.Enum(), name, path, v)
	}
	for _, constraint := range list {
		switch rest, each := strings.CutPrefix(constraint, "each="); {
		case each:
			for i := range v.Len() {
				c.bounds(rest, fmt.Sprintf("%s.member.%d", name, i+1), fmt.Sprintf("%s.%d.member", path, i+1), v.Index(i))
			}
		case strings.HasPrefix(constraint, "enum="):
			c.enum(strings.Split(constraint[len("enum="):], ","), name, path, v)
		case strings.Contains(constraint, ".."):
			c.bounds(constraint, name, path, v)
		}
	}
}

func (c *checker) enum(allowed []string, name, path string, v reflect.Value) {
	texts := []string{}
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			texts = append(texts, v.Index(i).String())
		}
	} else {
		texts = append(texts, v.String())
	}
next:
	for _, text := range texts {
		for _, a := range allowed {
			if a == text {
				continue next
			}
		}
		c.add(false, name, path, text, "Member must satisfy enum value set: ["+strings.Join(allowed, ", ")+"]")
	}
}

func (c *checker) bounds(constraint, name, path string, v reflect.Value) {
	low, high := parseBounds(constraint)
	var n int64
	what := "length"
	switch v.Kind() {
	case reflect.String:
		n = int64(utf8.RuneCountInString(v.String()))
		if !utf8.ValidString(v.String()) {
			c.add(false, name, path, strings.ToValidUTF8(v.String(), "\ufffd"), "Member must be valid UTF-8")
		}
	case reflect.Slice:
		n = int64(v.Len())
	default:
		n, what = v.Int(), "value"
	}
	switch {
	case n < low:
		c.add(false, name, path, v, fmt.Sprintf("Member must have %s greater than or equal to %d", what, low))
	case n > high:
		c.add(false, name, path, v, fmt.Sprintf("Member must have %s less than or equal to %d", what, high))
	}
}

// parseBounds reads "1..255"; a missing end is open.
func parseBounds(text string) (low, high int64) {
	lowText, highText, _ := strings.Cut(text, "..")
	low, high = math.MinInt64, math.MaxInt64
	if n, err := strconv.ParseInt(lowText, 10, 64); err == nil {
		low = n
	}
	if n, err := strconv.ParseInt(highText, 10, 64); err == nil {
		high = n
	}
	return low, high
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// lowerFirst is how messages write a member: alarmName, but oKActions.
func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }
