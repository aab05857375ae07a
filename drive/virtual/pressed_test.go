package virtual_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/drive/virtual"
)

// TestPressed: a plain image is a read-only disc.
func TestPressed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.iso")
	content := pattern(0, 40, 2048)[:39*2048+100]
	if err := os.WriteFile(path, content, 0o444); err != nil {
		t.Fatal(err)
	}
	d, err := virtual.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b := &bench{t, d}
	b.fails("6/29/00", "00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 1)
	if c := b.get("25 00 00 00 00 00 00 00 00 00", 8); c[3] != 39 {
		t.Errorf("capacity % x", c)
	}
	got := b.get("28 00 00 00 00 00 00 00 28 00", 40*2048)
	if !bytes.Equal(got[:len(content)], content) || got[len(content)] != 0 {
		t.Error("the sectors differ from the image")
	}
	b.writeFails("7/27/00", 40, 1)
	b.fails("7/27/00", "53 00 00 00 00 00 00 00 10 00")
	b.fails("5/30/00", "a1 00 00 00 00 00 00 00 00 00 00 00")
	b.ok("35 00 00 00 00 00 00 00 00 00")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(after, content) {
		t.Error("the image was changed")
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := virtual.Open(empty); err == nil {
		t.Error("an empty file was opened as a disc")
	}
}
