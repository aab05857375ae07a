package record

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/units"
)

// check records something that was looked at on the disc, and reports whether it is as planned.
func (r *burning) check(what, expected, found string) bool {
	c := Check{What: what, Expected: expected, OK: expected == found}
	if !c.OK {
		c.Found = found
	}
	r.result.Checks = append(r.result.Checks, c)
	return c.OK
}

// checkCD compares the table of contents that the drive reports with the plan.
func (r *burning) checkCD(d disc.Disc) error {
	for _, s := range r.toc.Sessions {
		var found disc.Session
		for _, x := range d.TOC().Sessions {
			if x.Number == s.Number {
				found = x
			}
		}
		if len(found.Tracks) == 0 {
			r.check(fmt.Sprintf("session %d", s.Number), "on the disc", "not on the disc")
			return fmt.Errorf("%w: session %d is not on the disc", ErrNotOnDisc, s.Number)
		}
		if err := r.checkSession(s, found); err != nil {
			return err
		}
	}
	return nil
}

// checkSession compares the tracks of a session with those that the drive reports.
func (r *burning) checkSession(s, found disc.Session) error {
	for i, t := range s.Tracks {
		what := fmt.Sprintf("track %d", t.Number)
		if i >= len(found.Tracks) {
			r.check(what, describeTrack(t), "not on the disc")
			return fmt.Errorf("%w: track %d is missing", ErrNotOnDisc, t.Number)
		}
		f := found.Tracks[i]
		same := r.check(what, describeTrack(t), describeTrack(f))
		end := f.End()
		if i+1 < len(found.Tracks) && f.Mode == disc.Audio {
			end = found.Tracks[i+1].Start // where the pre-gap begins is compared by itself
		}
		switch have := int64(end - t.Start); {
		case f.Start != t.Start:
			return fmt.Errorf("%w: track %d begins at address %d and not at %d, so that the files could not be found", ErrNotOnDisc, f.Number, f.Start, t.Start)
		case !same:
			return fmt.Errorf("%w: track %d is %q, and should be %q", ErrNotOnDisc, f.Number, describeTrack(f), describeTrack(t))
		case have < r.sectorsOf(t.Number):
			return fmt.Errorf("%w: track %d has %d sectors, and %d were written", ErrNotOnDisc, t.Number, have, r.sectorsOf(t.Number))
		}
	}
	if n := len(found.Tracks); n > len(s.Tracks) {
		return fmt.Errorf("%w: session %d has %d tracks, and %d were written", ErrNotOnDisc, s.Number, n, len(s.Tracks))
	}
	return nil
}

// describeTrack returns what the table of contents says of a track, as text.
func describeTrack(t disc.Track) string {
	kind := "data"
	if t.Mode == disc.Audio {
		kind = "audio"
	}
	parts := append([]string{fmt.Sprintf("%d: %s", t.Number, kind)}, t.Control.Names()...)
	return strings.Join(append(parts, fmt.Sprintf("from address %d", t.Start)), ", ")
}

// sectorsOf returns how many sectors of the source a track has.
func (r *burning) sectorsOf(track int) int64 {
	for _, a := range r.program.areas() {
		if a.track == track && !a.gap {
			return a.sectors
		}
	}
	return 0
}

