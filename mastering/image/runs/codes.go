package runs

import (
	"sort"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// How many sectors are searched for a code, which is in one of 100 at least (ECMA-130
// 22.3.4), and for the next one that says its position.
const (
	codeSectors     = 250
	positionSectors = 12
)

// Codes returns the table of contents with what the Q sub-channel records about its tracks
// and the descriptor of the image does not: the media catalogue number, ISRCs, indexes 2 to
// 99, and pre-gaps of tracks that are counted into the track before. Tracks without stored
// sub-channels remain as they are.
func Codes(toc disc.TOC, list []Run) disc.TOC {
	c := codes{list, disc.TOC{Catalog: toc.Catalog, LayerBreak: toc.LayerBreak}}
	for _, s := range toc.Sessions {
		s.Tracks = append([]disc.Track(nil), s.Tracks...)
		for i := range s.Tracks {
			t := &s.Tracks[i]
			if i > 0 {
				c.pregap(&s.Tracks[i-1], t)
			}
			c.codes(t)
			if len(t.Indexes) == 0 {
				c.indexes(t)
			}
		}
		c.toc.Sessions = append(c.toc.Sessions, s)
	}
	return c.toc
}

// codes reads the Q sub-channel.
type codes struct {
	list []Run
	toc  disc.TOC
}

// q returns the Q sub-channel of a sector. It returns false if it is not stored or damaged.
func (c *codes) q(lba disc.LBA) (sector.Q, bool) {
	i := sort.Search(len(c.list), func(i int) bool { return c.list[i].End() > lba })
	if i == len(c.list) || lba < c.list[i].Start || c.list[i].Sub == NoSub || c.list[i].From == nil {
		return sector.Q{}, false
	}
	var p [sector.SubSize]byte
	if err := c.list[i].sub(p[:], disc.TOC{}, lba); err != nil {
		return sector.Q{}, false
	}
	q := sector.ReadQ(p[:])
	return sector.DecodeQ(q[:])
}

// position returns the next Q from lba on, and before end, that says the position.
func (c *codes) position(lba, end disc.LBA) (sector.Q, bool) {
	for at := lba; at < min(end, lba+positionSectors); at++ {
		if q, ok := c.q(at); ok && q.Mode == sector.QPosition {
			return q, true
		}
	}
	return sector.Q{}, false
}

// first returns the first sector of a range that says a position as wanted. Those after it
// do, too.
func (c *codes) first(start, end disc.LBA, wanted func(sector.Q) bool) (disc.LBA, bool) {
	n := sort.Search(int(end-start), func(i int) bool {
		q, ok := c.position(start+disc.LBA(i), end)
		return ok && wanted(q)
	})
	for at := start + disc.LBA(n); at < min(end, start+disc.LBA(n)+positionSectors); at++ { // a sector before it may have a code
		if q, ok := c.q(at); ok && q.Mode == sector.QPosition {
			return at, true
		}
	}
	return 0, false
}

// pregap finds the pre-gap of a track in the track before it.
func (c *codes) pregap(before, t *disc.Track) {
	if t.Pregap > 0 || before.End() != t.Start {
		return
	}
	at, ok := c.first(before.Start, t.Start, func(q sector.Q) bool { return q.Track == t.Number && q.Index == 0 })
	if ok && at > before.Start {
		t.Pregap = int64(t.Start - at)
		before.Length -= t.Pregap
	}
}

// codes finds the ISRC of a track, and the media catalogue number.
func (c *codes) codes(t *disc.Track) {
	for at := t.Start; at < min(t.End(), t.Start+codeSectors); at++ {
		q, ok := c.q(at)
		switch {
		case !ok:
		case q.Mode == sector.QCatalog && c.toc.Catalog == "" && sector.ValidCatalog(q.Code) && q.Code != "0000000000000":
			c.toc.Catalog = q.Code
		case q.Mode == sector.QISRC && t.ISRC == "" && sector.ValidISRC(q.Code) && q.Code != "000000000000":
			t.ISRC = q.Code
		}
	}
}

// indexes finds the indexes of a track after the first one.
func (c *codes) indexes(t *disc.Track) {
	from := t.Start
	for i := 2; i < 100; i++ {
		at, ok := c.first(from, t.End(), func(q sector.Q) bool { return q.Track == t.Number && q.Index >= i })
		if !ok {
			return
		}
		if q, ok := c.position(at, t.End()); !ok || q.Index != i {
			return
		}
		t.Indexes = append(t.Indexes, at)
		from = at
	}
}
