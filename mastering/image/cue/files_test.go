package cue_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
)

// Files whose type, name or length is not as the sheet says.
func TestFiles(t *testing.T) {
	samples := numbered(5, 2352, 0)
	sheet := func(name, kind string) string {
		return "FILE \"" + name + "\" " + kind + "\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
	}
	two := sheet("a.wav", "WAVE") + "FILE \"b.wav\" WAVE\nTRACK 02 AUDIO\nINDEX 01 00:00:00\n"
	for _, c := range []struct {
		name, sheet string
		files       map[string][]byte
		want        string // tracks
		notice      string
		incomplete  bool
	}{
		{"a WAV file named WAVE", sheet("a.wav", "WAVE"), map[string][]byte{"a.wav": wav(samples)}, "1 audio -0 0 +5 []", "", false},
		{"a WAV file named BINARY", sheet("a.wav", "BINARY"), map[string][]byte{"a.wav": wav(samples)}, "1 audio -0 0 +5 []", "its contents are WAV; it is read as a sound file", false},
		{"a WAV file named MP3", sheet("a.wav", "MP3"), map[string][]byte{"a.wav": wav(samples)}, "1 audio -0 0 +5 []", "The sheet states the type MP3 for 1 file; the contents are WAV.", false},
		{"a WAV file of an unknown type", sheet("a.wav", "RAW"), map[string][]byte{"a.wav": wav(samples)}, "1 audio -0 0 +5 []", "the type \"RAW\" of \"a.wav\" is unknown; its contents are WAV", false},
		{"sectors of an unknown type", sheet("a.bin", "AUDIO"), map[string][]byte{"a.bin": samples}, "1 audio -0 0 +5 []", "treated as sectors", false},
		{"a name in capitals", sheet("A.BIN", "BINARY"), map[string][]byte{"a.bin": samples}, "1 audio -0 0 +5 []", "another is used: \"a.bin\" instead of \"A.BIN\" (line 1)", false},
		{"the name of the sheet", sheet("image.bin", "BINARY"), map[string][]byte{"x.bin": samples}, "1 audio -0 0 +5 []", "\"x.bin\" instead of \"image.bin\" (line 1)", false},
		{"another kind of sound file", sheet("a.ape", "WAVE"), map[string][]byte{"a.wav": wav(samples)}, "1 audio -0 0 +5 []", "\"a.wav\" instead of \"a.ape\" (line 1)", false},
		{"the path of another computer", sheet(`C:\Music\a.wav`, "WAVE"), map[string][]byte{"a.wav": wav(samples)}, "1 audio -0 0 +5 []", `"a.wav" instead of "C:\\Music\\a.wav"`, false},
		{"several other names", sheet("a.ape", "WAVE") + "FILE \"B.WAV\" WAVE\nTRACK 02 AUDIO\nINDEX 01 00:00:00\n", map[string][]byte{"a.wav": wav(samples), "b.wav": wav(samples)}, "1 audio -0 0 +5 []; 2 audio -0 5 +5 []", "2 files that the sheet names do not exist; others are used", false},
		{"a file without a track", sheet("a.wav", "WAVE") + "FILE \"b.wav\" WAVE\n", map[string][]byte{"a.wav": wav(samples)}, "1 audio -0 0 +5 []", "Line 4: no track uses the file \"b.wav\"", false},
		{"a folder", sheet(`music\a.wav`, "WAVE"), map[string][]byte{"music/a.wav": wav(samples)}, "1 audio -0 0 +5 []", "", false},
		{"a part of a sector in the middle", two, map[string][]byte{"a.wav": wav(samples[:2352*2+8]), "b.wav": wav(samples)}, "1 audio -0 0 +3 []; 2 audio -0 3 +5 []", "\"a.wav\" ends within a sector; 586 samples of silence are added", false},
		{"a part of a sector at the end", two, map[string][]byte{"a.wav": wav(samples), "b.wav": wav(samples[:2352*2+8])}, "1 audio -0 0 +5 []; 2 audio -0 5 +3 []", "", false},
		{"a WAV file that was cut off", sheet("a.wav", "WAVE"), map[string][]byte{"a.wav": wav(samples)[:44+2352*3]}, "1 audio -0 0 +3 []", "is incomplete: the file contains 7056 of 11760 bytes", true},
		{"sectors that were cut off", sheet("a.bin", "BINARY"), map[string][]byte{"a.bin": samples[:2352*3+100]}, "1 audio -0 0 +3 []", "ends within a sector", true},
		{"no CD-TEXT", "CDTEXTFILE \"a.cdt\"\n" + sheet("a.bin", "BINARY"), map[string][]byte{"a.bin": samples}, "1 audio -0 0 +5 []", "the CD-TEXT file \"a.cdt\" is missing", false},
	} {
		c.files["x.cue"] = []byte(c.sheet)
		d, err := open(t, filepath.Join(folder(t, c.files), "x.cue"))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := tracks(d); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
		incomplete := false
		for _, n := range disc.Notices(d) {
			incomplete = incomplete || n.Incomplete && n.Severity == disc.Error
		}
		notices := strings.Join(disc.Texts(disc.Notices(d)), "\n")
		if (notices == "") != (c.notice == "") || !strings.Contains(notices, c.notice) || incomplete != c.incomplete {
			t.Errorf("%s: notices %q, want %q", c.name, notices, c.notice)
		}
		for i := range disc.LBA(3) {
			if n := number(t, d, i); n != int(i) && i < 2 {
				t.Errorf("%s: sector %d is %d", c.name, i, n)
			}
		}
	}
}

