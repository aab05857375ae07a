package update_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
)

// newHello is what a UEFI image prints that replaces another one.
const newHello = "GRUB ran its newer config."

// TestMachineStarts starts machines from images after edits: their boot images replaced by
// larger ones, with data added at their end.
func TestMachineStarts(t *testing.T) {
	if testing.Short() {
		peertest.Skip(t, "machines take a while")
	}
	peertest.Need(t, "qemu-system-x86_64")
	top := sample(t)
	efi := bytes.ReplaceAll(read(t, filepath.Join(top, efiFile)), []byte(peertest.GRUBHello), []byte(newHello))
	if !bytes.Contains(efi, []byte(newHello)) {
		t.Fatal("the UEFI image does not have its text")
	}
	efi = append(efi, make([]byte, 200000)...)
	edited := func(name string) string {
		m := makerOf(t, name)
		e := begin(t, m.make(t, top))
		bios := append(read(t, filepath.Join(top, m.bios)), make([]byte, 10000)...)
		e.replace(m.bios, bios)
		if m.efi != "" {
			e.replace(m.efi, efi)
		} else {
			isotest.Must(t, e.up.Replace(1, layout.Bytes(efi), int64(len(efi))))
		}
		e.set.Add(layout.Bytes(noise(300000)), 300000)
		return e.save()
	}
	hybrid, appendedGPT, appendedMBR := edited("xorriso isohybrid MBR GPT APM"), edited("xorriso appended GPT"), edited("xorriso appended MBR")
	inVolume, isohybrid := edited("xorriso EFI partition"), edited("isohybrid UEFI Mac")
	for _, c := range []struct {
		name, hello string
		args        []string
	}{
		{"isohybrid of xorriso disc BIOS", peertest.ISOLINUXHello, peertest.AsDisc(hybrid)},
		{"isohybrid of xorriso disk BIOS", peertest.ISOLINUXHello, peertest.AsDisk(hybrid)},
		{"isohybrid of xorriso disk UEFI", newHello, peertest.UEFI(t, peertest.AsDisk(hybrid))},
		{"appended GPT disc BIOS", peertest.GRUBHello, peertest.AsDisc(appendedGPT)},
		{"appended GPT disk BIOS", peertest.GRUBHello, peertest.AsDisk(appendedGPT)},
		{"appended GPT disc UEFI", newHello, peertest.UEFI(t, peertest.AsDisc(appendedGPT))},
		{"appended GPT stick UEFI", newHello, peertest.UEFI(t, peertest.AsStick(appendedGPT))},
		{"appended MBR disk BIOS", peertest.ISOLINUXHello, peertest.AsDisk(appendedMBR)},
		{"appended MBR disk UEFI", newHello, peertest.UEFI(t, peertest.AsDisk(appendedMBR))},
		{"GPT in the volume disk UEFI", newHello, peertest.UEFI(t, peertest.AsDisk(inVolume))},
		{"isohybrid disk BIOS", peertest.ISOLINUXHello, peertest.AsDisk(isohybrid)},
		{"isohybrid disk UEFI", newHello, peertest.UEFI(t, peertest.AsDisk(isohybrid))},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			peertest.Starts(t, c.hello, c.args...)
		})
	}
}
