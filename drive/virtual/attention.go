package virtual

import "slices"

// attend reports a unit attention to all connections except one, which may be nil (SAM-3
// 5.9.7).
func (d *recorder) attend(f *fault, except *Drive) {
	for _, one := range d.drives {
		if one != except {
			one.attention = append(one.attention, f)
		}
	}
}

// leave removes a connection.
func (d *recorder) leave(one *Drive) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drives = slices.DeleteFunc(d.drives, func(x *Drive) bool { return x == one })
}

// pending returns the oldest unit attention of the connection, or nil, and removes it.
func (d *Drive) pending() *fault {
	if len(d.attention) == 0 {
		return nil
	}
	f := d.attention[0]
	d.attention = d.attention[1:]
	return f
}
