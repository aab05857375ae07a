package command

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// build makes an image of the sample with these flags, and returns its path.
func build(t *testing.T, flags ...string) string {
	t.Helper()
	img := filepath.Join(t.TempDir(), "x.iso")
	must(t, OK, append([]string{"build", sample(t), "-o", img}, flags...)...)
	return img
}

func TestBuildUDF(t *testing.T) {
	for _, c := range []struct {
		flags []string
		views string
	}{
		{[]string{"--udf", "2.60"}, "Names Rock Ridge, Joliet, ISO 9660, UDF"},
		{[]string{"--udf", "1.02", "--joliet", "off"}, "Names Rock Ridge, ISO 9660, UDF"},
		{[]string{"--udf-only"}, "Names UDF"},
		{[]string{"--udf-only", "--udf", "2.50"}, "UDF"},
		{[]string{"--udf-growing"}, "UDF 2.01, Names UDF, virtual"},
		{[]string{"--udf-growing", "--udf", "1.50"}, "UDF 1.50, Names UDF, virtual"},
	} {
		img := build(t, c.flags...)
		out := strings.Join(strings.Fields(must(t, OK, "info", img).out), " ")
		for _, w := range strings.Split(c.views, ", ") {
			if !strings.Contains(out, w) {
				t.Errorf("%v: %q is missing in %s", c.flags, w, out)
			}
		}
		if got := must(t, OK, "cat", "--view", "udf", img, "readme.txt").out; got != files["readme.txt"] {
			t.Errorf("%v: cat: %q", c.flags, got)
		}
		if i := peertest.Run(t, "", "udfinfo", img); !strings.Contains(i, "udfrev=") {
			t.Errorf("%v: udfinfo: %s", c.flags, i)
		}
	}
	must(t, Usage, "build", sample(t), "-o", filepath.Join(t.TempDir(), "x"), "--udf", "3.00")
	must(t, Failed, "build", sample(t), "-o", filepath.Join(t.TempDir(), "x"), "--udf-growing", "--udf", "2.50")
}

