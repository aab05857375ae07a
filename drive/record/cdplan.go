package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/mastering/disc"
	imageformat "glassmaster/mastering/image/format"
	"glassmaster/mastering/sector"
)

// shortestTrack is the least length of a track in sectors, four seconds (ECMA-130 20). Drives
// refuse shorter ones; where everything comes from the host, some take them.
const shortestTrack = 300

// audioPause is what a drive writes before a track that is written track at once, in sectors.
const audioPause = 150

// cdBurn is what is planned of a burn of a CD: the sessions of the source that are written,
// with the contents of their tracks.
type cdBurn struct {
	src      disc.Disc // in all forms
	sessions []disc.Session
	catalog  string
	contents map[disc.LBA]contents // of data tracks, by their address in the source
	ownSub   string                // what the sub-channels say that does not follow from the TOC; empty: nothing
	hasSub   bool                  // the source has sub-channels of its own
	session1 int                   // the number of the first session on the disc
	rawBlock byte                  // the data block type for raw; 0: the drive cannot write raw
	noisy    map[disc.LBA]bool     // audio tracks of the source, by their address, whose pre-gap is not silent
	next     disc.LBA              // where the first track goes
	number   int                   // its number
	leadIn   disc.LBA              // where the first lead-in of the disc begins; 0: unknown
	drive    mmc.CDWriting
	open     bool // the disc is left open
	force    bool // raw may have tracks that are too short
}

// cdMode is how the source will be written in a mode.
type cdMode struct {
	mode    Mode
	recipe  recipe
	program program
	toc     disc.TOC // as the disc will have it; of the sessions that are written
	texts   []disc.CDText
	packs   []byte
	lost    []disc.Notice
	err     error
}

func (m *cdMode) lose(format string, args ...any) {
	m.lost = append(m.lost, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(format, args...)})
}

// newCDBurn examines the source for a burn on a CD.
func (b *Burn) newCDBurn(ctx context.Context) (*cdBurn, error) {
	toc := b.src.TOC()
	c := &cdBurn{
		src: sector.AllForms(b.src), catalog: toc.Catalog, contents: map[disc.LBA]contents{}, noisy: map[disc.LBA]bool{}, next: b.next, number: 1,
		leadIn: b.medium.leadIn, drive: b.medium.config.CDWriting(b.erase), open: b.o.Appendable, force: b.o.Force && b.o.Mode == Raw,
	}
	if !sector.ValidCatalog(c.catalog) {
		c.catalog = ""
	}
	c.session1 = 1
	if b.medium.info.Status == mmc.Appendable && !b.erase {
		c.number, c.session1 = max(b.medium.track.Number, 1), max(b.medium.info.Sessions, 1)
	}
	var err error
	if c.sessions, err = sessionsFor(toc.Sessions, b.next); err != nil {
		return nil, err
	}
	if err := checkTracks(c.sessions, c.number); err != nil {
		return nil, err
	}
	for _, s := range c.sessions {
		for _, t := range s.Tracks {
			if t.Mode == disc.Audio {
				gap := min(t.Pregap, audioPause+runOut) // a longer one is lost by itself
				c.noisy[t.Start] = gap > 0 && sounds(ctx, b.src, t.Start-disc.LBA(gap), gap)
				continue
			}
			if c.contents[t.Start], err = scan(ctx, b.src, t); err != nil {
				return nil, err
			}
		}
	}
	if c.hasSub = disc.HasSubChannels(b.src); c.hasSub {
		lost, err := imageformat.Unheld(ctx, everything&^imageformat.Sub, b.src)
		if err != nil {
			return nil, err
		}
		for _, what := range lost {
			c.ownSub = what
		}
	}
	return c, nil
}

// checkTracks refuses tracks that cannot be on a CD: empty ones, those that overlap or begin before
// address 0, and indexes that are not in order within their track. The first one will have that number. Otherwise
// some of this would be noticed only when a disc is used up.
func checkTracks(all []disc.Session, number int) error {
	end := disc.LBA(0)
	for _, s := range all {
		if number += len(s.Tracks); number > 100 {
			return errors.New("there are more than 99 tracks, the most that a CD can have")
		}
		for _, t := range s.Tracks {
			switch {
			case t.Length <= 0:
				return fmt.Errorf("track %d of the source is empty; it cannot be burned", t.Number)
			case t.Start < end || t.Pregap < 0 || t.End() < t.Start || t.End() > imageformat.MaxCDSectors:
				return fmt.Errorf("the source is damaged: track %d has the addresses %d to %d, where it cannot be on a CD", t.Number, t.Start, t.End()-1)
			}
			at := t.Start
			for i, x := range t.Indexes {
				if x < at || x >= t.End() || i > 97 {
					return fmt.Errorf("the source is damaged: index %d of track %d is at address %d, after address %d or outside of the track", i+2, t.Number, x, at)
				}
				at = x
			}
			end = t.End()
		}
	}
	return nil
}

// everything is all that an image, or a disc, can hold.
const everything = imageformat.Audio | imageformat.Tracks | imageformat.Sessions | imageformat.Raw | imageformat.Indexes | imageformat.Codes | imageformat.Text | imageformat.Sub

