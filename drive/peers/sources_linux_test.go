package peers_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/peertest"
)

// Lengths in sectors. Tracks of a CD have 300 or more.
const (
	dataSectors = 700 // of the large file of the data disc
	track1      = 450
	track2      = 500
	track3      = 600
)

// sources makes the folder with what is burned: disc.iso from the folder tree, more/ for a
// second session, audio as WAVE files (1.wav, 2.wav, 3.wav, and all.wav with the three) and as
// samples (1.pcm, ..., all.pcm).
func sources(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, seed := range map[string]byte{"tree": 1, "more": 2} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, dir, name+"/"+name+".bin", string(virtualtest.Noise(dataSectors, seed)))
	}
	peertest.Run(t, dir, "xorriso", "-as", "mkisofs", "-quiet", "-R", "-V", "DISC", "-o", "disc.iso", "tree")
	var all []byte
	for i, sectors := range []int{track1, track2, track3} {
		pcm := samples(sectors, byte(i+10))
		all = append(all, pcm...)
		name := string(rune('1' + i))
		write(t, dir, name+".pcm", string(pcm))
		write(t, dir, name+".wav", string(wave(pcm)))
	}
	write(t, dir, "all.pcm", string(all))
	write(t, dir, "all.wav", string(wave(all)))
	return dir
}

// samples returns the samples of audio that is not silent anywhere.
func samples(sectors int, seed byte) []byte {
	p := virtualtest.Noise((sectors*2352+2047)/2048, seed)[:sectors*2352]
	for i := 0; i < len(p); i += 2 {
		p[i+1] = p[i+1]>>3 | 1 // not too loud
	}
	return p
}

// wave returns a WAVE file with these samples of CD quality.
func wave(pcm []byte) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x44\xac\x00\x00\x10\xb1\x02\x00\x04\x00\x10\x00data\x00\x00\x00\x00")
	binary.LittleEndian.PutUint32(b[4:], uint32(len(pcm)+36))
	binary.LittleEndian.PutUint32(b[40:], uint32(len(pcm)))
	return append(b, pcm...)
}
