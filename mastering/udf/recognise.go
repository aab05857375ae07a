package udf

import (
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/volume"
)

// recognition is the content of the volume recognition sequence (ECMA-167 2/8).
type recognition struct {
	nsr string // "NSR02" or "NSR03", empty if there is none
	iso bool   // it has an ISO 9660 volume descriptor
	end bool   // it is terminated
}

// recognitionStart is the byte where the sequence begins, after the system area of
// 32 KiB (ECMA-167 2/8.3).
const recognitionStart = 32 * 1024

// recogniseMax is the number of volume structure descriptors that are read.
const recogniseMax = 64

// recognise reads the volume recognition sequence of the session that begins at byte
// start. Its descriptors are step bytes apart: 2048, or the size of a larger sector.
func recognise(r io.ReaderAt, start, step int64) recognition {
	var rec recognition
	var p [6]byte
	for i := range int64(recogniseMax) {
		if n, _ := r.ReadAt(p[:], start+recognitionStart+i*step); n < len(p) {
			break
		}
		switch id := string(p[1:6]); id {
		case "CD001", "CDW02":
			rec.iso = true
		case "NSR02", "NSR03":
			rec.nsr = id
		case "TEA01":
			rec.end = true
		case "BEA01", "BOOT2":
		default:
			return rec
		}
	}
	return rec
}

// blockSizes are the sizes of a logical block that are tried, the likely ones first.
var blockSizes = []int64{2048, 512, 4096, 1024, 8192, 16384, 32768}

// An anchor is an anchor volume descriptor pointer that was found (ECMA-167
// 3/10.2): the extents of the main and the reserve volume descriptor sequence.
type anchor struct {
	main, reserve ecma167.ExtentAD
	location      int64
}

// findAnchors returns the anchors in a volume with blocks of the given size. It looks
// at the places of UDF 2.2.3 (256, N and N-256, where N is the last block), at 512,
// which is used on open discs, both from the start of the session and of the disc,
// and at the places before the run-out blocks of a track.
func findAnchors(r io.ReaderAt, start, size, block int64) []anchor {
	start /= block
	last := size/block - 1
	places := []int64{
		start + 256, last, last - 256, start + 512, 256, 512,
		last - 2, last - 258, last - 7, last - 263, last - 150, last - 406, last - 152, last - 408,
	}
	var found []anchor
	p := make([]byte, 512)
	for i, at := range places {
		if at < 0 || at > last || seen(places[:i], at) {
			continue
		}
		if n, _ := r.ReadAt(p, at*block); n < len(p) {
			continue
		}
		if id, err := ecma167.CheckTagAt(p, uint32(at), ecma167.TagAVDP); id != ecma167.TagAVDP || err != nil {
			continue
		}
		found = append(found, anchor{ecma167.DecodeExtentAD(p[16:]), ecma167.DecodeExtentAD(p[24:]), at})
	}
	return found
}

func seen(list []int64, n int64) bool {
	for _, k := range list {
		if k == n {
			return true
		}
	}
	return false
}

// find finds the recognition sequence and the anchors of the UDF volume in the
// session that begins at byte start. The error wraps volume.ErrUnknown unless no
// other file system can be on the disc.
func find(r io.ReaderAt, start, size int64) (*medium, []anchor, recognition, error) {
	rec := recognise(r, start, 2048)
	for _, try := range [][2]int64{
		{start, 4096}, {start, 8192}, {start, 16384}, {start, 32768}, // larger sectors
		{0, 2048}, // a session that continues the volume of the first
	} {
		if rec.nsr == "" && !rec.iso {
			rec = recognise(r, try[0], try[1])
		}
	}
	if rec.iso && rec.nsr == "" {
		return nil, nil, rec, volume.ErrUnknown
	}
	for _, block := range blockSizes {
		if found := findAnchors(r, start, size, block); len(found) > 0 {
			return &medium{r: r, size: size, block: block}, found, rec, nil
		}
	}
	switch {
	case rec.nsr == "":
		return nil, nil, rec, volume.ErrUnknown
	case rec.iso:
		return nil, nil, rec, fmt.Errorf("UDF: no anchor volume descriptor pointer at sector 256 or at the end: %w", volume.ErrUnknown)
	}
	return nil, nil, rec, errors.New("open UDF volume: the volume recognition sequence says UDF, but there is no anchor volume descriptor pointer at sector 256, 512 or at the end; the image may be truncated, or its beginning may be missing")
}
