package peers_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi/device"
	"glassmaster/mastering/peertest"
)

// agrees is how scripts run TestGuestMedia.
const agrees = "\nGLASSMASTER_GUEST=1 DRIVE=$sr GENERIC=$sg ./peers.test -test.v -test.run '^TestGuestMedia$'"

// nextAt: isoinfo finds the files of a second session in its image, if that is written at the
// next address of the disc.
const nextAt = agrees + "\nisoinfo -f -R -N $(cat $name.next) -i $TMPDIR/$name.iso >$name.files; says /more.bin $name.files\n"

// TestMedia compares what other programs say of drive and disc with what package read says.
func TestMedia(t *testing.T) {
	t.Parallel()
	peertest.Need(t, "cdrskin", "wodim", "growisofs", "genisoimage", "isoinfo", "dvd+rw-mediainfo", "sg_inq", "sg_get_config", "sg_start")
	dir := sources(t)
	const (
		cdrskin = "cdrskin dev=$sr "
		multi   = cdrskin + "-multi -tao padsize=150s -data disc.iso; reload\nsecond $(" + cdrskin + "-msinfo 2>/dev/null); reload"
		grow    = "growisofs -use-the-force-luke=notray -Z $sr=disc.iso; reload"
	)
	one := want{sessions: [][]track{{data(70000)}}}
	var list []burn
	for _, c := range []struct{ medium, script string }{
		{"cd-r", multi + nextAt},
		{"cd-rw", cdrskin + "-sao -data disc.iso; reload" + agrees},
		{"dvd-r", cdrskin + "-multi -tao -data disc.iso; reload\nsecond $(" + cdrskin + "-msinfo 2>/dev/null)" + nextAt},
		{"dvd-rw", cdrskin + "blank=format_overwrite; " + grow + agrees},
		{"dvd+r", grow + "\nsecond $(" + cdrskin + "-msinfo 2>/dev/null)" + nextAt},
		{"dvd+rw", grow + agrees},
		// cdrskin calls a BD-R with pseudo overwrite unusable.
		{"bd-r", "growisofs -use-the-force-luke=notray -use-the-force-luke=spare=none -Z $sr=disc.iso; reload" + agrees},
		{"bd-re", grow + agrees},
	} {
		list = append(list, burn{name: "media " + c.medium, medium: c.medium, sectors: 70000, script: "export name=$name\n" + c.script, want: one})
	}
	burnAll(t, dir, list)
}

