package mmc

import (
	"context"
	"fmt"
	"time"

	"glassmaster/drive/scsi"
)

// Intervals between two questions to a drive that is busy.
const (
	firstPause   = 500 * time.Microsecond
	longestPause = 500 * time.Millisecond
)

// Backoff are the growing pauses of someone who waits for a drive.
type Backoff struct {
	next  time.Duration
	began time.Time // of the first pause
}

// Elapsed returns how long it is since the first pause began. What the commands take
// between the pauses counts, for a drive may be slow to say that it is busy.
func (p *Backoff) Elapsed() time.Duration {
	if p.began.IsZero() {
		return 0
	}
	return time.Since(p.began)
}

// Sleep pauses, each time a little longer, and ends early when the context does.
func (p *Backoff) Sleep(ctx context.Context) error {
	p.next = min(max(2*p.next, firstPause), longestPause)
	if p.began.IsZero() {
		p.began = time.Now()
	}
	t := time.NewTimer(p.next)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// mostAttentions is how many unit attentions a drive may have queued.
const mostAttentions = 16

// RetryUnitAttention sends a command again behind unit attentions, which keep it from
// being carried out and say nothing of it.
func RetryUnitAttention(send func() error) error {
	for tries := 0; ; tries++ {
		err := send()
		if key, _, _, _ := scsi.Code(err); key != scsi.KeyUnitAttention || tries == mostAttentions {
			return err
		}
	}
}

// ErrNotReady is in the chain of the error of a drive that stayed busy for
// longer than was waited. It is an scsi.ErrTimeout: such a drive hangs, though it
// answers.
var ErrNotReady error = notReady{}

type notReady struct{}

func (notReady) Error() string { return "the drive is still busy" }

func (notReady) Is(target error) bool { return target == scsi.ErrTimeout }

// Wait asks the drive with TEST UNIT READY until it is ready, for as long as
// limit. It is how a command with Immed is brought to its end, so any error but
// "busy" is returned: it may be the outcome of that command. What the drive has
// overcome is no error: some warn of their temperature in that way. Unit attentions,
// which announce a new medium or a reset, are taken note of and passed over.
// progress, if not nil, is called with the part done, from 0 to 1, where the
// drive tells.
func Wait(ctx context.Context, t scsi.Transport, limit time.Duration, progress func(float64)) error {
	var pauses Backoff
	attentions := 0
	for {
		err := TestUnitReady(ctx, t)
		key, _, _, _ := scsi.Code(err)
		switch {
		case err == nil, scsi.Recovered(err):
			return nil
		case key == scsi.KeyUnitAttention && attentions < mostAttentions:
			attentions++
			continue
		case !scsi.InProgress(err):
			return err
		}
		if part, ok := scsi.Progress(err); ok && progress != nil {
			progress(part)
		}
		if pauses.Elapsed() > limit {
			return fmt.Errorf("%w after %v: %w", ErrNotReady, limit, err)
		}
		if err := pauses.Sleep(ctx); err != nil {
			return err
		}
	}
}
