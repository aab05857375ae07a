package volume

import (
	"context"
	"slices"

	"glassmaster/mastering/disc"
)

// Comparison finds files about which the views of a session disagree. A caller that walks
// a view anyway passes on the entries, so that no view is walked twice.
type Comparison struct {
	views  []FS
	walked map[string]*Listing
}

// NewComparison opens the views of the session that the options name.
func NewComparison(ctx context.Context, d disc.Disc, o Options) (*Comparison, error) {
	views, err := everyView(ctx, d, o)
	if err != nil {
		return nil, err
	}
	return &Comparison{views: views, walked: map[string]*Listing{}}, nil
}

// Listing returns an empty listing of a view for Take, or nil if there is nothing to
// compare it with.
func (c *Comparison) Listing(view string) *Listing {
	if len(c.views) < 2 || !slices.ContainsFunc(c.views, func(v FS) bool { return v.Volume().View == view }) {
		return nil
	}
	return &Listing{view: view}
}

// Take uses a listing, made by Listing, that has all entries of its view.
func (c *Comparison) Take(l *Listing) {
	if l != nil && !l.lengths {
		c.walked[l.view] = l
	}
}

// Disagreements returns the files whose sizes differ between views and, with severity
// Info since files may be hidden on purpose, those that are not in every view. It walks
// the views for which Take was not called.
func (c *Comparison) Disagreements(ctx context.Context) ([]disc.Notice, error) {
	if len(c.views) < 2 {
		return nil, nil
	}
	var found Defects
	first, err := c.of(ctx, c.views[0])
	if err != nil {
		return nil, err
	}
	for _, v := range c.views[1:] {
		other, err := c.of(ctx, v)
		if err != nil {
			return nil, err
		}
		differ, only := first.against(other)
		for _, d := range differ {
			found.Report(disc.Notice{LBA: beginning(first, d.this, other, d.other), Path: string(first.path(d.this))},
				"the file has %[2]d bytes in %[1]s, and %[4]d in %[3]s", first.view, first.files[d.this].size, other.view, other.files[d.other].size)
		}
		reportOnly(&found, first, other, only)
		_, only = other.against(first)
		reportOnly(&found, other, first, only)
	}
	return found.List(), nil
}

// of returns the listing of a view.
func (c *Comparison) of(ctx context.Context, v FS) (*Listing, error) {
	view := v.Volume().View
	if l := c.walked[view]; l != nil {
		return l, nil
	}
	l, _ := list(ctx, v) // a damaged volume as far as it can be read
	l.view = view
	return l, ctx.Err()
}

// beginning returns where the contents begin of a file that is in two listings.
func beginning(a *Listing, i int, b *Listing, k int) disc.LBA {
	switch {
	case a.files[i].count > 0:
		return a.start(i)
	case b.files[k].count > 0:
		return b.start(k)
	}
	return 0
}

// reportOnly reports files of a that are not in b.
func reportOnly(found *Defects, a, b *Listing, only []int) {
	for _, i := range only {
		found.ReportMinor(disc.Notice{LBA: a.start(i), Path: string(a.path(i))}, "the file is in %s and not in %s", a.view, b.view)
	}
}

// everyView opens the views of the session that the options name, except those that are
// read from the same records as another.
func everyView(ctx context.Context, d disc.Disc, o Options) ([]FS, error) {
	r, size, o, err := track(ctx, d, o)
	if err != nil {
		return nil, err
	}
	if o, err = o.ChooseSession(r, size); err != nil {
		return nil, err
	}
	var all []FS
	for _, f := range registered {
		if f.Apart {
			continue
		}
		o.View = ""
		v, err := f.Open(r, size, o)
		if err != nil {
			continue
		}
		views := v.Volume().Views
		for _, name := range views {
			if i := slices.IndexFunc(f.Views, func(w View) bool { return w.Name == name }); i >= 0 && slices.Contains(views, f.Views[i].SameAs) {
				continue
			}
			o.View = name
			if v, err := f.Open(r, size, o); err == nil {
				all = append(all, v)
			}
		}
	}
	return all, nil
}
