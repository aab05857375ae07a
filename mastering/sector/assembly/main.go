// Command assembly writes the vector code of package sector for amd64: EDC and ECC of many
// sectors, with AVX2 and with AVX-512. "go generate" in that package runs it. It is a module
// of its own, so that the program does not depend on the assembler.
//
// Package sector explains the codes. Offsets are in a sector, in bytes.
package main

import "github.com/mmcloughlin/avo/build"

const (
	sectorSize = 2352
	headerAt   = 12
	columns    = 86 // bytes of a row
	rows       = 26
	rowsP      = 24
	parityPAt  = headerAt + rowsP*columns
	parityQAt  = headerAt + rows*columns
	pairs      = 26 // of codewords of Q: one of low and one of high bytes
)

func main() {
	build.ConstraintExpr("amd64")
	edcAVX2()
	parityAVX2()
	checkAVX2()
	edcAVX512()
	parityAVX512()
	checkAVX512()
	build.Generate()
}
