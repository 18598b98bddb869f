package trafficpolicy

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// encoding/json reads objects leniently: any case of a member's name, the last
// of two. Documents are read through this instead.

// maxNesting is deeper than any document has reason to be.
const maxNesting = 16

// kind is what sort of JSON value a node is.
type kind byte

const (
	null kind = iota
	boolean
	number
	text
	array
	object
)

// node is one JSON value.
type node struct {
	kind    kind
	text    string // of a text; of a number or boolean, as it is written
	members []member
	items   []*node
}

// member is one member of an object, in the order of the document.
type member struct {
	name  string
	value *node
}

// parseJSON reads one JSON value and nothing behind it.
func parseJSON(document string) (*node, error) {
	var whole json.RawMessage
	if err := json.Unmarshal([]byte(document), &whole); err != nil {
		if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
			return nil, fmt.Errorf("%w at character %d", err, syntax.Offset)
		}
		return nil, err
	}
	d := json.NewDecoder(strings.NewReader(document))
	d.UseNumber()
	return readNode(d, 0)
}

func readNode(d *json.Decoder, depth int) (*node, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("it is nested more than %d levels deep", maxNesting)
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case bool:
		return &node{kind: boolean, text: fmt.Sprint(t)}, nil
	case json.Number:
		return &node{kind: number, text: t.String()}, nil
	case string:
		return &node{kind: text, text: t}, nil
	case json.Delim:
		if t == '[' {
			return readArray(d, depth)
		}
		return readObject(d, depth)
	}
	return &node{kind: null}, nil
}

func readArray(d *json.Decoder, depth int) (*node, error) {
	n := &node{kind: array}
	for d.More() {
		item, err := readNode(d, depth+1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	_, err := d.Token() // the bracket
	return n, err
}

func readObject(d *json.Decoder, depth int) (*node, error) {
	n, seen := &node{kind: object}, map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name := fmt.Sprint(token)
		if seen[name] {
			return nil, fmt.Errorf("the member '%s' is there twice", name)
		}
		seen[name] = true
		value, err := readNode(d, depth+1)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, member{name, value})
	}
	_, err := d.Token() // the brace
	return n, err
}
