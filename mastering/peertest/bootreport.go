package peertest

import (
	"strings"
	"testing"
)

// BootReport returns what xorriso reports about how an image boots, without addresses and
// without the sizes of partitions: an image that was edited gives the same text as before.
func BootReport(t testing.TB, image string) string {
	t.Helper()
	out := Run(t, "", "xorriso", "-report_about", "FAILURE", "-indev", image,
		"-report_el_torito", "plain", "-report_system_area", "plain")
	var b strings.Builder
	for _, line := range strings.Split(out, "\n") {
		if name, values, ok := strings.Cut(line, ":"); ok {
			f := strings.Fields(values)
			hideAddresses(strings.TrimSpace(name), f)
			b.WriteString(strings.Join(strings.Fields(name), " ") + ": " + strings.Join(f, " ") + "\n")
		}
	}
	return b.String()
}

// hideAddresses replaces the addresses and sizes in a line of the report.
func hideAddresses(name string, f []string) {
	hide := func(list ...int) {
		for _, i := range list {
			if i < len(f) {
				f[i] = "*"
			}
		}
	}
	switch name {
	case "El Torito catalog", "ISO image size/512":
		hide(0)
	case "El Torito boot img":
		hide(len(f) - 1)
	case "MBR partition":
		hide(3, 4)
	case "GPT lba range", "GPT start and size", "APM start and size":
		hide(1, 2)
	}
}
