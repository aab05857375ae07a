package runs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"sync"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/sector"
)

// stored is a disc of runs.
type stored struct {
	disc.Memo
	files   *format.Files
	toc     disc.TOC
	runs    []Run
	notices []disc.Notice
	sub     bool

	corrected disc.Set // sectors whose user data was corrected
}

func (d *stored) TOC() disc.TOC { return d.toc }

func (d *stored) Close() error {
	if d.files == nil {
		return nil
	}
	return d.files.Close()
}

// Notices implements disc.Noticer.
func (d *stored) Notices() []disc.Notice { return d.notices }

// Checksums implements disc.Checksummed.
func (d *stored) Checksums() []disc.Checksum {
	if d.files == nil {
		return nil
	}
	return d.files.Checksums()
}

// HasSubChannels implements disc.SubChanneler.
func (d *stored) HasSubChannels() bool { return d.sub }

// StoresRaw implements disc.Storer.
func (d *stored) StoresRaw(lba disc.LBA) bool {
	i := sort.Search(len(d.runs), func(i int) bool { return d.runs[i].End() > lba })
	if i == len(d.runs) || lba < d.runs[i].Start {
		return false
	}
	r := &d.runs[i]
	return r.From != nil && r.At <= sector.SubheadAt && r.At+r.Length >= sector.Size
}

// Corrected implements disc.Corrector.
func (d *stored) Corrected() (int64, disc.LBA) { return d.corrected.First() }

// Files implements the ability of disc.Files.
func (d *stored) Files() []string { return d.files.Files() }

// ReadsFile implements the ability of disc.ReadsFile.
func (d *stored) ReadsFile(file fs.FileInfo) bool { return d.files.ReadsFile(file) }

// convertSectors is how many sectors are read at a time if they have to be converted: few
// enough that they are still in the cache of the processor when they are.
const convertSectors = 64

// scratch holds buffers for what is read before it is converted.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// pageSize is that of most processors. More would do no harm.
const pageSize = 4096

// aligned returns n bytes of *buf, which it makes longer if need be. A byte at offset off of
// a file gets the same place within a page as in the page cache; to other places the kernel
// copies more slowly.
func aligned(buf *[]byte, n int, off int64) []byte {
	skip := int(off & (pageSize - 1))
	if skip+n > len(*buf) {
		*buf = make([]byte, pageSize+n) // the allocator aligns what is as long as this to pages
	}
	return (*buf)[skip:][:n]
}

