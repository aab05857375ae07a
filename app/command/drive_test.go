package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/drive"
	"glassmaster/drive/scsi"
	"glassmaster/drive/tgtdtest"
	"glassmaster/mastering/peertest"
)

// blankDisc returns the name of a virtual recorder with a blank disc in it, and the disc
// file.
func blankDisc(t *testing.T, medium string) (name, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "disc")
	return "virtual:" + file + "?sectors=4000&medium=" + medium, file
}

// A folder is burned on each kind of disc, and all other verbs then see the same files.
func TestBurnFolder(t *testing.T) {
	dir := sample(t)
	for _, medium := range []string{"dvd+r", "dvd-r", "cd-r", "bd-r", "dvd+rw", "bd-re", "cd-rw", "dvd-rw"} {
		t.Run(medium, func(t *testing.T) {
			recorder, _ := blankDisc(t, medium)
			if out := must(t, OK, "media", recorder).out; !strings.Contains(strings.ToLower(out), medium) {
				t.Errorf("media: %s", out)
			}
			r := must(t, OK, "burn", "--json", dir, recorder)
			o := outcomeOf(t, r.out)
			data := o["data"].(map[string]any)
			if data["verified"] != true || len(data["sha256"].(string)) != 64 {
				t.Errorf("%v", data)
			}
			if got := must(t, OK, "cat", recorder, "docs/deep/er/still.bin").out; got != files["docs/deep/er/still.bin"] {
				t.Errorf("cat: %d bytes", len(got))
			}
			if out := must(t, OK, "info", "--check", recorder).out; !strings.Contains(out, "no damage found") {
				t.Errorf("info: %s", out)
			}
		})
	}
}

func TestBurnReadVerify(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	dir, image := sample(t), builtImage(t)
	recorder, file := blankDisc(t, "dvd+r")
	r := must(t, OK, "burn", image, recorder, "--yes")
	for _, want := range []string{"DVD+R", "read back and equal", "comparing"} {
		if !strings.Contains(r.log, want) {
			t.Errorf("burn: %q is missing in\n%s", want, r.log)
		}
	}
	for _, other := range []string{image, dir} {
		if r := must(t, OK, "verify", other, recorder); !strings.Contains(r.out, "are equal") {
			t.Errorf("verify: %s", r.out)
		}
	}
	must(t, OK, "verify", recorder)

	back := filepath.Join(t.TempDir(), "back.iso")
	must(t, OK, "read", recorder, "-o", back)
	if want := content(t, image); !bytes.HasPrefix(content(t, back), want) {
		t.Error("what was read back is not what was burned")
	}
	if piped := must(t, OK, "read", recorder, "-o", "-").out; piped != string(content(t, back)) {
		t.Error("reading to standard output gives something else")
	}

	r = must(t, NoMedium, "burn", image, recorder)
	if !strings.Contains(r.log, "closed") {
		t.Errorf("burning a full disc: %s", r.log)
	}

	// One byte of one file is changed on the disc.
	whole := content(t, file)
	at := bytes.Index(whole, []byte("read me\n"))
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("R"), int64(at)); err != nil {
		t.Fatal(err)
	}
	f.Close()
	r = must(t, Differs, "verify", "--json", image, recorder)
	bad := outcomeOf(t, r.out)["data"].(map[string]any)["differs"].(map[string]any)
	if bad["lba"] != float64(at/2048) || bad["offset"] != float64(at%2048) || bad["bad_sectors"] != 1.0 || !strings.Contains(bad["file"].(string), "readme.txt") {
		t.Errorf("difference: %v, want sector %d, byte %d, readme.txt", bad, at/2048, at%2048)
	}
	if !strings.Contains(r.log, "readme.txt") {
		t.Errorf("verify: %s", r.log)
	}
}

