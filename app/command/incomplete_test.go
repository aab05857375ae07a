package command

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// hollow builds an image that ends with zeros belonging to a file.
func hollow(t *testing.T, flags ...string) string {
	t.Helper()
	dir, image := t.TempDir(), filepath.Join(t.TempDir(), "hollow.iso")
	put(t, filepath.Join(dir, "a.txt"), "a")
	if err := os.WriteFile(filepath.Join(dir, "zeros"), make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, OK, append([]string{"build", dir, "-o", image}, flags...)...)
	return image
}

// No verb reports a disc as good that is shorter than its volume, even if every sector
// can be read and only zeros are missing.
func TestShortDisc(t *testing.T) {
	for _, flags := range [][]string{nil, {"--udf", "2.01"}, {"--udf-only"}} {
		image := hollow(t, flags...)
		for _, medium := range []string{"cd-r", "dvd-r", "dvd+r", "bd-r"} {
			t.Run(strings.Join(append(flags, medium), " "), func(t *testing.T) {
				recorder, _ := blankDisc(t, medium)
				run(t, "burn", "--no-verify", image, recorder+"&short=64")
				for _, args := range [][]string{{"verify", recorder}, {"verify", image, recorder}, {"verify", recorder, image}} {
					r := must(t, Differs, append(args, "--json")...)
					o := outcomeOf(t, r.out)
					if n, _ := o["data"].(map[string]any)["missing_sectors"].(float64); n < 32 || n > 64 {
						t.Errorf("%v: %v", args, o)
					}
					if !strings.Contains(r.log, "incomplete") || !strings.Contains(r.log, "virtual:") {
						t.Errorf("%v: %s", args, r.log)
					}
				}
				back := filepath.Join(t.TempDir(), "back.iso")
				r := must(t, Differs, "read", recorder, "-o", back)
				if !strings.Contains(r.log, "sectors are missing") || !strings.Contains(r.log, "back.iso is written") {
					t.Errorf("read: %s", r.log)
				}
				if got, want := content(t, back), content(t, image); len(got) >= len(want) || !bytes.HasPrefix(want, got) {
					t.Errorf("read: %d bytes of %d", len(got), len(want))
				}
				must(t, Differs, "verify", back)
				must(t, Differs, "verify", back, image)
			})
		}
	}
}

// With --keep-going the readable part of a damaged disc is read, and the result is not reported as
// complete.
func TestReadKeepGoing(t *testing.T) {
	image, dir := builtImage(t), t.TempDir()
	recorder, _ := blankDisc(t, "dvd+r")
	must(t, OK, "burn", image, recorder)
	bad := recorder + "&unreadable=40,41,90"
	back := filepath.Join(dir, "back.iso")
	if r := must(t, Failed, "read", bad, "-o", back); !strings.Contains(r.log, "--keep-going") || !strings.Contains(r.log, "40") {
		t.Errorf("%s", r.log)
	}
	isEmpty(t, dir)
	r := must(t, Differs, "read", bad, "-o", back, "--keep-going", "--json")
	d, _ := outcomeOf(t, r.out)["data"].(map[string]any)["differs"].(map[string]any)
	if d["lba"] != 40.0 || d["bad_sectors"] != 3.0 || d["error"] == "" {
		t.Errorf("%v", d)
	}
	want := content(t, image)
	for _, at := range []int{40, 41, 90} {
		clear(want[at*2048 : (at+1)*2048])
	}
	if !bytes.HasPrefix(content(t, back), want) {
		t.Error("the rest is not what was burned")
	}
	must(t, OK, "read", recorder+"&retries=40:2", "-o", back)
}

// The run-out sectors of a track-at-once track are left out, with a message. An
// unreadable sector before them is an error.
func TestRunOutIsReported(t *testing.T) {
	image := builtImage(t)
	recorder, _ := blankDisc(t, "cd-r")
	must(t, OK, "burn", image, recorder)
	for _, args := range [][]string{{"verify", recorder}, {"verify", image, recorder}, {"read", recorder, "-o", filepath.Join(t.TempDir(), "x.iso")}} {
		r := must(t, OK, args...)
		if !strings.Contains(r.log, "run-out") {
			t.Errorf("%v: %s", args, r.log)
		}
		left := outcomeOf(t, must(t, OK, append(args, "--json")...).out)["data"].(map[string]any)["remarks"].([]any)
		if len(left) != 1 {
			t.Errorf("%v: %v", args, left)
		}
	}
}

