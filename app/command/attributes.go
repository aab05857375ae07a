package command

import (
	"maps"
	"slices"
	"strconv"

	"glassmaster/app/terminal"
	"glassmaster/mastering/volume"
)

// moreObject contains the attributes that only some files have.
type moreObject struct {
	Xattr   map[string][]byte `json:"xattr,omitempty"` // values in base64
	ACL     string            `json:"acl,omitempty"`
	Streams []string          `json:"streams,omitempty"`
}

// more reads attributes that a listing does not include by default.
func (l *lister) more(e *volume.Entry) moreObject {
	if e.More != nil {
		a := e.More()
		return moreObject{a.Xattr, a.ACL, a.Streams}
	}
	info, err := l.vol.Lstat(string(e.Path))
	if err != nil {
		return moreObject{}
	}
	a, ok := info.Sys().(*volume.Attributes)
	if !ok {
		return moreObject{}
	}
	return moreObject{a.Xattr, a.ACL, a.Streams}
}

// append writes each of them on a separate line.
func (m moreObject) append(b []byte) []byte {
	for _, name := range slices.Sorted(maps.Keys(m.Xattr)) {
		b = append(append(b, "\t"...), terminal.Printable(name)...)
		b = strconv.AppendQuote(append(b, '='), string(m.Xattr[name]))
		b = append(b, '\n')
	}
	if m.ACL != "" {
		b = append(append(append(b, "\tacl "...), m.ACL...), '\n')
	}
	for _, s := range m.Streams {
		b = strconv.AppendQuote(append(b, "\tstream "...), s)
		b = append(b, '\n')
	}
	return b
}
