package udf

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/volume"
)

// reader reads the structures of a volume. mirror says that metadata partitions are
// read from their second copy.
type reader struct {
	*state
	mirror bool
}

// state is a volume that is open.
type state struct {
	*medium
	parts     []partition
	revision  uint16 // as 0x0250
	root      ecma167.LongAD
	streams   ecma167.LongAD // ICB of the system stream directory
	hasMirror bool
	followed  atomic.Int64 // bytes of directories, descriptor chains and indirect entries that were read
}

// FS is a UDF volume, open for reading. It implements volume.FS and is safe for
// use by several goroutines.
type FS struct {
	reader
	info volume.Info
	lost error // why the root directory had to be searched for

	notices     []disc.Notice                       // found when it was opened
	corrections func() map[uint64]volume.Correction // files of which another view has more of the contents; may be nil

	recognition recognition
	anchor      anchor
	start       int64            // byte where the session begins
	fileSet     ecma167.LongAD   // of the file set descriptor
	integrity   ecma167.ExtentAD // of the integrity sequence

	dirs  directories
	mu    sync.Mutex
	reach *volume.Reach // directories that were reached by their paths
}

var _ volume.Direct = (*FS)(nil)

// Open opens the UDF volume in r, which has size bytes and whose offset 0 is address
// 0 of the disc. The error wraps volume.ErrUnknown if there is no UDF volume, if o
// asks for another view than "UDF", or if the volume is damaged and the disc also
// has an ISO 9660 volume.
func Open(r io.ReaderAt, size int64, o volume.Options) (*FS, error) {
	if o.View != "" && o.View != view {
		return nil, volume.ErrUnknown
	}
	o, err := o.ChooseSession(r, size)
	if err != nil {
		return nil, err
	}
	s := o.Chosen()
	if s.Number < len(o.Sessions) { // later sessions do not belong to it
		size = min(size, int64(s.End)*disc.SectorSize)
	}
	m, anchors, rec, err := find(r, int64(s.Start)*disc.SectorSize, size)
	if err != nil {
		return nil, err
	}
	var first error
	for _, a := range anchors {
		f, err := mount(m, a)
		if err == nil {
			f.start, f.recognition = int64(s.Start)*disc.SectorSize, rec
			p := o.SessionProperty()
			add(&f.info, p.Name, p.Value)
			return f, nil
		}
		if first == nil {
			first = err
		}
	}
	if rec.iso && o.View == "" {
		return nil, fmt.Errorf("open UDF volume: %w (%w)", first, volume.ErrUnknown)
	}
	return nil, fmt.Errorf("open UDF volume: %w", first)
}

// mount opens the volume that an anchor points to, and reads its root directory.
func mount(m *medium, a anchor) (*FS, error) {
	d, err := readDescriptors(m, a)
	if err != nil {
		return nil, err
	}
	v := reader{state: &state{medium: m}}
	if err := v.readLogical(d); err != nil {
		return nil, err
	}
	at := ecma167.DecodeLongAD(d.logical[248:])
	set, lost := v.readFileSet(at)
	if lost == nil {
		v.root, v.streams = ecma167.DecodeLongAD(set[400:]), ecma167.DecodeLongAD(set[464:])
	} else if root, ok := v.searchRoot(at); ok {
		v.root = root
	} else {
		return nil, lost
	}
	f := &FS{reader: v, reach: volume.NewReach(m.size), lost: lost}
	f.anchor, f.fileSet, f.integrity = a, at, ecma167.DecodeExtentAD(d.logical[432:])
	if _, err := f.directory(f.root); err != nil {
		return nil, fmt.Errorf("root directory: %w", err)
	}
	f.info = f.describe(d, readIntegrity(m, f.integrity), a)
	return f, nil
}

// maxMaps is the number of partition maps that are read. A volume has one, or two if
// it has a metadata or virtual partition (UDF 2.2.4, 2.2.10).
const maxMaps = 8

