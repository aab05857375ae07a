// Package dvdvideo places the files of a DVD-Video. The IFO files of a DVD-Video
// contain the distances between its files (DVD Specifications for Read-Only Disc,
// part 3; UDF 6.9).
package dvdvideo

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// maxFile is the size of the largest file that players can read (UDF 6.9.1), in bytes.
const maxFile = 1<<30 - disc.SectorSize

// ECCBlock is the number of sectors in an ECC block of a DVD (ECMA-267 18).
const ECCBlock = 16

// File is a file of a DVD-Video and its address.
type File struct {
	Node   *tree.Node
	Sector int64 // first sector of its contents, relative to that of VIDEO_TS.IFO
}

// Placement has the files of a DVD-Video in the order of their addresses.
type Placement struct {
	Files   []File
	Sectors int64 // from the beginning of the first to the end of the last file
	Notices []disc.Notice
	cells   []Cell // of all title sets, relative to VIDEO_TS.IFO
	copies  []copies
}

// Gaps returns the number of sectors that are between files.
func (p *Placement) Gaps() int64 {
	n := p.Sectors
	for _, f := range p.Files {
		n -= sectors(f.Node.Size)
	}
	return n
}

// Place places the files of the folder VIDEO_TS: first the video manager, then the title
// sets by number, and in each the information (IFO), the menu (VTS_nn_0.VOB), the titles,
// and the backup of the information (BUP), with the distances from the IFO files. The
// first file should begin an ECC block of 16 sectors, or after it by [Placement.Shift]. If there is no such folder, the
// result has no files and a warning.
func Place(root *tree.Node) (Placement, error) {
	folder := root.Child("VIDEO_TS")
	v := &video{}
	if folder == nil || !folder.IsDir() {
		v.Notices = append(v.Notices, disc.Notice{
			Severity: disc.Warning, Text: "there is no folder VIDEO_TS (in capitals) in the root folder, where players look for a DVD-Video",
		})
		return v.Placement, nil
	}
	sets, err := v.collect(folder)
	if err != nil {
		return Placement{}, fmt.Errorf("plan DVD-Video: %w", err)
	}
	for _, s := range sets {
		if err := v.place(s); err != nil {
			return Placement{}, fmt.Errorf("plan DVD-Video: %s: %w", s.info.Path(), err)
		}
	}
	v.Sectors = v.at
	return v.Placement, nil
}

// video is the state of Place.
type video struct {
	Placement
	at     int64         // sector after the last file
	titles map[int]int64 // where title sets begin according to the video manager
}

// set is the video manager, number 0, or a title set.
type set struct {
	number       int
	info, backup *tree.Node
	menu         *tree.Node
	titles       []*tree.Node
}

// collect sorts the files of VIDEO_TS into sets.
func (v *video) collect(folder *tree.Node) ([]*set, error) {
	videoName := regexp.MustCompile(`^(?:VIDEO_TS|VTS_(\d\d)_(\d))\.(IFO|VOB|BUP)$`)
	byNumber := map[int]*set{}
	children := slices.Clone(folder.Children())
	slices.SortFunc(children, func(a, b *tree.Node) int { return strings.Compare(a.Name, b.Name) })
	for _, n := range children {
		m := videoName.FindStringSubmatch(n.Name)
		if m == nil || !n.Mode.IsRegular() {
			v.warn(n, "it is not a file of a DVD-Video")
			continue
		}
		number, part := 0, 0
		if m[1] != "" {
			number, part = int(m[1][0]-'0')*10+int(m[1][1]-'0'), int(m[2][0]-'0')
		}
		s := byNumber[number]
		if s == nil {
			s = &set{number: number}
			byNumber[number] = s
		}
		switch {
		case m[3] == "VOB" && part > 0:
			s.titles = append(s.titles, n)
		case part > 0:
			v.warn(n, "it is not a file of a DVD-Video")
		case m[3] == "VOB":
			s.menu = n
		case m[3] == "IFO":
			s.info = n
		default:
			s.backup = n
		}
	}
	var sets []*set
	for _, s := range byNumber {
		if s.info == nil {
			return nil, fmt.Errorf("title set %d in %s has no IFO file", s.number, folder.Path())
		}
		sets = append(sets, s)
	}
	slices.SortFunc(sets, func(a, b *set) int { return cmp.Compare(a.number, b.number) })
	if len(sets) == 0 || sets[0].number != 0 {
		return nil, fmt.Errorf("%s has no VIDEO_TS.IFO", folder.Path())
	}
	return sets, nil
}

