package virtual

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/peertest"
)

// TestPressed: a plain image is a disc that can only be read.
func TestPressed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.iso")
	content := pattern(0, 40, 2048)[:39*2048+100]
	if err := os.WriteFile(path, content, 0o444); err != nil {
		t.Fatal(err)
	}
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b := &bench{t, d}
	b.fails("6/29/00", "00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 1)
	if c := b.get("25 00 00 00 00 00 00 00 00 00", 8); c[3] != 39 {
		t.Errorf("capacity % x", c)
	}
	got := b.get("28 00 00 00 00 00 00 00 28 00", 40*2048)
	if !bytes.Equal(got[:len(content)], content) || got[len(content)] != 0 {
		t.Error("the image reads otherwise than it is")
	}
	b.writeFails("7/27/00", 40, 1)
	b.fails("7/27/00", "53 00 00 00 00 00 00 00 10 00")
	b.fails("5/30/00", "a1 00 00 00 00 00 00 00 00 00 00 00")
	b.ok("35 00 00 00 00 00 00 00 00 00")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(after, content) {
		t.Error("the image was written to")
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(empty); err == nil {
		t.Error("an empty file was opened as a disc")
	}
}

func TestOpenName(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, want string }{
		{"virtual:", "path"},
		{"virtual:" + dir + "/a?medium=floppy", "no medium is called"},
		{"virtual:" + dir + "/a?sectors=many", "not a number"},
		{"virtual:" + dir + "/a?sectors=3", "3 sectors"},
		{"virtual:" + dir + "/a?colour=red", "no option"},
		{"virtual:" + dir + "/a?pace=fast", "not a number"},
		{"virtual:" + dir + "/no/a", "no such file"},
		{"virtual:" + dir, "directory"},
	} {
		if d, err := OpenName(c.name); err == nil {
			d.Close()
			t.Errorf("%s was opened", c.name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q in it", c.name, err, c.want)
		}
	}
	d, err := OpenName("virtual:" + dir + "/b?medium=dvd-rw&sectors=100&pace=1385")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.rec.medium.Name != "DVD-RW" || d.rec.disc.Sectors != 96 || d.rec.pace.rate != 1385 {
		t.Errorf("%s of %d sectors at %d kB/s", d.rec.medium.Name, d.rec.disc.Sectors, d.rec.pace.rate)
	}
}

// TestOthersReadTheDisc: the file of a burned disc is the image that was burned,
// for programs that know nothing of this one.
func TestOthersReadTheDisc(t *testing.T) {
	peertest.Need(t, "xorriso", "isoinfo", "bsdtar")
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tree/below"), 0o777); err != nil {
		t.Fatal(err)
	}
	text := bytes.Repeat([]byte("what was burned is what is read\n"), 5000)
	if err := os.WriteFile(filepath.Join(dir, "tree/below/file.txt"), text, 0o666); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "xorriso", "-as", "mkisofs", "-quiet", "-R", "-J", "-V", "BURNED", "-o", "a.iso", "tree")
	image, err := os.ReadFile(filepath.Join(dir, "a.iso"))
	if err != nil {
		t.Fatal(err)
	}
	for _, medium := range []string{"cd-r", "dvd+r", "dvd-r", "bd-r"} {
		b := insertBlank(t, medium, 0)
		if medium == "cd-r" {
			b.page05(0x41, 0x04, 8)
		} else {
			b.page05(0x40, 0x05, 8)
		}
		for off := 0; off < len(image); off += 32768 {
			p := image[off:min(len(image), off+32768)]
			lba, n := off/2048, len(p)/2048
			b.ok("2a 00"+hex32(lba)+"00"+hex16(n)+"00", p...)
		}
		b.ok("35 00 00 00 00 00 00 00 00 00")
		b.ok("5b 00 02 00 00 00 00 00 00 00")
		if err := b.d.Close(); err != nil {
			t.Fatal(err)
		}
		if out := peertest.Run(t, dir, "isoinfo", "-d", "-i", b.d.Path()); !strings.Contains(out, "Volume id: BURNED") {
			t.Errorf("%s: isoinfo says\n%s", medium, out)
		}
		if out := peertest.Run(t, dir, "bsdtar", "-x", "-O", "-f", b.d.Path(), "below/file.txt"); out != string(text) {
			t.Errorf("%s: bsdtar reads %d bytes that differ from the %d burned", medium, len(out), len(text))
		}
	}
}

// TestAnyCommand sends commands of every kind with bytes of every kind. The
// drive answers, does not panic, and its disc stays one that can be opened.
func TestAnyCommand(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var ops []byte
	for op := 0; op < 256; op++ {
		if _, known := commands[byte(op)]; known {
			ops = append(ops, byte(op))
		}
	}
	for _, m := range Media() {
		b := insertBlank(t, m.Name, 2400)
		for range 4000 {
			op := ops[rnd.IntN(len(ops))]
			cdb := make([]byte, cdbLength(op))
			for i := range cdb {
				if rnd.IntN(3) == 0 {
					cdb[i] = byte(rnd.IntN(256) >> rnd.IntN(8))
				}
			}
			cdb[0] = op
			c := scsi.Command{CDB: cdb, Data: make([]byte, 65536), Direction: scsi.In}
			if n := wanted(cdb); n >= 0 {
				c.Direction, c.Data = scsi.Out, make([]byte, min(n, maxTransfer))
				for i := range min(len(c.Data), 64) {
					c.Data[i] = byte(rnd.IntN(256) >> rnd.IntN(8))
				}
				if op == 0x55 && n == 60 {
					copy(c.Data, []byte{0, 0, 0, 0, 0, 0, 0, 0, 5, 50, byte(rnd.IntN(3)), byte(rnd.IntN(8)), byte(rnd.IntN(2) * 8)})
				}
			}
			b.d.Execute(context.Background(), c)
			if err := b.d.rec.checkState(); err != nil {
				t.Fatalf("%s: % x left a state that makes no sense: %v", m.Name, cdb, err)
			}
		}
	}
}

// checkState checks the state of the disc, if there is one.
func (d *recorder) checkState() error {
	if d.store == nil {
		return nil
	}
	return d.disc.valid()
}

// wanted returns how many bytes of data a CDB announces, -1 when it has none.
func wanted(cdb []byte) int {
	switch cdb[0] {
	case 0x2A, 0x2E, 0xAA:
		_, n := rwAddress(cdb)
		return int(min(n*2048, maxTransfer))
	case 0x04:
		return 12
	case 0x55:
		cdb[7], cdb[8], cdb[1] = 0, 60, 0x10
		return 60
	case 0x5D:
		return int(cdb[6])<<16 | int(cdb[7])<<8 | int(cdb[8])
	case 0xB6:
		return int(cdb[9])<<8 | int(cdb[10])
	case 0xBF:
		return int(cdb[8])<<8 | int(cdb[9])
	}
	return -1
}
