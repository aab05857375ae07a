package virtual

import "glassmaster/drive/scsi"

// writeRequest is what a WRITE asks for.
type writeRequest struct {
	lba, blocks int64
	streaming   bool // WRITE(12) with the bit Streaming
	verify      bool // WRITE AND VERIFY
}

// writeRequestOf decodes a WRITE(10), WRITE(12) or WRITE AND VERIFY(10).
func writeRequestOf(cdb []byte) writeRequest {
	w := writeRequest{verify: cdb[0] == scsi.OpWriteAndVerify}
	w.lba, w.blocks = rwAddress(cdb)
	w.streaming = cdb[0] == scsi.OpWrite12 && cdb[10]&0x80 != 0
	return w
}

// streamable reports whether the bit Streaming has an effect on the disc.
func (d *recorder) streamable() bool {
	return d.medium.profile == profileDVDRAM || d.medium.isBD()
}

// admitStreaming checks a write with the bit Streaming (MMC-6 6.45): it consists of whole ECC
// blocks, so that the drive need not read what it writes only in part.
func (d *recorder) admitStreaming(w writeRequest) error {
	switch {
	case !w.streaming || !d.streamable():
		return nil
	case w.blocks%d.medium.block != 0:
		return errField()
	case w.lba%d.medium.block != 0:
		return errAddress().at(max(w.lba, 0))
	}
	return nil
}
