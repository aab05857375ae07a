package chd

import (
	"math"
	"math/bits"
	"sync"
)

// bitPrices are the prices of a bit by its probability, in 1/16 bit.
type bitPrices [1 << probBits >> 4]uint32

// priceTable returns the prices.
var priceTable = sync.OnceValue(func() *bitPrices {
	var t bitPrices
	for i := range t {
		t[i] = uint32(math.Round(-16 * math.Log2((float64(i)+0.5)/float64(len(t)))))
	}
	return &t
})

// zero returns the price of a 0.
func (t *bitPrices) zero(p prob) uint32 { return t[p>>4%128] }

// one returns the price of a 1.
func (t *bitPrices) one(p prob) uint32 { return t[(p^(1<<probBits-1))>>4%128] }

// bit returns the price of a bit.
func (t *bitPrices) bit(p prob, b uint32) uint32 {
	return t[(uint32(p)^-b&(1<<probBits-1))>>4%128]
}

// tree computes the prices of all numbers of n bits that a tree codes.
func (t *bitPrices) tree(p []prob, n int, prices []uint32) {
	var nodes [512]uint32
	for i := 1; i < 1<<n; i++ {
		nodes[2*i] = nodes[i] + t.zero(p[i])
		nodes[2*i+1] = nodes[i] + t.one(p[i])
	}
	copy(prices, nodes[1<<n:2<<n])
}

// reverse returns the price of a number of n bits, the lowest first.
func (t *bitPrices) reverse(p []prob, n, v int) uint32 {
	price, sym := uint32(0), 1
	for range n {
		b := v & 1
		price += t.bit(p[sym], uint32(b))
		sym = sym<<1 | b
		v >>= 1
	}
	return price
}

// lzmaPrices are the prices of lengths and distances.
type lzmaPrices struct {
	match, rep [posStates][maxMatch + 1]uint32
	slots      [4][64]uint32
	near       [4][129]uint32 // of distances up to 128, whole
	align      [16]uint32
}

// update computes the prices from the probabilities.
func (q *lzmaPrices) update(p *lzmaProbs) {
	t := priceTable()
	t.lengths(&p.match, &q.match)
	t.lengths(&p.rep, &q.rep)
	for i := range q.slots {
		t.tree(p.slots[i][:], 6, q.slots[i][:])
	}
	for i := range q.align {
		q.align[i] = t.reverse(p.align[:], 4, i)
	}
	for d := 1; d <= 128; d++ {
		slot := slotOf(d)
		price := uint32(0)
		if slot >= 4 {
			n := slot/2 - 1
			base := (2 | slot&1) << n
			price = t.reverse(p.distances[base-slot:], n, d-1-base)
		}
		for i := range q.near {
			q.near[i][d] = q.slots[i][slot] + price
		}
	}
}

// lengths computes the prices of lengths.
func (t *bitPrices) lengths(p *lzmaLengths, prices *[posStates][maxMatch + 1]uint32) {
	var high [256]uint32
	t.tree(p.high[:], 8, high[:])
	mid := t.one(p.choice[0]) + t.zero(p.choice[1])
	top := t.one(p.choice[0]) + t.one(p.choice[1])
	for ps := range prices {
		q := prices[ps][minMatch:]
		t.tree(p.low[ps][:], 3, q[:8])
		t.tree(p.mid[ps][:], 3, q[8:16])
		for i := range 8 {
			q[i] += t.zero(p.choice[0])
			q[8+i] += mid
		}
		for i, v := range high {
			q[16+i] = top + v
		}
	}
}

// distance returns the price of a distance, for a match of a length.
func (q *lzmaPrices) distance(length, distance int) uint32 {
	i := min(length-minMatch, 3)
	if distance <= 128 {
		return q.near[i][distance]
	}
	slot := slotOf(distance)
	return q.slots[i][slot] + uint32(slot/2-1-4)*16 + q.align[(distance-1)&15]
}

// slotOf returns the slot of a distance: its highest two bits and their place.
func slotOf(distance int) int {
	d := uint(distance - 1)
	if d < 4 {
		return int(d)
	}
	n := bits.Len(d) - 1
	return 2*n + int(d>>(n-1)&1)
}
