package update_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
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
	for _, name := range []string{"xorriso El Torito", "xorriso isohybrid MBR GPT APM", "xorriso appended GPT", "isohybrid UEFI Mac"} {
		b := read(f, makerOf(f, name).make(f, top))
		at := int(binary.LittleEndian.Uint32(b[17*boot.SectorSize+71:]))
		f.Add(bytes.TrimRight(b[:boot.SystemArea], "\x00"), bytes.TrimRight(b[at*boot.SectorSize:][:boot.SectorSize], "\x00"), uint16(33), uint16(34))
	}
	f.Add(read(f, isotest.Xorriso(f, top, "-mips-boot", "zz.bin"))[:512], []byte{}, uint16(33), uint16(0))
	f.Fuzz(func(t *testing.T, area, catalog []byte, from, entry uint16) {
		if len(area) > boot.SystemArea || len(catalog) > 3*boot.SectorSize {
			return
		}
		img := make([]byte, 120*boot.SectorSize)
		copy(img[16*boot.SectorSize:], "\x01CD001\x01")
		binary.LittleEndian.PutUint32(img[16*boot.SectorSize+80:], uint32(entry%130))
		copy(img[17*boot.SectorSize:], "\x00CD001\x01EL TORITO SPECIFICATION\x00")
		img[17*boot.SectorSize+71] = 20
		copy(img[18*boot.SectorSize:], "\xFFCD001\x01")
		copy(img, area)
		copy(img[20*boot.SectorSize:], catalog)
		sumGPT(img)
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

// sumGPT makes the checksums of a GPT right, and adds its backup.
func sumGPT(img []byte) {
	le := binary.LittleEndian
	h := img[512:1024]
	at, size := le.Uint64(h[72:]), uint64(le.Uint32(h[80:]))*uint64(le.Uint32(h[84:]))
	if string(h[:8]) != "EFI PART" || le.Uint32(h[12:]) != 92 || at > 63 || size > 24<<10 {
		return
	}
	array := img[at*512:][:size]
	last := uint64(len(img)/512 - 1)
	sum := func(h []byte) {
		le.PutUint32(h[88:], crc32.ChecksumIEEE(array))
		le.PutUint32(h[16:], 0)
		le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:92]))
	}
	le.PutUint64(h[32:], last)
	sum(h)
	b := img[last*512:]
	copy(b, h)
	first := last - (size+511)/512
	le.PutUint64(b[24:], last)
	le.PutUint64(b[32:], 1)
	le.PutUint64(b[72:], first)
	copy(img[first*512:], array)
	sum(b)
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
