package wire

import (
	"cmp"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxDepth is how many parts the name of a form's member may have. The deepest
// name of CloudWatch has nine.
const maxDepth = 16

// node is a form as a tree: A.member.1.B=x is A → member → 1 → B → "x".
type node struct {
	value    string
	set      bool
	children map[string]*node
}

func formTree(form url.Values) (*node, error) {
	root := &node{}
	for name, values := range form {
		if strings.Count(name, ".") >= maxDepth {
			return nil, fmt.Errorf("%.40q is nested too deeply", name)
		}
		at := root
		for part := range strings.SplitSeq(name, ".") {
			if at.children == nil {
				at.children = map[string]*node{}
			}
			if at.children[part] == nil {
				at.children[part] = &node{}
			}
			at = at.children[part]
		}
		at.value, at.set = values[len(values)-1], true
	}
	return root, nil
}

func decodeForm(form url.Values, into reflect.Value) error {
	root, err := formTree(form)
	if err != nil {
		return err
	}
	return root.decodeFields(into)
}

func (n *node) decodeFields(into reflect.Value) error {
	t := into.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		name := wireName(&f)
		child := n.children[name]
		if name == "" || child == nil {
			continue
		}
		if err := child.decode(into.Field(i)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (n *node) decode(into reflect.Value) error {
	switch v := into.Addr().Interface().(type) {
	case *Timestamp:
		t, err := parseTime(n.value)
		v.Time = t
		return err
	case *Double:
		f, err := parseDouble(n.value)
		*v = Double(f)
		return err
	}
	switch into.Kind() {
	case reflect.Pointer:
		if !n.set && len(n.children) == 0 {
			return nil
		}
		into.Set(reflect.New(into.Type().Elem()))
		return n.decode(into.Elem())
	case reflect.String:
		into.SetString(n.value)
	case reflect.Int64:
		i, err := strconv.ParseInt(n.value, 10, 64)
		if err != nil {
			return fmt.Errorf("%.40q is not an integer", n.value)
		}
		into.SetInt(i)
	case reflect.Bool:
		b, err := strconv.ParseBool(n.value)
		if err != nil {
			return fmt.Errorf("%.40q is not true or false", n.value)
		}
		into.SetBool(b)
	case reflect.Struct:
		return n.decodeFields(into)
	case reflect.Slice:
		return n.decodeList(into)
	default:
		panic("wire: a shape has a field of type " + into.Type().String())
	}
	return nil
}

// decodeList reads X.member.1, X.member.2, …; gaps in the numbers close.
func (n *node) decodeList(into reflect.Value) error {
	members := n.children["member"]
	if members == nil {
		return nil
	}
	type item struct {
		number int
		node   *node
	}
	items := make([]item, 0, len(members.children))
	for text, child := range members.children {
		number, err := strconv.Atoi(text)
		if err != nil || number < 1 {
			return fmt.Errorf("%.40q is not the number of a member", text)
		}
		items = append(items, item{number, child})
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.number, b.number) })
	into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	for i, it := range items {
		if err := it.node.decode(into.Index(i)); err != nil {
			return fmt.Errorf("member.%d: %w", it.number, err)
		}
	}
	return nil
}
