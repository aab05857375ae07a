package terminal

import (
	"encoding/json"
	"io"
	"math"

	"glassmaster/mastering/progress"
)

// objects is the view for programs: one JSON object a line.
type objects struct{ enc *json.Encoder }

func newObjects(w io.Writer) *objects {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return &objects{enc}
}

// step is an object that says how far the work is. Type is "phase" when a part
// of the work begins, and "progress" while it goes on and when it ends. Sizes
// are in bytes, times in seconds, rates in bytes a second, buffers from 0 to 1.
type step struct {
	Type        string   `json:"type"`
	Phase       string   `json:"phase"`
	Done        int64    `json:"done"`
	Total       int64    `json:"total"` // 0: not known
	Rate        float64  `json:"rate"`
	Elapsed     float64  `json:"elapsed"`
	Left        *float64 `json:"left,omitempty"`
	HostBuffer  *float64 `json:"host_buffer,omitempty"`
	DriveBuffer *float64 `json:"drive_buffer,omitempty"`
}

// said is an object with a message; its type is "message".
type said struct {
	Type  string `json:"type"`
	Level string `json:"level"` // info, warning or error
	Text  string `json:"text"`
}

func (o *objects) begin(s progress.Snapshot)  { o.enc.Encode(newStep("phase", s)) }
func (o *objects) update(s progress.Snapshot) { o.enc.Encode(newStep("progress", s)) }
func (o *objects) end(s progress.Snapshot)    { o.enc.Encode(newStep("progress", s)) }
func (o *objects) close()                     {}

func (o *objects) message(m progress.Message) {
	o.enc.Encode(said{"message", m.Level.String(), Valid(m.Text)})
}

func newStep(kind string, s progress.Snapshot) step {
	e := step{
		Type: kind, Phase: s.Phase, Done: s.Done, Total: s.Total,
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
