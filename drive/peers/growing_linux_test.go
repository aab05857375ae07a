package peers_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/read"
	"glassmaster/drive/scsi/device"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/session"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats"
)

// growingUnit returns what sessions on a medium are multiples of, in sectors, and the
// least number of sectors of one.
func growingUnit(medium string) (unit, least int64) {
	switch medium[:2] {
	case "cd":
		return 1, 300
	case "bd":
		return 32, 1
	}
	return 16, 1
}

// growingOptions are the options of a UDF volume with a virtual allocation table.
func growingOptions(r udfplan.Revision, medium string) master.Options {
	unit, least := growingUnit(medium)
	return master.Options{
		Label: "GROWING", Time: time.Unix(1_700_000_000, 0), UDFOnly: true,
		UDF: &master.UDF{Revision: r, Virtual: &udfplan.Virtual{Unit: unit, Least: least, Capacity: 30000}},
	}
}

// growingFile returns a file of a session. Small files are in another folder.
func growingFile(i int) *tree.Node {
	text := strings.Repeat(fmt.Sprintf("file %d\n", i), 1+i*1000)
	return tree.NewFile(fmt.Sprint("file ", i), int64(len(text)), time.Unix(1_600_000_000, 0), layout.Bytes(text))
}

// TestGrowing burns sessions of UDF volumes with a virtual allocation table with cdrskin and
// wodim. The kernel finds the table of the newest session in the last sectors of the disc,
// and this program does, which plans the sessions after the first one in the guest.
func TestGrowing(t *testing.T) {
	t.Parallel()
	peertest.Need(t, "cdrskin", "wodim", "sg_start")
	dir := sources(t)
	const check = `
reload
mkdir -p /run/mnt/$name
mount -t udf -o ro $sr /run/mnt/$name
( cd /run/mnt/$name; sha256sum file* folder/* ) >$name.sums
umount /run/mnt/$name
`
	var list []burn
	for i, c := range []struct {
		medium, program string
		revision        udfplan.Revision
	}{
		{"cd-r", "cdrskin", udfplan.Revision150},
		{"cd-r", "wodim", udfplan.Revision201},
		{"dvd-r", "cdrskin", udfplan.Revision200},
		{"dvd+r", "cdrskin", udfplan.Revision201},
		{"bd-r", "cdrskin", udfplan.Revision201},
	} {
		root := tree.NewFolder("", time.Unix(1_600_000_000, 0))
		folder := tree.NewFolder("folder", time.Unix(1_600_000_000, 0))
		root.Append(folder)
		for k := range 50 {
			folder.Append(growingFile(k))
		}
		root.Append(growingFile(0))
		l, _, err := master.Plan(root, growingOptions(c.revision, c.medium))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := l.WriteTo(t.Context(), &b, layout.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("growing %d", i)
		write(t, dir, burn{name: name}.file(".first"), b.String())
		program := c.program + " -v dev=$sr "
		next := func(number int, multi string) string {
			return fmt.Sprintf("reload\nGLASSMASTER_GUEST=1 NUMBER=%[1]d MEDIUM=%[2]s SG=$sg START=$(%[3]s dev=$sr -msinfo 2>/dev/null) OUT=$TMPDIR/$name.%[1]d ./peers.test -test.run '^TestGuestGrowing$'\n"+
				program+multi+"-tao -data $TMPDIR/$name.%[1]d\n", number, c.medium, c.program)
		}
		list = append(list, burn{
			name: name, medium: c.medium, sectors: 65000,
			script: program + "-multi -tao -data $name.first\n" + next(1, "-multi ") + check + "cp $name.sums $name.sums1\n" + next(2, "") + check,
			want:   want{sessions: [][]track{{{mode: disc.Mode1, most: 1 << 20, start: -1}}, {{mode: disc.Mode1, most: 1 << 20, start: -1}}, {{mode: disc.Mode1, most: 1 << 20, start: -1}}}},
		})
	}
	burnAll(t, dir, list)
	for _, b := range list {
		for number, name := range map[int]string{1: ".sums1", 2: ".sums"} {
			got, err := os.ReadFile(dir + "/" + b.file(name))
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(got), "\n"); n != 51+number {
				t.Errorf("%s: the kernel lists %d files after session %d, want %d", b.name, n, number+1, 51+number)
			}
		}
	}
}

// TestGuestGrowing plans a session after those that are on the disc in the drive, with one
// file more.
func TestGuestGrowing(t *testing.T) {
	if os.Getenv(inGuest) == "" {
		t.Skip("runs in the virtual machine")
	}
	d, err := device.Open(t.Context(), os.Getenv("SG"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	m, err := read.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c, err := session.Continue(t.Context(), m, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(os.Getenv("NUMBER"))
	if err != nil {
		t.Fatal(err)
	}
	_, start, _ := strings.Cut(strings.TrimSpace(os.Getenv("START")), ",")
	at, err := strconv.Atoi(start)
	if err != nil {
		t.Fatal(err)
	}
	c.Root.Append(growingFile(number))
	v := c.Options.UDF.Virtual
	v.Unit, v.Least = growingUnit(os.Getenv("MEDIUM"))
	c.Options.Start, c.Options.Previous, c.Options.Time = disc.LBA(at), c.Volume().(volume.Direct).Image(), time.Unix(1_700_000_000, 0)
	l, _, err := master.Plan(c.Root, c.Options)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(os.Getenv("OUT"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := l.WriteTo(t.Context(), f, layout.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Logf("session %d begins at %d and has %d sectors", number+1, at, l.Size()/disc.SectorSize-int64(at))
}