// Sound files that other programs make, with the type that rippers write for all of them.
func TestSoundFiles(t *testing.T) {
	samples := numbered(75, 2352, 0)
	dir := folder(t, map[string][]byte{"in.wav": wav(samples)})
	peertest.Need(t, "flac", "sox", "oggenc", "lame")
	peertest.Run(t, dir, "flac", "-s", "in.wav", "-o", "a.flac")
	peertest.Run(t, dir, "sox", "in.wav", "b.aiff")
	peertest.Run(t, dir, "oggenc", "-Q", "in.wav", "-o", "c.ogg")
	peertest.Run(t, dir, "lame", "--quiet", "in.wav", "d.mp3")
	text := ""
	for i, f := range []string{"a.flac", "b.aiff", "c.ogg", "d.mp3"} {
		text += "FILE \"" + f + "\" WAVE\nTRACK 0" + string(rune('1'+i)) + " AUDIO\nINDEX 01 00:00:00\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "x.cue"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := open(t, filepath.Join(dir, "x.cue"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tracks(d), "1 audio -0 0 +75 []; 2 audio -0 75 +75 []; 3 audio -0 150 +75 []; 4 audio -0 225 +75 []"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for _, i := range []disc.LBA{74, 3, 77, 149} {
		if n := number(t, d, i); n != int(i%75) {
			t.Errorf("sector %d is %d", i, n)
		}
	}
	if n := len(disc.Notices(d)); n != 4 {
		t.Errorf("%d notices: %v", n, disc.Texts(disc.Notices(d)))
	}
}

// The character sets of rippers.
func TestEncodings(t *testing.T) {
	utf16 := func(e unicode.Endianness, m unicode.BOMPolicy) encoding.Encoding { return unicode.UTF16(e, m) }
	for _, c := range []struct {
		name     string
		encoding encoding.Encoding
		title    string
		assumed  string
	}{
		{"UTF-8", unicode.UTF8, "Música 日本語 Песня", ""},
		{"UTF-8 with a mark", unicode.UTF8BOM, "Música 日本語 Песня", ""},
		{"UTF-16 LE with a mark", utf16(unicode.LittleEndian, unicode.UseBOM), "Música 日本語 Песня", ""},
		{"UTF-16 BE with a mark", utf16(unicode.BigEndian, unicode.UseBOM), "Música 日本語 Песня", ""},
		{"UTF-32 LE", utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), "Música 日本語", ""},
		{"UTF-32 BE", utf32.UTF32(utf32.BigEndian, utf32.UseBOM), "Música 日本語", ""},
		{"UTF-16 LE", utf16(unicode.LittleEndian, unicode.IgnoreBOM), "Música", "UTF-16 is assumed"},
		{"UTF-16 BE", utf16(unicode.BigEndian, unicode.IgnoreBOM), "Música Песня", "UTF-16 is assumed"},
		{"German", charmap.Windows1252, "Die Ärzte – Süße Grüße", "Windows-1252"},
		{"French", charmap.Windows1252, "L’été à Paris, créée par Œuvre…", "Windows-1252"},
		{"English", charmap.Windows1252, "Don’t Stop “Believin’”", "Windows-1252"},
		{"an apostrophe alone", charmap.Windows1252, "Don’t Stop", "Windows-1252"},
		{"Portuguese", charmap.Windows1252, "Canções do São João", "Windows-1252"},
		{"Swedish capitals", charmap.Windows1252, "PÅ EN Ö I ÄLVEN", "Windows-1252"},
		{"Russian", charmap.Windows1251, "Ария – Беспечный ангел", "Windows-1251"},
		{"Russian capitals", charmap.Windows1251, "КИНО: ЗВЕЗДА ПО ИМЕНИ СОЛНЦЕ", "Windows-1251"},
		{"Russian and English", charmap.Windows1251, "Мумий Тролль (Live)", "Windows-1251"},
		{"Ukrainian", charmap.Windows1251, "Їхали козаки з Дону", "Windows-1251"},
		{"Japanese kana", japanese.ShiftJIS, "さくら さくら", "Shift-JIS"},
		{"Japanese katakana", japanese.ShiftJIS, "ポケットモンスター", "Shift-JIS"},
		{"Japanese kanji", japanese.ShiftJIS, "東京事変 - 教育", "Shift-JIS"},
		{"Japanese with English", japanese.ShiftJIS, "宇多田ヒカル - First Love (Remix)", "Shift-JIS"},
	} {
		text := "PERFORMER \"" + c.title + "\"\r\nFILE \"a.bin\" BINARY\r\n  TRACK 01 AUDIO\r\n    TITLE \"" + c.title + "\"\r\n    INDEX 01 00:00:00\r\n"
		p, err := c.encoding.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		d, err := open(t, filepath.Join(folder(t, map[string][]byte{"x.cue": []byte(p), "a.bin": numbered(5, 2352, 0)}), "x.cue"))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		s := d.TOC().Sessions[0]
		if len(s.Text) != 1 || s.Text[0].Album.Performer != c.title || s.Text[0].Tracks[1].Title != c.title {
			t.Errorf("%s: %+v", c.name, s.Text)
		}
		notices := strings.Join(disc.Texts(disc.Notices(d)), "\n")
		if (notices == "") != (c.assumed == "") || !strings.Contains(notices, c.assumed) {
			t.Errorf("%s: notices %q", c.name, notices)
		}
	}
}

