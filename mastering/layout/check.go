package layout

import "context"

// Check looks at every source once more: whether it is there, can be opened, and
// is as long and as old as it was when the layout was planned. It calls found for
// each that is not, and ends with its error. No contents are read.
//
// It is called before a disc is touched that can be written only once.
func (l *Layout) Check(ctx context.Context, found func(*SourceError) error) error {
	var host hostReader
	defer host.close()
	for i, e := range l.extents {
		if i%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if e.Length == 0 || e.Source == nil {
			continue
		}
		bad := checkSource(e, &host)
		if bad == nil {
			continue
		}
		if err := found(bad); err != nil {
			return err
		}
	}
	return nil
}

// checkSource returns what is wrong with the source of an extent, nil if nothing is.
func checkSource(e Extent, host *hostReader) *SourceError {
	f, ok := e.Source.(*File)
	if !ok {
		if err := unchanged(e.Source); err != nil {
			return sourceError(e.Source, err, delivers(err))
		}
		return nil
	}
	size, modified, err := host.stat(f)
	if err != nil {
		return sourceError(e.Source, err, false)
	}
	if err := e.check(size, modified); err != nil {
		return sourceError(e.Source, err, delivers(err))
	}
	return nil
}
