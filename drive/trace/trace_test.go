package trace_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/trace"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// growisofs is the beginning and the end of a burn with growisofs 7.1 in tgtd 1.0.85 with a
// blank DVD+R. It was not recorded with this package.
const growisofs = `# client:  growisofs 7.1 (Debian 12)
# ended:   exit status 0

   1 <     36  12 00 00 00 24 00                   INQUIRY
      data< 0000: 05 80 05 12 3d 00 00 02 53 54 47 54 5f 44 56 44 44 56 44 31 30 31 20 20 20 20 20 20 20 20 20 20
      data< 0020: 30 30 31 30
   2 <      8  46 00 00 00 00 00 00 00 08 00       GET CONFIGURATION
      data< 0000: 00 00 00 70 00 00 00 1b
   3 <     32  51 00 00 00 00 00 00 00 20 00       READ DISC INFORMATION
      data< 0000: 00 20 00 01 01 01 01 10 00 00 00 00 00 00 00 00 00 00 00 00 00 23 05 40 00 00 00 00
   4 <     32  52 01 00 00 00 01 00 00 20 00       READ TRACK INFORMATION
      data< 0000: 00 26 01 01 00 07 41 01 00 00 00 00 00 00 00 00 00 23 05 40 00 00 00 10 00 23 05 40 00 00 00 00
   5 -      0  1e 00 00 00 01 00                   PREVENT ALLOW MEDIUM REMOVAL
   6 <      8  4a 01 00 00 ff 00 00 00 08 00       GET EVENT STATUS NOTIFICATION
      CHECK CONDITION 5/20/00   (sense 70 00 05 00 00 00 00 0a 00 00 00 00 20 00 00 00 00 00)
  16 >  32768  2a 00 00 00 00 00 00 00 10 00       WRITE(10) lba 0, 16 blocks
      ... and 102 more WRITE(10) up to lba 1632, 1648 blocks in all
 121 -      0  35 02 00 00 00 00 00 00 00 00       SYNCHRONIZE CACHE(10)
`

