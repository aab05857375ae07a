package volume_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// shorten reduces the size of a file in all directory trees of ISO 9660, as programs do
// that truncate the size of a large file to 32 bits.
func shorten(t *testing.T, p []byte, from, size uint32) {
	t.Helper()
	var before [8]byte
	binary.LittleEndian.PutUint32(before[:], from)
	binary.BigEndian.PutUint32(before[4:], from)
	if bytes.Count(p, before[:]) == 0 {
		t.Fatal("the file is not there")
	}
	for i := bytes.Index(p, before[:]); i >= 0; i = bytes.Index(p, before[:]) {
		binary.LittleEndian.PutUint32(p[i:], size)
		binary.BigEndian.PutUint32(p[i+4:], size)
	}
}

// A file that is shorter in ISO 9660 than in UDF is shown in full in every view, with a
// note, whichever way it is opened.
func TestViewsDisagree(t *testing.T) {
	for _, c := range []struct {
		name     string
		is, says int
	}{{"z", 2 << 20, 16}, {"z", 2 << 20, 0}, {"docs/b", 5000, 16}, {"docs/b", 5000, 0}} {
		p := peer(t, "genisoimage", "-quiet", "-R", "-J", "-udf", "-o", "IMAGE", "FOLDER")
		shorten(t, p, uint32(c.is), uint32(c.says))
		d := discOf(p)
		for _, view := range []string{"", "Rock Ridge", "Joliet", "ISO 9660", "UDF"} {
			v, err := volume.OpenDisc(context.Background(), d, volume.Options{View: view})
			if err != nil {
				t.Fatal(err)
			}
			noted := ""
			err = volume.Walk(v, ".", func(e *volume.Entry) error {
				name := strings.ToLower(strings.TrimSuffix(string(e.Path), "."))
				if name != c.name {
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
				if err != nil || len(b) != c.is || len(bytes.Trim(b, c.name[len(c.name)-1:])) > 0 || e.Size != int64(c.is) || info.Size() != e.Size || len(e.Extents) != 1 || e.Extents[0].Length != e.Size {
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
			if (view != "UDF") != strings.Contains(noted, fmt.Sprintf("%d in UDF:", c.is)) {
				t.Errorf("%s: %q is noted", view, noted)
			}
		}
		bad := 0
		list, err := disagreements(t, d)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			if x.Severity != disc.Info && strings.Contains(x.Text, fmt.Sprintf("%d in UDF", c.is)) {
				bad++
			}
		}
		if bad == 0 {
			t.Errorf("%v", list)
		}
	}
}

// Views that agree give no notice. A file that is in only one view gives a notice of
// severity Info.
func TestViewsAgree(t *testing.T) {
	p := peer(t, "genisoimage", "-quiet", "-R", "-J", "-udf", "-o", "IMAGE", "FOLDER")
	if list, err := disagreements(t, discOf(p)); err != nil || len(list) > 0 {
		t.Errorf("%v %v", list, err)
	}
	p = peer(t, "genisoimage", "-quiet", "-R", "-J", "-hide-joliet", "a", "-o", "IMAGE", "FOLDER")
	list, err := disagreements(t, discOf(p))
	if err != nil || len(list) != 1 || list[0].Severity != disc.Info || list[0].Path != "a" {
		t.Errorf("%v %v", list, err)
	}
}

func disagreements(t *testing.T, d disc.Disc) ([]disc.Notice, error) {
	t.Helper()
	c, err := volume.NewComparison(context.Background(), d, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Disagreements(t.Context())
}
