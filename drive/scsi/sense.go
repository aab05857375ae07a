package scsi

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// Key is a sense key: SPC-4 4.5.6, table 43.
type Key uint8

// Sense keys.
const (
	KeyNoSense        Key = 0x0
	KeyRecoveredError Key = 0x1
	KeyNotReady       Key = 0x2
	KeyMediumError    Key = 0x3
	KeyHardwareError  Key = 0x4
	KeyIllegalRequest Key = 0x5
	KeyUnitAttention  Key = 0x6
	KeyDataProtect    Key = 0x7
	KeyBlankCheck     Key = 0x8
	KeyAbortedCommand Key = 0xB
	KeyVolumeOverflow Key = 0xD
)

var keyNames = [16]string{
	"NO SENSE", "RECOVERED ERROR", "NOT READY", "MEDIUM ERROR", "HARDWARE ERROR", "ILLEGAL REQUEST",
	"UNIT ATTENTION", "DATA PROTECT", "BLANK CHECK", "VENDOR SPECIFIC", "COPY ABORTED", "ABORTED COMMAND",
	"RESERVED (Ch)", "VOLUME OVERFLOW", "MISCOMPARE", "COMPLETED",
}

// String returns the standard's name of the key.
func (k Key) String() string { return keyNames[k&0xF] }

// Sense is decoded sense data (SPC-4 4.5), which come with a CHECK CONDITION and as the
// reply to REQUEST SENSE.
type Sense struct {
	Key       Key
	ASC, ASCQ uint8
	Deferred  bool // it is about an earlier command, not about this one

	// Information is the LBA of the error, if the command has an LBA.
	Information      uint64
	InformationValid bool

	// Progress of an operation that runs on, in 1/65536.
	Progress      uint16
	ProgressValid bool

	// Field is the field that the drive rejected with ILLEGAL REQUEST.
	Field      FieldPointer
	FieldValid bool

	Raw []byte // the sense data, nil if the drive sent none
}

// FieldPointer is a byte, and a bit in it, that a drive rejected (SPC-4 4.5.2.4.2).
type FieldPointer struct {
	InCDB    bool // false: it is in the data sent with the command
	Byte     int
	Bit      int // the highest bit of the field
	BitValid bool
}

// DecodeSense decodes sense data of either format. A drive may send fewer bytes than the
// standard has; missing fields are zero. For an unknown format only Raw is set.
func DecodeSense(raw []byte) Sense {
	s := Sense{}
	if len(raw) == 0 {
		return s
	}
	s.Raw = append([]byte(nil), raw...)
	switch code := raw[0] & 0x7F; code {
	case 0x70, 0x71:
		s.Deferred = code == 0x71
		s.decodeFixed(raw)
	case 0x72, 0x73:
		s.Deferred = code == 0x73
		s.decodeDescriptors(raw)
	}
	return s
}

// decodeFixed decodes the fixed format, SPC-4 4.5.3: byte 0 VALID, byte 2 key,
// bytes 3 to 6 information, byte 7 additional length, bytes 12 and 13 the
// additional sense code, bytes 15 to 17 what is specific to the key.
func (s *Sense) decodeFixed(raw []byte) {
	var b [18]byte
	n := len(raw)
	if n > 7 {
		n = min(n, 8+int(raw[7]))
	}
	copy(b[:], raw[:n])
	s.Key = Key(b[2] & 0xF)
	s.ASC, s.ASCQ = b[12], b[13]
	if b[0]&0x80 != 0 && n >= 7 {
		s.Information, s.InformationValid = uint64(binary.BigEndian.Uint32(b[3:])), true
	}
	s.decodeSpecific(b[15:18])
}

// decodeDescriptors decodes the descriptor format, SPC-4 4.5.2: byte 1 key,
// bytes 2 and 3 the additional sense code, byte 7 additional length, then
// descriptors of type, length and content.
func (s *Sense) decodeDescriptors(raw []byte) {
	if len(raw) < 4 {
		return
	}
	s.Key = Key(raw[1] & 0xF)
	s.ASC, s.ASCQ = raw[2], raw[3]
	if len(raw) < 8 {
		return
	}
	rest := raw[8:min(len(raw), 8+int(raw[7]))]
	for len(rest) >= 2 && len(rest) >= 2+int(rest[1]) {
		d := rest[:2+int(rest[1])]
		rest = rest[len(d):]
		switch {
		case d[0] == 0x00 && len(d) >= 12: // information
			if d[2]&0x80 != 0 {
				s.Information, s.InformationValid = binary.BigEndian.Uint64(d[4:]), true
			}
		case d[0] == 0x02 && len(d) >= 7: // sense key specific
			s.decodeSpecific(d[4:7])
		}
	}
}

// decodeSpecific decodes the sense key specific bytes (SPC-4 4.5.2.4): the progress for NO
// SENSE and NOT READY, a field pointer for ILLEGAL REQUEST.
func (s *Sense) decodeSpecific(b []byte) {
	if b[0]&0x80 == 0 { // SKSV
		return
	}
	v := binary.BigEndian.Uint16(b[1:])
	switch s.Key {
	case KeyNoSense, KeyNotReady:
		s.Progress, s.ProgressValid = v, true
	case KeyIllegalRequest:
		s.FieldValid = true
		s.Field = FieldPointer{InCDB: b[0]&0x40 != 0, Byte: int(v), Bit: int(b[0] & 7), BitValid: b[0]&8 != 0}
	}
}

// Text returns the standard's text of the additional sense code.
func (s Sense) Text() string { return additionalText(s.ASC, s.ASCQ) }

// additionalText returns the text of an additional sense code. For vendor specific and
// unlisted codes it says so.
func additionalText(asc, ascq uint8) string {
	if t, ok := textOf(senseTexts[:], uint16(asc)<<8|uint16(ascq)); ok {
		return t
	}
	switch {
	case asc == 0x40 && ascq >= 0x80:
		return "DIAGNOSTIC FAILURE ON COMPONENT " + hexByte(ascq)
	case asc == 0x4D:
		return "TAGGED OVERLAPPED COMMANDS (TASK TAG " + hexByte(ascq) + ")"
	case asc >= 0x80 || ascq >= 0x80:
		return "VENDOR SPECIFIC SENSE CODE"
	}
	return "UNLISTED SENSE CODE"
}

// textOf returns the text of a code in a table that is in the order of the codes.
// Such tables are static data; maps would be built each time the program starts.
func textOf(table []codeText, code uint16) (string, bool) {
	i, ok := slices.BinarySearchFunc(table, code, func(t codeText, code uint16) int { return cmp.Compare(t.code, code) })
	if !ok {
		return "", false
	}
	return table[i].text, true
}

func hexByte(b uint8) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{digits[b>>4], digits[b&15], 'h'})
}
