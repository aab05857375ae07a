package record_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
)

// ofLayers is a disc that knows its layer break.
type ofLayers struct {
	disc.Disc
	at int64
}

func (d ofLayers) TOC() disc.TOC {
	toc := d.Disc.TOC()
	toc.LayerBreak = d.at
	return toc
}

// videoSectors are the sectors of the titles of the DVD-Video of video.
const videoSectors = 1600

// video returns a DVD-Video with one title set. Its only program chain has cells of these
// sectors, from the first one of the titles on; a negative number is that of a cell that
// follows without a pause. navigation says whether the cells begin as they should.
func video(t *testing.T, navigation bool, cells ...int) (d disc.Disc, titles int64) {
	t.Helper()
	be := binary.BigEndian
	vob, set := make([]byte, videoSectors*disc.SectorSize), make([]byte, 3*disc.SectorSize)
	copy(set, "DVDVIDEO-VTS")
	be.PutUint32(set[0x0C:], 16+videoSectors+3-1)
	be.PutUint32(set[0xC4:], 16)
	be.PutUint32(set[0xCC:], 2)
	table := set[2*disc.SectorSize:]
	be.PutUint16(table, 1)
	be.PutUint32(table[12:], 16)
	chain := table[16:]
	chain[3] = byte(len(cells))
	be.PutUint16(chain[0xE8:], 0xEC)
	at := 0
	for i, n := range cells {
		e := chain[0xEC+24*i:]
		if n < 0 {
			n, e[0] = -n, 8
		}
		be.PutUint32(e[8:], uint32(at))
		be.PutUint32(e[0x14:], uint32(at+n-1))
		if navigation {
			p := vob[at*disc.SectorSize:]
			copy(p, "\x00\x00\x01\xBA")
			copy(p[0x0E:], "\x00\x00\x01\xBB")
			copy(p[0x26:], "\x00\x00\x01\xBF")
		}
		at += n
	}
	manager := make([]byte, 2*disc.SectorSize)
	copy(manager, "DVDVIDEO-VMG")
	be.PutUint32(manager[0x0C:], 31)
	when := time.Unix(1e9, 0)
	root, folder := tree.NewFolder("", when), tree.NewFolder("VIDEO_TS", when)
	root.Append(folder)
	for _, f := range []struct {
		name string
		p    []byte
	}{{"VIDEO_TS.BUP", manager}, {"VIDEO_TS.IFO", manager}, {"VTS_01_0.BUP", set}, {"VTS_01_0.IFO", set}, {"VTS_01_1.VOB", vob}} {
		folder.Append(tree.NewFile(f.name, int64(len(f.p)), when, layout.Bytes(f.p)))
	}
	l, _, err := master.Plan(root, master.Options{UDF: &master.UDF{DVDVideo: true}, UDFOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, l.Size())
	if _, err := l.ReadAt(p, 0); err != nil {
		t.Fatal(err)
	}
	begin := bytes.Index(p, []byte("DVDVIDEO-VTS")) / disc.SectorSize
	return virtualtest.DiscOf(p), int64(begin) + 16
}

func chosenBreak(p record.Plan) record.LayerBreak {
	for _, b := range p.Breaks {
		if b.Chosen {
			return b
		}
	}
	return record.LayerBreak{}
}

// The layer break is where the options, the image or a cell of a DVD-Video want it, and is
// on the disc afterwards.
func TestLayerBreak(t *testing.T) {
	data := virtualtest.Noise(2000, 1)
	film, titles := video(t, true, 896, -64, 33, 607)
	seamless, _ := video(t, true, 896, -704)
	for _, c := range []struct {
		name   string
		src    disc.Disc
		o      record.Options
		want   int64
		where  string
		warns  string
		medium string
	}{
		{"half", virtualtest.DiscOf(data), record.Options{}, 1008, "the middle of the data", "", "dvd+r dl"},
		{"half, DVD-R DL", virtualtest.DiscOf(data), record.Options{}, 1008, "the middle of the data", "", "dvd-r dl"},
		{"half, DVD-R DL at once", virtualtest.DiscOf(data), record.Options{Mode: record.DiscAtOnce}, 1008, "the middle of the data", "", "dvd-r dl"},
		{"requested", virtualtest.DiscOf(data), record.Options{LayerBreak: 1600}, 1600, "as requested", "", "dvd+r dl"},
		{"of the image", ofLayers{virtualtest.DiscOf(data), 1200}, record.Options{}, 1200, "as on the disc of the image", "", "dvd+r dl"},
		{"of the image, not possible", ofLayers{virtualtest.DiscOf(data), 1201}, record.Options{}, 1008, "the middle of the data", "", "dvd+r dl"},
		{"more sessions", virtualtest.DiscOf(data), record.Options{Appendable: true}, 2048, "the end of the first layer", "", "dvd+r dl"},
		{"cell", film, record.Options{}, titles + 960, "title set 1, program chain 1, cell 3", "", "dvd+r dl"},
		{"seamless cell", seamless, record.Options{}, titles + 896, "title set 1, program chain 1, cell 2", "without a pause", "dvd+r dl"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := virtualtest.Blank(t, c.medium, small)
			r, err := burn(t, d, c.src, c.o)
			if err != nil || !r.Verified {
				t.Fatalf("%v, %+v", err, r)
			}
			b := chosenBreak(r.Plan)
			if b.Sectors != c.want || b.Where != c.where || r.Plan.Layers[0] != c.want {
				t.Errorf("layers %v, %+v of %+v, want %d", r.Plan.Layers, b, r.Plan.Breaks, c.want)
			}
			if have, err := mmc.ReadLayerBoundary(t.Context(), d); err != nil || have.Layer0 != c.want {
				t.Errorf("the disc has its layer break at %d: %v", have.Layer0, err)
			}
			copied, err := read.Open(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			if at := copied.TOC().LayerBreak; at != c.want {
				t.Errorf("as a source, its layer break is at %d, want %d", at, c.want)
			}
			if len(r.Checks) != 1 || !r.Checks[0].OK {
				t.Errorf("checks %+v", r.Checks)
			}
			if (c.warns == "") != (len(r.Notices) == 0) || c.warns != "" && !strings.Contains(r.Notices[0].Text, c.warns) {
				t.Errorf("notices %q, want %q", r.Notices, c.warns)
			}
		})
	}
}

// Cells that do not begin an ECC block, or not with a navigation pack, are listed and not
// chosen.
func TestUnusableCells(t *testing.T) {
	unaligned, titles := video(t, true, 901, 699)
	empty, _ := video(t, false, 912, 688)
	for name, src := range map[string]disc.Disc{"unaligned": unaligned, "without navigation": empty} {
		b, err := record.NewPlan(t.Context(), virtualtest.Blank(t, "dvd+r dl", small), src, record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := b.Plan()
		cells := 0
		for _, x := range p.Breaks {
			if x.Cell {
				if cells++; x.Unusable == "" || x.Chosen {
					t.Errorf("%s: %+v, with titles at %d", name, x, titles)
				}
			}
		}
		if cells != 1 || len(p.Notices) != 1 || !strings.Contains(p.Notices[0].Text, "within a cell") || chosenBreak(p).Where != "the middle of the data" {
			t.Errorf("%s: %d cells, %q, %+v", name, cells, p.Notices, p.Breaks)
		}
	}
}

// A disc that is to be appended to, and whose layer break is requested, has less room for more
// sessions, which the plan says and the disc shows.
func TestLayerBreakAppendable(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+r dl", small)
	r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(2000, 1)), record.Options{LayerBreak: 1600, Appendable: true})
	if err != nil || !strings.Contains(strings.Join(r.Plan.Hints, "; "), "keeps room for 1200 sectors at most") {
		t.Errorf("%v, %q", err, r.Plan.Hints)
	}
	if m, err := read.Media(t.Context(), d); err != nil || m.Free > 1200 {
		t.Errorf("%d sectors are free: %v", m.Free, err)
	}
}

