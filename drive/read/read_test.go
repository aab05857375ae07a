package read_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

func burn(t *testing.T, d scsi.Transport, p []byte, o record.Options) {
	t.Helper()
	b, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(p), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := virtualtest.Burn(context.Background(), b, progress.Discard); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, d scsi.Transport) disc.Disc {
	t.Helper()
	m, err := read.Open(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func TestPressed(t *testing.T) {
	want := virtualtest.Noise(1000, 5)
	d := open(t, virtualtest.Pressed(t, want))
	tr, ok := disc.DataTrack(d)
	if !ok || tr.Start != 0 || tr.Length != 1000 {
		t.Fatalf("sessions: %+v", d.TOC().Sessions)
	}
	for _, c := range []struct {
		lba     disc.LBA
		sectors int
		n       int
		err     error
	}{
		{0, 1000, 1000, nil},
		{999, 1, 1, nil},
		{990, 64, 10, io.EOF},
		{1000, 1, 0, io.EOF},
		{5000, 1, 0, io.EOF},
		{17, 0, 0, nil},
	} {
		p := make([]byte, c.sectors*disc.SectorSize)
		n, err := d.ReadSectors(context.Background(), p, c.lba, disc.User)
		if n != c.n || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%d sectors at %d: got %d, %v", c.sectors, c.lba, n, err)
		}
		if !bytes.Equal(p[:n*disc.SectorSize], want[min(int(c.lba), 1000)*disc.SectorSize:][:n*disc.SectorSize]) {
			t.Errorf("%d sectors at %d differ", c.sectors, c.lba)
		}
	}
}

// A drive reads DVDs in sectors of 2048 bytes and in no other form.
func TestNoRawDVD(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+r", 4096)
	burn(t, d, virtualtest.Noise(100, 5), record.Options{})
	if _, err := open(t, d).ReadSectors(context.Background(), make([]byte, disc.RawSectorSize), 0, disc.Raw); !errors.Is(err, disc.ErrForm) {
		t.Errorf("raw sectors of a DVD: %v", err)
	}
}

// rawCD answers READ CD with sectors that repeat their address.
type rawCD struct{ scsi.Transport }

func (r rawCD) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] != scsi.OpReadCD {
		return r.Transport.Execute(ctx, c)
	}
	size := disc.RawSectorSize
	if c.CDB[10] == 1 {
		size = disc.RawSub.Size()
	}
	if c.CDB[9] != 0xF8 || c.CDB[1] != 0 || c.CDB[10] > 1 || len(c.Data) > r.MaxTransfer() {
		return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, sense(5, 0x24, 0))
	}
	for i := range len(c.Data) / size {
		p := c.Data[i*size:][:size]
		copy(p, bytes.Repeat([]byte{byte(binary.BigEndian.Uint32(c.CDB[2:])) + byte(i)}, len(p)))
	}
	return len(c.Data), nil
}

// Whole sectors of a CD are read in commands of up to MaxTransfer bytes, with their
// sub-channels on request.
func TestRawCD(t *testing.T) {
	d := virtualtest.Blank(t, "cd-r", 4096)
	burn(t, d, virtualtest.Noise(400, 5), record.Options{})
	const n = 200
	for _, f := range []disc.Form{disc.Raw, disc.RawSub} {
		size := f.Size()
		p := make([]byte, n*size)
		if k, err := open(t, rawCD{d}).ReadSectors(context.Background(), p, 7, f); k != n || err != nil {
			t.Fatalf("%d sectors, %v", k, err)
		}
		for i := range n {
			if p[i*size] != byte(7+i) || p[(i+1)*size-1] != byte(7+i) {
				t.Fatalf("sector %d of %d bytes is wrong", 7+i, size)
			}
		}
	}
}

// The sectors before an unreadable one are returned, and the error has its address.
func TestUnreadable(t *testing.T) {
	want := virtualtest.Noise(300, 5)
	v := virtualtest.Pressed(t, want)
	d := open(t, v)
	v.SetFaults(virtual.Faults{ReadErrors: []int64{77}})
	p := make([]byte, 200*disc.SectorSize)
	n, err := d.ReadSectors(context.Background(), p, 50, disc.User)
	if n != 27 || !scsi.Is(err, scsi.KeyMediumError, 0x11, 0x05) || !strings.Contains(err.Error(), "LBA 77") {
		t.Errorf("%d sectors, %v", n, err)
	}
	if !bytes.Equal(p[:n*disc.SectorSize], want[50*disc.SectorSize:77*disc.SectorSize]) {
		t.Error("the sectors before it differ")
	}
	if n, err := d.ReadSectors(context.Background(), p, 78, disc.User); n != 200 || err != nil {
		t.Errorf("after it: %d sectors, %v", n, err)
	}
}

