package cue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"glassmaster/mastering/audio"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue/sheet"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/units"
)

// source is a file that the sheet names, as sectors.
type source struct {
	io.ReaderAt
	size  int64 // in bytes
	swap  bool  // audio samples are big-endian
	sound bool  // a sound file
	name  string
	line  int
}

// sources opens the files that a sheet names.
type sources struct {
	files   *format.Files
	sheet   *sheet.Sheet
	list    []source
	notices []disc.Notice
	found   []string          // what was used instead of files that do not exist
	kinds   map[[2]string]int // files by their type and another kind that their contents have
}

// openSources opens the files that a sheet names, in their order.
func openSources(ctx context.Context, f *format.Files, s *sheet.Sheet) (*sources, error) {
	all := &sources{files: f, sheet: s, kinds: map[[2]string]int{}}
	var missing []string
	var first error
	used := all.used()
	for i := range s.Files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !used[i] {
			all.warn(s.Files[i].Line, "no track uses the file %q, which is ignored.", s.Files[i].Name)
			all.list = append(all.list, source{line: s.Files[i].Line})
			continue
		}
		part, err := all.find(s.Files[i])
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, s.Files[i].Name)
			if first == nil {
				first = fmt.Errorf("line %d: %w", s.Files[i].Line, err)
			}
			if len(missing) == maxMissing {
				return nil, fmt.Errorf("%w; %d and more files of the sheet are missing: %s", first, maxMissing, quoted(missing))
			}
			continue
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", s.Files[i].Line, err)
		case first != nil:
			continue
		}
		one, err := all.open(i, part)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", s.Files[i].Line, err)
		}
		all.list = append(all.list, one)
	}
	if len(missing) > 1 {
		return nil, fmt.Errorf("%w; %s files of the sheet are missing: %s", first, strconv.Itoa(len(missing)), quoted(missing))
	}
	all.summarize()
	return all, first
}

// used returns the files in which tracks have sectors.
func (s *sources) used() map[int]bool {
	files := map[int]bool{}
	for _, k := range s.sheet.Tracks {
		for _, x := range k.Indexes {
			files[x.File] = true
		}
	}
	return files
}

// maxMissing is how many files are looked for in vain. Each is looked for by several names in
// the whole folder.
const maxMissing = 100

// summarize adds one notice for all files that have other names than the sheet says, and
// one for all of the same other kind.
func (s *sources) summarize() {
	switch n := len(s.found); {
	case n == 1:
		s.notices = append(s.notices, disc.Notice{Severity: disc.Warning, Text: "A file that the sheet names does not exist; another is used: " + s.found[0] + "."})
	case n > 1:
		s.notices = append(s.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("%d files that the sheet names do not exist; others are used: %s.", n, strings.Join(s.found, ", "))})
	}
	keys := slices.SortedFunc(maps.Keys(s.kinds), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, k := range keys {
		s.notices = append(s.notices, disc.Notice{Severity: disc.Info, Text: fmt.Sprintf("The sheet states the type %s for %s; the contents are %s.", k[0], units.Count(s.kinds[k], "file", "files"), k[1])})
	}
}

