package session_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/session"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// smallTree has an entry of each kind.
func smallTree() *tree.Node {
	root := tree.NewFolder("", udftest.When)
	shared := &tree.Shared{Source: layout.Bytes("shared"), Links: 2}
	for _, name := range []string{"a", "b"} {
		dir := tree.NewFolder(name, udftest.When)
		root.Append(dir)
		for i := range 3 {
			text := strings.Repeat(name, 1+i*1500)
			dir.Append(tree.NewFile(fmt.Sprint(name, i), int64(len(text)), udftest.When, layout.Bytes(text)))
		}
		n := tree.NewNode("link", 0o644, shared)
		n.Size, n.Modified = 6, udftest.When.UnixNano()
		dir.Append(n)
	}
	return root
}

// smallDiscs returns images of small volumes of all kinds that can be continued.
func smallDiscs(t testing.TB) map[string][]byte {
	discs := map[string][]byte{}
	for name, o := range map[string]master.Options{
		"iso": {}, "bridge": {UDF: &master.UDF{}}, "udf": {UDFOnly: true},
		"growing 1.50": virtualOptions(udfplan.Revision150, udfplan.Virtual{}),
		"growing 2.01": virtualOptions(udfplan.Revision201, udfplan.Virtual{}),
	} {
		o.Time, o.NoPadding = udftest.When, true
		l, _, err := master.Plan(smallTree(), o)
		isotest.Must(t, err)
		var b bytes.Buffer
		isotest.Must(t, l.WriteTo(context.Background(), &b, layout.WriteOptions{}))
		discs[name] = b.Bytes()
	}
	return discs
}

// continueAnyhow continues a disc, which may be damaged, with changes everywhere. It must
// end, with or without an error.
func continueAnyhow(ctx context.Context, b []byte) {
	c, err := session.Continue(ctx, disc.FromReaderAt(bytes.NewReader(b), int64(len(b)), nil), volume.Options{})
	if err != nil {
		return
	}
	if dir := c.Root.Child("a"); dir != nil {
		dir.Detach()
	}
	if dir := c.Root.Child("b"); dir != nil && dir.IsDir() {
		dir.Append(tree.NewFile("new", 3, udftest.When, layout.Bytes("new")))
		if n := dir.Child("b0"); n != nil {
			n.Mode ^= 0o111
			n.Name = "renamed"
		}
		if n := dir.Child("link"); n != nil {
			n.Detach()
		}
	}
	c.Options.Start, c.Options.Previous, c.Options.Time = disc.LBA(len(b)/disc.SectorSize+100), c.Volume().(volume.Direct).Image(), time.Unix(1e9, 0)
	l, _, err := master.Plan(c.Root, c.Options)
	if err == nil {
		_ = l.WriteTo(ctx, io.Discard, layout.WriteOptions{})
	}
	c.Notices()
}

// damage overwrites four bytes of an image, and makes the tag of the descriptor of UDF in
// whose block they are valid again.
func damage(b []byte, at int, value uint32) {
	binary.LittleEndian.PutUint32(b[at:], value)
	p := b[at/disc.SectorSize*disc.SectorSize:][:disc.SectorSize]
	n := 16 + int(binary.LittleEndian.Uint16(p[10:]))
	if id := binary.LittleEndian.Uint16(p); id == 0 || id > 266 || n > len(p) {
		return
	}
	binary.LittleEndian.PutUint16(p[8:], crc(p[16:n]))
	p[4] = 0
	sum := byte(0)
	for _, c := range p[:16] {
		sum += c
	}
	p[4] = sum
}

// crc is that of ECMA-167 3/7.2.6.
func crc(p []byte) uint16 {
	var c uint16
	for _, b := range p {
		c ^= uint16(b) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ 0x1021
			} else {
				c <<= 1
			}
		}
	}
	return c
}

// TestContinueDamaged continues discs in which one number is wrong.
func TestContinueDamaged(t *testing.T) {
	for name, whole := range smallDiscs(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for sector := 0; sector < len(whole)/disc.SectorSize; sector++ {
				p := whole[sector*disc.SectorSize:][:disc.SectorSize]
				if bytes.Equal(p, make([]byte, disc.SectorSize)) {
					continue
				}
				for at := 16; at < 260; at += 12 {
					for _, value := range []uint32{0xFFFFFFFF, 1} {
						b := bytes.Clone(whole)
						damage(b, sector*disc.SectorSize+at, value)
						continueAnyhow(t.Context(), b)
					}
				}
			}
		})
	}
}

// FuzzContinue continues damaged discs.
func FuzzContinue(f *testing.F) {
	var names []string
	discs := smallDiscs(f)
	for _, name := range []string{"iso", "bridge", "udf", "growing 1.50", "growing 2.01"} {
		names = append(names, name)
		f.Add(uint8(len(names)-1), uint32(600_000), uint32(0xFFFF), uint32(300*2048+56), uint32(1<<31))
	}
	f.Fuzz(func(t *testing.T, kind uint8, at1, value1, at2, value2 uint32) {
		b := bytes.Clone(discs[names[int(kind)%len(names)]])
		damage(b, int(at1)%(len(b)-4), value1)
		damage(b, int(at2)%(len(b)-4), value2)
		continueAnyhow(t.Context(), b)
	})
}
