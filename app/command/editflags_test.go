package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/virtualtest"
)

// TestEditFlags gives "edit" and "compact" flags that do not go together. None of them must
// change the image or write anything.
func TestEditFlags(t *testing.T) {
	img := builtImage(t)
	folder := filepath.Join(t.TempDir(), "boot")
	before := content(t, img)
	for _, args := range [][]string{
		{"edit"},
		{"edit", img, "--mkdir", "x"},
		{"edit", img, "--in-place"},
		{"edit", img, "--mkdir", "x", "--in-place", "--format", "cue"},
		{"edit", img, "--mkdir", "x", "--in-place", "--verify"},
		{"edit", img, "--mkdir", "x", "--in-place", "--force"},
		{"edit", img, "--mkdir", "x", "--in-place", "-o", folder + ".iso"},
		{"edit", img, "--mkdir", "x", "--no-verify", "-o", folder + ".iso"},
		{"edit", img, "--mkdir", "x", "--update", "-o", folder + ".iso"},
		{"edit", img, "--mkdir", "x", "--extract-boot", folder},
		{"edit", img, "--extract-boot", folder, "--dry-run"},
		{"edit", img, "--mkdir", "x", "-o", "-"},
		{"edit", img, "--replace", "x", "--dry-run"},
		{"edit", img, "--rename", "readme.txt", "--dry-run"},
		{"edit", img, "--chmod", "755", "--dry-run"},
		{"edit", img, "--remove", "[", "--dry-run"},
		{"compact", img, "--format", "cue"},
		{"compact", img, "--verify"},
		{"compact", img, "--force"},
		{"compact", img, "--no-verify", "-o", folder + ".iso"},
		{"compact", img, "-o", "-"},
	} {
		must(t, Usage, args...)
	}
	if string(content(t, img)) != string(before) {
		t.Error("the image was changed")
	}
	for _, path := range []string{folder, folder + ".iso"} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s was written", path)
		}
	}
}

// TestDryRunIsKept compares what a plan says with what is done then.
func TestDryRunIsKept(t *testing.T) {
	img := builtImage(t)
	to := filepath.Join(t.TempDir(), "new.iso")
	change := []string{"edit", img, "--mkdir", "x", "--label", "OTHER"}
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{nil, "an update writes"},
		{[]string{"--rewrite"}, "a new file of"},
		{[]string{"--update"}, "an update writes"},
		{[]string{"-o", to}, "It is written to " + to + ", and the old image stays as it is."},
	} {
		out := must(t, OK, append(append(change, "--dry-run"), c.flags...)...).out
		for _, want := range []string{"added      /x\n", "label      \"OTHER\" (was \"Sample\")\n", c.want} {
			if !strings.Contains(out, want) {
				t.Errorf("%v: %q is missing in\n%s", c.flags, want, out)
			}
		}
		if c.flags != nil && c.flags[0] == "-o" && strings.Contains(out, "n place") {
			t.Errorf("the plan of a new image speaks of a change in place:\n%s", out)
		}
	}
	plan := outcomeOf(t, must(t, OK, append(change, "--dry-run", "--json")...).out)["data"].(map[string]any)
	done := outcomeOf(t, must(t, OK, append(change, "--in-place", "--json")...).out)["data"].(map[string]any)
	for _, key := range []string{"bytes_before", "bytes_after", "bytes_written"} {
		if plan[key] != done[key] {
			t.Errorf("%s: planned %v, done %v", key, plan[key], done[key])
		}
	}
	if info, err := os.Stat(img); err != nil || float64(info.Size()) != plan["bytes_after"] {
		t.Errorf("the image has %d bytes, and %v were planned", info.Size(), plan["bytes_after"])
	}
}

// game makes a CUE image with a file for each track, whose names begin with stem, and
// returns the path of the sheet.
func game(t *testing.T, stem string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "Game"), 0o755); err != nil {
		t.Fatal(err)
	}
	must(t, OK, "convert", builtImage(t), filepath.Join(dir, "data.cue"))
	for n, from := range map[string]string{"1": string(content(t, filepath.Join(dir, "data.bin"))), "2": string(virtualtest.Noise(1000, 2)[:2352*750])} {
		put(t, filepath.Join(dir, "Game", stem+n+").bin"), from)
	}
	sheet := filepath.Join(dir, "Game", "Game.cue")
	put(t, sheet, `FILE "`+stem+`1).bin" BINARY
  TRACK 01 MODE1/2352
    INDEX 01 00:00:00
FILE "`+stem+`2).bin" BINARY
  TRACK 02 AUDIO
    INDEX 00 00:00:00
    INDEX 01 00:02:00
`)
	return sheet
}

