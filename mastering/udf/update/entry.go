package update

import (
	"errors"
	"fmt"
	"slices"

	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
)

// object is a file or directory whose file entry was read or made.
type object struct {
	at        ecma167.LongAD
	b         []byte // the block of the file entry
	head      int    // length of its fixed part
	changed   bool
	fresh     bool // it is not on the disc yet
	discarded bool // it has no name any more
	dir       *directory
}

// Fields at the same place in file entries (ECMA-167 4/14.9) and extended ones (4/14.17).
const (
	fieldStrategy    = 20
	fieldType        = 27
	fieldFlags       = 34
	fieldUID         = 36
	fieldGID         = 40
	fieldPermissions = 44
	fieldLinks       = 48
	fieldSize        = 56
)

func (o *object) extended() bool { return o.head == ecma167.EFELength }

func (o *object) kind() byte    { return o.b[fieldType] }
func (o *object) flags() uint16 { return le.Uint16(o.b[fieldFlags:]) }
func (o *object) adKind() int   { return int(o.flags() & 7) }
func (o *object) links() uint16 { return le.Uint16(o.b[fieldLinks:]) }
func (o *object) size() int64   { return int64(le.Uint64(o.b[fieldSize:])) }
func (o *object) isDir() bool   { return o.kind() == ecma167.TypeDirectory }
func (o *object) inline() bool  { return o.adKind() == ecma167.ADInline }
func (o *object) lengthEA() int { return int(le.Uint32(o.b[o.head-8:])) }
func (o *object) lengthAD() int { return int(le.Uint32(o.b[o.head-4:])) }

// room returns the number of bytes for allocation descriptors or contents.
func (o *object) room() int { return blockSize - o.head - o.lengthEA() }

// ads returns the allocation descriptors or the contents.
func (o *object) ads() []byte {
	at := o.head + o.lengthEA()
	return o.b[at : at+o.lengthAD()]
}

// unique returns the unique identifier.
func (o *object) unique() uint64 {
	if o.extended() {
		return le.Uint64(o.b[200:])
	}
	return le.Uint64(o.b[160:])
}

func (o *object) setUnique(id uint64) {
	at := 160
	if o.extended() {
		at = 200
	}
	le.PutUint64(o.b[at:], id)
	o.changed = true
}

// streams returns the ICB of the stream directory.
func (o *object) streams() ecma167.LongAD {
	if !o.extended() {
		return ecma167.LongAD{}
	}
	return ecma167.DecodeLongAD(o.b[152:])
}

func (o *object) hasStreams() bool { return o.streams().Length&ecma167.LengthMask != 0 }

// times returns where the times are: accessed, modified, changed, and created, which is 0
// if the file entry has no field for it.
func (o *object) times() (accessed, modified, changed, created int) {
	if o.extended() {
		return 80, 92, 116, 104
	}
	return 72, 84, 96, 0
}

// addLinks changes the link count.
func (o *object) addLinks(n int) {
	le.PutUint16(o.b[fieldLinks:], uint16(min(max(int(o.links())+n, 0), 0xFFFF)))
	o.changed = true
}

// setFlags sets the flags that are in mask.
func (o *object) setFlags(mask, flags uint16) {
	if next := o.flags()&^mask | flags; next != o.flags() {
		le.PutUint16(o.b[fieldFlags:], next)
		o.changed = true
	}
}

// setSize sets the information length and the number of recorded blocks.
func (o *object) setSize(size, recorded int64) {
	before := o.size()
	le.PutUint64(o.b[fieldSize:], uint64(size))
	if o.extended() { // the object size includes the streams
		le.PutUint64(o.b[64:], uint64(int64(le.Uint64(o.b[64:]))-before+size))
		le.PutUint64(o.b[72:], uint64(recorded))
	} else {
		le.PutUint64(o.b[64:], uint64(recorded))
	}
	o.changed = true
}

// setADs sets the kind and bytes of the allocation descriptors, or the contents.
func (o *object) setADs(kind int, b []byte) {
	o.setFlags(7, uint16(kind))
	le.PutUint32(o.b[o.head-4:], uint32(len(b)))
	rest := o.b[o.head+o.lengthEA():]
	clear(rest[copy(rest, b):])
	o.changed = true
}

