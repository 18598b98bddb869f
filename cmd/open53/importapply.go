package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"open53/cmd/open53/internal/zonefile"
	"open53/internal/route53api"
)

// apply creates the zone if need be and sends the change sets.
func (flags *importFlags) apply(cmd *cobra.Command, c *client, t *importTarget) error {
	if t.ref == nil {
		if err := t.create(cmd.Context(), c); err != nil {
			return err
		}
	}
	if err := t.apply(cmd, c, flags.parallel); err != nil || !flags.wait {
		return err
	}
	// Those that were under way together may have been made in any order.
	for _, id := range t.ids[max(0, len(t.ids)-flags.parallel):] {
		if _, err := c.waitForChange(cmd.Context(), id, waitLimit); err != nil {
			return err
		}
	}
	return nil
}

// create creates the zone and plans again with what the server put into it.
func (t *importTarget) create(ctx context.Context, c *client) error {
	out, err := c.CreateHostedZone(ctx, &route53api.CreateHostedZoneInput{Name: t.file.Zone.String(), CallerReference: newReference()})
	if err != nil {
		return c.failure("create zone "+t.file.Zone.String(), err)
	}
	if t.ref, err = newZoneRef(out.HostedZone); err != nil {
		return err
	}
	t.created, t.ids = true, []string{zonefile.BareID(out.ChangeInfo.Id)}
	return t.plan(ctx, c)
}

// delivery is the sending of the change sets of one zone.
type delivery struct {
	client   *client
	target   *importTarget
	comment  *string
	total    int
	progress *progress
	failed   atomic.Bool // no more are begun

	mu   sync.Mutex // guards what follows
	done []bool     // by number of the batch; target.ids too
}

// apply sends the change sets, several at once where their order does not
// matter. The error says what was done and what can be done.
func (t *importTarget) apply(cmd *cobra.Command, c *client, parallel int) error {
	d := &delivery{client: c, target: t, comment: optional(t.comment)}
	for _, phase := range t.phases {
		d.total += len(phase)
	}
	if d.total == 0 {
		return nil
	}
	if d.total > 1 && !t.created {
		t.version = c.zoneVersion(cmd.Context(), t.ref.id)
	}
	d.done = make([]bool, d.total)
	d.progress = newProgress(cmd.ErrOrStderr(), t.doing, "record sets", uint64(len(t.changes)))
	first := 0
	var err error
	for _, phase := range t.phases {
		if err = d.phase(cmd.Context(), phase, first, parallel); err != nil {
			break
		}
		first += len(phase)
	}
	d.progress.finish()
	if err != nil {
		return d.outcome(err)
	}
	return nil
}

// phase sends batches whose order does not matter; the first has the number
// first.
func (d *delivery) phase(ctx context.Context, batches []zonefile.Batch, first, parallel int) error {
	var group errgroup.Group
	group.SetLimit(parallel)
	for i := range batches {
		group.Go(func() error {
			if d.failed.Load() {
				return nil
			}
			err := ctx.Err()
			if err == nil {
				// What is on its way is not cut off: it must be known what became of it.
				err = d.send(context.WithoutCancel(ctx), &batches[i], first+i)
			}
			if err != nil {
				d.failed.Store(true)
				if d.total > 1 {
					err = fmt.Errorf("change set %d of %d: %w", first+i+1, d.total, err)
				}
				return err
			}
			return nil
		})
	}
	return group.Wait()
}

func (d *delivery) send(ctx context.Context, b *zonefile.Batch, number int) error {
	out, err := d.client.ChangeResourceRecordSets(ctx, &route53api.ChangeResourceRecordSetsInput{
		HostedZoneId: d.target.ref.id,
		ChangeBatch:  route53api.ChangeBatch{Comment: d.comment, Changes: b.Changes(d.target.ref.id)},
	})
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.done[number] = true
	d.target.ids = append(d.target.ids, zonefile.BareID(out.ChangeInfo.Id))
	d.mu.Unlock()
	d.progress.add(uint64(b.Sets()))
	return nil
}

// outcome says what became of a delivery that failed.
func (d *delivery) outcome(err error) error {
	applied, rest := ranges(d.done), "nothing was changed"
	var refused route53api.APIError
	if !errors.As(err, &refused) && !errors.Is(err, context.Canceled) || refused != nil && refused.Status() >= 500 {
		rest = "it is not known whether the change set was made"
	}
	err = d.client.failure(d.target.doing, err)
	if applied == "" {
		if d.target.created {
			rest += fmt.Sprintf(" but that zone %s was created", d.target.ref.id)
		}
		return fmt.Errorf("%w; %s", err, rest)
	}
	back := fmt.Sprintf("to go back: open53 revert %s %d", d.target.ref.id, d.target.version)
	switch {
	case d.target.created:
		back = fmt.Sprintf("to go back: open53 zone delete %s --force", d.target.ref.id)
	case d.target.version == 0:
		back = "there is no history to go back to"
	}
	return fmt.Errorf("%w; change sets %s of %d are done (last change %s). To go on, mend the cause and repeat the command; %s",
		err, applied, d.total, d.target.last(), back)
}

// ranges writes the numbers that are set, from 1: "1-4, 6".
func ranges(set []bool) string {
	var parts []string
	for i := 0; i < len(set); i++ {
		if !set[i] {
			continue
		}
		start := i
		for i+1 < len(set) && set[i+1] {
			i++
		}
		if start == i {
			parts = append(parts, fmt.Sprint(i+1))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", start+1, i+1))
		}
	}
	return strings.Join(parts, ", ")
}
