package scsi_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
)

// script answers commands one after the other.
type script struct {
	replies []reply
	asked   []byte // operation codes
}

type reply struct {
	data string
	err  error
}

func (s *script) Execute(_ context.Context, c scsi.Command) (int, error) {
	s.asked = append(s.asked, c.CDB[0])
	if len(s.replies) == 0 {
		return 0, errors.New("asked too often")
	}
	r := s.replies[0]
	s.replies = s.replies[1:]
	return copy(c.Data, r.data), r.err
}
func (s *script) MaxTransfer() int { return 2048 }
func (s *script) Close() error     { return nil }

func refusal(key scsi.Key, asc, ascq byte) error {
	return scsi.NewError(make([]byte, 6), scsi.StatusCheckCondition, []byte{0x70, 0, byte(key), 0, 0, 0, 0, 6, 0, 0, 0, 0, asc, ascq})
}

func TestBegin(t *testing.T) {
	const recorder = "\x05\x80\x05\x32\x5b\x00\x00\x00PIONEER BD-RW   BDR-209D1.51"
	reset, changed := refusal(scsi.KeyUnitAttention, 0x29, 0), refusal(scsi.KeyUnitAttention, 0x28, 0)
	dead := errors.New("cable cut")
	for _, c := range []struct {
		name    string
		replies []reply
		asked   string
		want    string // the model, or part of the error
	}{
		{"ready", []reply{{}, {recorder, nil}}, "\x00\x12", "BD-RW   BDR-209D"},
		{"attention twice", []reply{{"", reset}, {"", changed}, {}, {recorder, nil}}, "\x00\x00\x00\x12", "BD-RW   BDR-209D"},
		{"empty tray", []reply{{"", refusal(scsi.KeyNotReady, 0x3A, 1)}, {recorder, nil}}, "\x00\x12", "BD-RW   BDR-209D"},
		{"disk", []reply{{}, {"\x00" + recorder[1:], nil}}, "\x00\x12", "device type 00h"},
		{"no such LUN", []reply{{}, {"\x7f" + recorder[1:], nil}}, "\x00\x12", "no drive at this logical unit number"},
		{"short reply", []reply{{}, {"\x05\x80", nil}}, "\x00\x12", "only 2 bytes"},
		{"dead", []reply{{"", dead}}, "\x00", "cable cut"},
	} {
		s := &script{replies: c.replies}
		id, err := scsi.Begin(context.Background(), s)
		got := id.Product
		if err != nil {
			got = err.Error()
		}
		if string(s.asked) != c.asked || !strings.Contains(got, c.want) || (err == nil) != (id.Vendor == "PIONEER") {
			t.Errorf("%s: asked % x, got %q, %+v; want %q", c.name, s.asked, got, id, c.want)
		}
	}
}

func TestIdentify(t *testing.T) {
	for name, c := range map[string]struct {
		reply string
		want  scsi.Identity
	}{
		"whole":        {"\x05\x80\x05\x12\x3d\x00\x00\x02STGT_DVDDVD101          0010", scsi.Identity{Type: 5, Vendor: "STGT_DVD", Product: "DVD101", Revision: "0010"}},
		"short":        {"\x05\x80\x05\x12\x3d\x00\x00\x02STGT_DVDDVD1", scsi.Identity{Type: 5, Vendor: "STGT_DVD", Product: "DVD1"}},
		"NULs":         {"\x05\x80\x05\x12\x3d\x00\x00\x02A\x00\x00\x00\x00\x00\x00\x00B\x00", scsi.Identity{Type: 5, Vendor: "A", Product: "B"}},
		"an escape in": {"\x05\x80\x05\x12\x3d\x00\x00\x02A\x1b[2J   B\xff\xc3", scsi.Identity{Type: 5, Vendor: "A [2J", Product: "B"}},
	} {
		got, err := scsi.Identify(t.Context(), &script{replies: []reply{{c.reply, nil}}})
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		}
	}
}
