package iscsi_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi"
	"glassmaster/drive/tgtdtest"
)

func open(t *testing.T, address string) *iscsi.Session {
	t.Helper()
	s, err := iscsi.Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b) // never fails
	return b
}

// rw is a READ(10) or WRITE(10).
func rw(op byte, lba, blocks int) []byte {
	cdb := make([]byte, 10)
	cdb[0] = op
	binary.BigEndian.PutUint32(cdb[2:], uint32(lba))
	binary.BigEndian.PutUint16(cdb[7:], uint16(blocks))
	return cdb
}

func TestReadDisc(t *testing.T) {
	content := noise(500 * 2048)
	path := filepath.Join(t.TempDir(), "disc.iso")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, tgtdtest.Start(t).Drive(path))
	ctx := context.Background()
	var got []byte
	for lba := 0; lba < 500; {
		blocks := min(s.MaxTransfer()/2048, 500-lba)
		buf := make([]byte, blocks*2048)
		n, err := s.Execute(ctx, scsi.Command{CDB: rw(0x28, lba, blocks), Direction: scsi.In, Data: buf})
		if err != nil || n != len(buf) {
			t.Fatalf("READ at %d: %d bytes, %v", lba, n, err)
		}
		got, lba = append(got, buf...), lba+blocks
	}
	if !bytes.Equal(got, content) {
		t.Error("what was read differs from the file")
	}

	data := make([]byte, 0x60)
	n, err := s.Execute(ctx, scsi.Command{CDB: []byte{0x12, 0, 0, 0, 0x60, 0}, Direction: scsi.In, Data: data})
	if err != nil || n < 36 || n > len(data) || data[0] != 5 {
		t.Errorf("INQUIRY: %d bytes % x, %v", n, data[:5], err)
	}

	_, err = s.Execute(ctx, scsi.Command{CDB: rw(0x2A, 500, 1), Direction: scsi.Out, Data: make([]byte, 2048)})
	want := "WRITE(10) at LBA 500: ILLEGAL REQUEST, CANNOT WRITE MEDIUM - INCOMPATIBLE FORMAT (5/30/05)"
	if !scsi.Is(err, scsi.KeyIllegalRequest, 0x30, 0x05) || err.Error() != want {
		t.Errorf("WRITE onto a DVD-ROM: %v\nwant %s", err, want)
	}
	// RESERVE TRACK is not known to tgtd.
	if _, err := s.Execute(ctx, scsi.Command{CDB: make10(0x53)}); !scsi.Unsupported(err) {
		t.Errorf("RESERVE TRACK: %v", err)
	}
	if _, err := s.Execute(ctx, scsi.Command{CDB: make([]byte, 6)}); err != nil {
		t.Errorf("TEST UNIT READY after errors: %v", err)
	}
}

func make10(op byte) []byte { return append([]byte{op}, make([]byte, 9)...) }

// A write of the largest size goes partly with the command (immediate data), and
// partly on request (R2T and Data-Out).
func TestWriteDisc(t *testing.T) {
	address, path := tgtdtest.Start(t).Blank()
	s := open(t, address)
	content := noise(300*2048 + 5*2048)
	ctx := context.Background()
	for lba := 0; lba*2048 < len(content); {
		chunk := content[lba*2048:]
		chunk = chunk[:min(len(chunk), s.MaxTransfer())]
		n, err := s.Execute(ctx, scsi.Command{CDB: rw(0x2A, lba, len(chunk)/2048), Direction: scsi.Out, Data: chunk})
		if err != nil || n != len(chunk) {
			t.Fatalf("WRITE at %d: %d bytes, %v", lba, n, err)
		}
		lba += len(chunk) / 2048
	}
	if _, err := s.Execute(ctx, scsi.Command{CDB: make10(0x35)}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("the disc has %d bytes, %v, differing from the %d written", len(got), err, len(content))
	}
	_, err = s.Execute(ctx, scsi.Command{CDB: rw(0x2A, 0, 2), Direction: scsi.Out, Data: content[:2048*3]})
	if err == nil || !strings.Contains(err.Error(), "2 blocks") {
		t.Errorf("a WRITE with data of another length: %v", err)
	}
}

func TestEmptyTrayAndInsert(t *testing.T) {
	target := tgtdtest.Start(t)
	address := target.Drive("")
	s := open(t, address)
	ready := func() error {
		_, err := s.Execute(context.Background(), scsi.Command{CDB: make([]byte, 6)})
		return err
	}
	if err := ready(); !scsi.MediumNotPresent(err) {
		t.Errorf("empty tray: %v", err)
	}
	path := filepath.Join(t.TempDir(), "disc.iso")
	if err := os.WriteFile(path, noise(40*2048), 0o600); err != nil {
		t.Fatal(err)
	}
	target.Insert(address, path)
	if err := ready(); err != nil {
		t.Errorf("disc inserted: %v", err)
	}
}

func TestOpenRefused(t *testing.T) {
	address := tgtdtest.Start(t).Drive("")
	base := strings.TrimSuffix(address, "/1")
	for name, c := range map[string]struct{ address, want string }{
		"controller":  {base + "/0", "not an optical drive"},
		"no such LUN": {base + "/7", "logical unit"},
		"no target":   {base + ".other/1", "no target with that name"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := iscsi.Open(context.Background(), c.address)
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(strings.ToLower(err.Error()), c.want) || !strings.Contains(err.Error(), "iscsi://127") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// Two sessions with the same drive are independent.
func TestTwoSessions(t *testing.T) {
	address := tgtdtest.Start(t).Drive("")
	a, b := open(t, address), open(t, address)
	for _, s := range []*iscsi.Session{a, b, a} {
		if _, err := s.Execute(context.Background(), scsi.Command{CDB: make([]byte, 6)}); !scsi.MediumNotPresent(err) {
			t.Error(err)
		}
	}
}
