package trace

import (
	"context"
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
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the recording of a drive: %w", err)
	}
	defer f.Close()
	all, err := Parse(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: it contains no commands; it must be a recording made with --trace", path)
	}
	return NewReplay(all), nil
}
