package command

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"glassmaster/app/source"
	"glassmaster/drive/scsi"
	"glassmaster/drive/trace"
	"glassmaster/mastering/volume"
)

// viewFlag adds the flag that chooses whose names are shown.
func viewFlag(c *cobra.Command, view *string) {
	c.Flags().StringVar(view, "view", "", "show the names of this `VIEW`: rockridge, joliet, iso9660, udf (the richest one there is)")
}

// opener returns what opens discs and drives in this run.
func (s *session) opener() source.Opener {
	o := source.Opener{Report: s.report()}
	if s.record != nil {
		o.Wrap = func(name string, t scsi.Transport) scsi.Transport {
			return trace.Wrap(t, s.record, "drive "+name)
		}
	}
	return o
}

// openSource opens a disc and passes on what there is to say about it.
func (s *session) openSource(ctx context.Context, name string) (*source.Source, error) {
	src, err := s.opener().Open(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, w := range src.Warnings {
		s.warn(w)
	}
	return src, nil
}

// openVolume opens a disc and the file system on it.
func (s *session) openVolume(ctx context.Context, name, view string) (*source.Source, volume.FS, error) {
	src, err := s.openSource(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	vol, err := volume.OpenDisc(src.Disc, volume.Options{View: viewName(view)})
	if err != nil {
		src.Close()
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return src, vol, nil
}

// viewName is the name of a view as package volume spells it.
func viewName(v string) string {
	plain := strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(v))
	switch plain {
	case "rockridge", "rr", "rock":
		return "Rock Ridge"
	case "joliet":
		return "Joliet"
	case "iso9660", "iso":
		return "ISO 9660"
	case "udf":
		return "UDF"
	}
	return v
}

// onDisc turns a path that a person wrote into one of io/fs.
func onDisc(p string) string {
	p = path.Clean("/" + p)[1:]
	if p == "" {
		return "."
	}
	return p
}
