// Package zisofs compresses and expands files of ISO 9660 volumes in the zisofs format,
// version 1 (Linux kernel, mkzftree) and version 2 (libisofs). A compressed file is a
// header, a table of pointers, and blocks of equal size before compression, each of them
// a zlib stream. A system use entry of the directory record marks the file as compressed.
package zisofs

import (
	"fmt"
	"math"

	"glassmaster/mastering/tree"
)

// Options are the files to compress, and how. Linux and a few programs expand the files
// when they read them; all others see the compressed contents.
type Options struct {
	// Patterns select the files; a folder selects everything in it. Without patterns,
	// all files are selected.
	Patterns tree.Patterns `json:"patterns,omitempty"`
	// Gain is the minimum by which a file must become smaller, in percent. It must save
	// at least one sector in any case.
	Gain int `json:"gain,omitempty"`
	// Version is the version of the header: 1, the default, for files below 4 GiB, or
	// 2, for files of any size, which the Linux kernel does not support.
	Version int `json:"version,omitempty"`
	// Block is the block size in KiB: 32, 64 or 128; 0 is 32.
	Block int `json:"block,omitempty"`
	// Level is the zlib level, 1 to 9; 0 is 6.
	Level int `json:"level,omitempty"`
}

// check returns the options with defaults filled in, or an error if they are invalid.
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
		return z, fmt.Errorf("zisofs version %d does not exist: use 1 or 2", z.Version)
	case z.Block != 32 && z.Block != 64 && z.Block != 128:
		return z, fmt.Errorf("zisofs blocks cannot have %d KiB: use 32, 64 or 128", z.Block)
	case z.Level < 1 || z.Level > 9:
		return z, fmt.Errorf("zisofs compression level %d does not exist: use 1 to 9", z.Level)
	case z.Gain < 0 || z.Gain > 99:
		return z, fmt.Errorf("zisofs gain of %d percent is out of range: use 0 to 99", z.Gain)
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

// limit returns the maximum size of a file, before and after compression.
func (z Options) limit() int64 {
	if z.Version == 2 {
		return math.MaxInt64
	}
	return math.MaxUint32
}
