package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	modelFile     = "../../../api/models/route53.json"
	overridesFile = "../../../api/models/overrides.json"
	packageDir    = "../../route53api"
)

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The committed files are what the generator makes of the committed model, and
// there are no others.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "route53api")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := run(modelFile, overridesFile, dir); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{dir, packageDir} {
		for _, pattern := range []string{"*.gen.go", "*_gen_test.go"} {
			files, err := filepath.Glob(filepath.Join(from, pattern))
			if err != nil || len(files) == 0 {
				t.Fatalf("no files in %s: %v", from, err)
			}
			for _, f := range files {
				made, _ := os.ReadFile(filepath.Join(dir, filepath.Base(f)))
				committed, _ := os.ReadFile(filepath.Join(packageDir, filepath.Base(f)))
				if string(made) != string(committed) {
					t.Errorf("%s is not current: run make generate", filepath.Base(f))
				}
			}
		}
	}
}

func TestGenerateIsDeterministic(t *testing.T) {
	model, over := readFile(t, modelFile), readFile(t, overridesFile)
	var first []outputFile
	for range 3 {
		files, err := generate("route53api", model, over)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = files
		}
		if diff := cmp.Diff(first, files, cmp.AllowUnexported(outputFile{})); diff != "" {
			t.Fatal(diff)
		}
	}
}

// The model of Route 53 does not have everything that the generator knows. A
// small one has: code is generated from it, put together with the hand-written
// part of route53api, and run.
func TestMiniModel(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a package")
	}
	files, err := generate("route53api", readFile(t, "testdata/mini/model.json"), readFile(t, "testdata/mini/overrides.json"))
	if err != nil {
		t.Fatal(err)
	}
	// The package exists in an overlay only, so that it is part of the module.
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	overlay := map[string]string{}
	place := func(name, source string) { overlay[filepath.Join(here, "minipackage", name)] = source }
	tmp := t.TempDir()
	for _, f := range files {
		path := filepath.Join(tmp, f.name)
		if err := os.WriteFile(path, f.content, 0o600); err != nil {
			t.Fatal(err)
		}
		place(f.name, path)
	}
	written, err := filepath.Glob(filepath.Join(here, packageDir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range written {
		if !strings.HasSuffix(path, ".gen.go") && !strings.HasSuffix(path, "_test.go") {
			place(filepath.Base(path), path)
		}
	}
	place("roundtrip_test.go", filepath.Join(here, "testdata/mini/roundtrip_test.go"))
	data, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(tmp, "overlay.json")
	if err := os.WriteFile(overlayFile, data, 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(tmp, "mini.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", overlayFile, "-o", binary, "./minipackage")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), binary, "-test.v").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestWire") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestConstNames(t *testing.T) {
	s := &service{initialisms: map[string]bool{"AAAA": true, "TCP": true, "HTTPS": true}}
	for _, tt := range []struct{ enum, value, want string }{
		{"ChangeAction", "CREATE", "ChangeActionCreate"},
		{"RRType", "AAAA", "RRTypeAAAA"},
		{"VPCRegion", "us-east-1", "VPCRegionUsEast1"},
		{"HealthCheckType", "HTTPS_STR_MATCH", "HealthCheckTypeHTTPSStrMatch"},
		{"ComparisonOperator", "GreaterThanThreshold", "ComparisonOperatorGreaterThanThreshold"},
		{"TagResourceType", "healthcheck", "TagResourceTypeHealthcheck"},
	} {
		if got := s.constName(&shape{goName: tt.enum}, tt.value); got != tt.want {
			t.Errorf("%s of %s: got %s, want %s", tt.value, tt.enum, got, tt.want)
		}
	}
}

func TestUsesPackage(t *testing.T) {
	for _, tt := range []struct {
		code string
		want bool
	}{
		{"x := time.Now()", true},
		{"x := mytime.Now()", false},
		{"x.time.Now()", false},
		{`"time.Now"`, false},
		{"time.Now", true},
		{"timeNow", false},
	} {
		if got := usesPackage(tt.code, "time"); got != tt.want {
			t.Errorf("%s: got %t", tt.code, got)
		}
	}
}

