package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
)

// TestConvertToItself converts a plain image to a plain image, which is a copy of it.
func TestConvertToItself(t *testing.T) {
	from := builtImage(t)
	to := filepath.Join(t.TempDir(), "copy.iso")
	data := outcomeOf(t, must(t, OK, "convert", "--json", from, to).out)["data"].(map[string]any)
	if !bytes.Equal(content(t, from), content(t, to)) || data["verified"] != true || data["format"] != "ISO" || data["files"].([]any)[0] != to {
		t.Errorf("%v", data)
	}
	if out := must(t, OK, "convert", from, "-").out; out != string(content(t, from)) {
		t.Error("the image on standard output is another one")
	}
	must(t, Failed, "convert", from, from)
	must(t, Usage, "convert", from)
	must(t, Usage, "convert", from, filepath.Join(t.TempDir(), "x.zip"))
}

// written writes a sample disc as an image of a format.
func written(t *testing.T, name, file string) string {
	t.Helper()
	f, ok := image.ByName(name)
	if !ok || f.Create == nil {
		t.Fatalf("%s cannot be written", name)
	}
	return imagetest.Create(t, f, imagetest.Sessions(t), format.Options{}, file)
}

// TestConvertRefusesLoss: what the format cannot hold is reported, and nothing is written
// without --force.
func TestConvertRefusesLoss(t *testing.T) {
	from := written(t, "cue", "disc.cue")
	dir := t.TempDir()
	to := filepath.Join(dir, "disc.iso")
	r := must(t, Lossy, "convert", from, to)
	for _, want := range []string{
		"3 audio tracks are left out", "its 2 sessions", "only the user data of 1 track in mode 2 is kept",
		"the catalogue number is left out", "CD-TEXT in ", "64 sectors have no user data", "use --force",
	} {
		if !strings.Contains(r.log, want) {
			t.Errorf("%q is missing in\n%s", want, r.log)
		}
	}
	isEmpty(t, dir)
	must(t, OK, "convert", "--force", from, to)
	if _, err := os.Stat(to); err != nil {
		t.Error(err)
	}
}

// TestConvertPairs converts a disc from one format to another and back.
func TestConvertBack(t *testing.T) {
	from := written(t, "cue", "disc.cue")
	want := content(t, strings.TrimSuffix(from, ".cue")+".bin")
	dir := t.TempDir()
	nrg, back := filepath.Join(dir, "disc.nrg"), filepath.Join(dir, "back.bin")
	if r := must(t, OK, "convert", "--force", from, nrg); !strings.Contains(r.log, "read back and equal") {
		t.Errorf("%s", r.log)
	}
	must(t, OK, "convert", "--force", nrg, back)
	if !bytes.Equal(content(t, back), want) {
		t.Error("the sectors differ")
	}
	if _, err := os.Stat(filepath.Join(dir, "back.cue")); err != nil {
		t.Error(err)
	}
}

