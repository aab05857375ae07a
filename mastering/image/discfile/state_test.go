package discfile_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/discfile"
)

// create writes the file of a disc, without checking the state.
func create(t *testing.T, cd bool, st *discfile.State) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disc")
	if err := discfile.Create(path, cd, st, true); err != nil {
		t.Fatal(err)
	}
	return path
}

// dataDisc returns the state of a disc with one closed data track.
func dataDisc() *discfile.State {
	return &discfile.State{Sectors: 1000, Sessions: []discfile.Session{
		{Closed: true, LeadOut: 320, Tracks: []discfile.Track{{Size: 320, Next: 320, Closed: true, Control: 4}}},
	}}
}

// audioCD returns the state of a CD with two audio tracks and a second session with data.
func audioCD() *discfile.State {
	return &discfile.State{Sectors: 1000, MCN: "4006381333931", Sessions: []discfile.Session{
		{Closed: true, LeadOut: 400, Tracks: []discfile.Track{
			{Size: 200, Next: 200, Closed: true, Pregap: 150, Control: 3, ISRC: "DEABC2400001"},
			{Start: 250, Size: 150, Next: 400, Closed: true, Pregap: 50, Control: 8},
		}},
		{Closed: true, LeadOut: 602, Type: 0x20, Tracks: []discfile.Track{
			{Start: 500, Size: 102, Next: 602, Closed: true, RunOut: 2, Control: 4, XA: true},
		}},
	}}
}

func TestTOC(t *testing.T) {
	one := disc.Session{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 320}}}
	for _, c := range []struct {
		name    string
		cd      bool
		st      *discfile.State
		want    disc.TOC
		notices int
	}{
		{"one track", false, dataDisc(), disc.TOC{Sessions: []disc.Session{one}}, 0},
		{"CD", true, audioCD(), disc.TOC{Catalog: "4006381333931", Sessions: []disc.Session{
			{Number: 1, Tracks: []disc.Track{
				{Number: 1, Mode: disc.Audio, Control: disc.PreEmphasis | disc.CopyPermitted, Length: 200, Pregap: 150, ISRC: "DEABC2400001"},
				{Number: 2, Mode: disc.Audio, Control: disc.FourChannels, Start: 250, Length: 150, Pregap: 50},
			}},
			{Number: 2, Tracks: []disc.Track{{Number: 3, Mode: disc.XA, Start: 500, Length: 100}}},
		}}, 0},
		{"codes with other characters", true, func() *discfile.State {
			s := audioCD()
			s.MCN, s.Sessions[0].Tracks[0].ISRC = "40063813339\x1b1", "deabc2400001"
			s.Sessions = s.Sessions[:1]
			return s
		}(), disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{
			{Number: 1, Mode: disc.Audio, Control: disc.PreEmphasis | disc.CopyPermitted, Length: 200, Pregap: 150},
			{Number: 2, Mode: disc.Audio, Control: disc.FourChannels, Start: 250, Length: 150, Pregap: 50},
		}}}}, 0},
		{"a second session with an open track", false, func() *discfile.State {
			s := dataDisc()
			s.Sessions = append(s.Sessions, discfile.Session{Tracks: []discfile.Track{{Start: 400, Next: 500, Control: 4}}})
			return s
		}(), disc.TOC{Sessions: []disc.Session{one}}, 1},
		{"a complete track in an open session", false, func() *discfile.State {
			s := dataDisc()
			s.Sessions[0].Closed = false
			return s
		}(), disc.TOC{Sessions: []disc.Session{one}}, 1},
		{"overwritten in place", false, &discfile.State{Sectors: 1000, Format: discfile.Formatting{Blocks: 320, Reached: 320}}, disc.TOC{Sessions: []disc.Session{one}}, 0},
		{"format interrupted", false, &discfile.State{Sectors: 1000, Format: discfile.Formatting{Blocks: 900, Reached: 320, Background: 1}}, disc.TOC{Sessions: []disc.Session{one}}, 0},
	} {
		d, _, err := image.Open(t.Context(), create(t, c.cd, c.st))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		defer d.Close()
		if got := d.TOC(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		var notices []disc.Notice
		if n, ok := d.(disc.Noticer); ok {
			notices = n.Notices()
		}
		if len(notices) != c.notices {
			t.Errorf("%s: notices %q", c.name, notices)
		}
	}
}

