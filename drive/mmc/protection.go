package mmc

import (
	"context"
	"strings"

	"glassmaster/drive/scsi"
)

// WriteProtection says why a medium cannot be written.
type WriteProtection struct {
	Specific   bool // by what is recorded on it
	Tab        bool // by the tab of its cartridge
	Persistent bool // by software, on the medium
	UntilReset bool // by software, until the drive restarts
}

// Any reports whether the medium is protected.
func (w WriteProtection) Any() bool { return w.Specific || w.Tab || w.Persistent || w.UntilReset }

// String says by what the medium is protected; it is empty if the medium is not.
func (w WriteProtection) String() string {
	var all []string
	for _, x := range []struct {
		on   bool
		text string
	}{
		{w.Tab, "by the tab of its cartridge"},
		{w.Specific, "by what is recorded on it"},
		{w.Persistent, "by software"},
		{w.UntilReset, "by software, until the drive restarts"},
	} {
		if x.on {
			all = append(all, x.text)
		}
	}
	return strings.Join(all, "; ")
}

// ReadWriteProtection returns the write protection (READ DISC STRUCTURE ADh, MMC-6 6.22,
// format C0h: byte 0 bits 3 medium, 2 cartridge, 1 persistent, 0 until power off). Drives
// need the feature 0004h.
func ReadWriteProtection(ctx context.Context, t scsi.Transport, bd bool) (WriteProtection, error) {
	p, err := readFixed(ctx, t, structureOf{bd: bd, format: structureWriteProtection}, 4)
	if err != nil {
		return WriteProtection{}, err
	}
	return WriteProtection{Specific: p[0]&8 != 0, Tab: p[0]&4 != 0, Persistent: p[0]&2 != 0, UntilReset: p[0]&1 != 0}, nil
}