// TestCheckUDF damages the UDF volume of a bridge disc, and of a disc with UDF only.
func TestCheckUDF(t *testing.T) {
	for _, test := range []struct {
		name   string
		flag   string
		sector int
		clear  int // sectors
		want   string
	}{
		{"main sequence", "--udf=2.01", 35, 0, "UDF: sector 35, byte 0: main volume descriptor sequence: the CRC"},
		{"root", "--udf=2.01", 257 + 2, 1, "root directory: file entry at block 2 of partition 0: sector 259"},
		{"a folder", "--udf=2.01", 257 + 3, 1, "UDF: sector 260, byte 0: /docs: file entry at block 3 "},
		{"a folder of UDF alone", "--udf-only", 257 + 3, 1, "  sector 260, byte 0: /docs: file entry at block 3 "},
		{"first anchor", "--udf=2.01", 256, 0, "UDF: sector 256, byte 0: anchor volume descriptor pointer: the CRC"},
	} {
		img := build(t, test.flag)
		p := []byte(content(t, img))
		p[test.sector*2048+17] ^= 1
		clear(p[test.sector*2048:][:test.clear*2048])
		if err := os.WriteFile(img, p, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := must(t, Differs, "info", "--check", img).out; !strings.Contains(got, test.want) {
			t.Errorf("%s: %q is missing in %s", test.name, test.want, got)
		} else if strings.Count(got, "\nDamage") != 1 {
			t.Errorf("%s: reported twice: %s", test.name, got)
		}
	}
}

func TestBuildMD5(t *testing.T) {
	img := build(t, "--md5")
	if out := must(t, OK, "verify", img).out; !strings.Contains(out, "embedded MD5") {
		t.Errorf("verify: %s", out)
	}
	peertest.Run(t, "", "checkisomd5", img)
	disc, file := blankDisc(t, "dvd+r")
	must(t, OK, "burn", img, disc)
	peertest.Run(t, "", "checkisomd5", file)
	f, err := os.OpenFile(img, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{0xFF}, 40*2048+3); err != nil {
		t.Fatal(err)
	}
	if r := must(t, Differs, "verify", img); !strings.Contains(r.log, "the image is damaged") {
		t.Errorf("%s", r.log)
	}
}

// TestBuildVolume checks the effect of each flag, with another program if possible.
func TestBuildVolume(t *testing.T) {
	list := func(img string) string { return peertest.Run(t, "", "bsdtar", "-tvf", img) }
	if got := list(build(t, "--rational")); !strings.Contains(got, "-r--r--r--") || strings.Contains(got, "rw") {
		t.Errorf("--rational: %s", got)
	}
	if got := list(build(t, "--uid", "1234", "--gid", "77", "--file-mode", "640", "--folder-mode", "0711")); !strings.Contains(got, "1234") || !strings.Contains(got, "-rw-r-----") || !strings.Contains(got, "drwx--x--x") {
		t.Errorf("owners: %s", got)
	}
	if got := list(build(t, "--date", "2001-02-03T04:05:06Z")); !strings.Contains(got, "Feb  3  2001") {
		t.Errorf("--date: %s", got)
	}
	if got := list(build(t, "--hide", "readme.txt")); strings.Contains(got, "readme.txt") {
		t.Errorf("--hide: %s", got)
	}
	img := build(t, "--checksums", "--identical", "--zisofs", "*.txt", "--order", "readme.txt=5", "--level", "4", "--rock-ridge", "1.12", "--stamps", "--attributes")
	out := t.TempDir()
	must(t, OK, "extract", img, "-C", out)
	peertest.Run(t, out, "sha256sum", "-c", "--strict", "SHA256SUMS")
	if got := must(t, OK, "info", "--check", img).out; !strings.Contains(got, "no damage") {
		t.Errorf("info --check: %s", got)
	}
	for _, bad := range [][]string{
		{"--date", "yesterday"},
		{"--order", "x"},
		{"--uid", "me"},
		{"--file-mode", "999"},
		{"--level", "5"},
		{"--boot", "what=ever"},
		{"--append-partition", "x"},
		{"--gpt", "maybe"},
		{"--boot-catalog", "/boot.cat"},
	} {
		must(t, Usage, append([]string{"build", sample(t), "-o", filepath.Join(t.TempDir(), "x")}, bad...)...)
	}
}

func TestBuildBoot(t *testing.T) {
	dir := sample(t)
	if err := os.WriteFile(filepath.Join(dir, "loader.bin"), make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	img := filepath.Join(t.TempDir(), "x.iso")
	must(t, OK, "build", dir, "-o", img, "--boot", "bios=/loader.bin,info-table", "--boot-catalog", "/boot.cat", "--gpt", "only")
	if got := peertest.Run(t, "", "xorriso", "-report_about", "WARNING", "-indev", img, "-report_el_torito", "plain", "-report_system_area", "plain"); !strings.Contains(got, "/loader.bin") || !strings.Contains(got, "GPT") {
		t.Errorf("xorriso: %s", got)
	}
	// Flags are added to those of a saved compilation.
	saved, again := filepath.Join(t.TempDir(), "x.glassmaster"), filepath.Join(t.TempDir(), "y.iso")
	must(t, OK, "build", dir, "--save", saved, "--boot", "bios=/loader.bin,info-table", "--uid", "7")
	must(t, OK, "build", "--from", saved, "-o", again, "--gpt", "only", "--gid", "8")
	if got := peertest.Run(t, "", "xorriso", "-report_about", "WARNING", "-indev", again, "-report_el_torito", "plain", "-report_system_area", "plain"); !strings.Contains(got, "/loader.bin") || !strings.Contains(got, "GPT") {
		t.Errorf("from a saved compilation: %s", got)
	}
	if got := peertest.Run(t, "", "bsdtar", "-tvf", again, "loader.bin"); !strings.Contains(got, "7      8") {
		t.Errorf("owners from a saved compilation: %s", got)
	}
	out := t.TempDir()
	text := must(t, OK, "info", img).out
	for _, want := range []string{"Boot image 1", "BIOS, no emulation, /loader.bin, ", "GPT entry 1"} {
		if !strings.Contains(text, want) {
			t.Errorf("info does not say %q:\n%s", want, text)
		}
	}
	about := outcomeOf(t, must(t, OK, "info", "--json", img).out)["data"].(map[string]any)["volume"].(map[string]any)
	first := about["boot_catalogue"].(map[string]any)["images"].([]any)[0].(map[string]any)
	if first["path"] != "/loader.bin" || first["lba"] != float64(fileAt(t, img, "/loader.bin")/2048) || first["bootable"] != true {
		t.Errorf("boot image: %v", first)
	}
	if tables := about["partition_tables"].([]any); len(tables) != 2 || tables[1].(map[string]any)["kind"] != "GPT" {
		t.Errorf("partition tables: %v", tables)
	}
	r := must(t, OK, "extract", "--json", "--boot", img, "-C", out)
	images := outcomeOf(t, r.out)["data"].(map[string]any)["boot_images"].([]any)
	if i := images[0].(map[string]any); len(images) != 1 || i["file"] != "1-loader.bin" || i["lba"] != float64(fileAt(t, img, "/loader.bin")/2048) {
		t.Errorf("boot images: %v", images)
	}
	want, err := os.ReadFile(filepath.Join(dir, "loader.bin"))
	if err != nil {
		t.Fatal(err)
	}
	copy(want[8:], content(t, img)[fileAt(t, img, "/loader.bin")+8:][:56]) // the boot information table
	if got := content(t, filepath.Join(out, "1-loader.bin")); !bytes.Equal(got, want) {
		t.Errorf("the boot image has %d bytes, and is another one", len(got))
	}
	must(t, Failed, "extract", "--boot", img, "-C", out)
	if r := must(t, Failed, "build", dir, "-o", img, "--boot", "bios=/missing.bin"); !strings.Contains(r.log, "missing.bin") {
		t.Errorf("%s", r.log)
	}
}

// fileAt returns the byte at which xorriso finds a file of an image.
func fileAt(t *testing.T, img, path string) int {
	t.Helper()
	out := peertest.Run(t, "", "xorriso", "-report_about", "WARNING", "-indev", img, "-find", path, "-exec", "report_lba", "--")
	_, line, _ := strings.Cut(strings.ReplaceAll(out, ",", " "), "File data lba:")
	var section, lba int
	if _, err := fmt.Sscan(line, &section, &lba); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	return lba * 2048
}

func TestListAttributes(t *testing.T) {
	dir := sample(t)
	peertest.Run(t, dir, "setfattr", "-n", "user.origin", "-v", "a scanner", "readme.txt")
	peertest.Run(t, dir, "setfacl", "-m", "u:1234:r", "readme.txt")
	img := filepath.Join(t.TempDir(), "x.iso")
	must(t, OK, "build", dir, "-o", img, "--attributes")
	for _, want := range []string{`user.origin="a scanner"`, "user:1234:r--"} {
		if got := must(t, OK, "ls", "-la", img, "readme.txt").out; !strings.Contains(got, want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
	if got := must(t, OK, "ls", "-l", img, "readme.txt").out; strings.Contains(got, "user.origin") {
		t.Errorf("without --attributes: %s", got)
	}
	if got := must(t, OK, "ls", "--json", "--attributes", img, "readme.txt").out; !strings.Contains(got, `"xattr":{"user.origin":"YSBzY2FubmVy"}`) {
		t.Errorf("--json: %s", got)
	}
}
