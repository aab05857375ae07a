package image

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"sync"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// unknownError is the error of a file that has none of the known formats. It says what
// kind of file it is, and what to do.
type unknownError struct {
	path   string
	kind   string // such as "a ZIP archive"; empty: not known
	advice string // what to do; may be empty
}

func (e *unknownError) Error() string {
	s := fmt.Sprintf("open image %s: %v", e.path, ErrUnknown)
	switch {
	case e.kind == "":
		return s + fmt.Sprintf(" (known: %s); the file may be damaged, or only a part of an image", names())
	case e.advice == "":
		return s + ": it looks like " + e.kind
	}
	return s + ": it looks like " + e.kind + "; " + e.advice
}

func (e *unknownError) Unwrap() error { return ErrUnknown }

// sample is the part of a file by which its kind is identified.
type sample struct {
	r    io.ReaderAt
	size int64
	head []byte // its first 128 KiB
	tail []byte // its last 512 bytes
}

// headBytes is the size of the sample of the beginning of a file. The signature with the
// highest offset is that of Btrfs, at 64 KiB.
const headBytes = 128 << 10

func newSample(r io.ReaderAt, size int64) *sample {
	s := &sample{r: r, size: size, head: make([]byte, min(size, headBytes)), tail: make([]byte, min(size, 512))}
	n, _ := r.ReadAt(s.head, 0)
	s.head = s.head[:n]
	n, _ = r.ReadAt(s.tail, size-int64(len(s.tail)))
	s.tail = s.tail[:n]
	return s
}

// at reports whether the text is at this offset.
func (s *sample) at(off int, text string) bool {
	return off+len(text) <= len(s.head) && string(s.head[off:off+len(text)]) == text
}

// end reports whether the text is this many bytes before the end of the file.
func (s *sample) end(before int, text string) bool {
	off := len(s.tail) - before
	return off >= 0 && bytes.HasPrefix(s.tail[off:], []byte(text))
}

// identify returns the kind of a file that has none of the known formats, and what to do
// with it.
func identify(r io.ReaderAt, size int64) (kind, advice string) {
	if size == 0 {
		return "an empty file", "copy or download the image again"
	}
	s := newSample(r, size)
	if len(s.head) == 0 {
		return "", ""
	}
	for _, f := range foreignImages() {
		if f.is(s) {
			return f.kind, f.advice
		}
	}
	if s.subChannels() {
		return "the sub-channels of a CD (SUB)", "open the image that they belong to, such as the CCD file in the same folder"
	}
	if kind, advice := s.displaced(); kind != "" {
		return kind, advice
	}
	if s.zeros() {
		return "a file of zeros", "its contents were not stored; copy or download the image again"
	}
	if kind, advice := s.otherFile(); kind != "" {
		return kind, advice
	}
	if n := size / disc.RawSectorSize; size%disc.RawSectorSize == 0 && n >= 300 { // as many as the shortest track has
		return fmt.Sprintf("%d sectors of CD audio", n), "open the sheet that describes its tracks (CUE, TOC, CCD or MDS)"
	}
	return "", ""
}

// fileKind is a kind of file that is not an image of a known format.
type fileKind struct {
	kind, advice string
	is           func(s *sample) bool
}

// What to do with some kinds of files.
const (
	unpack  = "unpack it, then open the image that it contains"
	convert = "this format is not supported; convert it to an ISO image with the program that made it"
	disk    = "convert it to a raw disk image first (qemu-img convert -O raw)"
	plain   = `its files cannot be read; "glassmaster burn --force" burns it without changes`
)

// start is a kind of file that begins with a text.
func start(text, kind, advice string) fileKind {
	return place(0, text, kind, advice)
}

// place is a kind of file with a text at an offset.
func place(off int, text, kind, advice string) fileKind {
	return fileKind{kind, advice, func(s *sample) bool { return s.at(off, text) }}
}

// finish is a format that has a text a number of bytes before its end.
func finish(before int, text, kind, advice string) fileKind {
	return fileKind{kind, advice, func(s *sample) bool { return s.end(before, text) }}
}

// text is a format of text, as an expression that matches its beginning.
func text(expression, kind, advice string) fileKind {
	x := regexp.MustCompile(expression)
	return fileKind{kind, advice, func(s *sample) bool {
		return bytes.IndexByte(s.head, 0) < 0 && x.Match(s.head[:min(len(s.head), 4096)])
	}}
}