// TestNothingToRead: a disc without a complete track is not shown as an empty one.
func TestNothingToRead(t *testing.T) {
	open := &discfile.State{Sectors: 1000, Sessions: []discfile.Session{{Tracks: []discfile.Track{{Next: 100, Control: 4}}}}}
	for _, c := range []struct {
		st   *discfile.State
		want error
	}{
		{&discfile.State{Sectors: 1000}, discfile.ErrBlank},
		{&discfile.State{Sectors: 1000, Format: discfile.Formatting{Growing: true, Restricted: true}}, discfile.ErrBlank},
		{open, discfile.ErrNotClosed},
	} {
		if _, _, err := image.Open(t.Context(), create(t, false, c.st)); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c.st, err, c.want)
		}
	}
}

// TestInvalidState: a state that no disc can have is refused.
func TestInvalidState(t *testing.T) {
	for name, change := range map[string]func(*discfile.State){
		"written after the end":         func(s *discfile.State) { s.Sessions[0].Tracks[0].Next = 1 << 40 },
		"negative size":                 func(s *discfile.State) { s.Sessions[0].Tracks[0].Size = -1 },
		"track over the end":            func(s *discfile.State) { s.Sessions[1].Tracks[0].Start = 950 },
		"negative start":                func(s *discfile.State) { s.Sessions[0].Tracks[0].Start = -1 },
		"largest start":                 func(s *discfile.State) { s.Sessions[1].Tracks[0].Start = 1<<63 - 1 },
		"smallest pre-gap":              func(s *discfile.State) { s.Sessions[0].Tracks[0].Pregap = -1 << 63 },
		"largest pre-gap":               func(s *discfile.State) { s.Sessions[0].Tracks[0].Pregap = 1<<63 - 1 },
		"pre-gap in the track before":   func(s *discfile.State) { s.Sessions[0].Tracks[1].Pregap = 51 },
		"pre-gap in the session before": func(s *discfile.State) { s.Sessions[1].Tracks[0].Pregap = 101 },
		"tracks overlap":                func(s *discfile.State) { s.Sessions[0].Tracks[0].Size = 251 },
		"more run-out than sectors":     func(s *discfile.State) { s.Sessions[1].Tracks[0].RunOut = 103 },
		"closed session without tracks": func(s *discfile.State) { s.Sessions[0].Tracks = nil },
		"lead-out after the end":        func(s *discfile.State) { s.Sessions[1].LeadOut = 1001 },
		"lead-out in the last track":    func(s *discfile.State) { s.Sessions[1].LeadOut = 601 },
		"lead-out in the next session":  func(s *discfile.State) { s.Sessions[0].LeadOut = 501 },
		"open session before another":   func(s *discfile.State) { s.Sessions[0].Closed = false },
		"formatted after the end":       func(s *discfile.State) { s.Format.Blocks = 1001 },
		"formatted, with sessions":      func(s *discfile.State) { s.Format.Blocks = 100 },
		"negative layer break":          func(s *discfile.State) { s.LayerBreak = -16 },
		"part of a CD-TEXT pack":        func(s *discfile.State) { s.CDText = make([]byte, 5) },
		"block size":                    func(s *discfile.State) { s.Sessions[0].Spans = []discfile.Span{{Start: 0, Bytes: 1 << 30}} },
	} {
		s := audioCD()
		change(s)
		if _, _, err := image.Open(t.Context(), stored(t, true, s)); !errors.Is(err, discfile.ErrState) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := image.Open(t.Context(), stored(t, false, audioCD())); !errors.Is(err, discfile.ErrState) {
		t.Errorf("audio tracks without room for whole sectors: %v", err)
	}
}

// stored writes the file of a disc with any state, which Create would refuse, and returns its path.
func stored(t *testing.T, cd bool, s *discfile.State) string {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "disc")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	writeState(t, path, text, s.Sectors, cd)
	if err := discfile.Create(filepath.Join(t.TempDir(), "disc"), cd, s, true); !errors.Is(err, discfile.ErrState) {
		t.Errorf("Create: %v", err)
	}
	return path
}

