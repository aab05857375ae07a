package compilation

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
)

// bootable is a compilation with a boot image, boot code and a partition.
func bootable(t testing.TB, dir string) (*Compilation, *boot.Options) {
	t.Helper()
	put := func(name string, size int) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Repeat([]byte{0x90}, size), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put("tree/loader/loader.bin", 5000)
	o := &boot.Options{
		Images:  []boot.Image{{Path: "/loader/loader.bin", InfoTable: true}},
		Catalog: "/loader/boot.cat",
		Code:    put("code.bin", 440),
		GPT:     boot.GPTOnly,
		Append:  []boot.Partition{{Number: 2, Path: put("part.img", 9000), Type: boot.TypeLinux}},
	}
	return compile(t, filepath.Join(dir, "tree"), master.Options{Boot: o}), o
}

func image(t testing.TB, c *Compilation) []byte {
	t.Helper()
	m, err := c.Plan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var b bytes.Buffer
	if err := writeTo(context.Background(), m, &b); err != nil {
		t.Fatal(err)
	}
	random := make([]byte, m.Size())
	if _, err := m.ReadAt(random, 0); err != nil || !bytes.Equal(random, b.Bytes()) {
		t.Errorf("reading the image gives different bytes than writing it (%v)", err)
	}
	return b.Bytes()
}

func TestBootOptionsAreSaved(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	dir := t.TempDir()
	c, o := bootable(t, dir)
	path := filepath.Join(t.TempDir(), "saved"+Extension)
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	back, problems, err := Load(path)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	if !reflect.DeepEqual(back.Options.Boot, o) {
		t.Errorf("boot options\n%+v\nbecame\n%+v", o, back.Options.Boot)
	}
	first := image(t, c)
	if !bytes.Equal(first, image(t, back)) {
		t.Error("the loaded compilation gives another image")
	}
	// Planning does not change the compilation.
	if !bytes.Equal(first, image(t, c)) {
		t.Error("the second image of the compilation differs")
	}
	if c.Root().Lookup("/loader/boot.cat") != nil {
		t.Error("planning put the boot catalogue into the compilation")
	}
}

// TestBootPathsAreRelativeToTheProject loads a project written by hand.
func TestBootPathsAreRelativeToTheProject(t *testing.T) {
	dir := t.TempDir()
	bootable(t, dir)
	path := filepath.Join(dir, "hand"+Extension)
	text := `{"format":"glassmaster compilation","version":1,"options":{"boot":{
		"images":[{"path":"/loader.bin","platform":"bios","emulation":"none","loadSectors":-1}],
		"code":"code.bin","style":"plain","gpt":"none",
		"append":[{"number":4,"path":"part.img","type":"0x83"}]}},
		"root":{"mode":"d0755","entries":[{"name":"loader.bin","from":"tree/loader/loader.bin"}]}}`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, problems, err := Load(path)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	out := filepath.Join(dir, "x.iso")
	if err := os.WriteFile(out, image(t, c), 0o644); err != nil {
		t.Fatal(err)
	}
	report := peertest.Run(t, "", "xorriso", "-report_about", "FAILURE", "-indev", out, "-report_el_torito", "plain", "-report_system_area", "plain")
	for _, want := range []string{"0x00     10", "MBR partition      :   4   0x00  0x83"} {
		if !strings.Contains(report, want) {
			t.Errorf("%q is missing in the output of xorriso:\n%s", want, report)
		}
	}
}

func TestBootImageMissing(t *testing.T) {
	c, _ := bootable(t, t.TempDir())
	if err := c.Rename(c.Root().Lookup("/loader/loader.bin"), "other.bin"); err != nil {
		t.Fatal(err)
	}
	_, err := c.Plan(context.Background())
	if err == nil || !strings.Contains(err.Error(), "boot image /loader/loader.bin is not on the disc") {
		t.Errorf("error %v", err)
	}
}