// A layer break that is not possible is refused, with the reason.
func TestLayerBreakRefused(t *testing.T) {
	src := virtualtest.DiscOf(virtualtest.Noise(2000, 1))
	for _, c := range []struct {
		medium string
		at     int64
		want   string
	}{
		{"dvd+r dl", 1001, "not a multiple of 16"},
		{"dvd+r dl", 992, "do not fit on the second one"},
		{"dvd+r dl", 2064, "has room for 2048 sectors"},
		{"dvd+r", 1008, "cannot be chosen"},
		{"bd-r dl", 1008, "cannot be chosen"},
	} {
		_, err := record.NewPlan(t.Context(), virtualtest.Blank(t, c.medium, small), src, record.Options{LayerBreak: c.at})
		if !errors.Is(err, record.ErrNoLayerBreak) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %d: %v, want %q", c.medium, c.at, err, c.want)
		}
	}
}

// The layer break can be set once. A drive that refuses it burns nevertheless, unless it was
// asked for; one that does nothing is noticed before the first sector is written.
func TestLayerBreakOnce(t *testing.T) {
	data := virtualtest.Noise(2000, 1)
	d := virtualtest.Blank(t, "dvd+r dl", small)
	if err := mmc.RetryUnitAttention(func() error { return mmc.SetLayerBoundary(t.Context(), d, 1024) }); err != nil {
		t.Fatal(err)
	}
	if _, err := record.NewPlan(t.Context(), d, virtualtest.DiscOf(data), record.Options{LayerBreak: 1040}); !errors.Is(err, record.ErrNoLayerBreak) {
		t.Errorf("a second layer break: %v", err)
	}
	if _, err := record.NewPlan(t.Context(), d, virtualtest.DiscOf(virtualtest.Noise(2100, 1)), record.Options{}); !errors.Is(err, record.ErrTooLarge) {
		t.Errorf("more than fits on the layers: %v", err)
	}
	r, err := burn(t, d, virtualtest.DiscOf(data), record.Options{})
	if err != nil || r.Plan.Layers[0] != 1024 || !r.Verified {
		t.Errorf("%v, layers %v", err, r.Plan.Layers)
	}
	d = virtualtest.Blank(t, "dvd+r dl", small)
	d.SetFaults(virtual.Faults{Refuse: []byte{scsi.OpSendDiscStructure}})
	if r, err = burn(t, d, virtualtest.DiscOf(data), record.Options{}); err != nil || !r.Verified || len(r.Notices) != 1 || r.Plan.Layers[0] != 2048 {
		t.Errorf("a drive that does not set it: %v, %q, layers %v", err, r.Notices, r.Plan.Layers)
	}
	for _, f := range []virtual.Faults{{Refuse: []byte{scsi.OpSendDiscStructure}}, {Idle: []byte{scsi.OpSendDiscStructure}}} {
		d = virtualtest.Blank(t, "dvd+r dl", small)
		d.SetFaults(f)
		r, err = burn(t, d, virtualtest.DiscOf(data), record.Options{LayerBreak: 1040})
		if err == nil || r.Written > 0 || status(t, d).Status != mmc.Blank {
			t.Errorf("%v: %v, %d sectors", f, err, r.Written)
		}
	}
}

