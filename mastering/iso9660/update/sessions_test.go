package update_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/volume"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/peertest"
)

// xorrisoDisc makes an image with xorriso in its own mode, with checksums and the
// descriptors of the newest session at sector 16, and adds sessions to it.
func xorrisoDisc(t testing.TB, sessions int) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "disc.iso")
	top := isotest.SampleTree(t)
	for i := range sessions {
		more := t.TempDir()
		must(t, os.WriteFile(filepath.Join(more, "file"), []byte("of a session"), 0o600))
		from := top
		if i > 0 {
			from = more
		}
		peertest.Run(t, "", "xorriso", "-report_about", "WARNING", "-md5", "on", "-joliet", "on", "-dev", name, "-map", from, "/session"+string(rune('1'+i)), "-commit")
	}
	return name
}

// store writes the result to a file.
func (m *image) store() string {
	m.t.Helper()
	name := filepath.Join(m.t.TempDir(), "edited.iso")
	b := make([]byte, m.set.Size())
	if n, err := m.set.ReadAt(b, 0); n < len(b) {
		m.t.Fatal(err)
	}
	must(m.t, os.WriteFile(name, b, 0o600))
	return name
}

// TestSessions edits the newest session of images that xorriso made with checksums. It
// reads the result with them, and adds another session.
func TestSessions(t *testing.T) {
	for sessions := 1; sessions <= 3; sessions++ {
		m := openFile(t, xorrisoDisc(t, sessions), "")
		m.root.Append(m.file("added.txt", "new contents"))
		m.contents(m.root.Lookup("session1/big.bin"), "replaced")
		m.root.Lookup("session1/many").Name = "renamed"
		_, err := m.update()
		must(t, err)
		m.verify()
		name := m.store()
		out := peertest.Run(t, "", "xorriso", "-abort_on", "WARNING", "-for_backup", "-indev", name, "-check_md5_r", "WARNING", "/", "--", "-find", "/")
		for _, want := range []string{"/added.txt", "/session1/renamed/file 007"} {
			if !strings.Contains(out, want) {
				t.Errorf("%d sessions: xorriso does not show %s", sessions, want)
			}
		}
		out = peertest.Run(t, "", "xorriso", "-abort_on", "WARNING", "-report_about", "WARNING", "-md5", "on", "-dev", name, "-mkdir", "/later", "--", "-commit", "-find", "/")
		for _, want := range []string{"/added.txt", "/session1/renamed/file 007", "/later"} {
			if !strings.Contains(out, want) {
				t.Errorf("%d sessions: after another session, xorriso does not show %s", sessions, want)
			}
		}
	}
}

// TestEarlierSession checks that an edit of the newest session does not change what an
// earlier one shows.
func TestEarlierSession(t *testing.T) {
	m := openFile(t, xorrisoDisc(t, 2), "")
	first := func(r io.ReaderAt, size int64) string {
		v, err := iso9660.Open(r, size, volume.Options{Session: 1})
		must(t, err)
		return lines(t, v, true)
	}
	before := first(m.r, m.size)
	m.root.Child("session1").Detach()
	m.root.Append(m.file("added.txt", "new contents"))
	_, err := m.update()
	must(t, err)
	m.verify()
	compare(t, "the first session", first(m.set, m.set.Size()), before)
}

// TestGrown edits an image to which genisoimage has added a session, with a copy of the
// descriptors at sector 16 as growisofs makes it, or without one.
func TestGrown(t *testing.T) {
	for _, copied := range []bool{false, true} {
		top := isotest.SampleTree(t)
		first := isotest.Genisoimage(t, top, "-R", "-J", "-joliet-long")
		p, err := os.ReadFile(first)
		must(t, err)
		const start = 12000
		more := t.TempDir()
		must(t, os.WriteFile(filepath.Join(more, "new"), []byte("new"), 0o644))
		second := filepath.Join(t.TempDir(), "second.iso")
		peertest.Run(t, "", "genisoimage", "-quiet", "-R", "-J", "-joliet-long", "-M", first, "-C", "0,12000", "-o", second, more)
		q, err := os.ReadFile(second)
		must(t, err)
		b := make([]byte, start*2048+len(q))
		copy(b, p)
		copy(b[start*2048:], q)
		if copied {
			copy(b[16*2048:], q[16*2048:20*2048])
		}
		m := edit(t, bytes.NewReader(b), int64(len(b)), "")
		m.hides = true // genisoimage leaves relocated folders out of Joliet in a later session
		m.root.Append(m.file("added.txt", "new contents"))
		m.root.Child("readme.txt").Detach()
		for i := range 30 { // so that the root moves
			m.root.Append(m.file(fmt.Sprintf("another file %d", i), "x"))
		}
		_, err = m.update()
		must(t, err)
		m.verify()
		d := make([]byte, 2*2048)
		for i, at := range []int64{start + 16, 16} {
			_, err := m.set.ReadAt(d[i*2048:(i+1)*2048], at*2048)
			must(t, err)
		}
		if same := bytes.Equal(d[156:174], d[2048+156:2048+174]); same != copied {
			t.Errorf("copied %v: the descriptors refer to the same root: %v", copied, same)
		}
		if got, want := int64(uint32At(d[80:])), m.set.Sectors()-start; got != want {
			t.Errorf("the session has %d sectors, not %d", got, want)
		}
	}
}
