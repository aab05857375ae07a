package peers_test

import (
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
)

func TestGrowisofs(t *testing.T) {
	t.Parallel()
	peertest.Need(t, "growisofs", "dvd+rw-format", "genisoimage", "sg_start")
	dir := sources(t)
	const (
		first = "growisofs -use-the-force-luke=notray -Z $sr=disc.iso"
		check = "; reload; has disc.iso; mounts tree/tree.bin"
		// more adds a session, which genisoimage makes for it.
		more = first + `; reload
growisofs -use-the-force-luke=notray -M $sr -quiet -R -V DISC more
reload; mounts tree/tree.bin more/more.bin`
	)
	one := func(most int64) want { return want{sessions: [][]track{{data(most)}}} }
	two := func(most int64) want {
		return want{sessions: [][]track{{data(most)}, {{mode: disc.Mode1, start: -1, most: 30000}}}}
	}
	// Disc at once, growisofs sends a whole last block to a track that it has reserved without
	// rounding up, so that command and data contradict each other. The target refuses that, and
	// drives have left such discs unusable (Debian bug 794868).
	burnAll(t, dir, []burn{
		{name: "DVD-R, two sessions", medium: "dvd-r", sectors: 60000, script: more, want: two(15)},
		{name: "DVD-R, disc at once", medium: "dvd-r", script: `cp disc.iso $name.iso; truncate -s %32K $name.iso
growisofs -use-the-force-luke=notray,dao -Z $sr=$name.iso` + check, want: one(15)},
		{name: "DVD-RW, sequential", medium: "dvd-rw", script: first + "; dvd+rw-format -blank=full $sr;" + first + check, want: one(15)},
		{name: "DVD-RW, restricted overwrite", medium: "dvd-rw", script: "dvd+rw-format -force $sr;" + first + check, want: one(30000)},
		{name: "DVD+R, two sessions", medium: "dvd+r", script: more, want: two(15)},
		// growisofs wants more than the last physical address of the first layer, 400 MB or more,
		// unless it cannot know the size.
		{
			name: "DVD-R DL", medium: "dvd-r dl", script: "cat tree/tree.bin | growisofs -use-the-force-luke=notray -Z $sr=/dev/fd/0; reload; has tree/tree.bin",
			want: want{sessions: [][]track{{{file: "tree/tree.bin", mode: disc.Mode1, most: 15}}}},
		},
		{name: "DVD+R DL", medium: "dvd+r dl", script: first + check, want: one(15)},
		{name: "DVD+RW", medium: "dvd+rw", script: more, want: want{sessions: [][]track{{{mode: disc.Mode1, most: 30000}}}}},
		{name: "DVD-RAM", medium: "dvd-ram", script: first + check, want: one(30000)},
		// It grows the track's file system, whose beginning it overwrites.
		{name: "BD-R with pseudo overwrite", medium: "bd-r", script: more, want: want{sessions: [][]track{{{mode: disc.Mode1}, {mode: disc.Mode1, start: -1}}}}},
		{name: "BD-R without spare areas", medium: "bd-r", script: first + " -use-the-force-luke=spare=none" + check, want: one(31)},
		{name: "BD-RE", medium: "bd-re", script: first + check, want: one(30000)},
	})
}