// seal completes the descriptor.
func (o *object) seal() {
	ecma167.Reseal(o.b[:o.head+o.lengthEA()+o.lengthAD()])
}

// load returns the file entry at an ICB.
func (u *Updater) load(icb ecma167.LongAD) (*object, error) {
	if o := u.objects[placeOf(icb)]; o != nil {
		return o, nil
	}
	b, err := u.read(icb)
	if err != nil {
		return nil, fmt.Errorf("file entry at %s: %w", icb, err)
	}
	id, err := ecma167.CheckTagAt(b, icb.Block, ecma167.TagFE, ecma167.TagEFE)
	if err != nil {
		return nil, fmt.Errorf("file entry at %s: %w", icb, err)
	}
	o := &object{at: ecma167.LongAD{Length: blockSize, Block: icb.Block, Partition: icb.Partition}, b: b, head: ecma167.FELength}
	if id == ecma167.TagEFE {
		o.head = ecma167.EFELength
	}
	if s := le.Uint16(b[fieldStrategy:]); s != 4 {
		return nil, fmt.Errorf("file entry at %s: its ICB has strategy %d, and only 4 can be changed", icb, s)
	}
	if ea, ad := int64(le.Uint32(b[o.head-8:])), int64(le.Uint32(b[o.head-4:])); ea+ad > int64(blockSize-o.head) {
		return nil, fmt.Errorf("file entry at %s: its extended attributes and allocation descriptors are longer than the block", icb)
	}
	if o.adKind() > ecma167.ADInline || o.adKind() == ecma167.ADExtended || o.flags()&ecma167.FlagTransform != 0 {
		return nil, fmt.Errorf("file entry at %s: its allocation descriptors or contents have an unknown form", icb)
	}
	if o.inline() && o.size() > int64(o.lengthAD()) || o.size() < 0 {
		return nil, fmt.Errorf("file entry at %s: its size is %d bytes", icb, o.size())
	}
	u.objects[placeOf(icb)] = o
	return o, nil
}

// extent is a part of the contents of a file.
type extent struct {
	kind      uint8
	partition uint16
	block     uint32
	length    int64 // bytes; after normalization, not limited to that of one descriptor
}

// maxExtent is the length of the longest extent of whole blocks, in bytes.
const maxExtent = 1<<30 - blockSize

// maxChain is the number of allocation extents that are followed.
const maxChain = 1 << 20

// extents returns the extents of an object that is not inline, joined where they are
// contiguous, and the blocks with allocation descriptors after the file entry.
func (u *Updater) extents(o *object) (list []extent, chain []ecma167.LongAD, err error) {
	fail := func(err error) ([]extent, []ecma167.LongAD, error) {
		return nil, nil, fmt.Errorf("file entry at %s: %w", o.at, err)
	}
	seen := map[place]bool{}
	partition := o.at.Partition
	for p := o.ads(); p != nil; {
		next := ecma167.LongAD{}
		for n := ecma167.ADLength[o.adKind()]; len(p) >= n; p = p[n:] {
			a := ecma167.LongAD{Length: le.Uint32(p), Block: le.Uint32(p[4:]), Partition: partition}
			if o.adKind() == ecma167.ADLong {
				a = ecma167.DecodeLongAD(p)
			}
			if a.Length&ecma167.LengthMask == 0 {
				break
			}
			if a.Length>>30 == ecma167.ExtentContinues {
				next = a
				break
			}
			list = join(list, extent{uint8(a.Length >> 30), a.Partition, a.Block, int64(a.Length & ecma167.LengthMask)})
		}
		if next.Length == 0 {
			break
		}
		if seen[placeOf(next)] || len(chain) >= maxChain {
			return fail(errors.New("its allocation descriptors form a loop"))
		}
		seen[placeOf(next)] = true
		chain = append(chain, next)
		b, err := u.read(next)
		if err == nil {
			_, err = ecma167.CheckTagAt(b, next.Block, ecma167.TagAED)
		}
		if err != nil {
			return fail(err)
		}
		k := int64(le.Uint32(b[20:]))
		if k > blockSize-ecma167.AEDLength {
			return fail(errors.New("an allocation extent is longer than its block"))
		}
		p = b[ecma167.AEDLength : ecma167.AEDLength+k]
		partition = next.Partition
	}
	return list, chain, nil
}

