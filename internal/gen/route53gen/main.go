// Command route53gen writes the Go form of a REST-XML service model: types,
// codecs, constraints, routes, errors, server and client.
//
// It reads two files. The model is AWS's own description of the service: its
// operations and shapes. The overrides hold the wire facts the model lacks; see
// the type overrides. Everything is resolved into a service first, with every
// inconsistency an error; the emitters then print it, one file each, and decide
// nothing.
//
// The output depends on the two files alone: shapes and operations are printed
// in the order of their names, members in the order of the model. The digests
// of both files are in every header.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	modelPath := flag.String("model", "", "service `file` (C2J)")
	overridesPath := flag.String("overrides", "", "overrides `file`")
	out := flag.String("out", "", "`directory` of the package to write")
	flag.Parse()
	if *modelPath == "" || *overridesPath == "" || *out == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*modelPath, *overridesPath, *out); err != nil {
		fmt.Fprintln(os.Stderr, "route53gen:", err)
		os.Exit(1)
	}
}

func run(modelPath, overridesPath, out string) error {
	model, err := os.ReadFile(modelPath)
	if err != nil {
		return fmt.Errorf("read model: %w", err)
	}
	over, err := os.ReadFile(overridesPath)
	if err != nil {
		return fmt.Errorf("read overrides: %w", err)
	}
	dir, err := filepath.Abs(out) // its last element is the package's name
	if err != nil {
		return fmt.Errorf("output directory: %w", err)
	}
	files, err := generate(filepath.Base(dir), model, over)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(out, f.name), f.content, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", f.name, err)
		}
	}
	return nil
}

// generate makes all files of the package named pkg.
func generate(pkg string, model, over []byte) ([]outputFile, error) {
	s, err := loadService(model, over)
	if err != nil {
		return nil, err
	}
	emitters := []struct {
		name string
		emit func(*printer, *service)
	}{
		{"api.gen.go", emitAPI},
		{"types.gen.go", emitTypes},
		{"enums.gen.go", emitEnums},
		{"constraints.gen.go", emitConstraints},
		{"decode.gen.go", emitDecode},
		{"encode.gen.go", emitEncode},
		{"server.gen.go", emitServer},
		{"client.gen.go", emitClient},
		{"errors.gen.go", emitErrors},
		{"recorder_gen_test.go", emitRecorder},
	}
	var files []outputFile
	for _, e := range emitters {
		p := newPrinter(pkg, s)
		e.emit(p, s)
		content, err := p.source()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
		files = append(files, outputFile{e.name, content})
	}
	return files, nil
}
