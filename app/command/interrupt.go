package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// readers are the verbs that change nothing but what they print.
var readers = []string{"info", "ls", "cat", "verify"}

// patience is how long such a verb has to end by itself. It may be held by a program
// that does not read what it prints, or a server that does not answer.
const patience = time.Second

// readsOnly is the key of an *atomic.Bool in a context: a verb of readers runs.
type readsOnly struct{}

// interruptible returns a context that Ctrl-C and a polite kill end. The first
// signal cancels the work, which then cleans up; the second one ends the program
// where it stands. Where there is nothing to clean up one is enough.
func interruptible(log io.Writer) (context.Context, func()) {
	reads := new(atomic.Bool)
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), readsOnly{}, reads))
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		var over <-chan time.Time
		if reads.Load() {
			over = time.After(patience)
			fmt.Fprintln(log, "\ncancelling")
		} else {
			fmt.Fprintln(log, "\ncancelling; once more stops at once, and may leave a temporary file or an unfinished disc")
		}
		select {
		case <-signals:
		case <-over:
		}
		os.Exit(int(Cancelled))
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}