// A folder is equal to a disc burned from it at any time, until one of its files changes.
func TestVerifyFolder(t *testing.T) {
	dir := sample(t)
	readme, saved := filepath.Join(dir, "readme.txt"), filepath.Join(t.TempDir(), "saved.glassmaster")
	for _, from := range []string{dir, saved} {
		put(t, readme, "read me\n")
		age(t, dir)
		if from == saved {
			must(t, OK, "build", dir, "--udf", "2.01", "--save", saved)
		}
		recorder, _ := blankDisc(t, "dvd+r")
		t.Setenv("SOURCE_DATE_EPOCH", "1600000000") // differs from the time of the verification
		must(t, OK, "burn", from, recorder)
		os.Unsetenv("SOURCE_DATE_EPOCH")
		must(t, OK, "verify", from, recorder)
		must(t, OK, "verify", recorder, from)
		put(t, readme, "changed\n")
		must(t, Differs, "verify", from, recorder)
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// age dates a folder and everything in it to the year 2017.
func age(t *testing.T, dir string) {
	t.Helper()
	at := time.Unix(1_500_000_000, 0)
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(path, at, at))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A burn that fails midway has exit code 1, even if the drive then reports that it has no
// disc. A burn that fails before it starts changes nothing.
func TestBurnInterrupted(t *testing.T) {
	image := builtImage(t)
	for fault, want := range map[string]Code{
		"fail=2a@2:2/3a/00": Failed,
		"fail=2a@1:2/3a/00": NoMedium,
		"fail=00:2/3a/00":   NoMedium,
	} {
		recorder := "virtual:" + filepath.Join(t.TempDir(), "disc") + "?sectors=2000&" + fault
		if r := run(t, "burn", image, recorder); r.code != want {
			t.Errorf("%s: exit code %d, want %d\n%s", fault, r.code, want, r.log)
		}
	}
}

func TestBurnIsTooLarge(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "big"), make([]byte, 9<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	recorder, _ := blankDisc(t, "dvd+r")
	r := must(t, NoMedium, "burn", dir, recorder)
	if !strings.Contains(r.log, "fit") {
		t.Errorf("%s", r.log)
	}
	if out := must(t, OK, "media", recorder).out; !strings.Contains(out, "blank") {
		t.Errorf("the disc was touched: %s", out)
	}
}

func TestBlankAndBurnAgain(t *testing.T) {
	dir := sample(t)
	recorder, _ := blankDisc(t, "dvd+rw")
	must(t, OK, "burn", dir, recorder)
	r := must(t, NoMedium, "burn", dir, recorder)
	if !strings.Contains(r.log, "the DVD+RW in the drive is not empty") {
		t.Errorf("%s", r.log)
	}
	must(t, OK, "burn", "--blank", dir, recorder)
	must(t, OK, "blank", recorder)
	must(t, OK, "burn", dir, recorder)
}

// tgtd, an independent drive emulator, over iSCSI.
func TestBurnOverTheNetwork(t *testing.T) {
	target := tgtdtest.Start(t)
	image := builtImage(t)
	recorder, file := target.Blank()
	must(t, OK, "burn", image, recorder)
	if !bytes.HasPrefix(content(t, file), content(t, image)) {
		t.Error("the disc does not hold the image")
	}
	must(t, OK, "verify", image, recorder)
	if got := must(t, OK, "cat", recorder, "readme.txt").out; got != files["readme.txt"] {
		t.Errorf("cat: %q", got)
	}
	empty := target.Drive("")
	r := must(t, NoMedium, "media", empty)
	if !strings.Contains(r.log, "no disc in the drive") {
		t.Errorf("media: %s", r.log)
	}
	must(t, NoMedium, "ls", empty)
	must(t, NoMedium, "burn", image, empty)

	t.Setenv(drive.Environment, recorder+","+empty)
	r = must(t, OK, "drives", "--json")
	if list, _ := outcomeOf(t, r.out)["data"].([]any); len(list) < 2 {
		t.Errorf("drives: %s", r.out)
	}
	if out := must(t, OK, "drives").out; !strings.Contains(out, recorder) {
		t.Errorf("drives: %s", out)
	}
}

// A volume made for sector 0 is not burned after another session, where its files could
// not be found. One made for that address is burned.
func TestSecondSession(t *testing.T) {
	dir := sample(t)
	recorder, file := blankDisc(t, "dvd+r")
	must(t, OK, "burn", "--append", dir, recorder)
	for _, from := range []string{dir, builtImage(t)} {
		r := must(t, NoMedium, "burn", from, recorder)
		if !strings.Contains(r.log, "was made for address 0") {
			t.Errorf("%s", r.log)
		}
	}
	o := outcomeOf(t, must(t, OK, "media", "--json", recorder).out)
	next := o["data"].(map[string]any)["next_writable_lba"].(float64)
	more := t.TempDir()
	if err := os.WriteFile(filepath.Join(more, "second"), []byte("second"), 0o600); err != nil {
		t.Fatal(err)
	}
	session := filepath.Join(t.TempDir(), "session.iso")
	peertest.Run(t, "", "genisoimage", "-quiet", "-R", "-C", fmt.Sprintf("0,%.0f", next), "-M", file, "-o", session, more)
	must(t, OK, "burn", session, recorder)
	if got := must(t, OK, "cat", recorder, "second", "readme.txt").out; got != "second"+files["readme.txt"] {
		t.Errorf("cat: %q", got)
	}
	if got := must(t, OK, "ls", "--session", "1", recorder).out; strings.Contains(got, "second") {
		t.Errorf("the first session: %s", got)
	}
}

func TestTrace(t *testing.T) {
	recorder, _ := blankDisc(t, "dvd+r")
	record := filepath.Join(t.TempDir(), "burn.trace")
	must(t, OK, "burn", "--trace", record, sample(t), recorder)
	for _, want := range []string{"# drive virtual:", "READ DISC INFORMATION", "WRITE(10)", "CLOSE TRACK/SESSION"} {
		if !bytes.Contains(content(t, record), []byte(want)) {
			t.Errorf("%q is missing in\n%s", want, content(t, record))
		}
	}
}

// The only drive needs no name.
func TestTheOnlyDrive(t *testing.T) {
	recorder, _ := blankDisc(t, "dvd+r")
	t.Setenv(drive.Environment, recorder)
	if found, err := drive.List(t.Context()); err != nil || len(found) != 1 {
		t.Logf("this machine has drives of its own: %v, %v", found, err)
		return
	}
	if out := must(t, OK, "media").out; !strings.Contains(out, recorder) {
		t.Errorf("%s", out)
	}
	must(t, OK, "burn", sample(t), "--yes")
	t.Setenv(drive.Environment, "")
	r := must(t, NoMedium, "media")
	if !strings.Contains(r.log, "no optical drive") {
		t.Errorf("%s", r.log)
	}
}

// A drive that another program uses is listed as in use, and gets no commands.
func TestDriveInUse(t *testing.T) {
	opened := 0
	drive.Register("held", func(_ context.Context, name string) (scsi.Transport, error) {
		opened++
		return nil, fmt.Errorf("opening the drive: %w", &scsi.InUseError{Drive: name, By: "growisofs (process 4711)"})
	})
	t.Setenv(drive.Environment, "held:1")
	const by = "in use by growisofs (process 4711)"
	if out := must(t, OK, "drives").out; !strings.Contains(out, by) {
		t.Errorf("drives: %s", out)
	}
	list, _ := outcomeOf(t, must(t, OK, "drives", "--json").out)["data"].([]any)
	if len(list) == 0 || list[len(list)-1].(map[string]any)["problem"] != by {
		t.Errorf("drives: %v", list)
	}
	image := builtImage(t)
	for _, verb := range [][]string{{"media", "held:1"}, {"verify", "held:1"}, {"verify", image, "held:1"}, {"ls", "held:1"}, {"info", "held:1"}, {"burn", image, "held:1"}, {"blank", "held:1"}, {"read", "held:1", "-o", filepath.Join(t.TempDir(), "x.iso")}} {
		before := opened
		if r := must(t, NoMedium, verb...); !strings.Contains(r.log, by) || opened != before+1 {
			t.Errorf("%v: opened %d times: %s", verb, opened-before, r.log)
		}
	}
}

// A recording made with --trace can be used as a drive.
func TestReplayTrace(t *testing.T) {
	dir := t.TempDir()
	disc, record := "virtual:"+filepath.Join(dir, "disc")+"?medium=cd-rw", filepath.Join(dir, "record")
	want := must(t, OK, "media", "--trace", record, disc).out
	got := must(t, OK, "media", "trace:"+record).out
	if _, want, _ = strings.Cut(want, "\n"); !strings.HasSuffix(got, want) || !strings.Contains(got, "CD-RW") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	must(t, OK, "burn", "--trace", record, "--no-verify", sample(t), disc)
	if r := must(t, Failed, "burn", "--no-verify", sample(t), "trace:"+record); !strings.Contains(r.log, "nothing can be written") {
		t.Errorf("burned to a record: %s", r.log)
	}
	must(t, OK, "blank", "--trace", record, disc)
	must(t, Failed, "blank", "trace:"+record)
	if err := os.WriteFile(record, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := run(t, "media", "trace:"+record); r.code == OK || !strings.Contains(r.log, "contains no commands") {
		t.Errorf("an empty recording: %d, %s", r.code, r.log)
	}
}

// A recording overwrites an earlier one, and no other file.
func TestTraceReplaces(t *testing.T) {
	dir := t.TempDir()
	disc, record := "virtual:"+filepath.Join(dir, "disc")+"?medium=cd-rw", filepath.Join(dir, "record")
	image := builtImage(t)
	for range 2 {
		must(t, OK, "media", "--trace", record, disc)
	}
	for path, args := range map[string][]string{
		record: {"media", "--trace", record, "trace:" + record},
		image:  {"burn", "--trace", image, image, disc},
	} {
		before := content(t, path)
		must(t, Usage, args...)
		if string(content(t, path)) != string(before) {
			t.Errorf("%s was replaced", path)
		}
	}
}