// quoted lists names, the first ones of many.
func quoted(names []string) string {
	const most = 10
	var b strings.Builder
	for i, n := range names[:min(len(names), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", n)
	}
	if len(names) > most {
		fmt.Fprintf(&b, " and %d more", len(names)-most)
	}
	return b.String()
}

// soundExtensions are those of sound files that can be there instead of the one that the
// sheet names: people compress what they have ripped, and do not change the sheet.
var soundExtensions = []string{".flac", ".wav", ".mp3", ".ogg", ".aiff", ".aif"}

// find opens a file. If it does not exist, one is taken whose name differs in case, whose
// path is that of another computer, or which is another kind of sound file, and that is
// said.
func (s *sources) find(f sheet.File) (format.Part, error) {
	names := []string{f.Name}
	if base := foreignBase(f.Name); base != "" {
		names = []string{base}
	}
	if f.Type != "BINARY" && f.Type != "MOTOROLA" {
		stem := strings.TrimSuffix(names[0], filepath.Ext(names[0]))
		for _, e := range soundExtensions {
			names = append(names, stem+e)
		}
	}
	for _, n := range names {
		part, notice, err := s.files.Find(n)
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(s.sheet.Files) > 1 && notice.Text != "" && !strings.EqualFold(filepath.Base(part.Name), filepath.Base(strings.ReplaceAll(n, `\`, "/"))) {
			continue // several files of a sheet cannot all be the one with the name of the sheet
		}
		if err != nil {
			return part, err
		}
		if n != f.Name || notice.Text != "" {
			s.found = append(s.found, fmt.Sprintf("%q instead of %q (line %d)", part.Name, f.Name, f.Line))
		}
		return part, nil
	}
	if names[0] != f.Name {
		return format.Part{}, fmt.Errorf("the sheet names the file %q, which is outside its folder; files elsewhere are not opened, and no file of this name is beside %s: %w",
			f.Name, filepath.Base(s.files.Name()), fs.ErrNotExist)
	}
	return format.Part{}, fmt.Errorf("the file %q, which the sheet names, is missing: %w; put it beside %s", f.Name, fs.ErrNotExist, filepath.Base(s.files.Name()))
}

// foreignBase returns the last part of an absolute path, such as EAC writes, or "" if the
// name is none.
func foreignBase(name string) string {
	n := strings.ReplaceAll(name, `\`, "/")
	if strings.HasPrefix(n, "/") || len(n) > 2 && n[1] == ':' && n[2] == '/' {
		return n[strings.LastIndexByte(n, '/')+1:]
	}
	return ""
}

func (s *sources) warn(line int, format string, args ...any) {
	s.notices = append(s.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("Line %d: ", line) + fmt.Sprintf(format, args...)})
}

// open opens a file as sectors. Its contents decide whether it is a sound file, since
// programs write WAVE for all of them. With data tracks, it cannot be one.
func (s *sources) open(i int, part format.Part) (source, error) {
	f := s.sheet.Files[i]
	binary := source{part, part.Size, f.Type == "MOTOROLA", false, part.Name, f.Line}
	kind := ""
	if s.onlyAudio(i) {
		kind = audio.Identify(part, part.Size)
	}
	switch f.Type {
	case "BINARY", "MOTOROLA":
		if kind == "" || kind == "MP3" { // which samples can look like
			return binary, nil
		}
		s.warn(f.Line, "the type of %q is %s, but its contents are %s; it is read as a sound file.", part.Name, f.Type, kind)
		return s.openSound(i, part)
	case "WAVE", "AIFF", "FLAC", "MP3", "OGG":
		switch expected := expectedKind(f.Type); {
		case kind == "" && rawName(part):
			s.warn(f.Line, "the type of %q is %s, but its contents are not a sound file; they are treated as sectors (BINARY).", part.Name, f.Type)
			return binary, nil
		case kind == "":
			return source{}, fmt.Errorf("the type of %q is %s, but its contents are not a supported sound file (WAV, AIFF, FLAC, MP3, Ogg Vorbis)", part.Name, f.Type)
		case kind != expected:
			s.kinds[[2]string{f.Type, kind}]++
		}
		return s.openSound(i, part)
	}
	if kind == "" {
		s.warn(f.Line, "the type %.20q of %q is unknown; its contents are treated as sectors (BINARY).", f.Type, part.Name)
		return binary, nil
	}
	s.warn(f.Line, "the type %.20q of %q is unknown; its contents are %s.", f.Type, part.Name, kind)
	return s.openSound(i, part)
}

// rawName reports whether a file has a name and a size as those of sectors have. Programs
// such as cueconvert write the type WAVE for them too.
func rawName(part format.Part) bool {
	switch strings.ToLower(filepath.Ext(part.Name)) {
	case ".bin", ".img", ".raw":
		return part.Size > 0 && part.Size%sector.Size == 0
	}
	return false
}

// expectedKind returns the kind of sound file that a type stands for.
func expectedKind(t string) string {
	switch t {
	case "WAVE":
		return "WAV"
	case "OGG":
		return "Ogg Vorbis"
	}
	return t
}

// onlyAudio reports whether a file has audio tracks only.
func (s *sources) onlyAudio(file int) bool {
	for _, k := range s.sheet.Tracks {
		for _, x := range k.Indexes {
			if x.File == file && k.Mode != "AUDIO" {
				return false
			}
		}
	}
	return true
}

// openSound opens a sound file. It is padded with silence to whole sectors.
func (s *sources) openSound(i int, part format.Part) (source, error) {
	snd, err := audio.Open(part, part.Size)
	if err != nil {
		return source{}, fmt.Errorf("open %q: %w", part.Name, err)
	}
	line := s.sheet.Files[i].Line
	if snd.Missing != "" {
		s.notices = append(s.notices, disc.Notice{
			Severity: disc.Error, Incomplete: true,
			Text: fmt.Sprintf("Line %d: the sound file %q is incomplete: %s.", line, part.Name, snd.Missing),
		})
	}
	size := (snd.Size() + sector.Size - 1) / sector.Size * sector.Size
	if n := size - snd.Size(); n > 0 && i+1 < len(s.sheet.Files) {
		s.warn(line, "%q ends within a sector; %d samples of silence are added.", part.Name, n/4)
	}
	return source{padded{snd}, size, false, true, part.Name, line}, nil
}

// padded is a sound with silence after its end.
type padded struct{ *audio.Sound }

// ReadAt implements io.ReaderAt.
func (s padded) ReadAt(p []byte, off int64) (int, error) {
	have := min(int64(len(p)), max(0, s.Size()-off))
	if have > 0 {
		if n, err := s.Sound.ReadAt(p[:have], off); n < int(have) {
			return n, err
		}
	}
	clear(p[have:])
	return len(p), nil
}
