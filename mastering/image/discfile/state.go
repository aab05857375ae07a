package discfile

import "slices"

// State is everything about a disc except its sectors. It is stored in the disc file as
// JSON; the field names are part of the file format.
type State struct {
	Medium     string     `json:"medium"`
	Sectors    int64      `json:"sectors"`         // capacity
	Sessions   []Session  `json:"sessions"`        // in the order of their addresses; the last one may be open
	Final      bool       `json:"final,omitempty"` // no session can be added
	Quick      bool       `json:"quick,omitempty"` // DVD-RW after a minimal blank: disc at once only
	Format     Formatting `json:"format,omitempty"`
	LayerBreak int64      `json:"layerBreak,omitempty"` // sectors of layer 0 as set by the host; 0: the drive chooses
	MCN        string     `json:"mcn,omitempty"`
	CDText     []byte     `json:"cdText,omitempty"`    // packs of 18 bytes
	TextDone   bool       `json:"textDone,omitempty"`  // the host has sent all packs of CDText
	Overburn   int64      `json:"overburn,omitempty"`  // CD: how many of the last sectors are beyond the capacity that the disc reports
	Exported   bool       `json:"exported,omitempty"`  // an image of the disc as it is has been written
	Areas      []Area     `json:"areas,omitempty"`     // CD: sectors that are stored as a whole, in the order of their addresses
	ROM        bool       `json:"rom,omitempty"`       // DVD+: the book type is that of a DVD-ROM
	Protected  bool       `json:"protected,omitempty"` // DVD-RAM: write protected by software
	Jump       *Jump      `json:"jump,omitempty"`      // DVD-R DL: layer jump recording
}

// Session is a run of tracks.
type Session struct {
	Tracks  []Track `json:"tracks"`
	Closed  bool    `json:"closed,omitempty"`
	AtOnce  bool    `json:"atOnce,omitempty"`  // written by a cue sheet (CD) or disc at once (DVD-R)
	Next    int64   `json:"next,omitempty"`    // at once on CD: the next sector to be written, from -150 on
	LeadOut int64   `json:"leadOut,omitempty"` // where the lead-out begins; 0: not known yet
	Type    byte    `json:"type,omitempty"`    // disc type of the TOC: 00 CD-ROM, 10 CD-I, 20 XA
	Multi   bool    `json:"multi,omitempty"`   // at once on CD: another session may follow
	Spans   []Span  `json:"spans,omitempty"`   // at once on CD, while the session is open
	NoNext  bool    `json:"noNext,omitempty"`  // the lead-in says that no session follows
	Raw     bool    `json:"raw,omitempty"`     // at once on CD: written with lead-in, sub-channels and lead-out
	Bad     string  `json:"bad,omitempty"`     // why no drive can read the closed session, which was written raw; empty: it can be read
}

// Track is a run of sectors.
type Track struct {
	Start    int64  `json:"start"`
	Size     int64  `json:"size"`           // of a closed or reserved track, else 0
	Next     int64  `json:"next,omitempty"` // the sector after the last one written
	Closed   bool   `json:"closed,omitempty"`
	Reserved bool   `json:"reserved,omitempty"`
	RunOut   int64  `json:"runOut,omitempty"`  // sectors at the end of the track that cannot be read
	Control  byte   `json:"control,omitempty"` // control field of the Q sub-channel; bit 2: data
	XA       bool   `json:"xa,omitempty"`      // mode 2 with sub-headers instead of mode 1
	Mode2    bool   `json:"mode2,omitempty"`   // mode 2 without sub-headers
	Pregap   int64  `json:"pregap,omitempty"`  // sectors of index 0 before Start
	ISRC     string `json:"isrc,omitempty"`
	Packet   bool   `json:"packet,omitempty"` // recorded incrementally
	SCMS     bool   `json:"scms,omitempty"`   // audio: the copy bit alternates, since it is a first copy already

	Indexes []int64 `json:"indexes,omitempty"` // where the indexes 2, 3, ... begin
	Hole    *Run    `json:"hole,omitempty"`    // with layer jumps: what is not recorded of the closed track
}

