package boot_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/boot"
)

const (
	headerLength = 92   // bytes of the header of a GPT
	maxEntries   = 1024 // of a table that are read
)

// disk is an image with all three tables, written by this package. Tests of master
// have xorriso and sfdisk read what it writes.
func disk(t testing.TB) []byte {
	t.Helper()
	o := &boot.Options{GPT: boot.GPTOnly, APM: true, Append: []boot.Partition{{Number: 2, Path: "efi.img", Type: boot.TypeEFI}}}
	d, err := o.Disk(boot.Plan{Sectors: 1280, Volume: 600, Appended: []boot.Span{{Start: 1024, Count: 8}}, Seed: boot.NewSeed("x", 1)})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, d.Blocks*boot.BlockSize)
	d.PutHead(p[:boot.SystemArea])
	d.PutTail(p[len(p)-boot.TailSectors*boot.SectorSize:])
	return p
}

func kinds(all []boot.Table) (list []string) {
	for _, t := range all {
		list = append(list, t.Kind)
	}
	return list
}

func TestTables(t *testing.T) {
	p := disk(t)
	all := boot.Tables(bytes.NewReader(p), int64(len(p)))
	if got := kinds(all); !reflect.DeepEqual(got, []string{"MBR", "GPT", "APM"}) {
		t.Fatalf("tables %q", got)
	}
	for _, table := range all {
		if table.Problem != "" {
			t.Errorf("%s: %s", table.Kind, table.Problem)
		}
	}
	want := boot.TableEntry{Number: 2, Type: "EFI system", Name: "Appended2", Start: 4096, Blocks: 32}
	if got := all[1].Entries; len(got) != 2 || got[1] != want {
		t.Errorf("GPT %+v, want %+v second", got, want)
	}
	if got := all[0].Entries[0].Type; got != "type EEh (GPT protective)" {
		t.Errorf("MBR type %s", got)
	}
	if got := all[2].Entries; len(got) != 2 || got[1].Start != 4096 || got[1].Type != "Apple_HFS" {
		t.Errorf("APM %+v", got)
	}
}

// TestTablesDamaged changes single fields; seal corrects the checksum of the header,
// so that the field itself is tested.
func TestTablesDamaged(t *testing.T) {
	le := binary.LittleEndian
	seal := func(h []byte) {
		le.PutUint32(h[16:], 0)
		le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:headerLength]))
	}
	for _, c := range []struct {
		name, problem string
		harm          func(p, header []byte) []byte
	}{
		{"header", "checksum of its header", func(p, h []byte) []byte { h[60] ^= 1; return p }},
		{"entries", "checksum of its entries", func(p, h []byte) []byte { p[le.Uint64(h[72:])*boot.BlockSize+60] ^= 1; return p }},
		{"length", "header claims 7 bytes", func(p, h []byte) []byte { le.PutUint32(h[12:], 7); return p }},
		{"number", "claims 4294967295 entries", func(p, h []byte) []byte { le.PutUint32(h[80:], 1<<32-1); seal(h); return p }},
		{"size", "entries of 4294967295 bytes", func(p, h []byte) []byte { le.PutUint32(h[84:], 1<<32-1); seal(h); return p }},
		{"place", "past the end", func(p, h []byte) []byte { le.PutUint64(h[72:], 1<<63); seal(h); return p }},
		{"backup", "is missing", func(p, h []byte) []byte { return p[:len(p)-boot.BlockSize] }},
		{"cut", "cannot be read", func(p, h []byte) []byte { return p[:(le.Uint64(h[72:])+1)*boot.BlockSize] }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := disk(t)
			p = c.harm(p, p[boot.BlockSize:2*boot.BlockSize])
			for _, table := range boot.Tables(bytes.NewReader(p), int64(len(p))) {
				if table.Kind == "GPT" && !strings.Contains(table.Problem, c.problem) {
					t.Errorf("problem %q, want %q", table.Problem, c.problem)
				}
			}
		})
	}
	p := disk(t)
	copy(p[2*boot.SectorSize:], "XX")
	for _, table := range boot.Tables(bytes.NewReader(p), int64(len(p))) {
		if table.Kind == "APM" && table.Problem != "it should have 2 entries, but has 1" {
			t.Errorf("APM: problem %q", table.Problem)
		}
	}
}

func TestNoTables(t *testing.T) {
	for name, p := range map[string][]byte{
		"nothing": {}, "zeros": make([]byte, boot.SystemArea), "short": []byte("ER\x02\x00"),
		"boot sector": append(make([]byte, 510), 0x55, 0xAA),
	} {
		if got := boot.Tables(bytes.NewReader(p), int64(len(p))); len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func FuzzTables(f *testing.F) {
	p := disk(f)
	f.Add(p[:boot.SystemArea], int64(len(p)))
	f.Add(p[:boot.SystemArea], int64(boot.SystemArea))
	f.Fuzz(func(t *testing.T, p []byte, size int64) {
		for _, table := range boot.Tables(bytes.NewReader(p), size) {
			if len(table.Entries) > maxEntries {
				t.Errorf("%d entries", len(table.Entries))
			}
			for _, e := range table.Entries {
				if e.Blocks < 0 || strings.ContainsRune(e.String(), 0) && table.Kind == "APM" {
					t.Errorf("%+v", e)
				}
			}
		}
	})
}
