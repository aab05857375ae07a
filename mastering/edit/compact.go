package edit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	bootupdate "glassmaster/mastering/boot/update"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/iso9660/compact"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/progress"
	udfcompact "glassmaster/mastering/udf/compact"
	"glassmaster/mastering/volume"
)

// Compact plans the image without what nothing refers to. It must not have been edited. The
// plan cannot be carried out as an update, only as a rewritten file or a new image. If the
// structures of the image cannot be moved, it is planned anew from its files (Plan.Unsafe
// says why). Plan.Sessions says whether earlier sessions are lost.
func (m *Image) Compact(ctx context.Context, rep progress.Reporter) (*Plan, error) {
	if len(m.changes()) > 0 {
		return nil, errors.New("save the changes before the image is compacted")
	}
	if rep == nil {
		rep = progress.Discard
	}
	p := &Plan{Before: m.data.Size, m: m}
	err := m.compact(ctx, p, rep)
	if err != nil {
		return nil, fmt.Errorf("compact: %w", err)
	}
	p.After = p.image.Size()
	p.Rewrite, p.Update = p.After, p.After
	return p, nil
}

func (m *Image) compact(ctx context.Context, p *Plan, rep progress.Reporter) error {
	if err := m.checkTracks(); err != nil {
		return err
	}
	set, err := m.rearrange(ctx)
	if !errors.As(err, &p.Unsafe) {
		if err != nil {
			return err
		}
		p.set = set
		return p.layOut(ctx)
	}
	if n := len(m.data.Options.Sessions); n > 1 {
		p.Sessions = n - 1
	}
	return m.anew(ctx, p, rep)
}

// checkTracks returns an error if other tracks of the disc could refer to the one that is
// compacted, or it to them.
func (m *Image) checkTracks() error {
	data := 0
	for _, s := range m.d.TOC().Sessions {
		for _, t := range s.Tracks {
			if t.Mode != disc.Audio {
				data++
			}
		}
	}
	switch {
	case m.track().Start != 0:
		return fmt.Errorf("the volume begins at sector %d, and refers to what is before it: copy its files into a new image instead", m.track().Start)
	case data > 1:
		return fmt.Errorf("the disc has %d data tracks, whose files contain addresses of each other", data)
	}
	return nil
}

// rearrange moves all that is used towards the start of the image.
func (m *Image) rearrange(ctx context.Context) (*patch.Set, error) {
	if n := len(m.data.Options.Sessions); n > 1 {
		return nil, &patch.UnsafeError{Why: fmt.Sprintf("it has %d sessions, which refer to each other", n)}
	}
	s, err := m.survey(ctx)
	if err != nil {
		return nil, err
	}
	u, err := udfcompact.Survey(ctx, m.data, m.data.Size)
	if err != nil {
		return nil, err
	}
	if u != nil {
		for _, r := range u.Used() {
			if r.Fixed {
				s.Fix(r.Start, r.Sectors)
			} else {
				s.Use(r.Start, r.Sectors, 0)
			}
		}
	}
	b, err := bootupdate.Survey(m.data, m.data.Size)
	if err != nil {
		return nil, err
	}
	for _, r := range b.Used() {
		switch {
		case r.Open:
			s.UseOpen(r.Start)
		case r.Behind:
			s.UseBehind(r.Start, r.Sectors, r.Align)
		default:
			s.Use(r.Start, r.Sectors, r.Align)
		}
	}
	plan, err := s.Arrange()
	if err != nil {
		return nil, err
	}
	from, to := plan.Last()
	size, err := b.Move(bootupdate.Moves{Moved: plan.Moved, From: from, To: to})
	if err != nil {
		return nil, err
	}
	plan.SetSize(size)
	set, err := plan.Rearrange(m.source())
	if err != nil {
		return nil, err
	}
	if u != nil {
		if err := u.Write(ctx, set, plan.Moved); err != nil {
			return nil, err
		}
	}
	if err := b.Write(set); err != nil {
		return nil, err
	}
	if err := plan.Resize(set, b.End); err != nil {
		return nil, err
	}
	return set, m.checkRearranged(ctx, set, plan.Moved, b)
}

// survey returns the survey of the ISO 9660 volume of the image, if it has one, and of the
// contents that must stay together.
func (m *Image) survey(ctx context.Context) (*compact.Survey, error) {
	iso := false
	for _, name := range volume.Views(ctx, m.d, volume.Options{Track: m.o.Track}) {
		switch name {
		case iso9660.ViewRockRidge, iso9660.ViewJoliet, iso9660.ViewEnhanced, iso9660.ViewPlain:
			iso = true
		case udfView:
		default:
			return nil, &patch.UnsafeError{Why: "the structures of its " + name + " volume cannot be moved"}
		}
	}
	s := compact.NewSurvey(m.data, m.data.Size)
	if iso {
		if err := s.AddVolume(ctx); err != nil {
			return nil, err
		}
	}
	return s, m.keepVideo(s)
}

// keepVideo keeps the distances between the files of a DVD-Video or DVD-Audio, which its IFO
// files contain (DVD Specifications for Read-Only Disc, parts 3 and 4). An error correction
// block of a DVD has 16 sectors.
func (m *Image) keepVideo(s *compact.Survey) error {
	list, err := m.vol.ReadDir(".")
	if err != nil {
		return err
	}
	first, last := disc.LBA(math.MaxInt32), disc.LBA(0)
	for _, dir := range list {
		if name := dir.Name(); !dir.IsDir() || !strings.EqualFold(name, "VIDEO_TS") && !strings.EqualFold(name, "AUDIO_TS") {
			continue
		}
		files, err := m.vol.ReadDir(dir.Name())
		if err != nil {
			return &patch.UnsafeError{Why: err.Error()}
		}
		for _, f := range files {
			info, err := f.Info()
			if err != nil {
				return err
			}
			a, ok := info.Sys().(*volume.Attributes)
			if !ok || !info.Mode().IsRegular() {
				continue
			}
			for _, x := range a.Extents {
				first, last = min(first, x.Start), max(last, x.Start+disc.LBA((x.Length+disc.SectorSize-1)/disc.SectorSize))
			}
		}
	}
	if first < last {
		s.Use(int64(first), int64(last-first), 16)
	}
	return nil
}
