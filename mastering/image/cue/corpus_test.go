package cue_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue/sheet"
	"glassmaster/mastering/image/format"
)

// Sheets of others, where a collection of them is beside the repository: each opens, or the
// error names the file that is missing. Those that have to be refused are, each for its own
// reason.
func TestCorpus(t *testing.T) {
	refused := map[string]string{
		"bad-cat1.cue":  "line 4: CATALOG has no number",
		"bad-cat2.cue":  "line 4: the media catalogue number \"\\\"167890123\\\"\" has 9 digits",
		"bad-cat3.cue":  "line 4: the media catalogue number \"123456789b123\" has characters that are not digits",
		"bad-mode1.cue": "line 6: track 1: unknown track mode \"MODE3_FORM1\"",
		"bad-msf-1.cue": "line 7: the time 00:00:100 has 100 frames",
		"bad-msf-2.cue": "line 7: the time 00:90:00 has 90 seconds",
		"bad-msf-3.cue": "line 7: the time \"xx:yy:0\" is not in the form MM:SS:FF",
		"t3.cue":        "line 7: the time 00:06:93 has 93 frames",
	}
	// Files for a test of flacon that describe two discs, or have indexes in an order that
	// cannot be right.
	odd := []string{"two tracks have the number", "indexes must be in the order of their numbers"}
	opened, missing := 0, 0
	err := filepath.WalkDir("../../../../shared/corpus", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".cue" {
			return err
		}
		d, err := open(t, path)
		switch want := refused[filepath.Base(path)]; {
		case want != "":
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v\nwant %s", path, err, want)
			}
		case err == nil:
			opened++
			for _, s := range d.TOC().Sessions {
				for _, k := range s.Tracks {
					p := make([]byte, 2352)
					if _, err := d.ReadSectors(t.Context(), p, k.End()-1, disc.Raw); err != nil {
						t.Errorf("%s: %v", path, err)
					}
				}
			}
		case errors.Is(err, fs.ErrNotExist) && strings.Contains(err.Error(), "line "):
			missing++
			standIn(t, path)
		case errors.Is(err, format.ErrUnknown):
			if !strings.Contains(path, "cdrdao") { // one is a TOC file of cdrdao
				t.Errorf("%s: it was not recognized", path)
			}
		case strings.Contains(err.Error(), odd[0]), strings.Contains(err.Error(), odd[1]):
			if !strings.Contains(path, "flacon") {
				t.Errorf("%s: %v", path, err)
			}
		default:
			t.Errorf("%s: %v", path, err)
		}
		return nil
	})
	if os.IsNotExist(err) {
		t.Skip("no collection of images is here")
	}
	t.Logf("%d sheets were opened; of %d, a file is missing", opened, missing)
}

// standIn opens a sheet with files of silence in place of those that it names: it is
// complete but for its files.
func standIn(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sheet.Parse(text)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	const size = 90 * 60 * 75 * 2352 // of a file with holes
	header := wav(nil)
	copy(header[40:], "\x00\x00\x00\x00")
	files := map[string][]byte{"x.cue": text}
	for _, f := range s.Files {
		name := f.Name[strings.LastIndexAny(f.Name, `/\`)+1:]
		files[name] = nil
		if f.Type != "BINARY" && f.Type != "AUDIO" {
			files[name] = header
		}
	}
	dir := folder(t, files)
	for name := range files {
		if name != "x.cue" {
			if err := os.Truncate(filepath.Join(dir, name), size+int64(len(files[name]))); err != nil {
				t.Fatal(err)
			}
		}
	}
	d, err := open(t, filepath.Join(dir, "x.cue"))
	if err != nil && strings.Contains(err.Error(), "track 1 has no sectors") && strings.Contains(path, "testAudioFileMatcher") {
		return // two tracks that begin with the same sector
	}
	if err != nil {
		t.Errorf("%s with files of silence: %v", path, err)
		return
	}
	n := 0
	for _, s := range d.TOC().Sessions {
		n += len(s.Tracks)
	}
	if n != len(s.Tracks) {
		t.Errorf("%s: %d tracks, want %d", path, n, len(s.Tracks))
	}
}
