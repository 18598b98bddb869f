package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"open53/cmd/open53/internal/zonefile"
	"open53/internal/rdata"
	"open53/internal/route53api"
)

func newZoneCommand() *cobra.Command {
	s := &settings{}
	group := newGroup("zone", "Create, list, show, change and delete hosted zones", `  open53 zone create example.com --comment "the shop"
  open53 zone list
  open53 zone show example.com
  open53 zone set example.com --serial-mode fixed
  open53 zone delete example.com --force`,
		newZoneCreateCommand(s), newZoneListCommand(s), newZoneShowCommand(s), newZoneSetCommand(s), newZoneDeleteCommand(s))
	s.register(group.PersistentFlags())
	registerOutputCompletion(group)
	return group
}

func newZoneCreateCommand(s *settings) *cobra.Command {
	var comment, reference, delegationSet, vpc, serialMode string
	var wait bool
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a hosted zone",
		Example: `  open53 zone create example.com
  open53 zone create example.com --vpc eu-west-1:vpc-1a2b3c4d     private
  open53 zone create example.com --delegation-set N0123456789`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := &route53api.CreateHostedZoneInput{Name: args[0], CallerReference: reference}
			if reference == "" {
				in.CallerReference = newReference()
			}
			if comment != "" || vpc != "" {
				in.HostedZoneConfig = &route53api.HostedZoneConfig{Comment: optional(comment), PrivateZone: new(vpc != "")}
			}
			in.DelegationSetId = optional(delegationSet)
			var err error
			if in.VPC, err = parseVPC(vpc); err != nil {
				return err
			}
			if err := checkSerialMode(serialMode); err != nil {
				return err
			}
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			out, err := c.CreateHostedZone(cmd.Context(), in)
			if err != nil {
				return c.failure("create zone "+args[0], err)
			}
			if serialMode != "" {
				if err := c.setSerialMode(cmd.Context(), zonefile.BareID(out.HostedZone.Id), serialMode); err != nil {
					return c.failure("set serial mode of zone "+args[0], err)
				}
			}
			if wait {
				if out.ChangeInfo, err = c.waitForChange(cmd.Context(), out.ChangeInfo.Id, waitLimit); err != nil {
					return err
				}
			}
			if s.output == formatJSON {
				return printJSON(cmd, out)
			}
			return printZone(cmd, &out.HostedZone, out.DelegationSet, nil, serialMode)
		},
	}
	f := cmd.Flags()
	f.StringVar(&comment, "comment", "", "`TEXT` about the zone")
	f.StringVar(&vpc, "vpc", "", "make a private zone for `REGION:ID`")
	f.StringVar(&delegationSet, "delegation-set", "", "reusable delegation set with the `ID`")
	f.StringVar(&reference, "caller-reference", "", "`TEXT` that lets the zone be created only once (default random)")
	f.StringVar(&serialMode, "serial-mode", "", "follow or fixed; see zone set")
	f.BoolVar(&wait, "wait", false, "wait until DNS serves the zone")
	return cmd
}

// newReference is a caller reference that nobody has used.
func newReference() string {
	return "open53-" + time.Now().UTC().Format("20060102T150405Z") + "-" + rand.Text()[:10]
}

// optional is nil for what was not given.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func parseVPC(text string) (*route53api.VPC, error) {
	if text == "" {
		return nil, nil
	}
	region, id, ok := strings.Cut(text, ":")
	if !ok || region == "" || id == "" {
		return nil, usagef("--vpc %q: want REGION:ID, like eu-west-1:vpc-1a2b3c4d", text)
	}
	return &route53api.VPC{VPCRegion: new(route53api.VPCRegion(region)), VPCId: &id}, nil
}

func newZoneListCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List hosted zones",
		Aliases: []string{"ls"},
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			out := struct{ HostedZones []route53api.HostedZone }{[]route53api.HostedZone{}}
			for z, err := range c.zones(cmd.Context()) {
				if err != nil {
					return c.failure("list zones", err)
				}
				out.HostedZones = append(out.HostedZones, z)
			}
			if s.output == formatJSON {
				return printJSON(cmd, out)
			}
			t := newTable("ID", "NAME", "RECORDS", "KIND", "COMMENT")
			for _, z := range out.HostedZones {
				kind, comment := zoneConfig(&z)
				t.row(zonefile.BareID(z.Id), readable(z.Name), count(z.ResourceRecordSetCount), kind, comment)
			}
			return t.print(cmd.OutOrStdout())
		},
	}
}

func zoneConfig(z *route53api.HostedZone) (kind, comment string) {
	kind = "public"
	if z.Config == nil {
		return kind, ""
	}
	if z.Config.PrivateZone != nil && *z.Config.PrivateZone {
		kind = "private"
	}
	if z.Config.Comment != nil {
		comment = *z.Config.Comment
	}
	return kind, comment
}

func count(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// readable is a name of the API with the asterisk of a wildcard as people
// write it.
func readable(name string) string {
	if rest, ok := strings.CutPrefix(name, `\052.`); ok {
		return "*." + rest
	}
	return name
}

func newZoneShowCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:               "show ZONE",
		Short:             "Show a hosted zone, by name or id",
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
			out, err := c.GetHostedZone(cmd.Context(), &route53api.GetHostedZoneInput{Id: ref.id})
			if err != nil {
				return c.failure("show zone "+args[0], err)
			}
			if s.output == formatJSON {
				return printJSON(cmd, out)
			}
			return printZone(cmd, &out.HostedZone, out.DelegationSet, out.VPCs, c.serialMode(cmd.Context(), ref.id))
		},
	}
}

