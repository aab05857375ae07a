package replace_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/replace"
	"glassmaster/mastering/sector"
)

// edited is the user data of a track with changes: that of the old one, changed at some
// sectors, and of another length.
type edited struct {
	io.ReaderAt
	old     int64 // sectors
	sectors int64
	changed map[int64]bool
}

func (e edited) ReadAt(p []byte, off int64) (int, error) {
	for n := 0; n < len(p); n += disc.SectorSize {
		at, s := (off+int64(n))/disc.SectorSize, p[n:n+disc.SectorSize]
		switch {
		case at >= e.sectors:
			return n, io.EOF
		case e.changed[at] || at >= e.old:
			copy(s, bytes.Repeat([]byte(fmt.Sprintf("%08d", at)), disc.SectorSize/8))
		default:
			if _, err := e.ReaderAt.ReadAt(s, off+int64(n)); err != nil {
				return n, err
			}
		}
	}
	return len(p), nil
}

// edit returns the user data of a track of d with some sectors changed, and longer by some
// sectors.
func edit(t *testing.T, d disc.Disc, track int, by int64, changed ...int64) edited {
	k := trackOf(t, d, track)
	user := io.NewSectionReader(disc.NewReader(t.Context(), d, k), int64(k.Start)*disc.SectorSize, k.Length*disc.SectorSize)
	e := edited{user, k.Length, k.Length + by, map[int64]bool{}}
	for _, at := range changed {
		e.changed[at] = true
	}
	return e
}

func trackOf(t *testing.T, d disc.Disc, number int) disc.Track {
	t.Helper()
	for _, s := range d.TOC().Sessions {
		for _, k := range s.Tracks {
			if k.Number == number {
				return k
			}
		}
	}
	t.Fatalf("there is no track %d", number)
	return disc.Track{}
}

// read returns one sector, or nil if it cannot be read.
func read(t *testing.T, d disc.Disc, lba disc.LBA, f disc.Form) []byte {
	t.Helper()
	p := make([]byte, f.Size())
	if _, err := sector.AllForms(d).ReadSectors(t.Context(), p, lba, f); err != nil {
		return nil
	}
	return p
}

// discs are sample discs with the data track that is replaced.
var discs = []struct {
	name  string
	make  func(testing.TB) disc.Disc
	track int
}{
	{"mode 1", imagetest.Mode1, 1},
	{"XA", imagetest.XA, 1},
	{"mixed", imagetest.Mixed, 1},
	{"first session", imagetest.Sessions, 1},
	{"second session", imagetest.Sessions, 5},
	{"sub-channels", imagetest.SubChannels, 1},
	{"sub-channels of XA", imagetest.SubChannels, 5},
}

// TestTrack compares every sector of a disc with a replaced track with what it has to be.
func TestTrack(t *testing.T) {
	for _, c := range discs {
		for _, by := range []int64{0, 1, 77, 1000, -1, -250} {
			t.Run(fmt.Sprintf("%s %+d", c.name, by), func(t *testing.T) {
				d := c.make(t)
				e := edit(t, d, c.track, by, 0, 17, 40, 41, 42)
				got, err := replace.Track(t.Context(), d, c.track, e, e.sectors)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range d.TOC().Sessions {
					for _, k := range s.Tracks {
						compare(t, d, got, k, c.track, disc.LBA(by), e)
					}
				}
			})
		}
	}
}

// compare compares a track of d with that of the result. e is what the track with the number
// replaced contains.
func compare(t *testing.T, d, got disc.Disc, k disc.Track, number int, by disc.LBA, e edited) {
	t.Helper()
	is, shift := trackOf(t, got, k.Number), disc.LBA(0)
	replaced := trackOf(t, d, number)
	want := k
	if k.Start == replaced.Start {
		want.Length += int64(by)
	} else if k.Start > replaced.Start {
		shift = by
		want.Start += by
		want.Indexes = nil
		for _, at := range k.Indexes {
			want.Indexes = append(want.Indexes, at+by)
		}
	}
	if !reflect.DeepEqual(want, is) {
		t.Fatalf("track %d is %+v, want %+v", k.Number, is, want)
	}
	for at := is.Start - disc.LBA(is.Pregap); at < is.End(); at++ {
		var old []byte
		if at-shift < k.End() {
			old = read(t, d, at-shift, disc.RawSub)
		}
		new := read(t, got, at, disc.RawSub)
		if new == nil {
			t.Fatalf("track %d: sector %d cannot be read", k.Number, at)
		}
		whole := old
		switch n := int64(at - is.Start); {
		case k.Number == number && (e.changed[n] || old == nil):
			whole = changed(t, k, e, at, old)
		case shift != 0 && k.Mode != disc.Audio:
			kind, _ := sector.Identify(old)
			sector.Generate(whole, at, kind)
		}
		if !bytes.Equal(new[:sector.Size], whole[:sector.Size]) {
			t.Fatalf("track %d: sector %d is\n%x, want\n%x", k.Number, at, new[:sector.Size], whole[:sector.Size])
		}
		if k.Mode != disc.Audio && sector.Check(new, at) != 0 {
			t.Fatalf("track %d: sector %d is damaged: %v", k.Number, at, sector.Check(new, at))
		}
		subChannels(t, got, new[sector.Size:], old, at)
	}
}