// join appends an extent, to the last one if it continues that.
func join(list []extent, e extent) []extent {
	if k := len(list) - 1; k >= 0 {
		l := &list[k]
		if l.kind == e.kind && l.partition == e.partition && l.length%blockSize == 0 &&
			(l.kind == ecma167.ExtentHole || int64(l.block)+l.length/blockSize == int64(e.block)) {
			l.length += e.length
			return list
		}
	}
	return append(list, e)
}

// trim returns the extents up to a size in bytes. The last extent of a file may be longer.
func trim(list []extent, size int64) []extent {
	for i, e := range list {
		if e.length >= size {
			e.length = size
			return append(slices.Clone(list[:i]), e)
		}
		size -= e.length
	}
	return list
}

// setExtents records the extents of the contents, which have size bytes. Descriptors that do
// not fit into the file entry go into new blocks.
func (u *Updater) setExtents(o *object, list []extent, size int64) error {
	kind := ecma167.ADShort
	recorded := int64(0)
	for _, e := range list {
		if e.partition != o.at.Partition || o.adKind() == ecma167.ADLong || u.parts[o.at.Partition].Kind == udf.Virtual {
			kind = ecma167.ADLong
		}
		if e.kind == ecma167.ExtentRecorded {
			recorded += blocks(e.length)
		}
	}
	all := descriptors(list, kind)
	if len(all) <= o.room() {
		o.setADs(kind, all)
	} else if err := u.chain(o, kind, all); err != nil {
		return err
	}
	o.setSize(size, recorded)
	if len(list) > 1 {
		o.setFlags(ecma167.FlagContiguous, 0)
	}
	return nil
}

// descriptors returns the allocation descriptors of extents.
func descriptors(list []extent, kind int) []byte {
	var b []byte
	n := ecma167.ADLength[kind]
	for _, e := range list {
		for e.length > 0 {
			k := min(e.length, maxExtent)
			b = append(b, make([]byte, n)...)
			putAD(b[len(b)-n:], kind, ecma167.LongAD{Length: uint32(k) | uint32(e.kind)<<30, Block: e.block, Partition: e.partition})
			if e.kind != ecma167.ExtentHole {
				e.block += uint32(k / blockSize)
			}
			e.length -= k
		}
	}
	return b
}

func putAD(p []byte, kind int, a ecma167.LongAD) {
	if kind == ecma167.ADLong {
		ecma167.PutLongAD(p, a)
		return
	}
	le.PutUint32(p, a.Length)
	le.PutUint32(p[4:], a.Block)
}

// chain records allocation descriptors in the file entry and in new blocks, each of which
// ends with a descriptor of the next one (ECMA-167 4/14.5).
func (u *Updater) chain(o *object, kind int, all []byte) error {
	n := ecma167.ADLength[kind]
	first := o.room()/n*n - n
	each := (blockSize-ecma167.AEDLength)/n*n - n
	if first < 0 {
		return unsafe("the file entry at %s has no room for an allocation descriptor", o.at)
	}
	rest := all[first:]
	count := int64(1)
	if len(rest) > each+n {
		count += int64((len(rest) - n - 1) / each)
	}
	at, err := u.newBlocks(count)
	if err != nil {
		return err
	}
	link := func(p []byte) []byte {
		p = append(p, make([]byte, n)...)
		putAD(p[len(p)-n:], kind, ecma167.LongAD{Length: blockSize | ecma167.ExtentContinues<<30, Block: at.Block, Partition: at.Partition})
		return p
	}
	o.setADs(kind, link(append([]byte(nil), all[:first]...)))
	for i := range count {
		part := rest
		if i < count-1 {
			part, rest = rest[:each], rest[each:]
		}
		here := at
		at.Block++
		b := make([]byte, ecma167.AEDLength, blockSize)
		b = append(b, part...)
		if i < count-1 {
			b = link(b)
		}
		le.PutUint32(b[20:], uint32(len(b)-ecma167.AEDLength))
		ecma167.SealTag(b, ecma167.TagAED, u.version, here.Block)
		if err := u.write(here, b[:blockSize]); err != nil {
			return err
		}
	}
	return nil
}
