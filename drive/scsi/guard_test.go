package scsi_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"glassmaster/drive/scsi"
)

// silent does not answer its second command, nor any later one.
type silent struct {
	sent     []byte
	timeouts []time.Duration
}

func (s *silent) MaxTransfer() int { return 2048 }
func (s *silent) Close() error     { return nil }
func (s *silent) Execute(_ context.Context, c scsi.Command) (int, error) {
	s.sent = append(s.sent, c.CDB[0])
	s.timeouts = append(s.timeouts, c.Timeout)
	if len(s.sent) > 1 {
		return 0, scsi.ErrTimeout
	}
	return len(c.Data), nil
}

// After a command has timed out only the tray is unlocked.
func TestGuard(t *testing.T) {
	ctx, s := context.Background(), &silent{}
	g := scsi.Guard(s)
	if scsi.Guard(g) != g {
		t.Error("Guard wrapped a guarded transport again")
	}
	write := []byte{0x2A, 0, 0, 0, 0, 7, 0, 0, 1, 0}
	for i, c := range []struct {
		cdb  []byte
		sent bool
		want string
	}{
		{[]byte{0, 0, 0, 0, 0, 0}, true, ""},
		{write, true, "no answer in time"},
		{write, false, "not sent: the drive has not answered since WRITE(10) at LBA 7"},
		{[]byte{0x1E, 0, 0, 0, 1, 0}, false, "not sent"},
		{[]byte{0x1E, 0, 0, 0, 0, 0}, true, "no answer in time"},
		{[]byte{0, 0, 0, 0, 0, 0}, false, "since WRITE(10)"},
		{[]byte{0x1E, 0, 0, 0, 0, 0}, false, "not sent"},
	} {
		before := len(s.sent)
		_, err := g.Execute(ctx, scsi.Command{CDB: c.cdb, Timeout: time.Hour})
		if (len(s.sent) > before) != c.sent {
			t.Errorf("command %d: sent %v, want %v", i, !c.sent, c.sent)
		}
		if (err == nil) != (c.want == "") || err != nil && (!errors.Is(err, scsi.ErrTimeout) || !scsi.Gone(err) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("command %d: %v, want %q", i, err, c.want)
		}
		if (scsi.Hangs(g) != nil) != (i > 0) {
			t.Errorf("command %d: hangs: %v", i, scsi.Hangs(g))
		}
	}
	if last := s.timeouts[len(s.timeouts)-1]; last != 5*time.Second {
		t.Errorf("unlocking gets %v", last)
	}
}

// wrapped is a transport around another one.
type wrapped struct{ scsi.Transport }

func (w wrapped) Unwrap() scsi.Transport { return w.Transport }

// readOnly is a transport that can tell that nothing can be written.
type readOnly struct{ silent }

func (*readOnly) Writable() error            { return errReadOnly }
func (*readOnly) SystemSize() (int64, error) { return 7, nil }

var errReadOnly = errors.New("mounted")

// What wraps a guarded transport is not guarded again, and hides nothing of it.
func TestGuardWrapped(t *testing.T) {
	g := scsi.Guard(wrapped{&readOnly{}})
	w := wrapped{wrapped{g}}
	if scsi.Guard(w) != scsi.Transport(w) {
		t.Error("a guarded transport was guarded again")
	}
	if n, err := scsi.SystemSize(w); n != 7 || err != nil || !errors.Is(scsi.Writable(w), errReadOnly) {
		t.Errorf("size %d, %v; writable: %v", n, err, scsi.Writable(w))
	}
	for range 2 {
		_, _ = w.Execute(t.Context(), scsi.Command{CDB: make([]byte, 6)})
	}
	if err := scsi.Hangs(w); !errors.Is(err, scsi.ErrTimeout) {
		t.Errorf("hangs: %v", err)
	}
	if _, err := scsi.SystemSize(w); !errors.Is(err, scsi.ErrTimeout) {
		t.Errorf("the size of a drive that hangs: %v", err)
	}
}

