package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// State is all that a server holds, as its clients see it.
type State struct {
	Position uint64 // of the last event; it moves with every change
	Verify   string // what `open53 verify` prints
	Zones    []Zone // by id
	Sets     []types.DelegationSet
}

// Zone is a hosted zone with everything in it.
type Zone struct {
	Zone   types.HostedZone
	VPCs   []types.VPC
	RRsets []types.ResourceRecordSet
	Tags   []types.Tag
}

// String is the state as JSON, a line a value, to be compared.
func (s State) String() string {
	text, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		panic(err) // it is plain data
	}
	return string(text)
}

// Config is how the AWS SDK for Go finds this server: from the environment of
// its clients, as in any other program.
func (s *Server) Config(t *testing.T) aws.Config {
	t.Helper()
	env := map[string]string{}
	for _, variable := range s.Env() {
		name, value, _ := strings.Cut(variable, "=")
		env[name] = value
	}
	options := []func(*config.LoadOptions) error{
		config.WithRegion(env["AWS_DEFAULT_REGION"]), config.WithBaseEndpoint(env["AWS_ENDPOINT_URL"]),
		config.WithSharedConfigFiles([]string{env["AWS_CONFIG_FILE"]}),
		config.WithSharedCredentialsFiles([]string{env["AWS_SHARED_CREDENTIALS_FILE"]}),
	}
	if id := env["AWS_ACCESS_KEY_ID"]; id != "" {
		options = append(options, config.WithCredentialsProvider(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: env["AWS_SECRET_ACCESS_KEY"]}, nil
		})))
	}
	c, err := config.LoadDefaultConfig(t.Context(), options...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Client is a Route 53 client of the AWS SDK for Go.
func (s *Server) Client(t *testing.T, options ...func(*route53.Options)) *route53.Client {
	t.Helper()
	return route53.NewFromConfig(s.Config(t), options...)
}

// State reads everything, and fails the test if the store is not whole.
func (s *Server) State(t *testing.T) State {
	t.Helper()
	verify, err := s.Open53(t, "verify", "--output", "json")
	if err != nil {
		t.Fatal(err)
	}
	state := State{Position: s.Position(t), Verify: verify}
	client := s.Client(t)
	for p := route53.NewListHostedZonesPaginator(client, &route53.ListHostedZonesInput{}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, zone := range page.HostedZones {
			state.Zones = append(state.Zones, readZone(t, client, *zone.Id))
		}
	}
	sets, err := client.ListReusableDelegationSets(t.Context(), &route53.ListReusableDelegationSetsInput{})
	if err != nil {
		t.Fatal(err)
	}
	state.Sets = sets.DelegationSets
	return state
}

func readZone(t *testing.T, client *route53.Client, id string) Zone {
	t.Helper()
	zone, err := client.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: &id})
	if err != nil {
		t.Fatal(err)
	}
	state := Zone{Zone: *zone.HostedZone, VPCs: zone.VPCs}
	for p := route53.NewListResourceRecordSetsPaginator(client, &route53.ListResourceRecordSetsInput{HostedZoneId: &id, MaxItems: aws.Int32(300)}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		state.RRsets = append(state.RRsets, page.ResourceRecordSets...)
	}
	tags, err := client.ListTagsForResource(t.Context(), &route53.ListTagsForResourceInput{
		ResourceType: types.TagResourceTypeHostedzone, ResourceId: aws.String(strings.TrimPrefix(id, "/hostedzone/")),
	})
	if err != nil {
		t.Fatal(err)
	}
	state.Tags = tags.ResourceTagSet.Tags
	return state
}

// Position is the position of the last event in the store.
func (s *Server) Position(t *testing.T) uint64 {
	t.Helper()
	return s.status(t).Position
}

// Settle returns when DNS answers show all changes.
func (s *Server) Settle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		status := s.status(t)
		if status.Served >= status.Position {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("changes are not served: %+v", status)
		}
	}
}

type status struct{ Position, Served uint64 }

func (s *Server) status(t *testing.T) (v status) {
	t.Helper()
	if err := s.admin(t, "status", &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// admin gets a document of the admin API.
func (s *Server) admin(t *testing.T, path string, v any) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.API+"/open53/v1/"+path, nil)
	if err != nil {
		return err
	}
	credentials, err := s.Config(t).Credentials.Retrieve(t.Context())
	if err != nil {
		return err
	}
	const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, emptyHash, "route53", "us-east-1", time.Now()); err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", path, response.Status, body)
	}
	return json.Unmarshal(body, v)
}
