package virtual

import (
	"errors"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/sector"
)

// FuzzCueSheet reads cue sheets. One that is accepted has tracks in order, of 4 seconds at least,
// and blocks for every sector; a refused one points into the sheet.
func FuzzCueSheet(f *testing.F) {
	f.Add([]byte("\x02400638\x31\x02333931\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x01\x01\x01\x00\x00\x00\x02\x00\x01\xaa\x01\x01\x00\x00\x0f\x00"), uint8(0))
	f.Add([]byte("\x41\x00\x00\x14\x00\x00\x00\x00\x41\x01\x00\x10\x00\x00\x00\x00\x41\x01\x01\x10\x00\x00\x02\x00\x41\x01\x02\x10\x00\x00\x03\x00\x01\x02\x00\x00\x00\x00\x08\x00\x01\x02\x01\x40\x00\x00\x0a\x00\x01\xaa\x01\x01\x00\x00\x0f\x00"), uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, before uint8) {
		s, mcn, err := readCue(b, 0, int(before%100))
		if err != nil {
			var e *fault
			if !errors.As(err, &e) || e.wrong > len(b) {
				t.Fatalf("%v", err)
			}
			return
		}
		if mcn != "" && !sector.ValidCatalog(mcn) {
			t.Errorf("MCN %q", mcn)
		}
		at := int64(-discfile.Pregap)
		for _, k := range s.Tracks {
			if k.Start-k.Pregap < at || k.Size < minTrack || k.ISRC != "" && !sector.ValidISRC(k.ISRC) || len(k.Indexes) > 98 {
				t.Errorf("track %+v after %d", k, at)
			}
			at = k.Start + k.Size
		}
		if at != s.LeadOut || len(s.Tracks)+int(before%100) > 99 {
			t.Errorf("%d tracks, lead-out %d, end %d", len(s.Tracks), s.LeadOut, at)
		}
		sent := false
		for lba := s.Next; lba < s.LeadOut; {
			form, end := spanAt(s, lba)
			if end <= lba {
				t.Fatalf("no blocks at %d", lba)
			}
			sent, lba = sent || form.size() > 0, end
		}
		if !sent {
			t.Error("the host sends nothing")
		}
	})
}

// rawFixture is a disc file with a session that is written raw, and the state of the disc.
func rawFixture(t testing.TB) (*discfile.File, *discfile.State) {
	toc := disc.TOC{Catalog: "4006381333931", Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{
		{Number: 1, Mode: disc.Mode1, Length: 310},
		{Number: 2, Start: 460, Pregap: 150, Length: 300, ISRC: "DEABC2400001", Indexes: []disc.LBA{500}},
	}}}}
	path := filepath.Join(t.TempDir(), "disc")
	st := &discfile.State{Medium: "CD-R", Sectors: 4000}
	if err := discfile.Create(path, true, st, true); err != nil {
		t.Fatal(err)
	}
	s, st, err := discfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.SetNoSync(true)
	var p [sector.Size + sector.SubSize]byte
	for lba := disc.LBA(discfile.LeadInStart); lba < 760+disc.FirstLeadOut; lba++ {
		sector.PutSubChannels(p[sector.Size:], toc, lba)
		if err := s.WriteSub(p[sector.Size:], int64(lba)); err != nil {
			t.Fatal(err)
		}
		if lba >= 0 && lba < 310 {
			sector.Generate(p[:sector.Size], lba, sector.Mode1)
			if err := s.WriteWhole(p[:], int64(lba), discfile.AtMode1); err != nil {
				t.Fatal(err)
			}
		}
	}
	st.AddArea(discfile.Area{Start: -150, End: 760, At: discfile.AtMode1, Sub: true})
	return s, st
}

// FuzzRawSession changes the Q sub-channel of some sectors of a raw session. A session that can be
// read has the tracks of its lead-in, within the disc. Each change has 16 bytes: address (3), whether
// the CRC is made right (1), and Q (12).
func FuzzRawSession(f *testing.F) {
	file, st := rawFixture(f)
	f.Add([]byte{})
	f.Add([]byte("\x00\x00\x00\x01\x41\x00\xa0\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x2c\x10\x00\x01\x02\x01\x00\x00\x00\x00\x00\x08\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, changes []byte) {
		type change struct {
			lba int64
			old [sector.SubSize]byte
		}
		var undo []change
		for ; len(changes) >= 16 && len(undo) < 200; changes = changes[16:] {
			c := change{lba: discfile.LeadInStart + (int64(changes[0])<<16|int64(changes[1])<<8|int64(changes[2]))%(11077+760+6750)}
			if err := file.ReadSub(c.old[:], c.lba); err != nil {
				t.Fatal(err)
			}
			q := [sector.QSize]byte(changes[4:])
			if changes[3]&1 != 0 {
				sector.CompleteQ(q[:])
			}
			p := c.old
			for i := range p {
				p[i] = p[i]&^0x40 | q[i/8]>>(7-i%8)&1<<6
			}
			if err := file.WriteSub(p[:], c.lba); err != nil {
				t.Fatal(err)
			}
			undo = append(undo, c)
		}
		s := rawSession{file: file, st: st, start: discfile.LeadInStart, begin: -150, next: 760 + disc.FirstLeadOut, number: 1, least: disc.FirstLeadOut}
		if err := s.read(); err == nil {
			checkRaw(t, &s)
		}
		for i := len(undo) - 1; i >= 0; i-- {
			if err := file.WriteSub(undo[i].old[:], undo[i].lba); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// checkRaw checks a session that can be read.
func checkRaw(t *testing.T, s *rawSession) {
	at := s.begin
	for i, k := range s.tracks {
		last := k.Start
		for _, x := range k.Indexes {
			if x <= last || x >= k.Start+k.Size {
				t.Errorf("track %d has the indexes %d", i+1, k.Indexes)
			}
			last = x
		}
		if k.Start-k.Pregap < at || k.Size <= 0 || k.Next != k.Start+k.Size {
			t.Errorf("track %+v after %d", k, at)
		}
		at = k.Next
	}
	if at != s.leadOut || s.leadOut > s.st.Sectors {
		t.Errorf("lead-out %d, end %d", s.leadOut, at)
	}
}
