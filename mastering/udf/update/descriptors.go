package update

import (
	"slices"

	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
)

// maxSequence is the number of descriptors of a volume descriptor sequence that are
// followed.
const maxSequence = 256

// sequence returns the sectors of a volume descriptor sequence up to its end, by their
// order. It has at least one descriptor.
func (u *Updater) sequence(e ecma167.ExtentAD) ([][]byte, error) {
	var list [][]byte
	for i := range min(int64(e.Length)/blockSize, maxSequence) {
		at := int64(e.Location) + i
		b, err := u.readSector(at)
		if err != nil {
			return nil, unsafe("volume descriptor sequence: %v", err)
		}
		id, err := ecma167.CheckTag(b)
		if err == nil {
			_, err = ecma167.CheckTagAt(b, uint32(at), id)
		}
		if err == ecma167.ErrNoTag {
			break
		}
		if err != nil {
			return nil, unsafe("volume descriptor sequence: sector %d: %v", at, err)
		}
		list = append(list, b)
		switch id {
		case ecma167.TagVDP:
			return nil, unsafe("its volume descriptor sequence at sector %d continues elsewhere", e.Location)
		case ecma167.TagTD:
			return list, nil
		}
	}
	if len(list) == 0 {
		return nil, unsafe("there is no volume descriptor sequence at sector %d", e.Location)
	}
	return list, nil
}

// both calls f for the descriptors of both volume descriptor sequences, and writes those
// that it changes. The sequences are in the places of the first anchor.
func (u *Updater) both(f func(id uint16, b []byte)) error {
	main, reserve := u.s.Anchors[0].Main, u.s.Anchors[0].Reserve
	for i, e := range []ecma167.ExtentAD{main, reserve} {
		if i == 1 && (e == main || e.Length == 0) {
			break
		}
		list, err := u.sequence(e)
		if err != nil {
			return err
		}
		for k, b := range list {
			// It may have been changed before.
			if _, err := u.set.ReadAt(b, (int64(e.Location)+int64(k))*blockSize); err != nil {
				return err
			}
			before := string(b)
			f(le.Uint16(b), b)
			if string(b) == before {
				continue
			}
			ecma167.Reseal(b[:ecma167.TagLength+int(le.Uint16(b[10:]))])
			if err := u.writeSector(int64(e.Location)+int64(k), b); err != nil {
				return err
			}
		}
	}
	return nil
}

// partitionMap returns a partition map of type 2 from the logical volume descriptor.
func (u *Updater) partitionMap(number uint16) ([]byte, error) {
	list, err := u.sequence(u.s.Anchors[0].Main)
	if err != nil {
		return nil, err
	}
	var logical []byte
	for _, b := range list {
		if le.Uint16(b) == ecma167.TagLVD && (logical == nil || le.Uint32(b[16:]) > le.Uint32(logical[16:])) {
			logical = b
		}
	}
	if logical != nil {
		for p, i := logical[440:], uint16(0); len(p) >= 64 && p[1] >= 2; p, i = p[p[1]:], i+1 {
			if i == number && p[0] == 2 && p[1] >= 64 {
				return p[:64], nil
			}
		}
	}
	return nil, unsafe("the main volume descriptor sequence has no map of partition %d", number)
}

// partitionDescriptor returns the descriptor of the partition with the contents of files.
func (u *Updater) partitionDescriptor() ([]byte, error) {
	list, err := u.sequence(u.s.Anchors[0].Main)
	if err != nil {
		return nil, err
	}
	var found []byte
	for _, b := range list {
		if le.Uint16(b) == ecma167.TagPD && le.Uint16(b[22:]) == u.parts[u.data].Number && (found == nil || le.Uint32(b[16:]) > le.Uint32(found[16:])) {
			found = b
		}
	}
	if found == nil {
		return nil, unsafe("the main volume descriptor sequence has no descriptor of partition %d", u.parts[u.data].Number)
	}
	return found, nil
}

// setLabel changes the logical volume identifier in all descriptors that have it (UDF
// 2.2.4.4, 2.2.7.2, 2.3.2), and the volume identifier of the primary descriptor.
func (u *Updater) setLabel(label string) error {
	put := ecma167.PutDString
	if u.virtual {
		return nil // it is in the virtual allocation table
	}
	err := u.both(func(id uint16, b []byte) {
		switch {
		case id == ecma167.TagPVD:
			put(b[24:56], label)
		case id == ecma167.TagLVD:
			put(b[84:212], label)
		case id == ecma167.TagIUVD && ecma167.EntityID(b[20:]) == "*UDF LV Info":
			put(b[116:244], label)
		}
	})
	if err != nil {
		return err
	}
	b, err := u.read(u.s.FileSet)
	if err != nil {
		return err
	}
	if _, err := ecma167.CheckTagAt(b, u.s.FileSet.Block, ecma167.TagFSD); err != nil {
		return err
	}
	put(b[112:240], label)
	put(b[304:336], label)
	ecma167.Reseal(b[:ecma167.TagLength+int(le.Uint16(b[10:]))])
	return u.write(u.s.FileSet, b)
}

