package virtual

import "slices"

// state is everything about a disc but its sectors. It goes into the disc file
// as JSON; the field names are part of the file format.
type state struct {
	Medium     string    `json:"medium"`
	Sectors    int64     `json:"sectors"`         // capacity
	Sessions   []session `json:"sessions"`        // in the order of their addresses, the last one may be open
	Final      bool      `json:"final,omitempty"` // no session can be added
	Quick      bool      `json:"quick,omitempty"` // DVD-RW blanked the short way: disc at once only
	Format     format    `json:"format,omitempty"`
	LayerBreak int64     `json:"layerBreak,omitempty"` // sectors of layer 0 as set by the host, 0 when the drive's own choice holds
	MCN        string    `json:"mcn,omitempty"`
	CDText     []byte    `json:"cdText,omitempty"` // packs of 18 bytes
	TextDone   bool      `json:"textDone,omitempty"`
}

// session is a run of tracks.
type session struct {
	Tracks  []track `json:"tracks"`
	Closed  bool    `json:"closed,omitempty"`
	AtOnce  bool    `json:"atOnce,omitempty"`  // written by a cue sheet (CD) or disc at once (DVD-R)
	Next    int64   `json:"next,omitempty"`    // at once on CD: the next sector wanted, from -150 on
	LeadOut int64   `json:"leadOut,omitempty"` // where the lead-out begins, once it is known
	Type    byte    `json:"type,omitempty"`    // disc type of the TOC: 00 CD-ROM, 10 CD-I, 20 XA
	Multi   bool    `json:"multi,omitempty"`   // at once on CD: another session may follow
	Spans   []span  `json:"spans,omitempty"`
}

// track is a run of sectors.
type track struct {
	Start    int64  `json:"start"`
	Size     int64  `json:"size"`           // of a closed or reserved track
	Next     int64  `json:"next,omitempty"` // the sector behind the last one written
	Closed   bool   `json:"closed,omitempty"`
	Reserved bool   `json:"reserved,omitempty"`
	RunOut   int64  `json:"runOut,omitempty"`  // sectors at the end of the track that cannot be read
	Control  byte   `json:"control,omitempty"` // Q sub-channel control field, 4 is data
	XA       bool   `json:"xa,omitempty"`      // mode 2 form 1 instead of mode 1
	Pregap   int64  `json:"pregap,omitempty"`  // sectors of index 0 before Start
	ISRC     string `json:"isrc,omitempty"`
	Packet   bool   `json:"packet,omitempty"` // recorded incrementally
}

// format is how an overwritable medium, or a BD-R, is formatted.
type format struct {
	Blocks     int64 `json:"blocks,omitempty"`     // of the user area, 0: not formatted
	Limit      int64 `json:"limit,omitempty"`      // BD-R: of the user area with spare areas, 0: all of the disc
	Reached    int64 `json:"reached,omitempty"`    // background formatting has come so far
	Background byte  `json:"background,omitempty"` // MMC-6 6.21: 0 none, 1 stopped, 2 running, 3 complete
	Spare      bool  `json:"spare,omitempty"`      // with spare areas
	POW        bool  `json:"pow,omitempty"`        // BD-R pseudo overwrite
	Restricted bool  `json:"restricted,omitempty"` // DVD-RW in restricted overwrite mode
	Growing    bool  `json:"growing,omitempty"`    // DVD-RW: intermediate state after a quick format
	Target     int64 `json:"target,omitempty"`     // of a quick format, 0: as far as the host writes
}

func (s *state) clone() *state {
	c := *s
	c.Sessions = slices.Clone(s.Sessions)
	for i := range c.Sessions {
		c.Sessions[i].Tracks = slices.Clone(c.Sessions[i].Tracks)
	}
	c.CDText = slices.Clone(s.CDText)
	return &c
}

// usable returns the sectors that hold user data as the disc is formatted.
func (s *state) usable() int64 {
	n := s.Sectors
	if s.Format.Limit > 0 {
		n = s.Format.Limit
	}
	if s.LayerBreak > 0 {
		n = min(n, 2*s.LayerBreak)
	}
	return n
}

// open returns the last session if it is open, or nil.
func (s *state) open() *session {
	if n := len(s.Sessions); n > 0 && !s.Sessions[n-1].Closed {
		return &s.Sessions[n-1]
	}
	return nil
}

// ensureOpen returns the open session and begins one where there is none.
func (s *state) ensureOpen() *session {
	if o := s.open(); o != nil {
		return o
	}
	s.Sessions = append(s.Sessions, session{})
	return &s.Sessions[len(s.Sessions)-1]
}

// tracks returns how many tracks exist, without the one that is invisible.
func (s *state) tracks() int {
	n := 0
	for i := range s.Sessions {
		n += len(s.Sessions[i].Tracks)
	}
	return n
}

// track returns track n (from 1) and the number of its session, or nil.
func (s *state) track(n int) (*track, int) {
	for i := range s.Sessions {
		if k := len(s.Sessions[i].Tracks); n > k {
			n -= k
			continue
		}
		if n < 1 {
			break
		}
		return &s.Sessions[i].Tracks[n-1], i + 1
	}
	return nil, 0
}

// end returns the address behind the track as it stands.
func (t *track) end() int64 {
	if t.Closed || t.Reserved {
		return t.Start + t.Size
	}
	return t.Next
}

// complete reports whether the track takes no more sectors.
func (t *track) complete() bool {
	return t.Closed || t.Reserved && t.Next >= t.Start+t.Size
}
