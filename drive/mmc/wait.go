package mmc

import (
	"context"
	"fmt"
	"time"

	"glassmaster/drive/scsi"
)

// Pauses between two polls of a busy drive.
const (
	minPause = 500 * time.Microsecond
	maxPause = 500 * time.Millisecond
)

// Backoff makes growing pauses between the polls of a busy drive. The zero value is ready
// for use.
type Backoff struct {
	next  time.Duration
	began time.Time // of the first pause
}

// Elapsed returns the time since the first pause began. It includes the commands between
// the pauses, since a drive may be slow to report that it is busy.
func (p *Backoff) Elapsed() time.Duration {
	if p.began.IsZero() {
		return 0
	}
	return time.Since(p.began)
}

// Sleep pauses, longer each time, and returns early with an error when the context ends.
func (p *Backoff) Sleep(ctx context.Context) error {
	p.next = min(max(2*p.next, minPause), maxPause)
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

// maxAttentions is the largest number of unit attentions that a drive may have queued.
const maxAttentions = 16

// RetryUnitAttention calls send, which sends a command, again after each unit attention:
// the drive reports these instead of executing the command.
func RetryUnitAttention(send func() error) error {
	for tries := 0; ; tries++ {
		err := send()
		if key, _, _, _ := scsi.Code(err); key != scsi.KeyUnitAttention || tries == maxAttentions {
			return err
		}
	}
}

// ErrNotReady is in the chain of the error of a drive that was still busy at the end of
// the time limit. It is an scsi.ErrTimeout: such a drive hangs, although it answers.
var ErrNotReady error = notReady{}

type notReady struct{}

func (notReady) Error() string { return "the drive is still busy" }

func (notReady) Is(target error) bool { return target == scsi.ErrTimeout }

// Wait polls the drive with TEST UNIT READY until it is ready or limit has passed. It
// waits for the end of commands with Immed, and returns any error other than busy, since
// that may be the result of such a command. A recovered error is no error: some drives
// report their temperature in that way. Unit attentions, which report a new medium or a
// reset, are ignored. progress, if not nil, is called with the part done, from 0 to 1, if
// the drive reports it.
func Wait(ctx context.Context, t scsi.Transport, limit time.Duration, progress func(float64)) error {
	var backoff Backoff
	attentions := 0
	for {
		err := TestUnitReady(ctx, t)
		key, _, _, _ := scsi.Code(err)
		switch {
		case err == nil, scsi.Recovered(err):
			return nil
		case key == scsi.KeyUnitAttention && attentions < maxAttentions:
			attentions++
			continue
		case !scsi.InProgress(err):
			return err
		}
		if part, ok := scsi.Progress(err); ok && progress != nil {
			progress(part)
		}
		if backoff.Elapsed() > limit {
			return fmt.Errorf("%w after %v: %w", ErrNotReady, limit, err)
		}
		if err := backoff.Sleep(ctx); err != nil {
			return err
		}
	}
}
