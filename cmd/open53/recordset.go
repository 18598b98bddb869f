package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"open53/cmd/open53/internal/awsjson"
	"open53/internal/rdata"
	"open53/internal/route53api"
)

// setFlags describe one record set.
type setFlags struct {
	ttl            int64
	identifier     string
	weight         int64
	region         string
	failover       string
	geo            string
	multivalue     bool
	cidr           string
	geoproximity   string
	bias           int32
	healthCheck    string
	alias          string
	evaluateHealth bool
	create         bool
	wait           bool
	fromJSON       string
}

func newRecordSetCommand(s *settings) *cobra.Command {
	var flags setFlags
	cmd := &cobra.Command{
		Use:   "set ZONE NAME TYPE VALUE...",
		Short: "Create or replace a record set",
		Long: `Create a record set or replace the one that is there. NAME is relative to the
zone, unless it ends with a dot or with the zone's name; "@" is the zone itself.
TXT values are put into quotation marks where they have none.`,
		Example: `  open53 record set example.com www A 192.0.2.1 192.0.2.2 --ttl 60 --wait
  open53 record set example.com @ TXT "v=spf1 -all"
  open53 record set example.com @ A --alias www --evaluate-target-health
  open53 record set example.com @ A --alias lb.eu-west-1.elb.amazonaws.com@Z32O12XQLNTSW2
  open53 record set example.com app A 192.0.2.3 --set-id blue --weight 10
  open53 record set example.com --from-json changes.json`,
		Args:              arguments(1, -1),
		ValidArgsFunction: s.completeZone,
		RunE: func(cmd *cobra.Command, args []string) error {
			if flags.fromJSON != "" {
				return flags.sendJSON(cmd, s, args)
			}
			if len(args) < 3 {
				return usagef("arguments are missing: %s", cmd.UseLine())
			}
			t, err := typeName(args[2])
			if err != nil {
				return err
			}
			if err := flags.check(cmd, args[3:]); err != nil {
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
			name, err := ref.absoluteName(args[1])
			if err != nil {
				return err
			}
			set := route53api.ResourceRecordSet{Name: name.String(), Type: route53api.RRType(t.String())}
			if err := flags.content(&set, ref, t, args[3:]); err != nil {
				return err
			}
			flags.routing(cmd, &set)
			change := route53api.Change{Action: route53api.ChangeActionUpsert, ResourceRecordSet: set}
			if flags.create {
				change.Action = route53api.ChangeActionCreate
			}
			return s.change(cmd, c, ref, route53api.ChangeBatch{Changes: []route53api.Change{change}}, "set record "+args[1]+" "+t.String(), flags.wait)
		},
	}
	flags.register(cmd)
	return cmd
}

func (flags *setFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.Int64Var(&flags.ttl, "ttl", 300, "time to live in `SECONDS`")
	f.StringVar(&flags.alias, "alias", "", "no values: answer as `NAME[@ZONEID]` does")
	f.BoolVar(&flags.evaluateHealth, "evaluate-target-health", false, "the alias is as healthy as its target")
	f.StringVar(&flags.healthCheck, "health-check", "", "answer only while the check `ID` is healthy")
	f.StringVar(&flags.identifier, "set-id", "", "`ID` among the sets of one name and type; with one of:")
	f.Int64Var(&flags.weight, "weight", 0, "share of the answers, 0 to 255")
	f.StringVar(&flags.region, "region", "", "for clients with the lowest latency to the AWS `REGION`")
	f.StringVar(&flags.failover, "failover", "", "`ROLE`: PRIMARY or SECONDARY")
	f.StringVar(&flags.geo, "geo", "", "for clients in `PLACE`: DE, US-TX, continent:EU, or * for the rest")
	f.StringVar(&flags.geoproximity, "geoproximity", "", "nearest to `PLACE`: an AWS region, local:GROUP, or LAT,LON")
	f.Int32Var(&flags.bias, "bias", 0, "grow or shrink the area of --geoproximity, -99 to 99")
	f.StringVar(&flags.cidr, "cidr", "", "for clients of `COLLECTION:LOCATION`")
	f.BoolVar(&flags.multivalue, "multivalue", false, "one of up to eight answers")
	f.BoolVar(&flags.create, "create", false, "fail if the set is there already")
	f.BoolVar(&flags.wait, "wait", false, "wait until DNS serves the change")
	f.StringVar(&flags.fromJSON, "from-json", "", "send the change batch in `FILE` (- is standard input), as for the AWS CLI")
}

// check finds what the flags say wrongly, before a server is asked.
func (flags *setFlags) check(cmd *cobra.Command, values []string) error {
	given := cmd.Flags().Changed
	policies := 0
	for _, is := range []bool{
		given("weight"), flags.region != "", flags.failover != "", flags.geo != "", flags.geoproximity != "", flags.cidr != "", flags.multivalue,
	} {
		if is {
			policies++
		}
	}
	switch {
	case flags.alias == "" && len(values) == 0:
		return usagef("values are missing: %s", cmd.UseLine())
	case flags.alias == "" && flags.evaluateHealth:
		return usagef("--evaluate-target-health is for --alias")
	case flags.alias != "" && len(values) > 0:
		return usagef("a set has values or an alias target, not both")
	case flags.alias != "" && given("ttl"):
		return usagef("an alias has the TTL of its target: leave --ttl away")
	case policies > 1:
		return usagef("a set has one routing policy, not %d", policies)
	case policies == 1 && flags.identifier == "":
		return usagef("sets with a routing policy are told apart by --set-id")
	case policies == 0 && flags.identifier != "":
		return usagef("--set-id needs a routing policy: --weight, --region, --failover, --geo, --geoproximity, --cidr or --multivalue")
	case given("bias") && flags.geoproximity == "":
		return usagef("--bias is for --geoproximity")
	case flags.cidr != "" && strings.Count(flags.cidr, ":") != 1:
		return usagef("--cidr %q: want COLLECTION:LOCATION", flags.cidr)
	}
	return nil
}

// content fills in values or alias target.
func (flags *setFlags) content(set *route53api.ResourceRecordSet, ref *zoneRef, t rdata.Type, values []string) error {
	if flags.healthCheck != "" {
		set.HealthCheckId = &flags.healthCheck
	}
	if flags.alias == "" {
		set.TTL = &flags.ttl
		for _, v := range values {
			set.ResourceRecords = append(set.ResourceRecords, route53api.ResourceRecord{Value: quoteText(t, v)})
		}
		return nil
	}
	target := &route53api.AliasTarget{HostedZoneId: ref.id, EvaluateTargetHealth: flags.evaluateHealth}
	if at := strings.LastIndexByte(flags.alias, '@'); at > 0 {
		target.DNSName, target.HostedZoneId = flags.alias[:at], flags.alias[at+1:]
	} else {
		name, err := ref.absoluteName(flags.alias)
		if err != nil {
			return fmt.Errorf("--alias: %w", err)
		}
		target.DNSName = name.String()
	}
	set.AliasTarget = target
	return nil
}

// quoteText puts a TXT value that has no quotation marks into them, in strings
// of at most 255 bytes.
func quoteText(t rdata.Type, value string) string {
	if t != rdata.TypeTXT && t != rdata.TypeSPF || strings.HasPrefix(strings.TrimLeft(value, " \t"), `"`) {
		return value
	}
	var wire []byte
	for rest := value; ; {
		n := min(len(rest), 255)
		wire = append(append(wire, byte(n)), rest[:n]...)
		if rest = rest[n:]; rest == "" {
			break
		}
	}
	text, err := rdata.FormatValue(t, wire)
	if err != nil {
		return value // the server says what is wrong
	}
	return text
}

// routing fills in the routing policy.
func (flags *setFlags) routing(cmd *cobra.Command, set *route53api.ResourceRecordSet) {
	if flags.identifier == "" {
		return
	}
	set.SetIdentifier = &flags.identifier
	switch {
	case flags.region != "":
		set.Region = new(route53api.ResourceRecordSetRegion(flags.region))
	case flags.failover != "":
		set.Failover = new(route53api.ResourceRecordSetFailover(strings.ToUpper(flags.failover)))
	case flags.geo != "":
		set.GeoLocation = parseGeo(flags.geo)
	case flags.geoproximity != "":
		set.GeoProximityLocation = parseGeoproximity(flags.geoproximity)
		if cmd.Flags().Changed("bias") {
			set.GeoProximityLocation.Bias = &flags.bias
		}
	case flags.cidr != "":
		collection, location, _ := strings.Cut(flags.cidr, ":")
		set.CidrRoutingConfig = &route53api.CidrRoutingConfig{CollectionId: collection, LocationName: location}
	case flags.multivalue:
		set.MultiValueAnswer = &flags.multivalue
	default:
		set.Weight = &flags.weight
	}
}

// parseGeo reads DE, US-TX, continent:EU or *. Countries and continents share
// codes (AF is Afghanistan and Africa), so continents are marked.
func parseGeo(text string) *route53api.GeoLocation {
	if continent, ok := strings.CutPrefix(text, "continent:"); ok {
		return &route53api.GeoLocation{ContinentCode: new(strings.ToUpper(continent))}
	}
	country, subdivision, ok := strings.Cut(strings.ToUpper(text), "-")
	loc := &route53api.GeoLocation{CountryCode: &country}
	if ok {
		loc.SubdivisionCode = &subdivision
	}
	return loc
}

func geoText(g *route53api.GeoLocation) string {
	switch {
	case g.ContinentCode != nil:
		return "continent:" + *g.ContinentCode
	case g.CountryCode != nil && g.SubdivisionCode != nil:
		return *g.CountryCode + "-" + *g.SubdivisionCode
	case g.CountryCode != nil:
		return *g.CountryCode
	}
	return "?"
}

func parseGeoproximity(text string) *route53api.GeoProximityLocation {
	if group, ok := strings.CutPrefix(text, "local:"); ok {
		return &route53api.GeoProximityLocation{LocalZoneGroup: &group}
	}
	if latitude, longitude, ok := strings.Cut(text, ","); ok {
		return &route53api.GeoProximityLocation{Coordinates: &route53api.Coordinates{Latitude: latitude, Longitude: strings.TrimSpace(longitude)}}
	}
	return &route53api.GeoProximityLocation{AWSRegion: &text}
}

func geoproximityText(g *route53api.GeoProximityLocation) string {
	text := "?"
	switch {
	case g.AWSRegion != nil:
		text = *g.AWSRegion
	case g.LocalZoneGroup != nil:
		text = "local:" + *g.LocalZoneGroup
	case g.Coordinates != nil:
		text = g.Coordinates.Latitude + "," + g.Coordinates.Longitude
	}
	if g.Bias != nil {
		text += fmt.Sprintf(" bias %d", *g.Bias)
	}
	return text
}

// sendJSON sends a change batch that is written as the AWS CLI takes it.
func (flags *setFlags) sendJSON(cmd *cobra.Command, s *settings, args []string) error {
	if len(args) > 1 {
		return usagef("--from-json says name, type and values; %q is one argument too many", args[1])
	}
	text, err := readInput(cmd, flags.fromJSON)
	if err != nil {
		return err
	}
	var batch route53api.ChangeBatch
	if err := awsjson.Decode(text, &batch); err != nil {
		return fmt.Errorf("read change batch %s: %w", flags.fromJSON, err)
	}
	c, err := s.connect(cmd.Context())
	if err != nil {
		return err
	}
	ref, err := c.findZone(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	return s.change(cmd, c, ref, batch, "change records of "+args[0], flags.wait)
}

// readInput reads a file; "-" is standard input.
func readInput(cmd *cobra.Command, path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(cmd.InOrStdin())
	}
	return os.ReadFile(path)
}
