package virtual

// need says what a command waits for.
type need uint8

const (
	medium need = iota // a disc that is ready
	unit               // no unit attention
	any_               // nothing
)

// command is an operation that the drive knows.
type command struct {
	needs need
	run   func(*Drive, *request) (int, error)
}

// commands are the operation codes of MMC-6 table 238 that the drive knows.
var commands map[byte]command

func init() {
	commands = map[byte]command{
		0x00: {medium, (*Drive).testUnitReady},
		0x03: {any_, (*Drive).requestSense},
		0x04: {medium, (*Drive).formatUnit},
		0x12: {any_, (*Drive).inquiry},
		0x1B: {unit, (*Drive).startStop},
		0x1E: {unit, (*Drive).preventAllow},
		0x23: {unit, (*Drive).readFormatCapacities},
		0x25: {medium, (*Drive).readCapacity},
		0x28: {medium, (*Drive).read},
		0x2A: {medium, (*Drive).write},
		0x35: {medium, (*Drive).syncCache},
		0x42: {medium, (*Drive).readSubChannel},
		0x43: {medium, (*Drive).readTOC},
		0x46: {any_, (*Drive).getConfiguration},
		0x4A: {any_, (*Drive).eventStatus},
		0x51: {medium, (*Drive).discInformation},
		0x52: {medium, (*Drive).trackInformation},
		0x53: {medium, (*Drive).reserveTrack},
		0x54: {medium, (*Drive).sendOPC},
		0x55: {unit, (*Drive).modeSelect},
		0x5A: {unit, (*Drive).modeSense},
		0x5B: {medium, (*Drive).closeTrack},
		0x5C: {unit, (*Drive).bufferCapacity},
		0x5D: {medium, (*Drive).sendCueSheet},
		0xA1: {medium, (*Drive).blank},
		0xA8: {medium, (*Drive).read},
		0xAA: {medium, (*Drive).write},
		0xAC: {medium, (*Drive).getPerformance},
		0xAD: {medium, (*Drive).readStructure},
		0xB6: {unit, (*Drive).setStreaming},
		0xB9: {medium, (*Drive).readCD},
		0xBB: {unit, (*Drive).setSpeed},
		0xBD: {unit, (*Drive).mechanismStatus},
		0xBE: {medium, (*Drive).readCD},
		0xBF: {medium, (*Drive).sendStructure},
	}
}
