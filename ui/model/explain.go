package model

import (
	"errors"
	"strings"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// Explain returns a text for an error, and its details. Where a drive has refused a
// command, the text has the meaning of its sense data and what to do about it; the
// command, the address and the codes are the details.
func Explain(err error) (text string, details []disc.Notice) {
	var sense *scsi.Error
	if !errors.As(err, &sense) || sense.Status != scsi.StatusCheckCondition || len(sense.Raw) == 0 {
		return err.Error(), nil
	}
	plain := strings.ToLower(sense.Text())
	if hint := sense.Hint(); hint != "" {
		plain += ". " + Capital(hint)
	}
	return strings.Replace(err.Error(), sense.Error(), plain, 1), []disc.Notice{{Severity: disc.Error, Text: err.Error()}}
}