// Texts, codes and flags of the sheets of several programs.
func TestTexts(t *testing.T) {
	text := `REM GENRE "Alternative Rock"
REM DATE 1999
REM DISCID 8A0A3B0B
REM COMMENT "ExactAudioCopy v1.6"
REM REPLAYGAIN_ALBUM_GAIN -7.89 dB
CATALOG 012345678905
PERFORMER "The "Quoted" Band"
TITLE Without marks at all   
SONGWRITER "S"
COMPOSER "C"
ARRANGER "A"
MESSAGE "M"
DISC_ID "XY 123"
FILE "a.bin" BINARY
  TRACK 01 AUDIO
    TITLE "12" Mix"
    PERFORMER ""
    FLAGS DCP 4CH PRE SCMS
    ISRC us-rc1-76-07839
    REM REPLAYGAIN_TRACK_PEAK 0.988553
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    ISRC "000000000000"
    INDEX 01 00:00:02
  TRACK 03 AUDIO
    ISRC GB1234
    UNKNOWN x
    INDEX 01 00:00:03
`
	d, err := open(t, filepath.Join(folder(t, map[string][]byte{"x.cue": []byte(text), "a.bin": numbered(5, 2352, 0)}), "x.cue"))
	if err != nil {
		t.Fatal(err)
	}
	toc := d.TOC()
	s := toc.Sessions[0]
	album := disc.Text{Title: "Without marks at all", Performer: `The "Quoted" Band`, Songwriter: "S", Composer: "C", Arranger: "A", Message: "M"}
	if toc.Catalog != "0012345678905" || s.Text[0].Album != album || s.Text[0].DiscID != "XY 123" {
		t.Errorf("catalogue number %s, %+v", toc.Catalog, s.Text[0])
	}
	if k := s.Tracks[0]; k.ISRC != "USRC17607839" || k.Control != disc.CopyPermitted|disc.FourChannels|disc.PreEmphasis || s.Text[0].Tracks[1].Title != `12" Mix` {
		t.Errorf("track 1: %+v, %+v", k, s.Text[0].Tracks[1])
	}
	if s.Tracks[1].ISRC != "" || s.Tracks[2].ISRC != "" {
		t.Errorf("ISRC %q, %q", s.Tracks[1].ISRC, s.Tracks[2].ISRC)
	}
	notices := strings.Join(disc.Texts(disc.Notices(d)), "\n")
	for _, want := range []string{"Line 6: the media catalogue number has 12 digits", "SCMS", "Line 26: the ISRC \"GB1234\"", "\"UNKNOWN\" is unknown"} {
		if !strings.Contains(notices, want) {
			t.Errorf("%q is missing in %s", want, notices)
		}
	}
}
