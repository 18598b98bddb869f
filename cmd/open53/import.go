package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"open53/cmd/open53/internal/zonefile"
	"open53/internal/rdata"
	"open53/internal/route53api"
)

// defaultParallel is how many change sets of one zone are under way at once.
const defaultParallel = 4

// importFlags are the choices of an import.
type importFlags struct {
	zone       string
	create     bool
	replace    bool
	keepApex   bool
	skipDNSSEC bool
	dryRun     bool
	wait       bool
	parallel   int
	comment    string
}

func newImportCommand() *cobra.Command {
	s := &settings{}
	var flags importFlags
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Read master files into hosted zones",
		Long: `Read zones from master files ("-" is standard input), each into the hosted zone
of its name. All files are read and checked before anything changes. What fits
into one change set (1000 records, 32,000 characters) is changed at once or not
at all. Records that are in the zone already are left alone, so that an import
can be repeated.`,
		Example: `  open53 import --create example.com.zone
  open53 import --replace --keep-apex *.zone
  open53 import --zone example.com --dry-run db.example`,
		Args: arguments(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case flags.zone != "" && len(args) > 1:
				return usagef("--zone is for one file, and there are %d", len(args))
			case flags.parallel < 1 || flags.parallel > 64:
				return usagef("--parallel %d: want 1 to 64", flags.parallel)
			}
			return flags.run(cmd, s, args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&flags.zone, "zone", "", "`NAME` or id of the zone (default: the owner of the SOA, else $ORIGIN)")
	f.BoolVar(&flags.create, "create", false, "create the zone if there is none")
	f.BoolVar(&flags.replace, "replace", false, "delete the records that are not in the file")
	f.BoolVar(&flags.keepApex, "keep-apex", false, "leave the zone's own SOA and NS as they are")
	f.BoolVar(&flags.skipDNSSEC, "skip-dnssec", false, "leave out what a signer made (RRSIG, DNSKEY, …)")
	f.BoolVar(&flags.dryRun, "dry-run", false, "only show what would change")
	f.BoolVar(&flags.wait, "wait", false, "wait until DNS serves the zone")
	f.IntVar(&flags.parallel, "parallel", defaultParallel, "send `N` change sets at once where one is not enough")
	f.StringVar(&flags.comment, "comment", "", "`TEXT` for the zone's history (default: the file's name)")
	s.register(f)
	registerOutputCompletion(cmd)
	_ = cmd.RegisterFlagCompletionFunc("zone", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return s.zoneNames(cmd)
	})
	return cmd
}

// importTarget is one zone, and what shall become of it.
type importTarget struct {
	doing   string // for messages
	file    *zonefile.File
	ref     *zoneRef // nil until the zone is there
	replace bool
	comment string

	changes   []zonefile.Change
	unchanged int
	phases    [][]zonefile.Batch
	created   bool     // by this import
	version   uint64   // before the import; 0 if not known
	ids       []string // of the changes, as they were acknowledged
}

func (flags *importFlags) run(cmd *cobra.Command, s *settings, paths []string) error {
	ctx := cmd.Context()
	c, err := s.connect(ctx)
	if err != nil {
		return err
	}
	var named *zoneRef // by --zone
	if isZoneID(flags.zone) {
		if named, err = c.findZone(ctx, flags.zone); err != nil {
			return err
		}
	}
	targets, err := flags.read(cmd, paths, named)
	if err != nil {
		return err
	}
	for _, t := range targets {
		if t.ref = named; named == nil {
			if err := flags.locate(ctx, c, t); err != nil {
				return err
			}
		}
		if err := t.plan(ctx, c); err != nil {
			if faults, ok := errors.AsType[*zonefile.Faults](err); ok {
				printFaults(cmd, faults)
				return fmt.Errorf("import: %s in %s; nothing was changed", plural(faults.Total, "fault"), plural(1, "file"))
			}
			return err
		}
	}
	if flags.dryRun {
		return showPlans(cmd, targets)
	}
	for i, t := range targets {
		err := flags.apply(cmd, c, t)
		if err != nil {
			return withRest(err, targets[i+1:])
		}
		if err := t.print(cmd, s); err != nil {
			return err
		}
	}
	return nil
}

// withRest says which zones come no more.
func withRest(err error, rest []*importTarget) error {
	if len(rest) == 0 {
		return err
	}
	names := make([]string, len(rest))
	for i, t := range rest {
		names[i] = readable(t.file.Zone.String())
	}
	return fmt.Errorf("%w; not begun: %s", err, strings.Join(names, ", "))
}