// printZone prints one zone as name and value pairs.
func printZone(cmd *cobra.Command, z *route53api.HostedZone, set *route53api.DelegationSet, vpcs []route53api.VPC, serialMode string) error {
	kind, comment := zoneConfig(z)
	t := &table{}
	add := func(name, value string) {
		if value != "" {
			t.row(name, value)
		}
	}
	add("ID", zonefile.BareID(z.Id))
	add("Name", readable(z.Name))
	add("Kind", kind)
	add("Comment", comment)
	add("Records", count(z.ResourceRecordSetCount))
	add("Serial mode", serialMode)
	if set != nil {
		if set.Id != nil {
			add("Delegation set", zonefile.BareID(*set.Id))
		}
		for _, server := range set.NameServers {
			add("Name server", server)
		}
	}
	for _, vpc := range vpcs {
		if vpc.VPCId != nil && vpc.VPCRegion != nil {
			add("VPC", string(*vpc.VPCRegion)+":"+*vpc.VPCId)
		}
	}
	return t.print(cmd.OutOrStdout())
}

func checkSerialMode(mode string) error {
	if mode != "" && mode != "follow" && mode != "fixed" {
		return usagef("--serial-mode %q: want follow or fixed", mode)
	}
	return nil
}

// serialMode is empty where the server does not know it.
func (c *client) serialMode(ctx context.Context, zoneID string) string {
	var s zoneSettings
	if c.admin(ctx, http.MethodGet, zonePath(zoneID, "settings"), nil, &s) != nil {
		return ""
	}
	return s.SerialMode
}

func (c *client) setSerialMode(ctx context.Context, zoneID, mode string) error {
	return c.admin(ctx, http.MethodPut, zonePath(zoneID, "settings"), zoneSettings{SerialMode: mode}, nil)
}

func newZoneSetCommand(s *settings) *cobra.Command {
	var comment, serialMode string
	cmd := &cobra.Command{
		Use:   "set ZONE",
		Short: "Change comment or serial mode of a hosted zone",
		Long: `Change what belongs to a zone besides its records.

Serial mode "follow" raises the SOA serial that DNS serves with every change, as
secondaries need it; "fixed" serves the serial of the SOA record as it is written,
as Amazon does.`,
		Example: `  open53 zone set example.com --comment "moved to Berlin"
  open53 zone set example.com --serial-mode fixed`,
		Args:              arguments(1, 1),
		ValidArgsFunction: s.completeZone,
		RunE: func(cmd *cobra.Command, args []string) error {
			withComment := cmd.Flags().Changed("comment")
			if !withComment && serialMode == "" {
				return usagef("what shall be changed? See %s --help", cmd.CommandPath())
			}
			if err := checkSerialMode(serialMode); err != nil {
				return err
			}
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			ref, err := c.findZone(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if withComment {
				_, err := c.UpdateHostedZoneComment(cmd.Context(), &route53api.UpdateHostedZoneCommentInput{Id: ref.id, Comment: &comment})
				if err != nil {
					return c.failure("set comment of zone "+args[0], err)
				}
			}
			if serialMode != "" {
				if err := c.setSerialMode(cmd.Context(), ref.id, serialMode); err != nil {
					return c.failure("set serial mode of zone "+args[0], err)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&comment, "comment", "", "`TEXT` about the zone; empty takes it away")
	cmd.Flags().StringVar(&serialMode, "serial-mode", "", "follow or fixed")
	return cmd
}

func newZoneDeleteCommand(s *settings) *cobra.Command {
	var force, yes bool
	cmd := &cobra.Command{
		Use:   "delete ZONE",
		Short: "Delete a hosted zone",
		Long: `Delete a hosted zone. A zone with records other than its own SOA and NS is kept,
unless --force deletes them first, which is asked about on a terminal.`,
		Example: `  open53 zone delete example.com
  open53 zone delete Z0123456789ABCDEFGHIJ --force --yes`,
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
			if force {
				if err := emptyZone(cmd, c, ref, yes); err != nil {
					return err
				}
			}
			out, err := c.DeleteHostedZone(cmd.Context(), &route53api.DeleteHostedZoneInput{Id: ref.id})
			if err != nil {
				return c.failure("delete zone "+args[0], err)
			}
			if s.output == formatJSON {
				return printJSON(cmd, out)
			}
			return printf(cmd, "deleted %s (%s), change %s\n", ref.label(), ref.id, zonefile.BareID(out.ChangeInfo.Id))
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "delete the zone's records too")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// emptyZone deletes all records but SOA and NS of the zone.
func emptyZone(cmd *cobra.Command, c *client, ref *zoneRef, yes bool) error {
	file := &zonefile.File{Zone: ref.name}
	target := &importTarget{doing: "delete records of " + ref.label(), file: file, ref: ref, replace: true}
	if err := target.plan(cmd.Context(), c); err != nil {
		return err
	}
	if len(target.changes) == 0 {
		return nil
	}
	if !yes {
		question := fmt.Sprintf("Delete zone %s with %s?", ref.label(), plural(len(target.changes), "record set"))
		if err := confirm(cmd, question); err != nil {
			return err
		}
	}
	return target.apply(cmd, c, defaultParallel)
}

// typeName reads a record type in either case.
func typeName(text string) (rdata.Type, error) {
	t, ok := rdata.ParseType(strings.ToUpper(text))
	if !ok {
		return 0, usagef("record type %q is unknown", text)
	}
	return t, nil
}
