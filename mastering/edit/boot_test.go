package edit_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/edit/operation"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// TestBootImageMoved renames and removes a boot image, and the folder that it is in, in each
// of the ways to change an image: its entry of the boot catalogue goes with the file.
func TestBootImageMoved(t *testing.T) {
	peertest.Need(t, "genisoimage")
	dir := t.TempDir()
	for name, text := range map[string][]byte{
		"boot/loader.bin": bytes.Repeat([]byte("loader"), 1000), "VIDEO_TS/VIDEO_TS.IFO": []byte("IFO"), "file": []byte("contents"),
	} {
		isotest.Must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		isotest.Must(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
	image := isotest.Genisoimage(t, dir, "-R", "-b", "boot/loader.bin", "-c", "boot/boot.cat", "-no-emul-boot", "-boot-info-table")
	for _, c := range []struct{ name, script, want string }{
		{"rename", "rename /boot/loader.bin=/boot/other.bin\n", "boot/other.bin"},
		{"rename the folder", "rename /boot=/start\n", "start/loader.bin"},
		{"remove", "remove /boot/loader.bin\n", ""},
		{"remove the folder", "remove /boot\n", ""},
		{"remove the folder, but not the image", "rename /boot/loader.bin=/loader.bin\nremove /boot\n", "loader.bin"},
	} {
		for _, way := range []string{"update", "session", "anew"} {
			t.Run(c.name+" "+way, func(t *testing.T) {
				script := c.script
				if way == "anew" { // which a change of a DVD-Video requires
					script += "remove /VIDEO_TS\n"
				}
				d := savedDisc(t, image, script, way == "session")
				v, err := volume.OpenFormat(t.Context(), d, iso9660.Format.Name, volume.Options{})
				isotest.Must(t, err)
				images, err := v.(*iso9660.FS).BootImages()
				isotest.Must(t, err)
				got := ""
				for _, e := range images {
					got += e.File
				}
				if got != c.want || len(images) > 1 || (len(images) == 1) != (c.want != "") {
					t.Errorf("it boots %q (%d entries), want %q", got, len(images), c.want)
				}
			})
		}
	}
}

// savedDisc carries out a script on an image, and returns the result.
func savedDisc(t *testing.T, image, script string, session bool) disc.Disc {
	t.Helper()
	m, _ := open(t, image)
	operations, err := operation.Parse(script)
	isotest.Must(t, err)
	_, err = operation.Apply(t.Context(), m.Compilation(), operations, progress.Discard)
	isotest.Must(t, err)
	plan := m.Plan
	if session {
		plan = func(ctx context.Context, rep progress.Reporter) (*edit.Plan, error) {
			return m.PlanSession(ctx, false, rep)
		}
	}
	p, err := plan(t.Context(), nil)
	isotest.Must(t, err)
	t.Cleanup(func() { p.Close() })
	isotest.Must(t, p.Prepare(t.Context(), progress.Discard))
	return p.Disc()
}

// TestReplaceAppendedPartition makes a file of an image the UEFI image that was an appended
// partition: that is replaced, and its entry still refers to it.
func TestReplaceAppendedPartition(t *testing.T) {
	peertest.Need(t, "xorriso", "mformat")
	dir := t.TempDir()
	fat := func(name, serial string) string {
		p := filepath.Join(dir, name)
		peertest.Run(t, "", "mformat", "-C", "-f", "1440", "-N", serial, "-i", p, "::")
		return p
	}
	esp := fat("esp", "11111111")
	top := filepath.Join(dir, "top")
	isotest.Must(t, os.Mkdir(top, 0o755))
	fat("top/other.img", "22222222")
	image := isotest.Xorriso(t, top, "-R", "-append_partition", "2", "0xef", esp, "-appended_part_as_gpt",
		"-eltorito-alt-boot", "-e", "--interval:appended_partition_2:all::", "-no-emul-boot")
	want, err := os.ReadFile(filepath.Join(top, "other.img"))
	isotest.Must(t, err)

	m, _ := open(t, image)
	i, err := boot.ParseImage("efi=/other.img")
	isotest.Must(t, err)
	m.SetBoot(edit.Boot{Images: []boot.Image{i}})
	p, err := m.Plan(t.Context(), nil)
	isotest.Must(t, err)
	defer p.Close()
	if grown := p.After - p.Before; grown > int64(len(want))+1<<20 { // partitions are aligned
		t.Errorf("the image grows by %d bytes for an image of %d", grown, len(want))
	}
	v, err := volume.OpenFormat(t.Context(), p.Disc(), iso9660.Format.Name, volume.Options{})
	isotest.Must(t, err)
	entries, err := v.(*iso9660.FS).BootImages()
	isotest.Must(t, err)
	if len(entries) != 1 || entries[0].File != "" {
		t.Fatalf("entries %+v", entries)
	}
	r := v.(*iso9660.FS).OpenBootImage(entries[0])
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.HasPrefix(got, want) {
		t.Errorf("the partition has %d bytes that are not the new image: %v", len(got), err)
	}
}

// TestBootWithOldFile makes a file that is in an image already its boot image: as it is, the
// contents stay where they are; with a boot information table they are stored again.
func TestBootWithOldFile(t *testing.T) {
	peertest.Need(t, "genisoimage", "bsdtar")
	dir := t.TempDir()
	contents := bytes.Repeat([]byte("a loader"), 1000)
	isotest.Must(t, os.WriteFile(filepath.Join(dir, "old.bin"), []byte("loader"), 0o644))
	isotest.Must(t, os.WriteFile(filepath.Join(dir, "new.bin"), contents, 0o644))
	isotest.Must(t, os.Link(filepath.Join(dir, "new.bin"), filepath.Join(dir, "link.bin")))
	image := isotest.Genisoimage(t, dir, "-R", "-b", "old.bin", "-c", "boot.cat", "-no-emul-boot")
	for text, grown := range map[string]int64{"bios=/new.bin": 0, "bios=/new.bin,info-table": int64(len(contents))} {
		m, _ := open(t, image)
		i, err := boot.ParseImage(text)
		isotest.Must(t, err)
		m.SetBoot(edit.Boot{Images: []boot.Image{i}})
		p, err := m.Plan(t.Context(), nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		defer p.Close()
		if p.After-p.Before > grown+8*disc.SectorSize {
			t.Errorf("%s: the image grows by %d bytes", text, p.After-p.Before)
		}
		v, err := volume.OpenFormat(t.Context(), p.Disc(), iso9660.Format.Name, volume.Options{})
		isotest.Must(t, err)
		entries, err := v.(*iso9660.FS).BootImages()
		isotest.Must(t, err)
		if len(entries) != 1 || entries[0].File != "new.bin" && entries[0].File != "link.bin" {
			t.Errorf("%s: entries %+v", text, entries)
		}
		for _, name := range []string{"new.bin", "link.bin"} {
			got, err := fs.ReadFile(v, name)
			if err != nil || bytes.Equal(got, contents) != (grown == 0) || !bytes.Equal(got[64:], contents[64:]) {
				t.Errorf("%s: %s has %d other bytes: %v", text, name, len(got), err)
			}
		}
	}
}
