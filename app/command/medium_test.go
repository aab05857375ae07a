package command

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive"
	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
)

// interruptBurn writes some sectors and leaves the disc as a killed burn does.
func interruptBurn(t *testing.T, recorder string, w mmc.WriteParameters) {
	t.Helper()
	d, err := drive.Open(t.Context(), recorder)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := read.Ready(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if w.DataBlock > 0 {
		if err := mmc.SetWriteParameters(t.Context(), d, w); err != nil {
			t.Fatal(err)
		}
	}
	p := virtualtest.Noise(640, 1)
	for at := 0; at < 640; at += 32 {
		if err := mmc.WriteBlocks(t.Context(), d, disc.LBA(at), p[at*disc.SectorSize:][:32*disc.SectorSize], disc.SectorSize); err != nil {
			t.Fatal(err)
		}
	}
}

// dataOf returns the field data of the result of a run with --json.
func dataOf(t *testing.T, r result) map[string]any {
	t.Helper()
	data, _ := outcomeOf(t, r.out)["data"].(map[string]any)
	return data
}

// A disc that an interrupted burn left open is shown, closed, appended to and finalized.
func TestCloseVerb(t *testing.T) {
	incremental := mmc.WriteParameters{FixedPacket: true, TrackMode: 5, DataBlock: 8, PacketSize: 16, LinkSize: 16}
	for medium, w := range map[string]mmc.WriteParameters{
		"cd-r": {Type: mmc.TrackAtOnce, TrackMode: 4, DataBlock: 8}, "dvd-r": incremental, "dvd+r": {}, "bd-r": {},
	} {
		t.Run(medium, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "disc")
			recorder := "virtual:" + file + "?sectors=60000&medium=" + medium
			interruptBurn(t, recorder, w)
			for _, extra := range [][]string{nil, {"--force"}} {
				r := must(t, NoMedium, append([]string{"burn", builtImage(t), recorder}, extra...)...)
				if !strings.Contains(r.log, "interrupted") || !strings.Contains(r.log, `"glassmaster close"`) {
					t.Errorf("burn: %s", r.log)
				}
			}
			data := dataOf(t, must(t, OK, "close", "--json", recorder))
			if steps, _ := data["steps"].([]any); len(steps) != 2 || data["status"] != "appendable" || data["last_session"] != "empty" {
				t.Errorf("close: %v", data)
			}
			if again := dataOf(t, must(t, OK, "close", "--json", recorder)); len(again["steps"].([]any)) != 0 {
				t.Errorf("close again: %v", again)
			}
			next := data["next_writable_lba"].(float64)
			back := filepath.Join(t.TempDir(), "back.iso")
			must(t, OK, "read", recorder, "-o", back)
			if !bytes.HasPrefix(content(t, back), virtualtest.Noise(640, 1)) {
				t.Error("what was written before cannot be read")
			}

			more := t.TempDir()
			put(t, filepath.Join(more, "second"), "second")
			session := filepath.Join(t.TempDir(), "session.iso")
			peertest.Run(t, "", "xorriso", "-as", "mkisofs", "-quiet", "-r", "-C", fmt.Sprintf("0,%.0f", next), "-o", session, more)
			if r := must(t, OK, "burn", "--append", session, recorder); strings.Contains(r.log, "warning") {
				t.Errorf("burn: %s", r.log)
			}
			if got := must(t, OK, "cat", recorder, "second").out; got != "second" {
				t.Errorf("cat: %q", got)
			}
			if medium == "cd-r" {
				must(t, NoMedium, "close", "--disc", recorder)
				return
			}
			if r := must(t, OK, "close", "--disc", recorder); !strings.Contains(r.log, "nothing can be added") {
				t.Errorf("close --disc: %s", r.log)
			}
			if got := dataOf(t, must(t, OK, "media", "--json", recorder)); got["status"] != "closed" {
				t.Errorf("media: %v", got)
			}
		})
	}
	blank, _ := blankDisc(t, "dvd+r")
	must(t, NoMedium, "close", blank)
	must(t, Usage, "close", "--track", "--disc", blank)
}