// flaky is a drive whose first few reads of some addresses fail.
type flaky struct {
	scsi.Transport
	fails map[uint32]int
	with  []byte // sense data
	reads int
	most  int
}

func (m *flaky) MaxTransfer() int {
	if m.most > 0 {
		return m.most
	}
	return m.Transport.MaxTransfer()
}

func (m *flaky) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] == scsi.OpRead10 {
		m.reads++
		at, n := binary.BigEndian.Uint32(c.CDB[2:]), uint32(len(c.Data)/disc.SectorSize)
		for lba, left := range m.fails {
			if lba >= at && lba < at+n && left > 0 {
				m.fails[lba]--
				return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, m.with)
			}
		}
	}
	return m.Transport.Execute(ctx, c)
}

func sense(key, asc, ascq byte) []byte {
	return []byte{0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0}
}

func TestRetries(t *testing.T) {
	want := virtualtest.Noise(300, 5)
	for _, c := range []struct {
		name  string
		fails int
		with  []byte
		ok    bool
	}{
		{"an error once", 1, sense(3, 0x11, 0), true},
		{"an error that goes away on the third try", 3, sense(3, 0x11, 0), true},
		{"an error that stays", 1000, sense(3, 0x11, 0), false},
		{"spinning up", 6, sense(2, 0x04, 0x01), true},
		{"a reset", 1, sense(6, 0x29, 0), true},
		{"another disc", 1, sense(6, 0x28, 0), false},
		{"no disc", 1000, sense(2, 0x3A, 0), false},
	} {
		m := &flaky{Transport: virtualtest.Pressed(t, want), most: 32 << 10}
		d := open(t, m)
		m.fails, m.with = map[uint32]int{88: c.fails}, c.with
		p := make([]byte, 300*disc.SectorSize)
		n, err := d.ReadSectors(context.Background(), p, 0, disc.User)
		if (err == nil) != c.ok {
			t.Errorf("%s: %d sectors, %v", c.name, n, err)
		}
		if !bytes.Equal(p[:n*disc.SectorSize], want[:n*disc.SectorSize]) {
			t.Errorf("%s: what was read differs", c.name)
		}
		if c.ok && n != 300 {
			t.Errorf("%s: %d sectors", c.name, n)
		}
	}
}

// Nothing more is sent to a drive that is gone.
func TestGone(t *testing.T) {
	m := &flaky{Transport: virtualtest.Pressed(t, virtualtest.Noise(300, 5))}
	d := open(t, m)
	m.fails, m.with = map[uint32]int{5: 1 << 30}, sense(2, 0x3A, 0)
	for range 10 {
		if _, err := d.ReadSectors(context.Background(), make([]byte, disc.SectorSize), 5, disc.User); !scsi.MediumNotPresent(err) {
			t.Error(err)
		}
	}
	if m.reads > 2 {
		t.Errorf("the drive received %d commands", m.reads)
	}
}

// A drive without READ(10) is read with READ(12).
func TestRead12(t *testing.T) {
	want := virtualtest.Noise(300, 5)
	v := virtualtest.Pressed(t, want)
	v.SetFaults(virtual.Faults{Refuse: []byte{0x28}})
	p := make([]byte, len(want))
	if n, err := open(t, v).ReadSectors(context.Background(), p, 0, disc.User); err != nil || !bytes.Equal(p, want) {
		t.Errorf("%d sectors, %v", n, err)
	}
}

func TestNothingToRead(t *testing.T) {
	ctx := context.Background()
	d := virtualtest.Blank(t, "dvd+r", 4096)
	if _, err := read.Open(ctx, d); !errors.Is(err, read.ErrBlank) {
		t.Errorf("blank: %v", err)
	}
	if err := mmc.StartStop(ctx, d, mmc.Eject); err != nil {
		t.Fatal(err)
	}
	if _, err := read.Open(ctx, d); !errors.Is(err, read.ErrNoMedium) {
		t.Errorf("empty: %v", err)
	}
	m, err := read.Media(ctx, d)
	if !errors.Is(err, read.ErrNoMedium) || m.Drive.Vendor == "" || m.Profile != mmc.NoProfile || len(m.Profiles) == 0 {
		t.Errorf("empty: %+v, %v", m, err)
	}
}

