package disc

// TOC is the table of contents of a disc, with what else the lead-ins and the sub-channels
// record about its tracks.
type TOC struct {
	Sessions []Session // in the order of their addresses
	Catalog  string    // media catalogue number (MCN), 13 digits; empty when not recorded (ECMA-130 22.3.4.2)
	// LayerBreak is the number of sectors on the first layer of a DVD with two; 0: it has
	// one layer, or that is unknown.
	LayerBreak int64
}

// Session is a run of tracks between a lead-in and a lead-out.
type Session struct {
	Number int
	CDI    bool // a session of a CD-i disc (10h at point A0 of the lead-in, MMC-6 table 509)
	Tracks []Track
	Text   []CDText // one for each language; the first is the default
}

// Track is a run of sectors of one mode.
type Track struct {
	Number  int // 1 to 99 on CD
	Mode    Mode
	Control Control // CD only
	Start   LBA     // address of index 1
	Length  int64   // in sectors, from Start
	Pregap  int64   // sectors of index 0, before Start; of the 150 before address 0 only those that can be read
	Indexes []LBA   // where indexes 2, 3, ... start, at most to 99
	ISRC    string  // international standard recording code, 12 characters; empty when not recorded (ECMA-130 22.3.4.3)
}

// End returns the address after the last sector of the track.
func (t Track) End() LBA { return t.Start + LBA(t.Length) }

// Mode is the kind of the sectors of a track.
type Mode uint8

// Track modes.
const (
	Audio Mode = iota // CD-DA, 2352 bytes of samples (IEC 60908)
	Mode1             // 2048 bytes of user data with EDC and ECC (ECMA-130 14.2); also every DVD and BD track
	Mode2             // 2336 bytes, formless
	XA                // mode 2 with sub-headers, form 1 or 2
)

func (m Mode) String() string {
	switch m {
	case Audio:
		return "audio"
	case Mode1:
		return "mode 1"
	case Mode2:
		return "mode 2"
	case XA:
		return "mode 2 XA"
	}
	return "unknown mode"
}

// Control holds the control bits of a track in the Q sub-channel (ECMA-130 22.3.1), except
// the one that distinguishes data from audio, which is part of the Mode.
type Control uint8

// Control bits.
const (
	PreEmphasis   Control = 1 << 0 // audio with pre-emphasis of 50/15 us
	CopyPermitted Control = 1 << 1 // a digital copy is permitted
	FourChannels  Control = 1 << 3 // audio with four channels
)

// Names returns the names of the bits that are set, such as "pre-emphasis".
func (c Control) Names() []string {
	var names []string
	for _, b := range []struct {
		bit  Control
		name string
	}{{PreEmphasis, "pre-emphasis"}, {CopyPermitted, "copy permitted"}, {FourChannels, "four channels"}} {
		if c&b.bit != 0 {
			names = append(names, b.name)
		}
	}
	return names
}

// CDText is the CD-TEXT of a session in one language (MMC-6 annex J).
type CDText struct {
	Language  byte // language code of EBU Tech 3264 annex; 09h is English
	Album     Text
	Tracks    map[int]Text // by track number
	Genre     string       // of the album, in words that supplement GenreCode
	GenreCode int          // 2 to 1Bh (27), such as 5: classical; 0: not used; 1: not defined
	DiscID    string       // catalogue number that the publisher gave the album
	Closed    string       // information that players do not show
	Copyright bool         // the texts are protected by copyright
	Packs     []byte       // packs that are not text, of 18 bytes each, as recorded: tables of contents (types 88h and 89h), reserved types
}

// Empty reports whether nothing is recorded.
func (c CDText) Empty() bool {
	return c.Album == (Text{}) && len(c.Tracks) == 0 && c.Genre == "" && c.GenreCode == 0 && c.DiscID == "" && c.Closed == "" && len(c.Packs) == 0
}

// Text is the CD-TEXT of an album or of a track. A field that is empty is not recorded.
type Text struct {
	Title, Performer, Songwriter, Composer, Arranger, Message string

	Code string // UPC or EAN of an album, ISRC of a track
}

// DataTrack returns the last data track of the disc, whose file system is shown first.
func DataTrack(d Disc) (Track, bool) {
	s := d.TOC().Sessions
	for i := len(s) - 1; i >= 0; i-- {
		for j := len(s[i].Tracks) - 1; j >= 0; j-- {
			if t := s[i].Tracks[j]; t.Mode != Audio {
				return t, true
			}
		}
	}
	return Track{}, false
}

// TrackAt returns the track that contains a sector, also in its pre-gap.
func (c TOC) TrackAt(lba LBA) (Track, bool) {
	for _, s := range c.Sessions {
		for _, t := range s.Tracks {
			if lba >= t.Start-LBA(t.Pregap) && lba < t.End() {
				return t, true
			}
		}
	}
	return Track{}, false
}

// Sectors returns the number of sectors from address 0 to the end of the last
// track.
func Sectors(d Disc) int64 {
	var end LBA
	for _, s := range d.TOC().Sessions {
		for _, t := range s.Tracks {
			end = max(end, t.End())
		}
	}
	return int64(end)
}