// checkCodes compares CD-TEXT, catalogue number, ISRCs and indexes with the plan. What the drive
// cannot read is not assured; what it reads and is different is an error.
func (r *burning) checkCodes() error {
	if len(r.toc.Sessions) == 0 {
		return nil
	}
	var wrong []string
	add := func(what string, ok bool) {
		if !ok {
			wrong = append(wrong, what)
		}
	}
	add("CD-TEXT", r.checkText())
	add("the catalogue number", r.checkCode("the catalogue number", r.toc.Catalog, func(ctx context.Context) (string, error) { return mmc.ReadCatalog(ctx, r.t) }))
	for _, s := range r.toc.Sessions {
		for _, t := range s.Tracks {
			what := fmt.Sprintf("the ISRC of track %d", t.Number)
			add(what, r.checkCode(what, t.ISRC, func(ctx context.Context) (string, error) { return mmc.ReadISRC(ctx, r.t, t.Number) }))
			if r.recipe.mode != mmc.TrackAtOnce && !r.ownSub {
				what := fmt.Sprintf("the indexes of track %d", t.Number)
				add(what, r.checkIndexes(what, t))
			}
			if r.ctx.Err() != nil {
				return r.ctx.Err()
			}
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%w: what the drive reads differs in %s", ErrDiffers, strings.Join(wrong, ", "))
	}
	return nil
}

// checkText compares the CD-TEXT.
func (r *burning) checkText() bool {
	if len(r.packs) == 0 {
		return true
	}
	if f, ok := r.medium.config.Feature(mmc.FeatureCDRead); ok && (len(f.Data) == 0 || f.Data[0]&1 == 0) {
		r.notAssured("the drive cannot read CD-TEXT, so it was not compared")
		return true
	}
	packs, err := mmc.ReadCDText(r.work, r.t)
	if scsi.Unsupported(err) || scsi.Gone(err) {
		r.notAssured("CD-TEXT was not compared: %v", err)
		return true
	}
	want, got := sector.DecodeCDText(r.packs), sector.DecodeCDText(packs)
	if reflect.DeepEqual(want, got) {
		return r.check("CD-TEXT", describeText(want), describeText(want))
	}
	found := describeText(got)
	if found == describeText(want) {
		found += ", with other texts"
	}
	return r.check("CD-TEXT", describeText(want), found)
}

// describeText describes CD-TEXT: its languages, and the title of the album.
func describeText(all []disc.CDText) string {
	if len(all) == 0 {
		return "none"
	}
	var parts []string
	for _, t := range all {
		parts = append(parts, fmt.Sprintf("%s: %q and %d tracks", t.LanguageName(), t.Album.Title, len(t.Tracks)))
	}
	return strings.Join(parts, "; ")
}

// checkCode compares a code. Drives look for codes in about a hundred sectors, and may miss them.
func (r *burning) checkCode(what, want string, read func(context.Context) (string, error)) bool {
	if want == "" {
		return true
	}
	var got string
	var err error
	for range 3 {
		if got, err = read(r.work); err != nil || got == want {
			break
		}
	}
	switch {
	case err != nil:
		r.notAssured("%s was not compared: %v", what, err)
		return true
	case strings.Trim(got, "0\x00 ") == "":
		r.notAssured("the drive did not find %s; not every drive can read it", what)
		return true
	}
	return r.check(what, want, got)
}

// nearIndex is how many sectors a drive may be wrong about where a sub-channel was read, and
// farIndex if the sub-channel says where.
const (
	nearIndex = 4
	farIndex  = 75
)

// checkIndexes compares the Q sub-channel near the beginning and the end of each index of a
// track: its pre-gap, except that of the first track, which cannot be read, and the others.
func (r *burning) checkIndexes(what string, t disc.Track) bool {
	type run struct {
		index      int
		start, end disc.LBA
	}
	var all []run
	if gap := t.Start - disc.LBA(t.Pregap); gap >= 0 && t.Pregap > 0 && t.Number > r.firstTrack() {
		all = append(all, run{0, gap, t.Start})
	}
	starts := append([]disc.LBA{t.Start}, t.Indexes...)
	for i, at := range starts {
		end := t.End()
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		all = append(all, run{i + 1, at, end})
	}
	found, unknown := "as planned", 0
	for _, x := range all {
		near := min(disc.LBA(nearIndex), (x.end-x.start)/2)
		for _, at := range []disc.LBA{x.start + near, x.end - 1 - near} {
			p, err := r.position1(max(at, x.start))
			stated, ok := p.BCD()
			switch {
			case errors.Is(err, mmc.ErrNoPosition):
				unknown++
			case err != nil:
				r.notAssured("%s were not compared: %v", what, err)
				return true
			case ok && (stated < x.start || stated >= x.end) && stated >= at-farIndex && stated <= at+farIndex: // of a sector nearby
			case !p.Is(t.Number, x.index):
				found = fmt.Sprintf("address %d is in track %x, index %x, and not in index %d", at, p.Track, p.Index, x.index)
			}
		}
	}
	if unknown > 0 && found == "as planned" {
		r.notAssured("%s were not compared completely: the drive does not report where %s are", what, units.Count(unknown, "sector", "sectors"))
		return true
	}
	return r.check(what, "as planned", found)
}

// firstTrack returns the number of the first track that was written.
func (r *burning) firstTrack() int { return r.toc.Sessions[0].Tracks[0].Number }

// position1 reads where a sector is, or one of those before it if its sub-channel holds a code.
func (r *burning) position1(at disc.LBA) (p mmc.Position, err error) {
	for i := range disc.LBA(3) {
		err = retryWhileBusy(r.work, busyTimeout, func() error {
			p, err = mmc.ReadPosition(r.work, r.t, at-i)
			return err
		})
		if !errors.Is(err, mmc.ErrNoPosition) {
			return p, err
		}
	}
	return p, err
}