// Two sessions of a DVD-R DL in layer jump recording, and one that needs both layers.
func TestLayerJump(t *testing.T) {
	d := virtualtest.Blank(t, "dvd-r dl", 120000)
	first := virtualtest.Noise(3000, 4)
	r, err := burn(t, d, virtualtest.DiscOf(first), record.Options{Mode: record.LayerJump, Appendable: true})
	if err != nil || !r.Verified || r.Plan.Mode != record.LayerJump {
		t.Fatalf("%v, %+v", err, r)
	}
	m, err := read.Media(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	src := virtualtest.At(virtualtest.DiscOf(virtualtest.Noise(2000, 5)), m.NextWritable)
	if r, err = burn(t, d, src, record.Options{}); err != nil || !r.Verified {
		t.Fatalf("the second session: %v", err)
	}
	for _, sectors := range []int{3000, 3001, 3050, small} { // also with a jump in the middle of a large write
		d = virtualtest.Blank(t, "dvd-r dl", small)
		b, err := record.NewPlan(t.Context(), d, virtualtest.DiscOf(virtualtest.Noise(sectors, 6)), record.Options{Mode: record.LayerJump})
		if err != nil {
			t.Fatal(err)
		}
		r, err := virtualtest.Burn(t.Context(), b, progress.Discard)
		if want := (int64(sectors)/2 + 15) / 16 * 16; err != nil || !r.Verified || r.Plan.Layers[0] != want {
			t.Errorf("%d sectors on both layers: %v, %v, want %d on the first", sectors, err, r.Plan.Layers, want)
		}
	}
}

// book returns the book type of a disc after a drive of a vendor has burned it.
func book(t *testing.T, vendor, medium string, o record.Options) (*virtual.Drive, record.Result, error) {
	t.Helper()
	d := virtualtest.Blank(t, medium, small)
	if err := d.SetBookVendor(vendor); err != nil {
		t.Fatal(err)
	}
	b, err := record.NewPlan(t.Context(), d, virtualtest.DiscOf(virtualtest.Noise(700, 2)), o)
	if err != nil {
		return d, record.Result{}, err
	}
	r, err := virtualtest.Burn(t.Context(), b, progress.Discard)
	return d, r, err
}

// The book type is set by the commands of the vendor, is on the disc, and the drive has its
// own setting again afterwards.
func TestBookType(t *testing.T) {
	rom := mmc.BookROM
	for _, c := range []struct {
		vendor string
		media  []string
		way    mmc.BookVendor
	}{
		{"ricoh", []string{"dvd+r", "dvd+rw"}, mmc.RicohBookType},
		{"benq", []string{"dvd+r", "dvd+r dl", "dvd+rw"}, mmc.BenQBookType},
		{"lg", []string{"dvd+r", "dvd+r dl"}, mmc.LGBookType},
		{"lite-on", []string{"dvd+r", "dvd+r dl", "dvd+rw"}, mmc.LiteOnBookType},
		{"plextor", []string{"dvd+r", "dvd+r dl"}, mmc.PlextorBookType},
	} {
		for _, medium := range c.media {
			d, r, err := book(t, c.vendor, medium, record.Options{BookType: &rom})
			if err != nil || !r.Verified || len(r.Plan.Books) != 2 {
				t.Fatalf("%s, %s: %v, %+v", c.vendor, medium, err, r)
			}
			f, err := mmc.ReadPhysicalFormat(t.Context(), d)
			if err != nil || f.Book != mmc.BookROM {
				t.Errorf("%s, %s: the book type is %v: %v", c.vendor, medium, f.Book, err)
			}
			last := r.Checks[len(r.Checks)-1]
			if last.What != "book type" || !last.OK {
				t.Errorf("%s, %s: checks %+v", c.vendor, medium, r.Checks)
			}
			target := map[string]mmc.BookTarget{"dvd+r": mmc.BookOfPlusR, "dvd+r dl": mmc.BookOfPlusRDL, "dvd+rw": mmc.BookOfPlusRW}[medium]
			if now, err := mmc.BookTypeSetting(t.Context(), d, c.way, target); err != nil || now == mmc.BookROM {
				t.Errorf("%s, %s: the drive's setting is %v: %v", c.vendor, medium, now, err)
			}
		}
	}
}

// A book type that cannot be set is refused before anything is written, and one that is not
// on the disc afterwards is an error although the data is good.
func TestBookTypeRefused(t *testing.T) {
	rom, own := mmc.BookROM, mmc.BookPlusRW
	for _, c := range []struct {
		vendor, medium string
		want           *mmc.BookType
		text           string
	}{
		{"", "dvd+r", &rom, "no way is known"},
		{"ricoh", "dvd+r dl", &rom, "cannot set the book type of DVD+R DL"},
		{"lg", "dvd+rw", &rom, "cannot set the book type of"},
		{"benq", "dvd-r", &rom, "only that of DVD+R"},
		{"benq", "bd-r", &rom, "only that of DVD+R"},
		{"benq", "dvd+r", &own, "can have the book type DVD+R or DVD-ROM"},
	} {
		d := virtualtest.Blank(t, c.medium, small)
		if c.vendor != "" {
			if err := d.SetBookVendor(c.vendor); err != nil {
				t.Fatal(err)
			}
		}
		_, err := record.NewPlan(t.Context(), d, virtualtest.DiscOf(virtualtest.Noise(700, 2)), record.Options{BookType: c.want})
		if !errors.Is(err, record.ErrNoBookType) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s, %s: %v, want %q", c.vendor, c.medium, err, c.text)
		}
	}
	d := virtualtest.Blank(t, "dvd+r", small)
	if err := d.SetBookVendor("lite-on"); err != nil {
		t.Fatal(err)
	}
	r, err := burn(t, &otherBook{d}, virtualtest.DiscOf(virtualtest.Noise(700, 2)), record.Options{BookType: &rom})
	if !errors.Is(err, record.ErrNotAsRequested) || !r.Equal || r.Verified {
		t.Errorf("a book type that is not on the disc: %v, equal %v, verified %v", err, r.Equal, r.Verified)
	}
}

