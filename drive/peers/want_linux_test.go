package peers_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"glassmaster/mastering/disc"
)

// want is what a disc must be.
type want struct {
	catalog  string
	titles   []string // of CD-TEXT: the album, then each track; nil: no CD-TEXT
	sessions [][]track
	// blank: nothing is on the disc
	blank bool
	// same makes the disc that it must be like; nil: the fields above say it
	same func(testing.TB) disc.Disc
}

// track is what a track must be.
type track struct {
	mode    disc.Mode
	file    string // what it contains from its start on; then zeros follow; empty: not checked here
	from    int64  // in the file, in sectors
	length  int64  // without what may follow; 0: to the end of the file
	most    int64  // sectors of zeros that may follow
	start   int64  // -1: anywhere
	pregap  int64
	indexes []int64 // from the start of the track on
	isrc    string
	control disc.Control
}

func (w want) check(t *testing.T, dir string, d disc.Disc) {
	t.Helper()
	toc := d.TOC()
	if w.same != nil {
		sameDisc(t, w.same(t), d)
		return
	}
	if toc.Catalog != w.catalog {
		t.Errorf("MCN %q, want %q", toc.Catalog, w.catalog)
	}
	if len(toc.Sessions) != len(w.sessions) {
		t.Fatalf("%d sessions, want %d: %+v", len(toc.Sessions), len(w.sessions), toc)
	}
	if got := titles(toc.Sessions[0]); !slices.Equal(got, w.titles) {
		t.Errorf("CD-TEXT %q, want %q", got, w.titles)
	}
	for i, s := range toc.Sessions {
		if len(s.Tracks) != len(w.sessions[i]) {
			t.Fatalf("session %d has %d tracks, want %d: %+v", i+1, len(s.Tracks), len(w.sessions[i]), s)
		}
		for k, got := range s.Tracks {
			w.sessions[i][k].check(t, dir, d, got)
		}
	}
}

// titles returns the titles of the album and of each track.
func titles(s disc.Session) []string {
	if len(s.Text) == 0 {
		return nil
	}
	list := []string{s.Text[0].Album.Title}
	for _, k := range s.Tracks {
		list = append(list, s.Text[0].Tracks[k.Number].Title)
	}
	return list
}

func (w track) check(t *testing.T, dir string, d disc.Disc, got disc.Track) {
	t.Helper()
	var indexes []int64
	for _, lba := range got.Indexes {
		indexes = append(indexes, int64(lba-got.Start))
	}
	if got.Mode != w.mode || got.Control != w.control || got.Pregap != w.pregap || got.ISRC != w.isrc ||
		!slices.Equal(indexes, w.indexes) || w.start >= 0 && int64(got.Start) != w.start {
		t.Errorf("track %d is %+v, want %+v", got.Number, got, w)
	}
	if w.file == "" {
		return
	}
	data, err := os.ReadFile(filepath.Join(dir, w.file))
	if err != nil {
		t.Fatal(err)
	}
	form := disc.User
	if w.mode == disc.Audio {
		form = disc.Raw
	}
	size := int64(form.Size())
	data = data[w.from*size:]
	sectors := (int64(len(data)) + size - 1) / size
	if w.length > 0 {
		sectors = w.length
		data = data[:min(int64(len(data)), sectors*size)]
	}
	if got.Length < sectors || got.Length > sectors+w.most {
		t.Errorf("track %d has %d sectors, want %d and at most %d more", got.Number, got.Length, sectors, w.most)
	}
	p := make([]byte, got.Length*size)
	n, err := readAll(t, d, p, got.Start, form)
	if err != nil || n != got.Length {
		t.Fatalf("track %d: %d sectors of %d were read, %v", got.Number, n, got.Length, err)
	}
	data = append(data, make([]byte, max(0, len(p)-len(data)))...)
	for i := range n {
		if !bytes.Equal(p[i*size:][:size], data[i*size:][:size]) {
			t.Fatalf("track %d differs in its sector %d", got.Number, i)
		}
	}
}

func readAll(t *testing.T, d disc.Disc, p []byte, lba disc.LBA, f disc.Form) (int64, error) {
	var done int64
	for len(p) > 0 {
		n, err := d.ReadSectors(t.Context(), p, lba+disc.LBA(done), f)
		done += int64(n)
		p = p[n*f.Size():]
		if err != nil && len(p) > 0 {
			return done, err
		}
	}
	return done, nil
}