// changed returns the sector of user data that is new.
func changed(t *testing.T, k disc.Track, e edited, at disc.LBA, old []byte) []byte {
	p := make([]byte, sector.Size)
	user, kind := p[sector.DataAt:], sector.Mode1
	if k.Mode == disc.XA {
		user, kind = p[sector.XADataAt:], sector.Form1
		copy(p[sector.SubheadAt:], "\x00\x00\x08\x00\x00\x00\x08\x00")
	}
	if _, err := e.ReadAt(user[:disc.SectorSize], int64(at-k.Start)*disc.SectorSize); err != nil {
		t.Fatal(err)
	}
	sector.Generate(p, at, kind)
	return p
}

// subChannels checks that P and Q follow from the table of contents, and that R to W are what
// they were.
func subChannels(t *testing.T, d disc.Disc, sub, old []byte, at disc.LBA) {
	t.Helper()
	pq := bytes.Clone(sub)
	for i := range pq {
		if old != nil && sub[i]&0x3F != old[sector.Size+i]&0x3F {
			t.Fatalf("sector %d: R to W of the sub-channels are changed", at)
		}
		pq[i] &= 0xC0
	}
	if !sector.Follows(pq, d.TOC(), at) {
		q := sector.ReadQ(pq)
		t.Fatalf("sector %d: Q is %x, which does not follow from the table of contents", at, q)
	}
	var made [sector.SubSize]byte
	sector.PutSubChannels(made[:], d.TOC(), at)
	if made[0]&0x80 != pq[0]&0x80 {
		t.Fatalf("sector %d: P is %x", at, pq[0]&0x80)
	}
}

// TestFormats saves an edited image with its own format over itself, in all formats that hold
// the sample discs: opened again it is the edited disc.
func TestFormats(t *testing.T) {
	for _, name := range image.Writable() {
		f, _ := image.ByName(name)
		for _, c := range discs {
			if name == "CHD" && c.name != "mixed" { // it is slow, and what it stores is not what is tested
				continue
			}
			if f.Holds&format.Raw == 0 || f.Holds&format.Sessions == 0 && strings.Contains(c.name, "s") && c.name != "XA" || f.Holds&format.Tracks == 0 && c.name == "mixed" {
				continue
			}
			for _, split := range []bool{false, true} {
				if split && name != "CUE" && name != "cdrdao" {
					continue
				}
				t.Run(fmt.Sprintf("%s %s %v", name, c.name, split), func(t *testing.T) {
					o := format.Options{FilePerTrack: split}
					sample := c.make(t)
					path := imagetest.Create(t, f, sample, o, "disc"+f.Extensions[0])
					d := imagetest.Open(t, f, path)
					e := edit(t, d, c.track, 33, 2, 100)
					got, err := replace.Track(t.Context(), d, c.track, e, e.sectors)
					if err != nil {
						t.Fatal(err)
					}
					save(t, f, got, o, path)
					want, err := replace.Track(t.Context(), sample, c.track, edit(t, sample, c.track, 33, 2, 100), e.sectors)
					if err != nil {
						t.Fatal(err)
					}
					imagetest.Same(t, want, imagetest.Open(t, f, path), f.Holds)
				})
			}
		}
	}
}

// save writes a disc as an image.
func save(t *testing.T, f format.Format, d disc.Disc, o format.Options, path string) {
	t.Helper()
	set := newfile.NewSet(path)
	defer set.Discard()
	if err := f.Create(t.Context(), set, d, o, progress.Discard); err != nil {
		t.Fatal(err)
	}
	if err := set.Commit(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*tmp*")); len(left) > 0 {
		t.Errorf("files remain: %v", left)
	}
}

