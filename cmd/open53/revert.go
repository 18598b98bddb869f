package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"open53/cmd/open53/internal/zonefile"
)

func newRevertCommand() *cobra.Command {
	s := &settings{}
	var comment string
	var yes, dryRun, wait bool
	var kind string
	cmd := &cobra.Command{
		Use:   "revert ZONE VERSION",
		Short: "Make the records of a zone what they were at a version",
		Long: `Make the records of a hosted zone what they were at a version of its history. The
revert is a change like others: it is in the history and can be reverted. What
would change is shown first, and asked about on a terminal. With --of, a health check
or a CIDR collection gets back, by its id and at once, what it was.`,
		Example: `  open53 revert example.com 17
  open53 revert example.com 17 --dry-run
  open53 revert --of healthcheck 4b4c5f5e-2f0b-4a59-9a3c-6c0f5d1b7a10 3
  open53 revert example.com 17 --yes --comment "undo the move"`,
		Args:              arguments(2, 2),
		ValidArgsFunction: s.completeZone,
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := parseVersion(args[1])
			if err != nil {
				return err
			}
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			if kind != "" {
				return c.revertEntity(cmd, kind, args[0], version)
			}
			ref, err := c.findZone(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			doing := fmt.Sprintf("revert %s to version %d", ref.name, version)
			var preview revertPreview
			path := zonePath(ref.id, "revert")
			if err := c.admin(cmd.Context(), http.MethodPost, path, revertRequest{Version: version, DryRun: true}, &preview); err != nil {
				return c.failure(doing, err)
			}
			if s.output == formatTable || dryRun {
				if err := previewRevert(cmd, s, ref, preview); err != nil {
					return err
				}
			}
			if dryRun {
				return nil
			}
			if len(preview.Changes) == 0 {
				return printReverted(cmd, s, ref, version, revertResult{})
			}
			if !yes {
				if err := confirm(cmd, fmt.Sprintf("Make %s to %s?", plural(len(preview.Changes), "change"), ref.label())); err != nil {
					return err
				}
			}
			var result revertResult
			if err := c.admin(cmd.Context(), http.MethodPost, path, revertRequest{Version: version, Comment: comment}, &result); err != nil {
				return c.failure(doing, err)
			}
			if wait && result.ChangeID != "" {
				if _, err := c.waitForChange(cmd.Context(), result.ChangeID, waitLimit); err != nil {
					return err
				}
			}
			return printReverted(cmd, s, ref, version, result)
		},
	}
	f := cmd.Flags()
	f.StringVar(&kind, "of", "", "revert a `KIND` by its id instead of a zone: healthcheck, cidrcollection")
	f.StringVar(&comment, "comment", "", "`TEXT` for the history")
	f.BoolVar(&yes, "yes", false, "do not ask")
	f.BoolVar(&dryRun, "dry-run", false, "only show what would change")
	f.BoolVar(&wait, "wait", false, "wait until DNS serves the change")
	s.register(f)
	registerOutputCompletion(cmd)
	return cmd
}

func previewRevert(cmd *cobra.Command, s *settings, ref *zoneRef, preview revertPreview) error {
	if s.output == formatJSON {
		return printPlainJSON(cmd, preview)
	}
	return printChanges(cmd, ref, preview.Changes)
}

func printReverted(cmd *cobra.Command, s *settings, ref *zoneRef, version uint64, result revertResult) error {
	switch {
	case s.output == formatJSON:
		return printPlainJSON(cmd, result)
	case result.Changes == 0:
		return printf(cmd, "%s holds what it held at version %d; nothing was changed\n", ref.label(), version)
	}
	return printf(cmd, "%s (%s) holds what it held at version %d: %s, version %d, change %s\n", ref.label(), ref.id,
		version, plural(result.Changes, "change"), result.Version, zonefile.BareID(result.ChangeID))
}