// readLogical takes the block size, the revision and the partition maps from
// the logical volume descriptor (ECMA-167 3/10.6).
func (v reader) readLogical(d *descriptors) error {
	p := d.logical
	if size := int64(le.Uint32(p[212:])); size != v.block {
		return fmt.Errorf("the logical volume has blocks of %d bytes on sectors of %d bytes; UDF requires the same size", size, v.block)
	}
	if id := ecma167.EntityID(p[216:]); id != "*OSTA UDF Compliant" {
		return fmt.Errorf("the domain of the logical volume is %q, not OSTA UDF", id)
	}
	v.revision = le.Uint16(p[216+24:])
	maps, count := p[440:], le.Uint32(p[268:])
	if count > maxMaps {
		return fmt.Errorf("the logical volume has %d partition maps; UDF allows 2", count)
	}
	if n := int64(le.Uint32(p[264:])); n < int64(len(maps)) {
		maps = maps[:n]
	}
	for i := uint32(0); i < count; i++ {
		if len(maps) < 2 || maps[1] < 2 || int(maps[1]) > len(maps) {
			return fmt.Errorf("partition map %d of %d is truncated", i, count)
		}
		part, err := v.readMap(maps[:maps[1]], d)
		if err != nil {
			return fmt.Errorf("partition map %d: %w", i, err)
		}
		v.parts = append(v.parts, part)
		maps = maps[maps[1]:]
	}
	for i, part := range v.parts {
		l, ok := part.(*lateMap)
		if !ok {
			continue
		}
		done, err := l.finish(v, i)
		if err != nil {
			return fmt.Errorf("partition map %d: %w", i, err)
		}
		v.parts[i] = done
	}
	return nil
}

// locate returns the byte offset of a block of the volume, and how many bytes are
// contiguous from there.
func (v reader) locate(a ecma167.LongAD) (off, n int64, err error) {
	if int(a.Partition) >= len(v.parts) {
		return 0, 0, fmt.Errorf("%s: the number of partitions is %d", a, len(v.parts))
	}
	if off, n, err = v.parts[a.Partition].locate(a.Block, v.mirror); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", a, err)
	}
	return off, n, nil
}

// readDescriptor reads the block at a, which must begin with a descriptor of one of
// the given kinds.
func (v reader) readDescriptor(a ecma167.LongAD, want ...uint16) ([]byte, uint16, error) {
	off, _, err := v.locate(a)
	if err != nil {
		return nil, 0, err
	}
	p := make([]byte, v.block)
	if err := v.readMeta(p, off); err != nil {
		return nil, 0, err
	}
	if slices.Contains(want, ecma167.TagAED) || slices.Contains(want, ecma167.TagIE) {
		v.followed.Add(v.block)
	}
	id, err := ecma167.CheckTagAt(p, a.Block, want...)
	if err != nil {
		return nil, id, fmt.Errorf("sector %d: %w", off/v.block, err)
	}
	return p, id, nil
}

// maxFileSets is the number of file set descriptors that are followed.
const maxFileSets = 1024

// readFileSet returns the file set descriptor (ECMA-167 4/14.1) with the highest
// number. Write-once media may have older ones before it.
func (v reader) readFileSet(a ecma167.LongAD) ([]byte, error) {
	var set []byte
	for range maxFileSets {
		p, _, err := v.readDescriptor(a, ecma167.TagFSD)
		if err != nil && v.hasMirror {
			p, _, err = reader{v.state, true}.readDescriptor(a, ecma167.TagFSD)
		}
		switch {
		case err == nil:
			if set == nil || le.Uint32(p[44:]) >= le.Uint32(set[44:]) {
				set = p
			}
		case set == nil:
			return nil, fmt.Errorf("file set descriptor at %s: %w", a, err)
		default:
			return set, nil
		}
		if next := ecma167.DecodeLongAD(p[448:]); next.Length&ecma167.LengthMask != 0 {
			a = next
			continue
		}
		if a.Length&ecma167.LengthMask < 2*uint32(v.block) {
			return set, nil
		}
		a.Length -= uint32(v.block)
		a.Block++
	}
	return nil, errors.New("the file set descriptors form a loop")
}
