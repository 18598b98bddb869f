package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"open53/cmd/open53/internal/zonefile"
	"open53/internal/route53api"
)

// waitLimit is how long --wait waits. Amazon is typically done in a minute.
const waitLimit = 10 * time.Minute

func newChangeCommand() *cobra.Command {
	s := &settings{}
	group := newGroup("change", "Wait until a change is served everywhere", `  open53 change wait C0123456789ABCDEFGHIJ
  open53 change wait C0123456789ABCDEFGHIJ --timeout 30s`, newChangeWaitCommand(s))
	s.register(group.PersistentFlags())
	registerOutputCompletion(group)
	return group
}

func newChangeWaitCommand(s *settings) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "wait ID",
		Short: "Wait until a change is INSYNC",
		Args:  arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			info, err := c.waitForChange(cmd.Context(), args[0], timeout)
			if err != nil {
				return err
			}
			return printChange(cmd, s, info)
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", waitLimit, "give up after `TIME`")
	return cmd
}

// printChange prints where a change stands.
func printChange(cmd *cobra.Command, s *settings, info route53api.ChangeInfo) error {
	if s.output == formatJSON {
		return printJSON(cmd, struct{ ChangeInfo route53api.ChangeInfo }{info})
	}
	return printf(cmd, "change %s is %s\n", zonefile.BareID(info.Id), info.Status)
}

// waitForChange asks for a change until it is INSYNC, after 50 ms, then less
// and less often, every 2 seconds in the end.
func (c *client) waitForChange(ctx context.Context, id string, limit time.Duration) (route53api.ChangeInfo, error) {
	id = zonefile.BareID(id)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errNotInSync)
	defer cancel()
	pause := 50 * time.Millisecond
	for {
		out, err := c.GetChange(ctx, &route53api.GetChangeInput{Id: id})
		switch {
		case err != nil && errors.Is(context.Cause(ctx), errNotInSync):
			return route53api.ChangeInfo{}, fmt.Errorf("wait for change %s: %w after %v", id, errNotInSync, limit)
		case err != nil:
			return route53api.ChangeInfo{}, c.failure("wait for change "+id, err)
		case out.ChangeInfo.Status == route53api.ChangeStatusInsync:
			return out.ChangeInfo, nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done(): // the next request tells why
		}
		pause = min(pause*3/2, 2*time.Second)
	}
}

var errNotInSync = errors.New("it is not INSYNC")
