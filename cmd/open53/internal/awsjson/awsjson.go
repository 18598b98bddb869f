// Package awsjson writes and reads the types of the Route 53 API as JSON in
// the shape of the AWS CLI: the members' own names, in the order of the
// service model, absent ones left out:
//
//	{"Name": "www.example.com.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.1"}]}
//
// The generated types of route53api carry no tags, and need none: their fields
// have the members' names. What JSON's own encoder cannot do without tags is
// to leave out nil pointers and nil slices, so writing is done here; reading is
// encoding/json, made strict.
//
// Everything here is a pure function and safe for concurrent use.
package awsjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"time"
)

// indentation is what the AWS CLI indents by.
const indentation = "    "

// Append appends v on one line, without blanks. v is made of structs, slices,
// pointers, strings, booleans, numbers and times, as the API's types are;
// anything else panics.
func Append(b []byte, v any) []byte {
	w := writer{b: b}
	w.value(reflect.ValueOf(v))
	return w.b
}

// AppendIndented appends v in many lines, the last one ended, as the AWS CLI
// prints it.
func AppendIndented(b []byte, v any) []byte {
	var out bytes.Buffer
	if err := json.Indent(&out, Append(nil, v), "", indentation); err != nil {
		panic(err) // Append has made no JSON
	}
	return append(append(b, out.Bytes()...), '\n')
}

// Decode reads exactly one value of JSON into the struct that v points to.
// Members that the struct lacks are errors.
func Decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("JSON ends too early")
		}
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text behind the JSON value")
	}
	return nil
}

type writer struct{ b []byte }

func (w *writer) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		w.value(v.Elem())
	case reflect.Struct:
		if t, ok := reflect.TypeAssert[time.Time](v); ok {
			w.text(formatTime(t))
			return
		}
		w.object(v)
	case reflect.Slice:
		w.list(v)
	case reflect.String:
		w.text(v.String())
	case reflect.Bool:
		w.b = strconv.AppendBool(w.b, v.Bool())
	case reflect.Int, reflect.Int32, reflect.Int64:
		w.b = strconv.AppendInt(w.b, v.Int(), 10)
	case reflect.Float64:
		w.b = strconv.AppendFloat(w.b, v.Float(), 'g', -1, 64)
	default:
		panic(fmt.Sprintf("awsjson: %s has no JSON form", v.Type()))
	}
}

func (w *writer) object(v reflect.Value) {
	w.b = append(w.b, '{')
	first := true
	for field, member := range v.Fields() {
		if kind := member.Kind(); (kind == reflect.Pointer || kind == reflect.Slice) && member.IsNil() {
			continue
		}
		first = w.separate(first)
		w.text(field.Name)
		w.b = append(w.b, ':')
		w.value(member)
	}
	w.b = append(w.b, '}')
}

func (w *writer) list(v reflect.Value) {
	w.b = append(w.b, '[')
	for i := range v.Len() {
		w.separate(i == 0)
		w.value(v.Index(i))
	}
	w.b = append(w.b, ']')
}

// separate puts a comma before all but the first; it returns false, for the
// next ones.
func (w *writer) separate(first bool) bool {
	if !first {
		w.b = append(w.b, ',')
	}
	return false
}

// text appends a string. Not escaped for HTML: "<" stays "<".
func (w *writer) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			w.escaped(s)
			return
		}
	}
	w.b = append(append(append(w.b, '"'), s...), '"')
}

func (w *writer) escaped(s string) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string has a JSON form
	}
	w.b = append(w.b, bytes.TrimSuffix(out.Bytes(), []byte{'\n'})...)
}

// formatTime is ISO 8601 as the AWS CLI writes it: UTC, microseconds where
// there are any.
func formatTime(t time.Time) string {
	t = t.UTC()
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05+00:00")
	}
	return t.Format("2006-01-02T15:04:05.000000+00:00")
}