// sessionsFor returns the sessions of a source that belong on a disc whose next track begins
// at an address: all of them on a blank one; otherwise from that which was made for the
// address on, or the only one.
func sessionsFor(all []disc.Session, next disc.LBA) ([]disc.Session, error) {
	for i, s := range all {
		if len(s.Tracks) == 0 {
			return nil, errors.New("the source is damaged: it has a session without tracks")
		}
		if i > 0 && s.Tracks[0].Start < all[i-1].Tracks[len(all[i-1].Tracks)-1].End() {
			return nil, errors.New("the source is damaged: it has several sessions at the same address")
		}
	}
	if next == 0 {
		return all, nil
	}
	for i, s := range all {
		if s.Tracks[0].Start == next {
			return all[i:], nil
		}
	}
	if len(all) == 1 {
		return all, nil
	}
	return nil, refuse(fmt.Sprintf("the source has %d sessions, and none of them was made for address %d, the next writable address of this disc", len(all), next), ErrOtherAddress)
}

// firstAddress returns where index 1 of the first track goes, and how long its pre-gap is. On
// a blank disc the pre-gap begins at address -150, and can have sound before the track. Audio is
// not moved, even if the source does not have what is before it.
func (c *cdBurn) firstAddress() (at disc.LBA, pregap int64) {
	t := c.sessions[0].Tracks[0]
	switch {
	case c.next > 0:
		return c.next, disc.Pregap
	case int64(t.Start) <= t.Pregap, t.Mode == disc.Audio && t.Number == 1:
		at = t.Start
	}
	return at, int64(at) + disc.Pregap
}

// place returns the tracks of a session as they will be on the disc if index 1 of the first
// one is at an address and has a pre-gap of this length, the other pre-gaps are kept, and tracks have
// at least this many sectors. A pre-gap where audio and data meet has two seconds at least.
func (c *cdBurn) place(s disc.Session, at disc.LBA, pregap int64, number int, least int64) []cdTrack {
	var tracks []cdTrack
	for i, t := range s.Tracks {
		k := c.track(t, number+i, least)
		if i == 0 {
			k.gap, k.Pregap = min(t.Pregap, pregap), pregap
		} else {
			before := s.Tracks[i-1]
			k.gap = max(int64(t.Start-before.End()), 0)
			k.Pregap = k.gap
			if before.Mode != t.Mode && (before.Mode == disc.Audio || t.Mode == disc.Audio) {
				k.Pregap = max(k.Pregap, disc.Pregap)
			}
			at = tracks[i-1].End() + disc.LBA(k.Pregap)
		}
		k.move(at)
		tracks = append(tracks, k)
	}
	return tracks
}

// track returns a track of the source, still at its address there.
func (c *cdBurn) track(t disc.Track, number int, least int64) cdTrack {
	k := cdTrack{Track: t, from: t.Start, sectors: t.Length, data: c.contents[t.Start]}
	k.Number, k.Length = number, max(t.Length, least)
	k.Control &= disc.CopyPermitted | disc.PreEmphasis | disc.FourChannels
	if t.Mode != disc.Audio {
		k.Control &= disc.CopyPermitted // the others are those of audio
	}
	if !sector.ValidISRC(t.ISRC) {
		k.ISRC = ""
	}
	return k
}

// move moves a track to an address.
func (t *cdTrack) move(at disc.LBA) {
	var moved []disc.LBA
	for _, x := range t.Indexes {
		moved = append(moved, x+at-t.Start)
	}
	t.Start, t.Indexes = at, moved
}

// sessionFormat returns the disc type of a session: 00h CD-DA and CD-ROM, 10h CD-i, 20h XA.
func sessionFormat(s disc.Session) byte {
	if s.CDI {
		return 0x10
	}
	for _, t := range s.Tracks {
		if t.Mode == disc.XA {
			return 0x20
		}
	}
	return 0
}

// moved returns the error of a mode that would move a data track to another address than it
// has in the source, or nil. A track alone may be made for another address: see checkAddress.
func (c *cdBurn) moved(tracks []cdTrack) error {
	if len(c.sessions) == 1 && len(c.sessions[0].Tracks) == 1 {
		return nil
	}
	for _, t := range tracks {
		if t.Mode != disc.Audio && t.Start != t.from {
			return fmt.Errorf("track %d, a data track, would be at address %d and not at %d, so that its files could not be found", t.Number, t.Start, t.from)
		}
	}
	return nil
}

// repaired returns the error of a mode in which the drive computes EDC and ECC, so that damaged
// sectors of mode 2 would look intact, or nil. Those of mode 1 are found when they are read.
func (c *cdBurn) repaired() error {
	for _, s := range c.sessions {
		for _, t := range s.Tracks {
			if d := c.contents[t.Start]; t.Mode != disc.Mode1 && d.damaged > 0 {
				return fmt.Errorf("%s, and would look intact on the disc", damageText(t, d))
			}
		}
	}
	return nil
}
