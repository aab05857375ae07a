package scsi

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// transfer says where a CDB carries the amount of data.
type transfer struct {
	offset, width int  // of the length in the CDB; width 0: the CDB does not say
	blocks        bool // it counts blocks, not bytes
}

// operation is what is known of a command from its operation code.
type operation struct {
	name     string
	lba      int // offset of the 4 (or 8) bytes of its LBA, 0: it has none
	lbaWidth int
	transfer transfer
	changes  bool // it changes the disc or the drive, or takes the disc from who uses it
}

func bytesAt(offset, width int) transfer { return transfer{offset: offset, width: width} }
func blocksAt(offset, width int) transfer {
	return transfer{offset: offset, width: width, blocks: true}
}

// opReadCD is the one command that names the parts of a sector that it asks for,
// none being possible.
const opReadCD = 0xBE

// operations are the commands of MMC-6 and those of SPC-4 and SBC-3 that optical
// drives know.
var operations = map[byte]operation{
	0x00:     {name: "TEST UNIT READY"},
	0x01:     {name: "REZERO UNIT"},
	0x03:     {name: "REQUEST SENSE", transfer: bytesAt(4, 1)},
	0x04:     {name: "FORMAT UNIT", changes: true},
	0x12:     {name: "INQUIRY", transfer: bytesAt(3, 2)},
	0x15:     {name: "MODE SELECT(6)", transfer: bytesAt(4, 1)},
	0x1A:     {name: "MODE SENSE(6)", transfer: bytesAt(4, 1)},
	0x1B:     {name: "START STOP UNIT", changes: true},
	0x1D:     {name: "SEND DIAGNOSTIC", transfer: bytesAt(3, 2)},
	0x1E:     {name: "PREVENT ALLOW MEDIUM REMOVAL"},
	0x23:     {name: "READ FORMAT CAPACITIES", transfer: bytesAt(7, 2)},
	0x25:     {name: "READ CAPACITY(10)"},
	0x28:     {name: "READ(10)", lba: 2, lbaWidth: 4, transfer: blocksAt(7, 2)},
	0x2A:     {name: "WRITE(10)", changes: true, lba: 2, lbaWidth: 4, transfer: blocksAt(7, 2)},
	0x2B:     {name: "SEEK(10)", lba: 2, lbaWidth: 4},
	0x2E:     {name: "WRITE AND VERIFY(10)", changes: true, lba: 2, lbaWidth: 4, transfer: blocksAt(7, 2)},
	0x2F:     {name: "VERIFY(10)", lba: 2, lbaWidth: 4},
	0x35:     {name: "SYNCHRONIZE CACHE(10)", changes: true},
	0x3B:     {name: "WRITE BUFFER", changes: true, transfer: bytesAt(6, 3)},
	0x3C:     {name: "READ BUFFER", transfer: bytesAt(6, 3)},
	0x42:     {name: "READ SUB-CHANNEL", transfer: bytesAt(7, 2)},
	0x43:     {name: "READ TOC/PMA/ATIP", transfer: bytesAt(7, 2)},
	0x45:     {name: "PLAY AUDIO(10)", lba: 2, lbaWidth: 4},
	0x46:     {name: "GET CONFIGURATION", transfer: bytesAt(7, 2)},
	0x47:     {name: "PLAY AUDIO MSF"},
	0x4A:     {name: "GET EVENT STATUS NOTIFICATION", transfer: bytesAt(7, 2)},
	0x4B:     {name: "PAUSE/RESUME"},
	0x4C:     {name: "LOG SELECT", transfer: bytesAt(7, 2)},
	0x4D:     {name: "LOG SENSE", transfer: bytesAt(7, 2)},
	0x4E:     {name: "STOP PLAY/SCAN"},
	0x51:     {name: "READ DISC INFORMATION", transfer: bytesAt(7, 2)},
	0x52:     {name: "READ TRACK INFORMATION", transfer: bytesAt(7, 2)},
	0x53:     {name: "RESERVE TRACK", changes: true},
	0x54:     {name: "SEND OPC INFORMATION", changes: true, transfer: bytesAt(7, 2)},
	0x55:     {name: "MODE SELECT(10)", transfer: bytesAt(7, 2)},
	0x58:     {name: "REPAIR TRACK", changes: true},
	0x5A:     {name: "MODE SENSE(10)", transfer: bytesAt(7, 2)},
	0x5B:     {name: "CLOSE TRACK/SESSION", changes: true},
	0x5C:     {name: "READ BUFFER CAPACITY", transfer: bytesAt(7, 2)},
	0x5D:     {name: "SEND CUE SHEET", changes: true, transfer: bytesAt(6, 3)},
	0x88:     {name: "READ(16)", lba: 2, lbaWidth: 8, transfer: blocksAt(10, 4)},
	0x8A:     {name: "WRITE(16)", changes: true, lba: 2, lbaWidth: 8, transfer: blocksAt(10, 4)},
	0x9E:     {name: "SERVICE ACTION IN(16)", transfer: bytesAt(10, 4)},
	0xA0:     {name: "REPORT LUNS", transfer: bytesAt(6, 4)},
	0xA1:     {name: "BLANK", changes: true},
	0xA2:     {name: "SECURITY PROTOCOL IN"},
	0xA3:     {name: "SEND KEY", transfer: bytesAt(8, 2)},
	0xA4:     {name: "REPORT KEY", transfer: bytesAt(8, 2)},
	0xA6:     {name: "LOAD/UNLOAD MEDIUM", changes: true},
	0xA7:     {name: "SET READ AHEAD"},
	0xA8:     {name: "READ(12)", lba: 2, lbaWidth: 4, transfer: blocksAt(6, 4)},
	0xAA:     {name: "WRITE(12)", changes: true, lba: 2, lbaWidth: 4, transfer: blocksAt(6, 4)},
	0xAB:     {name: "READ MEDIA SERIAL NUMBER", transfer: bytesAt(6, 4)},
	0xAC:     {name: "GET PERFORMANCE"},
	0xAD:     {name: "READ DISC STRUCTURE", transfer: bytesAt(8, 2)},
	0xB5:     {name: "SECURITY PROTOCOL OUT"},
	0xB6:     {name: "SET STREAMING", transfer: bytesAt(9, 2)},
	0xB9:     {name: "READ CD MSF"},
	0xBA:     {name: "SCAN"},
	0xBB:     {name: "SET CD SPEED"},
	0xBD:     {name: "MECHANISM STATUS", transfer: bytesAt(8, 2)},
	opReadCD: {name: "READ CD", lba: 2, lbaWidth: 4, transfer: blocksAt(6, 3)},
	0xBF:     {name: "SEND DISC STRUCTURE", changes: true, transfer: bytesAt(8, 2)},
}