// damagedDisc is a disc with bytes of some sectors inverted.
type damagedDisc struct {
	disc.Disc
	at map[disc.LBA][]int
}

func (d damagedDisc) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	if f != disc.Raw {
		for n := 0; n < len(p)/f.Size(); n++ {
			whole := make([]byte, sector.Size)
			if _, err := d.ReadSectors(ctx, whole, lba+disc.LBA(n), disc.Raw); err != nil {
				return n, err
			}
			if _, err := sector.CorrectedUserData(p[n*disc.SectorSize:], whole, lba+disc.LBA(n), func(disc.LBA) {}); err != nil {
				return n, err
			}
		}
		return len(p) / f.Size(), nil
	}
	n, err := d.Disc.ReadSectors(ctx, p, lba, f)
	for i := range n {
		for _, b := range d.at[lba+disc.LBA(i)] {
			p[i*sector.Size+b] ^= 0xFF
		}
	}
	return n, err
}

// Sectors that are damaged remain so unless they get other contents, also when they are moved.
func TestDamaged(t *testing.T) {
	many := make([]int, 900)
	for i := range many {
		many[i] = 100 + i
	}
	sample := imagetest.Sessions(t)
	second := sample.TOC().Sessions[1].Tracks[0].Start
	d := damagedDisc{sample, map[disc.LBA][]int{
		3: {500}, 5: many, 6: many, second + 2: {500}, second + 4: many, second + 5: {0}, second + 6: {12}, second + 7: {13, 700},
	}}
	const by = 20
	e := edit(t, d, 1, by, 6)
	got, err := replace.Track(t.Context(), d, 1, e, e.sectors)
	if err != nil {
		t.Fatal(err)
	}
	for at, bytes := range d.at {
		to, want := at, sector.Check(read(t, d, at, disc.Raw), at)
		switch {
		case at == 6:
			want = 0
		case at >= second:
			to += by
		}
		p := read(t, got, to, disc.Raw)
		if is := sector.Check(p, to); is != want {
			t.Errorf("sector %d with wrong bytes %v: faults %b, want %b", at, bytes[:1], is, want)
		}
	}
	var wrong *sector.DataError
	_, err = got.ReadSectors(t.Context(), make([]byte, disc.SectorSize), second+4+by, disc.User)
	if !errors.As(err, &wrong) || wrong.LBA != second+4+by {
		t.Errorf("reading a damaged sector that was moved: %v", err)
	}
}

// New contents that cannot be read are an error, and never the old ones.
func TestUnreadable(t *testing.T) {
	d := imagetest.XA(t)
	e := edit(t, d, 1, 0)
	broken := errors.New("broken")
	for _, failure := range []error{broken, disc.ErrForm, &sector.DataError{LBA: 5, Fault: sector.BadEDC}} {
		got, err := replace.Track(t.Context(), d, 1, failing{e, failure}, e.sectors)
		if err != nil {
			t.Fatal(err)
		}
		n, err := got.ReadSectors(t.Context(), make([]byte, 10*sector.Size), 0, disc.Raw)
		if n != 5 || err == nil || failure != disc.ErrForm && !errors.Is(err, failure) || errors.Is(err, disc.ErrForm) {
			t.Errorf("%v: read %d sectors: %v", failure, n, err)
		}
	}
	short, err := replace.Track(t.Context(), d, 1, e, e.sectors+1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := short.ReadSectors(t.Context(), make([]byte, sector.Size), disc.LBA(e.sectors), disc.Raw); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("contents that are too short: %v", err)
	}
}

// failing fails to read sector 5, which is of form 1.
type failing struct {
	edited
	err error
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if at := int64(5 * disc.SectorSize); off <= at && off+int64(len(p)) > at {
		n, _ := f.edited.ReadAt(p[:at-off], off)
		return n, f.err
	}
	return f.edited.ReadAt(p, off)
}

// What cannot be replaced.
func TestRefused(t *testing.T) {
	d := imagetest.Mixed(t)
	for _, c := range []struct {
		track   int
		sectors int64
		want    string
	}{{2, 10, "audio"}, {9, 10, "no track 9"}, {1, 0, "0 sectors"}, {1, disc.MaxSectors + 1, "sectors"}} {
		if _, err := replace.Track(t.Context(), d, c.track, bytes.NewReader(nil), c.sectors); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("track %d, %d sectors: %v", c.track, c.sectors, err)
		}
	}
}
