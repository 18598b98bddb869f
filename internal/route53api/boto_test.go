package route53api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"open53/internal/restxml"
)

// botoCase is one call of testdata/boto_client.py.
type botoCase struct {
	Operation string `json:"operation"`
	In        any    `json:"in"`
	Out       any    `json:"out,omitempty"`
	Err       []any  `json:"err,omitempty"` // class, code, message, status
}

// asPlain makes what JSON and Python have of a value: absent members left out.
func asPlain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return asPlain(v.Elem())
	case reflect.Struct:
		if at, ok := reflect.TypeAssert[time.Time](v); ok {
			return at.Format(restxml.TimeFormat)
		}
		m := make(map[string]any)
		for i := range v.NumField() {
			f := v.Field(i)
			if (f.Kind() == reflect.Pointer || f.Kind() == reflect.Slice) && f.IsNil() {
				continue
			}
			m[v.Type().Field(i).Name] = asPlain(f)
		}
		return m
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = asPlain(v.Index(i))
		}
		return list
	}
	return v.Interface()
}

// botoScript is a series of calls, and what arrives and is answered at the
// server, in the same order.
type botoScript struct {
	cases   []botoCase
	expect  []any
	answers []echo
}

func (s *botoScript) add(c botoCase, expect any, answer echo) {
	s.cases = append(s.cases, c)
	s.expectAlso(expect, answer)
}

func (s *botoScript) expectAlso(expect any, answer echo) {
	s.expect = append(s.expect, expect)
	s.answers = append(s.answers, answer)
}

// boto3 sends every operation with random inputs, reads random outputs, and
// understands errors.
func TestBoto(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	if err := exec.CommandContext(t.Context(), python, "-c", "import boto3").Run(); err != nil {
		t.Skip("no boto3")
	}
	script := newBotoScript(t)
	path := filepath.Join(t.TempDir(), "cases.json")
	data, err := json.Marshal(script.cases)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	next := 0
	srv := httptest.NewServer(NewHandler(recorder(func(_ context.Context, operation string, in any) (any, error) {
		if next == len(script.answers) {
			return nil, fmt.Errorf("%s was not expected", operation)
		}
		if diff := cmp.Diff(script.expect[next], in); diff != "" {
			t.Errorf("request %d, %s: %s", next, operation, diff)
		}
		next++
		return script.answers[next-1].out, script.answers[next-1].err
	}), Options{OnError: func(_ *Call, err error) { t.Log(err) }}))
	defer srv.Close()
	cmd := exec.CommandContext(t.Context(), python, "testdata/boto_client.py", srv.URL, path)
	cmd.Env = append(os.Environ(), "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if next != len(script.answers) {
		t.Errorf("%d of %d requests arrived", next, len(script.answers))
	}
}

func newBotoScript(t *testing.T) *botoScript {
	t.Helper()
	s := new(botoScript)
	r := newRandomizer(t, 5)
	// botocore writes a carriage return as it is, and so it is read as a line feed.
	r.alphabet = []rune(strings.ReplaceAll(strangeAlphabet, "\r", ""))
	for _, op := range testOperations {
		for range 3 {
			in, out := r.input(op), r.output(op)
			s.add(botoCase{Operation: op.name, In: asPlain(reflect.ValueOf(in)), Out: asPlain(reflect.ValueOf(out))}, in, echo{out: out})
		}
	}
	zone := &GetHostedZoneInput{Id: "Z1"}
	byPath := map[string]any{"Id": "/hostedzone/Z1"} // which botocore cuts
	s.add(botoCase{Operation: "GetHostedZone", In: byPath, Err: []any{"NoSuchHostedZone", "NoSuchHostedZone", "m <&>", 404}},
		zone, echo{err: &NoSuchHostedZone{Message: "m <&>"}})
	s.add(botoCase{Operation: "GetHostedZone", In: byPath, Err: []any{"ClientError", "Throttling", "Rate exceeded", 400}},
		zone, echo{err: &GenericError{ErrorCode: "Throttling", Message: "Rate exceeded"}})
	s.add(botoCase{Operation: "GetHostedZone", In: byPath, Err: []any{"ClientError", "NotImplemented", "The operation GetHostedZone is not implemented yet.", 501}},
		zone, echo{err: notImplemented("GetHostedZone")})

	pending := &GetChangeOutput{ChangeInfo: ChangeInfo{Id: "/change/C1", Status: ChangeStatusPending, SubmittedAt: time.UnixMilli(0)}}
	insync := &GetChangeOutput{ChangeInfo: ChangeInfo{Id: "/change/C1", Status: ChangeStatusInsync, SubmittedAt: time.UnixMilli(958)}}
	s.add(botoCase{Operation: "wait", In: map[string]any{"Id": "/change/C1"}, Out: map[string]any{}}, &GetChangeInput{Id: "C1"}, echo{out: pending})
	s.expectAlso(&GetChangeInput{Id: "C1"}, echo{out: insync})
	return s
}