// Describe names the command of a CDB, with its LBA where it has one:
// "WRITE(10) at LBA 1234". LBAs before the start of a CD's program area are negative.
func Describe(cdb []byte) string {
	if len(cdb) == 0 {
		return "empty command"
	}
	op, ok := operations[cdb[0]]
	if !ok {
		return "command " + hexByte(cdb[0])
	}
	if op.lba == 0 || len(cdb) < op.lba+op.lbaWidth {
		return op.name
	}
	if op.lbaWidth == 8 {
		return fmt.Sprintf("%s at LBA %d", op.name, binary.BigEndian.Uint64(cdb[op.lba:]))
	}
	return fmt.Sprintf("%s at LBA %d", op.name, int32(binary.BigEndian.Uint32(cdb[op.lba:])))
}

// Changes reports whether a command changes the disc or the drive, or moves the tray:
// what only the one user of a drive may do.
func Changes(cdb []byte) bool { return len(cdb) > 0 && operations[cdb[0]].changes }

// blockSizes are the lengths of a block that READ and WRITE know: 96 is a block of
// CD-TEXT on its way into the lead-in, the others are the data block types of MMC-6's
// write parameters mode page (05h), with and without sub-channel.
var blockSizes = []int{96, 2048, 2056, 2324, 2328, 2332, 2336, 2340, 2352, 2368, 2448}

// maxBlock is more than READ CD delivers of a sector: 2352 bytes, 296 of C2 error
// flags and 96 of sub-channel are 2744.
const maxBlock = 4096

// Check refuses a command whose data do not fit its CDB. Drives, bridges and
// kernels that are told two different lengths reset the link in the middle of a
// burn, or write what was in a buffer before. Every transport checks before it sends.
func Check(c Command) error {
	switch len(c.CDB) {
	case 6, 10, 12, 16:
	default:
		return fmt.Errorf("%s: a CDB of %d bytes (6, 10, 12 and 16 exist)", Describe(c.CDB), len(c.CDB))
	}
	if c.Direction > Out {
		return fmt.Errorf("%s: no such direction of data: %d", Describe(c.CDB), c.Direction)
	}
	if c.Direction == None && len(c.Data) > 0 {
		return fmt.Errorf("%s: %d bytes of data for a command without data", Describe(c.CDB), len(c.Data))
	}
	t := operations[c.CDB[0]].transfer
	if t.width == 0 || len(c.CDB) < t.offset+t.width {
		return nil
	}
	want := 0
	for _, b := range c.CDB[t.offset : t.offset+t.width] {
		want = want<<8 | int(b)
	}
	if !t.blocks {
		if want != len(c.Data) {
			return fmt.Errorf("%s: the CDB says %d bytes, the data have %d", Describe(c.CDB), want, len(c.Data))
		}
		return nil
	}
	return checkBlocks(c, want)
}

// checkBlocks wants data of blocks of one of the known lengths. Which it is hangs on
// track and mode.
func checkBlocks(c Command, blocks int) error {
	n := len(c.Data)
	fits := n == 0
	if blocks > 0 {
		fits = n%blocks == 0 && (slices.Contains(blockSizes, n/blocks) || c.CDB[0] == opReadCD && n/blocks <= maxBlock)
	}
	if !fits {
		return fmt.Errorf("%s: the CDB says %d blocks, the data have %d bytes", Describe(c.CDB), blocks, n)
	}
	return nil
}