// otherBook is a drive that says that it has set the book type, and whose discs have another
// one.
type otherBook struct{ scsi.Transport }

func (o *otherBook) Execute(ctx context.Context, c scsi.Command) (int, error) {
	n, err := o.Transport.Execute(ctx, c)
	if c.CDB[0] == scsi.OpReadDiscStructure && c.CDB[7] == 0 && err == nil && n > 4 {
		c.Data[4] = 0xA1
	}
	return n, err
}

// The spare areas that the plan offers have exactly the capacities that the disc has when it
// is formatted with them.
func TestSpares(t *testing.T) {
	src := virtualtest.Noise(700, 3)
	for _, medium := range []string{"bd-r", "bd-r dl", "bd-r xl", "bd-re"} {
		b, err := record.NewPlan(t.Context(), virtualtest.Blank(t, medium, large), virtualtest.DiscOf(src), record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		offered := b.Plan().Spares
		if len(offered) != 3 {
			t.Fatalf("%s: %+v", medium, offered)
		}
		least := offered[1].Sectors
		offered = append(offered, record.SpareChoice{Spare: record.Spare(least + 320), Capacity: large - least - 320})
		for _, s := range offered {
			d := virtualtest.Blank(t, medium, large)
			r, err := burn(t, d, virtualtest.DiscOf(src), record.Options{Spare: &s.Spare, Appendable: true})
			if err != nil || !r.Verified || r.Plan.Capacity != s.Capacity {
				t.Errorf("%s, %v: %v, capacity %d, want %d", medium, s.Spare, err, r.Plan.Capacity, s.Capacity)
				continue
			}
			f, err := mmc.ReadFormatCapacities(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			if medium == "bd-re" && f.Blocks != s.Capacity {
				t.Errorf("%s, %v: the disc has %d sectors, want %d", medium, s.Spare, f.Blocks, s.Capacity)
			}
		}
	}
	for medium, s := range map[string]record.Spare{"bd-r": large, "bd-re": large, "dvd+r": record.SpareMost} {
		_, err := record.NewPlan(t.Context(), virtualtest.Blank(t, medium, large), virtualtest.DiscOf(src), record.Options{Spare: &s})
		if !errors.Is(err, record.ErrNoFormat) {
			t.Errorf("%s, %v: %v", medium, s, err)
		}
	}
}

// A defect of a disc that is written without verification by the drive is found by the
// comparison, whose advice leads to a good disc.
func TestDefective(t *testing.T) {
	for _, medium := range []string{"bd-re", "dvd-ram"} {
		d := virtualtest.Blank(t, medium, large)
		d.SetFaults(virtual.Faults{Defective: []int64{700}})
		src := virtualtest.DiscOf(virtualtest.Noise(900, 3))
		for _, verify := range []bool{false, true} {
			b, err := record.NewPlan(t.Context(), d, src, record.Options{DriveVerify: verify, Blank: true})
			if err != nil {
				t.Fatal(err)
			}
			r, err := virtualtest.Burn(t.Context(), b, progress.Discard)
			switch {
			case verify && (err != nil || !r.Verified):
				t.Errorf("%s, verified by the drive: %v", medium, err)
			case !verify && (!errors.Is(err, record.ErrDiffers) || !strings.Contains(err.Error(), "let the drive verify")):
				t.Errorf("%s: %v", medium, err)
			}
		}
	}
}

// otherFormat is a drive that formats a BD with other spare areas than requested.
type otherFormat struct{ scsi.Transport }

func (o otherFormat) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] == scsi.OpFormatUnit {
		c.Data = bytes.Clone(c.Data)
		binary.BigEndian.PutUint32(c.Data[4:], binary.BigEndian.Uint32(c.Data[4:])-320)
	}
	return o.Transport.Execute(ctx, c)
}

