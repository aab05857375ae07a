package command

import (
	"context"
	"fmt"

	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
)

// warnDefects reports the known defects of a source in one line.
func (inv *invocation) warnDefects(ctx context.Context, src *source.Source) {
	list := src.Defects(ctx)
	if len(list) == 0 || list[0].Severity == disc.Info {
		return
	}
	text := src.Name + ": damaged: " + list[0].String()
	switch {
	case list[0].Incomplete:
		text = src.Name + ": incomplete: " + list[0].Text
	case list[0].Severity == disc.Warning:
		text = src.Name + ": " + list[0].String()
	}
	if more := serious(list) - 1; more > 0 {
		text += fmt.Sprintf("; and %d more, listed by \"glassmaster info\"", more)
	}
	inv.warn(text)
}

// serious counts the notices that are not of severity Info.
func serious(list []disc.Notice) int {
	n := 0
	for _, d := range list {
		if d.Severity != disc.Info {
			n++
		}
	}
	return n
}

// defectObject is a known defect of a disc, for --json.
type defectObject struct {
	LBA        int64  `json:"lba"`
	Text       string `json:"text"`
	Incomplete bool   `json:"incomplete,omitempty"` // sectors are missing at the end
	Warning    bool   `json:"warning,omitempty"`    // it was tolerated, and may not be damage
	Remark     bool   `json:"remark,omitempty"`     // readers ignore it
}

func defectObjects(list []disc.Notice) []defectObject {
	var all []defectObject
	for _, d := range list {
		all = append(all, defectObject{int64(d.LBA), d.Text, d.Incomplete, d.Severity == disc.Warning, d.Severity == disc.Info})
	}
	return all
}

// defects adds a row for each defect. After a check, the damage that it found is listed
// instead.
func (f facts) defects(list []defectObject, check *checkInfo) {
	for _, d := range list {
		if check != nil && check.Count > 0 && !d.Incomplete && !d.Remark && !d.Warning {
			continue
		}
		name, text := "Damage", d.Text
		switch {
		case d.Incomplete:
			name = "Incomplete"
		case d.Warning:
			name = "Warning"
		case d.Remark:
			name = "Remark"
		}
		if !d.Incomplete && d.LBA > 0 {
			text = fmt.Sprintf("sector %d: %s", d.LBA, text)
		}
		f.row(name, text)
	}
}