func TestMedia(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		medium  string
		profile mmc.Profile
		format  string
		maker   bool
	}{
		{"cd-r", mmc.CDR, "", true},
		{"cd-rw", mmc.CDRW, "", true},
		{"dvd-r", mmc.DVDR, "", true},
		{"dvd-rw", mmc.DVDRW, "", true},
		{"dvd+r", mmc.DVDPR, "", true},
		{"dvd+rw", mmc.DVDPRW, "not formatted", true},
		{"dvd+r dl", mmc.DVDPRDL, "", true},
		{"bd-r", mmc.BDRSRM, "not formatted", true},
		{"bd-re", mmc.BDRE, "not formatted", true},
	} {
		d := virtualtest.Blank(t, c.medium, 40960)
		m, err := read.Media(ctx, d)
		if err != nil {
			t.Errorf("%s: %v", c.medium, err)
			continue
		}
		if m.Profile != c.profile || m.Status != mmc.Blank || len(m.Sessions) > 0 || m.NextWritable != 0 || m.Format != c.format {
			t.Errorf("%s: %+v", c.medium, m)
		}
		if m.Free < 39000 || m.Free > 40960 || m.Capacity != m.Free || len(m.Speeds) == 0 || m.Speeds[0] < m.Speeds[len(m.Speeds)-1] {
			t.Errorf("%s: %+v", c.medium, m)
		}
		if (m.Maker != "") != c.maker {
			t.Errorf("%s: maker %q", c.medium, m.Maker)
		}
		t.Logf("%s: maker %q, speeds %v, formats %v", c.medium, m.Maker, m.Speeds, m.Formats)
	}
}

func TestMediaWithSessions(t *testing.T) {
	ctx := context.Background()
	for _, medium := range []string{"cd-r", "dvd-r", "dvd+r", "bd-r"} {
		d := virtualtest.Blank(t, medium, 40960)
		burn(t, d, virtualtest.Noise(640, 5), record.Options{Appendable: true})
		burn(t, d, virtualtest.Noise(320, 5), record.Options{Appendable: true, Force: true})
		m, err := read.Media(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		if m.Status != mmc.Appendable || len(m.Sessions) != 2 || m.NextWritable <= m.Sessions[1].Tracks[0].Start || m.Free <= 0 {
			t.Errorf("%s: %+v", medium, m)
		}
		first := disc.Track{Number: 1, Mode: disc.Mode1, Length: 640}
		if got := m.Sessions[0].Tracks; len(got) != 1 || got[0].Start != 0 || got[0].Length < 640 || got[0].Length > 642 {
			t.Errorf("%s: first session %+v, want %+v", medium, got, first)
		}
	}
}

// A rewritable disc has its full capacity after a burn that needed only a part of it,
// even if the drive has formatted only that part.
func TestMediaOverwritable(t *testing.T) {
	for _, medium := range []string{"dvd+rw", "bd-re"} {
		d := virtualtest.Blank(t, medium, 40960)
		burn(t, d, virtualtest.Noise(640, 5), record.Options{})
		m, err := read.Media(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if m.Capacity < 39000 || m.Free != m.Capacity || m.NextWritable != 0 {
			t.Errorf("%s: %+v", medium, m)
		}
	}
}

// A drive that only reads may report only the size of the disc.
func TestDriveThatOnlyReads(t *testing.T) {
	want := virtualtest.Noise(64, 5)
	v := virtualtest.Pressed(t, want)
	v.SetFaults(virtual.Faults{Refuse: []byte{0x51, 0x52, 0xAC, 0xAD, 0x23}})
	d := open(t, v)
	p := make([]byte, len(want))
	if _, err := d.ReadSectors(context.Background(), p, 0, disc.User); err != nil || !bytes.Equal(p, want) {
		t.Error(err)
	}
	m, err := read.Media(context.Background(), v)
	if err != nil || m.Status != mmc.Closed || len(m.Sessions) != 1 || m.NextWritable != -1 {
		t.Errorf("%+v, %v", m, err)
	}
	if !reflect.DeepEqual(m.Sessions, d.TOC().Sessions) {
		t.Errorf("%+v, %+v", m.Sessions, d.TOC().Sessions)
	}
}

// A CD track written track at once has the length of what was written, with a notice that
// its run-out is left out. A damaged sector before the run-out is not left out.
func TestRunOut(t *testing.T) {
	want := virtualtest.Noise(400, 5)
	v := virtualtest.Blank(t, "cd-r", 4096)
	burn(t, v, want, record.Options{})
	d := open(t, v)
	if n := disc.Sectors(d); n != 400 || len(read.Notices(d)) != 1 {
		t.Errorf("%d sectors, notices %q", n, read.Notices(d))
	}
	v.SetFaults(virtual.Faults{ReadErrors: []int64{399}})
	d = open(t, v)
	if n := disc.Sectors(d); n != 402 || len(read.Notices(d)) != 0 {
		t.Errorf("damaged: %d sectors, notices %q", n, read.Notices(d))
	}
	if d := open(t, virtualtest.Pressed(t, want)); disc.Sectors(d) != 400 || len(read.Notices(d)) != 0 {
		t.Errorf("pressed: %+v, notices %q", d.TOC().Sessions, read.Notices(d))
	}
}
