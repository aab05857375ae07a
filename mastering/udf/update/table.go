package update

import (
	"fmt"
	"slices"

	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
)

// table is a space table: an unallocated space entry (ECMA-167 4/14.11), which has the
// length of its allocation descriptors at BP 36 and the descriptors from BP 40.
type table struct {
	u    *Updater
	at   ecma167.LongAD
	b    []byte
	kind int
	runs []udf.Run

	changed bool
}

const tableHead = 40

func (u *Updater) readTable(at ecma167.LongAD) (*table, error) {
	b, err := u.read(at)
	if err == nil {
		_, err = ecma167.CheckTagAt(b, at.Block, ecma167.TagUSE)
	}
	if err != nil {
		return nil, fmt.Errorf("space table: %w", err)
	}
	t := &table{u: u, at: at, b: b, kind: int(le.Uint16(b[34:]) & 7)}
	n := int64(le.Uint32(b[36:]))
	if t.kind > ecma167.ADLong || n > blockSize-tableHead {
		return nil, fmt.Errorf("the space table has allocation descriptors of an unknown form")
	}
	for p, k := b[tableHead:tableHead+n], ecma167.ADLength[t.kind]; len(p) >= k; p = p[k:] {
		length := le.Uint32(p)
		switch {
		case length&ecma167.LengthMask == 0:
			return t, nil
		case length>>30 != ecma167.ExtentAllocated || length%blockSize != 0:
			return nil, fmt.Errorf("the space table has an extent of an unknown form")
		}
		r := udf.Run{Block: int64(le.Uint32(p[4:])), Blocks: int64(length&ecma167.LengthMask) / blockSize}
		if r.Block+r.Blocks > u.parts[u.data].Blocks {
			return nil, fmt.Errorf("the space table has an extent beyond the end of the partition")
		}
		t.runs = append(t.runs, r)
	}
	return t, nil
}

func (t *table) allocate(n int64) (int64, error) { return t.allocateAligned(n, 1) }

func (t *table) allocateAligned(n, align int64) (int64, error) {
	for _, r := range t.runs {
		at := (r.Block + align - 1) / align * align
		if at+n <= r.Block+r.Blocks {
			t.runs, t.changed = without(t.runs, at, at+n), true
			return at, nil
		}
	}
	return 0, errFull(n, t.count())
}

func (t *table) allocateSome(n int64) (int64, int64) {
	if len(t.runs) == 0 {
		return 0, 0
	}
	most := slices.MaxFunc(t.runs, func(a, b udf.Run) int { return int(a.Blocks - b.Blocks) })
	n = min(n, most.Blocks)
	t.runs, t.changed = without(t.runs, most.Block, most.Block+n), true
	return most.Block, n
}

func (t *table) reuses() bool { return true }

func (t *table) count() (n uint32) {
	for _, r := range t.runs {
		n += uint32(r.Blocks)
	}
	return n
}

// finish records the runs. If the table has no room for all of them, the shortest ones are
// not recorded, and stay unused.
func (t *table) finish(released []udf.Run) error {
	if !t.changed && len(released) == 0 {
		return nil
	}
	for _, r := range released {
		t.runs = append(without(t.runs, r.Block, r.Block+r.Blocks), r)
	}
	slices.SortFunc(t.runs, func(a, b udf.Run) int { return int(a.Block - b.Block) })
	var list []extent
	for _, r := range t.runs {
		list = join(list, extent{ecma167.ExtentAllocated, t.u.data, uint32(r.Block), r.Blocks * blockSize})
	}
	for len(descriptors(list, t.kind)) > blockSize-tableHead {
		least := slices.MinFunc(list, func(a, b extent) int { return int(a.length - b.length) })
		list = slices.DeleteFunc(list, func(e extent) bool { return e == least })
	}
	t.runs = t.runs[:0]
	for _, e := range list {
		t.runs = append(t.runs, udf.Run{Block: int64(e.block), Blocks: e.length / blockSize})
	}
	b := descriptors(list, t.kind)
	le.PutUint32(t.b[36:], uint32(len(b)))
	clear(t.b[tableHead:])
	copy(t.b[tableHead:], b)
	ecma167.Reseal(t.b[:tableHead+len(b)])
	return t.u.write(t.at, t.b)
}
