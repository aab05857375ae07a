package chd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// metadatum is an entry of the list of metadata:
//
//	0  4  tag, four letters
//	4  1  flags: 1 if the SHA-1 of the image covers it
//	5  3  size of the data, in bytes
//	8  8  offset of the next entry; 0: it is the last one
//	16    data; a text ends with a zero
type metadatum struct {
	tag   string
	flags byte
	data  []byte
}

// Sizes of metadata.
const (
	metaHeader  = 16
	hashed      = 1       // flag
	maxMetadata = 1000    // entries; a CD has 99 tracks
	maxMetaData = 1 << 20 // bytes of all entries
)

// metadata reads the list of metadata.
func (m *image) metadata() ([]metadatum, error) {
	var list []metadatum
	total := 0
	for at := m.metaAt; at != 0; {
		var p [metaHeader]byte
		if _, err := m.file.ReadAt(p[:], at); err != nil {
			return nil, shortError("the metadata", at, err)
		}
		size := int(binary.BigEndian.Uint32(p[4:]) & 0xFFFFFF)
		next := binary.BigEndian.Uint64(p[8:])
		total += size
		switch {
		case len(list) == maxMetadata || total > maxMetaData:
			return nil, fmt.Errorf("offset %d: there are too many metadata entries", at)
		case int64(size) > m.fileSize-at-metaHeader:
			return nil, shortError("the metadata", at, io.EOF)
		case next >= uint64(m.fileSize):
			return nil, fmt.Errorf("offset %d: the next metadata entry begins at byte %d, beyond the end of the file", at+8, next)
		}
		d := metadatum{string(p[:4]), p[4], make([]byte, size)}
		if _, err := m.file.ReadAt(d.data, at+metaHeader); err != nil {
			return nil, shortError("the metadata", at, err)
		}
		list = append(list, d)
		at = int64(next)
	}
	return list, nil
}

// shortError is the error of a part of the file that could not be read.
func shortError(what string, at int64, err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the file ends within %s, which begins at byte %d: the file is truncated; copy or download the image again", what, at)
	}
	return err
}
