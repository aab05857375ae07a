package layout

import "context"

// Check checks that every source exists, can be opened, and has the size and
// modification time that it had when the layout was planned. It calls found for each
// source that does not, and returns if that returns an error. It reads no contents.
//
// It is called before anything is written to a write-once disc.
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

// checkSource checks the source of an extent, and returns nil if it is unchanged.
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
