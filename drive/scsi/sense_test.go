package scsi_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/peertest"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestErrorText(t *testing.T) {
	for _, c := range []struct {
		name, cdb, sense string
		status           byte
		want             string
	}{
		{
			"fixed", "2A00 000004D2 00 0010 00", "70 00 05 00000000 0A 00000000 21 02 00 000000", 2,
			"WRITE(10) at LBA 1234: ILLEGAL REQUEST, INVALID ADDRESS FOR WRITE (5/21/02)",
		},
		{
			"before the program area", "2A00 FFFFFF6A 00 0010 00", "70 00 03 00000000 0A 00000000 0C 00 00 000000", 2,
			"WRITE(10) at LBA -150: MEDIUM ERROR, WRITE ERROR (3/0C/00)",
		},
		{
			"descriptor with progress", "000000000000", "72 02 04 04 000000 08 02 06 0000 80 8000 00", 2,
			"TEST UNIT READY: NOT READY, LOGICAL UNIT NOT READY, FORMAT IN PROGRESS (2/04/04, 50% done)",
		},
		{
			"field pointer", "1200000024 00", "70 00 05 00000000 0A 00000000 24 00 00 CB0003", 2,
			"INQUIRY: ILLEGAL REQUEST, INVALID FIELD IN CDB (5/24/00, CDB byte 3 bit 3)",
		},
		{
			"pointer into the data", "550000000000 00 000C 00", "70 00 05 00000000 0A 00000000 26 00 00 80000A", 2,
			"MODE SELECT(10): ILLEGAL REQUEST, INVALID FIELD IN PARAMETER LIST (5/26/00, data byte 10)",
		},
		{
			"deferred", "350000000000 00 0000 00", "71 00 03 00000000 0A 00000000 0C 00 00 000000", 2,
			"SYNCHRONIZE CACHE(10): about an earlier command: MEDIUM ERROR, WRITE ERROR (3/0C/00)",
		},
		{
			"cut short", "000000000000", "70 00 02", 2,
			"TEST UNIT READY: NOT READY, NO ADDITIONAL SENSE INFORMATION (2/00/00)",
		},
		{"no sense", "000000000000", "", 2, "TEST UNIT READY: CHECK CONDITION without sense data"},
		{"busy", "000000000000", "", 8, "TEST UNIT READY: BUSY"},
		{
			"unknown command", "C10000000000", "70 00 05 00000000 0A 00000000 20 00", 2,
			"command C1h: ILLEGAL REQUEST, INVALID COMMAND OPERATION CODE (5/20/00)",
		},
		{
			"maker's own", "000000000000", "70 00 04 00000000 0A 00000000 81 01", 2,
			"TEST UNIT READY: HARDWARE ERROR, VENDOR SPECIFIC SENSE CODE (4/81/01)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := scsi.NewError(unhex(t, c.cdb), c.status, unhex(t, c.sense)).Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDecodeSense(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		want      scsi.Sense
	}{
		{
			"information", "F0 00 03 000004D2 0A 00000000 11 05 00 000000",
			scsi.Sense{Key: scsi.KeyMediumError, ASC: 0x11, ASCQ: 5, Information: 1234, InformationValid: true},
		},
		{
			"information of 64 bits", "72 03 11 05 000000 0C 00 0A 80 00 00000001000004D2",
			scsi.Sense{Key: scsi.KeyMediumError, ASC: 0x11, ASCQ: 5, Information: 1<<32 | 1234, InformationValid: true},
		},
		{
			"the additional length ends before the code", "70 00 05 00000000 02 00000000 21 02",
			scsi.Sense{Key: scsi.KeyIllegalRequest},
		},
		{
			"a descriptor longer than the data", "72 05 24 00 000000 04 02 06 0000",
			scsi.Sense{Key: scsi.KeyIllegalRequest, ASC: 0x24},
		},
		{"unknown format", "7F 05 24 00", scsi.Sense{}},
		{"empty", "", scsi.Sense{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := scsi.DecodeSense(unhex(t, c.raw))
			if hex.EncodeToString(got.Raw) != strings.ToLower(strings.ReplaceAll(c.raw, " ", "")) {
				t.Errorf("Raw is %x", got.Raw)
			}
			got.Raw = nil
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestKinds(t *testing.T) {
	kinds := map[string]func(error) bool{
		"NotReady": scsi.NotReady, "InProgress": scsi.InProgress,
		"MediumNotPresent": scsi.MediumNotPresent, "MediumChanged": scsi.MediumChanged, "WasReset": scsi.WasReset,
		"Unsupported": scsi.Unsupported, "InvalidField": scsi.InvalidField,
	}
	for _, c := range []struct {
		status         byte
		key, asc, ascq byte
		want           string
	}{
		{2, 2, 0x04, 0x01, "InProgress NotReady"},
		{2, 2, 0x04, 0x08, "InProgress NotReady"},
		{2, 2, 0x04, 0x07, "InProgress NotReady"},
		{2, 2, 0x04, 0x1A, "InProgress NotReady"},
		{2, 2, 0x04, 0x09, "InProgress NotReady"},
		{2, 2, 0x04, 0x03, "NotReady"},
		{2, 2, 0x3A, 0x02, "MediumNotPresent NotReady"},
		{2, 6, 0x28, 0x00, "MediumChanged"},
		{2, 6, 0x29, 0x01, "WasReset"},
		{2, 5, 0x20, 0x00, "Unsupported"},
		{2, 5, 0x24, 0x00, "InvalidField"},
		{2, 5, 0x26, 0x02, "InvalidField"},
		{2, 2, 0x24, 0x00, "InvalidField NotReady"},
		{2, 3, 0x0C, 0x00, ""},
		{8, 0, 0, 0, "InProgress"},
	} {
		var sense []byte
		if c.status == scsi.StatusCheckCondition {
			sense = []byte{0x70, 0, c.key, 0, 0, 0, 0, 10, 0, 0, 0, 0, c.asc, c.ascq, 0, 0, 0, 0}
		}
		err := fmt.Errorf("burning: %w", scsi.NewError(make([]byte, 6), c.status, sense))
		var got []string
		for name, is := range kinds {
			if is(err) {
				got = append(got, name)
			}
			if is(errors.New("other")) || is(nil) {
				t.Errorf("%s holds for an error that is not of a drive", name)
			}
		}
		slices.Sort(got)
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%02X: %X/%02X/%02X is %q, want %q", c.status, c.key, c.asc, c.ascq, s, c.want)
		}
	}
	if p, ok := scsi.Progress(scsi.NewError(nil, 2, unhex(t, "72 02 04 04 000000 08 02 06 0000 80 4000 00"))); !ok || p != 0.25 {
		t.Errorf("progress is %v, %v, want a quarter", p, ok)
	}
}

// Errors that occur in burns have a hint.
func TestHints(t *testing.T) {
	for _, code := range []struct{ key, asc, ascq byte }{
		{3, 0x0C, 0x00},
		{3, 0x0C, 0x09},
		{3, 0x73, 0x03},
		{5, 0x21, 0x02},
		{5, 0x30, 0x05},
		{5, 0x63, 0x00},
		{5, 0x64, 0x00},
		{5, 0x72, 0x00},
		{5, 0x72, 0x01},
		{5, 0x72, 0x02},
		{5, 0x72, 0x03},
		{5, 0x72, 0x04},
		{5, 0x72, 0x05},
		{2, 0x3A, 0x00},
		{2, 0x3A, 0x01},
		{2, 0x3A, 0x02},
		{6, 0x28, 0x00},
		{6, 0x29, 0x00},
		{0xB, 0x00, 0x00},
		{2, 0x04, 0x01},
		{2, 0x04, 0x08},
		{7, 0x27, 0x00},
		{3, 0x11, 0x05},
		{1, 0x73, 0x01},
		{4, 0x08, 0x00},
	} {
		e := &scsi.Error{Status: scsi.StatusCheckCondition, Sense: scsi.Sense{Key: scsi.Key(code.key), ASC: code.asc, ASCQ: code.ascq}}
		if e.Hint() == "" {
			t.Errorf("no advice for %X/%02X/%02X", code.key, code.asc, code.ascq)
		}
	}
}

func TestHintOfChain(t *testing.T) {
	refused := scsi.NewError([]byte{0}, scsi.StatusCheckCondition, []byte{0x70, 0, 2, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0x3A, 2})
	for want, err := range map[string]error{
		"insert a disc and close the tray": fmt.Errorf("reading: %w", refused),
		"the drive hangs":                  fmt.Errorf("%w: %w", scsi.ErrConnection, scsi.ErrTimeout),
		"check the cable":                  fmt.Errorf("%w: EOF", scsi.ErrConnection),
		"the drive is busy":                scsi.NewError([]byte{0}, scsi.StatusBusy, nil),
	} {
		if got := scsi.Hint(err); !strings.HasPrefix(got, want) {
			t.Errorf("advice for %v is %q, want %q", err, got, want)
		}
	}
	if got := scsi.Hint(errors.New("other")); got != "" {
		t.Errorf("advice for an error of another kind: %q", got)
	}
}

// sg3-utils carries the list of T10 too; it writes it in lower case.
func TestTextsAgainstSgDecodeSense(t *testing.T) {
	peertest.Need(t, "sg_decode_sense")
	listed := 0
	for code := range 0x8000 {
		text := scsi.Sense{ASC: byte(code >> 8), ASCQ: byte(code)}.Text()
		asc, ascq := code>>8, code&0xFF
		ranged := asc == 0x4D || asc == 0x40 && ascq >= 0x80 // the qualifier is in the text
		if ranged || text == "UNLISTED SENSE CODE" || text == "VENDOR SPECIFIC SENSE CODE" {
			continue
		}
		listed++
		args := strings.Fields(fmt.Sprintf("70 00 05 00 00 00 00 0a 00 00 00 00 %02x %02x 00 00 00 00", asc, ascq))
		out, err := exec.Command("sg_decode_sense", args...).Output()
		if err != nil {
			t.Fatalf("sg_decode_sense %v: %v", args, err)
		}
		if !strings.Contains(strings.ToUpper(string(out)), "ADDITIONAL SENSE: "+strings.ToUpper(text)+"\n") {
			t.Errorf("%02X/%02X is %q here, sg_decode_sense says:\n%s", asc, ascq, text, out)
		}
	}
	if listed != 376 {
		t.Errorf("%d codes have a text", listed)
	}
}

func FuzzDecodeSense(f *testing.F) {
	f.Add([]byte{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x21, 2, 0, 0, 0, 0})
	f.Add([]byte{0x72, 5, 0x24, 0, 0, 0, 0, 8, 2, 6, 0, 0, 0xC0, 0, 1, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if scsi.NewError([]byte{0}, 2, raw).Error() == "" {
			t.Error("an error without a text")
		}
	})
}
