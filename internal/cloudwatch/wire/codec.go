package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"open53/internal/restxml"
)

func decodeJSON(body []byte, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind the JSON value")
	}
	return nil
}

var cborDecoding = mustCBOR()

func mustCBOR() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:  32,
		MaxArrayElements: 1 << 20,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}

func decodeCBOR(body []byte, into any) error {
	if len(body) == 0 {
		return nil
	}
	return cborDecoding.Unmarshal(body, into)
}

// appendResult appends the XML of an answer of the query protocol. A nil
// output has no result.
func appendResult(b []byte, s *Service, operation, requestID string, output any) []byte {
	b = append(b, restxml.Declaration...)
	b = restxml.AppendRoot(b, operation+"Response", s.Namespace)
	if output != nil {
		b = restxml.AppendStart(b, operation+"Result")
		b = appendFields(b, reflect.ValueOf(output).Elem())
		b = restxml.AppendEnd(b, operation+"Result")
	}
	b = restxml.AppendStart(b, "ResponseMetadata")
	b = restxml.AppendString(b, "RequestId", requestID)
	b = restxml.AppendEnd(b, "ResponseMetadata")
	return restxml.AppendEnd(b, operation+"Response")
}

func appendFields(b []byte, v reflect.Value) []byte {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if name := wireName(&f); name != "" && !leftOut(&f, v.Field(i)) {
			b = appendValue(b, name, v.Field(i))
		}
	}
	return b
}

// leftOut reports whether an answer has no such field: what may be left out is
// left out where it is empty, and what is nil always.
func leftOut(f *reflect.StructField, v reflect.Value) bool {
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Map {
		return v.IsNil()
	}
	return v.IsZero() && strings.HasSuffix(f.Tag.Get("json"), ",omitempty")
}

func appendValue(b []byte, name string, v reflect.Value) []byte {
	switch value := v.Interface().(type) {
	case Timestamp:
		return restxml.AppendString(b, name, value.UTC().Format("2006-01-02T15:04:05.000Z"))
	case Double:
		return restxml.AppendFloat(b, name, float64(value))
	}
	switch v.Kind() {
	case reflect.Pointer:
		return appendValue(b, name, v.Elem())
	case reflect.String:
		return restxml.AppendString(b, name, v.String())
	case reflect.Int64:
		return restxml.AppendInt(b, name, v.Int())
	case reflect.Bool:
		return restxml.AppendBool(b, name, v.Bool())
	case reflect.Struct:
		b = restxml.AppendStart(b, name)
		b = appendFields(b, v)
	case reflect.Slice:
		b = restxml.AppendStart(b, name)
		for i := range v.Len() {
			b = appendValue(b, "member", v.Index(i))
		}
	case reflect.Map:
		b = restxml.AppendStart(b, name)
		for _, key := range v.MapKeys() {
			b = restxml.AppendStart(b, "entry")
			b = restxml.AppendString(b, "key", key.String())
			b = appendValue(b, "value", v.MapIndex(key))
			b = restxml.AppendEnd(b, "entry")
		}
	default:
		panic("wire: a shape has a field of type " + v.Type().String())
	}
	return restxml.AppendEnd(b, name)
}

// fill makes empty lists of nil ones: clients count on lists that are there.
// A field that is left out where it is empty stays nil.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem())
		}
	case reflect.Struct:
		t := v.Type()
		for i := range v.NumField() {
			f := t.Field(i)
			if wireName(&f) == "" || strings.HasSuffix(f.Tag.Get("json"), ",omitempty") && v.Field(i).IsZero() {
				continue
			}
			fill(v.Field(i))
		}
	case reflect.Slice:
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		if v.Type().Elem().Kind() == reflect.Struct {
			for i := range v.Len() {
				fill(v.Index(i))
			}
		}
	default:
	}
}
