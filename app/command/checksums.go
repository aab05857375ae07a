package command

import (
	"bufio"
	"fmt"

	"glassmaster/app/terminal"
	"glassmaster/mastering/verify"
)

// checksum is a checksum that an image stores besides those in its sectors, for --json.
type checksum struct {
	Name    string `json:"name"`
	Correct bool   `json:"correct"`
	Problem string `json:"problem,omitempty"`
}

func newChecksums(list []verify.Checksum) []checksum {
	var all []checksum
	for _, c := range list {
		one := checksum{Name: terminal.Valid(c.Name), Correct: c.Err == nil}
		if c.Err != nil {
			one.Problem = terminal.Valid(c.Err.Error())
		}
		all = append(all, one)
	}
	return all
}

// printChecksums lists the checksums that are not correct.
func printChecksums(w *bufio.Writer, e *verify.ChecksumError) {
	if e == nil {
		return
	}
	for _, c := range e.Bad {
		fmt.Fprintf(w, "%s: %s\n", terminal.Printable(c.Name), terminal.Printable(c.Err.Error()))
	}
}