// ReadSectors implements disc.Disc.
func (d *stored) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	size := f.Size()
	i := sort.Search(len(d.runs), func(i int) bool { return d.runs[i].End() > lba })
	n := 0
	for n*size < len(p) {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		at := lba + disc.LBA(n)
		switch {
		case i == len(d.runs):
			return n, io.EOF
		case at < d.runs[i].Start:
			return n, fmt.Errorf("read sector %d: the image does not contain it", at)
		case at >= d.runs[i].End():
			i++
			continue
		}
		k := min(len(p)/size-n, int(d.runs[i].End()-at), convertSectors)
		if d.runs[i].direct(f) {
			k = min(len(p)/size-n, int(d.runs[i].End()-at))
		}
		got, err := d.read(p[n*size:(n+k)*size], &d.runs[i], at, f)
		n += got
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// direct reports whether a form is stored unchanged.
func (r *Run) direct(f disc.Form) bool {
	if r.From == nil || r.Swap || r.stride() != f.Size() {
		return false
	}
	switch f {
	case disc.User:
		return r.Length == disc.SectorSize && !r.Form2
	case disc.Raw:
		return r.Length == sector.Size
	}
	return r.Length == sector.Size && r.Sub == Interleaved && r.SubFrom == nil
}

// read reads sectors of one run.
func (d *stored) read(p []byte, r *Run, lba disc.LBA, f disc.Form) (int, error) {
	if f == disc.User && (r.Mode == disc.Audio || r.Form2) {
		return 0, disc.ErrForm
	}
	if r.direct(f) {
		return r.load(p, lba, f.Size())
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	count, stride := len(p)/f.Size(), r.stride()
	stored := aligned(buf, count*stride, r.offset(lba))
	n := count
	var err error
	if r.From != nil {
		n, err = r.load(stored, lba, stride)
	} else {
		clear(stored)
	}
	var done int
	var converr error
	switch f {
	case disc.User:
		done, converr = d.user(p, stored, r, lba, n)
	case disc.Raw:
		r.allWhole(p, stored, lba, n)
		done = n
	default:
		done, converr = d.withSub(p, stored, r, lba, n)
	}
	if converr != nil {
		err = converr
	}
	return done, err
}

// offset returns where a sector is stored in From, in bytes.
func (r *Run) offset(lba disc.LBA) int64 { return r.Offset + int64(lba-r.Start)*int64(r.stride()) }

// load reads stored sectors, and descrambles them. It returns the number of those that were
// read in full.
func (r *Run) load(p []byte, lba disc.LBA, stride int) (int, error) {
	n, err := r.loadStored(p, lba, stride)
	if r.Scrambled {
		for i := range n {
			sector.Scramble(p[i*stride:][:sector.Size])
		}
	}
	return n, err
}

// loadStored reads sectors as they are stored.
func (r *Run) loadStored(p []byte, lba disc.LBA, stride int) (int, error) {
	want := len(p) / stride
	n, err := r.From.ReadAt(p, r.offset(lba))
	if n == len(p) {
		return want, nil
	}
	have := n / stride
	if n-have*stride >= r.Length && r.Sub == NoSub { // the bytes between sectors are missing after the last one
		have++
	}
	if have == want {
		return want, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = fmt.Errorf("read sector %d: the data file ends before it: %w", lba+disc.LBA(have), io.ErrUnexpectedEOF)
	}
	return have, err
}

// user copies the user data of n stored sectors.
func (d *stored) user(p, stored []byte, r *Run, lba disc.LBA, n int) (int, error) {
	stride := r.stride()
	corrected := func(lba disc.LBA) { d.corrected.Add(lba) }
	if r.Length == disc.SectorSize {
		for i := range n {
			copy(p[i*disc.SectorSize:(i+1)*disc.SectorSize], stored[i*stride:])
		}
		return n, nil
	}
	if r.Length == sector.Size && stride == sector.Size {
		return sector.CorrectedUserData(p, stored[:n*stride], lba, corrected)
	}
	var one [sector.Size]byte
	for i := range n {
		r.whole(one[:], stored[i*stride:], lba+disc.LBA(i))
		if _, err := sector.CorrectedUserData(p[i*disc.SectorSize:], one[:], lba+disc.LBA(i), corrected); err != nil {
			return i, err
		}
	}
	return n, nil
}

// allWhole makes whole sectors of n stored ones.
func (r *Run) allWhole(p, stored []byte, lba disc.LBA, n int) {
	stride := r.stride()
	if r.Mode == disc.Mode1 && r.From != nil && r.At == sector.DataAt && stride == disc.SectorSize && r.Length == stride {
		sector.EncodeMode1(p, stored[:n*stride], lba)
		return
	}
	for i := range n {
		r.whole(p[i*sector.Size:][:sector.Size], stored[i*stride:], lba+disc.LBA(i))
	}
}

// whole makes a whole sector of a stored one.
func (r *Run) whole(p, stored []byte, lba disc.LBA) {
	if r.Length == sector.Size {
		copy(p, stored[:sector.Size])
		if r.Swap && r.Mode == disc.Audio {
			Swap(p)
		}
		return
	}
	clear(p)
	copy(p[r.At:], stored[:r.Length])
	switch {
	case r.Mode == disc.Audio:
	case r.Mode == disc.Mode1 && r.At == sector.DataAt && r.Length == sector.Mode2Size: // all but sync and header
		sector.PutHeader(p, lba, 1)
	case r.Mode == disc.Mode1:
		sector.Generate(p, lba, sector.Mode1)
	case r.Mode == disc.Mode2 && r.Length == 0:
		sector.Generate(p, lba, sector.Mode2)
	case r.At <= sector.SubheadAt && r.At+r.Length >= sector.Size: // all but sync and header
		sector.PutHeader(p, lba, 2)
	case r.At <= sector.SubheadAt && p[sector.SubheadAt+2]&sector.Form2Bit != 0:
		sector.Generate(p, lba, sector.Form2)
	case r.At <= sector.SubheadAt:
		sector.Generate(p, lba, sector.Form1)
	case r.Form2:
		copy(p[sector.SubheadAt:], "\x00\x00\x20\x00\x00\x00\x20\x00")
		sector.Generate(p, lba, sector.Form2)
	default:
		copy(p[sector.SubheadAt:], "\x00\x00\x08\x00\x00\x00\x08\x00")
		sector.Generate(p, lba, sector.Form1)
	}
}

// Swap exchanges the bytes of each 16-bit audio sample.
func Swap(p []byte) {
	for i := 0; i+1 < len(p); i += 2 {
		p[i], p[i+1] = p[i+1], p[i]
	}
}

// withSub makes n sectors with sub-channels, which are generated if they are not stored.
func (d *stored) withSub(p, stored []byte, r *Run, lba disc.LBA, n int) (int, error) {
	size, stride := disc.RawSub.Size(), r.stride()
	for i := range n {
		q := p[i*size : (i+1)*size]
		at := lba + disc.LBA(i)
		r.whole(q[:sector.Size], stored[i*stride:], at)
		if r.SubFrom != nil {
			if err := r.sub(q[sector.Size:], d.toc, at); err != nil {
				return i, err
			}
			continue
		}
		r.Sub.put(q[sector.Size:], stored[i*stride+r.Length:], d.toc, at)
	}
	return n, nil
}

// sub reads the sub-channels of a sector, interleaved.
func (r *Run) sub(p []byte, toc disc.TOC, lba disc.LBA) error {
	var own [sector.SubSize]byte
	stored := own[:r.Sub.Size()]
	from, n := r.SubFrom, int64(lba-r.Start)
	off := r.SubOffset + n*int64(len(stored))
	if from == nil {
		from, off = r.From, r.Offset+n*int64(r.stride())+int64(r.Length)
	}
	if k, err := from.ReadAt(stored, off); k < len(stored) {
		return fmt.Errorf("read the sub-channels of sector %d: %w", lba, err)
	}
	r.Sub.put(p, stored, toc, lba)
	return nil
}

// put makes interleaved sub-channels of stored ones.
func (s Sub) put(p, stored []byte, toc disc.TOC, lba disc.LBA) {
	switch s {
	case Interleaved:
		copy(p[:sector.SubSize], stored)
	case Planar:
		sector.Interleave(p, stored)
	case PQ:
		var planar [sector.SubSize]byte
		copy(planar[12:24], stored[:12])
		if stored[15]&0x80 != 0 {
			for i := range 12 {
				planar[i] = 0xFF
			}
		}
		sector.Interleave(p, planar[:])
	default:
		sector.PutSubChannels(p, toc, lba)
	}
}

// Mode2 returns whether the sectors of a run of mode 2 have sub-headers (disc.XA) or not
// (disc.Mode2), by the first of them. Descriptors of images often do not say it.
func (r Run) Mode2() disc.Mode {
	at := sector.SubheadAt - r.At
	if r.From == nil || at < 0 || at+8 > r.Length {
		return r.Mode
	}
	var own [sector.XADataAt]byte
	p := own[:at+8]
	for i := range min(r.Count, 64) {
		if n, _ := r.From.ReadAt(p, r.Offset+i*int64(r.stride())); n < len(p) {
			break
		}
		if r.Scrambled {
			sector.Scramble(p)
		}
		if string(p[at:at+4]) != string(p[at+4:]) {
			return disc.Mode2
		}
	}
	return disc.XA
}
