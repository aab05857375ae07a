package command

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
)

// TestInfoOfImage checks what info shows of an image with two sessions.
func TestInfoOfImage(t *testing.T) {
	path := written(t, "nrg", "disc.nrg")
	r := must(t, OK, "info", path)
	for _, want := range []string{
		"mode 1, 307 sectors (00:04:07) from 0 (00:02:00)",
		"pre-gap of 150 sectors (00:02:00)", "index 2 at 532, index 3 at 617", "copy permitted, ISRC USRC17607839",
		"mode 2 XA, ", "with sectors of mode 2 form 1 and mode 2 form 2", "Catalogue number", "CD title (German)", "Musterplatte",
		"Track 3 composer", "C. Omposer", "Track 2 title (German)", "Erstes St",
	} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%q is missing in\n%s", want, r.out)
		}
	}
	data := outcomeOf(t, must(t, OK, "info", "--json", path).out)["data"].(map[string]any)
	first := data["sessions"].([]any)[0].(map[string]any)
	if texts := first["cd_text"].([]any); len(texts) != 2 || texts[1].(map[string]any)["language"] != "German" {
		t.Errorf("%v", texts)
	}
	track := first["tracks"].([]any)[1].(map[string]any)
	if track["msf"] != "00:08:07" || track["length_msf"] != "00:04:00" || len(track["indexes"].([]any)) != 2 {
		t.Errorf("%v", track)
	}
	cue := written(t, "cue", "disc.cue")
	if out := must(t, OK, "info", cue).out; !strings.Contains(out, "disc.cue, disc.bin") {
		t.Errorf("%s", out)
	}
}

// TestExtractTrack writes tracks to files: audio as WAV or samples, data as user data or
// whole sectors.
func TestExtractTrack(t *testing.T) {
	path := written(t, "nrg", "disc.nrg")
	d := imagetest.Sessions(t)
	tracks := append(d.TOC().Sessions[0].Tracks[:2:2], d.TOC().Sessions[1].Tracks...)
	bytesOf := func(k disc.Track, f disc.Form) []byte {
		p := make([]byte, k.Length*int64(f.Size()))
		if _, err := d.ReadSectors(t.Context(), p, k.Start, f); err != nil {
			t.Fatal(err)
		}
		return p
	}
	dir := t.TempDir()
	for _, c := range []struct {
		track disc.Track
		file  string
		form  disc.Form
		skip  int
	}{
		{tracks[0], "data.iso", disc.User, 0},
		{tracks[0], "data.bin", disc.Raw, 0},
		{tracks[1], "song.wav", disc.Raw, 44},
		{tracks[1], "song.bin", disc.Raw, 0},
		{tracks[2], "xa.bin", disc.Raw, 0},
	} {
		file := filepath.Join(dir, c.file)
		must(t, OK, "extract", "--track", strconv.Itoa(c.track.Number), path, "-o", file)
		if got := content(t, file); !bytes.Equal(got[c.skip:], bytesOf(c.track, c.form)) {
			t.Errorf("%s is not track %d", c.file, c.track.Number)
		}
		must(t, Failed, "extract", "--track", strconv.Itoa(c.track.Number), path, "-o", file)
		must(t, OK, "extract", "--existing", "replace", "--track", strconv.Itoa(c.track.Number), path, "-o", file)
	}
	wav := content(t, filepath.Join(dir, "song.wav"))
	if string(wav[:4]) != "RIFF" || int(binary.LittleEndian.Uint32(wav[4:])) != len(wav)-8 || int(binary.LittleEndian.Uint32(wav[40:])) != len(wav)-44 {
		t.Errorf("header %x", wav[:44])
	}
	if out := must(t, OK, "cat", "--track", "2", path).out; out != string(wav) {
		t.Error("cat prints something else")
	}
	if out := must(t, OK, "cat", "--track", "1", path).out; out != string(bytesOf(tracks[0], disc.User)) {
		t.Error("cat prints something else than the user data")
	}
	for _, c := range []struct {
		args string
		want Code
		says string
	}{
		{"extract --track 5 " + path + " -o " + dir + "/xa.iso", Failed, "ending in .bin"},
		{"extract --track 2 " + path + " -o " + dir + "/x.iso", Usage, "audio track"},
		{"extract --track 1 " + path + " -o " + dir + "/x.wav", Usage, "data track"},
		{"extract --track 9 " + path + " -o " + dir + "/x.bin", Failed, "no track 9"},
		{"extract " + path + " -o " + dir + "/x.bin", Usage, "--track"},
		{"cat " + path, Usage, "--track"},
		{"extract --existing replace --track 1 " + path + " -o " + path, Usage, "is a file of the image"},
	} {
		if r := must(t, c.want, strings.Fields(c.args)...); !strings.Contains(r.log, c.says) {
			t.Errorf("%s: %s", c.args, r.log)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "xa.iso")); err == nil {
		t.Error("a file was left of a track that cannot be written")
	}
}

// laterSession makes an image of a volume in a session that begins at an address.
func laterSession(t *testing.T, path string, start disc.LBA) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "later.txt"), []byte("later\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, "", "genisoimage", "-quiet", "-R", "-C", fmt.Sprintf("0,%d", start), "-o", path, dir)
}

