package sector

import "golang.org/x/sys/cpu"

//go:generate go run -C assembly . -out ../assembly_amd64.s -stubs ../assembly_amd64.go -pkg sector

// level is how the codes are computed.
type level uint8

const (
	portable level = iota // in Go, as on other processors
	avx2                  // and PCLMULQDQ
	avx512                // F, BW, GFNI and VPCLMULQDQ
)

// best is the fastest way that the processor has.
var best = func() level {
	x := &cpu.X86
	switch {
	case x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512GFNI && x.HasAVX512VPCLMULQDQ:
		return avx512
	case x.HasAVX2 && x.HasAVX && x.HasPCLMULQDQ && x.HasSSE41:
		return avx2
	}
	return portable
}()

// edcs stores the EDC of the bytes from to before to of each of len(dst) sectors.
func edcs(dst []uint32, p []byte, from, to int) {
	if len(dst) == 0 {
		return
	}
	p = p[:len(dst)*Size]
	size := to - from
	switch best {
	case avx512:
		head := size % 256 // at most 64 for the sizes that exist
		edcAVX512(&dst[0], &p[from], len(dst), ^uint64(0)<<(64-head), head, size/256)
	case avx2:
		edcAVX2(&dst[0], &p[from], len(dst), size/64)
		for i, c := range dst {
			dst[i] = edcTable(p[i*Size+from+size&^63:i*Size+to], c)
		}
	default:
		edcsPortable(dst, p, from, to)
	}
}

// putParities computes the P and Q parity of sectors. The header counts as zeros unless
// header is set.
func putParities(p []byte, header bool) {
	n := len(p) / Size
	if n == 0 {
		return
	}
	switch best {
	case avx512:
		mask := ^uint64(0)
		if !header {
			mask = ^uint64(15)
		}
		parityAVX512(&p[0], n, mask)
	case avx2:
		mask := ^uint32(0)
		if !header {
			mask = 0
		}
		parityAVX2(&p[0], n, mask)
	default:
		putParitiesPortable(p, header)
	}
}

// checkParities stores which parity of each of len(bad) sectors does not match: badP, badQ.
func checkParities(bad, p []byte, header bool) {
	if len(bad) == 0 {
		return
	}
	p = p[:len(bad)*Size]
	switch best {
	case avx512:
		mask := ^uint64(0)
		if !header {
			mask = ^uint64(15)
		}
		checkAVX512(&bad[0], &p[0], len(bad), mask)
	case avx2:
		mask := ^uint32(0)
		if !header {
			mask = 0
		}
		checkAVX2(&bad[0], &p[0], len(bad), mask)
	default:
		checkParitiesPortable(bad, p, header)
	}
}