// Finish completes the volume for an image that ends at a sector, and returns the sector at
// which it ends then. Everything else that belongs to the image must have been added to the
// Set before.
func (u *Updater) Finish(end int64) (int64, error) {
	if err := u.space.finish(u.freed); err != nil {
		return 0, err
	}
	if u.virtual {
		if u.set.Sectors() == u.set.BaseSectors() && u.e.Label == nil {
			return u.set.Sectors(), nil
		}
		err := u.storeTable()
		return u.set.Sectors(), err
	}
	_, grows := u.space.(growing)
	if grows && end > u.set.BaseSectors() {
		if err := u.finishGrowth(end); err != nil {
			return 0, err
		}
	}
	if u.meta != nil && u.meta.bitmap != nil {
		if err := u.meta.bitmap.finish(u.freedMeta); err != nil {
			return 0, err
		}
	}
	if err := u.storeIntegrity(); err != nil {
		return 0, err
	}
	return u.set.Sectors(), nil
}

// finishGrowth makes the partition end at a sector, and adds what belongs to the end of the
// volume: the reserve volume descriptor sequence, unless it is before the partition, and an
// anchor in the last sector (UDF 2.2.3).
func (u *Updater) finishGrowth(end int64) error {
	p := &u.parts[u.data]
	for i := range u.parts {
		if q := &u.parts[i]; q.Kind != udf.Metadata {
			q.Blocks = max(u.s.Partitions[i].Blocks, end-q.Start)
		}
	}
	err := u.both(func(id uint16, b []byte) {
		if id == ecma167.TagPD && le.Uint16(b[22:]) == p.Number {
			le.PutUint32(b[192:], uint32(p.Blocks))
		}
	})
	if err != nil {
		return err
	}
	main, reserve := u.s.Anchors[0].Main, u.s.Anchors[0].Reserve
	if reserve != main && reserve.End(blockSize) > p.Start {
		if reserve, err = u.moveSequence(reserve); err != nil {
			return err
		}
	}
	return u.moveAnchors(reserve)
}

// moveAnchors makes the anchors refer to the reserve volume descriptor sequence, and adds
// one in the last sector. Those at the former end of the volume are cleared, because readers
// would take them for anchors of an image that ends a certain number of sectors after them.
func (u *Updater) moveAnchors(reserve ecma167.ExtentAD) error {
	old := u.s.Partitions[u.data]
	var anchor []byte
	for _, a := range u.s.Anchors {
		b, err := u.readSector(a.Sector)
		if err != nil {
			return err
		}
		putExtent(b[24:], reserve)
		ecma167.Reseal(b[:ecma167.TagLength+int(le.Uint16(b[10:]))])
		if anchor == nil {
			anchor = slices.Clone(b)
		}
		switch {
		case a.Sector == u.s.Start+256 || a.Sector == u.s.Start+512:
		case a.Sector >= old.Start+old.Blocks:
			clear(b)
		case a.Sector >= old.Start: // it may be in a file
			continue
		}
		if err := u.writeSector(a.Sector, b); err != nil {
			return err
		}
	}
	at := u.set.Allocate(1, 1)
	ecma167.SetLocation(anchor, uint32(at))
	return u.writeSector(at, anchor)
}

// moveSequence copies a volume descriptor sequence to the end of the image.
func (u *Updater) moveSequence(e ecma167.ExtentAD) (ecma167.ExtentAD, error) {
	list, err := u.sequence(e)
	if err != nil {
		return e, err
	}
	n := max(int64(minSequence), blocks(int64(e.Length)))
	n = min(n, max(minSequence, int64(len(list))))
	at := u.set.Allocate(n, 1)
	for i, b := range list {
		if _, err := u.set.ReadAt(b, (int64(e.Location)+int64(i))*blockSize); err != nil {
			return e, err
		}
		ecma167.SetLocation(b, uint32(at+int64(i)))
		if err := u.writeSector(at+int64(i), b); err != nil {
			return e, err
		}
	}
	return ecma167.ExtentAD{Length: uint32(n * blockSize), Location: uint32(at)}, nil
}

// minSequence is the least number of sectors of a volume descriptor sequence (UDF 2.2.3.1).
const minSequence = 16

func putExtent(p []byte, e ecma167.ExtentAD) {
	le.PutUint32(p, e.Length)
	le.PutUint32(p[4:], e.Location)
}
