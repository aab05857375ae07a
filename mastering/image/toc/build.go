package toc

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"glassmaster/mastering/audio"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// mode is the mode of a track, or of empty sectors.
type mode string

// modeOf returns the mode of a name.
func modeOf(name string) (mode, bool) {
	switch name {
	case "MODE2_MIXED": // of libmirage
		return "MODE2_FORM_MIX", true
	case "AUDIO", "MODE0", "MODE1", "MODE1_RAW", "MODE2", "MODE2_RAW", "MODE2_FORM1", "MODE2_FORM2", "MODE2_FORM_MIX":
		return mode(name), true
	}
	return "", false
}

// layout returns how sectors of a mode are stored.
func (m mode) layout() runs.Layout {
	switch m {
	case "MODE1":
		return runs.Mode1User
	case "MODE1_RAW":
		return runs.Mode1Raw
	case "MODE2":
		return runs.Mode2Data
	case "MODE2_RAW":
		return runs.Mode2Raw
	case "MODE2_FORM1":
		return runs.XAForm1
	case "MODE2_FORM2":
		return runs.XAForm2
	case "MODE2_FORM_MIX":
		return runs.XAData
	}
	return runs.AudioRaw
}

// maxFiles is more than a disc of 99 tracks needs.
const maxFiles = 1000

// sampleSize is the size of a sample of both channels in bytes.
const sampleSize = 4

// builder makes a table of contents and runs of what a description says.
type builder struct {
	files   *format.Files
	sheet   sheet
	sources map[string]source
	toc     disc.TOC
	runs    []runs.Run
	notices []disc.Notice
	at      disc.LBA
	short   error // the first statement that wants more than its file has
	packed  int   // line of a track with packed sub-channels
}

// source is an open file, or the samples of an open sound file, which are little-endian.
type source struct {
	*io.SectionReader
	name  string
	sound bool
}

// part is a piece with its data.
type part struct {
	piece
	from   *io.SectionReader // nil: empty sectors
	offset int64             // in from
	bytes  int64
	rest   int64 // bytes of from after the offset
	big    bool  // big-endian sound
}

// warn adds a warning.
func (b *builder) warn(line int, text string, args ...any) {
	b.notices = append(b.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("Line %d: %s", line, fmt.Sprintf(text, args...))})
}

// build makes the table of contents and the runs.
func (b *builder) build() error {
	s := disc.Session{Number: 1, CDI: b.sheet.cdi}
	for i, t := range b.sheet.tracks {
		one, err := b.track(t, b.sheet.first+i)
		if err != nil {
			return err
		}
		s.Tracks = append(s.Tracks, one)
	}
	s.Text = b.texts()
	b.toc = disc.TOC{Catalog: b.sheet.catalog, Sessions: []disc.Session{s}}
	if b.packed > 0 {
		b.warn(b.packed, "The sub-channels are stored as packs (RW), which cannot be read; generated sub-channels are used instead.")
	}
	toc, list, notices, err := runs.Shorten(b.toc, b.runs)
	if err != nil {
		if b.short != nil {
			return b.short
		}
		return err
	}
	b.toc, b.runs = toc, list
	b.notices = append(b.notices, notices...)
	return nil
}

// track adds a track.
func (b *builder) track(t track, number int) (disc.Track, error) {
	var parts []part
	for _, x := range t.pieces {
		p, err := b.part(x)
		if err != nil {
			return disc.Track{}, err
		}
		parts = append(parts, p)
	}
	begin, first := b.at, len(b.runs)
	for _, g := range groups(parts) {
		if err := b.add(g); err != nil {
			return disc.Track{}, err
		}
	}
	length := int64(b.at - begin)
	if b.at > format.MaxCDSectors {
		return disc.Track{}, fmt.Errorf("line %d: track %d ends at address %d, which is beyond the end of a CD", t.line, number, b.at)
	}
	one := disc.Track{Number: number, Mode: t.mode.layout().Mode, Control: t.control, ISRC: t.isrc}
	if one.Mode == disc.Mode2 {
		one.Mode = b.settle(b.runs[first:], t.mode)
	}
	one.Pregap = t.start.sectors(parts)
	if one.Pregap >= length && t.start.line != 0 {
		return disc.Track{}, fmt.Errorf("line %d: the pre-gap has %d sectors, but the whole track has %d", t.start.line, one.Pregap, length)
	}
	one.Start, one.Length = begin+disc.LBA(one.Pregap), length-one.Pregap
	return one, indexes(&one, t, t.end.sectors(parts)-one.Pregap)
}

// indexes adds the indexes of a track, and one where the post-gap begins.
func indexes(one *disc.Track, t track, end int64) error {
	last := int64(0)
	for _, x := range t.indexes {
		if x.n <= last || x.n >= one.Length {
			return fmt.Errorf("line %d: the index at %d sectors is not between the one before it, at %d, and the end of the track, at %d", x.line, x.n, last, one.Length)
		}
		last = x.n
		one.Indexes = append(one.Indexes, one.Start+disc.LBA(x.n))
	}
	if t.end.line == 0 || end == last && last > 0 {
		return nil
	}
	if end <= last || end >= one.Length {
		return fmt.Errorf("line %d: the post-gap begins at %d sectors, which is not between the last index, at %d, and the end of the track, at %d", t.end.line, end, last, one.Length)
	}
	one.Indexes = append(one.Indexes, one.Start+disc.LBA(end))
	return nil
}

