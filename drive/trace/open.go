package trace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"glassmaster/drive/scsi"
)

// Scheme is the prefix of the names of replayed recordings: "trace:FILE".
const Scheme = "trace"

// Open opens the recording in a file, by a name that begins with Scheme, as a drive that
// replies as in the recording. It allows you to examine the replies of a drive that you
// do not have.
func Open(_ context.Context, name string) (scsi.Transport, error) {
	path := strings.TrimPrefix(name, Scheme+":")
	if path == "" {
		return nil, errors.New("open the recording: the path of the file is missing; use trace:FILE")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the recording: %w", err)
	}
	defer f.Close()
	all, err := Parse(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: the recording contains no commands; it must be a file made with --trace", path)
	}
	return readOnly{NewReplay(all)}, nil
}

// readOnly is a recording opened by the user: data sent to it is not written anywhere.
type readOnly struct{ *Replay }

// Writable implements the ability of [scsi.Writable].
func (readOnly) Writable() error {
	return errors.New("this is a recording of the replies of a drive; nothing can be written to it")
}
