package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"open53/cmd/open53/internal/zonefile"
	"open53/internal/rdata"
	"open53/internal/route53api"
)

func newRecordCommand() *cobra.Command {
	s := &settings{}
	group := newGroup("record", "List, set and delete the records of a zone", `  open53 record list example.com
  open53 record set example.com www A 192.0.2.1 192.0.2.2 --ttl 60
  open53 record set example.com @ MX "10 mail.example.com."
  open53 record set example.com @ A --alias www
  open53 record delete example.com www A`,
		newRecordListCommand(s), newRecordSetCommand(s), newRecordDeleteCommand(s))
	s.register(group.PersistentFlags())
	registerOutputCompletion(group)
	return group
}

func newRecordListCommand(s *settings) *cobra.Command {
	var name, recordType string
	cmd := &cobra.Command{
		Use:   "list ZONE",
		Short: "List the records of a zone",
		Example: `  open53 record list example.com
  open53 record list example.com --name www --type A --output json`,
		Aliases:           []string{"ls"},
		Args:              arguments(1, 1),
		ValidArgsFunction: s.completeZone,
		RunE: func(cmd *cobra.Command, args []string) error {
			var wanted rdata.Type
			if recordType != "" {
				var err error
				if wanted, err = typeName(recordType); err != nil {
					return err
				}
			}
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			ref, err := c.findZone(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			sets, err := c.listRecords(cmd, ref, name, wanted)
			if err != nil {
				return err
			}
			if s.output == formatJSON {
				return printJSON(cmd, struct {
					ResourceRecordSets []route53api.ResourceRecordSet
				}{sets})
			}
			return printRecords(cmd, ref, sets)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "only the records of `NAME`")
	cmd.Flags().StringVar(&recordType, "type", "", "only the records of `TYPE`")
	return cmd
}

// listRecords lists the record sets of a name ("" is all) and type (0 is all).
func (c *client) listRecords(cmd *cobra.Command, ref *zoneRef, name string, wanted rdata.Type) ([]route53api.ResourceRecordSet, error) {
	sets := []route53api.ResourceRecordSet{}
	var start route53api.ListResourceRecordSetsInput
	var only rdata.Name
	if name != "" {
		var err error
		if only, err = ref.absoluteName(name); err != nil {
			return nil, err
		}
		start.StartRecordName = new(only.String())
	}
	for set, err := range c.recordSets(cmd.Context(), ref.id, start) {
		if err != nil {
			return nil, c.failure("list records of "+ref.name.String(), err)
		}
		if only != "" {
			if owner, err := rdata.ParseName(set.Name); err != nil || owner != only {
				break
			}
		}
		if wanted == 0 || string(set.Type) == wanted.String() {
			sets = append(sets, *set)
		}
	}
	return sets, nil
}

// printRecords prints one line for each value.
func printRecords(cmd *cobra.Command, ref *zoneRef, sets []route53api.ResourceRecordSet) error {
	t := newTable("NAME", "TYPE", "TTL", "ROUTING", "VALUE")
	for i := range sets {
		set := &sets[i]
		name, routing := readable(set.Name), routingOf(set)
		for _, value := range valuesOf(set, ref.id) {
			t.row(name, string(set.Type), count(set.TTL), routing, value)
		}
	}
	return t.print(cmd.OutOrStdout())
}

// valuesOf are the values of a set as people read them.
func valuesOf(set *route53api.ResourceRecordSet, zoneID string) []string {
	if a := set.AliasTarget; a != nil {
		text := "alias of " + readable(a.DNSName)
		if id := zonefile.BareID(a.HostedZoneId); id != zoneID && id != "" {
			text += " in zone " + id
		}
		if a.EvaluateTargetHealth {
			text += ", with its health"
		}
		return []string{text}
	}
	if set.TrafficPolicyInstanceId != nil {
		return []string{"traffic policy instance " + *set.TrafficPolicyInstanceId}
	}
	values := make([]string, len(set.ResourceRecords))
	for i, r := range set.ResourceRecords {
		values[i] = r.Value
	}
	return values
}

// routingOf says in a few words when a set answers.
func routingOf(set *route53api.ResourceRecordSet) string {
	var parts []string
	add := func(text string, args ...any) { parts = append(parts, fmt.Sprintf(text, args...)) }
	switch {
	case set.Weight != nil:
		add("weight %d", *set.Weight)
	case set.Region != nil:
		add("region %s", *set.Region)
	case set.Failover != nil:
		add("failover %s", *set.Failover)
	case set.GeoLocation != nil:
		add("geo %s", geoText(set.GeoLocation))
	case set.GeoProximityLocation != nil:
		add("near %s", geoproximityText(set.GeoProximityLocation))
	case set.CidrRoutingConfig != nil:
		add("cidr %s:%s", set.CidrRoutingConfig.CollectionId, set.CidrRoutingConfig.LocationName)
	case set.MultiValueAnswer != nil && *set.MultiValueAnswer:
		add("multivalue")
	}
	if set.HealthCheckId != nil {
		add("check %s", *set.HealthCheckId)
	}
	text := strings.Join(parts, ", ")
	if set.SetIdentifier != nil {
		text = *set.SetIdentifier + ": " + text
	}
	return text
}

// newRecordDeleteCommand deletes what it has read: the API wants every member
// of the set repeated.
func newRecordDeleteCommand(s *settings) *cobra.Command {
	var identifier string
	var wait bool
	cmd := &cobra.Command{
		Use:   "delete ZONE NAME TYPE",
		Short: "Delete a record set",
		Example: `  open53 record delete example.com www A
  open53 record delete example.com www A --set-id blue`,
		Aliases:           []string{"rm"},
		Args:              arguments(3, 3),
		ValidArgsFunction: s.completeZone,
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted, err := typeName(args[2])
			if err != nil {
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
			sets, err := c.listRecords(cmd, ref, args[1], wanted)
			if err != nil {
				return err
			}
			set, err := chooseSet(sets, identifier, cmd.Flags().Changed("set-id"))
			if err != nil {
				return fmt.Errorf("delete record %s %s: %w", args[1], wanted, err)
			}
			batch := route53api.ChangeBatch{Changes: []route53api.Change{{Action: route53api.ChangeActionDelete, ResourceRecordSet: *set}}}
			return s.change(cmd, c, ref, batch, "delete record "+args[1]+" "+wanted.String(), wait)
		},
	}
	cmd.Flags().StringVar(&identifier, "set-id", "", "the set with the identifier `ID`")
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until DNS serves the change")
	return cmd
}

// chooseSet picks the one set that is meant.
func chooseSet(sets []route53api.ResourceRecordSet, identifier string, named bool) (*route53api.ResourceRecordSet, error) {
	var ids []string
	for i := range sets {
		id := ""
		if sets[i].SetIdentifier != nil {
			id = *sets[i].SetIdentifier
		}
		if len(sets) == 1 && !named || named && id == identifier {
			return &sets[i], nil
		}
		ids = append(ids, strconv.Quote(id))
	}
	switch {
	case len(sets) == 0:
		return nil, fmt.Errorf("there is no such record set")
	case named:
		return nil, fmt.Errorf("there is no set %q, only %s", identifier, strings.Join(ids, ", "))
	}
	return nil, usagef("there are %d sets; say which with --set-id: %s", len(sets), strings.Join(ids, ", "))
}

// change makes a change set and prints what became of it.
func (s *settings) change(cmd *cobra.Command, c *client, ref *zoneRef, batch route53api.ChangeBatch, doing string, wait bool) error {
	out, err := c.ChangeResourceRecordSets(cmd.Context(), &route53api.ChangeResourceRecordSetsInput{HostedZoneId: ref.id, ChangeBatch: batch})
	if err != nil {
		return c.failure(doing, err)
	}
	info := out.ChangeInfo
	if wait {
		if info, err = c.waitForChange(cmd.Context(), info.Id, waitLimit); err != nil {
			return err
		}
	}
	return printChange(cmd, s, info)
}
