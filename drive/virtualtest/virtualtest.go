// Package virtualtest creates discs in virtual recorders, for tests.
package virtualtest

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"glassmaster/drive/virtual"
	"glassmaster/mastering/disc"
)

// Blank opens a recorder with a new disc of this kind, such as "dvd+r", with a capacity of
// this many sectors. It is closed at the end of the test.
func Blank(t testing.TB, medium string, sectors int64) *virtual.Drive {
	t.Helper()
	m, err := virtual.ParseMedium(medium)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "disc")
	if err := virtual.Create(path, m, virtual.Options{Sectors: sectors, NoSync: true}); err != nil {
		t.Fatal(err)
	}
	return Open(t, path)
}

// Pressed opens a recorder with a pressed disc that has these sectors.
func Pressed(t testing.TB, p []byte) *virtual.Drive {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disc.iso")
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	return Open(t, path)
}

// Open opens a recorder with the disc of a file, without synchronizing the file. It is
// closed at the end of the test.
func Open(t testing.TB, path string) *virtual.Drive {
	t.Helper()
	d, err := virtual.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	d.SetNoSync()
	t.Cleanup(func() { d.Close() })
	return d
}

// Noise returns pseudo-random sectors. They are the same for the same seed.
func Noise(sectors int, seed byte) []byte {
	if sectors > cachedSectors {
		return makeNoise(sectors, seed)
	}
	noise.Lock()
	defer noise.Unlock()
	if noise.by[seed] == nil {
		noise.by[seed] = makeNoise(cachedSectors, seed)
	}
	return bytes.Clone(noise.by[seed][:sectors*disc.SectorSize])
}

func makeNoise(sectors int, seed byte) []byte {
	p := make([]byte, sectors*disc.SectorSize)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(p)
	return p
}

// cachedSectors is how many sectors of each seed are cached.
const cachedSectors = 1024

// noise is the cache of Noise, since many tests burn the same sectors.
var noise = struct {
	sync.Mutex
	by map[byte][]byte
}{by: map[byte][]byte{}}

// At returns a disc with the data track of d at an address, like the image of a later
// session.
func At(d disc.Disc, start disc.LBA) disc.Disc { return appended{d, start} }

// appended is a disc whose track starts at an address.
type appended struct {
	disc.Disc
	start disc.LBA
}

func (a appended) TOC() disc.TOC {
	t := a.Disc.TOC().Sessions[0].Tracks[0]
	t.Start = a.start
	return disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{t}}}}
}

func (a appended) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	return a.Disc.ReadSectors(ctx, p, lba-a.start, f)
}

// DiscOf returns a disc with these sectors.
func DiscOf(p []byte) disc.Disc { return disc.FromReaderAt(bytes.NewReader(p), int64(len(p)), nil) }