// Formatting is how an overwritable medium, or a BD-R, is formatted.
type Formatting struct {
	Blocks     int64 `json:"blocks,omitempty"`     // of the user area; 0: not formatted
	Limit      int64 `json:"limit,omitempty"`      // BD-R: of the user area without the spare areas; 0: the whole disc
	Reached    int64 `json:"reached,omitempty"`    // address up to which the disc is formatted or written
	Background byte  `json:"background,omitempty"` // MMC-6 6.21: 0 none, 1 stopped, 2 running, 3 complete
	Spare      bool  `json:"spare,omitempty"`      // with spare areas
	POW        bool  `json:"pow,omitempty"`        // BD-R pseudo overwrite
	Restricted bool  `json:"restricted,omitempty"` // DVD-RW in restricted overwrite mode
	Growing    bool  `json:"growing,omitempty"`    // DVD-RW: intermediate state after a quick format
	Target     int64 `json:"target,omitempty"`     // of a quick format; 0: up to the last sector that the host writes

	Random   bool    `json:"random,omitempty"`   // BD-R: random recording
	Written  []Run   `json:"written,omitempty"`  // BD-R with random recording: what is written, in the order of the addresses
	Replaced []int64 `json:"replaced,omitempty"` // first sectors of the blocks in place of which spare blocks are used
}

// Run is a run of sectors.
type Run struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"` // the address after the last one
}

// Clone returns a copy that shares nothing with s.
func (s *State) Clone() *State {
	c := *s
	c.Sessions = slices.Clone(s.Sessions)
	for i := range c.Sessions {
		c.Sessions[i].Tracks = slices.Clone(c.Sessions[i].Tracks)
		c.Sessions[i].Spans = slices.Clone(c.Sessions[i].Spans)
	}
	c.CDText = slices.Clone(s.CDText)
	c.Areas = slices.Clone(s.Areas)
	if s.Jump != nil {
		j := *s.Jump
		c.Jump = &j
	}
	c.Format.Replaced = slices.Clone(s.Format.Replaced)
	c.Format.Written = slices.Clone(s.Format.Written)
	return &c
}

// Usable returns how many sectors can hold user data, as the disc is formatted. A CD may
// have more than it reports: see Overburn.
func (s *State) Usable() int64 {
	n := s.Sectors - s.Overburn
	if s.Format.Limit > 0 {
		n = s.Format.Limit
	}
	if s.LayerBreak > 0 {
		n = min(n, 2*s.LayerBreak)
	}
	return n
}

// OpenSession returns the last session if it is open, or nil.
func (s *State) OpenSession() *Session {
	if n := len(s.Sessions); n > 0 && !s.Sessions[n-1].Closed {
		return &s.Sessions[n-1]
	}
	return nil
}

// EnsureOpen returns the open session. It begins one if there is none.
func (s *State) EnsureOpen() *Session {
	if o := s.OpenSession(); o != nil {
		return o
	}
	s.Sessions = append(s.Sessions, Session{})
	return &s.Sessions[len(s.Sessions)-1]
}

// CountTracks returns the number of tracks, without the invisible one.
func (s *State) CountTracks() int {
	n := 0
	for i := range s.Sessions {
		n += len(s.Sessions[i].Tracks)
	}
	return n
}

// Track returns track n (from 1) and the number of its session. It returns nil if there is
// no such track.
func (s *State) Track(n int) (*Track, int) {
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

// End returns the address after the track as it is at present.
func (t *Track) End() int64 {
	if t.Closed || t.Reserved {
		return t.Start + t.Size
	}
	return t.Next
}

// Complete reports whether nothing more can be written to the track.
func (t *Track) Complete() bool {
	return t.Closed || t.Reserved && t.Next >= t.Start+t.Size
}

// IsAudio reports whether it is an audio track.
func (t *Track) IsAudio() bool { return t.Control&4 == 0 }

// ReadableEnd returns the address after the last sector that can be read.
func (t *Track) ReadableEnd() int64 { return t.Next - t.RunOut }

// Readable reports whether a track of the session can be read: it is complete, and so is
// the session if it is written at once.
func (e *Session) Readable(t *Track) bool { return t.Complete() && (e.Closed || !e.AtOnce) }

// Span is a run of blocks of one size in a session that is written at once. It ends where
// the next one begins, the last one at the lead-out.
type Span struct {
	Start int64 `json:"start"`
	Bytes int   `json:"bytes"`          // of a block that the host sends; 0: the drive generates the sectors
	Form  byte  `json:"form,omitempty"` // data form of the cue sheet (MMC-6 6.32)
}

// End returns the address after the last sector that can be read.
func (f *Formatting) End() int64 {
	if f.Background == 1 || f.Growing {
		return f.Reached
	}
	return f.Blocks
}

// Stop stops the background formatting. It is complete if the whole disc was reached.
func (f *Formatting) Stop() {
	if f.Background != 2 {
		return
	}
	if f.Background = 1; f.Reached >= f.Blocks {
		f.Background = 3
	}
}