func TestFormatVerb(t *testing.T) {
	recorder, _ := blankDisc(t, "bd-re")
	must(t, OK, "burn", "--blank", builtImage(t), recorder)
	r := must(t, OK, "format", "--spare", "none", "--json", recorder)
	if data := dataOf(t, r); data["medium"] != "BD-RE" || data["capacity_sectors"] != 4000.0 {
		t.Errorf("format: %v", data)
	}
	must(t, OK, "burn", builtImage(t), recorder)
	r = must(t, OK, "format", recorder)
	if !strings.Contains(r.log, "disadvantages: the contents of the disc are lost: the ISO 9660") {
		t.Errorf("format: %s", r.log)
	}
	must(t, Usage, "format", "--spare", "some", recorder)
	other, _ := blankDisc(t, "dvd+r")
	must(t, NoMedium, "format", other)
	if out := must(t, OK, "__complete", "format", "--spare", "").out; !strings.Contains(out, "usual\nnone\nmost\n") {
		t.Errorf("completion: %q", out)
	}
}

func TestTrayVerbs(t *testing.T) {
	recorder, _ := blankDisc(t, "dvd+r")
	if data := dataOf(t, must(t, OK, "load", "--json", recorder)); data["medium"] != "DVD+R" {
		t.Errorf("load: %v", data)
	}
	if r := must(t, OK, "eject", recorder); !strings.Contains(r.log, "the tray is open") {
		t.Errorf("eject: %s", r.log)
	}
}

// A warning is printed once, even if several parts of the program report it.
func TestWarningsOnce(t *testing.T) {
	image := builtImage(t)
	for _, asJSON := range []bool{false, true} {
		recorder, _ := blankDisc(t, "dvd-r")
		args := []string{"burn", "--mode", "dao", "--append", image, recorder}
		if asJSON {
			args = append(args, "--json")
		}
		r := must(t, OK, args...)
		text := r.log
		if asJSON {
			text = ""
			for _, o := range objects(t, r.out) {
				if o["type"] == "message" {
					text += fmt.Sprintln(o["text"])
				}
			}
		}
		if got := strings.Count(text, "cannot stay open"); got != 1 {
			t.Errorf("the warning is printed %d times:\n%s", got, text)
		}
	}
}

// Speeds are given as multiples or in kB/s.
func TestSpeedFlag(t *testing.T) {
	image := builtImage(t)
	for _, c := range []struct{ speed, want string }{{"8x", "8x (11080 kB/s)"}, {"5540", "4x (5540 kB/s)"}} {
		recorder, _ := blankDisc(t, "dvd+r")
		if r := must(t, OK, "burn", "--speed", c.speed, image, recorder); !strings.Contains(r.log, "set the speed to "+c.want) {
			t.Errorf("%s: %s", c.speed, r.log)
		}
	}
	recorder, _ := blankDisc(t, "dvd+r")
	for _, speed := range []string{"-1", "-8x", "fast", ""} {
		if r := must(t, Usage, "burn", "--speed="+speed, image, recorder); !strings.Contains(r.log, "is not a speed") {
			t.Errorf("%q: %s", speed, r.log)
		}
	}
}

// A drive that reports success but did nothing has an exit code of its own.
func TestDriveWithoutEffect(t *testing.T) {
	image := builtImage(t)
	for _, c := range []struct {
		medium, idle string
		args         []string
	}{
		{"cd-rw", "a1", []string{"blank"}},
		{"dvd-rw", "a1", []string{"blank", "--full"}},
		{"dvd+rw", "2a", []string{"blank"}},
		{"bd-re", "2a", []string{"blank", "--full"}},
		{"bd-re", "04", []string{"format", "--spare", "none"}},
		{"dvd+r", "5b", []string{"close", "--disc"}},
	} {
		recorder, _ := blankDisc(t, c.medium)
		must(t, OK, "burn", "--append", image, recorder)
		r := must(t, Differs, append(c.args, recorder+"&idle="+c.idle)...)
		if !strings.Contains(r.log, "reported success, but the disc is unchanged") {
			t.Errorf("%s %v: %s", c.medium, c.args, r.log)
		}
		must(t, OK, "ls", recorder)
	}
}

