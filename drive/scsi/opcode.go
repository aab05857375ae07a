package scsi

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Operation codes of the commands that are used here: the first byte of a CDB (MMC-6
// 6.1, SPC-4, SBC-3).
const (
	OpTestUnitReady             byte = 0x00
	OpRequestSense              byte = 0x03
	OpFormatUnit                byte = 0x04
	OpInquiry                   byte = 0x12
	OpStartStopUnit             byte = 0x1B
	OpPreventAllowMediumRemoval byte = 0x1E
	OpReadFormatCapacities      byte = 0x23
	OpReadCapacity              byte = 0x25
	OpRead10                    byte = 0x28
	OpWrite10                   byte = 0x2A
	OpSeek                      byte = 0x2B
	OpWriteAndVerify            byte = 0x2E
	OpSynchronizeCache          byte = 0x35
	OpReadSubChannel            byte = 0x42
	OpReadTOC                   byte = 0x43
	OpGetConfiguration          byte = 0x46
	OpGetEventStatus            byte = 0x4A
	OpReadDiscInformation       byte = 0x51
	OpReadTrackInformation      byte = 0x52
	OpReserveTrack              byte = 0x53
	OpSendOPCInformation        byte = 0x54
	OpModeSelect10              byte = 0x55
	OpRepairTrack               byte = 0x58
	OpModeSense10               byte = 0x5A
	OpCloseTrackSession         byte = 0x5B
	OpReadBufferCapacity        byte = 0x5C
	OpSendCueSheet              byte = 0x5D
	OpBlank                     byte = 0xA1
	OpRead12                    byte = 0xA8
	OpWrite12                   byte = 0xAA
	OpGetPerformance            byte = 0xAC
	OpReadDiscStructure         byte = 0xAD
	OpSetStreaming              byte = 0xB6
	OpReadCDMSF                 byte = 0xB9
	OpSetCDSpeed                byte = 0xBB
	OpMechanismStatus           byte = 0xBD
	OpReadCD                    byte = 0xBE
	OpSendDiscStructure         byte = 0xBF
)

// transfer is the field of a CDB that holds the transfer length.
type transfer struct {
	offset, width int  // of the field in bytes; width 0: there is none
	blocks        bool // it counts blocks, not bytes
}

// operation describes the command of an operation code.
type operation struct {
	name     string
	lba      int // offset of its LBA, 0: it has none
	lbaWidth int // 4 or 8 bytes
	transfer transfer
	changes  bool // it changes the disc or the drive, or moves the tray
}

// operations are the commands of MMC-6, and those of SPC-4 and SBC-3 that optical
// drives know, by their operation code. Unknown ones have no name.
var operations = [256]operation{
	OpTestUnitReady:             {name: "TEST UNIT READY"},
	0x01:                        {name: "REZERO UNIT"},
	OpRequestSense:              {name: "REQUEST SENSE", transfer: transfer{offset: 4, width: 1}},
	OpFormatUnit:                {name: "FORMAT UNIT", changes: true},
	OpInquiry:                   {name: "INQUIRY", transfer: transfer{offset: 3, width: 2}},
	0x15:                        {name: "MODE SELECT(6)", transfer: transfer{offset: 4, width: 1}},
	0x1A:                        {name: "MODE SENSE(6)", transfer: transfer{offset: 4, width: 1}},
	OpStartStopUnit:             {name: "START STOP UNIT", changes: true},
	0x1D:                        {name: "SEND DIAGNOSTIC", transfer: transfer{offset: 3, width: 2}},
	OpPreventAllowMediumRemoval: {name: "PREVENT ALLOW MEDIUM REMOVAL"},
	OpReadFormatCapacities:      {name: "READ FORMAT CAPACITIES", transfer: transfer{offset: 7, width: 2}},
	OpReadCapacity:              {name: "READ CAPACITY(10)"},
	OpRead10:                    {name: "READ(10)", lba: 2, lbaWidth: 4, transfer: transfer{offset: 7, width: 2, blocks: true}},
	OpWrite10:                   {name: "WRITE(10)", changes: true, lba: 2, lbaWidth: 4, transfer: transfer{offset: 7, width: 2, blocks: true}},
	OpSeek:                      {name: "SEEK(10)", lba: 2, lbaWidth: 4},
	OpWriteAndVerify:            {name: "WRITE AND VERIFY(10)", changes: true, lba: 2, lbaWidth: 4, transfer: transfer{offset: 7, width: 2, blocks: true}},
	0x2F:                        {name: "VERIFY(10)", lba: 2, lbaWidth: 4},
	OpSynchronizeCache:          {name: "SYNCHRONIZE CACHE(10)", changes: true},
	0x3B:                        {name: "WRITE BUFFER", changes: true, transfer: transfer{offset: 6, width: 3}},
	0x3C:                        {name: "READ BUFFER", transfer: transfer{offset: 6, width: 3}},
	OpReadSubChannel:            {name: "READ SUB-CHANNEL", transfer: transfer{offset: 7, width: 2}},
	OpReadTOC:                   {name: "READ TOC/PMA/ATIP", transfer: transfer{offset: 7, width: 2}},
	0x45:                        {name: "PLAY AUDIO(10)", lba: 2, lbaWidth: 4},
	OpGetConfiguration:          {name: "GET CONFIGURATION", transfer: transfer{offset: 7, width: 2}},
	0x47:                        {name: "PLAY AUDIO MSF"},
	OpGetEventStatus:            {name: "GET EVENT STATUS NOTIFICATION", transfer: transfer{offset: 7, width: 2}},
	0x4B:                        {name: "PAUSE/RESUME"},
	0x4C:                        {name: "LOG SELECT", transfer: transfer{offset: 7, width: 2}},
	0x4D:                        {name: "LOG SENSE", transfer: transfer{offset: 7, width: 2}},
	0x4E:                        {name: "STOP PLAY/SCAN"},
	OpReadDiscInformation:       {name: "READ DISC INFORMATION", transfer: transfer{offset: 7, width: 2}},
	OpReadTrackInformation:      {name: "READ TRACK INFORMATION", transfer: transfer{offset: 7, width: 2}},
	OpReserveTrack:              {name: "RESERVE TRACK", changes: true},
	OpSendOPCInformation:        {name: "SEND OPC INFORMATION", changes: true, transfer: transfer{offset: 7, width: 2}},
	OpModeSelect10:              {name: "MODE SELECT(10)", transfer: transfer{offset: 7, width: 2}},
	OpRepairTrack:               {name: "REPAIR TRACK", changes: true},
	OpModeSense10:               {name: "MODE SENSE(10)", transfer: transfer{offset: 7, width: 2}},
	OpCloseTrackSession:         {name: "CLOSE TRACK/SESSION", changes: true},
	OpReadBufferCapacity:        {name: "READ BUFFER CAPACITY", transfer: transfer{offset: 7, width: 2}},
	OpSendCueSheet:              {name: "SEND CUE SHEET", changes: true, transfer: transfer{offset: 6, width: 3}},
	0x88:                        {name: "READ(16)", lba: 2, lbaWidth: 8, transfer: transfer{offset: 10, width: 4, blocks: true}},
	0x8A:                        {name: "WRITE(16)", changes: true, lba: 2, lbaWidth: 8, transfer: transfer{offset: 10, width: 4, blocks: true}},
	0x9E:                        {name: "SERVICE ACTION IN(16)", transfer: transfer{offset: 10, width: 4}},
	0xA0:                        {name: "REPORT LUNS", transfer: transfer{offset: 6, width: 4}},
	OpBlank:                     {name: "BLANK", changes: true},
	0xA2:                        {name: "SECURITY PROTOCOL IN"},
	0xA3:                        {name: "SEND KEY", transfer: transfer{offset: 8, width: 2}},
	0xA4:                        {name: "REPORT KEY", transfer: transfer{offset: 8, width: 2}},
	0xA6:                        {name: "LOAD/UNLOAD MEDIUM", changes: true},
	0xA7:                        {name: "SET READ AHEAD"},
	OpRead12:                    {name: "READ(12)", lba: 2, lbaWidth: 4, transfer: transfer{offset: 6, width: 4, blocks: true}},
	OpWrite12:                   {name: "WRITE(12)", changes: true, lba: 2, lbaWidth: 4, transfer: transfer{offset: 6, width: 4, blocks: true}},
	0xAB:                        {name: "READ MEDIA SERIAL NUMBER", transfer: transfer{offset: 6, width: 4}},
	OpGetPerformance:            {name: "GET PERFORMANCE"},
	OpReadDiscStructure:         {name: "READ DISC STRUCTURE", transfer: transfer{offset: 8, width: 2}},
	0xB5:                        {name: "SECURITY PROTOCOL OUT"},
	OpSetStreaming:              {name: "SET STREAMING", transfer: transfer{offset: 9, width: 2}},
	OpReadCDMSF:                 {name: "READ CD MSF"},
	0xBA:                        {name: "SCAN"},
	OpSetCDSpeed:                {name: "SET CD SPEED"},
	OpMechanismStatus:           {name: "MECHANISM STATUS", transfer: transfer{offset: 8, width: 2}},
	OpReadCD:                    {name: "READ CD", lba: 2, lbaWidth: 4, transfer: transfer{offset: 6, width: 3, blocks: true}},
	OpSendDiscStructure:         {name: "SEND DISC STRUCTURE", changes: true, transfer: transfer{offset: 8, width: 2}},
	// Commands of vendors that set the book type; see drive/mmc.
	0xDF: {changes: true},
	0xE9: {changes: true},
	0xF9: {changes: true},
	0xFC: {changes: true},
	0xFD: {changes: true},
	0xFE: {changes: true},
}

// Describe returns the name of the command in a CDB, with its LBA if it has one:
// "WRITE(10) at LBA 1234". LBAs before the program area of a CD are negative.
func Describe(cdb []byte) string {
	if len(cdb) == 0 {
		return "empty command"
	}
	op := operations[cdb[0]]
	if op.name == "" {
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

// Changes reports whether a command changes the disc or the drive, or moves the tray.
// Such commands need exclusive use of the drive.
func Changes(cdb []byte) bool { return len(cdb) > 0 && operations[cdb[0]].changes }

// Known reports whether the command of a CDB is one of MMC-6, or one of SPC-4 and SBC-3 that
// optical drives know.
func Known(cdb []byte) bool { return len(cdb) > 0 && operations[cdb[0]].name != "" }

// TransferLength returns the transfer length in a CDB, in bytes or in blocks. known is false
// if the command has none, or one that depends on more than a field.
func TransferLength(cdb []byte) (n int, blocks, known bool) {
	if len(cdb) == 0 {
		return 0, false, false
	}
	t := operations[cdb[0]].transfer
	if t.width == 0 || len(cdb) < t.offset+t.width {
		return 0, false, false
	}
	for _, b := range cdb[t.offset : t.offset+t.width] {
		n = n<<8 | int(b)
	}
	return n, t.blocks, true
}

// blockSizes are the block sizes of READ and WRITE in bytes: 96 for CD-TEXT in the
// lead-in, and the data block types of the write parameters mode page (MMC-6 7.5), with
// and without sub-channel.
var blockSizes = []int{96, 2048, 2056, 2324, 2328, 2332, 2336, 2340, 2352, 2368, 2448}

// maxBlock is more than READ CD returns for a sector: 2352 bytes, 296 of C2 error
// flags and 96 of sub-channel are 2744.
const maxBlock = 4096

// Check returns an error for a command whose data do not match the transfer length in
// its CDB. Drives, bridges and kernels that get two different lengths reset the link in
// the middle of a burn, or write old contents of a buffer. Every transport calls it
// before it sends a command.
func Check(c Command) error {
	switch len(c.CDB) {
	case 6, 10, 12, 16:
	default:
		return fmt.Errorf("%s: a CDB of %d bytes (6, 10, 12 and 16 are valid)", Describe(c.CDB), len(c.CDB))
	}
	if c.Direction > Out {
		return fmt.Errorf("%s: unknown direction of data: %d", Describe(c.CDB), c.Direction)
	}
	if c.Direction == None && len(c.Data) > 0 {
		return fmt.Errorf("%s: %d bytes of data for a command without data", Describe(c.CDB), len(c.Data))
	}
	want, blocks, known := TransferLength(c.CDB)
	if !known {
		return nil
	}
	if !blocks {
		if want != len(c.Data) {
			return fmt.Errorf("%s: the CDB has a length of %d bytes, the data have %d", Describe(c.CDB), want, len(c.Data))
		}
		return nil
	}
	return checkBlocks(c, want)
}

// checkBlocks checks that the data consist of that many blocks of a known size. Which
// size is right depends on the track and the mode.
func checkBlocks(c Command, blocks int) error {
	n := len(c.Data)
	fits := n == 0
	if blocks > 0 {
		fits = n%blocks == 0 && (slices.Contains(blockSizes, n/blocks) || c.CDB[0] == OpReadCD && n/blocks <= maxBlock)
	}
	if !fits {
		return fmt.Errorf("%s: the CDB has a length of %d blocks, the data have %d bytes", Describe(c.CDB), blocks, n)
	}
	return nil
}
