package journal

import (
	"errors"
	"iter"
)

// run is a range of bytes that is overwritten.
type run struct {
	off int64
	b   []byte
}

func (r run) end() int64 { return r.off + int64(len(r.b)) }

// records returns what a journal records of a change: the old bytes of whole blocks of
// storage, read from the image, and the new ones.
func records(image file, c Change) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		runs, err := runsOf(c)
		if err != nil {
			yield(record{}, err)
			return
		}
		for len(runs) > 0 {
			n := together(runs)
			start, end := runs[0].off/block*block, min((runs[n-1].end()+block-1)/block*block, c.BaseSize())
			for at := start; at < end; at += maxRecord {
				r := record{off: at, old: make([]byte, min(maxRecord, end-at))}
				if _, err := image.ReadAt(r.old, at); err != nil {
					yield(record{}, noEOF(err))
					return
				}
				r.new = changed(r, runs[:n])
				if !yield(r, nil) {
					return
				}
			}
			runs = runs[n:]
		}
	}
}

// runsOf returns the runs of a change that are before the end of the old image.
func runsOf(c Change) ([]run, error) {
	var list []run
	end := int64(0)
	for off, b := range c.Overwritten() {
		if off < end {
			return nil, errors.New("the ranges of a change overlap, or are not in order")
		}
		end = off + int64(len(b))
		if n := min(int64(len(b)), c.BaseSize()-off); n > 0 {
			list = append(list, run{off, b[:n]})
		}
	}
	return list, nil
}

// together returns how many of the runs, from the first one on, share a block with the next
// one or follow each other.
func together(runs []run) int {
	n := 1
	for n < len(runs) && runs[n].off/block <= (runs[n-1].end()+block-1)/block {
		n++
	}
	return n
}

// changed returns the new bytes in the place of a record.
func changed(r record, runs []run) []byte {
	p := append([]byte(nil), r.old...)
	for _, x := range runs {
		from, to := max(x.off, r.off), min(x.end(), r.off+int64(len(p)))
		if from < to {
			copy(p[from-r.off:], x.b[from-x.off:to-x.off])
		}
	}
	return p
}

// contents is what an image has in the ranges of a journal.
type contents struct {
	old, new bool // all bytes are the old, or the new ones
	mixed    bool // every byte is the old or the new one
}

// inspect compares an image with a journal.
func (b *book) inspect(image file) (contents, error) {
	got := contents{true, true, true}
	p := make([]byte, maxRecord)
	err := b.each(func(r record) error {
		p := p[:len(r.old)]
		if _, err := image.ReadAt(p, r.off); err != nil {
			return noEOF(err)
		}
		for i, b := range p {
			isOld, isNew := b == r.old[i], b == r.new[i]
			got.old, got.new, got.mixed = got.old && isOld, got.new && isNew, got.mixed && (isOld || isNew)
		}
		return nil
	})
	return got, err
}
