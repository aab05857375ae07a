package peers_test

import (
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
)

func TestXorriso(t *testing.T) {
	t.Parallel()
	peertest.Need(t, "xorriso", "sg_start")
	dir := sources(t)
	const (
		grow = `xorriso -dev $sr -padding 300k -map tree / -commit
xorriso -dev $sr -map more / -commit
xorriso -dev $sr -check_media -- -ls / 2>&1 | tee $name.list; says more.bin $name.list
reload; mounts tree/tree.bin more/more.bin`
		image = "xorriso -as cdrecord -v dev=$sr -sao disc.iso; reload; has disc.iso; mounts tree/tree.bin"
	)
	one := func(most int64) want { return want{sessions: [][]track{{data(most)}}} }
	// xorriso appends 300 kB to images.
	free := track{mode: disc.Mode1, start: -1, most: 30000}
	two := want{sessions: [][]track{{free}, {free}}}
	burnAll(t, dir, []burn{
		{name: "CD-R, two sessions", medium: "cd-r", script: grow, want: want{sessions: [][]track{{{mode: disc.Mode1, most: 30000, pregap: 150}}, {free}}}},
		{name: "CD-R", medium: "cd-r", script: image, want: one(padded)},
		{name: "DVD-R, two sessions", medium: "dvd-r", sectors: 60000, script: grow, want: two},
		{name: "DVD-R", medium: "dvd-r", script: image, want: one(padded + 15)},
		{name: "DVD+R, two sessions", medium: "dvd+r", script: grow, want: two},
		{name: "DVD+RW", medium: "dvd+rw", script: grow, want: want{sessions: [][]track{{free}}}},
		{name: "BD-R, two sessions", medium: "bd-r", script: grow, want: two},
		{name: "BD-R", medium: "bd-r", script: image, want: one(padded + 31)},
		{name: "BD-RE", medium: "bd-re", script: "xorriso -outdev $sr -format as_needed; " + grow, want: want{sessions: [][]track{{free}}}},
		{name: "closed afterwards", medium: "dvd+r", script: `xorriso -dev $sr -map tree / -commit
xorriso -outdev $sr -close_damaged force || true
reload; mounts tree/tree.bin`, want: want{sessions: [][]track{{free}}}},
	})
}
