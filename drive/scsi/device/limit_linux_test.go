package device

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"glassmaster/drive/scsi"

	"golang.org/x/sys/unix"
)

// A pipe without a writer simulates a drive that hangs: opening it does not return.
// openWithin returns at its limit, and closes the file if it is opened later.
func TestOpenWithin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	must(t, unix.Mkfifo(path, 0o600))
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := openWithin(context.Background(), path, unix.O_RDONLY, time.Millisecond); !errors.Is(err, scsi.ErrTimeout) {
		t.Errorf("limit: %v", err)
	}
	if _, err := openWithin(cancelled, path, unix.O_RDONLY, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	w, err := unix.Open(path, unix.O_WRONLY, 0) // both openings come to their end
	must(t, err)
	defer unix.Close(w)
	must(t, unix.SetNonblock(w, true))
	for {
		_, err := unix.Write(w, []byte{0})
		if errors.Is(err, unix.EPIPE) {
			return // the last reader is gone
		}
		if err != nil && !errors.Is(err, unix.EAGAIN) {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}
