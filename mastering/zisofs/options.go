// Package zisofs compresses files for ISO 9660 volumes and expands them: zisofs,
// versions 1 and 2, as the Linux kernel and libisofs know it. A compressed file is
// a header, a table of pointers, and blocks of one size, each a zlib stream. The
// directory record says in a system use entry that the file is compressed.
package zisofs

import (
	"fmt"
	"math"

	"glassmaster/mastering/tree"
)

// Options say which files are stored compressed, and how. Linux and a few
// programs expand them while they read; all others see compressed contents.
type Options struct {
	// Patterns choose the files; a folder stands for all in it. Without patterns all
	// files are tried.
	Patterns tree.Patterns `json:"patterns,omitempty"`
	// Gain is how much smaller a file must become, in percent. It must save one
	// sector in any case.
	Gain int `json:"gain,omitempty"`
	// Version is that of the header: 1, which 0 stands for, for files below 4 GiB,
	// or 2, which the Linux kernel does not know, for all.
	Version int `json:"version,omitempty"`
	// Block is how much is compressed as one, in KiB: 32, 64 or 128; 0 is 32.
	Block int `json:"block,omitempty"`
	// Level is that of zlib, 1 to 9; 0 is 6.
	Level int `json:"level,omitempty"`
}

// check completes the options and refuses what cannot be.
func (z Options) check() (Options, error) {
	if z.Version == 0 {
		z.Version = 1
	}
	if z.Block == 0 {
		z.Block = 32
	}
	if z.Level == 0 {
		z.Level = 6
	}
	switch {
	case z.Version != 1 && z.Version != 2:
		return z, fmt.Errorf("zisofs: there are versions 1 and 2, not %d", z.Version)
	case z.Block != 32 && z.Block != 64 && z.Block != 128:
		return z, fmt.Errorf("zisofs: blocks have 32, 64 or 128 KiB, not %d", z.Block)
	case z.Level < 1 || z.Level > 9:
		return z, fmt.Errorf("zisofs: compression has levels 1 to 9, not %d", z.Level)
	case z.Gain < 0 || z.Gain > 99:
		return z, fmt.Errorf("zisofs: a gain of %d percent cannot be asked for", z.Gain)
	}
	return z, z.Patterns.Check()
}

func (z Options) blockLog() byte {
	log := byte(15)
	for size := 32; size < z.Block; size *= 2 {
		log++
	}
	return log
}

func (z Options) width() int64 {
	if z.Version == 2 {
		return 8
	}
	return 4
}

func (z Options) headLength() int64 {
	if z.Version == 2 {
		return header2
	}
	return header1
}

// limit is the greatest size of a file, and of what becomes of it.
func (z Options) limit() int64 {
	if z.Version == 2 {
		return math.MaxInt64
	}
	return math.MaxUint32
}
