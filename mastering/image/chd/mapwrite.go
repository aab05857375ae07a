package chd

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// mapWriter collects the places of the hunks that were written, and makes a compressed map.
type mapWriter struct {
	places places // one for each hunk
	next   int64  // offset in the file
}

// add adds the next hunk.
func (m *mapWriter) add(h *hunk) {
	p := place{first: uint32(h.number), kind: h.kind, crc: h.crc, length: uint32(len(h.out)), offset: m.next}
	if h.kind == same {
		p = place{first: uint32(h.number), kind: same, offset: int64(h.same)}
	}
	m.next += int64(len(h.out))
	m.places = append(m.places, p)
}

// bytes returns the map. The offset of the first hunk is first.
func (m *mapWriter) bytes(first int64) []byte {
	crc := uint16(crcStart)
	var longest uint32
	var last int64
	kindOf := make([]byte, len(m.places))
	for i, p := range m.places {
		crc = crc16(crc, p.raw())
		kindOf[i] = p.kind
		switch {
		case p.kind < plain:
			longest = max(longest, p.length)
		case p.kind == same && p.offset == last:
			kindOf[i] = sameAgain
		case p.kind == same && p.offset == last+1:
			kindOf[i] = sameNext
		}
		if p.kind == same {
			last = p.offset
		}
	}
	lengthBits, hunkBits := bits.Len32(longest), bits.Len(uint(len(m.places)))
	w := &bitWriter{}
	symbols := shorten(kindOf)
	code := newHuffman(kinds, kindBits)
	code.choose(symbols)
	codes, _ := code.assign() // choose makes no other lengths
	code.writeRuns(w)
	for _, s := range symbols {
		w.write(uint64(codes[s]), int(code.lengths[s]))
	}
	for i, p := range m.places {
		switch kindOf[i] {
		case same:
			w.write(uint64(p.offset), hunkBits)
		case plain:
			w.write(uint64(p.crc), 16)
		case sameAgain, sameNext:
		default:
			w.write(uint64(p.length), lengthBits)
			w.write(uint64(p.crc), 16)
		}
	}
	data := w.bytes()
	head := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	head = append(head, binary.BigEndian.AppendUint64(nil, uint64(first))[2:]...)
	head = binary.BigEndian.AppendUint16(head, crc)
	head = append(head, byte(lengthBits), byte(hunkBits), 0, 0)
	return append(head, data...)
}

// shorten replaces runs of kinds by the symbols of runs.
func shorten(kindOf []byte) []byte {
	const shortest, short = 3, 3 + 15 // repetitions: in a short run from 3 to 18
	const long = short + 1 + 255
	var out []byte
	for len(kindOf) > 0 {
		k := kindOf[0]
		n := 1
		for n < len(kindOf) && kindOf[n] == k {
			n++
		}
		kindOf = kindOf[n:]
		out = append(out, k)
		for n--; n >= shortest; {
			c := min(n, long)
			if c <= short {
				out = append(out, shortRun, byte(c-shortest))
			} else {
				v := c - short - 1
				out = append(out, longRun, byte(v>>4), byte(v&15))
			}
			n -= c
		}
		for ; n > 0; n-- {
			out = append(out, k)
		}
	}
	return out
}

// choose chooses the lengths of the codes by how often the symbols occur.
func (h *huffman) choose(symbols []byte) {
	count := make([]int, len(h.lengths))
	for _, s := range symbols {
		count[s]++
	}
	for !h.tree(count) { // a code is too long: make the counts more equal
		for i, n := range count {
			if n > 0 {
				count[i] = n/2 + 1
			}
		}
	}
}

// tree makes a Huffman code. It returns false if a code is too long.
func (h *huffman) tree(count []int) bool {
	type node struct {
		count   int
		symbols []int // below the node
	}
	clear(h.lengths)
	var list []node
	for i, n := range count {
		if n > 0 {
			list = append(list, node{n, []int{i}})
		}
	}
	if len(list) == 1 {
		h.lengths[list[0].symbols[0]] = 1
	}
	for len(list) > 1 {
		slices.SortStableFunc(list, func(a, b node) int { return a.count - b.count })
		joined := node{list[0].count + list[1].count, slices.Concat(list[0].symbols, list[1].symbols)}
		for _, s := range joined.symbols {
			if h.lengths[s]++; int(h.lengths[s]) > h.most {
				return false
			}
		}
		list = append(list[2:], joined)
	}
	return true
}

// writeRuns writes the lengths of the codes of a map; see readRuns. There are no runs worth
// writing.
func (h *huffman) writeRuns(w *bitWriter) {
	for _, l := range h.lengths {
		if l == 1 {
			w.write(1, 4)
		}
		w.write(uint64(l), 4)
	}
}

// bitWriter writes bits, the highest of each byte first.
type bitWriter struct {
	p    []byte
	bits uint64 // in the lowest n bits
	n    int    // less than 8 between writes
}

// write writes n bits, at most 56.
func (w *bitWriter) write(v uint64, n int) {
	w.bits = w.bits<<n | v
	w.n += n
	for w.n >= 8 {
		w.n -= 8
		w.p = append(w.p, byte(w.bits>>w.n))
	}
}

// bytes returns what was written, with zeros up to the next byte.
func (w *bitWriter) bytes() []byte {
	if w.n > 0 {
		w.write(0, 8-w.n)
	}
	return w.p
}