// TestConvertReplaces: files that the user did not name are replaced with --force only, and
// the files of the source never.
func TestConvertReplaces(t *testing.T) {
	from := written(t, "cue", "disc.cue")
	bin := strings.TrimSuffix(from, ".cue") + ".bin"
	dir := t.TempDir()
	to := filepath.Join(dir, "new.cue")
	if err := os.WriteFile(filepath.Join(dir, "new.bin"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := must(t, Failed, "convert", from, to); !strings.Contains(r.log, "new.bin exists") || !strings.Contains(r.log, "--force") {
		t.Errorf("%s", r.log)
	}
	if string(content(t, filepath.Join(dir, "new.bin"))) != "mine" {
		t.Error("the file was replaced")
	}
	must(t, OK, "convert", "--force", from, to)
	want := content(t, bin)
	for _, name := range []string{from, bin, filepath.Join(filepath.Dir(from), "disc.iso")} {
		if strings.HasSuffix(name, ".iso") {
			continue
		}
		if r := must(t, Failed, "convert", "--force", from, name); !strings.Contains(r.log, "is a source") {
			t.Errorf("%s", r.log)
		}
	}
	if !bytes.Equal(content(t, bin), want) {
		t.Error("the source was changed")
	}
}

// TestConvertPerTrack writes a file for each track, where the format has that.
func TestConvertPerTrack(t *testing.T) {
	from := written(t, "cue", "disc.cue")
	dir := t.TempDir()
	r := must(t, OK, "convert", "--json", "--per-track", from, filepath.Join(dir, "split.cue"))
	list := outcomeOf(t, r.out)["data"].(map[string]any)["files"].([]any)
	if len(list) < 6 {
		t.Errorf("%v", list)
	}
	for _, path := range list {
		if _, err := os.Stat(path.(string)); err != nil {
			t.Error(err)
		}
	}
	whole := filepath.Join(dir, "whole.bin")
	must(t, OK, "convert", filepath.Join(dir, "split.cue"), whole)
	if !bytes.Equal(content(t, whole), content(t, strings.TrimSuffix(from, "cue")+"bin")) {
		t.Error("the sectors differ")
	}
	if r := must(t, Failed, "convert", "--force", "--per-track", from, filepath.Join(dir, "x.iso")); !strings.Contains(r.log, "file for each track") {
		t.Errorf("%s", r.log)
	}
}

// TestReadRefusesLoss: a disc with audio is not read into an image without it, unless --force
// accepts that.
func TestReadRefusesLoss(t *testing.T) {
	from, to := written(t, "cue", "disc.cue"), filepath.Join(t.TempDir(), "disc.iso")
	r := must(t, Lossy, "read", from, "-o", to)
	if _, err := os.Stat(to); err == nil || !strings.Contains(r.log, "3 audio tracks are left out") {
		t.Errorf("%s", r.log)
	}
	must(t, OK, "read", "--force", from, "-o", to)
	must(t, OK, "read", from, "-o", filepath.Join(t.TempDir(), "disc.nrg"))
}

// TestBurnDamaged: no disc is used up for an image that cannot be read to its end, and corrected
// sectors are reported.
func TestBurnDamaged(t *testing.T) {
	dir := t.TempDir()
	cue, bin := filepath.Join(dir, "disc.cue"), filepath.Join(dir, "disc.bin")
	must(t, OK, "convert", builtImage(t), cue)
	sheet := content(t, cue)
	if err := os.WriteFile(cue, append([]byte("CATALOG 4006381333931\n"), sheet...), 0o600); err != nil {
		t.Fatal(err)
	}
	damage(t, bin, 20*2352+100)
	drive := "virtual:" + filepath.Join(dir, "medium") + "?medium=cd-r"
	ruin(t, bin, 25)
	r := must(t, Failed, "burn", "--yes", cue, drive)
	if !strings.Contains(r.log, "nothing was written, because the source cannot be read at sector 25") {
		t.Errorf("%s", r.log)
	}
	if r := must(t, OK, "media", drive); !strings.Contains(r.out, "blank") {
		t.Errorf("%s", r.out)
	}
	must(t, OK, "convert", "--force", builtImage(t), cue)
	if err := os.WriteFile(cue, append([]byte("CATALOG 4006381333931\n"), sheet...), 0o600); err != nil {
		t.Fatal(err)
	}
	damage(t, bin, 20*2352+100)
	r = must(t, OK, "burn", "--yes", cue, drive)
	for _, want := range []string{"was corrected by its ECC; the first is sector 20"} {
		if !strings.Contains(r.log, want) {
			t.Errorf("%q is missing in\n%s", want, r.log)
		}
	}
}

// TestConvertKeepsDamage: sectors whose EDC is wrong are the same in every format of whole
// sectors, as copy protections need it.
func TestConvertKeepsDamage(t *testing.T) {
	from := written(t, "cue", "disc.cue")
	bin := strings.TrimSuffix(from, "cue") + "bin"
	ruin(t, bin, 17)
	dir := t.TempDir()
	must(t, Partly, "convert", "--force", from, filepath.Join(dir, "x.nrg"))
	must(t, Partly, "convert", "--force", filepath.Join(dir, "x.nrg"), filepath.Join(dir, "y.cue"))
	if !bytes.Equal(content(t, filepath.Join(dir, "y.bin")), content(t, bin)) {
		t.Error("the sectors differ")
	}
}

// TestConvertTooLarge: a disc that is larger than a CD is refused by a format of CDs, with the
// formats that can hold it.
func TestConvertTooLarge(t *testing.T) {
	written(t, "cue", "x.cue")
	large := builtImage(t)
	if err := os.Truncate(large, (format.MaxCDSectors+1)*2048); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if r := must(t, Failed, "convert", large, filepath.Join(dir, "x.cue")); !strings.Contains(r.log, "at most 449850") || !strings.Contains(r.log, "ISO") {
		t.Errorf("%s", r.log)
	}
	isEmpty(t, dir)
}

// damage changes bytes of a file.
func damage(t *testing.T, path string, offsets ...int) {
	t.Helper()
	p := content(t, path)
	for _, at := range offsets {
		p[at] ^= 0x5A
	}
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
}

// ruin damages a whole sector of a file, so that it cannot be corrected.
func ruin(t *testing.T, path string, sector int) {
	t.Helper()
	var all []int
	for i := 16; i < 2000; i += 3 {
		all = append(all, sector*2352+i)
	}
	damage(t, path, all...)
}

// TestVerifyAndRepair damages sectors of an image: verify names them, --repair corrects what
// the ECC allows, and a conversion to user data corrects it, too.
func TestVerifyAndRepair(t *testing.T) {
	iso := builtImage(t)
	dir := t.TempDir()
	cue, bin := filepath.Join(dir, "disc.cue"), filepath.Join(dir, "disc.bin")
	must(t, OK, "convert", iso, cue)
	if len(content(t, bin))%2352 != 0 {
		t.Fatal("the image does not store whole sectors")
	}
	if r := must(t, OK, "verify", cue); !strings.Contains(r.out, "EDC and ECC of") {
		t.Errorf("%s", r.out)
	}
	good := content(t, bin)
	damage(t, bin, 20*2352+100, 20*2352+101, 30*2352+2200)
	r := must(t, Differs, "verify", cue)
	for _, want := range []string{"sector 20: wrong EDC, P parity, Q parity", "sector 30: wrong P parity, Q parity", "2 sectors are damaged", "all of them can be corrected", "--repair"} {
		if !strings.Contains(r.out+r.log, want) {
			t.Errorf("%q is missing in\n%s%s", want, r.out, r.log)
		}
	}
	faults := outcomeOf(t, must(t, Differs, "verify", "--json", cue).out)["data"].(map[string]any)["faults"].(map[string]any)
	if faults["damaged_sectors"] != 2.0 || faults["correctable_sectors"] != 2.0 || faults["kinds"].(map[string]any)["EDC"] != 1.0 {
		t.Errorf("%v", faults)
	}
	damaged := content(t, bin)
	whole := filepath.Join(t.TempDir(), "whole.chd")
	if r := must(t, Partly, "convert", cue, whole); !strings.Contains(r.log, "is as damaged as its source: 2 sectors are damaged") || strings.Contains(r.log, "was corrected") {
		t.Errorf("%s", r.log)
	}
	if r := must(t, Partly, "verify", cue, whole); !strings.Contains(r.log, "are equal, but not good: in both of them, 2 sectors are damaged") {
		t.Errorf("%s", r.log)
	}
	if r := must(t, OK, "verify", cue, iso); !strings.Contains(r.log, "was corrected by its ECC") {
		t.Errorf("%s", r.log)
	}
	repaired := filepath.Join(t.TempDir(), "repaired.cue")
	if r := must(t, OK, "verify", "--repair", cue, "-o", repaired); !strings.Contains(r.out, "2 sectors corrected, read back and equal") {
		t.Errorf("%s", r.out)
	}
	if !bytes.Equal(content(t, strings.TrimSuffix(repaired, "cue")+"bin"), good) || !bytes.Equal(content(t, bin), damaged) {
		t.Error("the repaired image is another one than before, or the source was changed")
	}
	back := filepath.Join(t.TempDir(), "back.iso")
	if r := must(t, OK, "convert", cue, back); !strings.Contains(r.log, "was corrected by its ECC; the first is sector 20") || !bytes.Equal(content(t, back), content(t, iso)) {
		t.Errorf("%s", r.log)
	}

	ruin(t, bin, 25)
	if r := must(t, Differs, "verify", "--repair", cue, "-o", filepath.Join(t.TempDir(), "x.cue")); !strings.Contains(r.out+r.log, "sector 25: wrong EDC") || !strings.Contains(r.log, "1 sector is damaged") {
		t.Errorf("%s%s", r.out, r.log)
	}
	none := filepath.Join(t.TempDir(), "none.iso")
	if r := must(t, Failed, "convert", cue, none); !strings.Contains(r.log, "sector 25 is damaged") {
		t.Errorf("%s", r.log)
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("an image was written")
	}
	must(t, Differs, "convert", "--keep-going", cue, none)
	zeros := content(t, iso)
	clear(zeros[25*2048 : 26*2048])
	if !bytes.Equal(content(t, none), zeros) {
		t.Error("not the data with zeros in place of the sector")
	}
}