// settle returns the mode of a track in mode 2, and sets that of its runs. MODE2_RAW may
// have sub-headers; MODE2 has none.
func (b *builder) settle(list []runs.Run, m mode) disc.Mode {
	found := disc.Mode2
	for _, r := range list {
		if m == "MODE2_RAW" && r.Mode == disc.Mode2 && r.From != nil {
			found = r.Mode2()
			break
		}
	}
	for i := range list {
		if list[i].Mode == disc.Mode2 {
			list[i].Mode = found
		}
	}
	return found
}

// sectors returns the number of sectors before a mark.
func (m mark) sectors(parts []part) int64 {
	if m.line == 0 || m.at.line != 0 {
		return m.at.n
	}
	n := int64(0)
	for _, g := range groups(parts[:m.pieces]) {
		n += count(g)
	}
	return n
}

// groups divides the parts of a track into those of one mode. Each begins with a whole
// sector, and its last sector is filled with zeros.
func groups(parts []part) [][]part {
	var all [][]part
	for i, p := range parts {
		if i > 0 && p.mode == parts[i-1].mode && p.sub == parts[i-1].sub {
			all[len(all)-1] = append(all[len(all)-1], p)
			continue
		}
		all = append(all, []part{p})
	}
	return all
}

// count returns the number of sectors of a group.
func count(g []part) int64 {
	bytes, size := int64(0), g[0].size()
	for _, p := range g {
		bytes += p.bytes
	}
	return (bytes + size - 1) / size
}

// size returns the size of a stored sector in bytes.
func (x piece) size() int64 {
	n := int64(x.mode.layout().Length)
	if x.sub != "" {
		n += sector.SubSize
	}
	return n
}

// inBytes returns an amount in bytes.
func (x piece) inBytes(a amount) int64 {
	switch {
	case a.frames:
		return a.n * x.size()
	case x.mode == "AUDIO" && x.sub == "" && x.word != "DATAFILE" && x.word != "ZERO":
		return a.n * sampleSize
	}
	return a.n
}

// part opens the file of a piece, and finds out how many bytes of it are meant.
func (b *builder) part(x piece) (part, error) {
	p := part{piece: x, bytes: x.inBytes(x.length)}
	if p.bytes > x.size()<<20 { // no sum of these can overflow
		return part{}, fmt.Errorf("line %d: the length of %s is more than a CD can have", x.line, x.word)
	}
	if x.name == "" {
		return p, nil
	}
	if x.mode == "MODE0" {
		return part{}, fmt.Errorf("line %d: sectors in mode 0 have no data", x.line)
	}
	src, err := b.open(x)
	if err != nil {
		return part{}, fmt.Errorf("line %d: %w", x.line, err)
	}
	if src.sound && (x.offset != 0 || x.sub != "") {
		return part{}, fmt.Errorf("line %d: %q is a sound file, which cannot have an offset or sub-channels", x.line, x.name)
	}
	p.from, p.offset = src.SectionReader, x.offset+x.inBytes(x.start)
	p.big = x.mode == "AUDIO" && src.sound == x.swap
	p.rest = src.Size() - p.offset
	switch {
	case p.rest <= 0:
		return part{}, fmt.Errorf("line %d: the file %q has %d bytes, but the data begins at byte %d; it is truncated, or not the file of this sheet", x.line, src.name, src.Size(), p.offset)
	case p.bytes == 0:
		p.bytes = p.rest
	case p.bytes > p.rest && b.short == nil:
		b.short = fmt.Errorf("line %d: the file %q has %d bytes, but %d from byte %d on are needed; it is truncated, or not the file of this sheet", x.line, src.name, src.Size(), p.bytes, p.offset)
	}
	if n := p.bytes % x.size(); n != 0 && x.mode != "AUDIO" {
		b.warn(x.line, "%d bytes are not whole sectors of %d bytes; the last one is filled with zeros.", p.bytes, x.size())
	}
	return p, nil
}

// isSound reports whether a name is that of a sound file. As in cdrdao, the name decides:
// other files are raw sound, whatever their contents are.
func isSound(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".wav", ".mp3", ".ogg", ".flac":
		return true
	}
	return false
}

// open opens a file.
func (b *builder) open(x piece) (source, error) {
	key := x.name
	sound := x.mode == "AUDIO" && isSound(x.name)
	if sound {
		key += "\x00" // the same file may be data elsewhere
	}
	if s, ok := b.sources[key]; ok {
		return s, nil
	}
	if len(b.sources) == maxFiles {
		return source{}, fmt.Errorf("the image names more than %d files", maxFiles)
	}
	file, notice, err := b.files.Find(x.name)
	if err != nil {
		return source{}, err
	}
	if notice.Text != "" {
		b.notices = append(b.notices, notice)
	}
	s := source{io.NewSectionReader(file, 0, file.Size), file.Name, sound}
	if sound {
		if s.SectionReader, err = b.openSound(x.line, file); err != nil {
			return source{}, err
		}
	} else if x.mode == "AUDIO" && audio.Identify(file, file.Size) == "WAV" {
		b.warn(x.line, "%q is a WAV file, but its name does not end in .wav; like cdrdao, it is read as raw sound.", file.Name)
	}
	b.sources[key] = s
	return s, nil
}

// openSound opens the samples of a sound file.
func (b *builder) openSound(line int, file format.Part) (*io.SectionReader, error) {
	s, err := audio.Open(file, file.Size)
	if err != nil {
		return nil, fmt.Errorf("the sound file %q: %w", file.Name, err)
	}
	if s.Missing != "" {
		b.notices = append(b.notices, disc.Notice{
			Severity: disc.Error, Incomplete: true,
			Text: fmt.Sprintf("Line %d: the sound file %q is incomplete: %s.", line, file.Name, s.Missing), Advice: "copy or download the image again",
		})
	}
	return io.NewSectionReader(s, 0, s.Size()), nil
}
