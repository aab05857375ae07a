package update

import (
	"cmp"
	"io/fs"
	"slices"
	"strings"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/volume"
)

// maxPadding is the maximum size of zeros that are taken for padding, in blocks.
const maxPadding = 4 << 20 / boot.BlockSize

// findTail finds the partitions that were appended after the volume: nothing but zeros and
// the backup GPT follows them, and nothing of the volume is in them.
func (u *Updater) findTail() {
	end := u.image
	if u.gpt != nil && u.gpt.backup > 0 {
		end -= u.gpt.arrayBack
	}
	u.tail = span{end, 0}
	list := slices.DeleteFunc(slices.Clone(u.parts), func(p *partition) bool { return p.covers })
	slices.SortStableFunc(list, func(a, b *partition) int { return cmp.Compare(b.span.start, a.span.start) })
	first := end
	var padding []*partition
	for _, p := range list {
		switch {
		case p.span.start >= first:
			if p.span.start < end && p.span.end() <= end { // another table has it too
				padding = append(padding, p)
			}
			continue
		case p.span.end() > first || first-p.span.end() > maxPadding || !u.zero(p.span.end(), first):
			return
		case p.filler && p.span.count <= maxPadding && u.zero(p.span.start, p.span.end()):
			padding = append(padding, p)
		case u.appended(p):
			for _, q := range append(padding, p) {
				q.tail = true
			}
			padding = nil
			u.tail = span{p.span.start, end - p.span.start}
		default:
			return
		}
		first = p.span.start
	}
}

// hybridHFS reports whether a partition is another view of the volume, as HFS+. libisofs
// gives it this name.
func hybridHFS(p *partition) bool { return strings.HasPrefix(p.name, "HFSPLUS") }

// untail corrects findTail for a partition that is a file of the volume after all, since the
// file was moved.
func (u *Updater) untail(lba int64) {
	first := u.tail.end()
	found := false
	for _, p := range u.parts {
		if p.tail && !p.filler && p.span.start == lba*blocks {
			p.tail, p.image, found = false, true, true
		}
		if p.tail && !p.filler {
			first = min(first, p.span.start)
		}
	}
	if !found {
		return
	}
	for _, p := range u.parts {
		p.tail = p.tail && p.span.start >= first
	}
	u.tail = span{first, u.tail.end() - first}
}

// zero reports whether blocks of the image are zero. At most maxPadding are read.
func (u *Updater) zero(from, to int64) bool {
	if to-from > maxPadding || from < 0 {
		return false
	}
	p := make([]byte, 64*boot.BlockSize)
	for at := from; at < to; at += 64 {
		b := p[:min(64, to-at)*boot.BlockSize]
		if n, _ := u.set.Base().ReadAt(b, at*boot.BlockSize); n < len(b) {
			return false
		}
		if len(strings.TrimLeft(string(b), "\x00")) > 0 {
			return false
		}
	}
	return true
}

// appended reports whether a partition is after the volume, rather than a file in it.
func (u *Updater) appended(p *partition) bool {
	if p.span.start%blocks != 0 || p.span.start < systemSectors*blocks || hybridHFS(p) {
		return false
	}
	for _, q := range u.parts {
		// That of GRUB begins at block 1, and is not that of the volume.
		if !q.covers && q.span.start != 1 && q.span.contains(p.span) {
			return false
		}
	}
	has := func(lba int64) bool { return p.span.start <= lba*blocks && lba*blocks < p.span.end() }
	if has(u.volume.root) || u.cat != nil && has(u.cat.lba) {
		return false
	}
	for _, e := range u.cat.places() {
		if at := entryAddress(u.cat.entry(e)); has(at) && at*blocks != p.span.start {
			return false
		}
	}
	return !p.filler && !u.hasFiles(p.span)
}

// hasFiles reports whether files of the volume are in a partition. It reads all directories,
// and is only called for partitions at the end of the image.
func (u *Updater) hasFiles(s span) bool {
	v, err := iso9660.Open(u.set.Base(), u.set.BaseSize(), volume.Options{Start: u.o.Start})
	if err != nil {
		return false
	}
	found := false
	// Directories that cannot be read have no files that an edit could keep.
	_ = v.Walk(".", func(e *volume.Entry) error {
		for _, x := range e.Extents {
			found = found || s.overlaps(span{int64(x.Start) * blocks, ceil(x.Length, boot.BlockSize) / boot.BlockSize})
		}
		if found {
			return fs.SkipAll
		}
		return nil
	})
	return found
}
