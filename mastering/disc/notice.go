package disc

import "fmt"

// Severity says how much a notice matters.
type Severity uint8

// Severities, the mildest first.
const (
	Info    Severity = iota // good to know; nothing is lost by it
	Warning                 // something is not as asked, or not as the standard has it
	Error                   // something is missing, damaged or not done
)

func (s Severity) String() string { return [...]string{"info", "warning", "error"}[min(s, Error)] }

// Notice is something that was noticed on the way: a defect of an image, a name that
// was changed, a file that is missing, a drive's oddity. It says how much that
// matters, where it is, what it is and what to do about it.
type Notice struct {
	Severity Severity
	Path     string // of the file or folder concerned; empty: the disc as a whole
	LBA      LBA    // of the sector concerned; 0 with no offset and path: unknown
	Offset   int    // of the first byte concerned, within the sector
	Text     string // what it is
	Advice   string // what to do; empty: nothing, or it is plain from the text

	Incomplete bool // sectors are missing at the end of the disc
}

// String returns the text, behind the place where that is known.
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

// Errors returns those of a list that are errors.
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