// FuzzOpen opens a disc file with any state, of a disc with up to 4095 sectors. What opens
// has tracks within the disc that do not overlap, and can be read.
func FuzzOpen(f *testing.F) {
	for _, st := range []*discfile.State{dataDisc(), audioCD()} {
		text, err := json.Marshal(st)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, uint16(1000), true)
		f.Add(text, uint16(1000), false)
	}
	f.Add([]byte(`{"sectors":64,"format":{"blocks":64,"reached":9,"background":1},"cdText":"gAAAAAAAAAAAAAAAAAAAAAAA"}`), uint16(64), false)
	f.Fuzz(func(t *testing.T, text []byte, sectors uint16, cd bool) {
		n := int64(sectors%4096) + 1
		path := filepath.Join(t.TempDir(), "disc")
		if strings.Contains(string(text), `"sectors":1000`) {
			n = 1000
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		writeState(t, path, text, n, cd)
		d, _, err := image.Open(t.Context(), path)
		if err != nil {
			return
		}
		defer d.Close()
		checkDisc(t, d, n)
	})
}

// writeState writes a footer and one slot, as the package documentation describes them.
func writeState(t *testing.T, path string, text []byte, sectors int64, cd bool) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	base := sectors * 2048
	footer := make([]byte, 512)
	copy(footer, "GLASSMASTER DISC")
	footer[19] = 1
	if cd {
		footer[20] = 1
		base += sectors*304 + 150*2352
	}
	base = (base + 4095) / 4096 * 4096
	binary.BigEndian.PutUint64(footer[24:], uint64(sectors))
	binary.BigEndian.PutUint64(footer[32:], uint64(base))
	binary.BigEndian.PutUint32(footer[40:], crc32.ChecksumIEEE(footer[:40]))
	slot := make([]byte, 16, 16+len(text))
	slot[7] = 1
	binary.BigEndian.PutUint32(slot[8:], uint32(len(text)))
	binary.BigEndian.PutUint32(slot[12:], crc32.ChecksumIEEE(text))
	if _, err := f.WriteAt(append(slot, text...), base); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(footer, base+2<<20); err != nil {
		t.Fatal(err)
	}
}

// checkDisc checks the tracks of a disc, and reads the first and the last sector of each.
func checkDisc(t *testing.T, d disc.Disc, sectors int64) {
	t.Helper()
	end := disc.LBA(-150)
	for _, s := range d.TOC().Sessions {
		for _, tr := range s.Tracks {
			if tr.Start < 0 || tr.Start-disc.LBA(tr.Pregap) < end || tr.Length <= 0 || int64(tr.End()) > sectors {
				t.Fatalf("track %+v of a disc with %d sectors", tr, sectors)
			}
			end = tr.End()
			form := disc.User
			if tr.Mode == disc.Audio {
				form = disc.Raw
			}
			p := make([]byte, form.Size())
			for _, at := range []disc.LBA{tr.Start - disc.LBA(tr.Pregap), tr.Start, end - 1} {
				if n, err := d.ReadSectors(context.Background(), p, at, form); n != 1 || err != nil {
					t.Fatalf("track %+v: sector %d: %v", tr, at, err)
				}
			}
		}
	}
}

// A recorder that opens a disc sees all that the recorder before it has written.
func TestOpenAfterAnother(t *testing.T) {
	path := create(t, false, &discfile.State{Sectors: 1000})
	const recorders, times = 4, 50
	var wait sync.WaitGroup
	for range recorders {
		wait.Go(func() {
			for n := 0; n < times; {
				f, st, err := discfile.Open(path)
				if errors.Is(err, discfile.ErrInUse) {
					runtime.Gosched()
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				f.SetNoSync(true)
				st.LayerBreak++
				if err := errors.Join(f.Commit(st), f.Close()); err != nil {
					t.Error(err)
					return
				}
				n++
			}
		})
	}
	wait.Wait()
	f, st, err := discfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if st.LayerBreak != recorders*times {
		t.Errorf("%d of %d changes are on the disc", st.LayerBreak, recorders*times)
	}
}