// With --force, an image without a known file system is burned unchanged, here an ext4
// file system.
func TestForceUnknown(t *testing.T) {
	image := filepath.Join(t.TempDir(), "data.img")
	peertest.Run(t, "", "mke2fs", "-q", "-t", "ext4", image, "4M")
	for _, medium := range []string{"dvd+r", "bd-re", "cd-r"} {
		recorder, file := blankDisc(t, medium)
		r := must(t, Failed, "burn", image, recorder)
		if !strings.Contains(r.log, "Linux file system") {
			t.Errorf("burn: %s", r.log)
		}
		if got := dataOf(t, must(t, OK, "media", "--json", recorder)); got["status"] == "closed" {
			t.Fatalf("media: %v", got)
		}
		must(t, OK, "burn", "--force", image, recorder)
		if want := content(t, image); !bytes.HasPrefix(content(t, file), want) {
			t.Errorf("%s: what was burned is not the image", medium)
		}
	}
}

// A session dated earlier than the one before it is shown by a drive, but not by an image
// read from it. A warning reports this.
func TestReadHiddenSession(t *testing.T) {
	recorder, _ := blankDisc(t, "dvd+r")
	dir := t.TempDir()
	second, back := filepath.Join(dir, "second.iso"), filepath.Join(dir, "back.iso")
	for _, folder := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put(t, filepath.Join(dir, "one", "one.txt"), "1")
	put(t, filepath.Join(dir, "two", "two.txt"), "2")
	must(t, OK, "burn", "--yes", "--append", filepath.Join(dir, "one"), recorder)
	next := outcomeOf(t, must(t, OK, "media", "--json", recorder).out)["data"].(map[string]any)["next_writable_lba"].(float64)
	peertest.Run(t, dir, "genisoimage", "-quiet", "-R", "-C", fmt.Sprintf("0,%d", int(next)), "-o", second, "two")
	p, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	copy(p[16*2048+813:], "1999123123595900") // when the volume was made (ECMA-119 8.4.26)
	if err := os.WriteFile(second, p, 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, OK, "burn", "--yes", "--append", second, recorder)
	if r := must(t, OK, "ls", recorder); !strings.Contains(r.out, "two.txt") {
		t.Error(r.out)
	}
	if r := must(t, OK, "read", recorder, "-o", back); !strings.Contains(r.log, "does not show the session from sector") {
		t.Error(r.log)
	}
}

// An interrupted disc-at-once burn of a DVD-R is filled when it is closed. Every sector
// can then be read, but the disc must not be reported as good.
func TestCloseFilledUp(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	image := filepath.Join(dir, "image.iso")
	if err := os.WriteFile(filepath.Join(dir, "file"), bytes.Repeat([]byte("text of a file\n"), 200_000), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, OK, "build", filepath.Join(dir, "file"), "-o", image)
	for _, medium := range []string{"dvd-r", "dvd-rw"} {
		recorder, _ := blankDisc(t, medium)
		if err := exec.Command(bin, "burn", "--yes", "--mode", "dao", image, recorder+"&kill=45").Run(); err == nil {
			t.Fatal("the burn was not killed")
		}
		r := must(t, OK, "media", recorder)
		if !strings.Contains(r.out, "fills the disc") || strings.Contains(r.out, "another session can be added") {
			t.Errorf("%s: %s", medium, r.out)
		}
		if r := must(t, NoMedium, "burn", "--yes", image, recorder); strings.Contains(r.log, "genisoimage") || strings.Contains(r.log, "--blank") != (medium == "dvd-rw") {
			t.Errorf("%s: %s", medium, r.log)
		}
		must(t, OK, "close", "--yes", recorder)
		if r := must(t, Differs, "verify", recorder); !strings.Contains(r.log, "interrupted") {
			t.Errorf("%s: %s", medium, r.log)
		}
		if r := must(t, OK, "ls", recorder); !strings.Contains(r.log, "incomplete") {
			t.Errorf("%s: %s", medium, r.log)
		}
	}
}
