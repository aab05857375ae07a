package model

import (
	"context"
	"time"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Size returns the size of the compilation when it was measured last.
func (p *Project) Size() Size { return p.size }

// Measuring reports whether the size is being measured again.
func (p *Project) Measuring() bool { return p.pending || p.sizing.Running() }

// SetMedium chooses the medium whose capacity the compilation is compared with.
func (p *Project) SetMedium(m disc.Medium) {
	p.medium = m
	p.changed()
}

// Capacity returns how much of the medium the compilation fills.
func (p *Project) Capacity() Capacity {
	c := Capacity{Medium: p.medium, Content: p.size.Content, Sectors: p.size.Sectors, Counting: p.Measuring()}
	if p.continued != nil {
		c.Old = c.Medium.Bytes() - p.freeForSession()*disc.SectorSize
	}
	return c
}

// measure schedules planning the disc on a copy of the tree, for its exact size.
func (p *Project) measure() {
	p.sizing.Cancel()
	if p.pending {
		return
	}
	p.pending = true
	begin := func() {
		p.pending = false
		p.measureNow()
	}
	if p.delay <= 0 {
		p.post(begin)
		return
	}
	time.AfterFunc(p.delay, func() { p.post(begin) })
}

func (p *Project) measureNow() {
	p.sizing.Cancel()
	if p.image != nil {
		p.sizing = p.image.plan()
		return
	}
	copied := p.comp.Snapshot()
	copied.Seal()
	// Reading all files after each edit would take too long: what is saved by storing
	// identical files once is not measured.
	copied.Contents = compilation.Contents{}
	var s Size
	var job *Job
	continued := p.continued
	job = Start(p.post, "measuring", func(ctx context.Context, _ progress.Reporter) error {
		if continued != nil {
			s = continued.measure(ctx, copied)
			return ctx.Err()
		}
		s = measure(ctx, copied)
		return ctx.Err()
	}, func(err error) {
		if err == nil && p.sizing == job {
			p.size = s
			p.changed()
		}
	})
	p.sizing = job
}

func measure(ctx context.Context, c *compilation.Compilation) Size {
	var s Size
	s.Files, s.Folders, s.Content = c.Count()
	if s.Files+s.Folders == 0 {
		return s
	}
	m, err := c.Plan(ctx)
	if err != nil {
		s.Err = err
		return s
	}
	defer m.Close()
	s.Sectors, s.Notices = m.Sectors(), m.Notices
	return s
}