// TestEditTracks changes an image with a file for each track: it keeps its files, and no
// file that is not part of it is replaced.
func TestEditTracks(t *testing.T) {
	sheet := game(t, "Game (Track ")
	dir := filepath.Dir(sheet)
	foreign := filepath.Join(dir, "Game.bin")
	put(t, foreign, "something else")
	audio := content(t, filepath.Join(dir, "Game (Track 2).bin"))
	text := string(content(t, sheet))
	if r := must(t, OK, "edit", sheet, "--mkdir", "x", "--in-place"); !strings.Contains(r.log, "track 2 will begin at sector ") {
		t.Errorf("it does not say that the audio begins elsewhere: %s", r.log)
	}
	if !strings.Contains(must(t, OK, "ls", sheet).out, "x/\n") {
		t.Error("the folder was not made")
	}
	if got := strings.ReplaceAll(string(content(t, sheet)), "\r\n", "\n"); got != text {
		t.Errorf("the sheet became\n%s", got)
	}
	if string(content(t, foreign)) != "something else" {
		t.Error("a file that is not part of the image was replaced")
	}
	if string(content(t, filepath.Join(dir, "Game (Track 2).bin"))) != string(audio) {
		t.Error("the audio was changed")
	}

	sheet = game(t, "Other (")
	dir = filepath.Dir(sheet)
	foreign = filepath.Join(dir, "Game (Track 2).bin")
	put(t, foreign, "something else")
	text = string(content(t, sheet))
	r := must(t, Failed, "edit", sheet, "--mkdir", "x", "--in-place")
	if !strings.Contains(r.log, "is not part of") || string(content(t, foreign)) != "something else" || string(content(t, sheet)) != text {
		t.Errorf("a file that is not part of the image would be replaced: %s", r.log)
	}
	if err := os.Remove(foreign); err != nil {
		t.Fatal(err)
	}
	r = must(t, OK, "edit", sheet, "--mkdir", "x", "--in-place")
	if strings.Count(r.log, "is no longer part of the image") != 2 {
		t.Errorf("the old files are not named: %s", r.log)
	}
}

// TestEditDamagedTrack rewrites an image with a damaged sector: it stays as it is, and the
// program does not say that it was changed.
func TestEditDamagedTrack(t *testing.T) {
	dir := t.TempDir()
	sheet := filepath.Join(dir, "a.cue")
	must(t, OK, "convert", builtImage(t), sheet)
	bin := content(t, filepath.Join(dir, "a.bin"))
	bin[2352*30+2200] ^= 1 // ECC of a sector
	put(t, filepath.Join(dir, "a.bin"), string(bin))
	r := must(t, Failed, "edit", sheet, "--mkdir", "x", "--in-place")
	if !strings.Contains(r.log, "was not changed") || strings.Contains(r.log, "1 added") {
		t.Errorf("it says: %s", r.log)
	}
	if string(content(t, filepath.Join(dir, "a.bin"))) != string(bin) {
		t.Error("the image was changed")
	}
}

// TestEditBootImages removes the boot images of an image, alone and with their folder, and
// makes a file of the image its boot image again.
func TestEditBootImages(t *testing.T) {
	dir := sample(t)
	if err := os.Mkdir(filepath.Join(dir, "boot"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "boot", "bios.img"), string(virtualtest.Noise(2, 3)))
	efi := virtualtest.Noise(4, 4)
	copy(efi, "\xEB\x3C\x90MSDOS5.0\x00\x02") // a FAT file system, as far as its boot sector says
	copy(efi[54:], "FAT12   ")
	efi[510], efi[511] = 0x55, 0xAA
	put(t, filepath.Join(dir, "boot", "efi.img"), string(efi))
	img := filepath.Join(t.TempDir(), "boot.iso")
	must(t, OK, "build", dir, "-o", img, "--boot", "bios=/boot/bios.img,info-table", "--boot", "efi=/boot/efi.img")
	for _, c := range []struct {
		remove string
		lost   []string // the images that are missed
		left   int
	}{
		{"/boot/bios.img", []string{"/boot/bios.img was the boot image for BIOS"}, 1},
		{"/boot", []string{"/boot/bios.img was the boot image for BIOS", "/boot/efi.img was the boot image for EFI"}, 0},
		{"/readme.txt", nil, 2},
	} {
		r := must(t, OK, "edit", img, "--remove", c.remove, "--in-place", "--update")
		for _, want := range c.lost {
			if !strings.Contains(r.log, want) {
				t.Errorf("remove %s: %q is missing in\n%s", c.remove, want, r.log)
			}
		}
		if got := strings.Count(r.log, "was the boot image"); got != len(c.lost) {
			t.Errorf("remove %s: %d warnings\n%s", c.remove, got, r.log)
		}
		if got := strings.Count(must(t, OK, "info", img).out, "Boot image"); got != c.left {
			t.Errorf("remove %s: %d boot images are left, want %d", c.remove, got, c.left)
		}
		must(t, OK, "undo", "--yes", img)
	}

	for _, platform := range []string{"bios=/boot/bios.img", "efi=/boot/efi.img"} {
		must(t, OK, "edit", img, "--boot", platform, "--in-place", "--update")
		if out := must(t, OK, "info", "--check", img).out; strings.Count(out, "Boot image") != 2 || !strings.Contains(out, "/boot/bios.img, 4096 bytes") || !strings.Contains(out, "/boot/efi.img, 8192 bytes") {
			t.Errorf("--boot %s: %s", platform, out)
		}
	}
	folder := filepath.Join(t.TempDir(), "x")
	must(t, OK, "extract", img, "boot", "-C", folder)
	if string(content(t, filepath.Join(folder, "boot", "efi.img"))) != string(efi) {
		t.Error("the image for UEFI has other contents")
	}
}
