package command

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"glassmaster/app/terminal"
	"glassmaster/mastering/units"
	"glassmaster/mastering/verify"
)

// checks are what a verification has checked, for --json.
type checks struct {
	Data    int64 `json:"edc_sectors"`                       // data sectors whose EDC and ECC were checked
	Q       int64 `json:"q_sectors,omitempty"`               // sectors whose Q sub-channel was checked
	Audio   int64 `json:"audio_sectors,omitempty"`           // which have no checksum
	Without int64 `json:"unchecked_sectors"`                 // data sectors for which no EDC is stored
	NoQ     int64 `json:"unchecked_q_sectors,omitempty"`     // sectors with sub-channels whose Q is empty
	Synced  int64 `json:"data_like_audio_sectors,omitempty"` // of Audio, that look like data
}

func newChecks(c verify.Checks) *checks {
	return &checks{c.Data, c.Q, c.Audio, c.Without, c.NoQ, c.Synced}
}

// faults are the damaged sectors of a disc, for --json.
type faults struct {
	Count       int64            `json:"damaged_sectors"`
	Correctable int64            `json:"correctable_sectors"`
	Untried     int64            `json:"untried_sectors,omitempty"` // whether they are correctable was not tried
	Kinds       map[string]int64 `json:"kinds"`
	List        []faultySector   `json:"list"` // the first ones
}

type faultySector struct {
	LBA         int64    `json:"lba"`
	File        string   `json:"file,omitempty"`
	Kinds       []string `json:"kinds"`
	Correctable bool     `json:"correctable"`
}

// faultsOf returns the damaged sectors that an error reports, or nil.
func faultsOf(err error) *verify.FaultError {
	var f *verify.FaultError
	errors.As(err, &f)
	return f
}

func newFaults(e *verify.FaultError) *faults {
	if e == nil {
		return nil
	}
	f := &faults{Count: e.Count, Correctable: e.Correctable, Untried: e.Untried, Kinds: map[string]int64{}}
	for _, k := range e.Kinds() {
		f.Kinds[k.Name] = k.Count
	}
	for _, s := range e.First {
		f.List = append(f.List, faultySector{int64(s.LBA), terminal.Valid(s.File), s.Kinds(), s.Correctable})
	}
	return f
}

// print lists the first damaged sectors.
func (f *faults) print(w *bufio.Writer) {
	if f == nil {
		return
	}
	for i, s := range f.List {
		if i == shown {
			break
		}
		text := fmt.Sprintf("sector %d: wrong %s", s.LBA, strings.Join(s.Kinds, ", "))
		if s.File != "" {
			text += ": " + s.File
		}
		if !s.Correctable {
			text += " (cannot be corrected)"
		}
		fmt.Fprintln(w, terminal.Printable(text))
	}
	if more := f.Count - int64(min(len(f.List), shown)); more > 0 {
		fmt.Fprintf(w, "and %s more\n", units.Count(more, "damaged sector", "damaged sectors"))
	}
}
