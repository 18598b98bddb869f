package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

func TestRegions(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"no place", "office", `"office" is no region: want NAME=LATITUDE,LONGITUDE, such as office=52.52,13.41`},
		{"half a place", "office=52", `"office=52" is no region: want NAME=LATITUDE,LONGITUDE, such as office=52.52,13.41`},
		{"no numbers", "office=a,b", `"office=a,b" is no region: want NAME=LATITUDE,LONGITUDE, such as office=52.52,13.41`},
		{"no name", "=52,13", `"" is not 1 to 64 lower-case letters, digits and dashes`},
		{"upper case", "Office=52,13", `"Office" is not 1 to 64 lower-case letters, digits and dashes`},
		{"off the globe", "office=91,13", `"91,13" is no place on the globe`},
		{"not a number", "office=NaN,13", `"NaN,13" is no place on the globe`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := parseRegion(test.text); err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
	want := []Region{{"office", 52.52, 13.41}, {"lab-2", -1, -2.5}}
	load := func(getenv func(string) string, args ...string) (*Config, error) {
		var c Config
		flags := pflag.NewFlagSet("dev", pflag.ContinueOnError)
		c.Register(flags, true)
		if err := flags.Parse(args); err != nil {
			t.Fatal(err)
		}
		return &c, c.Load(flags, getenv)
	}
	none := func(string) string { return "" }
	c, err := load(none, "--region", "office=52.52,13.41", "--region", "lab-2=-1,-2.5")
	if diff := cmp.Diff(want, c.Regions); diff != "" || err != nil {
		t.Error(err, diff)
	}
	c, err = load(func(name string) string {
		if name == "OPEN53_REGION" {
			return "office=52.52,13.41 lab-2=-1,-2.5"
		}
		return ""
	})
	if diff := cmp.Diff(want, c.Regions); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := load(none, "--region", "office"); err == nil || !strings.Contains(err.Error(), "--region: ") {
		t.Errorf("a bad region: %v", err)
	}
}
