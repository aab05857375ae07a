package job_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/drive/source"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
)

// TestLossIsSaid plans to burn an image of a CD with texts and a catalogue number. What the
// disc will not have is in the plan for every medium, each once and without a full stop.
func TestLossIsSaid(t *testing.T) {
	dir := t.TempDir()
	data, err := os.ReadFile(image(t))
	if err != nil {
		t.Fatal(err)
	}
	sheet := "CATALOG 4006408266754\nTITLE \"The Album\"\nPERFORMER \"The Band\"\nFILE \"a.bin\" BINARY\n  TRACK 01 MODE1/2048\n    INDEX 01 00:00:00\n"
	for name, content := range map[string][]byte{"a.bin": data, "a.cue": []byte(sheet)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, medium := range []string{"dvd+r", "dvd-r", "dvd+rw", "bd-r", "cd-r"} {
		t.Run(medium, func(t *testing.T) {
			src := open(t, filepath.Join(dir, "a.cue"), source.Options{})
			o := record.Options{AcceptLoss: true}
			if medium == "cd-r" {
				o.Mode = record.TrackAtOnce // which has no texts
			}
			j, err := job.New(t.Context(), src, job.Recorder(virtualtest.Blank(t, medium, 4000), o))
			if err != nil {
				t.Fatal(err)
			}
			notices := disc.Texts(j.Plan().Notices)
			said := slices.DeleteFunc(slices.Clone(notices), func(s string) bool { return !strings.Contains(s, "CD-TEXT") })
			if len(said) != 1 || strings.HasSuffix(said[0], ".") || strings.Contains(said[0], ": ") {
				t.Errorf("the notices are %q", notices)
			}
		})
	}
}