// A disc that was formatted with another capacity than the plan promised is not as requested,
// though its data is good.
func TestSpareOther(t *testing.T) {
	for _, medium := range []string{"bd-r", "bd-re"} {
		d := otherFormat{virtualtest.Blank(t, medium, large)}
		least := record.Spare(large / 4)
		r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(700, 3)), record.Options{Spare: &least})
		if !errors.Is(err, record.ErrNotAsRequested) || !r.Equal || r.Verified {
			t.Errorf("%s: %v, checks %+v", medium, err, r.Checks)
		}
	}
}

// A source that fits only without spare areas is refused with them, before the disc is
// changed.
func TestSpareTooLarge(t *testing.T) {
	most := record.SpareMost
	d := virtualtest.Blank(t, "bd-r", small)
	_, err := record.NewPlan(t.Context(), d, virtualtest.DiscOf(virtualtest.Noise(3900, 3)), record.Options{Spare: &most})
	if !errors.Is(err, record.ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

// A DVD-Video is written to a DVD-R disc at once.
func TestVideoAtOnce(t *testing.T) {
	film, _ := video(t, true, 896, 704)
	for name, want := range map[string]record.Mode{"dvd-r": record.DiscAtOnce, "dvd-rw": record.DiscAtOnce, "dvd+r": record.Sequential} {
		b, err := record.NewPlan(t.Context(), virtualtest.Blank(t, name, small), film, record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if p := b.Plan(); p.Mode != want || (want == record.DiscAtOnce) != strings.Contains(p.Reason, "DVD-Video") {
			t.Errorf("%s: %v, %q", name, p.Mode, p.Reason)
		}
	}
}

// limitedWrites is a drive that rejects large writes, and counts the others by their sectors.
type limitedWrites struct {
	*virtual.Drive
	most  int
	kind  error // of what rejects them; nil: the drive
	sizes map[string]int
}

func (l *limitedWrites) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if op := c.CDB[0]; op == scsi.OpWrite10 || op == scsi.OpWrite12 || op == scsi.OpWriteAndVerify {
		if len(c.Data) > l.most && l.kind != nil {
			return 0, fmt.Errorf("SG_IO: %w", l.kind)
		}
		if len(c.Data) > l.most {
			return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, []byte{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0, 0, 0, 0, 0})
		}
		l.sizes[fmt.Sprintf("%02X, %d", op, len(c.Data)/disc.SectorSize)]++
	}
	return l.Drive.Execute(ctx, c)
}

// Writes are as large as the transport allows, in whole ECC blocks. A drive that rejects
// that gets smaller ones.
func TestLargeWrites(t *testing.T) {
	for _, c := range []struct {
		medium string
		most   int
		want   string
		o      record.Options
		kind   error
	}{
		{"dvd+r", 1 << 20, "2A, 64", record.Options{}, nil},
		{"dvd-ram", 1 << 20, "AA, 64", record.Options{}, nil},
		{"dvd-ram", 1 << 20, "2A, 64", record.Options{DriveVerify: true}, nil},
		{"dvd-ram", 1 << 20, "2A, 64", record.Options{NoVerify: true}, nil},
		{"bd-re", 1 << 20, "AA, 64", record.Options{}, nil},
		{"dvd+rw", 1 << 20, "2E, 64", record.Options{DriveVerify: true}, nil},
		{"bd-r", 1 << 20, "2A, 64", record.Options{}, nil},
		{"dvd+r", 32 << 10, "2A, 16", record.Options{}, nil},
		{"bd-r", 64 << 10, "2A, 32", record.Options{}, nil},
		{"bd-re", 64 << 10, "AA, 32", record.Options{}, nil},
		{"dvd-ram", 32 << 10, "AA, 16", record.Options{}, nil},
		{"dvd+r", 32 << 10, "2A, 16", record.Options{}, scsi.ErrNotSent},
		{"bd-re", 64 << 10, "AA, 32", record.Options{}, scsi.ErrNotSent},
	} {
		d := &limitedWrites{virtualtest.Blank(t, c.medium, small), c.most, c.kind, map[string]int{}}
		b, err := record.NewPlan(t.Context(), d, virtualtest.DiscOf(virtualtest.Noise(1024, 7)), c.o)
		if err != nil {
			t.Fatal(err)
		}
		r, err := virtualtest.Burn(t.Context(), b, progress.Discard)
		if err != nil || r.Verified == c.o.NoVerify || d.sizes[c.want] < 10 {
			t.Errorf("%s, %+v: %v, writes %v, want %s", c.medium, c.o, err, d.sizes, c.want)
		}
	}
}

// A disc that is protected against writing is refused, and verification by the drive where
// there is none.
func TestProtected(t *testing.T) {
	src := virtualtest.DiscOf(virtualtest.Noise(700, 2))
	d := virtualtest.Blank(t, "dvd-ram", small)
	protect := scsi.Command{
		CDB:       []byte{scsi.OpSendDiscStructure, 0, 0, 0, 0, 0, 0, 0xC0, 0, 8, 0, 0},
		Direction: scsi.Out, Data: []byte{0, 6, 0, 0, 1, 0, 0, 0}, // until the drive restarts
	}
	err := mmc.RetryUnitAttention(func() error { _, err := d.Execute(t.Context(), protect); return err })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := record.NewPlan(t.Context(), d, src, record.Options{}); !errors.Is(err, record.ErrNotWritable) {
		t.Errorf("a protected disc: %v", err)
	}
	spare := record.SpareMost
	o := record.Options{DriveVerify: true, Spare: &spare}
	if _, err := record.NewPlan(t.Context(), virtualtest.Blank(t, "bd-r", small), src, o); err != nil {
		t.Errorf("a BD-R that gets spare areas, verified by the drive: %v", err)
	}
	for name, want := range map[string]bool{"dvd+r": false, "dvd-r": false, "dvd-ram": true, "bd-re": true, "dvd+rw": true, "bd-r": false} {
		_, err := record.NewPlan(t.Context(), virtualtest.Blank(t, name, small), src, record.Options{DriveVerify: true})
		if (err == nil) != want {
			t.Errorf("%s, verified by the drive: %v", name, err)
		}
	}
	for _, c := range []struct {
		format bool
		spare  *record.Spare
		want   bool
	}{{false, nil, false}, {false, spareOf(record.SpareNone), false}, {false, spareOf(record.SpareUsual), true}, {true, nil, true}} {
		d := virtualtest.Blank(t, "bd-r", small)
		if c.format {
			if _, _, err := formatDisc(t, d, record.FormatOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		b, err := record.NewPlan(t.Context(), d, src, record.Options{DriveVerify: true, Spare: c.spare})
		if (err == nil) != c.want || err == nil && !strings.Contains(strings.Join(b.Plan().Steps, "; "), "let the drive verify") {
			t.Errorf("BD-R %+v, verified by the drive: %v", c, err)
		}
	}
}
