package iso9660

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"os"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
)

// TestSecondName uses a folder with two names. Both are listed, by a walk and by path,
// and Check reports it as minor.
func TestSecondName(t *testing.T) {
	h := newHandmade()
	h.dir(21, 20, 1)
	h.dir(22, 21, 1)
	h.add(20, "A", 21, 2048, format.FlagDirectory)
	h.add(20, "B", 21, 2048, format.FlagDirectory)
	h.add(21, "C", 22, 2048, format.FlagDirectory)
	h.add(22, "D.;1", 30, 5, 0)
	v := h.open(t, "")
	const want = "A A/C A/C/D B B/C B/C/D"
	if got, err := walked(v); got != want || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	var list []string
	isotest.Must(t, fs.WalkDir(v, ".", func(path string, _ fs.DirEntry, err error) error {
		list = append(list, path)
		return err
	}))
	if got := strings.Join(list, " "); got != ". "+want {
		t.Error(got)
	}
	defects, err := v.Check(t.Context())
	isotest.Must(t, err)
	reported := false
	for _, d := range defects {
		if strings.Contains(d.Text, "is also that of /A") {
			reported = d.Severity == disc.Info
		} else if strings.Contains(d.Text, "directory") && d.Severity != disc.Info && !strings.Contains(d.Text, "path table") {
			t.Error(d)
		}
	}
	if !reported {
		t.Errorf("the second name is not reported as minor: %v", defects)
	}
}

// TestMovedWithoutRE uses a relocated folder whose record in rr_moved lacks RE, as makefs
// writes it. PL in its record of the parent shows that it was relocated.
func TestMovedWithoutRE(t *testing.T) {
	h := newHandmade(sp, entry("ER", []byte{10, 0, 0, 1}, []byte("RRIP_1991A")))
	h.dir(21, 20, 1)
	h.add(20, "RR_MOVED", 21, 2048, format.FlagDirectory, nm(0, ".rr_moved"))
	h.add(20, "DEEP.;1", 30, 0, 0, nm(0, "deep"), entry("CL", both(22)))
	h.next[22] = 22 * disc.SectorSize
	h.add(22, "\x00", 22, 2048, format.FlagDirectory)
	h.add(22, "\x01", 21, 2048, format.FlagDirectory, entry("PL", both(20)))
	h.add(22, "F.;1", 30, 5, 0, nm(0, "f"))
	h.add(21, "DEEP", 22, 2048, format.FlagDirectory, nm(0, "deep"))
	v := h.open(t, "")
	if got, err := walked(v); got != "deep deep/f" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

// TestCheckWriters uses minor defects of some writers: missing big-endian numbers and
// path table, and a wrong identifier in the record of the parent.
func TestCheckWriters(t *testing.T) {
	good, err := os.ReadFile(isotest.Genisoimage(t, isotest.SampleTree(t)))
	isotest.Must(t, err)
	vd := good[16*disc.SectorSize:]
	root := int(binary.LittleEndian.Uint32(vd[158:])) * disc.SectorSize
	parent := root + int(good[root])
	for name, change := range map[string]func(p []byte){
		"halves in the descriptor": func(p []byte) {
			for _, off := range []int{84, 122, 126, 130, 136} {
				clear(p[16*disc.SectorSize+off:][:2])
			}
			clear(p[16*disc.SectorSize+84:][:4])
			clear(p[16*disc.SectorSize+136:][:4])
		},
		"halves in a record":          func(p []byte) { clear(p[parent+6:][:4]); clear(p[parent+14:][:4]) },
		"path table M":                func(p []byte) { clear(p[16*disc.SectorSize+148:][:4]) },
		"identifier of the parent":    func(p []byte) { p[parent+33] = 0 },
		"halves in system use fields": func(p []byte) { clear(p[parent+bytes.Index(p[parent:], []byte("PX"))+8:][:4]) },
	} {
		p := bytes.Clone(good)
		change(p)
		v, err := Open(bytes.NewReader(p), int64(len(p)), volume.Options{})
		isotest.Must(t, err)
		list, err := v.Check(t.Context())
		isotest.Must(t, err)
		if len(list) == 0 {
			t.Errorf("%s: nothing is reported", name)
		}
		for _, d := range list {
			if d.Severity != disc.Info {
				t.Errorf("%s: %v", name, d)
			}
		}
	}
}
