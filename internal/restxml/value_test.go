package restxml

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// readValue reads <r><v>text</v></r> with read and formats value or error.
func readValue(text string, lenient bool, read func(r *Reader) any) string {
	var r Reader
	r.Lenient = lenient
	r.Reset([]byte("<r><v>" + text + "</v></r>"))
	r.Root()
	r.Child()
	v := read(&r)
	if r.Err() != nil {
		return r.Err().Error()
	}
	return fmt.Sprintf("%v", v)
}

func TestScalars(t *testing.T) {
	str := &Constraint{Type: "Str", MinLen: 2, MaxLen: 4}
	pat := &Constraint{Type: "Pat", Pattern: NewPattern(`\p{ASCII}+`, `[\x00-\x7F]+`)}
	id := &Constraint{Type: "ResourceId", MaxLen: 4, Prefixes: []string{"hostedzone", "delegationset"}}
	action := &Constraint{Type: "ChangeAction", Enum: NewEnum("CREATE", "DELETE", "UPSERT")}
	open := &Constraint{Type: "Region", MaxLen: 4, Enum: NewEnum("a", "b").Open()}
	ttl := &Constraint{Type: "TTL", Min: 0, Max: math.MaxInt32}
	long := &Constraint{Type: "Long", Min: math.MinInt64, Max: math.MaxInt64}
	readString := func(c *Constraint) func(*Reader) any { return func(r *Reader) any { return r.String(c) } }
	readEnum := func(c *Constraint) func(*Reader) any { return func(r *Reader) any { return r.Enum(c) } }
	readInt := func(c *Constraint) func(*Reader) any { return func(r *Reader) any { return r.Int(c) } }
	readBool := func(r *Reader) any { return r.Bool() }
	readFloat := func(r *Reader) any { return r.Float() }
	readTime := func(r *Reader) any { return r.Time().Format(time.RFC3339Nano) }
	readBlob := func(r *Reader) any { return string(r.Blob()) }
	for _, tt := range []struct {
		name, text string
		read       func(r *Reader) any
		want       string
	}{
		{"string", "abc", readString(str), "abc"},
		{"lengths count characters", "äöü😀", readString(str), "äöü😀"},
		{"string too long", "abcde", readString(str), "cvc-maxLength-valid: Value 'abcde' with length = '5' is not facet-valid with respect to maxLength '4' for type 'Str'."},
		{"string too long in characters", "äöü😀x", readString(str), "cvc-maxLength-valid: Value 'äöü😀x' with length = '5' is not facet-valid with respect to maxLength '4' for type 'Str'."},
		{"string too short", "a", readString(str), "cvc-minLength-valid: Value 'a' with length = '1' is not facet-valid with respect to minLength '2' for type 'Str'."},
		{"string too short in characters", "ä", readString(str), "cvc-minLength-valid: Value 'ä' with length = '1' is not facet-valid with respect to minLength '2' for type 'Str'."},
		{"empty string", "", readString(str), "cvc-minLength-valid: Value '' with length = '0' is not facet-valid with respect to minLength '2' for type 'Str'."},
		{"blanks are part of a string", " a ", readString(str), " a "},
		{"pattern", "abc", readString(pat), "abc"},
		{"pattern must match the whole", "abcä", readString(pat), `cvc-pattern-valid: Value 'abcä' is not facet-valid with respect to pattern '\p{ASCII}+' for type 'Pat'.`},
		{"id", "Z1", readString(id), "Z1"},
		{"id with path", "/hostedzone/Z1", readString(id), "Z1"},
		{"id with path, no slash first", "hostedzone/Z1", readString(id), "Z1"},
		{"id with second prefix", "/delegationset/N1", readString(id), "N1"},
		{"id with two prefixes", "/hostedzone/hostedzone/Z1", readString(id), "Z1"},
		{"id that is a prefix only", "hostedzone/", readString(id), "cvc-maxLength-valid: Value 'hostedzone/' with length = '11' is not facet-valid with respect to maxLength '4' for type 'ResourceId'."},
		{"id with a strange prefix", "/x/Z", readString(id), "/x/Z"},
		{"enum", "CREATE", readEnum(action), "CREATE"},
		{"enum with blanks", "\n CREATE ", readEnum(action), "CREATE"},
		{"enum unknown", "X", readEnum(action), "cvc-enumeration-valid: Value 'X' is not facet-valid with respect to enumeration '[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration."},
		{"enum in lower case", "create", readEnum(action), "cvc-enumeration-valid: Value 'create' is not facet-valid with respect to enumeration '[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration."},
		{"open enum", "zz", readEnum(open), "zz"},
		{"open enum empty", "", readEnum(open), "cvc-enumeration-valid: Value '' is not facet-valid with respect to enumeration '[a, b]'. It must be a value from the enumeration."},
		{"open enum too long", "abcde", readEnum(open), "cvc-maxLength-valid: Value 'abcde' with length = '5' is not facet-valid with respect to maxLength '4' for type 'Region'."},
		{"int", "300", readInt(ttl), "300"},
		{"int with blanks, sign and zeros", " +0300\n", readInt(ttl), "300"},
		{"int below", "-1", readInt(ttl), "cvc-minInclusive-valid: Value '-1' is not facet-valid with respect to minInclusive '0' for type 'TTL'."},
		{"int above", "2147483648", readInt(ttl), "cvc-maxInclusive-valid: Value '2147483648' is not facet-valid with respect to maxInclusive '2147483647' for type 'TTL'."},
		{"int far above", "99999999999999999999", readInt(ttl), "cvc-maxInclusive-valid: Value '99999999999999999999' is not facet-valid with respect to maxInclusive '2147483647' for type 'TTL'."},
		{"int far below", "-99999999999999999999", readInt(long), "cvc-minInclusive-valid: Value '-99999999999999999999' is not facet-valid with respect to minInclusive '-9223372036854775808' for type 'Long'."},
		{"no int", "5m", readInt(ttl), "cvc-datatype-valid.1.2.1: '5m' is not a valid value for 'integer'."},
		{"a fraction is no int", "5.0", readInt(ttl), "cvc-datatype-valid.1.2.1: '5.0' is not a valid value for 'integer'."},
		{"nothing is no int", "", readInt(ttl), "cvc-datatype-valid.1.2.1: '' is not a valid value for 'integer'."},
		{"two signs", "+-5", readInt(ttl), "cvc-datatype-valid.1.2.1: '+-5' is not a valid value for 'integer'."},
		{"true", " true ", readBool, "true"},
		{"1 is true", "1", readBool, "true"},
		{"false", "false", readBool, "false"},
		{"0 is false", "0", readBool, "false"},
		{"no boolean", "True", readBool, "cvc-datatype-valid.1.2.1: 'True' is not a valid value for 'boolean'."},
		{"float", "-1.5e3", readFloat, "-1500"},
		{"float infinite", "INF", readFloat, "+Inf"},
		{"float beyond the range", "-1e999", readFloat, "-Inf"},
		{"no number", "NaN", readFloat, "NaN"},
		{"float in hexadecimal", "0x1p4", readFloat, "cvc-datatype-valid.1.2.1: '0x1p4' is not a valid value for 'double'."},
		{"float in words", "Infinity", readFloat, "cvc-datatype-valid.1.2.1: 'Infinity' is not a valid value for 'double'."},
		{"float empty", "", readFloat, "cvc-datatype-valid.1.2.1: '' is not a valid value for 'double'."},
		{"time", "2017-03-10T01:36:41.958Z", readTime, "2017-03-10T01:36:41.958Z"},
		{"time without fraction", "2017-03-10T01:36:41Z", readTime, "2017-03-10T01:36:41Z"},
		{"time with offset", "2017-03-10T01:36:41+01:00", readTime, "2017-03-10T00:36:41Z"},
		{"no time", "yesterday", readTime, "cvc-datatype-valid.1.2.1: 'yesterday' is not a valid value for 'dateTime'."},
		{"blob", " aGk= ", readBlob, "hi"},
		{"no blob", "a", readBlob, "cvc-datatype-valid.1.2.1: 'a' is not a valid value for 'base64Binary'."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, readValue(tt.text, false, tt.read)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a server sends is taken as it is.
func TestScalarsLenient(t *testing.T) {
	c := &Constraint{Type: "T", MaxLen: 1, Max: 9, Enum: NewEnum("a"), Prefixes: []string{"change"}}
	for _, tt := range []struct {
		name, text string
		read       func(r *Reader) any
		want       string
	}{
		{"string", "/change/C1", func(r *Reader) any { return r.String(c) }, "/change/C1"},
		{"enum", "NEW", func(r *Reader) any { return r.Enum(c) }, "NEW"},
		{"int", "10", func(r *Reader) any { return r.Int(c) }, "10"},
		{"no int", "ten", func(r *Reader) any { return r.Int(c) }, "cvc-datatype-valid.1.2.1: 'ten' is not a valid value for 'integer'."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := readValue(tt.text, true, tt.read); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMissingAndCounts(t *testing.T) {
	read := func(least, most int, missing bool) string {
		var r Reader
		r.Namespace = "https://route53.amazonaws.com/doc/2013-04-01/"
		r.Reset([]byte("<r><p:Tags xmlns:p='u'><a/><a/></p:Tags></r>"))
		r.Root()
		r.Child()
		n := 0
		for r.Child() != nil {
			r.Skip()
			n++
		}
		r.CheckCount("Tag", n, least, most)
		if missing {
			r.Missing("Tag")
		}
		if r.Err() == nil {
			return ""
		}
		return r.Err().Error()
	}
	incomplete := `cvc-complex-type.2.4.b: The content of element 'Tags' is not complete. One of '{"https://route53.amazonaws.com/doc/2013-04-01/":Tag}' is expected.`
	excess := `cvc-complex-type.2.4.d: Invalid content was found starting with element '{"https://route53.amazonaws.com/doc/2013-04-01/":Tag}'. No child element is expected at this point.`
	for _, tt := range []struct {
		name        string
		least, most int
		missing     bool
		want        string
	}{
		{"no bounds", 0, 0, false, ""},
		{"at the bounds", 2, 2, false, ""},
		{"too few", 3, 0, false, incomplete},
		{"too many", 0, 1, false, excess},
		{"missing", 0, 0, true, incomplete},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, read(tt.least, tt.most, tt.missing)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestShown(t *testing.T) {
	c := &Constraint{Type: "T", MaxLen: 1}
	text := c.schemaText(maxLength, strings.Repeat("é", 600))
	if want := "cvc-maxLength-valid: Value '" + strings.Repeat("é", 512) + "...' with length = '600'"; !strings.HasPrefix(text, want) {
		t.Errorf("got %s", text)
	}
	if got, want := shown("x"+strings.Repeat("é", 600)), "x"+strings.Repeat("é", 511)+"..."; got != want {
		t.Errorf("cut within a character: %q", got)
	}
}

func TestKnownEnumValuesDoNotAllocate(t *testing.T) {
	e := NewEnum("CREATE", "DELETE")
	text := []byte("DELETE")
	if n := testing.AllocsPerRun(100, func() { e.lookup(text) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
