//go:build linux && (amd64 || arm64)

package device

import (
	"testing"
	"unsafe"
)

// The offsets of sg_io_hdr_t on 64-bit systems, as <scsi/sg.h> lays them out.
func TestHeaderLayout(t *testing.T) {
	var h header
	for name, c := range map[string]struct{ got, want uintptr }{
		"dxfer_len":  {unsafe.Offsetof(h.dataLen), 12},
		"dxferp":     {unsafe.Offsetof(h.data), 16},
		"cmdp":       {unsafe.Offsetof(h.cdb), 24},
		"sbp":        {unsafe.Offsetof(h.sense), 32},
		"timeout":    {unsafe.Offsetof(h.timeout), 40},
		"usr_ptr":    {unsafe.Offsetof(h.user), 56},
		"status":     {unsafe.Offsetof(h.status), 64},
		"sb_len_wr":  {unsafe.Offsetof(h.senseLen), 67},
		"host":       {unsafe.Offsetof(h.hostStatus), 68},
		"resid":      {unsafe.Offsetof(h.residual), 72},
		"info":       {unsafe.Offsetof(h.info), 80},
		"whole size": {unsafe.Sizeof(h), 88},
	} {
		if c.got != c.want {
			t.Errorf("%s is at %d, want %d", name, c.got, c.want)
		}
	}
}