// foreignImages are kinds of files that hold or describe discs, disks or file systems and
// are not supported. Reliable signatures come first. The list is made when it is first
// used.
var foreignImages = sync.OnceValue(func() []fileKind {
	return []fileKind{
		// Compressed files and archives.
		start("\x04\x22\x4d\x18", "a file compressed with LZ4", unpack),
		start("LZIP", "a file compressed with lzip", unpack),
		start("PK\x03\x04", "a ZIP archive", unpack),
		start("PK\x05\x06", "an empty ZIP archive", ""),
		start("7z\xbc\xaf\x27\x1c", "a 7-Zip archive", unpack),
		start("Rar!\x1a\x07", "a RAR archive", unpack),
		place(257, "ustar", "a tar archive", unpack),
		start("MSCF\x00\x00\x00\x00", "a cabinet archive", unpack),

		// Images of discs.
		start("MEDIA DESCRIPTOR\x02", "a DAEMON Tools image (MDX, or MDS of version 2), whose contents are compressed and may be encrypted", convert),
		start("DAX\x00", "a compressed image (DAX)", convert),
		finish(64, "bbis", "a MagicISO image (UIF)", "convert it with uif2iso"),
		start("DAA\x00", "a PowerISO image (DAA)", "convert it with daa2iso or PowerISO"),
		start("GBI\x00", "a gBurner image (GBI)", convert),
		{"an Easy CD Creator image (CIF)", convert, func(s *sample) bool { return s.at(0, "RIFF") && s.at(8, "imag") }},
		start("Adaptec CeQuadrat VirtualCD File", "a WinOnCD image (C2D)", convert),
		start("Roxio Image File Format 3.0", "a Roxio image (C2D)", convert),
		start("AARUFRMT", "an Aaru image", "convert it with aaru"),
		start("AARUFORM", "an Aaru image", "convert it with aaru"),
		start("DICMFRMT", "a DiscImageChef image", "convert it with aaru"),
		start("WBFS", "a Wii disc (WBFS)", convert),
		start("MSWIM\x00\x00\x00", "a Windows image (WIM)", "it contains files, not a disc; unpack it with wimlib or 7-Zip"),

		// Disks of virtual machines.
		start("QFI\xfb", "a disk of QEMU (qcow2)", disk),
		start("KDMV", "a disk of VMware (VMDK)", disk),
		text(`\A\s*# Disk DescriptorFile`, "a descriptor of a disk of VMware (VMDK)", disk),
		start("vhdxfile", "a disk of Hyper-V (VHDX)", disk),
		finish(512, "conectix", "a disk of Virtual PC (VHD)", disk),
		place(64, "\x7f\x10\xda\xbe", "a disk of VirtualBox (VDI)", disk),

		// File systems and disks.
		start("LUKS\xba\xbe", "an encrypted volume (LUKS)", plain),
		place(3, "-FVE-FS-", "an encrypted volume (BitLocker)", plain),
		place(3, "NTFS    ", "an NTFS file system", plain),
		place(3, "EXFAT   ", "an exFAT file system", plain),
		place(82, "FAT32   ", "a FAT file system", plain),
		place(54, "FAT1", "a FAT file system", plain),
		place(1024+56, "\x53\xef", "a Linux file system (ext2, ext3 or ext4)", plain),
		start("XFSB", "an XFS file system", plain),
		place(0x10040, "_BHRfS_M", "a Btrfs file system", plain),
		place(32, "NXSB", "an APFS file system", plain),
		start("hsqs", "a Squashfs file system", plain),
		start("-rom1fs-", "a romfs file system", plain),
		place(4086, "SWAPSPACE2", "swap space of Linux", plain),
		place(512, "LABELONE", "a physical volume of LVM", plain),
		place(512, "EFI PART", "a disk with partitions (GPT)", plain),
		{"a disk with partitions (MBR)", plain, (*sample).masterBootRecord},
	}
})

// subChannels recognizes a file of planar sub-channels, 96 bytes for each sector, by the CRC
// of Q in the first ones.
func (s *sample) subChannels() bool {
	good, n := 0, 0
	for p := s.head; len(p) >= sector.SubSize && n < 16; p = p[sector.SubSize:] {
		n++
		if q, ok := sector.DecodeQ(p[sector.QSize:]); ok && q.Mode >= sector.QPosition && q.Mode <= sector.QISRC {
			good++
		}
	}
	return n > 1 && good > n/2
}

// masterBootRecord recognizes a partition table with at least one partition. The first byte
// of each entry says whether it is active.
func (s *sample) masterBootRecord() bool {
	if !s.at(510, "\x55\xaa") {
		return false
	}
	used := 0
	for p := s.head[446:510]; len(p) > 0; p = p[16:] {
		if p[0] != 0 && p[0] != 0x80 {
			return false
		}
		if p[4] != 0 {
			used++
		}
	}
	return used > 0
}

// displaced recognizes an ISO 9660 image in which the volume descriptors are not at byte
// 32768.
func (s *sample) displaced() (kind, advice string) {
	i := bytes.Index(s.head, []byte("\x01CD001\x01"))
	switch {
	case i > 32768:
		return fmt.Sprintf("an ISO 9660 image with %d bytes of other data before it", i-32768), fmt.Sprintf("remove them (tail -c +%d)", i-32768+1)
	case i >= 0:
		return fmt.Sprintf("an ISO 9660 image whose first %d bytes are missing", 32768-i), "copy or download the image again"
	}
	return "", ""
}

// zeros reports whether the file consists of zeros. Of a large file it reads pieces at
// regular distances.
func (s *sample) zeros() bool {
	const pieces, length = 64, 64 << 10
	p := make([]byte, length)
	for i := range int64(pieces) {
		off := i * length
		if s.size > pieces*length {
			off = (s.size - length) / (pieces - 1) * i
		}
		if off >= s.size {
			break
		}
		n, err := s.r.ReadAt(p, off)
		if n == 0 || err != nil && err != io.EOF || len(bytes.Trim(p[:n], "\x00")) > 0 {
			return false
		}
	}
	return len(bytes.Trim(s.tail, "\x00")) == 0
}
