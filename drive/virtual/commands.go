package virtual

// need says what a command waits for.
type need uint8

const (
	medium need = iota // a disc that is ready
	unit               // no unit attention
	always             // nothing
)

// command is an operation that the drive knows.
type command struct {
	needs need
	run   func(*recorder, *request) (int, error)
}

// commands are the operation codes of MMC-6 6 that the drive knows.
var commands map[byte]command

func init() {
	commands = map[byte]command{
		0x00: {medium, (*recorder).testUnitReady},
		0x03: {always, (*recorder).requestSense},
		0x04: {medium, (*recorder).formatUnit},
		0x12: {always, (*recorder).inquiry},
		0x1B: {unit, (*recorder).startStop},
		0x1E: {unit, (*recorder).preventAllow},
		0x23: {unit, (*recorder).readFormatCapacities},
		0x25: {medium, (*recorder).readCapacity},
		0x28: {medium, (*recorder).read},
		0x2A: {medium, (*recorder).write},
		0x2B: {medium, (*recorder).seek},
		0x2E: {medium, (*recorder).write},
		0x35: {medium, (*recorder).syncCache},
		0x42: {medium, (*recorder).readSubChannel},
		0x43: {medium, (*recorder).readTOC},
		0x46: {always, (*recorder).getConfiguration},
		0x4A: {always, (*recorder).eventStatus},
		0x51: {medium, (*recorder).discInformation},
		0x52: {medium, (*recorder).trackInformation},
		0x53: {medium, (*recorder).reserveTrack},
		0x54: {medium, (*recorder).sendOPC},
		0x55: {unit, (*recorder).modeSelect},
		0x5A: {unit, (*recorder).modeSense},
		0x5B: {medium, (*recorder).closeTrack},
		0x5C: {unit, (*recorder).bufferCapacity},
		0x5D: {medium, (*recorder).sendCueSheet},
		0xA1: {medium, (*recorder).blank},
		0xA8: {medium, (*recorder).read},
		0xAA: {medium, (*recorder).write},
		0xAC: {medium, (*recorder).getPerformance},
		0xAD: {medium, (*recorder).readStructure},
		0xB6: {unit, (*recorder).setStreaming},
		0xB9: {medium, (*recorder).readCD},
		0xBB: {unit, (*recorder).setSpeed},
		0xBD: {unit, (*recorder).mechanismStatus},
		0xBE: {medium, (*recorder).readCD},
		0xBF: {medium, (*recorder).sendStructure},
	}
}
