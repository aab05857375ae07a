package compressed_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/compressed"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/packed"
	"glassmaster/mastering/peertest"
)

// shell runs commands in a folder that has the file plain, and returns the contents of
// the file out.
func shell(t testing.TB, plain []byte, commands string) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "plain"), plain, 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "sh", "-e", "-c", commands)
	p, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t testing.TB, p []byte) string {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var cases = []struct {
	name     string
	format   format.Format
	commands string
	notices  int
}{
	{"gzip", compressed.Gzip, "gzip -c plain >out", 0},
	{"gzip, fast", compressed.Gzip, "gzip -1 -c plain >out", 0},
	{"gzip, best, from a pipe", compressed.Gzip, "cat plain | gzip -9 >out", 0},
	{"gzip, members", compressed.Gzip, "split -b 70000 plain part.; for i in part.*; do gzip -c $i; done >out", 0},
	{"gzip, empty members", compressed.Gzip, "(gzip -c plain; gzip </dev/null; gzip </dev/null) >out", 0},
	{"gzip, zeros at the end", compressed.Gzip, "gzip -c plain >out; head -c 5000 /dev/zero >>out", 0},
	{"gzip, bytes at the end", compressed.Gzip, "gzip -c plain >out; echo more >>out", 1},
	{"xz", compressed.XZ, "xz -c plain >out", 0},
	{"xz, from a pipe", compressed.XZ, "cat plain | xz -0 >out", 0},
	{"xz, blocks", compressed.XZ, "xz --block-size=100000 -T2 -c plain >out", 0},
	{"xz, streams", compressed.XZ, "split -b 250000 plain part.; for i in part.*; do xz -c $i; done >out", 0},
	{"xz, padding", compressed.XZ, "(xz -c --block-size=100000 plain; head -c 400 /dev/zero; xz -c </dev/null) >out", 0},
	{"xz, CRC-32", compressed.XZ, "xz --check=crc32 -c plain >out", 0},
	{"xz, SHA-256", compressed.XZ, "xz --check=sha256 -c plain >out", 0},
	{"xz, no checksum", compressed.XZ, "xz --check=none -c plain >out", 1},
	{"xz, bytes at the end", compressed.XZ, "xz --block-size=100000 -c plain >out; echo more >>out", 1},
	{"zstd", compressed.Zstandard, "zstd -q -c plain >out", 0},
	{"zstd, from a pipe", compressed.Zstandard, "cat plain | zstd -q >out", 0},
	{"zstd, best", compressed.Zstandard, "zstd -q -19 --long=27 -c plain >out", 0},
	{"zstd, frames", compressed.Zstandard, "split -b 100000 plain part.; for i in part.*; do zstd -q --no-check -c $i; done >out", 1},
	{"zstd, skippable frames", compressed.Zstandard, "printf '\\120\\052\\115\\030\\003\\000\\000\\000abc' >out; zstd -q -c plain >>out; printf '\\136\\052\\115\\030\\000\\000\\000\\000' >>out", 0},
	{"bzip2", compressed.Bzip2, "bzip2 -c plain >out", 0},
	{"bzip2, small blocks", compressed.Bzip2, "bzip2 -1 -c plain >out", 0},
	{"bzip2, streams", compressed.Bzip2, "split -b 250000 plain part.; for i in part.*; do bzip2 -c $i; done >out; bzip2 </dev/null >>out", 0},
	{"bzip2, bytes at the end", compressed.Bzip2, "bzip2 -c plain >out; echo more >>out", 1},
}

// TestPrograms: what the programs write is read, at any place.
func TestPrograms(t *testing.T) {
	peertest.Need(t, "gzip", "xz", "zstd", "bzip2")
	want := append(imagetest.Contents(700), "the end"...)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			u := imagetest.Unpack(t, c.format, write(t, shell(t, want, c.commands)))
			imagetest.SameContents(t, want, u, u.Size)
			if n := u.Notices(); len(n) != c.notices {
				t.Errorf("notices: %v", disc.Texts(n))
			}
		})
	}
}

// TestDamage: a changed byte is an error when the file is opened or when the part is read,
// and never other contents.
func TestDamage(t *testing.T) {
	peertest.Need(t, "gzip", "xz", "zstd", "bzip2")
	want := imagetest.Contents(300)
	for _, c := range cases {
		if strings.Contains(c.name, "no checksum") || strings.Contains(c.name, "frames") {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			whole := shell(t, want, c.commands)
			for i := 1; i < 12; i += 3 {
				bad := bytes.Clone(whole)
				bad[len(bad)*i/12] ^= 0x10
				files, err := format.OpenFiles(write(t, bad))
				if err != nil {
					t.Fatal(err)
				}
				defer files.Close()
				u, err := c.format.Unpack(t.Context(), files)
				if err != nil {
					continue
				}
				p := make([]byte, len(want))
				n, err := u.ReadAt(p, 0)
				if !bytes.Equal(p[:n], want[:n]) {
					t.Errorf("byte %d was changed: other contents", len(bad)*i/12)
				}
				if err == nil && (n < len(want) || len(u.Notices()) == c.notices) && !strings.Contains(c.name, "at the end") && !strings.Contains(c.name, "padding") {
					t.Errorf("byte %d was changed: no error", len(bad)*i/12)
				}
			}
		})
	}
}

