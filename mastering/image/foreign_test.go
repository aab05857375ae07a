package image_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/sector"
)

// at returns size bytes with some text at an offset, which counts from the end where
// it is negative.
func at(size, off int, text string) []byte {
	p := bytes.Repeat([]byte{0xA5}, size)
	if off < 0 {
		off += size
	}
	copy(p[off:], text)
	return p
}

// planar returns the sub-channels of some sectors, as CloneCD stores them.
func planar() []byte {
	var all []byte
	toc := disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Length: 500}}}}}
	for lba := range disc.LBA(20) {
		p, q := make([]byte, sector.SubSize), make([]byte, sector.SubSize)
		sector.PutSubChannels(p, toc, lba)
		sector.Deinterleave(q, p)
		all = append(all, q...)
	}
	return all
}

// TestForeign: the error for a file without a known format names its kind and says what to
// do.
func TestForeign(t *testing.T) {
	mbr := make([]byte, 4096)
	copy(mbr[446:], "\x80\x00\x02\x00\x83")
	copy(mbr[510:], "\x55\xaa")
	for _, c := range []struct {
		name    string
		content []byte
		want    []string
	}{
		{"empty", nil, []string{"an empty file"}},
		{"zeros", make([]byte, 70000), []string{"a file of zeros"}},
		{"zip", at(3000, 0, "PK\x03\x04"), []string{"ZIP archive", "unpack"}},
		{"7z", at(3000, 0, "7z\xbc\xaf\x27\x1c"), []string{"7-Zip", "unpack"}},
		{"mdx", at(3000, 0, "MEDIA DESCRIPTOR\x02\x00"), []string{"MDX", "encrypted", "convert"}},
		{"cif", at(3000, 0, "RIFF\x10\x00\x00\x00imag"), []string{"CIF", "convert"}},
		{"c2d", at(3000, 0, "Adaptec CeQuadrat VirtualCD File"), []string{"C2D", "convert"}},
		{"gbi", at(3000, 0, "GBI\x00"), []string{"GBI", "convert"}},
		{"aaru", at(3000, 0, "AARUFRMT"), []string{"Aaru", "convert it with aaru"}},
		{"uif", at(3000, -64, "bbis"), []string{"UIF"}},
		{"daa", at(3000, 0, "DAA\x00"), []string{"DAA"}},
		{"qcow2", at(3000, 0, "QFI\xfb"), []string{"qcow2", "qemu-img"}},
		{"vmdk", at(3000, 0, "KDMV"), []string{"VMDK", "qemu-img"}},
		{"luks", at(3000, 0, "LUKS\xba\xbe"), []string{"LUKS", "burn --force"}},
		{"ntfs", at(3000, 3, "NTFS    "), []string{"NTFS", "burn --force"}},
		{"mbr", mbr, []string{"partitions (MBR)"}},
		{"header", at(60000, 32768+512, "\x01CD001\x01"), []string{"512 bytes of other data", "tail -c +513"}},
		{"html", []byte("<!DOCTYPE html>\n<html><head><title>404</title></head></html>"), []string{"web page", "copy or download the image again"}},
		{"text", []byte("The disc is in the drawer.\n"), []string{"text"}},
		{"html behind a comment", []byte("\n<!-- moved -->\n<HTML lang=en><body>"), []string{"web page"}},
		{"utf-16", []byte("\xff\xfeT\x00h\x00e\x00"), []string{"text", "editor"}},
		{"latin 1", []byte("Die Scheibe liegt in der T\xfcr.\n"), []string{"text", "editor"}},
		{"json", []byte("{\"error\": \"not found\"}\n"), []string{"text (JSON)", "editor"}},
		{"xml", []byte("<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>"), []string{"text (XML)", "editor"}},
		{"torrent", []byte("d8:announce35:udp://tracker.example.org:1337"), []string{"torrent", "BitTorrent"}},
		{"pdf", []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []string{"a PDF document", "build the folder"}},
		{"jpeg", at(3000, 0, "\xff\xd8\xff\xe0\x00\x10JFIF"), []string{"picture (JPEG)"}},
		{"bmp", at(3000, 0, "BM\xb8\x0b\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00"), []string{"picture (BMP)"}},
		{"mp4", at(3000, 0, "\x00\x00\x00\x20ftypisom"), []string{"MP4"}},
		{"wav", at(3000, 0, "RIFF\xb0\x0b\x00\x00WAVEfmt "), []string{"WAV"}},
		{"elf", at(3000, 0, "\x7fELF\x02\x01"), []string{"a program (ELF)"}},
		{"exe", at(3000, 0, "MZ\x90\x00"), []string{"a program for Windows"}},
		{"sub", planar(), []string{"sub-channels", "CCD"}},
		{"noise", at(3000, 0, "\x01\x02"), []string{"may be damaged"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.iso")
			if err := os.WriteFile(path, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, _, err := image.Open(t.Context(), path)
			if !errors.Is(err, image.ErrUnknown) {
				t.Fatalf("error %v is not ErrUnknown", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in %v", want, err)
				}
			}
		})
	}
}

// TestForeignPeers: files that other programs made are recognized.
func TestForeignPeers(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, bytes.Repeat([]byte("plain\n"), 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file, want string
		command    []string
	}{
		{"x.ext4", "Linux file system", []string{"mke2fs", "-q", "-t", "ext4", "x.ext4", "2M"}},
		{"x.tar", "tar archive", []string{"tar", "cf", "x.tar", "plain"}},
		{"x.gz", "gzip", []string{"gzip", "-k", "-S", ".gz", "plain"}},
		{"x.xz", "xz", []string{"xz", "-k", "plain"}},
	} {
		peertest.Run(t, dir, c.command[0], c.command[1:]...)
		path := filepath.Join(dir, c.file)
		if _, err := os.Stat(path); err != nil {
			path = plain + filepath.Ext(c.file)
		}
		if _, _, err := image.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.file, err)
		}
	}
}

// TestOpenPlain: every file that is not empty can be opened as plain sectors.
func TestOpenPlain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, make([]byte, 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := image.OpenPlain(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := d.TOC().Sessions[0].Tracks[0].Length; n != 3 {
		t.Errorf("%d sectors, want 3", n)
	}
	d.Close()
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := image.OpenPlain(path); err == nil {
		t.Error("an empty file was opened")
	}
}
