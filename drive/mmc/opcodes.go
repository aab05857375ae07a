package mmc

// Operation codes (MMC-6 6.1).
const (
	opTestUnitReady       = 0x00
	opFormatUnit          = 0x04
	opInquiry             = 0x12
	opStartStopUnit       = 0x1B
	opPreventAllow        = 0x1E
	opReadFormatCaps      = 0x23
	opReadCapacity        = 0x25
	opRead10              = 0x28
	opWrite10             = 0x2A
	opSynchronizeCache    = 0x35
	opReadTOC             = 0x43
	opGetConfiguration    = 0x46
	opEventStatus         = 0x4A
	opReadDiscInformation = 0x51
	opReadTrackInfo       = 0x52
	opReserveTrack        = 0x53
	opSendOPC             = 0x54
	opModeSelect          = 0x55
	opRepairTrack         = 0x58
	opModeSense           = 0x5A
	opCloseTrackSession   = 0x5B
	opReadBufferCapacity  = 0x5C
	opBlank               = 0xA1
	opRead12              = 0xA8
	opWrite12             = 0xAA
	opGetPerformance      = 0xAC
	opReadDiscStructure   = 0xAD
	opSetStreaming        = 0xB6
	opSetCDSpeed          = 0xBB
	opReadCD              = 0xBE
)
