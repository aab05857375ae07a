// Package dvdvideo places the files of a DVD-Video: their IFO files say how far
// apart they have to be. What it knows is in the DVD Specifications for Read-Only
// Disc, part 3, and UDF 6.9.
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

// maxFile is the size of the largest file that players read (UDF 6.9.1), in bytes.
const maxFile = 1<<30 - disc.SectorSize

// ECCBlock is the number of sectors in an ECC block of a DVD (ECMA-267 18).
const ECCBlock = 16

// File is a file of a DVD-Video and where it has to be.
type File struct {
	Node   *tree.Node
	Sector int64 // of its contents, from the first sector of VIDEO_TS.IFO
}

// Placement is the layout of a DVD-Video: its files in the order of their addresses.
type Placement struct {
	Files    []File
	Sectors  int64 // from the first to the last
	Warnings []string
}

// Place returns how the files in the folder VIDEO_TS have to lie on a
// DVD-Video: the video manager first, then the title sets by number, in each the
// information (IFO), the menu (VTS_nn_0.VOB), the titles, and the backup of the
// information (BUP). The IFO files tell how far apart they are; what comes
// first should begin an ECC block of 16 sectors. Without such a folder the
// result has no files, and a warning.
func Place(root *tree.Node) (Placement, error) {
	folder := root.Child("VIDEO_TS")
	v := &video{}
	if folder == nil || !folder.IsDir() {
		v.warn("there is no folder VIDEO_TS (in capitals) at the top, where players look for a DVD-Video")
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

// video is a Placement in the making.
type video struct {
	Placement
	at     int64         // behind the last file
	titles map[int]int64 // where title sets begin, as the video manager has it
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
			v.warn("%s is not a file of a DVD-Video", n.Path())
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
			v.warn("%s is not a file of a DVD-Video", n.Path())
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
			return nil, fmt.Errorf("set %d in %s has no IFO file", s.number, folder.Path())
		}
		sets = append(sets, s)
	}
	slices.SortFunc(sets, func(a, b *set) int { return cmp.Compare(a.number, b.number) })
	if len(sets) == 0 || sets[0].number != 0 {
		return nil, fmt.Errorf("%s holds no VIDEO_TS.IFO", folder.Path())
	}
	return sets, nil
}

func (v *video) warn(format string, args ...any) {
	v.Warnings = append(v.Warnings, fmt.Sprintf(format, args...))
}

// place places the files of one set. An IFO file (DVD-Video part 3) begins with
// DVDVIDEO-VMG or DVDVIDEO-VTS; it has the last sector of the set at byte 0x0C,
// where the menu begins at 0xC0, and in a title set where the titles begin at
// 0xC4, all counted from its own first sector, and big-endian.
func (v *video) place(s *set) error {
	r, err := layout.OpenSource(s.info.Source(), s.info.Size)
	if err != nil {
		return err
	}
	defer r.Close()
	head := make([]byte, 0xC8)
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return fmt.Errorf("read the head of the file: %w", err)
	}
	kind := "DVDVIDEO-VTS"
	if s.number == 0 {
		kind = "DVDVIDEO-VMG"
		v.titles = readTitles(r, int64(binary.BigEndian.Uint32(head[0xC4:])))
	}
	if string(head[:12]) != kind {
		return errors.New("it is not an IFO file of DVD-Video: it does not begin with " + kind)
	}
	field := func(at int) int64 { return int64(binary.BigEndian.Uint32(head[at:])) }
	begin, ok := v.titles[s.number]
	if s.number == 0 || !ok {
		begin = v.at
	}
	begin = v.put(s.info, begin)
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
		v.warn("%s has no backup (BUP)", s.info.Path())
		return nil
	}
	backup := v.put(s.backup, begin+field(0x0C)+1-sectors(s.backup.Size))
	if (begin+sectors(s.info.Size)-1)/ECCBlock == backup/ECCBlock {
		v.warn("%s and its backup share a block of %d sectors: one scratch can take both", s.info.Path(), ECCBlock)
	}
	return nil
}

// put places a file at a sector, or behind the last one where that is taken, and
// returns where it is.
func (v *video) put(n *tree.Node, at int64) int64 {
	const maxGap = 1 << 20 // 2 GiB: more is not a distance but damage
	if n.Size > maxFile {  // UDF 6.9.1
		v.warn("%s has %d bytes; players read files of up to %d (1 GiB): divide it", n.Path(), n.Size, maxFile)
	}
	if n.Size == 0 {
		at = v.at
	}
	if at < v.at || at > v.at+maxGap {
		v.warn("%s should begin %d sectors behind VIDEO_TS.IFO, as the IFO files have it, but comes at %d: players may not find it", n.Path(), at, v.at)
		at = v.at
	}
	v.Files = append(v.Files, File{n, at})
	v.at = at + sectors(n.Size)
	return at
}

// readTitles returns where the title sets begin, from the title search pointer
// table of the video manager at the given sector of VIDEO_TS.IFO: the number of
// entries (2 bytes), then from byte 8 on 12 bytes for each, with the number of
// the title set at 6 and its sector at 8.
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

// sectors returns how many sectors so many bytes take.
func sectors(n int64) int64 { return (n + disc.SectorSize - 1) / disc.SectorSize }
