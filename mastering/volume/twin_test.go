package volume_test

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"strings"
	"testing"

	"glassmaster/mastering/volume"
)

// shorten has ISO 9660 say less of the file z than there is, in all its trees, as
// writers do that cut the size of a large file to 32 bits.
func shorten(t *testing.T, p []byte, size uint32) {
	t.Helper()
	var before [8]byte
	binary.LittleEndian.PutUint32(before[:], 2<<20)
	binary.BigEndian.PutUint32(before[4:], 2<<20)
	if bytes.Count(p, before[:]) == 0 {
		t.Fatal("the file is not there")
	}
	for i := bytes.Index(p, before[:]); i >= 0; i = bytes.Index(p, before[:]) {
		binary.LittleEndian.PutUint32(p[i:], size)
		binary.BigEndian.PutUint32(p[i+4:], size)
	}
}

// Where ISO 9660 says less of a file than UDF, it is shown whole, in every view and
// however it is looked at, and that is said.
func TestViewsDisagree(t *testing.T) {
	for _, size := range []uint32{16, 0} {
		p := peer(t, "genisoimage", "-quiet", "-R", "-J", "-udf", "-o", "IMAGE", "FOLDER")
		shorten(t, p, size)
		d := discOf(p)
		for _, view := range []string{"", "Rock Ridge", "Joliet", "ISO 9660", "UDF"} {
			v, err := volume.OpenDisc(d, volume.Options{View: view})
			if err != nil {
				t.Fatal(err)
			}
			noted := ""
			err = volume.Walk(v, ".", func(e *volume.Entry) error {
				name := strings.ToLower(strings.TrimSuffix(string(e.Path), "."))
				if name != "z" {
					if e.Note != "" {
						t.Errorf("%s: %s", e.Path, e.Note)
					}
					return nil
				}
				noted = e.Note
				info, err := v.Lstat(string(e.Path))
				if err != nil {
					t.Fatal(err)
				}
				b, err := fs.ReadFile(v, string(e.Path))
				if err != nil || len(b) != 2<<20 || len(bytes.Trim(b, "z")) > 0 || e.Size != 2<<20 || info.Size() != 2<<20 || len(e.Extents) != 1 || e.Extents[0].Length != 2<<20 {
					t.Errorf("%s: %d bytes read (%v), %d listed, %d by name, %v", view, len(b), err, e.Size, info.Size(), e.Extents)
				}
				if info.Sys().(*volume.Attributes).Note != e.Note {
					t.Errorf("%s: by name %q is noted, in the list %q", view, info.Sys().(*volume.Attributes).Note, e.Note)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			if (view != "UDF") != strings.Contains(noted, "UDF 2097152") {
				t.Errorf("%s: %q is noted", view, noted)
			}
		}
		bad := 0
		list, err := volume.Disagreements(t.Context(), d, volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			if !x.Minor && strings.Contains(x.Text, "UDF says 2097152") {
				bad++
			}
		}
		if bad == 0 {
			t.Errorf("%v", list)
		}
	}
}

// Views that agree are not found fault with, and a file that is in one alone is a
// remark.
func TestViewsAgree(t *testing.T) {
	p := peer(t, "genisoimage", "-quiet", "-R", "-J", "-udf", "-o", "IMAGE", "FOLDER")
	if list, err := volume.Disagreements(t.Context(), discOf(p), volume.Options{}); err != nil || len(list) > 0 {
		t.Errorf("%v %v", list, err)
	}
	p = peer(t, "genisoimage", "-quiet", "-R", "-J", "-hide-joliet", "a", "-o", "IMAGE", "FOLDER")
	list, err := volume.Disagreements(t.Context(), discOf(p), volume.Options{})
	if err != nil || len(list) != 1 || !list[0].Minor || list[0].Path != "a" {
		t.Errorf("%v %v", list, err)
	}
}
