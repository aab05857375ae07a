package command

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Scripts start the program often, so packages must build tables and compile regular
// expressions on first use. The memory that a package allocates on initialization is a
// measure of the time it takes that does not depend on the machine.
func TestStartAllocatesLittle(t *testing.T) {
	const (
		maxPackage = 4 << 10  // bytes, of a package that is not in the standard library
		maxTotal   = 48 << 10 // bytes, of all packages; a program that only prints needs 2 kB
	)
	// Libraries that make tables in any case, and in place of which there is no other, with
	// the shortest time of 40 runs.
	tables := map[string]int{
		"github.com/hajimehoshi/go-mp3/internal/frame":   72 << 10, // decodes MP3; 0.4 ms
		"github.com/klauspost/compress/internal/snapref": 9 << 10,  // a CRC for zstd; 0.16 ms
		"golang.org/x/sys/cpu":                           6 << 10,  // the features of the processor; 0.07 ms
		"github.com/ulikunitz/xz":                        33 << 10, // a CRC; 0.04 ms
		"github.com/klauspost/compress/flate":            42 << 10, // compresses CHD and CSO much faster than the standard library; 0.03 ms
		"encoding/xml":                                   19 << 10, // property lists of UDIF; 0.02 ms
	}
	cmd := exec.Command(program(t), "--version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace strings.Builder
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	total := 0
	for line := range strings.Lines(trace.String()) {
		var (
			name          string
			at, clock     float64
			bytes, allocs int
		)
		if _, err := fmt.Sscanf(line, "init %s @%f ms, %f ms clock, %d bytes, %d allocs", &name, &at, &clock, &bytes, &allocs); err != nil {
			continue
		}
		bytes = max(0, bytes-tables[name])
		total += bytes
		standard := !strings.Contains(strings.SplitN(name, "/", 2)[0], ".") && !strings.HasPrefix(name, "glassmaster/")
		if bytes > maxPackage && !standard {
			t.Errorf("package %s allocates %d bytes when it is initialised, more than %d", name, bytes, maxPackage)
		}
	}
	if total == 0 {
		t.Fatalf("no trace of initialisations in:\n%s", trace.String())
	}
	if total > maxTotal {
		t.Errorf("all packages together allocate %d bytes when they are initialised, more than %d", total, maxTotal)
	}
}

// If the command line names a verb, only the command of that verb is created.
func TestOneVerbIsMade(t *testing.T) {
	for line, want := range map[string]int{
		"--version": 0, "-v": 0, "ls image.iso": 1, "list image.iso": 1, "json": 1,
		"": len(verbs), "--json ls image.iso": len(verbs), "help ls": len(verbs), "--help": len(verbs), "lst": len(verbs),
	} {
		if got := len(verbsFor(strings.Fields(line))); got != want {
			t.Errorf("%q: %d verbs, want %d", line, got, want)
		}
	}
}
