package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"open53/cmd/open53/internal/zonefile"
	"open53/internal/route53api"
)

func newExportCommand() *cobra.Command {
	s := &connection{}
	var to string
	cmd := &cobra.Command{
		Use:   "export ZONE",
		Short: "Write a hosted zone as a master file",
		Long: `Write a hosted zone as a master file that any name server can load. Aliases,
routing policies and health checks are in comments, which "open53 import" reads
back: import of an export changes nothing.`,
		Example: `  open53 export example.com > example.com.zone
  open53 export example.com --to example.com.zone`,
		Args:              arguments(1, 1),
		ValidArgsFunction: s.completeZone,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			ref, err := c.findZone(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if to == "" || to == "-" {
				return c.export(cmd, ref, cmd.OutOrStdout())
			}
			return writeFile(to, 0o666, func(f *os.File) error { return c.export(cmd, ref, f) })
		},
	}
	cmd.Flags().StringVarP(&to, "to", "o", "", "write to `FILE`, whole or not at all (default: standard output)")
	s.register(cmd.Flags())
	return cmd
}

// export writes the zone. A page of the list is a picture of its own, so the
// zone's version is looked at before and after.
func (c *client) export(cmd *cobra.Command, ref *zoneRef, w io.Writer) error {
	ctx := cmd.Context()
	before := c.zoneVersion(ctx, ref.id)
	news := cmd.ErrOrStderr()
	if isTerminal(w) { // the zone itself is on it
		news = io.Discard
	}
	p := newProgress(news, "export", "record sets", total(ref.zone.ResourceRecordSetCount))
	defer p.finish()
	out := zonefile.NewWriter(w, ref.name)
	for in, err := range c.recordSets(ctx, ref.id, route53api.ListResourceRecordSetsInput{}) {
		if err != nil {
			return c.failure("export zone "+ref.name.String(), err)
		}
		set, err := zonefile.FromAPI(in, ref.id)
		if err != nil {
			return fmt.Errorf("export zone %s: %w", ref.name, err)
		}
		out.Add(set)
		p.add(1)
	}
	if err := out.Close(); err != nil {
		return err
	}
	p.finish()
	if before != c.zoneVersion(ctx, ref.id) {
		notef(cmd, "%s changed while it was being exported: some of the changes may be missing", ref.name)
	}
	return nil
}

func total(n *int64) uint64 {
	if n == nil || *n < 0 {
		return 0
	}
	return uint64(*n)
}

// writeFile writes a file durably, whole or not at all: beside it first, then
// in its place.
func writeFile(path string, mode os.FileMode, write func(f *os.File) error) error {
	temp := path + ".tmp"
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp) // err says more
		return err
	}
	return nil
}