// volumes is a disc of two sessions with a volume each.
type volumes struct {
	first, second []byte
	start         disc.LBA // of the second session
}

func (v *volumes) TOC() disc.TOC {
	return disc.TOC{Sessions: []disc.Session{
		{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Length: int64(len(v.first) / disc.SectorSize)}}},
		{Number: 2, Tracks: []disc.Track{{Number: 2, Mode: disc.Mode1, Start: v.start, Length: int64(len(v.second) / disc.SectorSize)}}},
	}}
}

func (v *volumes) Close() error { return nil }

func (v *volumes) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	from := v.first
	if lba >= v.start {
		from, lba = v.second, lba-v.start
	}
	return disc.FromReaderAt(bytes.NewReader(from), int64(len(from)), nil).ReadSectors(ctx, p, lba, f)
}

// twoVolumes writes an image of a disc with a volume in each of two sessions.
func twoVolumes(t *testing.T) (path string, second disc.LBA, alone string) {
	t.Helper()
	f, ok := image.ByName("cue")
	if !ok || f.Create == nil {
		t.Fatal("CUE cannot be written")
	}
	const start = 12000
	first := builtImage(t)
	later := filepath.Join(t.TempDir(), "later.iso")
	laterSession(t, later, start)
	d := &volumes{first: content(t, first), second: content(t, later), start: start}
	return imagetest.Create(t, f, d, format.Options{}, "disc.cue"), start, later
}

// TestTracksWithVolumes: --track and --session choose the volume, and a session that is alone
// in a file opens with --session-start.
func TestTracksWithVolumes(t *testing.T) {
	path, start, alone := twoVolumes(t)
	for _, c := range []struct {
		flags, want string
	}{
		{"", "later.txt"},
		{"--track 2", "later.txt"},
		{"--session 2", "later.txt"},
		{"--track 1", "readme.txt"},
		{"--session 1", "readme.txt"},
	} {
		out := must(t, OK, append([]string{"ls", path}, strings.Fields(c.flags)...)...).out
		if !strings.Contains(out, c.want) {
			t.Errorf("%s: %s", c.flags, out)
		}
	}
	if out := must(t, OK, "cat", "--track", "1", path, "readme.txt").out; out != files["readme.txt"] {
		t.Errorf("%q", out)
	}
	at := strconv.Itoa(int(start))
	if out := must(t, OK, "cat", "--session-start", at, alone, "later.txt").out; out != "later\n" {
		t.Errorf("%q", out)
	}
	must(t, OK, "info", "--check", "--session-start", at, alone)
	must(t, OK, "verify", "--session-start", at, alone)
	bin := filepath.Join(t.TempDir(), "track.iso")
	must(t, OK, "extract", "--track", "2", path, "-o", bin)
	if !bytes.Equal(content(t, bin), content(t, alone)) {
		t.Error("the track differs")
	}
	if r := must(t, Failed, "ls", "--track", "3", path); !strings.Contains(r.log, "no track 3") {
		t.Errorf("%s", r.log)
	}
	if r := must(t, Failed, "ls", "--session-start", at, sample(t)); !strings.Contains(r.log, "not an image file") {
		t.Errorf("%s", r.log)
	}
}

// TestVerifyKinds: verify checks what can be checked of each kind of disc, and says what has
// no checksum.
func TestVerifyKinds(t *testing.T) {
	f, ok := image.ByName("ccd")
	if !ok || f.Create == nil {
		t.Fatal("CloneCD images cannot be written")
	}
	for _, c := range []struct {
		sample func(testing.TB) disc.Disc
		says   []string
		not    string
	}{
		{imagetest.Mode1, []string{"EDC and ECC of 307 data sectors", "are correct"}, "not checked"},
		{imagetest.XA, []string{"EDC and ECC of 307 data sectors", "are correct"}, "not checked"},
		{imagetest.Audio, []string{"not checked, because there is no checksum: 984 audio sectors"}, "EDC"},
		{imagetest.Mixed, []string{"EDC and ECC of 307 data sectors", "no checksum: 1101 audio sectors"}, ""},
		{imagetest.SubChannels, []string{"EDC and ECC of 627 data sectors and the Q sub-channels of", "are correct"}, ""},
		{func(t testing.TB) disc.Disc { return extra{imagetest.Sessions(t)} }, []string{"EDC and ECC of 320 data sectors", "no checksum: 1408 audio sectors"}, ""},
	} {
		path := imagetest.Create(t, f, c.sample(t), format.Options{}, "disc.ccd")
		r := must(t, OK, "verify", path)
		for _, want := range c.says {
			if !strings.Contains(r.out, want) {
				t.Errorf("%q is missing in %s", want, r.out)
			}
		}
		if c.not != "" && strings.Contains(r.out, c.not) {
			t.Errorf("%q is in %s", c.not, r.out)
		}
	}
}

// extra is a disc without its first track, so that it begins with audio.
type extra struct{ disc.Disc }

func (e extra) TOC() disc.TOC {
	toc := e.Disc.TOC()
	sessions := append([]disc.Session(nil), toc.Sessions...)
	sessions[0].Tracks = append([]disc.Track(nil), sessions[0].Tracks[1:]...)
	sessions[0].Tracks[0].Pregap = 150
	for i := range sessions {
		sessions[i].Text = nil
	}
	toc.Sessions = sessions
	return toc
}
