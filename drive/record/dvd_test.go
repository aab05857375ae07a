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
