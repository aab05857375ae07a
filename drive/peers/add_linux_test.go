package peers_test

import (
	"context"
	"os"
	"testing"

	"glassmaster/drive/addition"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi/device"
	"glassmaster/drive/source"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
)

// addOurs adds the folder ours to the disc in the drive, with this project, through SG_IO.
const addOurs = `GLASSMASTER_GUEST=1 DRIVE=$sr ADD=ours ./peers.test -test.v -test.run '^TestGuestAdd$'
reload; mounts tree/tree.bin ours/ours.bin
`

// TestAdd has this project continue the sessions of other programs, and other programs
// continue those of this project. The kernel reads the result, with the files of all of them.
func TestAdd(t *testing.T) {
	t.Parallel()
	peertest.Need(t, "growisofs", "wodim", "genisoimage", "xorriso", "sg_start")
	dir := sources(t)
	if err := os.Mkdir(dir+"/ours", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "ours/ours.bin", string(virtualtest.Noise(dataSectors, 3)))
	const (
		all       = "reload; mounts tree/tree.bin ours/ours.bin more/more.bin\n"
		growisofs = "growisofs -use-the-force-luke=notray -Z $sr -quiet -R -V DISC tree; reload\n" + addOurs +
			"growisofs -use-the-force-luke=notray -M $sr -quiet -R -V DISC more\n" + all
		xorriso = "xorriso -dev $sr -padding 300k -volid DISC -map tree / -commit; reload\n" + addOurs +
			"xorriso -dev $sr -map more / -commit\n" + all +
			"xorriso -dev $sr -check_media -- -ls / 2>&1 | tee $name.list; says ours.bin $name.list; says tree.bin $name.list\n"
		// Sessions begin at even addresses in it: genisoimage reads through the kernel's cache, in
		// pages of two sectors, and the one before a session cannot be read.
		wodim = "cp disc.iso $TMPDIR/$name.iso; truncate -s %4K $TMPDIR/$name.iso; wodim -v gracetime=2 dev=$sr -multi -tao padsize=150s -data $TMPDIR/$name.iso; reload\n" + addOurs +
			"second $(wodim dev=$sr -msinfo 2>/dev/null | tail -1); wodim -v gracetime=2 dev=$sr -multi -tao padsize=150s -data $TMPDIR/$name.iso\n" + all
	)
	any := track{mode: disc.Mode1, start: -1, most: 60000}
	three := want{sessions: [][]track{{any}, {any}, {any}}}
	onCD := want{sessions: [][]track{{{mode: disc.Mode1, start: -1, most: 60000, pregap: 150}}, {any}, {any}}}
	one := want{sessions: [][]track{{any}}}
	burnAll(t, dir, []burn{
		{name: "wodim on CD-R", medium: "cd-r", sectors: 60000, script: wodim, want: three},
		{name: "xorriso on CD-R", medium: "cd-r", sectors: 60000, script: xorriso, want: onCD},
		{name: "growisofs on DVD-R", medium: "dvd-r", sectors: 90000, script: growisofs, want: three},
		{name: "growisofs on DVD+R", medium: "dvd+r", script: growisofs, want: three},
		{name: "growisofs on DVD+RW", medium: "dvd+rw", script: growisofs, want: one},
		{name: "xorriso on DVD+R", medium: "dvd+r", script: xorriso, want: three},
		{name: "xorriso on DVD+RW", medium: "dvd+rw", script: xorriso, want: one},
		{name: "xorriso on BD-R", medium: "bd-r", script: xorriso, want: three},
		{name: "xorriso on BD-RE", medium: "bd-re", script: "xorriso -outdev $sr -format as_needed; " + xorriso, want: one},
		{name: "growisofs on DVD-RAM", medium: "dvd-ram", script: growisofs, want: one},
	})
}

// TestGuestAdd adds a folder to the disc in the drive, in the virtual machine.
func TestGuestAdd(t *testing.T) {
	if os.Getenv(inGuest) == "" {
		t.Skip("runs in the virtual machine")
	}
	ctx := context.Background()
	d, err := device.Open(ctx, os.Getenv("DRIVE"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	on, err := addition.Import(ctx, d, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer on.Close()
	c, notices, err := on.Edited(ctx, nil, []string{os.Getenv("ADD")}, progress.Discard)
	if err != nil || len(notices) > 0 {
		t.Fatal(notices, err)
	}
	a, err := on.Plan(ctx, d, c, nil, source.Options{Report: progress.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := record.NewPlan(ctx, d, a.Source, record.Options{Appendable: true, Continue: a.Continuation()})
	if err != nil {
		t.Fatal(err)
	}
	r, err := virtualtest.Burn(ctx, b, progress.Discard)
	if err != nil || !r.Equal {
		t.Fatalf("equal: %v (%v), %v", r.Equal, r.NotAssured, err)
	}
	for _, c := range r.Checks {
		if !c.OK {
			t.Errorf("%s: found %s, want %s", c.What, c.Found, c.Expected)
		}
	}
}
