package command

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
)

// TestKilledSeveral kills burns of two drives by the real program, before a command to one
// of them that is chosen by a seed. The results of the next media, verify and burn of both
// are compared with the disc files.
func TestKilledSeveral(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "source"), 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "source", "file"), string(virtualtest.Noise(900, 6)))
	image := filepath.Join(dir, "1.iso")
	must(t, OK, "build", filepath.Join(dir, "source"), "-o", image)
	media := virtual.Media()
	for seed := range max(faultRuns(t)/8, 6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 31))
			var discs []*kill
			args := []string{"burn", "--quiet", "--blank", "--buffer", "1M", image}
			for i := range 2 {
				m := media[r.IntN(len(media))]
				k := &kill{T: t, bin: bin, image: image, file: filepath.Join(t.TempDir(), fmt.Sprint("disc", i))}
				k.recorder = virtual.Prefix + k.file + "?sectors=4096&medium=" + strings.ToLower(m.Name)
				must(t, OK, "media", k.recorder) // creates the disc
				name := k.recorder
				if i == 0 {
					name += []string{"&kill=", "&cut="}[r.IntN(2)] + strconv.Itoa(20+r.IntN(140))
				}
				discs, args = append(discs, k), append(args, name)
			}
			out, err := exec.Command(bin, args...).CombinedOutput()
			t.Logf("%v: %v\n%s", args[6:], err, out)
			for _, k := range discs {
				if err == nil && !k.holds(image, false) {
					t.Errorf("the burn succeeded, but %s does not hold the image", k.file)
				}
				k.check()
				again := run(t, "burn", "--blank", image, k.recorder)
				if again.code == OK && !k.holds(image, false) {
					t.Errorf("the next burn succeeded, but %s does not hold the image\n%s%s", k.file, again.out, again.log)
				}
				k.check()
			}
		})
	}
}
