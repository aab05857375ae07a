package command

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
)

// kill is a burn by the real program, which is killed.
type kill struct {
	*testing.T
	bin, recorder, file string
	image, old          string // what is burned, and what was burned before; old may be empty
}

// holds reports whether the disc file contains the image where any drive finds it, or
// where only the drive that wrote it finds it, in a session that is still open.
func (k *kill) holds(image string, open bool) bool {
	k.Helper()
	if image == "" {
		return false
	}
	h, err := virtualtest.ReadState(k.file)
	if err != nil {
		k.Fatal(err)
	}
	want := content(k.T, image)
	f, err := os.Open(k.file)
	if err != nil {
		k.Fatal(err)
	}
	defer f.Close()
	got := make([]byte, len(want))
	if _, err := f.ReadAt(got, 0); err != nil {
		k.Fatal(err)
	}
	n := h.Track(0)
	if open {
		n = h.Complete(0)
	}
	return n >= int64(len(want)/2048) && bytes.Equal(got, want)
}

// empty reports whether the disc contains only zeros where images begin.
func (k *kill) empty() bool {
	k.Helper()
	f, err := os.Open(k.file)
	if err != nil {
		k.Fatal(err)
	}
	defer f.Close()
	p := make([]byte, 64*2048)
	if _, err := f.ReadAt(p, 0); err != nil {
		k.Fatal(err)
	}
	return len(bytes.Trim(p, "\x00")) == 0
}

// burn runs the real program, which an option of the virtual recorder may kill.
func (k *kill) burn(image, option string, args ...string) {
	k.Helper()
	args = append([]string{"burn", "--quiet"}, args...)
	out, err := exec.Command(k.bin, append(args, image, k.recorder+option)...).CombinedOutput()
	if option == "" && err != nil {
		k.Fatalf("%v\n%s", err, out)
	}
	if option != "" && err == nil && !k.holds(image, false) {
		k.Errorf("the burn succeeded before it was killed, but the disc does not hold the image\n%s", out)
	}
}

// check compares the results of "media", and of "verify" with and without the image, with
// the disc file.
func (k *kill) check() {
	k.Helper()
	h, err := virtualtest.ReadState(k.file)
	if err != nil {
		k.Fatal(err)
	}
	whole, before := k.holds(k.image, true), k.holds(k.old, true)
	out := must(k.T, OK, "media", k.recorder).out
	status := ""
	for line := range strings.Lines(out) {
		if s, ok := strings.CutPrefix(line, "Status"); ok {
			status = s
		}
	}
	switch sequential := h.Format.Blocks == 0 && h.Medium != "DVD+RW" && h.Medium != "BD-RE"; {
	case !sequential:
	case h.Final != strings.Contains(status, "closed"), (len(h.Sessions) == 0) != strings.Contains(status, "blank"):
		k.Errorf("media says %q of %+v\n%s", status, h, out)
	}
	if r := run(k.T, "verify", k.image, k.recorder); (r.code == OK) != whole {
		k.Errorf("verify IMAGE DRIVE: exit code %d, and that the disc holds the image is %v\n%s%s", r.code, whole, r.out, r.log)
	}
	if r := run(k.T, "verify", k.recorder); r.code == OK && !whole && !before && !k.empty() {
		k.Errorf("verify DRIVE: exit code %d of a disc that holds no complete image\n%s%s", r.code, r.out, r.log)
	}
}

// TestKilled kills burns by the real program before commands chosen by seeds, with and
// without power loss of the drive. The results of the next media, verify and burn are
// compared with the disc file.
func TestKilled(t *testing.T) {
	bin := program(t)
	dir := t.TempDir()
	images := make([]string, 2)
	for i := range images {
		images[i] = filepath.Join(dir, fmt.Sprintf("%d.iso", i))
		if err := os.Mkdir(filepath.Join(dir, strconv.Itoa(i)), 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, strconv.Itoa(i), "file"), string(virtualtest.Noise(700+100*i, byte(i))))
		must(t, OK, "build", filepath.Join(dir, strconv.Itoa(i)), "-o", images[i])
	}
	media := virtual.Media()
	left := map[string]int{}
	for seed := range max(faultRuns(t)/4, len(media)) {
		m := media[seed%len(media)]
		t.Run(fmt.Sprintf("%d, %s", seed, m.Name), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 11))
			file := filepath.Join(t.TempDir(), "disc")
			k := &kill{T: t, bin: bin, file: file, image: images[1]}
			k.recorder = virtual.Prefix + file + "?sectors=4096&medium=" + strings.ToLower(m.Name)
			var blank []string
			if rewrites := strings.Contains(m.Name, "RW") || strings.Contains(m.Name, "RE") || strings.Contains(m.Name, "RAM"); rewrites {
				blank = []string{"--blank"}
				if r.IntN(2) == 0 {
					k.old = images[0]
					k.burn(k.old, "")
				}
			}
			option := []string{"&kill=", "&cut="}[r.IntN(2)] + strconv.Itoa(1+r.IntN(160))
			var way []string
			if r.IntN(2) == 0 {
				way = killedWays[m.Name]
			}
			k.burn(k.image, option, slices.Concat(way, blank)...)
			t.Log(option, way, k.old != "")
			left[k.left()]++
			k.check()
			again := run(t, append([]string{"burn", k.image, k.recorder}, blank...)...)
			switch {
			case again.code == OK && !k.holds(k.image, false):
				t.Errorf("the next burn succeeded, but the disc does not hold the image\n%s%s", again.out, again.log)
			case again.code != OK && blank != nil:
				t.Errorf("the next burn of a rewritable disc: exit code %d\n%s%s", again.code, again.out, again.log)
			}
			k.check()
		})
	}
	t.Logf("discs after a kill: %v", left)
}

// killedWays are options of burns that are killed, for ways that are not chosen by themselves.
var killedWays = map[string][]string{
	"DVD-R":    {"--mode", "dao"},
	"DVD-RW":   {"--mode", "incremental"},
	"DVD-R DL": {"--mode", "jump"},
	"DVD+R DL": {"--layer-break", "1024"},
	"DVD-RAM":  {"--drive-verify"},
	"BD-R":     {"--spare", "usual"},
	"BD-R DL":  {"--spare", "most"},
	"BD-RE":    {"--spare", "most"},
}

// left classifies what a kill left on the disc, for the figures.
func (k *kill) left() string {
	switch {
	case k.holds(k.image, false):
		return "the image"
	case k.holds(k.image, true):
		return "the image, session open"
	case k.holds(k.old, true):
		return "the image before"
	case k.empty():
		return "nothing"
	}
	return "part of the image"
}

// faultRuns returns the number of runs set by the variable GLASSMASTER_FAULTS, see
// package faultrun.
func faultRuns(t *testing.T) int {
	s := os.Getenv("GLASSMASTER_FAULTS")
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Skipf("GLASSMASTER_FAULTS=%s is for another test", s)
	}
	return n
}
