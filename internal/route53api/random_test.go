package route53api

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// modelShape is as much of the model as random values need.
type modelShape struct {
	Type     string
	Required []string
	Members  map[string]struct{ Shape, Location string }
	Member   struct{ Shape string }
	Enum     []string
	Min, Max *int64
}

var modelShapes = sync.OnceValues(func() (map[string]modelShape, error) {
	data, err := os.ReadFile("../../api/models/route53.json")
	if err != nil {
		return nil, err
	}
	var m struct{ Shapes map[string]modelShape }
	return m.Shapes, json.Unmarshal(data, &m)
})

// randomizer fills inputs and outputs with values that the model admits.
type randomizer struct {
	*rand.Rand
	shapes map[string]modelShape
	// alphabet is what free texts are made of.
	alphabet []rune
}

// Characters that have a meaning in XML, in paths or in queries, and others
// that take more than a byte.
const strangeAlphabet = "abcXYZ019-_.*~ /?#%&+=<>\"'\\;:@[]{}|\t\n\réß€😀"

// randomExamples are values of the shapes that free text does not fit.
var randomExamples = map[string][]string{
	"ResourceId":                        {"Z0123456789ABCDEFGHIJ", "Z1", "N2ABC"},
	"ChangeId":                          {"C0123456789ABCDEFGHIJ"},
	"TagResourceId":                     {"Z0123456789ABCDEFGHIJ", "a-b"},
	"UUID":                              {"01234567-89ab-cdef-0123-456789abcdef"},
	"IPAddress":                         {"192.0.2.1", "2001:db8::1"},
	"ARN":                               {"arn:aws:route53:::cidrcollection/01234567"},
	"CidrNonce":                         {"nonce 1", "<&>"},
	"Cidr":                              {"192.0.2.0/24", "2001:db8::/48"},
	"CollectionName":                    {"office-1", "A_b"},
	"CidrLocationNameDefaultAllowed":    {"*", "berlin-1"},
	"CidrLocationNameDefaultNotAllowed": {"berlin-1"},
	"Latitude":                          {"52.5", "-7.25", "+1"},
	"Longitude":                         {"13.4", "-120.25"},
	"SigningKeyName":                    {"ksk_1", "abc"},
	"PageMaxItems":                      {"1", "100"},
	"MaxResults":                        {"1", "100"},
}

func newRandomizer(tb testing.TB, seed uint64) *randomizer {
	tb.Helper()
	shapes, err := modelShapes()
	if err != nil {
		tb.Fatal(err)
	}
	return &randomizer{Rand: rand.New(rand.NewPCG(seed, 1)), shapes: shapes, alphabet: []rune(strangeAlphabet)}
}

// fill sets v, whose shape is named, to a random value. header says that the
// value travels in a header.
func (r *randomizer) fill(v reflect.Value, shapeName string, header bool) {
	shape := r.shapes[shapeName]
	switch v.Kind() {
	case reflect.Pointer:
		if r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			r.fill(v.Elem(), shapeName, header)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.UnixMilli(r.Int64N(4e12)).UTC()))
			return
		}
		r.fillStruct(v, shape)
	case reflect.Slice:
		least, most := bounds(shape, 0, math.MaxInt64)
		n := least + r.Int64N(min(most-least, 3)+1)
		v.Set(reflect.MakeSlice(v.Type(), int(n), int(n)))
		for i := range int(n) {
			r.fill(v.Index(i), shape.Member.Shape, false)
		}
	case reflect.String:
		v.SetString(r.text(shapeName, header))
	case reflect.Int32, reflect.Int64:
		least, most := bounds(shape, math.MinInt32, math.MaxInt32)
		v.SetInt([]int64{least, most, least + r.Int64N(most-least+1)}[r.IntN(3)])
	case reflect.Float64:
		v.SetFloat([]float64{0, -1.5, 1e300, 0.1, 1e-9, 80}[r.IntN(6)])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	default:
		panic("no random " + v.Kind().String())
	}
}

func (r *randomizer) fillStruct(v reflect.Value, shape modelShape) {
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		member := shape.Members[name]
		optional := !strings.Contains(" "+strings.Join(shape.Required, " ")+" ", " "+name+" ")
		if optional && v.Field(i).Kind() == reflect.Slice && r.IntN(3) == 0 {
			continue
		}
		r.fill(v.Field(i), member.Shape, member.Location == "header")
	}
}

// text is a random text of a string shape.
func (r *randomizer) text(shapeName string, header bool) string {
	shape := r.shapes[shapeName]
	if shape.Enum != nil {
		return shape.Enum[r.IntN(len(shape.Enum))]
	}
	if examples := randomExamples[shapeName]; examples != nil {
		return examples[r.IntN(len(examples))]
	}
	if header {
		return "http://127.0.0.1/2013-04-01/x/1"
	}
	// Empty labels match no path, so nothing is empty that need not be.
	least, most := bounds(shape, 1, 40)
	least = max(least, 1)
	most = min(most, least+40)
	var b strings.Builder
	for range least + r.Int64N(most-least+1) {
		b.WriteRune(r.alphabet[r.IntN(len(r.alphabet))])
	}
	return b.String()
}

func bounds(shape modelShape, least, most int64) (int64, int64) {
	if shape.Min != nil {
		least = *shape.Min
	}
	if shape.Max != nil {
		most = *shape.Max
	}
	return least, most
}

// input and output make random values for an operation.
func (r *randomizer) input(op testOperation) any {
	in := op.newInput()
	r.fill(reflect.ValueOf(in).Elem(), op.input, false)
	return in
}

func (r *randomizer) output(op testOperation) any {
	out := op.newOutput()
	r.fill(reflect.ValueOf(out).Elem(), op.output, false)
	return out
}