// TestGuestMedia runs in the virtual machine.
func TestGuestMedia(t *testing.T) {
	if os.Getenv(inGuest) == "" {
		t.Skip("runs in the virtual machine")
	}
	d, err := device.Open(t.Context(), os.Getenv("DRIVE"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := read.Media(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	d.Close() // wodim wants the drive for itself
	if err := os.WriteFile(os.Getenv("name")+".next", fmt.Append(nil, m.NextWritable), 0o600); err != nil {
		t.Fatal(err)
	}
	c := compared{t, m}
	c.drive()
	if m.Profile.IsCD() {
		c.wodim()
	} else {
		c.mediaInfo()
	}
	c.cdrskin()
}

// compared are statements of a program that are compared with m.
type compared struct {
	*testing.T
	m read.MediaInfo
}

// output returns what a program prints about the drive.
func (c compared) output(program string, args ...string) string {
	out, _ := exec.CommandContext(c.Context(), program, args...).CombinedOutput() // some fail without a reason
	return string(out)
}

// says requires what matches the group of a pattern, each time it occurs.
func (c compared) says(text, pattern string, want ...any) {
	c.Helper()
	var got, list []string
	for _, m := range regexp.MustCompile("(?m)"+pattern).FindAllStringSubmatch(text, -1) {
		got = append(got, strings.TrimSpace(m[1]))
	}
	for _, w := range want {
		list = append(list, fmt.Sprint(w))
	}
	if !slices.Equal(got, list) {
		c.Errorf("%s\n%q is %q there, but ours %q", text, pattern, got, list)
	}
}

// drive compares sg_inq, sg_get_config and isoinfo.
func (c compared) drive() {
	sr := os.Getenv("DRIVE")
	inq := c.output("sg_inq", sr)
	c.says(inq, "Vendor identification: (.*)", c.m.Drive.Vendor)
	c.says(inq, "Product identification: (.*)", c.m.Drive.Product)
	c.says(inq, "Product revision level: (.*)", c.m.Drive.Revision)
	list := c.output("sg_get_config", sr)
	current := map[mmc.Profile]string{
		mmc.CDR: "CD-R", mmc.CDRW: "CD-RW", mmc.DVDR: "DVD-R sequential recording", mmc.DVDRWRO: "DVD-RW restricted overwrite",
		mmc.DVDPR: "DVD+R", mmc.DVDPRW: "DVD+RW", mmc.BDRSRM: "BD-R SRM", mmc.BDRE: "BD-RE",
	}[c.m.Profile]
	c.says(list, "^Current profile: (.*)", current)
	c.says(list, "profile: (.*) , currentP=1", current)
	if n := strings.Count(list, ", currentP="); n != len(c.m.Profiles) {
		c.Errorf("sg_get_config lists %d profiles, we %v", n, c.m.Profiles)
	}
	iso := c.output("isoinfo", "-d", "-i", sr)
	c.says(iso, "Volume id: (.*)", "DISC")
	c.says(iso, "Volume size is: (.*)", imageSize(c.T))
}

func imageSize(t *testing.T) int64 {
	info, err := os.Stat("disc.iso")
	if err != nil {
		t.Fatal(err)
	}
	return info.Size() / 2048
}

// wodim compares -atip, -prcap and -msinfo.
func (c compared) wodim() {
	dev := "dev=" + os.Getenv("DRIVE")
	atip := c.output("wodim", dev, "-atip")
	if c.m.Status != mmc.Closed { // whose capacity is that of its contents
		const runOut = 2 // of the next track, which cannot hold data
		c.says(atip, `ATIP start of lead out: (\d+)`, c.m.Capacity+runOut)
	}
	c.says(atip, `^  Is (not )?erasable`, map[bool]string{true: "", false: "not"}[c.m.Erasable])
	var speeds []any
	for _, v := range c.m.Speeds {
		speeds = append(speeds, v)
	}
	c.says(c.output("wodim", dev, "-prcap"), `Write speed # \d+: +(\d+) kB/s`, speeds...)
	if c.m.NextWritable >= 0 {
		c.says(c.output("wodim", dev, "-msinfo"), `^(\d+,\d+)$`, fmt.Sprintf("%d,%d", c.lastStart(), c.m.NextWritable))
	}
}

// lastStart returns where the last session that can be read starts.
func (c compared) lastStart() int64 {
	s := c.m.Sessions[len(c.m.Sessions)-1]
	return int64(s.Tracks[0].Start)
}

// mediaInfo compares dvd+rw-mediainfo.
func (c compared) mediaInfo() {
	text := c.output("dvd+rw-mediainfo", os.Getenv("DRIVE"))
	c.says(text, "Mounted Media: +([0-9A-F]+)h", fmt.Sprintf("%X", uint16(c.m.Profile)))
	if c.m.Protection != (mmc.WriteProtection{}) {
		c.Errorf("the disc is protected: %v", c.m.Protection)
	}
	if c.m.InPlace {
		return // it says of such discs what they were as sequential ones
	}
	c.says(text, "Disc status: +(.*)", map[mmc.DiscStatus]string{mmc.Blank: "blank", mmc.Appendable: "appendable", mmc.Closed: "complete"}[c.m.Status])
	c.says(text, "State of Last Session: +(.*)", c.m.Last)
	var starts, next, sizes []any
	for _, t := range c.m.Tracks {
		starts, sizes = append(starts, int64(t.Start)), append(sizes, t.Size)
		if t.Next >= 0 {
			next = append(next, int64(t.Next))
		}
	}
	c.says(text, `^ Track Start Address: +(\d+)`, starts...)
	c.says(text, `^ Next Writable Address: +(\d+)`, next...)
	c.says(text, `^ Track Size: +(\d+)`, sizes...)
	if c.m.NextWritable >= 0 {
		free := regexp.MustCompile(`Free Blocks: +(\d+)`).FindAllStringSubmatch(text, -1)
		if n, _ := strconv.ParseInt(free[len(free)-1][1], 10, 64); n != c.m.Free {
			c.Errorf("%d blocks are free, but ours %d", n, c.m.Free)
		}
	}
}

// cdrskin compares -minfo and -msinfo.
func (c compared) cdrskin() {
	dev := "dev=" + os.Getenv("DRIVE")
	text := c.output("cdrskin", dev, "-minfo")
	if c.m.InPlace {
		return // it calls them blank
	}
	c.says(text, "^disk status: +(.*)", map[mmc.DiscStatus]string{mmc.Blank: "empty", mmc.Appendable: "incomplete/appendable", mmc.Closed: "complete"}[c.m.Status])
	c.says(text, "^session status: +(.*)", c.m.Last)
	c.says(text, "^number of sessions: +(.*)", c.m.Count)
	if c.m.NextWritable < 0 {
		return
	}
	c.says(text, "^Next writable address: +(.*)", int64(c.m.NextWritable))
	c.says(text, "^Remaining writable size: +(.*)", c.m.Free)
	c.says(c.output("cdrskin", dev, "-msinfo"), `^(\d+,\d+)$`, fmt.Sprintf("%d,%d", c.lastStart(), c.m.NextWritable))
}
