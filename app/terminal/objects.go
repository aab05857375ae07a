package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"unicode"
	"unicode/utf8"

	"glassmaster/mastering/progress"
)

// objects is the view for programs: one JSON object on each line.
type objects struct {
	enc   *json.Encoder
	drive string // if there are several; else empty
}

func newObjects(w io.Writer, drive string) *objects { return &objects{NewEncoder(w), Valid(drive)} }

// NewEncoder returns an encoder of JSON objects that escapes characters that a terminal
// would interpret, as \u009b. JSON itself escapes those of the C0 set.
func NewEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(escaper{w})
	enc.SetEscapeHTML(false)
	return enc
}

// escaper escapes DEL, C1 control characters, and characters that change the direction of
// text. In JSON these occur only in strings.
type escaper struct{ w io.Writer }

// Write writes JSON, of which each call has complete objects.
func (e escaper) Write(p []byte) (int, error) {
	escape := func(r rune) bool { return r >= 0x7F && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) }
	out := p
	if i := bytes.IndexFunc(p, escape); i >= 0 {
		out = append(make([]byte, 0, len(p)+16), p[:i]...)
		for _, r := range string(p[i:]) {
			if escape(r) {
				out = fmt.Appendf(out, "\\u%04x", r)
			} else {
				out = utf8.AppendRune(out, r)
			}
		}
	}
	if _, err := e.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// step is an object about the progress of a phase. Type is "phase" at its beginning, and
// "progress" while it runs and at its end. Sizes are in bytes, times in seconds, rates in
// bytes a second, and buffers from 0 to 1.
type step struct {
	Type        string   `json:"type"`
	Drive       string   `json:"drive,omitempty"` // if there are several
	Phase       string   `json:"phase"`
	Done        int64    `json:"done"`
	Total       int64    `json:"total"` // 0: unknown
	Rate        float64  `json:"rate"`
	Elapsed     float64  `json:"elapsed"`
	Left        *float64 `json:"left,omitempty"`
	HostBuffer  *float64 `json:"host_buffer,omitempty"`
	DriveBuffer *float64 `json:"drive_buffer,omitempty"`
}

// message is an object with a notice; its type is "message".
type message struct {
	Type   string `json:"type"`
	Drive  string `json:"drive,omitempty"` // if there are several
	Level  string `json:"level"`           // info, warning or error
	Text   string `json:"text"`
	Advice string `json:"advice,omitempty"` // what to do
}

func (o *objects) begin(s progress.Snapshot)  { o.step("phase", s) }
func (o *objects) update(s progress.Snapshot) { o.step("progress", s) }
func (o *objects) end(s progress.Snapshot)    { o.step("progress", s) }

func (o *objects) notice(n progress.LogEntry) {
	o.enc.Encode(message{"message", o.drive, n.Severity.String(), Valid(n.String()), Valid(n.Advice)})
}

func (o *objects) step(kind string, s progress.Snapshot) {
	e := newStep(kind, s)
	e.Drive = o.drive
	o.enc.Encode(e)
}

// newStep returns the object for a snapshot.
func newStep(kind string, s progress.Snapshot) step {
	e := step{
		Type: kind, Phase: s.Phase.String(), Done: s.Done, Total: s.Total,
		Rate: math.Round(s.Rate), Elapsed: milli(s.Elapsed.Seconds()),
	}
	if left, ok := s.Left(); ok {
		e.Left = new(milli(left.Seconds()))
	}
	if s.HostBuffer >= 0 {
		e.HostBuffer = new(milli(s.HostBuffer))
	}
	if s.DriveBuffer >= 0 {
		e.DriveBuffer = new(milli(s.DriveBuffer))
	}
	return e
}

// milli rounds to three decimal places.
func milli(v float64) float64 { return math.Round(v*1000) / 1000 }
