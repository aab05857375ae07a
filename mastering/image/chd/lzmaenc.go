package chd

import "math"

// Parameters of the encoder of LZMA.
const (
	niceLength = 64  // a match of this length is taken without looking further
	maxMatch   = 273 // of the format
	window     = 2048
	infinite   = math.MaxUint32 / 2
	priceAge   = 128 // packets until prices are computed again
)

// lzmaEncoder compresses streams that lzmaDecoder decompresses. It chooses packets together
// for as many positions as they overlap, at most window: the cheapest sequence, by what the
// packets cost at that time.
type lzmaEncoder struct {
	probs  lzmaProbs
	prices lzmaPrices
	finder matchFinder
	coder  rangeCoder

	src   []byte
	at    int // position of the next packet
	state uint32
	reps  [4]int
	age   int // packets since the prices were computed

	nodes   [window + maxMatch + 1]lzmaNode
	reach   int // the last node that has a price
	found   []lzmaMatch
	packets []lzmaPacket
}

// lzmaPacket is a packet. Its distance is literal, or from repeat on that of a repetition by
// its number, or from match on a distance more than match.
type lzmaPacket struct{ length, distance int }

const (
	literal = 0
	repeat  = 1
	match   = 4
)

// lzmaNode is a position that packets can reach.
type lzmaNode struct {
	price    uint32 // of the cheapest way, in 1/16 bit
	from     int32  // where the last packet of that way begins
	distance int    // and its distance
	state    uint32
	reps     [4]int
}

// encode appends the compressed bytes of src to b. It gives up when they become as many as
// limit, and returns nil.
func (e *lzmaEncoder) encode(b, src []byte, limit int) []byte {
	e.probs.reset()
	e.src, e.at, e.state, e.reps = src, 0, 0, [4]int{1, 1, 1, 1}
	e.coder.reset(b)
	e.finder.reset(src)
	e.age = priceAge
	for e.at < len(src) {
		if e.age >= priceAge {
			e.prices.update(&e.probs)
			e.age = 0
		}
		e.choose()
		for i := len(e.packets) - 1; i >= 0; i-- {
			e.put(e.packets[i])
		}
		if len(e.coder.out)-len(b) >= limit {
			return nil
		}
	}
	return e.coder.finish()
}

// choose chooses the next packets, the last one first.
func (e *lzmaEncoder) choose() {
	e.packets = e.packets[:0]
	e.nodes[0] = lzmaNode{state: e.state, reps: e.reps}
	e.reach = 0
	for cur := 0; ; cur++ {
		pos := e.at + cur
		if cur > 0 {
			if cur == e.reach || cur == window || pos == len(e.src) {
				e.back(cur)
				return
			}
			e.arrive(cur)
		}
		e.found = e.finder.matches(pos, e.found[:0])
		var repeats [4]int
		longest := 0
		for i, r := range e.nodes[cur].reps {
			if repeats[i] = e.finder.length(pos, r); repeats[i] > repeats[longest] {
				longest = i
			}
		}
		p := lzmaPacket{repeats[longest], repeat + longest}
		if n := len(e.found); p.length < niceLength && n > 0 {
			p = lzmaPacket{e.found[n-1].length, match + e.found[n-1].distance}
		}
		if p.length >= niceLength {
			e.packets = append(e.packets, p)
			e.finder.skip(pos+1, pos+p.length)
			e.back(cur)
			return
		}
		e.extend(cur, &repeats, repeats[longest])
	}
}

// back adds the packets on the way to a node.
func (e *lzmaEncoder) back(cur int) {
	for cur > 0 {
		n := &e.nodes[cur]
		e.packets = append(e.packets, lzmaPacket{cur - int(n.from), n.distance})
		cur = int(n.from)
	}
}

// arrive computes the state at a node.
func (e *lzmaEncoder) arrive(cur int) {
	n := &e.nodes[cur]
	from := &e.nodes[n.from]
	n.reps = from.reps
	n.state = lzmaPacket{cur - int(n.from), n.distance}.after(from.state, &n.reps)
}

// after returns the state after the packet, and changes the last distances.
func (p lzmaPacket) after(state uint32, reps *[4]int) uint32 {
	switch {
	case p.distance == literal:
		return stateLiteral(state)
	case p.distance == repeat && p.length == 1:
		return stateAfter(state, 9, 11)
	case p.distance <= match:
		i := p.distance - repeat
		d := reps[i]
		copy(reps[1:i+1], reps[:i])
		reps[0] = d
		return stateAfter(state, 8, 11)
	}
	copy(reps[1:], reps[:3])
	reps[0] = p.distance - match
	return stateAfter(state, 7, 10)
}

// offer offers a way to a node.
func (e *lzmaEncoder) offer(to int, price uint32, from, distance int) {
	for to > e.reach {
		e.reach++
		e.nodes[e.reach].price = infinite
	}
	if n := &e.nodes[to]; price < n.price {
		n.price, n.from, n.distance = price, int32(from), distance
	}
}

