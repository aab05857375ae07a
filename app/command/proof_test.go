package command

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
)

// faulty opens a virtual recorder and sets its faults, which the verbs then see too.
func faulty(t *testing.T, name string, f virtual.Faults) {
	t.Helper()
	d, err := virtual.OpenName(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	d.SetFaults(f)
}

// Every verb reports an interrupted burn over an old disc, although every sector can be
// read.
func TestInterruptedOverwrite(t *testing.T) {
	image := builtImage(t)
	for _, medium := range []string{"dvd+rw", "bd-re"} {
		t.Run(medium, func(t *testing.T) {
			recorder, _ := blankDisc(t, medium)
			must(t, OK, "burn", image, recorder)
			must(t, OK, "verify", recorder)
			faulty(t, recorder, virtual.Faults{WriteErrors: map[int64][3]byte{64: {3, 0x0C, 0}}})
			r := must(t, Failed, "burn", "--blank", image, recorder)
			if !strings.Contains(r.log, "its beginning is marked as not completed") {
				t.Errorf("burn: %s", r.log)
			}
			for _, args := range [][]string{{"verify", recorder}, {"ls", recorder}, {"extract", recorder, t.TempDir()}} {
				if r := must(t, Differs, args...); !strings.Contains(r.log, "last burn of this disc was not completed") {
					t.Errorf("%s: %s", args[0], r.log)
				}
			}
			if r := must(t, OK, "info", recorder); !strings.Contains(r.out, "last burn of this disc was not completed") {
				t.Errorf("info: %s", r.out)
			}
			faulty(t, recorder, virtual.Faults{})
			must(t, OK, "burn", "--blank", image, recorder)
			must(t, OK, "verify", image, recorder)
		})
	}
}

// What the verification cannot assure is part of the verdict, in the text and in the JSON
// object.
func TestVerdict(t *testing.T) {
	image := builtImage(t)
	const buffer = "the drive refused to reload the disc, so parts of it may have been read from the drive's buffer"

	recorder, _ := blankDisc(t, "dvd+r")
	faulty(t, recorder, virtual.Faults{Refuse: []byte{0x1B}})
	if r := must(t, OK, "burn", image, recorder); !strings.Contains(r.log, "read back and equal; but "+buffer) {
		t.Errorf("burn: %s", r.log)
	}

	recorder, _ = blankDisc(t, "dvd+r")
	faulty(t, recorder, virtual.Faults{Refuse: []byte{0x1B}})
	data := outcomeOf(t, must(t, OK, "burn", "--json", image, recorder).out)["data"].(map[string]any)
	if data["equal"] != true || data["verified"] != false || data["not_assured"].([]any)[0] != buffer || data["retried_sectors"] != 0.0 {
		t.Errorf("%v", data)
	}
}

// hooked is a drive that calls a function at the first START STOP UNIT, which is sent
// after the burn.
type hooked struct {
	scsi.Transport
	do func()
}

func (h *hooked) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if do := h.do; c.CDB[0] == scsi.OpStartStopUnit && do != nil {
		h.do = nil
		do()
	}
	return h.Transport.Execute(ctx, c)
}

// A source file that changes while the disc is compared is not reported as an error of
// the disc.
func TestChangedMeanwhile(t *testing.T) {
	image := filepath.Join(t.TempDir(), "copy.iso")
	if err := os.WriteFile(image, content(t, builtImage(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	change := func() {
		p := content(t, image)
		p[100*2048] ^= 1
		if err := os.WriteFile(image, p, 0o600); err != nil {
			t.Error(err)
		}
	}
	recorder, _ := blankDisc(t, "dvd+r")
	drive.Register("hooked", func(context.Context, string) (scsi.Transport, error) {
		d, err := virtual.OpenName(recorder)
		return &hooked{d, change}, err
	})
	r := must(t, Partly, "burn", "--json", image, "hooked:")
	o := outcomeOf(t, r.out)
	data := o["data"].(map[string]any)
	changed, _ := data["source_changed"].(map[string]any)
	if data["verified"] != true || changed["lba"] != 100.0 || data["differs"] != nil {
		t.Errorf("%v", o)
	}
	if text := o["error"].(string); !strings.Contains(text, "the disc is good") || strings.Contains(text, "burn another one") {
		t.Errorf("%s", text)
	}
}

// A drive that hangs, or whose tray is opened, during verification does not make the disc
// bad.
func TestVerifyGone(t *testing.T) {
	image := builtImage(t)
	recorder, _ := blankDisc(t, "dvd+r")
	must(t, OK, "burn", image, recorder)
	for _, c := range []struct {
		event virtual.Event
		code  Code
	}{
		{virtual.Event{Op: 0x28, At: 4, Hang: virtual.Hung}, Failed},
		{virtual.Event{Op: 0x28, At: 4, Sense: [3]byte{6, 0x28, 0}}, Failed},
		{virtual.Event{Op: 0x28, At: 4, Sense: [3]byte{2, 0x3A, 0}, Times: virtual.Always}, NoMedium},
	} {
		for _, args := range [][]string{{"verify", recorder}, {"verify", image, recorder}} {
			faulty(t, recorder, virtual.Faults{Events: []virtual.Event{c.event}})
			if r := must(t, c.code, args...); strings.Contains(r.log, "bad sectors") || !strings.Contains(r.log, "stopped at sector") {
				t.Errorf("%v: %s", args[:len(args)-1], r.log)
			}
		}
	}
}