// TestTruncated: of a file that is too short, the sectors that are there are read, and a
// notice says that others are missing.
func TestTruncated(t *testing.T) {
	peertest.Need(t, "gzip", "xz", "zstd", "bzip2")
	want := imagetest.Contents(700)
	for _, c := range cases {
		if strings.Contains(c.name, "empty") || strings.Contains(c.name, "zeros") || c.name == "bzip2" || c.name == "bzip2, bytes at the end" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			whole := shell(t, want, c.commands)
			for _, part := range []int{len(whole) * 3 / 4, len(whole) - 9} {
				u := imagetest.Unpack(t, c.format, write(t, whole[:part]))
				n := u.Notices()
				at := len(n) - 1
				for at > 0 && !n[at].Incomplete {
					at--
				}
				if strings.Contains(c.name, "at the end") && part > len(whole)-20 || strings.Contains(c.name, "padding") || strings.Contains(c.name, "streams") && part > len(whole)-20 || strings.Contains(c.name, "skippable") && part > len(whole)-20 {
					continue // nothing of the contents is missing, or other words say it
				}
				if at < 0 || !n[at].Incomplete || n[at].Severity != disc.Error || u.Size%disc.SectorSize != 0 {
					t.Fatalf("%d of %d bytes: %d bytes of contents, %v", part, len(whole), u.Size, disc.Texts(n))
				}
				imagetest.SameContents(t, want[:u.Size], u, u.Size)
			}
		})
	}
}

// TestLarge: a unit that is larger than what is unpacked as a whole is read at any place,
// and a notice says that this is slow.
func TestLarge(t *testing.T) {
	peertest.Need(t, "xz", "zstd", "gzip", "bzip2")
	want := make([]byte, packed.MaxWhole+9<<20)
	for _, at := range []int{0, 3 << 20, 40 << 20, len(want) - 250*2048} {
		copy(want[at:], imagetest.Contents(250))
	}
	for _, c := range []struct {
		format   format.Format
		commands string
		notices  int
	}{
		{compressed.XZ, "xz -0 -T1 -c plain >out", 1},
		{compressed.Zstandard, "zstd -q -c plain >out", 1},
		{compressed.Gzip, "gzip -1 -c plain >out", 0},
		{compressed.Bzip2, "bzip2 -c plain >out", 0},
	} {
		t.Run(c.format.Name, func(t *testing.T) {
			whole := shell(t, want, c.commands)
			u := imagetest.Unpack(t, c.format, write(t, whole))
			p := make([]byte, 1<<20)
			for _, at := range []int{5, len(want) - len(p), 3 << 20, 9<<20 + 5, 0, 40 << 20} {
				if _, err := u.ReadAt(p, int64(at)); err != nil || !bytes.Equal(p, want[at:at+len(p)]) {
					t.Errorf("read at %d: error %v", at, err)
				}
			}
			if n := u.Notices(); len(n) != c.notices || c.notices > 0 && n[0].Severity != disc.Info {
				t.Errorf("notices: %v", disc.Texts(n))
			}
			if c.notices == 0 {
				return
			}
			whole[len(whole)-60] ^= 1 // near the end of the unit
			u = imagetest.Unpack(t, c.format, write(t, whole))
			if _, err := u.ReadAt(p, u.Size-int64(len(p))); err == nil {
				t.Error("the damaged end was read without an error")
			}
			if _, err := u.ReadAt(p, 0); err == nil {
				t.Error("the beginning of a unit that is known to be damaged was read without an error")
			}
		})
	}
}

// TestRefused: files that cannot be read, and the reasons.
func TestRefused(t *testing.T) {
	peertest.Need(t, "xz", "zstd")
	want := imagetest.Contents(100)
	for _, c := range []struct {
		format         format.Format
		commands, want string
	}{
		{compressed.XZ, "xz --x86 --lzma2 -c plain >out", "filter"},
		{compressed.Zstandard, "printf '\\050\\265\\057\\375\\041\\005\\001\\011\\000\\000A' >out", "dictionary"},
		{compressed.Gzip, "gzip </dev/null >out", "no contents"},
	} {
		files, err := format.OpenFiles(write(t, shell(t, want, c.commands)))
		if err != nil {
			t.Fatal(err)
		}
		defer files.Close()
		u, err := c.format.Unpack(t.Context(), files)
		if err == nil {
			_, err = u.ReadAt(make([]byte, 10), 0)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.commands, err)
		}
	}
}

// TestCancel: the pass over a file can be cancelled.
func TestCancel(t *testing.T) {
	peertest.Need(t, "gzip", "bzip2")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range cases {
		if c.format.Name != "gzip" && c.format.Name != "bzip2" {
			continue
		}
		files, err := format.OpenFiles(write(t, shell(t, imagetest.Contents(100), c.commands)))
		if err != nil {
			t.Fatal(err)
		}
		defer files.Close()
		if _, err := c.format.Unpack(ctx, files); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