// read reads and checks all files. Every fault of every file is printed.
func (flags *importFlags) read(cmd *cobra.Command, paths []string, named *zoneRef) ([]*importTarget, error) {
	options := zonefile.ReadOptions{SkipDNSSEC: flags.skipDNSSEC}
	switch {
	case named != nil:
		options.Zone = named.name
	case flags.zone != "":
		var err error
		if options.Zone, err = rdata.ParseName(flags.zone); err != nil {
			return nil, usagef("--zone %q: %w", flags.zone, err)
		}
	}
	var targets []*importTarget
	bad, faults := 0, 0
	files := make(map[rdata.Name]string)
	for _, path := range paths {
		file, err := flags.readFile(cmd, path, options)
		var all *zonefile.Faults
		switch {
		case errors.As(err, &all):
			printFaults(cmd, all)
			bad++
			faults += all.Total
			continue
		case err != nil:
			return nil, fmt.Errorf("import %s: %w", path, err)
		case files[file.Zone] != "":
			return nil, usagef("%s and %s are both files of zone %s; nothing was changed", files[file.Zone], path, file.Zone)
		}
		for _, warning := range file.Warnings {
			notef(cmd, "%s (warning)", warning)
		}
		files[file.Zone] = path
		comment := flags.comment
		if comment == "" {
			comment = "import " + filepath.Base(file.Name)
		}
		targets = append(targets, &importTarget{doing: "import " + file.Name, file: file, replace: flags.replace, comment: shortened(comment)})
	}
	if faults > 0 {
		return nil, fmt.Errorf("import: %s in %s; nothing was changed", plural(faults, "fault"), plural(bad, "file"))
	}
	return targets, nil
}

// shortened is a comment of at most 256 characters, which is the limit.
func shortened(comment string) string {
	if runes := []rune(comment); len(runes) > 256 {
		return string(runes[:256])
	}
	return comment
}

func printFaults(cmd *cobra.Command, all *zonefile.Faults) {
	for _, fault := range all.List {
		notef(cmd, "%s", fault)
	}
	if more := all.Total - len(all.List); more > 0 {
		notef(cmd, "%s: %d more faults", all.List[0].At.File, more)
	}
}

// readFile reads and checks one file.
func (flags *importFlags) readFile(cmd *cobra.Command, path string, options zonefile.ReadOptions) (*zonefile.File, error) {
	name, in := path, cmd.InOrStdin()
	if path == "-" {
		name = "standard input"
	} else {
		opened, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer opened.Close() //nolint:errcheck // only read from
		in = opened
		options.Open = func(included string) (io.ReadCloser, error) { // beside the file, as BIND and NSD do
			if !filepath.IsAbs(included) {
				included = filepath.Join(filepath.Dir(path), included)
			}
			return os.Open(included)
		}
	}
	file, err := zonefile.Read(in, name, options)
	if err != nil {
		return nil, err
	}
	if flags.keepApex {
		file.WithoutApex()
	}
	return file, file.Check(flags.replace)
}

// locate finds the zone of a file. It stays nil if it is to be created.
func (flags *importFlags) locate(ctx context.Context, c *client, t *importTarget) error {
	zones, err := c.zonesNamed(ctx, t.file.Zone)
	switch {
	case err != nil:
		return c.failure(t.doing, err)
	case len(zones) > 1:
		return usagef("%s: %d hosted zones have the name %s; say which with --zone: %s", t.doing, len(zones), t.file.Zone, idsOf(zones))
	case len(zones) == 1:
		t.ref = zones[0]
	case !flags.create:
		return fmt.Errorf("%s: %w %s (--create makes it)", t.doing, errNoZone, t.file.Zone)
	}
	return nil
}

// plan compares the file with the zone and makes the change sets.
func (t *importTarget) plan(ctx context.Context, c *client) (err error) {
	var current []*zonefile.Set
	if t.ref == nil {
		// An alias target that the file lacks cannot be in the zone.
		err = t.file.Check(true)
	} else {
		current, err = c.currentSets(ctx, t)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", t.doing, err)
	}
	t.changes, t.unchanged = t.file.Plan(current, zonefile.PlanOptions{Replace: t.replace})
	if t.phases, err = t.file.Schedule(t.changes); err != nil {
		return fmt.Errorf("%s: %w; nothing was changed", t.doing, err)
	}
	return nil
}

// currentSets lists what the zone holds: all of it if the file replaces it,
// else at least what the file mentions. Pages without any are passed over.
func (c *client) currentSets(ctx context.Context, t *importTarget) ([]*zonefile.Set, error) {
	var current []*zonefile.Set
	wanted := t.file.Sets
	in := route53api.ListResourceRecordSetsInput{HostedZoneId: t.ref.id, MaxItems: new(recordPage)}
	for {
		out, err := c.ListResourceRecordSets(ctx, &in)
		if err != nil {
			return nil, c.failure("list records of "+t.ref.name.String(), err)
		}
		for i := range out.ResourceRecordSets {
			set, err := zonefile.FromAPI(&out.ResourceRecordSets[i], t.ref.id)
			if err != nil {
				return nil, err
			}
			current = append(current, set)
		}
		if !out.IsTruncated {
			break
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
		if t.replace {
			continue
		}
		next, err := rdata.ParseName(*out.NextRecordName)
		if err != nil {
			return nil, err
		}
		key := next.SortKey()
		for len(wanted) > 0 && wanted[0].Name != next && wanted[0].Name.SortKey() < key {
			wanted = wanted[1:]
		}
		if len(wanted) == 0 {
			break
		}
		if wanted[0].Name != next {
			in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = new(wanted[0].Name.String()), nil, nil
		}
	}
	zonefile.Sort(current) // another server's order may not be ours
	return current, nil
}
