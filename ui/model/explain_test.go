package model

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
)

func TestExplain(t *testing.T) {
	read := []byte{0x28, 0, 0, 0, 4, 0xd2, 0, 0, 1, 0}
	sense := scsi.NewError(read, scsi.StatusCheckCondition, []byte{0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x11, 0})
	err := fmt.Errorf("open /dev/sr0: %w", sense)
	text, details := Explain(err)
	if !strings.HasPrefix(text, "open /dev/sr0: unrecovered read error") || strings.Contains(text, "LBA") || strings.Contains(text, "3/11/00") {
		t.Errorf("the text is %q", text)
	}
	if len(details) != 1 || details[0].Text != err.Error() || !strings.Contains(details[0].Text, "1234") {
		t.Errorf("the details are %v", details)
	}
	if text, details = Explain(errors.New("plain")); text != "plain" || details != nil {
		t.Errorf("got %q and %v", text, details)
	}
}
