package update_test

import (
	"bytes"
	"errors"
	"testing"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/boot/update"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/volume"
)

// FuzzUpdate edits images whose boot structures are anything: it must not fail in another
// way than with an error, nor make an image much larger than its contents need.
func FuzzUpdate(f *testing.F) {
	top := sample(f)
	for _, name := range []string{"xorriso El Torito", "xorriso isohybrid MBR GPT APM", "xorriso appended GPT", "isohybrid UEFI Mac", "own appended GPT"} {
		b := read(f, makerOf(f, name).make(f, top))
		f.Add(b[:40*boot.SectorSize], b[len(b)-20*boot.SectorSize:], uint16(33), uint16(34))
	}
	f.Add(read(f, isotest.Xorriso(f, top, "-mips-boot", "zz.bin"))[:40*boot.SectorSize], []byte{}, uint16(33), uint16(0))
	f.Fuzz(func(t *testing.T, head, tail []byte, from, entry uint16) {
		if len(head) < 18*boot.SectorSize || len(head)+len(tail) > 1<<20 {
			return
		}
		img := append(bytes.Clone(head), tail...)
		set := patch.New(bytes.NewReader(img), int64(len(img)), nil)
		_ = update.MakeRoom(set, 0)
		u, err := update.New(set, update.Options{})
		if err != nil {
			return
		}
		old := []volume.Extent{{Start: disc.LBA(from), Length: 2048}}
		b := noise(3000)
		at := set.Add(u.Source(old, layout.Bytes(b), 3000), 3000)
		_, _ = u.Update([]patch.Move{{From: old, To: []volume.Extent{{Start: disc.LBA(at), Length: 3000}}, Path: "x"}})
		_ = u.Remove(int(entry % 7))
		_ = u.Replace(int(entry%5), layout.Bytes(b), 3000)
		_, _ = u.Add(boot.Image{Path: "y", Platform: boot.BIOS}, layout.Bytes(b), 3000)
		end, err := u.Finish(set.Sectors())
		if err != nil {
			var unsafe *patch.UnsafeError
			if errors.As(err, &unsafe) && unsafe.Why == "" {
				t.Error("no reason is given")
			}
			return
		}
		if end*boot.SectorSize > int64(2*len(img)+64<<20) {
			t.Errorf("an image of %d bytes grows to %d sectors", len(img), end)
		}
		if _, err := u.Update(nil); err != nil {
			t.Error(err)
		}
		_ = u.End(int64(from))
		if _, err := set.Layout(); err != nil {
			t.Error(err)
		}
	})
}

// TestNonsense edits an image with partition tables that contradict each other: the numbers
// in them must not make it large.
func TestNonsense(t *testing.T) {
	top := sample(t)
	base := read(t, makerOf(t, "xorriso appended offset MBR").make(t, top))
	for name, change := range map[string]func(b []byte){
		"start and size at the maximum": func(b []byte) { copy(b[446+8:], bytes.Repeat([]byte{0xFF}, 8)) },
		"overlapping":                   func(b []byte) { copy(b[446+16:446+32], b[446:]); b[446+16+8]++ },
		"after the end":                 func(b []byte) { b[446+16+11] = 0x7F },
		"larger than the image":         func(b []byte) { b[446+16+15] = 0x7F },
		"cylinders of nothing":          func(b []byte) { copy(b[446+5:], []byte{0xFF, 0xFF, 0xFF}) },
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(base)
			change(b)
			set := patch.New(bytes.NewReader(b), int64(len(b)), nil)
			u, err := update.New(set, update.Options{})
			isotest.Must(t, err)
			set.Add(layout.Bytes(noise(5000)), 5000)
			end, err := u.Finish(set.Sectors())
			if err == nil && end*boot.SectorSize > int64(len(b))+32<<20 {
				t.Errorf("the image grows to %d sectors", end)
			}
			var unsafe *patch.UnsafeError
			if err != nil && !errors.As(err, &unsafe) {
				t.Error(err)
			}
		})
	}
}
