package virtual

import "glassmaster/drive/scsi"

// need is the condition under which a command is executed.
type need uint8

const (
	medium need = iota // a disc is ready, and there is no unit attention
	unit               // there is no unit attention
	always             // none
)

// command is a command that the drive supports.
type command struct {
	needs need
	run   func(*recorder, *request) (int, error)
}

// commandFor returns the command with an operation code (MMC-6 6). known is false if the
// drive does not support it.
func commandFor(op byte) (c command, known bool) {
	switch op {
	case scsi.OpTestUnitReady:
		c = command{medium, (*recorder).testUnitReady}
	case scsi.OpRequestSense:
		c = command{always, (*recorder).requestSense}
	case scsi.OpFormatUnit:
		c = command{medium, (*recorder).formatUnit}
	case scsi.OpInquiry:
		c = command{always, (*recorder).inquiry}
	case scsi.OpStartStopUnit:
		c = command{unit, (*recorder).startStop}
	case scsi.OpPreventAllowMediumRemoval:
		c = command{unit, (*recorder).preventAllow}
	case scsi.OpReadFormatCapacities:
		c = command{unit, (*recorder).readFormatCapacities}
	case scsi.OpReadCapacity:
		c = command{medium, (*recorder).readCapacity}
	case scsi.OpRead10:
		c = command{medium, (*recorder).read}
	case scsi.OpWrite10:
		c = command{medium, (*recorder).write}
	case scsi.OpSeek:
		c = command{medium, (*recorder).seek}
	case scsi.OpWriteAndVerify:
		c = command{medium, (*recorder).write}
	case scsi.OpSynchronizeCache:
		c = command{medium, (*recorder).syncCache}
	case scsi.OpReadSubChannel:
		c = command{medium, (*recorder).readSubChannel}
	case scsi.OpReadTOC:
		c = command{medium, (*recorder).readTOC}
	case scsi.OpGetConfiguration:
		c = command{always, (*recorder).getConfiguration}
	case scsi.OpGetEventStatus:
		c = command{always, (*recorder).eventStatus}
	case scsi.OpReadDiscInformation:
		c = command{medium, (*recorder).discInformation}
	case scsi.OpReadTrackInformation:
		c = command{medium, (*recorder).trackInformation}
	case scsi.OpReserveTrack:
		c = command{medium, (*recorder).reserveTrack}
	case scsi.OpSendOPCInformation:
		c = command{medium, (*recorder).sendOPC}
	case scsi.OpModeSelect10:
		c = command{unit, (*recorder).modeSelect}
	case scsi.OpModeSense10:
		c = command{unit, (*recorder).modeSense}
	case scsi.OpCloseTrackSession:
		c = command{medium, (*recorder).closeTrack}
	case scsi.OpReadBufferCapacity:
		c = command{unit, (*recorder).bufferCapacity}
	case scsi.OpSendCueSheet:
		c = command{medium, (*recorder).sendCueSheet}
	case scsi.OpBlank:
		c = command{medium, (*recorder).blank}
	case scsi.OpRead12:
		c = command{medium, (*recorder).read}
	case scsi.OpWrite12:
		c = command{medium, (*recorder).write}
	case scsi.OpGetPerformance:
		c = command{medium, (*recorder).getPerformance}
	case scsi.OpReadDiscStructure:
		c = command{medium, (*recorder).readStructure}
	case scsi.OpSetStreaming:
		c = command{unit, (*recorder).setStreaming}
	case scsi.OpReadCDMSF:
		c = command{medium, (*recorder).readCD}
	case scsi.OpSetCDSpeed:
		c = command{unit, (*recorder).setSpeed}
	case scsi.OpMechanismStatus:
		c = command{unit, (*recorder).mechanismStatus}
	case scsi.OpReadCD:
		c = command{medium, (*recorder).readCD}
	case scsi.OpSendDiscStructure:
		c = command{medium, (*recorder).sendStructure}
	}
	return c, c.run != nil
}