// Only the part in use of a disc that is overwritten in place is read, and older contents
// after it are not a difference.
func TestReadWhatIsUsed(t *testing.T) {
	large, small := hollow(t), builtImage(t)
	for _, medium := range []string{"dvd+rw", "bd-re"} {
		t.Run(medium, func(t *testing.T) {
			recorder, file := blankDisc(t, medium)
			must(t, OK, "burn", large, recorder)
			f, err := os.OpenFile(file, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteAt([]byte("older contents"), 500*2048); err != nil {
				t.Fatal(err)
			}
			f.Close()
			must(t, OK, "burn", "--blank", small, recorder)
			want := content(t, small)
			back := filepath.Join(t.TempDir(), "back.iso")
			r := must(t, OK, "read", recorder, "-o", back)
			if !bytes.Equal(content(t, back), want) || !strings.Contains(r.log, "--whole") || !strings.Contains(r.log, "the ISO 9660 volume") {
				t.Errorf("%d bytes, want %d; %s", len(content(t, back)), len(want), r.log)
			}
			if r := must(t, OK, "verify", small, recorder); !strings.Contains(r.out, "not compared") {
				t.Errorf("%s", r.out)
			}
			must(t, OK, "read", recorder, "-o", back, "--whole")
			if got := content(t, back); len(got) <= len(want) || !bytes.Equal(got[500*2048:500*2048+5], []byte("older")) {
				t.Errorf("--whole: %d bytes", len(got))
			}
		})
	}
}

// A partition that xorriso appended after the volume belongs to the part in use.
func TestReadUsedPartition(t *testing.T) {
	dir := t.TempDir()
	image, part, back := filepath.Join(dir, "x.iso"), filepath.Join(dir, "part"), filepath.Join(dir, "back.iso")
	contents := bytes.Repeat([]byte("partition "), 40000)
	if err := os.WriteFile(part, contents, 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "xorriso", "-as", "mkisofs", "-quiet", "-o", image, "-append_partition", "2", "0x83", part, sample(t))
	recorder, _ := blankDisc(t, "bd-re")
	must(t, OK, "burn", image, recorder)
	r := must(t, OK, "read", recorder, "-o", back)
	if got := content(t, back); !bytes.Contains(got, contents) || !bytes.HasPrefix(content(t, image), got) || !strings.Contains(r.log, "the partition table") {
		t.Errorf("%d bytes; %s", len(got), r.log)
	}
	must(t, OK, "verify", back, recorder)
}

// Unreadable sectors after the volume are an error, with a message that its files are
// intact.
func TestUnreadableAfterVolume(t *testing.T) {
	image := builtImage(t)
	padded := filepath.Join(t.TempDir(), "padded.iso")
	p := content(t, image)
	if err := os.WriteFile(padded, append(p, make([]byte, 64*2048)...), 0o600); err != nil {
		t.Fatal(err)
	}
	recorder, _ := blankDisc(t, "dvd+r")
	must(t, OK, "burn", padded, recorder)
	n := len(p)/2048 + 40
	if r := must(t, Differs, "verify", fmt.Sprintf("%s&unreadable=%d", recorder, n)); !strings.Contains(r.log, "its files are intact") {
		t.Errorf("%s", r.log)
	}
	if r := must(t, Differs, "verify", recorder+"&unreadable=40"); strings.Contains(r.log, "intact") {
		t.Errorf("%s", r.log)
	}
}

// A disc that is overwritten in place can be copied to a smaller one if the part in use
// fits.
func TestBurnWhatIsUsed(t *testing.T) {
	image := builtImage(t)
	from, _ := blankDisc(t, "bd-re")
	must(t, OK, "burn", image, from)
	to := "virtual:" + filepath.Join(t.TempDir(), "disc") + "?medium=dvd+r&sectors=1500"
	if r := must(t, OK, "burn", from, to); !strings.Contains(r.log, "in use") {
		t.Errorf("%s", r.log)
	}
	must(t, OK, "verify", image, to)
	must(t, OK, "verify", from, to)
}

// A disc whose volume is recognized but cannot be opened is not reported as good, even if
// all sectors can be read.
func TestVerifyUnopenable(t *testing.T) {
	image := hollow(t, "--udf-only")
	p := content(t, image)
	for i := 0; i+2048 <= len(p); i += 2048 {
		if p[i] == 6 || p[i] == 5 { // the logical volume and the partition
			clear(p[i : i+512])
		}
	}
	damaged := filepath.Join(t.TempDir(), "damaged.udf")
	if err := os.WriteFile(damaged, p, 0o600); err != nil {
		t.Fatal(err)
	}
	r := must(t, Differs, "verify", damaged, "--json")
	if data := outcomeOf(t, r.out)["data"].(map[string]any); data["equal"] != false || data["volume_problem"] == nil {
		t.Errorf("%v", data)
	}
	back := filepath.Join(t.TempDir(), "back.iso")
	if r := must(t, Differs, "read", damaged, "-o", back); !strings.Contains(r.log, "files cannot be found") || !bytes.Equal(content(t, back), p) {
		t.Errorf("read: %s", r.log)
	}
}

// The text after the last dot of a name selects a format only if it is a known extension.
func TestImageNames(t *testing.T) {
	image, dir, folder := builtImage(t), t.TempDir(), sample(t)
	want := content(t, image)
	for _, name := range []string{"copy.img", "copy.raw", "copy.cdr", "copy.dmg", "backup-2026.01", "copy.iso.tmp", "copy", "copy.ISO", ".hidden"} {
		out := filepath.Join(dir, name)
		must(t, OK, "read", image, "-o", out)
		if !bytes.Equal(content(t, out), want) {
			t.Errorf("%s is not a plain image", name)
		}
		must(t, OK, "build", folder, "-o", out)
	}
	other := t.TempDir()
	for _, name := range []string{"copy.daa", "copy.uif", "copy.iso.gz", "copy.glassmaster"} {
		for _, args := range [][]string{{"read", image}, {"build", folder}} {
			r := must(t, Usage, append(args, "-o", filepath.Join(other, name))...)
			if !strings.Contains(r.log, name) || !strings.Contains(r.log, ".iso") {
				t.Errorf("%s: %s", name, r.log)
			}
		}
	}
	isEmpty(t, other)
	must(t, Usage, "read", image, "-o", filepath.Join(other, "x.img"), "--format", "daa")
}

// An image truncated within a sector differs there, and is also reported as incomplete.
func TestVerifyCutInASector(t *testing.T) {
	dir := t.TempDir()
	folder, whole, cut := filepath.Join(dir, "f"), filepath.Join(dir, "whole.iso"), filepath.Join(dir, "cut.iso")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "a"), bytes.Repeat([]byte("0123456789"), 50_000), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, OK, "build", folder, "-o", whole)
	p, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, p[:len(p)/2/2048*2048+1000], 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{whole, cut}, {cut, whole}} {
		r := must(t, Differs, append([]string{"verify"}, args...)...)
		if !strings.Contains(r.log, "cut.iso is incomplete") || !strings.Contains(r.log, "differs from its source") {
			t.Errorf("%v: %s", args, r.log)
		}
	}
}

