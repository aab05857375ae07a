package trace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"glassmaster/drive/scsi"
)

// Scheme is what the names of replayed records begin with: "trace:FILE".
const Scheme = "trace"

// Open opens the record in a file, by a name that begins with Scheme, as a drive that
// replies as in the record. It allows you to examine the replies of a drive that you do
// not have.
func Open(_ context.Context, name string) (scsi.Transport, error) {
	path := strings.TrimPrefix(name, Scheme+":")
	if path == "" {
		return nil, errors.New("open the record: the path of the file is missing; use trace:FILE")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the record: %w", err)
	}
	defer f.Close()
	all, err := Parse(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: the record contains no command; it must be a file that --trace has made", path)
	}
	return readOnly{NewReplay(all)}, nil
}

// readOnly is a record that people open: what is sent to it to be written goes nowhere.
type readOnly struct{ *Replay }

// Writable implements the ability of [scsi.Writable].
func (readOnly) Writable() error {
	return errors.New("it is a record, which only repeats what a drive has replied; nothing can be written to it")
}
