package job_test

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
)

// A disc of several sessions goes into a named pipe, whose reader ends when it has all.
func TestSessionsIntoPipe(t *testing.T) {
	p, err := os.ReadFile(image(t))
	if err != nil {
		t.Fatal(err)
	}
	src := &source.Source{Disc: twoSessions{virtualtest.DiscOf(p)}, Locate: func(disc.LBA) string { return "" }}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		peertest.Skip(t, err.Error())
	}
	got := make(chan []byte)
	go func() {
		p, _ := os.ReadFile(pipe)
		got <- p
	}()
	f, _ := job.FormatFor("", "")
	run(t, src, job.ImageFile(pipe, f, job.ImageOptions{NoVerify: true}))
	if !bytes.Equal(<-got, p) {
		t.Error("the pipe had other bytes")
	}
}

// twoSessions is a disc whose sectors are in two sessions.
type twoSessions struct{ disc.Disc }

func (d twoSessions) TOC() disc.TOC {
	n := disc.Sectors(d.Disc)
	track := func(number int, start, end int64) disc.Session {
		return disc.Session{Number: number, Tracks: []disc.Track{{Number: number, Mode: disc.Mode1, Start: disc.LBA(start), Length: end - start}}}
	}
	return disc.TOC{Sessions: []disc.Session{track(1, 0, n/2), track(2, n/2, n)}}
}
