package volume_test

import (
	"io/fs"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// listed is a volume that consists of a list of entries.
type listed struct {
	volume.FS
	entries []volume.Entry
	walks   int
}

func (l *listed) Walk(_ string, f func(*volume.Entry) error) error {
	l.walks++
	for i := range l.entries {
		if err := f(&l.entries[i]); err != nil {
			return err
		}
	}
	return nil
}

func TestLocator(t *testing.T) {
	at := func(path string, mode fs.FileMode, x ...volume.Extent) volume.Entry {
		return volume.Entry{Path: []byte(path), Mode: mode, Extents: x}
	}
	l := &listed{entries: []volume.Entry{
		at("dir", fs.ModeDir, volume.Extent{Start: 20, Length: 2048}),
		at("dir/long", 0, volume.Extent{Start: 100, Length: 100 * 2048}),
		at("dir/inside", 0, volume.Extent{Start: 150, Length: 1}),
		at("first name", 0, volume.Extent{Start: 300, Length: 2049}),
		at("second name", 0, volume.Extent{Start: 300, Length: 2049}),
		at("parts", 0, volume.Extent{Start: 400, Length: 2048}, volume.Extent{Start: 390, Length: 2048}),
		at("empty", 0, volume.Extent{Start: 500}),
	}}
	loc := volume.NewLocator(l)
	if l.walks != 0 {
		t.Error("the volume is read before Locate is called")
	}
	for lba, want := range map[disc.LBA]string{
		0: "", 19: "", 20: "dir/", 21: "", 99: "", 100: "dir/long", 149: "dir/long", 150: "dir/inside",
		151: "dir/long", 199: "dir/long", 200: "", 300: "first name", 301: "first name", 302: "",
		390: "parts", 391: "", 400: "parts", 500: "", 100000: "",
	} {
		if got := loc.Locate(lba); got != want {
			t.Errorf("sector %d: %q, want %q", lba, got, want)
		}
	}
	if l.walks != 1 {
		t.Errorf("%d walks", l.walks)
	}
}
