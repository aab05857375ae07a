package update

import (
	"glassmaster/mastering/udf/internal/ecma167"
)

// integrity is the logical volume integrity descriptor (ECMA-167 3/10.10, UDF 2.2.6), and
// what changes in it.
type integrity struct {
	sector int64
	b      []byte
	parts  int
	own    bool // written by this program, which counts names

	unique              uint64 // the next unique identifier
	names, inodes, dirs int
}

// Fields of the integrity descriptor, and of its implementation use.
const (
	integrityType   = 28
	integrityNext   = 32
	integrityUnique = 40
	integrityTables = 80
	useFiles        = 32
	useDirs         = 36
	useLength       = 46
)

// maxIntegrity is the number of integrity descriptors that are followed.
const maxIntegrity = 4096

// readIntegrity returns the last integrity descriptor of the volume.
func (u *Updater) readIntegrity() (*integrity, error) {
	e := u.s.Integrity
	var v *integrity
	for i, n := int64(0), 0; n < maxIntegrity && (i+1)*blockSize <= int64(e.Length); n++ {
		at := int64(e.Location) + i
		b, err := u.readSector(at)
		if err != nil {
			break
		}
		if _, err := ecma167.CheckTagAt(b, uint32(at), ecma167.TagLVID); err != nil {
			break
		}
		v = &integrity{sector: at, b: b}
		if i++; le.Uint32(b[integrityNext:]) != 0 {
			e, i = ecma167.DecodeExtentAD(b[integrityNext:]), 0
		}
	}
	if v == nil && u.virtual { // the virtual allocation table has what is needed
		return &integrity{}, nil
	}
	if v == nil {
		return nil, unsafe("it has no valid logical volume integrity descriptor")
	}
	parts := int64(le.Uint32(v.b[72:]))
	if use := int64(le.Uint32(v.b[76:])); use < useLength || parts != int64(len(u.parts)) || integrityTables+8*parts+use > blockSize {
		return nil, unsafe("its logical volume integrity descriptor at sector %d is not valid", v.sector)
	}
	v.parts = int(parts)
	v.own = ecma167.OwnImplementation(v.use())
	v.unique = le.Uint64(v.b[integrityUnique:])
	return v, nil
}

// closed reports whether the volume was closed after the last change.
func (v *integrity) closed() bool { return le.Uint32(v.b[integrityType:]) == 1 }

func (v *integrity) use() []byte { return v.b[integrityTables+8*v.parts:] }

// minUnique is the lowest unique identifier of a file (UDF 3.2.1.1). The low 32 bits of
// others are not lower.
const minUnique = 16

// next returns a unique identifier that is not in use.
func (v *integrity) next() uint64 {
	if uint32(v.unique) < minUnique {
		v.unique = v.unique&^0xFFFFFFFF | minUnique
	}
	v.unique++
	return v.unique - 1
}

// countName counts names of what is not a directory that are added or removed.
func (v *integrity) countName(n int) { v.names += n }

// countInode counts files that are added or removed.
func (v *integrity) countInode(n int) { v.inodes += n }

// files returns how many files are added or removed, in the way in which the writer of the
// volume counts those with several names.
func (v *integrity) files() int {
	if v.own {
		return v.names
	}
	return v.inodes
}

// storeIntegrity writes the integrity descriptor.
func (u *Updater) storeIntegrity() error {
	v := u.lvid
	before := string(v.b)
	use := v.use()
	addTo(use[useFiles:], v.files())
	addTo(use[useDirs:], v.dirs)
	le.PutUint64(v.b[integrityUnique:], v.unique)
	for i, p := range u.parts {
		free, size := v.b[integrityTables+4*i:], v.b[integrityTables+4*(v.parts+i):]
		switch {
		case uint16(i) == u.data:
			le.PutUint32(size, uint32(p.Blocks))
			if u.space.reuses() {
				le.PutUint32(free, u.space.count())
			}
		case u.meta != nil && uint16(i) == u.s.Root.Partition:
			le.PutUint32(size, uint32(length(p.Files[0])))
			if n, ok := u.meta.freeBlocks(); ok {
				le.PutUint32(free, n)
			}
		}
	}
	if string(v.b) == before {
		return nil
	}
	ecma167.PutTime(v.b[16:], u.e.Time)
	ecma167.Reseal(v.b[:ecma167.TagLength+int(le.Uint16(v.b[10:]))])
	return u.writeSector(v.sector, v.b)
}

func addTo(p []byte, n int) { le.PutUint32(p, uint32(max(int64(le.Uint32(p))+int64(n), 0))) }