// A deferred error is not about the command that returned it.
func TestDeferred(t *testing.T) {
	for code, deferred := range map[byte]bool{0x70: false, 0x71: true, 0xF1: true, 0x72: false, 0x73: true} {
		for _, c := range []struct {
			key, asc, ascq byte
			says           func(error) bool // of the command itself
		}{
			{5, 0x20, 0, scsi.Unsupported},
			{5, 0x24, 0, scsi.InvalidField},
			{2, 0x3A, 0, scsi.MediumNotPresent},
			{2, 0x3A, 0, scsi.NotReady},
			{3, 0x0C, 0, func(err error) bool { return scsi.Is(err, scsi.KeyMediumError, 0x0C, 0) }},
		} {
			sense := []byte{code, 0, c.key, 0, 0, 0, 0, 10, 0, 0, 0, 0, c.asc, c.ascq, 0, 0, 0, 0}
			if code == 0x72 || code == 0x73 {
				sense = []byte{code, c.key, c.asc, c.ascq, 0, 0, 0, 0}
			}
			err := error(scsi.NewError([]byte{0x5C, 0, 0, 0, 0, 0, 0, 0, 12, 0}, scsi.StatusCheckCondition, sense))
			if scsi.Deferred(err) != deferred || c.says(err) == deferred {
				t.Errorf("%02Xh, %d/%02X: deferred %v, about the command %v", code, c.key, c.asc, scsi.Deferred(err), c.says(err))
			}
			if key, asc, _, ok := scsi.Code(err); !ok || byte(key) != c.key || asc != c.asc {
				t.Errorf("%02Xh: code %v/%02X, %v", code, key, asc, ok)
			}
		}
	}
}

// blocked is a transport that does not return from its first command, and fills in the
// its data when it finally does.
type blocked struct{ end chan struct{} }

func (s *blocked) MaxTransfer() int { return 2048 }
func (s *blocked) Close() error     { <-s.end; return nil }
func (s *blocked) Execute(_ context.Context, c scsi.Command) (int, error) {
	<-s.end
	for i := range c.Data {
		c.Data[i] = 0xFF
	}
	return len(c.Data), nil
}

// Execute returns when the system does not end a command that has timed out.
func TestGuardReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &blocked{end: make(chan struct{})}
		g := scsi.Guard(s)
		began, data := time.Now(), make([]byte, 2048)
		_, err := g.Execute(t.Context(), scsi.Command{CDB: []byte{0x28, 0, 0, 0, 0, 7, 0, 0, 1, 0}, Direction: scsi.In, Data: data, Timeout: time.Minute})
		if took := time.Since(began); !errors.Is(err, scsi.ErrTimeout) || took != 90*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		began = time.Now()
		if _, err = g.Execute(t.Context(), scsi.Command{CDB: []byte{0x1E, 0, 0, 0, 0, 0}}); !errors.Is(err, scsi.ErrTimeout) {
			t.Error(err)
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("leaving took %v", took)
		}
		close(s.end)
		synctest.Wait()
		if !bytes.Equal(data, make([]byte, 2048)) {
			t.Error("the data were changed after the error")
		}
	})
}

// echo answers reads with what was written last.
type echo struct{ last []byte }

func (e *echo) MaxTransfer() int { return 4096 }
func (e *echo) Close() error     { return nil }
func (e *echo) Execute(_ context.Context, c scsi.Command) (int, error) {
	if c.Direction == scsi.Out {
		e.last = bytes.Clone(c.Data)
		return len(c.Data), nil
	}
	return copy(c.Data, e.last), nil
}

// The guard passes data on as they are, whatever their length.
func TestGuardData(t *testing.T) {
	g := scsi.Guard(&echo{})
	for _, n := range []int{2048, 4096, 1, 0, 4096, 36} {
		p := bytes.Repeat([]byte{byte(n), 7}, n/2+1)[:n]
		if k, err := g.Execute(t.Context(), scsi.Command{CDB: []byte{0x3B}, Direction: scsi.Out, Data: p}); err != nil || k != n {
			t.Fatal(k, err)
		}
		room := bytes.Repeat([]byte{0xEE}, n+3)
		k, err := g.Execute(t.Context(), scsi.Command{CDB: []byte{0x3C}, Direction: scsi.In, Data: room})
		if err != nil || k != n || !bytes.Equal(room[:n], p) || !bytes.Equal(room[n:], []byte{0xEE, 0xEE, 0xEE}) {
			t.Errorf("%d bytes: %d came, %v", n, k, err)
		}
	}
}