// extend offers all packets at a node to the nodes after it. repeats are the lengths with the
// last distances.
func (e *lzmaEncoder) extend(cur int, repeats *[4]int, longest int) {
	n := &e.nodes[cur]
	p, t := &e.probs, priceTable()
	pos := e.at + cur
	s, ps := n.state, pos%posStates
	e.offer(cur+1, n.price+t.zero(p.isMatch[s][ps])+e.literalPrice(pos, s, n.reps[0]), cur, literal)
	matchPrice := n.price + t.one(p.isMatch[s][ps])
	repPrice := matchPrice + t.one(p.isRep[s])
	if repeats[0] > 0 {
		e.offer(cur+1, repPrice+t.zero(p.isRep0[s])+t.zero(p.isLong[s][ps]), cur, repeat)
	}
	for i, length := range repeats {
		if length < minMatch {
			continue
		}
		price := repPrice + e.repeatPrice(i, s, ps)
		lengths := &e.prices.rep[ps]
		for l := minMatch; l <= length; l++ {
			e.offer(cur+l, price+lengths[l], cur, repeat+i)
		}
	}
	price := matchPrice + t.zero(p.isRep[s])
	lengths := &e.prices.match[ps]
	l := max(minMatch, longest+1)
	for _, m := range e.found {
		for ; l <= m.length; l++ {
			e.offer(cur+l, price+lengths[l]+e.prices.distance(l, m.distance), cur, match+m.distance)
		}
	}
}

// repeatPrice returns the price of choosing one of the last distances.
func (e *lzmaEncoder) repeatPrice(i int, s uint32, ps int) uint32 {
	p, t := &e.probs, priceTable()
	switch i {
	case 0:
		return t.zero(p.isRep0[s]) + t.one(p.isLong[s][ps])
	case 1:
		return t.one(p.isRep0[s]) + t.zero(p.isRep1[s])
	case 2:
		return t.one(p.isRep0[s]) + t.one(p.isRep1[s]) + t.zero(p.isRep2[s])
	}
	return t.one(p.isRep0[s]) + t.one(p.isRep1[s]) + t.one(p.isRep2[s])
}

// literalProbs returns the probabilities for a literal.
func (e *lzmaEncoder) literalProbs(pos int) *[literalCodes]prob {
	if pos == 0 {
		return &e.probs.literals[0]
	}
	return &e.probs.literals[e.src[pos-1]>>5]
}

// literalPrice returns the price of a literal without its first bit.
func (e *lzmaEncoder) literalPrice(pos int, s uint32, distance int) uint32 {
	p, t := e.literalProbs(pos), priceTable()
	sym, price := uint32(e.src[pos])|0x100, uint32(0)
	offset, matched := uint32(0), uint32(0)
	if !afterLiteral(s) {
		offset, matched = 0x100, uint32(e.src[pos-distance])
	}
	for sym < 0x10000 {
		matched <<= 1
		price += t.bit(p[offset+matched&offset+sym>>8], sym>>7&1)
		sym <<= 1
		offset &= ^(matched ^ sym)
	}
	return price
}

// put writes a packet.
func (e *lzmaEncoder) put(p lzmaPacket) {
	c, s, ps := &e.coder, e.state, e.at%posStates
	if p.distance == literal {
		c.bit(&e.probs.isMatch[s][ps], 0)
		e.putLiteral()
	} else {
		c.bit(&e.probs.isMatch[s][ps], 1)
		if p.distance <= match {
			c.bit(&e.probs.isRep[s], 1)
			e.putRepeat(p, s, ps)
		} else {
			c.bit(&e.probs.isRep[s], 0)
			c.length(&e.probs.match, p.length, ps)
			e.putDistance(p.length, p.distance-match)
		}
	}
	e.state = p.after(s, &e.reps)
	e.at += p.length
	e.age++
}

func (e *lzmaEncoder) putLiteral() {
	p := e.literalProbs(e.at)
	sym := uint32(e.src[e.at]) | 0x100
	offset, matched := uint32(0), uint32(0)
	if !afterLiteral(e.state) {
		offset, matched = 0x100, uint32(e.src[e.at-e.reps[0]])
	}
	for sym < 0x10000 {
		matched <<= 1
		e.coder.bit(&p[offset+matched&offset+sym>>8], sym>>7&1)
		sym <<= 1
		offset &= ^(matched ^ sym)
	}
}

func (e *lzmaEncoder) putRepeat(r lzmaPacket, s uint32, ps int) {
	c, p := &e.coder, &e.probs
	i := r.distance - repeat
	if i == 0 {
		c.bit(&p.isRep0[s], 0)
		if r.length == 1 {
			c.bit(&p.isLong[s][ps], 0)
			return
		}
		c.bit(&p.isLong[s][ps], 1)
	} else {
		c.bit(&p.isRep0[s], 1)
		if i == 1 {
			c.bit(&p.isRep1[s], 0)
		} else {
			c.bit(&p.isRep1[s], 1)
			c.bit(&p.isRep2[s], uint32(i-2))
		}
	}
	c.length(&p.rep, r.length, ps)
}

func (e *lzmaEncoder) putDistance(length, distance int) {
	c, p := &e.coder, &e.probs
	slot := slotOf(distance)
	c.tree(p.slots[min(length-minMatch, 3)][:], 6, slot)
	if slot < 4 {
		return
	}
	n := slot/2 - 1
	base := (2 | slot&1) << n
	rest := distance - 1 - base
	if slot < 14 {
		c.reverseTree(p.distances[base-slot:], n, rest)
		return
	}
	c.direct(rest>>4, n-4)
	c.reverseTree(p.align[:], 4, rest&15)
}
