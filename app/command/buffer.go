package command

import (
	"fmt"
	"strconv"
	"strings"

	"glassmaster/drive/ring"
)

// bufferFlag is the size of a buffer, such as "64M" or "64MiB".
type bufferFlag struct{ bytes *int64 }

// String returns the default, for the help.
func (f bufferFlag) String() string {
	if f.bytes == nil || *f.bytes != 0 {
		return ""
	}
	return fmt.Sprintf("%dM", ring.DefaultSize>>20)
}

func (bufferFlag) Type() string { return "SIZE" }

func (f bufferFlag) Set(text string) error {
	number := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(text), "B"), "I")
	unit := int64(1)
	for i, suffix := range []string{"K", "M", "G"} {
		if n, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = n, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	switch {
	case err != nil:
		return fmt.Errorf("%q is no size, such as 64M", text)
	case n < 0 || n > ring.MostSize/unit || n*unit < ring.LeastSize:
		return fmt.Errorf("a buffer can have %dM to %dM", ring.LeastSize>>20, ring.MostSize>>20)
	}
	*f.bytes = n * unit
	return nil
}
