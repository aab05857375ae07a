package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// interruptible returns a context that Ctrl-C and a polite kill end. The first
// signal cancels the work, which then cleans up; the second one ends the program
// where it stands.
func interruptible(log io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		fmt.Fprintln(log, "\ncancelling; once more stops at once, and may leave a temporary file or an unfinished disc")
		<-signals
		os.Exit(int(Cancelled))
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}
