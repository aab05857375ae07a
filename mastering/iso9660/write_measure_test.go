package iso9660

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// TestMeasuredIsRendered fills sectors to the last byte in many ways, with names
// of all lengths, links and relocated directories: what a directory takes when it
// is written must be what was planned for it.
func TestMeasuredIsRendered(t *testing.T) {
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
		l, _, err := Plan(root, Options{Label: "X"})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range l.Extents() {
			s, ok := e.Source.(*directorySource)
			if !ok {
				continue
			}
			pl := &s.d.place[s.v]
			w := directoryWriter{p: s.p, out: make([]byte, 1<<20)}
			w.ce = continuation{lba: pl.lba + pl.size/sectorSize, out: make([]byte, 1<<20)}
			w.records(s.d, s.v)
			if got, want := roundUp(w.at), int(pl.size); got != want {
				t.Errorf("seed %d: %v takes %d bytes, %d were planned", seed, s, got, want)
			}
			if got, want := roundUp(w.ce.used)/sectorSize, int(pl.more); got != want {
				t.Errorf("seed %d: %v takes %d sectors of continuation, %d were planned", seed, s, got, want)
			}
		}
	}
}