// Whatever the generator has no code for stops it: left out silently it would
// be missing on the wire.
func TestModelsRefused(t *testing.T) {
	model, over := string(readFile(t, "testdata/mini/model.json")), string(readFile(t, "testdata/mini/overrides.json"))
	for _, tt := range []struct {
		name, old, new string // replaced in the model, or else in the overrides
		want           string
	}{
		{"protocol", `"rest-xml"`, `"json"`, `protocol is "json", not rest-xml`},
		{"unknown key", `"protocol"`, `"streaming": true}, "endpoint": {"protocol"`, `parse model: json: unknown field "endpoint"`},
		{"unknown key of a member", `"location": "uri"`, `"payload": 1, "location": "uri"`, `parse model: member Id: json: unknown field "payload"`},
		{"map", `"type": "double"`, `"type": "map"`, `shape Double: type map is not supported`},
		{"shape missing", `{"shape": "Double"}`, `{"shape": "Float"}`, `member PutThingRequest.Ratio: no shape "Float"`},
		{"list of lists", `{"shape": "Part", "locationName"`, `{"shape": "Colors", "locationName"`, `list Parts: items of shape "Colors"`},
		{"location", `"location": "querystring"`, `"location": "statusCode"`, `member PutThingRequest.Size: location statusCode is not supported`},
		{"list in the query", `"Size": {"shape": "Small"`, `"Size": {"shape": "Parts"`, `member PutThingRequest.Size: list in the querystring is not supported`},
		{"optional label", `["Id", "Token", "Data"]`, `["Token", "Data"]`, `member PutThingRequest.Id: a label must be required`},
		{"label without member", `{Id}`, `{Id}/{Other}`, `operation PutThing: no member for label Other`},
		{"member without label", `/thing/{Id}`, `/thing`, `operation PutThing: 0 labels for 1 members`},
		{"no root", `"locationName": "PutThingRequest", `, ``, `operation PutThing: the body has no root element`},
		{"no output", `"output": {"shape": "PutThingResponse"}`, `"output": {"shape": "None"}`, `operation PutThing: unknown input or output`},
		{"override of nothing", `"PutThingResponse.Tag"`, `"PutThingResponse.Data"`, `optionalMembers: PutThingResponse.Data is not a required member`},
		{"open shape that is no enumeration", `["Color"]`, `["Text"]`, `openEnums: Text is not an enumeration`},
		{"open text without a pattern", `"openEnums"`, `"openTexts": ["Small"], "openEnums"`, `openTexts: Small is not a string with a pattern`},
		{"prefixes of nothing", `"openEnums"`, `"idPrefixes": {"Small": ["x"]}, "openEnums"`, `idPrefixes: Small is not a string`},
		{"pattern of nothing", `"openEnums"`, `"goPatterns": {"Text": "x"}, "openEnums"`, `goPatterns: Text has no pattern`},
		{"condition on nothing", `"openEnums"`, `"conditionalMaxima": [{"shape": "PutThingRequest", "member": "Token", "max": 1, "when": "Flag", "is": "x"}], "openEnums"`, `conditionalMaxima: PutThingRequest.Token by Flag`},
		{"unknown override", `"openEnums"`, `"others": 1, "openEnums"`, `parse overrides: json: unknown field "others"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, o := strings.Replace(model, tt.old, tt.new, 1), over
			if m == model {
				o = strings.Replace(over, tt.old, tt.new, 1)
			}
			_, err := generate("x", []byte(m), []byte(o))
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Generated files say that they are, and every exported name has a comment.
func TestGeneratedFilesAreDocumented(t *testing.T) {
	files, err := generate("route53api", readFile(t, modelFile), readFile(t, overridesFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasPrefix(string(f.content), "// Code generated by route53gen; DO NOT EDIT.\n") {
			t.Errorf("%s does not say that it is generated", f.name)
		}
		if strings.HasSuffix(f.name, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.name, f.content, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil {
					t.Errorf("%s: %s has no comment", f.name, d.Name)
				}
			case *ast.GenDecl:
				if v, ok := d.Specs[0].(*ast.ValueSpec); ok && v.Names[0].Name == "_" {
					continue
				}
				if d.Tok != token.IMPORT && d.Doc == nil {
					t.Errorf("%s: a declaration at byte %d has no comment", f.name, d.Pos())
				}
			}
		}
	}
}
