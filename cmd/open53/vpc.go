package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"open53/internal/admin"
)

// vpcSettings is what the admin API takes for a VPC; what is nil or empty
// stays as it is.
type vpcSettings struct {
	Region       string            `json:"region,omitempty"`
	Account      string            `json:"account,omitempty"`
	Blocks       []string          `json:"cidr_blocks,omitempty"`
	DNSSupport   *bool             `json:"dns_support,omitempty"`
	DNSHostnames *bool             `json:"dns_hostnames,omitempty"`
	Tags         map[string]string `json:"tags,omitempty"`
}

// vpcPage is a page of VPCs.
type vpcPage struct {
	VPCs []admin.VPC `json:"vpcs"`
	Next string      `json:"next,omitempty"`
}

func newVPCCommand() *cobra.Command {
	s := &settings{}
	group := newGroup("vpc", "Declare the networks whose clients private hosted zones answer", `  open53 vpc set eu-west-1:vpc-1a2b3c4d --cidr 10.0.0.0/16 --cidr fd00:53::/56
  open53 zone create corp.example.com --vpc eu-west-1:vpc-1a2b3c4d
  open53 vpc list --address 10.0.7.8
  open53 vpc delete vpc-1a2b3c4d`,
		newVPCListCommand(s), newVPCSetCommand(s), newVPCDeleteCommand(s))
	s.register(group.PersistentFlags())
	registerOutputCompletion(group)
	return group
}

func newVPCListCommand(s *settings) *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List VPCs, their addresses and their private zones",
		Example: `  open53 vpc list
  open53 vpc list --address 10.0.7.8     which VPC is this client in?`,
		Aliases: []string{"ls"},
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			list, err := c.vpcs(cmd.Context(), address)
			if err != nil {
				return c.failure("list VPCs", err)
			}
			if s.output == formatJSON {
				return printPlainJSON(cmd, map[string]any{"vpcs": list})
			}
			return printVPCs(cmd, list)
		},
	}
	cmd.Flags().StringVar(&address, "address", "", "only the VPC that a client at `IP` is in")
	return cmd
}

// vpcs lists all VPCs, or the one that an address is in.
func (c *client) vpcs(ctx context.Context, address string) ([]admin.VPC, error) {
	list := []admin.VPC{}
	query := url.Values{"limit": {"1000"}}
	if address != "" {
		query.Set("address", address)
	}
	for {
		var page vpcPage
		if err := c.admin(ctx, http.MethodGet, "vpcs?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		list = append(list, page.VPCs...)
		if page.Next == "" {
			return list, nil
		}
		query.Set("from", page.Next)
	}
}

func printVPCs(cmd *cobra.Command, list []admin.VPC) error {
	t := newTable("ID", "REGION", "CIDR BLOCKS", "DNS", "ZONES", "NAME")
	for _, v := range list {
		dns := "on"
		if !v.DNSSupport || !v.DNSHostnames {
			dns = "off"
		}
		t.row(v.ID, v.Region, strings.Join(v.Blocks, ","), dns, strings.Join(v.Zones, ","), v.Tags["Name"])
	}
	return t.print(cmd.OutOrStdout())
}

func newVPCSetCommand(s *settings) *cobra.Command {
	var in vpcSettings
	var support, hostnames bool
	var tags []string
	cmd := &cobra.Command{
		Use:   "set [REGION:]ID",
		Short: "Make a VPC, or change what is given of one",
		Long: `Make a VPC, or change what is given of one. Clients whose source address is in one
of its blocks are answered from the private hosted zones that are associated with
it; of several VPCs with an address the one with the longest prefix has it.`,
		Example: `  open53 vpc set eu-west-1:vpc-1a2b3c4d --cidr 10.0.0.0/16 --tag Name=office
  open53 vpc set vpc-1a2b3c4d --cidr 10.0.0.0/16 --cidr 10.1.0.0/16
  open53 vpc set vpc-1a2b3c4d --dns-support=false     no private zones for now`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id := args[0]
			if region, rest, ok := strings.Cut(id, ":"); ok {
				in.Region, id = region, rest
			}
			if cmd.Flags().Changed("dns-support") {
				in.DNSSupport = &support
			}
			if cmd.Flags().Changed("dns-hostnames") {
				in.DNSHostnames = &hostnames
			}
			var err error
			if in.Tags, err = parseTags(tags); err != nil {
				return err
			}
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			var made admin.VPC
			if err := c.admin(cmd.Context(), http.MethodPut, vpcPath(id), in, &made); err != nil {
				return c.failure("set VPC "+id, err)
			}
			if s.output == formatJSON {
				return printPlainJSON(cmd, made)
			}
			return printVPCs(cmd, []admin.VPC{made})
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&in.Blocks, "cidr", nil, "address block `CIDR`, IPv4 or IPv6; all of them, in place of those there were")
	f.StringVar(&in.Account, "account", "", "12-digit `ID` of the account that owns it")
	f.BoolVar(&support, "dns-support", true, "enableDnsSupport; private zones need it")
	f.BoolVar(&hostnames, "dns-hostnames", true, "enableDnsHostnames; private zones need it")
	f.StringArrayVar(&tags, "tag", nil, "`KEY=VALUE`; all tags, in place of those there were")
	return cmd
}

func vpcPath(id string) string { return "vpcs/" + url.PathEscape(id) }

// parseTags reads KEY=VALUE; nil for none.
func parseTags(texts []string) (map[string]string, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	tags := map[string]string{}
	for _, text := range texts {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, usagef("--tag %q: want KEY=VALUE", text)
		}
		tags[key] = value
	}
	return tags, nil
}

func newVPCDeleteCommand(s *settings) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "delete [REGION:]ID",
		Short: "Forget a VPC and its addresses",
		Example: `  open53 vpc delete vpc-1a2b3c4d
  open53 vpc delete vpc-1a2b3c4d --force     private zones or not`,
		Aliases: []string{"rm"},
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id := args[0][strings.IndexByte(args[0], ':')+1:]
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			if !force {
				var known admin.VPC
				if err := c.admin(cmd.Context(), http.MethodGet, vpcPath(id), nil, &known); err != nil {
					return c.failure("delete VPC "+id, err)
				}
				if len(known.Zones) > 0 {
					slices.Sort(known.Zones)
					return fmt.Errorf("delete VPC %s: private zones are associated with it (%s); they stay so, without clients, if you say --force", id, strings.Join(known.Zones, ", "))
				}
			}
			if err := c.admin(cmd.Context(), http.MethodDelete, vpcPath(id), nil, nil); err != nil {
				return c.failure("delete VPC "+id, err)
			}
			notef(cmd, "deleted %s", id)
			return nil
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "delete it even if private zones are associated with it")
	return cmd
}
