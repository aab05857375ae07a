package compilation_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/progress"
)

// copyUserData copies the disc of a compilation into a new file and returns the bytes.
func copyUserData(t *testing.T, d disc.Disc) ([]byte, error) {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := d.(format.UserDataCopier).CopyUserData(t.Context(), f, progress.Discard); err != nil {
		return nil, err
	}
	p, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return p, nil
}

// plan plans the disc of files and folders.
func plan(t *testing.T, c *compilation.Compilation, paths ...string) *compilation.Image {
	t.Helper()
	if _, err := c.AddPaths(t.Context(), paths, false, nil); err != nil {
		t.Fatal(err)
	}
	m, err := c.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The copy has the bytes that reads of the disc deliver, with the checksums that are
// computed on the way.
func TestCopyUserData(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte(name), 300_000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := compilation.New()
	c.Contents.Checksums, c.Contents.MD5 = true, true
	d := plan(t, c, dir).Disc(compilation.DiscOptions{})
	defer d.Close()
	got, err := copyUserData(t, d)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, disc.Sectors(d)*disc.SectorSize)
	if _, err := d.ReadSectors(t.Context(), want, 0, disc.User); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) || !bytes.Contains(got, []byte("ISO MD5SUM = ")) {
		t.Error("the copy differs from the disc")
	}
	var stream bytes.Buffer
	if err := d.(format.UserDataCopier).CopyUserData(t.Context(), &stream, progress.Discard); err != nil || !bytes.Equal(stream.Bytes(), want) {
		t.Errorf("a copy to a stream: %v", err)
	}
	if n := d.(disc.Planned).Changes(); n != nil {
		t.Errorf("changes: %v", n)
	}
}

// A missing file ends the copy or, with KeepGoing, is in Changes.
func TestCopyUserDataMissing(t *testing.T) {
	for _, keep := range []bool{false, true} {
		file := filepath.Join(t.TempDir(), "a")
		if err := os.WriteFile(file, []byte("a"), 0o600); err != nil {
			t.Fatal(err)
		}
		d := plan(t, compilation.New(), file).Disc(compilation.DiscOptions{KeepGoing: keep})
		defer d.Close()
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		p, err := copyUserData(t, d)
		changes := d.(disc.Planned).Changes()
		switch {
		case !keep && err == nil:
			t.Error("the copy did not end")
		case keep && (err != nil || len(p) != int(disc.Sectors(d))*disc.SectorSize):
			t.Errorf("%d bytes, %v", len(p), err)
		case keep && (len(changes) != 1 || changes[0].Severity != disc.Error || changes[0].Path != file):
			t.Errorf("changes: %v", changes)
		}
	}
}