func parse(t *testing.T, s string) []trace.Exchange {
	t.Helper()
	all, err := trace.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestParse(t *testing.T) {
	all := parse(t, growisofs)
	if len(all) != 8 {
		t.Fatalf("%d commands, want 8", len(all))
	}
	if e := all[0]; e.Number != 1 || e.Direction != scsi.In || e.Length != 36 || len(e.In) != 36 || e.In[35] != 0x30 {
		t.Errorf("INQUIRY: %+v", e)
	}
	if e := all[5]; !scsi.Unsupported(e.Err) {
		t.Errorf("GET EVENT STATUS NOTIFICATION: %+v", e)
	}
	if e := all[6]; e.Direction != scsi.Out || e.More != 102 || e.Blocks != 1648 || e.Out != nil {
		t.Errorf("WRITE: %+v", e)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{
		"nonsense",
		"   1 -      0  00 00 00                         TEST UNIT READY\n",
		"      data< 0000: 00\n",
		"   1 <      2  5a 00 2a 00 00 00 00 00 02 00       MODE SENSE(10)\n      data< 0000: 00 3e 00\n",
		"   1 -      0  00 00 00 00 00 00                   TEST UNIT READY\n      something else\n",
	} {
		if _, err := trace.Parse(strings.NewReader(s)); err == nil {
			t.Errorf("no error for %q", s)
		}
	}
}

// The recording of one program can be replayed for another.
func TestReplayForeign(t *testing.T) {
	ctx := context.Background()
	r := trace.NewReplay(parse(t, growisofs))
	info, err := mmc.ReadDiscInformation(ctx, r)
	if err != nil || info.Status != mmc.Blank || info.LastInLast != 1 {
		t.Errorf("%+v, %v", info, err)
	}
	ti, err := mmc.ReadTrackInformation(ctx, r, 1)
	if err != nil || ti.Free != 2295104 {
		t.Errorf("%+v, %v", ti, err)
	}
	id, err := scsi.Identify(ctx, r) // it is before the others
	if err != nil || id.Vendor != "STGT_DVD" {
		t.Errorf("%+v, %v", id, err)
	}
	if err := mmc.SendOPC(ctx, r); err == nil {
		t.Error("a command that is not in the recording was answered")
	}
	for i := range 104 {
		err := mmc.WriteBlocks(ctx, r, disc.LBA(16*i), make([]byte, 16*disc.SectorSize), disc.SectorSize)
		if (err == nil) != (i < 103) {
			t.Fatalf("write %d: %v", i, err)
		}
	}
}

// Of a reply that was requested twice, the header first, the complete one is returned.
func TestReplayOfTOC(t *testing.T) {
	// cdrskin 1.5.4 on CDEmu with a CD-R of one session, left open.
	r := trace.NewReplay(parse(t, `  30 <      4  43 02 02 00 00 00 00 00 04 00       READ TOC/PMA/ATIP
      data< 0000: 00 2e 01 01
  31 <     48  43 02 02 00 00 00 00 00 30 00       READ TOC/PMA/ATIP
      data< 0000: 00 2e 01 01 01 14 00 a0 00 00 00 00 01 00 00 01 14 00 a1 00 00 00 00 01 00 00 01 10 00 a2 00 00
      data< 0020: 00 00 00 19 49 01 14 00 01 00 00 00 00 00 02 00
`))
	toc, err := mmc.ReadFullTOC(context.Background(), r)
	if err != nil || len(toc) != 4 || toc[3].Point != 1 || toc[3].PMin.LBA() != 0 || toc[2].PMin.LBA() != 1798 {
		t.Errorf("%+v, %v", toc, err)
	}
}

func burn(d scsi.Transport) error {
	src := virtualtest.DiscOf(make([]byte, 1000*disc.SectorSize))
	b, err := record.NewPlan(context.Background(), d, src, record.Options{})
	if err != nil {
		return err
	}
	r, err := virtualtest.Burn(context.Background(), b, progress.Discard)
	if err == nil && !r.Verified {
		return errors.New("not verified")
	}
	return err
}

// The recording of a burn can be replayed, command by command.
func TestRecordAndReplay(t *testing.T) {
	for _, medium := range []string{"cd-r", "dvd-r", "dvd+r", "dvd+rw", "bd-r", "bd-re"} {
		t.Run(medium, func(t *testing.T) {
			var text bytes.Buffer
			x := trace.Wrap(virtualtest.Blank(t, medium, 4096), &text, "a burn on "+medium, "two\nlines")
			if err := burn(x); err != nil {
				t.Fatal(err)
			}
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			if text.Len() > 60<<10 {
				t.Errorf("the recording has %d bytes", text.Len())
			}
			r := trace.NewReplay(parse(t, text.String()))
			r.Strict = true
			if err := burn(smaller{r, x.MaxTransfer()}); err != nil {
				t.Fatalf("%v\n%s", err, text.String())
			}
			if r.Left() != 0 {
				t.Errorf("%d lines of the recording were not replayed", r.Left())
			}
		})
	}
}

// smaller sets the transfer length.
type smaller struct {
	scsi.Transport
	most int
}

func (s smaller) MaxTransfer() int { return s.most }

// Errors of all kinds are recorded and replayed.
func TestErrors(t *testing.T) {
	var text bytes.Buffer
	d := virtualtest.Blank(t, "dvd+r", 4096)
	d.SetFaults(virtual.Faults{WriteErrors: map[int64][3]byte{20: {3, 0x0C, 0}}})
	x := trace.Wrap(&failing{Transport: d}, &text)
	first := commands(x)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	second := commands(trace.NewReplay(parse(t, text.String())))
	if !reflect.DeepEqual(first, second) {
		t.Errorf("got %q, want %q\n%s", second, first, text.String())
	}
}

// failing is a transport that fails.
type failing struct{ scsi.Transport }

func (f *failing) Execute(ctx context.Context, c scsi.Command) (int, error) {
	switch c.CDB[0] {
	case scsi.OpPreventAllowMediumRemoval:
		return 0, scsi.ErrConnection
	case scsi.OpReadBufferCapacity:
		return 0, scsi.NewError(c.CDB, scsi.StatusBusy, nil)
	}
	return f.Transport.Execute(ctx, c)
}

func commands(t scsi.Transport) []string {
	ctx := context.Background()
	var all []string
	note := func(err error) {
		key, asc, ascq, ok := scsi.Code(err)
		all = append(all, strings.Join([]string{
			key.String(), string(rune(asc)), string(rune(ascq)),
			map[bool]string{true: "sense"}[ok], map[bool]string{true: "lost"}[errors.Is(err, scsi.ErrConnection)],
			map[bool]string{true: "busy"}[scsi.InProgress(err)], map[bool]string{true: "good"}[err == nil],
		}, ","))
	}
	note(mmc.TestUnitReady(ctx, t))
	note(mmc.TestUnitReady(ctx, t))
	note(mmc.WriteBlocks(ctx, t, 0, make([]byte, 16*disc.SectorSize), disc.SectorSize))
	note(mmc.WriteBlocks(ctx, t, 16, make([]byte, 16*disc.SectorSize), disc.SectorSize))
	note(mmc.PreventRemoval(ctx, t, true))
	_, err := mmc.ReadBufferCapacity(ctx, t)
	note(err)
	return all
}

// Commands do not fail if the recording cannot be written.
func TestRecordFails(t *testing.T) {
	x := trace.Wrap(virtualtest.Blank(t, "dvd+r", 4096), full{})
	if err := read.Ready(context.Background(), x); err != nil {
		t.Error(err)
	}
	if err := x.Close(); err == nil {
		t.Error("Close did not return the error")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// A program that sends the commands of the recording again gets their replies in their
// order, also where a reply is requested in two steps several times. What is asked more
// often than in the record gets the last reply, and the replay does not begin again.
func TestReplayOfItself(t *testing.T) {
	r := trace.NewReplay(parse(t, `   1 <      4  46 00 00 00 00 00 00 00 04 00       GET CONFIGURATION
      data< 0000: 00 00 00 04
   2 <      8  46 00 00 00 00 00 00 00 08 00       GET CONFIGURATION
      data< 0000: 00 00 00 04 00 00 00 11
   3 <      4  51 00 00 00 00 00 00 00 04 00       READ DISC INFORMATION
      data< 0000: 00 20 00 01
   4 <      4  46 00 00 00 00 00 00 00 04 00       GET CONFIGURATION
      data< 0000: 00 00 00 04
   5 <      8  46 00 00 00 00 00 00 00 08 00       GET CONFIGURATION
      data< 0000: 00 00 00 04 00 00 00 10
   6 <      4  51 00 00 00 00 00 00 00 04 00       READ DISC INFORMATION
      data< 0000: 00 20 0e 01
`))
	for i, c := range []struct {
		op   byte
		want string
	}{
		{scsi.OpGetConfiguration, "00 00 00 04"},
		{scsi.OpGetConfiguration, "00 00 00 04 00 00 00 11"},
		{scsi.OpReadDiscInformation, "00 20 00 01"},
		{scsi.OpGetConfiguration, "00 00 00 04"},
		{scsi.OpGetConfiguration, "00 00 00 04 00 00 00 10"},
		{scsi.OpReadDiscInformation, "00 20 0e 01"},
		{scsi.OpReadDiscInformation, "00 20 0e 01"}, // once more than in the record
		{scsi.OpGetConfiguration, "00 00 00 04 00 00 00 10"},
		{scsi.OpReadDiscInformation, "00 20 0e 01"},
	} {
		n := (len(c.want) + 1) / 3
		p := make([]byte, n)
		_, err := r.Execute(context.Background(), scsi.Command{CDB: []byte{c.op, 0, 0, 0, 0, 0, 0, 0, byte(n), 0}, Direction: scsi.In, Data: p, Timeout: time.Second})
		if got := fmt.Sprintf("% x", p); err != nil || got != c.want {
			t.Errorf("command %d: got %s, %v, want %s", i, got, err, c.want)
		}
	}
}

// A file that is no record is not printed.
func TestParseBriefly(t *testing.T) {
	zeros := strings.Repeat("\x00", 50000)
	for _, s := range []string{zeros, "   1 -      0  00 00 00 00 00 00                   TEST UNIT READY\n" + zeros} {
		if _, err := trace.Parse(strings.NewReader(s)); err == nil || len(err.Error()) > 600 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	}
}
