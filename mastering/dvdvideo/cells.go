package dvdvideo

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// Cell is a cell of a title: the smallest piece of video that a program chain plays. Only
// at the beginning of a cell can a player change the layer without cutting a picture.
type Cell struct {
	Set    int // number of the title set
	Chain  int // number of the program chain in the title set
	Number int // of the cell in the chain
	Start  disc.LBA
	End    disc.LBA // after the last sector
	// Seamless is set if a player must show the cell without a pause after the one before
	// it. A change of the layer there makes it break its promise.
	Seamless bool
	// Interleaved is set for a cell whose sectors alternate with those of another one, and
	// for the angles of a scene: the layer must not be changed there.
	Interleaved bool
}

// String names the place of a cell.
func (c Cell) String() string {
	return fmt.Sprintf("title set %d, program chain %d, cell %d", c.Set, c.Chain, c.Number)
}

// Limits of what a DVD-Video has. Tables that claim more are damaged.
const (
	maxSets   = 99
	maxChains = 2048    // of a title set
	maxCells  = 1 << 16 // of a disc
)

// Fields of a title set's information VTS_nn_0.IFO (part 3 of the DVD specifications), all
// big-endian. Sectors are relative to the first one of the file.
//
//	0    "DVDVIDEO-VTS"
//	C4h  first sector of the titles, VTS_nn_1.VOB
//	CCh  sector of VTS_PGCI, the table of the program chains
//
// VTS_PGCI: 0 their number (2 bytes); from 8 on 8 bytes for each, with the offset of the
// chain in the table at 4. A program chain: 3 number of cells; E8h offset of the cell
// playback table in the chain (2 bytes). Its entries have 24 bytes:
//
//	0   bits 7-6 place in a block of cells, 5-4 kind of the block (1: angles), 3 seamless
//	    after the cell before it, 2 interleaved
//	8   first sector, relative to the first one of the titles
//	14h last sector
const (
	titlesAt   = 0xC4
	chainsAt   = 0xCC
	headSize   = 0xD0
	chainEntry = 8
	chainHead  = 0xEA
	playbackAt = 0xE8
	cellEntry  = 24
)

// Cells returns the cells of all titles of the DVD-Video in a volume, by address; none if
// it has no folder VIDEO_TS. Cells that several program chains play are returned once, as
// seamless if one of the chains requires that. The error tells which title sets could not
// be read; the cells of the others are returned nevertheless.
func Cells(v volume.FS) ([]Cell, error) {
	if _, err := v.Stat("VIDEO_TS"); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var all []Cell
	var failed []error
	for set := 1; set <= maxSets; set++ {
		cells, err := setCells(v, set)
		if err != nil {
			failed = append(failed, fmt.Errorf("title set %d: %w", set, err))
		}
		if all = append(all, cells...); len(all) > maxCells {
			failed = append(failed, fmt.Errorf("the program chains have more than %d cells", maxCells))
			all = all[:maxCells]
			break
		}
	}
	return merged(all), errors.Join(failed...)
}

// merged sorts cells, and merges those with the same first sector.
func merged(all []Cell) []Cell {
	slices.SortStableFunc(all, func(a, b Cell) int { return cmp.Compare(a.Start, b.Start) })
	var out []Cell
	for _, c := range all {
		if n := len(out); n > 0 && out[n-1].Start == c.Start {
			out[n-1].Seamless = out[n-1].Seamless || c.Seamless
			out[n-1].Interleaved = out[n-1].Interleaved || c.Interleaved
			continue
		}
		out = append(out, c)
	}
	return out
}

// setCells returns the cells of a title set, none if the disc does not have it.
func setCells(v volume.FS, set int) ([]Cell, error) {
	name := fmt.Sprintf("VIDEO_TS/VTS_%02d_0.IFO", set)
	info, err := v.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	first, ok := start(info)
	if !ok {
		return nil, errors.New("its information is at no address of its own")
	}
	f, err := v.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, ok := f.(io.ReaderAt)
	if !ok {
		return nil, errors.New("its information cannot be read at any offset")
	}
	return decodeCells(io.NewSectionReader(r, 0, info.Size()), set, first)
}

