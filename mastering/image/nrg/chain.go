package nrg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
)

// chunk is a chunk of the chain.
type chunk struct {
	name string
	at   int64 // offset of its name in the file
	data []byte
}

// chain is the chain of chunks.
type chain struct {
	begin   int64 // offset of the first chunk
	list    []chunk
	notices []disc.Notice
}

// Limits of the chain. The chunks of a disc of 99 sessions with CD-TEXT in eight languages
// are smaller.
const (
	maxChunks    = 1000
	maxChunkSize = 1 << 20
	maxChainSize = 16 << 20 // of all chunks
)

// readChain finds the chain and reads its chunks.
func readChain(f *format.Files) (chain, error) {
	begin, end, err := footer(f)
	if err != nil {
		return chain{}, err
	}
	c := chain{begin: begin}
	total := 0
	for at := begin; ; {
		if at == end {
			c.notices = append(c.notices, disc.Notice{Severity: disc.Warning, Text: "The chunks have no end mark (END!)."})
			return c, nil
		}
		one, err := readChunk(f, at, end)
		if err != nil {
			return chain{}, err
		}
		if one.name == "END!" {
			return c, nil
		}
		c.list = append(c.list, one)
		if total += len(one.data); total > maxChainSize {
			return chain{}, fmt.Errorf("the chunks from byte %d on have more than %d bytes; the file is damaged", begin, maxChainSize)
		}
		if len(c.list) > maxChunks {
			return chain{}, fmt.Errorf("there are more than %d chunks from byte %d on; the file is damaged", maxChunks, begin)
		}
		at += 8 + int64(len(one.data))
	}
}

// footer returns where the chain begins and ends.
func footer(f *format.Files) (begin, end int64, err error) {
	var p [12]byte
	n, err := f.ReadAt(p[:], max(f.Size-12, 0))
	if n < len(p) {
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, fmt.Errorf("read the footer: %w", err)
		}
		return 0, 0, format.ErrUnknown
	}
	var at uint64
	switch {
	case string(p[:4]) == "NER5":
		at, end = binary.BigEndian.Uint64(p[4:]), f.Size-12
	case string(p[4:8]) == "NERO":
		at, end = uint64(binary.BigEndian.Uint32(p[8:])), f.Size-8
	default:
		return 0, 0, format.ErrUnknown
	}
	if at >= uint64(end) {
		return 0, 0, fmt.Errorf("the first chunk is at byte %d, but the file has only %d bytes: the file is truncated, or its footer is damaged", at, f.Size)
	}
	return int64(at), end, nil
}

// readChunk reads the chunk at an offset.
func readChunk(f *format.Files, at, end int64) (chunk, error) {
	var head [8]byte
	if end-at < int64(len(head)) {
		return chunk{}, fmt.Errorf("the chunk at byte %d is truncated; the file is damaged", at)
	}
	if _, err := f.ReadAt(head[:], at); err != nil {
		return chunk{}, fmt.Errorf("read the chunk at byte %d: %w", at, err)
	}
	c := chunk{name: string(head[:4]), at: at}
	for _, b := range head[:4] {
		if b < ' ' || b > '~' {
			return chunk{}, fmt.Errorf("a chunk was expected at byte %d; the file is damaged", at)
		}
	}
	size := int64(binary.BigEndian.Uint32(head[4:]))
	if size > end-at-8 || size > maxChunkSize {
		return chunk{}, fmt.Errorf("the chunk %s at byte %d has %d bytes, which is impossible; the file is damaged", c.name, at, size)
	}
	c.data = make([]byte, size)
	if _, err := f.ReadAt(c.data, at+8); err != nil {
		return chunk{}, fmt.Errorf("read the chunk %s at byte %d: %w", c.name, at, err)
	}
	return c, nil
}
