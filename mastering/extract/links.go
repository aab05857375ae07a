package extract

import (
	"path"
	"slices"
	"strings"
)

// maxLinks is how many symbolic links are followed to find out where one points.
const maxLinks = 40

// leaves reports whether a link points outside of the destination folder. ".." after the
// name of another link is not the folder that contains that link, so that links of the
// disc are followed.
func (p *plan) leaves(l *link, windows bool) bool {
	target := l.target
	if windows {
		target = strings.ReplaceAll(target, `\`, "/")
		if len(target) > 1 && target[1] == ':' {
			return true
		}
	}
	if path.IsAbs(target) {
		return true
	}
	at, below := l.folder, 0 // a folder of the disc, and the number of unknown folders below it
	rest := strings.Split(target, "/")
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		switch {
		case part == "" || part == ".":
		case part == ".." && below > 0:
			below--
		case part == ".." && at == 0:
			return true
		case part == "..":
			at = p.folders[at].parent
		case below > 0 || !slices.Contains(rest, ".."): // it only points deeper, or to a link that is checked itself
			below++
		default:
			e, ok := p.inside()[place{at, part}]
			switch {
			case !ok:
				below++
			case e.folder != 0:
				at = e.folder
			case path.IsAbs(e.target):
				return true
			default:
				if links++; links > maxLinks {
					return false // systems do not follow it any further
				}
				rest = append(strings.Split(e.target, "/"), rest...)
			}
		}
	}
	return false
}

// inner is an element of a path: a folder, by its number, or a link.
type inner struct {
	folder int32
	target string
}

// inside returns the folders and links by their names. It is built only when needed.
func (p *plan) inside() map[place]inner {
	if p.inner == nil {
		p.inner = make(map[place]inner, len(p.folders)+len(p.links))
		for i := 1; i < len(p.folders); i++ {
			p.inner[place{p.folders[i].parent, p.folders[i].name}] = inner{folder: int32(i)}
		}
		for i := range p.links {
			l := &p.links[i]
			p.inner[place{l.folder, l.name}] = inner{target: l.target}
		}
	}
	return p.inner
}

// place is a name in a folder.
type place struct {
	folder int32
	name   string
}

// refuseSame returns an error for the second of two entries of the volume that have the
// same name. It is only needed if files are replaced: it would replace the first one.
func (x *extraction) refuseSame(folder int32, host string) error {
	if x.o.Existing != Replace {
		return nil
	}
	if x.shared == nil {
		x.shared = x.plan.sharedNames()
	}
	k := place{folder, host}
	made, is := x.shared[k]
	if made {
		return errSame
	}
	if is {
		x.shared[k] = true
	}
	return nil
}

// sharedNames returns the names that several files and links have.
func (p *plan) sharedNames() map[place]bool {
	seen := make(map[place]bool, len(p.files)+len(p.links))
	shared := map[place]bool{}
	take := func(k place) {
		if seen[k] {
			shared[k] = false
		}
		seen[k] = true
	}
	for i := range p.files {
		take(place{p.files[i].folder, p.files[i].host})
	}
	for i := range p.links {
		take(place{p.links[i].folder, p.links[i].host})
	}
	return shared
}
