package disc

import "fmt"

// Severity says how much a notice matters.
type Severity uint8

// Severities, the highest first: a notice without one counts as an error, so that it is
// not overlooked.
const (
	Error   Severity = iota // something is missing, damaged or was not done
	Warning                 // something differs from what was asked for, or from the standard
	Info                    // nothing is wrong
)

func (s Severity) String() string { return [...]string{"error", "warning", "info"}[min(s, Info)] }

// Notice tells the user about something that was found during an operation: a defect of an
// image, a changed name, a missing file, a drive that does not follow the standard.
type Notice struct {
	Severity Severity
	Path     string // of the file or folder; empty: the whole disc
	LBA      LBA    // of the sector; 0 if Offset is 0 too: unknown
	Offset   int    // of the first byte in the sector
	Text     string // what was found
	Advice   string // what to do; empty: nothing, or Text says it

	Incomplete bool // sectors are missing at the end of the disc
}

// String returns the text, after the path or address if there is one.
func (n Notice) String() string {
	s := n.Text
	if n.Path != "" {
		s = n.Path + ": " + s
	}
	if n.LBA != 0 || n.Offset != 0 {
		s = fmt.Sprintf("sector %d, byte %d: %s", n.LBA, n.Offset, s)
	}
	return s
}

// Errors returns the notices that are errors.
func Errors(list []Notice) []Notice {
	var errs []Notice
	for _, n := range list {
		if n.Severity == Error {
			errs = append(errs, n)
		}
	}
	return errs
}

// Texts returns the notices as lines of text.
func Texts(list []Notice) []string {
	var texts []string
	for _, n := range list {
		texts = append(texts, n.String())
	}
	return texts
}
