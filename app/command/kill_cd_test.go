package command

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"glassmaster/drive/virtual"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/ccd"
	"glassmaster/mastering/image/cue"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/sector"
)

// TestKilledCD kills burns of CDs of several tracks or sessions by the real program, in each mode,
// with and without power loss of the drive. The results of the next media, verify and burn are
// compared with the file of the disc.
func TestKilledCD(t *testing.T) {
	bin := program(t)
	images := map[string]string{
		"audio": imagetest.Create(t, cue.Format, imagetest.Audio(t), format.Options{}, "disc.cue"),
		"mixed": imagetest.Create(t, cue.Format, imagetest.Mixed(t), format.Options{}, "disc.cue"),
		"two":   imagetest.Create(t, ccd.Format, imagetest.Sessions(t), format.Options{}, "disc.ccd"),
	}
	ways := []struct {
		image, mode string
		commands    int // of a burn
	}{
		{"audio", "sao", 900},
		{"audio", "tao", 140},
		{"audio", "raw", 1900},
		{"mixed", "sao", 900},
		{"mixed", "tao", 160},
		{"mixed", "raw", 1900},
		{"two", "sao", 900},
	}
	for seed := range max(faultRuns(t)/8, len(ways)) {
		x := ways[seed%len(ways)]
		t.Run(fmt.Sprintf("%d, %s, %s", seed, x.image, x.mode), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 41))
			src, _, err := image.Open(t.Context(), images[x.image])
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			file, medium := filepath.Join(t.TempDir(), "disc"), []string{"cd-r", "cd-rw"}[r.IntN(2)]
			drive := virtual.Prefix + file + "?load=1&sectors=40000&medium=" + medium
			option := []string{"&kill=", "&cut="}[r.IntN(2)] + strconv.Itoa(20+r.IntN(x.commands))
			burn := []string{"burn", "--yes", "--quiet", "--accept-loss", "--mode", x.mode, images[x.image]}
			out, err := exec.Command(bin, append(burn, drive+option)...).CombinedOutput()
			whole := holdsCD(file, src, x.mode == "tao")
			t.Log(option, whole)
			if err == nil && whole != nil {
				t.Errorf("the burn succeeded before it was killed: %v\n%s", whole, out)
			}
			must(t, OK, "media", drive)
			if v := run(t, "verify", images[x.image], drive); v.code == OK && whole != nil {
				t.Errorf("verify IMAGE DRIVE: exit code 0: %v\n%s%s", whole, v.out, v.log)
			}
			if medium == "cd-rw" {
				burn = append(burn, "--blank")
			}
			again := run(t, append(burn, drive)...)
			if whole = holdsCD(file, src, x.mode == "tao"); again.code == OK && whole != nil {
				t.Errorf("the next burn succeeded: %v\n%s%s", whole, again.out, again.log)
			}
			if again.code != OK && medium == "cd-rw" {
				t.Errorf("the next burn of a CD-RW: exit code %d\n%s%s", again.code, again.out, again.log)
			}
			if strings.Contains(again.log, "panic") {
				t.Error(again.log)
			}
		})
	}
}

// holdsCD returns an error unless the file of a disc has the tracks of a source with their sectors
// and codes. If moved, they may be at other addresses.
func holdsCD(file string, src disc.Disc, moved bool) error {
	ctx := context.Background()
	d, err := image.OpenAs(ctx, file, discfile.Format)
	if err != nil {
		return err
	}
	defer d.Close()
	want, got := src.TOC(), d.TOC()
	if len(want.Sessions) != len(got.Sessions) {
		return fmt.Errorf("%d sessions", len(got.Sessions))
	}
	a, b := sector.AllForms(src), sector.AllForms(d)
	for i, s := range want.Sessions {
		if len(s.Tracks) != len(got.Sessions[i].Tracks) {
			return fmt.Errorf("%d tracks in session %d", len(got.Sessions[i].Tracks), s.Number)
		}
		for k, w := range s.Tracks {
			g := got.Sessions[i].Tracks[k]
			if g.Control != w.Control || g.Start != w.Start && !moved || w.Mode == disc.Audio && g.ISRC != w.ISRC {
				return fmt.Errorf("track %+v instead of %+v", g, w)
			}
			p, q := make([]byte, w.Length*sector.Size), make([]byte, w.Length*sector.Size)
			if _, err := a.ReadSectors(ctx, p, w.Start, disc.Raw); err != nil {
				return err
			}
			if _, err := b.ReadSectors(ctx, q, g.Start, disc.Raw); err != nil {
				return err
			}
			if !bytes.Equal(p, q) {
				return fmt.Errorf("track %d differs", w.Number)
			}
		}
	}
	return nil
}
