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

// readers are the verbs that change nothing but what they print.
var readers = []string{"info", "ls", "cat", "verify"}

// readTimeout is how long such a verb has to end after a signal. It may be blocked
// by a program that does not read its output, or by a server that does not answer.
const readTimeout = time.Second

// interrupts ends a run of the program when Ctrl-C is pressed, or when it is
// asked to end with SIGTERM.
type interrupts struct {
	log     io.Writer
	cancel  context.CancelFunc
	signals chan os.Signal
}

// interruptsKey is the key of the *interrupts in a context.
type interruptsKey struct{}

// interruptible returns a context that the first signal cancels once a verb calls
// watch. Until then a signal ends the program as it does any other: nothing has
// been begun.
func interruptible(log io.Writer) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancel(context.Background())
	i := &interrupts{log: log, cancel: cancel, signals: make(chan os.Signal, 2)}
	return context.WithValue(ctx, interruptsKey{}, i), func() {
		signal.Stop(i.signals)
		cancel()
	}
}

// watch has the first signal cancel the work, which then cleans up, and the second
// one end the program where it stands. A verb that only reads has nothing to clean
// up: it has a limited time, and then the program ends.
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
			fmt.Fprintln(i.log, "\ncancelling; press Ctrl-C again to stop at once, which may leave a temporary file or an unfinished disc")
		}
		select {
		case <-i.signals:
		case <-timeout:
		}
		os.Exit(int(Cancelled))
	}()
}
