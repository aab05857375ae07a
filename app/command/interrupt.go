package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// readers contains the verbs that only print.
var readers = []string{"info", "ls", "sessions", "diff", "cat", "verify"}

// readTimeout is how long such a verb may take to end after a signal. It may be blocked by
// a program that does not read its output, or by a server that does not respond.
const readTimeout = time.Second

// interrupts ends a run of the program on Ctrl-C or SIGTERM.
type interrupts struct {
	log     io.Writer
	cancel  context.CancelFunc
	signals chan os.Signal
}

// interruptsKey is the key of the *interrupts in a context.
type interruptsKey struct{}

// interruptible returns a context that the first signal cancels after a verb has called
// watch. Until then a signal simply ends the program, since no work has begun.
func interruptible(log io.Writer) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancel(context.Background())
	i := &interrupts{log: log, cancel: cancel, signals: make(chan os.Signal, 2)}
	return context.WithValue(ctx, interruptsKey{}, i), func() {
		signal.Stop(i.signals)
		cancel()
	}
}

// watch makes the first signal cancel the work, which then cleans up, and the second one
// end the program at once. A verb that only reads has nothing to clean up: the program
// ends after a limited time.
func (i *interrupts) watch(readsOnly bool) {
	signal.Notify(i.signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-i.signals
		i.cancel()
		var timeout <-chan time.Time
		if readsOnly {
			timeout = time.After(readTimeout)
			fmt.Fprintln(i.log, "\ncancelling")
		} else {
			fmt.Fprintln(i.log, "\ncancelling; press Ctrl-C again to stop immediately, which may leave a temporary file or an unfinished disc")
		}
		select {
		case <-i.signals:
		case <-timeout:
		}
		os.Exit(int(Cancelled))
	}()
}