// warn adds a warning about a file.
func (v *video) warn(n *tree.Node, format string, args ...any) {
	v.Notices = append(v.Notices, disc.Notice{Severity: disc.Warning, Path: n.Path(), Text: fmt.Sprintf(format, args...)})
}

// place places the files of a set. An IFO file (DVD-Video part 3) begins with
// DVDVIDEO-VMG or DVDVIDEO-VTS. It has the last sector of the set at byte 0x0C, the
// first one of the menu at 0xC0, and in a title set the first one of the titles at
// 0xC4, all relative to its own first sector, and big-endian.
func (v *video) place(s *set) error {
	r, err := layout.OpenSource(s.info.Source(), s.info.Size)
	if err != nil {
		return err
	}
	defer r.Close()
	head := make([]byte, 0xC8)
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return fmt.Errorf("read the beginning of the file: %w", err)
	}
	kind := "DVDVIDEO-VTS"
	if s.number == 0 {
		kind = "DVDVIDEO-VMG"
		v.titles = readTitles(r, int64(binary.BigEndian.Uint32(head[0xC4:])))
	}
	if string(head[:12]) != kind {
		return errors.New("it is not an IFO file of a DVD-Video: it does not begin with " + kind)
	}
	field := func(at int) int64 { return int64(binary.BigEndian.Uint32(head[at:])) }
	begin, ok := v.titles[s.number]
	if s.number == 0 || !ok {
		begin = v.at
	}
	begin = v.put(s.info, begin)
	v.noteCells(r, s.info.Size, s.number, begin)
	if s.menu != nil {
		v.put(s.menu, begin+field(0xC0))
	}
	for i, n := range s.titles {
		if i == 0 {
			v.put(n, begin+field(0xC4))
			continue
		}
		v.put(n, v.at)
	}
	if s.backup == nil {
		v.warn(s.info, "it has no backup (BUP)")
		return nil
	}
	backup := v.put(s.backup, begin+field(0x0C)+1-sectors(s.backup.Size))
	c := copies{begin + sectors(s.info.Size) - 1, backup}
	v.copies = append(v.copies, c)
	if c.shared(0) {
		v.warn(s.info, "it shares an ECC block of %d sectors with its backup, so that one scratch can damage both", ECCBlock)
	}
	return nil
}

// put places a file at a sector, or after the last file if that is not possible, and
// returns its place.
func (v *video) put(n *tree.Node, at int64) int64 {
	const maxGap = 1 << 20 // 2 GiB; a larger distance is an error in the IFO file
	if n.Size > maxFile {  // UDF 6.9.1
		v.warn(n, "it has %d bytes, but players read only files of up to %d bytes (1 GiB); split it", n.Size, maxFile)
	}
	if n.Size == 0 {
		at = v.at
	}
	if at < v.at || at > v.at+maxGap {
		v.warn(n, "according to the IFO files it must begin %d sectors after VIDEO_TS.IFO, but it begins %d sectors after it; players may not find it", at, v.at)
		at = v.at
	}
	v.Files = append(v.Files, File{n, at})
	v.at = at + sectors(n.Size)
	return at
}

// readTitles returns where the title sets begin, from the title search pointer table
// of the video manager, which is at the given sector of VIDEO_TS.IFO. The table has
// the number of entries (2 bytes), and from byte 8 entries of 12 bytes, with the number
// of the title set at byte 6 and its sector at byte 8.
func readTitles(r io.ReaderAt, sector int64) map[int]int64 {
	titles := map[int]int64{}
	if sector == 0 {
		return titles
	}
	var count [2]byte
	if n, _ := r.ReadAt(count[:], sector*disc.SectorSize); n < len(count) {
		return titles
	}
	p := make([]byte, 12)
	for i := range int64(binary.BigEndian.Uint16(count[:])) {
		if n, _ := r.ReadAt(p, sector*disc.SectorSize+8+i*12); n < len(p) {
			break
		}
		titles[int(p[6])] = int64(binary.BigEndian.Uint32(p[8:]))
	}
	return titles
}

// sectors returns the number of sectors for n bytes.
func sectors(n int64) int64 { return (n + disc.SectorSize - 1) / disc.SectorSize }
