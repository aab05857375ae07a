package record

import (
	"context"
	"errors"
	"fmt"
	"io"

	"glassmaster/drive/mmc"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// program is what a burn writes, planned from the source: everything that is sent to the
// drive with WRITE, in order.
type program struct{ stages []stage }

// stage is what is written with one set of write parameters, and ended with SYNCHRONIZE
// CACHE: a track, or a session at once.
type stage struct {
	name  string               // "track 2"; empty: the whole burn is one stage
	page  *mmc.WriteParameters // nil: those of the recipe
	cue   []byte               // for SEND CUE SHEET; nil: none
	areas []area
	// ends is set if the session is closed after the stage, and another stage follows.
	ends bool
}

// area is a run of blocks of one form, at consecutive addresses.
type area struct {
	name    string   // "the pre-gap of track 1", for messages
	at      disc.LBA // on the medium
	start   disc.LBA // of the source; of a generated area, as at
	sectors int64    // blocks that are made from the source, or generated
	padded  int64    // blocks that are written: further ones are zeros
	block   block
	track   int  // on the medium; 0: the lead-in or lead-out
	gap     bool // the area is a pre-gap
	audio   bool
	// generate makes blocks from the i-th of the area on, as far as it needs them out of sectors
	// that it reads from src. nil: they are read from the source.
	generate func(ctx context.Context, src sectorReader, p []byte, i int64) error
	// compared says that the disc is read there after the burn and compared with what was sent.
	compared bool
}

// block is a form of the blocks that WRITE carries, and how it is made of the sectors of
// the source: the first bytes of a sector in a form of package disc, from an offset on.
type block struct {
	size int       // bytes
	form disc.Form // in which the source, and afterwards the disc, is read
	from int       // offset of the block in a sector of that form
	// extra is how many bytes of sub-channels follow, which do not come from that form.
	extra int
	// scrambled says that data sectors are sent as they are on the disc (ECMA-130 15).
	scrambled bool
}

// Forms of blocks.
var (
	userBlock  = block{size: disc.SectorSize, form: disc.User}
	wholeBlock = block{size: sector.Size, form: disc.Raw}                           // audio, or a data sector as a whole
	mode2Block = block{size: sector.Mode2Size, form: disc.Raw, from: sector.DataAt} // all but sync and header
	mixedBlock = block{size: mixedSize, form: disc.Raw, from: sector.SubheadAt}     // sub-header, and form 1 or 2
	subBlock   = block{size: sector.Size + sector.SubSize, form: disc.Raw, extra: sector.SubSize}
	pqBlock    = block{size: sector.Size + pqSize, form: disc.Raw, extra: pqSize}
	textBlock  = block{size: sector.SubSize} // CD-TEXT in the lead-in
)

// mixedSize is the size of a block with a sub-header and the user data of form 2; pqSize that
// of P and Q, in bytes (MMC-6 7.5, data block types 13 and 1).
const (
	mixedSize = 8 + sector.Form2Size
	pqSize    = 16
)

// main returns how many bytes of a block are of the sector, without sub-channels.
func (b block) main() int { return b.size - b.extra }

// end returns the address after the last block of an area.
func (a area) end() disc.LBA { return a.at + disc.LBA(a.padded) }

// end returns the address after the last block of a stage.
func (s stage) end() disc.LBA { return s.areas[len(s.areas)-1].end() }

// blocks returns the number of blocks of a stage.
func (s stage) blocks() (n int64) {
	for _, a := range s.areas {
		n += a.padded
	}
	return n
}

// areas returns the areas of all stages.
func (p program) areas() []*area {
	var all []*area
	for i := range p.stages {
		for k := range p.stages[i].areas {
			all = append(all, &p.stages[i].areas[k])
		}
	}
	return all
}

// bytes returns how much is sent to the drive.
func (p program) bytes() (n int64) {
	for _, a := range p.areas() {
		n += a.padded * int64(a.block.size)
	}
	return n
}

// compared returns how many bytes are compared after the burn.
func (p program) comparedBytes() (n int64) {
	for _, a := range p.areas() {
		if a.compared {
			n += a.sectors * int64(a.block.main())
		}
	}
	return n
}

// from returns the program with other addresses on the medium, so that it begins there.
func (p program) from(at disc.LBA) program {
	by := at - p.stages[0].areas[0].at
	moved := p.clone()
	for i := range moved.stages {
		for k := range moved.stages[i].areas {
			moved.stages[i].areas[k].at += by
		}
	}
	return moved
}

// oneArea returns the program of a burn that writes one data track.
func oneArea(at, start disc.LBA, sectors, padded int64) program {
	return program{[]stage{{areas: []area{{at: at, start: start, sectors: sectors, padded: padded, block: userBlock, track: 1, compared: true}}}}}
}

// read fills p with blocks of the area, from the i-th on, out of the source or as they are
// generated. A panic of the source is turned into an error: in a goroutine of its own it
// would end the program and leave the tray locked.
func (a area) read(ctx context.Context, src sectorReader, p []byte, i int64) (err error) {
	lba := a.start + disc.LBA(i)
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("read the source at sector %d: internal error of the program: %v", lba, fault)
		}
	}()
	if a.generate != nil {
		return a.generate(ctx, src, p, i)
	}
	size := a.block.form.Size()
	if size == a.block.size {
		return readFull(ctx, src, p, lba, a.block.form)
	}
	n := len(p) / a.block.size
	whole := make([]byte, n*size)
	if err := readFull(ctx, src, whole, lba, a.block.form); err != nil {
		return err
	}
	correctAll(whole, lba)
	a.block.cut(p, whole)
	return nil
}

// correctAll corrects damaged data sectors, as far as their ECC allows it. The drive, or whoever reads
// the disc, takes what is written of them as correct, since sync, header or EDC are made anew.
func correctAll(p []byte, lba disc.LBA) {
	faults := make([]sector.Fault, len(p)/sector.Size)
	sector.CheckAll(faults, p, lba)
	for i, f := range faults {
		if f&(sector.BadEDC|sector.BadP|sector.BadQ) != 0 {
			sector.Correct(p[i*sector.Size : (i+1)*sector.Size])
		}
	}
}

// strip removes the sub-channels from blocks and the scrambling in place, and returns the rest:
// what is read back.
func (b block) strip(p []byte) []byte {
	if b.extra == 0 {
		return p
	}
	n := len(p) / b.size
	for i := range n {
		main := p[i*b.main() : (i+1)*b.main()]
		copy(main, p[i*b.size:])
		if b.scrambled {
			sector.Scramble(main)
		}
	}
	return p[:n*b.main()]
}

// cut copies the blocks out of sectors of the block's form.
func (b block) cut(dst, src []byte) {
	size, main := b.form.Size(), b.main()
	for i := range len(dst) / main {
		copy(dst[i*main:(i+1)*main], src[i*size+b.from:])
	}
}

// readFull reads all of p.
func readFull(ctx context.Context, src sectorReader, p []byte, lba disc.LBA, f disc.Form) error {
	for len(p) > 0 {
		n, err := src.ReadSectors(ctx, p, lba, f)
		p = p[n*f.Size():]
		lba += disc.LBA(n)
		if len(p) == 0 {
			return nil
		}
		if err == nil && n > 0 {
			continue
		}
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("read the source at sector %d: %w", lba, err)
	}
	return nil
}
