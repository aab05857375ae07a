package extract

import (
	"path"
	"slices"
	"strings"
)

// maxLinks is how many symbolic links are followed to see where one leads.
const maxLinks = 40

// leaves reports whether a link leads out of the folder. ".." behind the name of
// another link is not the folder that the name stands in, so that links of the
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
	at, below := l.folder, 0 // a folder of the disc, and how many unknown ones below it
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
		case below > 0 || !slices.Contains(rest, ".."): // it only leads deeper, or to a link of which the same is told
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
					return false // nobody follows it further
				}
				rest = append(strings.Split(e.target, "/"), rest...)
			}
		}
	}
	return false
}

// inner is what a path may lead through: a folder, by its number, or a link.
type inner struct {
	folder int32
	target string
}

// inside returns the folders and links by their names, with which few links have
// to be compared.
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

// twin refuses the second of two entries that the volume has under one name. Only
// where files are replaced has that to be known: it would replace the first.
func (x *extraction) twin(folder int32, host string) error {
	if x.o.Existing != Replace {
		return nil
	}
	if x.twins == nil {
		x.twins = x.plan.twins()
	}
	k := place{folder, host}
	made, is := x.twins[k]
	if made {
		return errTwin
	}
	if is {
		x.twins[k] = true
	}
	return nil
}

// twins returns the names that several files and links have.
func (p *plan) twins() map[place]bool {
	seen := make(map[place]bool, len(p.files)+len(p.links))
	twins := map[place]bool{}
	take := func(k place) {
		if seen[k] {
			twins[k] = false
		}
		seen[k] = true
	}
	for i := range p.files {
		take(place{p.files[i].folder, p.files[i].host})
	}
	for i := range p.links {
		take(place{p.links[i].folder, p.links[i].host})
	}
	return twins
}