// start returns where a file begins, if its contents are in one piece.
func start(info interface{ Sys() any }) (disc.LBA, bool) {
	a, ok := info.Sys().(*volume.Attributes)
	if !ok || len(a.Extents) == 0 {
		return 0, false
	}
	return a.Extents[0].Start, true
}

// decodeCells reads the cells of a title set whose information begins at address first.
func decodeCells(r *io.SectionReader, set int, first disc.LBA) ([]Cell, error) {
	head := make([]byte, headSize)
	if err := readAt(r, head, 0); err != nil {
		return nil, err
	}
	if string(head[:12]) != "DVDVIDEO-VTS" {
		return nil, errors.New("its information does not begin with DVDVIDEO-VTS")
	}
	be := binary.BigEndian
	titles, table := first+disc.LBA(be.Uint32(head[titlesAt:])), int64(be.Uint32(head[chainsAt:]))*disc.SectorSize
	if table == 0 {
		return nil, nil
	}
	var count [2]byte
	if err := readAt(r, count[:], table); err != nil {
		return nil, err
	}
	chains := int(be.Uint16(count[:]))
	if chains > maxChains {
		return nil, fmt.Errorf("it has %d program chains", chains)
	}
	var all []Cell
	for i := range chains {
		var entry [chainEntry]byte
		if err := readAt(r, entry[:], table+8+int64(i)*chainEntry); err != nil {
			return all, err
		}
		cells, err := chainCells(r, table+int64(be.Uint32(entry[4:])))
		if err != nil {
			return all, fmt.Errorf("program chain %d: %w", i+1, err)
		}
		for _, c := range cells {
			c.Set, c.Chain, c.Start, c.End = set, i+1, c.Start+titles, c.End+titles
			all = append(all, c)
		}
		if len(all) > maxCells {
			return all, nil // reported by Cells
		}
	}
	return all, nil
}

// chainCells reads the cell playback table of a program chain. Addresses are relative to
// the first sector of the titles.
func chainCells(r *io.SectionReader, at int64) ([]Cell, error) {
	head := make([]byte, chainHead)
	if err := readAt(r, head, at); err != nil {
		return nil, err
	}
	be := binary.BigEndian
	n, table := int(head[3]), int64(be.Uint16(head[playbackAt:]))
	if n == 0 || table == 0 {
		return nil, nil
	}
	p := make([]byte, n*cellEntry)
	if err := readAt(r, p, at+table); err != nil {
		return nil, err
	}
	var all []Cell
	for i := range n {
		e := p[i*cellEntry:]
		c := Cell{
			Number: i + 1, Start: disc.LBA(be.Uint32(e[8:])), End: disc.LBA(be.Uint32(e[0x14:])) + 1,
			Seamless: e[0]&8 != 0, Interleaved: e[0]&4 != 0 || e[0]>>4&3 != 0,
		}
		if c.End <= c.Start {
			return all, fmt.Errorf("cell %d ends before it begins", i+1)
		}
		all = append(all, c)
	}
	return all, nil
}

// readAt fills p.
func readAt(r *io.SectionReader, p []byte, at int64) error {
	if n, err := r.ReadAt(p, at); n < len(p) {
		return fmt.Errorf("read %d bytes at offset %d of its information: %w", len(p), at, cmp.Or(err, io.ErrUnexpectedEOF))
	}
	return nil
}

// IsNavigation reports whether a sector is a navigation pack, with which every video object
// unit and thus every cell begins: a pack header, a system header, and the packet of
// private stream 2 with the presentation control information (ISO 13818-1 2.5; part 3 of
// the DVD specifications: offsets 0, 0Eh and 26h).
func IsNavigation(p []byte) bool {
	starts := func(at int, code byte) bool {
		return p[at] == 0 && p[at+1] == 0 && p[at+2] == 1 && p[at+3] == code
	}
	return len(p) >= disc.SectorSize && starts(0, 0xBA) && starts(0x0E, 0xBB) && starts(0x26, 0xBF)
}
