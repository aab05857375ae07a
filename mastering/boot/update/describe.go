package update

import "fmt"

// describe says what was found.
func (u *Updater) describe() {
	add := func(format string, args ...any) { u.found = append(u.found, fmt.Sprintf(format, args...)) }
	if u.cat != nil {
		add("boot catalogue at sector %d, %d entries", u.cat.lba, len(u.cat.places()))
	}
	if u.code.lba > 0 {
		add("boot code for disks, which starts the image at sector %d", u.code.lba)
	}
	for _, p := range u.parts {
		switch {
		case p.covers:
		case p.tail && !p.filler:
			add("%v (%v): after the volume", p, p.span)
		case p.image:
			add("%v (%v): a boot image in the volume", p, p.span)
		default:
			add("%v (%v)", p, p.span)
		}
	}
	for _, l := range u.labels {
		add("boot label for %s, kept as it is", l.name)
	}
	if u.gpt != nil && u.gpt.problem != "" {
		u.warn(u.gpt.problem, "")
	}
}

// Found describes the boot structures of the image as it was, a sentence each.
func (u *Updater) Found() []string { return u.found }

// Changes describes what was changed, once Finish has run.
func (u *Updater) Changes() []string { return u.changes }
