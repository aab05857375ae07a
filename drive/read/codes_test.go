package read_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/sector"
)

// codesDisc puts a mixed-mode disc with codes and CD-TEXT into a virtual drive: a data track
// and three audio tracks.
func codesDisc(t *testing.T) (*virtual.Drive, disc.Session) {
	t.Helper()
	want := disc.Session{Number: 1, Text: []disc.CDText{{
		Language: 9, Album: disc.Text{Title: "An album"}, Tracks: map[int]disc.Text{2: {Title: "A song"}, 4: {Performer: "Somebody"}},
	}}}
	st := discfile.State{Medium: "CD-R", Sectors: 4096, MCN: "4006381333931", Final: true, Sessions: []discfile.Session{{Closed: true, LeadOut: 2000}}}
	for i, isrc := range []string{"", "USRC17607839", "", "DEA459900001"} {
		start := int64(i) * 500
		k := discfile.Track{Start: start, Size: 500, Next: start + 500, Closed: true, ISRC: isrc}
		one := disc.Track{Number: i + 1, Mode: disc.Audio, Start: disc.LBA(start), Length: 500, ISRC: isrc}
		if i == 0 {
			k.Control, one.Mode = 4, disc.Mode1
		}
		st.Sessions[0].Tracks = append(st.Sessions[0].Tracks, k)
		want.Tracks = append(want.Tracks, one)
	}
	st.CDText, _ = sector.EncodeCDText(want)
	path := filepath.Join(t.TempDir(), "disc")
	if err := discfile.Create(path, true, &st, true); err != nil {
		t.Fatal(err)
	}
	v, err := virtual.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v, want
}

func TestCodes(t *testing.T) {
	v, want := codesDisc(t)
	d := open(t, v)
	toc := d.TOC()
	if toc.Catalog != "4006381333931" || len(toc.Sessions) != 1 || !reflect.DeepEqual(toc.Sessions[0], want) {
		t.Errorf("%+v, want %+v", toc, want)
	}
	p := make([]byte, disc.RawSub.Size())
	for _, lba := range []disc.LBA{0, 499, 500, 700} {
		if _, err := d.ReadSectors(t.Context(), p, lba, disc.RawSub); err != nil {
			t.Fatalf("sector %d: %v", lba, err)
		}
		raw := sector.ReadQ(p[sector.Size:])
		if q, ok := sector.DecodeQ(raw[:]); !ok || q.Track != int(lba/500)+1 || q.Absolute != lba.MSF() {
			t.Errorf("sector %d: %+v", lba, q)
		}
		if lba < 500 && sector.Check(p[:sector.Size], lba) != 0 {
			t.Errorf("sector %d has faults", lba)
		}
	}
}

// odd is a drive that reports codes of its own.
type odd struct {
	scsi.Transport
	code  func(format, track byte, n int) (string, byte) // and the track that it belongs to
	asked *int
}

func (o odd) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] != scsi.OpReadSubChannel {
		return o.Transport.Execute(ctx, c)
	}
	code, track := o.code(c.CDB[3], c.CDB[6], *o.asked)
	*o.asked++
	clear(c.Data)
	c.Data[4], c.Data[6], c.Data[8] = c.CDB[3], track, 0x80
	copy(c.Data[9:], code)
	return len(c.Data), nil
}

func TestOddCodes(t *testing.T) {
	for _, c := range []struct {
		name    string
		code    func(format, track byte, n int) (string, byte)
		catalog string
		isrcs   []string
		said    string
	}{
		{
			"zeros", func(_, track byte, _ int) (string, byte) { return "0000000000000", track },
			"",
			[]string{"", "", ""},
			"",
		},
		{
			"wrong characters", func(_, track byte, _ int) (string, byte) { return "40063813339\x0031", track },
			"",
			[]string{"", "", ""},
			"",
		},
		{
			"another one each time", func(_, track byte, n int) (string, byte) { return "USRC1760783" + string(rune('0'+n%10)), track },
			"",
			[]string{"", "", ""},
			"",
		},
		{
			"that of the track before", func(format, track byte, _ int) (string, byte) {
				if format == 2 {
					return "4006381333931", 0
				}
				return "USRC17607839", track
			},
			"4006381333931",
			[]string{"USRC17607839", "", ""},
			"of track 2 for track 3 too",
		},
		{
			"of another track, and it says so", func(byte, byte, int) (string, byte) { return "USRC17607839", 3 },
			"",
			[]string{"", "USRC17607839", ""},
			"",
		},
	} {
		v, _ := codesDisc(t)
		d, err := read.Open(t.Context(), odd{v, c.code, new(int)})
		if err != nil {
			t.Fatal(err)
		}
		toc := d.TOC()
		if toc.Catalog != c.catalog {
			t.Errorf("%s: the catalogue number is %q, want %q", c.name, toc.Catalog, c.catalog)
		}
		for i, want := range c.isrcs {
			if got := toc.Sessions[0].Tracks[i+1].ISRC; got != want {
				t.Errorf("%s: the ISRC of track %d is %q, want %q", c.name, i+2, got, want)
			}
		}
		if said := strings.Join(disc.Texts(read.Notices(d)), "\n"); !strings.Contains(said, c.said) || c.said == "" && said != "" {
			t.Errorf("%s: said %q", c.name, said)
		}
	}
}

// noSub is a drive that does not deliver sub-channels.
type noSub struct{ scsi.Transport }

func (d noSub) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] == scsi.OpReadCD && c.CDB[10] != 0 {
		return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, sense(5, 0x24, 0))
	}
	return d.Transport.Execute(ctx, c)
}

// What a drive does not deliver is generated, as of an image.
func TestNoSubChannels(t *testing.T) {
	v, _ := codesDisc(t)
	d, err := read.Open(t.Context(), noSub{v})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 10*disc.RawSub.Size())
	if n, err := d.ReadSectors(t.Context(), p, 495, disc.RawSub); n != 0 || !errors.Is(err, disc.ErrForm) {
		t.Errorf("%d sectors, %v", n, err)
	}
	if n, err := sector.AllForms(d).ReadSectors(t.Context(), p, 495, disc.RawSub); n != 10 || err != nil {
		t.Errorf("%d sectors, %v", n, err)
	}
	raw := sector.ReadQ(p[9*disc.RawSub.Size()+sector.Size:])
	if q, ok := sector.DecodeQ(raw[:]); !ok || q.Track != 2 || q.Absolute != disc.LBA(504).MSF() {
		t.Errorf("%+v, %v", q, ok)
	}
}
