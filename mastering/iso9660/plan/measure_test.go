package plan_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// TestMeasuredIsRendered fills sectors to the last byte in many ways, with names
// of all lengths, links and relocated directories: the sectors that were planned
// for the records of a directory and for their continuation areas are those that
// they take.
func TestMeasuredIsRendered(t *testing.T) {
	areas := 0
	for seed := range 60 {
		root := tree.NewFolder("", time.Unix(0, 0))
		at := root
		for level := range 20 {
			for i := range 8 + seed%5 {
				n := 1 + (seed*31+level*17+i*7)%240
				name := fmt.Sprintf("%d%s", i, strings.Repeat("n", n))
				at.Append(tree.NewFile(name, int64(i), time.Unix(int64(i), 0), layout.Bytes("12345678901234567890")[:i]))
				at.Append(tree.NewNode("l"+name, fs.ModeSymlink|0o777, tree.Symlink(strings.Repeat("x/", n))))
			}
			for i := range 1 + seed%3 {
				at.Append(tree.NewFolder(strings.Repeat("d", 1+(seed+level)%60)+fmt.Sprint(i), time.Unix(0, 0)))
			}
			at = at.Children()[len(at.Children())-1]
		}
		for _, e := range isotest.Extents(layoutOf(t, root, plan.Features{})) {
			r, ok := e.Source.(layout.Renderer)
			if !ok || !strings.HasPrefix(r.String(), "directory ") {
				continue
			}
			b := make([]byte, e.Length)
			r.Render(b)
			self, list := recordsOf(t, b[:binary.LittleEndian.Uint32(b[10:])])
			if used(b[:self.size]) != int(self.size)/disc.SectorSize || used(b) != len(b)/disc.SectorSize {
				t.Errorf("seed %d: %v: %d sectors were planned for its records and %d in all, %d and %d are used",
					seed, r, self.size/disc.SectorSize, len(b)/disc.SectorSize, used(b[:self.size]), used(b))
			}
			for _, rec := range list {
				areas += continuations(t, rec.use, b, uint32(e.Start/disc.SectorSize), self.size)
			}
		}
	}
	if areas == 0 {
		t.Error("there is no continuation area")
	}
}

// used returns the number of sectors up to the last byte that is not zero.
func used(b []byte) int {
	return (len(bytes.TrimRight(b, "\x00")) + disc.SectorSize - 1) / disc.SectorSize
}

// continuations follows the continuation areas of a system use area (SUSP 5.1) in
// a directory b at a sector, and returns their number. They must be after the records,
// and not cross a sector boundary.
func continuations(t *testing.T, use, b []byte, lba, records uint32) int {
	t.Helper()
	count := 0
	for p := use; len(p) >= 4 && p[2] >= 4; p = p[p[2]:] {
		if string(p[:2]) != "CE" {
			continue
		}
		block, offset, length := binary.LittleEndian.Uint32(p[4:]), binary.LittleEndian.Uint32(p[12:]), binary.LittleEndian.Uint32(p[20:])
		at := (block-lba)*disc.SectorSize + offset
		if at < records || int(at+length) > len(b) || offset+length > disc.SectorSize {
			t.Errorf("a continuation area of %d bytes at byte %d of sector %d", length, offset, block)
			return count
		}
		count += 1 + continuations(t, b[at:at+length], b, lba, records)
	}
	return count
}