// A disc burned with --force can be compared with its source.
func TestVerifyPlain(t *testing.T) {
	recorder, _ := blankDisc(t, "dvd+r")
	file := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(file, bytes.Repeat([]byte("no file system. "), 2048*4), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, OK, "burn", "--yes", "--force", file, recorder)
	r := must(t, OK, "verify", file, recorder)
	if !strings.Contains(r.log, "not an image of a known format") {
		t.Error(r.log)
	}
	if err := os.WriteFile(file, bytes.Repeat([]byte("no file systen. "), 2048*4), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, Differs, "verify", file, recorder)
	must(t, Failed, "verify", file)
}

// Every verb reports a missing file of a compilation, and the rest is not reported as
// equal or good.
func TestCompilationLacksAFile(t *testing.T) {
	dir, saved := t.TempDir(), filepath.Join(t.TempDir(), "c.glassmaster")
	put(t, filepath.Join(dir, "a"), "a")
	put(t, filepath.Join(dir, "b"), "b")
	must(t, OK, "build", dir, "--save", saved)
	if err := os.Remove(filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	recorder, _ := blankDisc(t, "dvd+r")
	must(t, Partly, "burn", "--yes", "--keep-going", saved, recorder)
	for _, args := range [][]string{{saved, recorder}, {recorder, saved}, {saved}} {
		r := must(t, Partly, append([]string{"verify"}, args...)...)
		if !strings.Contains(r.log, "warning: "+filepath.Join(dir, "b")) || !strings.Contains(r.log, "1 file of "+saved+" cannot be read") {
			t.Errorf("%v: %s", args, r.log)
		}
	}
	for _, verb := range []string{"ls", "info"} {
		if r := must(t, OK, verb, saved); strings.Count(r.log, "no such file") != 1 {
			t.Errorf("%s: %s", verb, r.log)
		}
	}
}
