package trace

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"glassmaster/drive/scsi"
)

// Exchange is a command in a recording, with its reply.
type Exchange struct {
	Number    int
	Direction scsi.Direction
	Length    int // of the data, in bytes
	CDB       []byte
	Out       []byte // data sent; nil for sectors
	In        []byte // data received; nil for sectors
	Err       error  // a *scsi.Error, or an error of the transport
	More      int    // number of commands at consecutive addresses that follow this one
	Blocks    int64  // of this command and those that follow, if More is not 0
}

var (
	commandLine = pattern(`^\s*(\d+) ([<>-])\s+(\d+)  ((?:[0-9a-f]{2} ?)+)(?:\s.*)?$`)
	dataLine    = pattern(`^\s+data([<>]) ([0-9a-f]{4,}): ([0-9a-f ]+)$`)
	checkLine   = pattern(`^\s+CHECK CONDITION [0-9a-f/]+\s+\(sense ([0-9a-f ]+)\)$`)
	statusLine  = pattern(`^\s+status ([0-9a-f]{2})\b`)
	moreLine    = pattern(`^\s+\.\.\. and (\d+) more .* (\d+) blocks in all`)
	failedLine  = pattern(`^\s+failed: (.*)$`)
	otherLine   = pattern(`^(#|\s+took |\s+data[<>] \.\.\.|\s*$)`)
)

// pattern returns a function that compiles a regular expression when it is first called.
// Compiling them all when the program starts would slow every run.
func pattern(s string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(s) })
}

// Parse reads a recording.
func Parse(r io.Reader) ([]Exchange, error) {
	var all []Exchange
	in := bufio.NewScanner(r)
	n := 1
	for ; in.Scan(); n++ {
		line := strings.TrimRight(in.Text(), "\r ")
		if otherLine().MatchString(line) {
			continue
		}
		if m := commandLine().FindStringSubmatch(line); m != nil {
			e, err := command(m)
			if err != nil {
				return nil, fmt.Errorf("line %d of the recording: %w", n, err)
			}
			all = append(all, e)
			continue
		}
		if len(all) == 0 {
			return nil, fmt.Errorf("line %d is not a line of a recording; it must be a file made with --trace", n)
		}
		if err := all[len(all)-1].add(line); err != nil {
			return nil, fmt.Errorf("line %d of the recording: %w", n, err)
		}
	}
	if errors.Is(in.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d is not a line of a recording; it must be a file made with --trace", n)
	}
	return all, in.Err()
}

func command(m []string) (Exchange, error) {
	var e Exchange
	var err error
	if e.Number, err = strconv.Atoi(m[1]); err != nil {
		return e, err
	}
	e.Direction = map[string]scsi.Direction{"<": scsi.In, ">": scsi.Out}[m[2]]
	if e.Length, err = strconv.Atoi(m[3]); err != nil {
		return e, err
	}
	e.CDB, err = unhex(m[4])
	if n := len(e.CDB); err == nil && n != 6 && n != 10 && n != 12 && n != 16 {
		err = fmt.Errorf("a CDB of %d bytes", n)
	}
	return e, err
}

// add adds a line that follows the line of a command.
func (e *Exchange) add(line string) error {
	if m := dataLine().FindStringSubmatch(line); m != nil {
		p, err := unhex(m[3])
		if m[1] == ">" {
			e.Out = append(e.Out, p...)
		} else {
			e.In = append(e.In, p...)
		}
		if len(e.Out) > e.Length || len(e.In) > e.Length {
			return fmt.Errorf("more than %d bytes of data", e.Length)
		}
		return err
	}
	if m := checkLine().FindStringSubmatch(line); m != nil {
		p, err := unhex(m[1])
		e.Err = scsi.NewError(e.CDB, scsi.StatusCheckCondition, p)
		return err
	}
	if m := statusLine().FindStringSubmatch(line); m != nil {
		p, err := unhex(m[1])
		if err == nil {
			e.Err = scsi.NewError(e.CDB, p[0], nil)
		}
		return err
	}
	if m := moreLine().FindStringSubmatch(line); m != nil {
		var err error
		if e.More, err = strconv.Atoi(m[1]); err != nil {
			return err
		}
		e.Blocks, err = strconv.ParseInt(m[2], 10, 64)
		return err
	}
	if m := failedLine().FindStringSubmatch(line); m != nil {
		e.Err = fmt.Errorf("%w: %s", scsi.ErrConnection, m[1])
		return nil
	}
	return fmt.Errorf("%.100q is not a line of a recording", line)
}

func unhex(s string) ([]byte, error) { return hex.DecodeString(strings.ReplaceAll(s, " ", "")) }
