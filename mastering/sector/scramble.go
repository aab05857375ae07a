package sector

import (
	"crypto/subtle"
	"sync"
)

// scrambling is what the bytes after the sync pattern are combined with: the output of a
// shift register of 15 bits, lowest bit first, with the polynomial x^15 + x + 1 and the
// initial value 1 (ECMA-130 annex B). It begins with 01 80 00 60.
var scrambling = sync.OnceValue(func() *[Size - SyncSize]byte {
	var table [Size - SyncSize]byte
	register := uint(1)
	for i := range table {
		table[i] = byte(register)
		for range 8 {
			register = register>>1 | (register^register>>1)&1<<14
		}
	}
	return &table
})

// Scramble scrambles a data sector as it is on the disc (ECMA-130 15 and annex B), or
// descrambles a scrambled one: both change bytes 12 to 2351 in the same way. p may be only
// the beginning of a sector. If it does not begin with the sync pattern, which is never
// scrambled, it is audio and remains as it is.
func Scramble(p []byte) {
	if len(p) < SyncSize || string(p[:SyncSize]) != Sync {
		return
	}
	p = p[SyncSize:min(len(p), Size)]
	subtle.XORBytes(p, p, scrambling()[:])
}
