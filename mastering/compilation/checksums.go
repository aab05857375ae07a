package compilation

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
)

// checksumFile is the name of the file of checksums in the root of a disc.
const checksumFile = "SHA256SUMS"

// checksums are the lines of checksumFile, in the order of their paths. Since the length
// of each line is known in advance, the checksums are computed while the image is
// written, when the files are read anyway. The file is the last one on the disc.
type checksums struct {
	lines    []sumLine
	contents []*content // in the order of the tree

	work   sync.Mutex      // held while contents are read
	mu     sync.Mutex      // of what follows
	ahead  <-chan struct{} // closed when a running computation has ended
	text   []byte          // nil until it is complete
	failed int             // contents that could not be read
}

// sumLine is the line of a file.
type sumLine struct {
	c    *content
	path string
}

// String implements layout.Source.
func (s *checksums) String() string { return "/" + checksumFile }

// Render implements layout.Renderer. If the checksums are not being computed yet, it reads
// all files.
func (s *checksums) Render(p []byte) {
	s.mu.Lock()
	ahead := s.ahead
	s.mu.Unlock()
	if ahead != nil {
		<-ahead
	} else {
		s.compute(context.Background(), progress.Discard)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	copy(p, s.text)
}

// sumFiles computes the file of checksums in advance, if that was left to the writing of
// the image.
func (m *Image) sumFiles(ctx context.Context, rep progress.Reporter) error {
	if m.late == nil {
		return nil
	}
	m.late.compute(ctx, rep)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m.warnUnsummed(rep)
	return nil
}

// warnUnsummed reports how many files are not in the file of checksums.
func (m *Image) warnUnsummed(rep progress.Reporter) {
	if m.late == nil {
		return
	}
	if text := m.late.missing(); text != "" {
		rep.Notice(disc.Notice{Severity: disc.Warning, Text: text})
	}
}

// begin computes the checksums in the background until ctx ends. The caller calls end
// before it returns.
func (s *checksums) begin(ctx context.Context) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	s.mu.Lock()
	s.ahead = done
	s.mu.Unlock()
	go func() {
		s.compute(ctx, progress.Discard) // the writing reports the progress
		close(done)
	}()
	return func() {
		stop()
		<-done
		s.mu.Lock()
		s.ahead = nil
		s.mu.Unlock()
	}
}

// compute completes the text, unless ctx ends first.
func (s *checksums) compute(ctx context.Context, rep progress.Reporter) {
	s.work.Lock()
	defer s.work.Unlock()
	s.mu.Lock()
	complete := s.text != nil
	s.mu.Unlock()
	if complete || hashAll(ctx, s.contents, rep) != nil {
		return
	}
	text, failed := s.join(), 0
	for _, c := range s.contents {
		if c.err != nil {
			failed++
		}
	}
	s.mu.Lock()
	s.text, s.failed = text, failed
	s.mu.Unlock()
}

// join returns the lines. The line of a file that could not be read is a comment of the
// same length.
func (s *checksums) join() []byte {
	var b strings.Builder
	for _, l := range s.lines {
		line := checksumLine(l.c.sum, l.path)
		if l.c.err != nil {
			line = "#" + strings.Repeat("-", 2*sha256.Size-1) + line[2*sha256.Size:]
		}
		b.WriteString(line)
	}
	return []byte(b.String())
}

// missing describes how many files are not in the list; "" if all are.
func (s *checksums) missing() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return unread(s.failed)
}

func unread(files int) string {
	if files == 0 {
		return ""
	}
	return units.Count(files, "file could not be read and is", "files could not be read and are") + " not in " + checksumFile
}

// checksumLine returns a line in the format of sha256sum: a leading backslash marks a
// name with escaped characters.
func checksumLine(sum [sha256.Size]byte, name string) string {
	escape := ""
	if strings.ContainsAny(name, "\\\n\r") {
		escape = `\`
		name = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`).Replace(name)
	}
	return fmt.Sprintf("%s%x  %s\n", escape, sum, name)
}

// insertChecksums adds the file of checksums to the root. If they are computed later, it
// comes last on the disc.
func (p *preparation) insertChecksums(o *master.Options, late bool) {
	s := &checksums{}
	sums := map[*tree.Node]*content{}
	for _, c := range p.contents {
		if p.starts[c] {
			p.warn("%s is not in %s: it changes on the disc, since its own address is written into it", c.nodes[0].Path(), checksumFile)
			continue
		}
		if c.err != nil {
			s.failed++
			continue
		}
		s.contents = append(s.contents, c)
		for _, n := range c.nodes {
			sums[n] = c
		}
	}
	if text := unread(s.failed); text != "" {
		p.warn("%s", text)
	}
	size := int64(0)
	hidden := o.Hidden()
	_ = p.root.Walk(func(n *tree.Node) error {
		if c := sums[n]; c != nil && (len(hidden) == 0 || !hidden.MatchWithin(n)) {
			s.lines = append(s.lines, sumLine{c, "." + n.Path()})
			size += int64(len(checksumLine(c.sum, "."+n.Path())))
		}
		return nil
	})
	slices.SortFunc(s.lines, func(a, b sumLine) int { return strings.Compare(a.path, b.path) })
	var source layout.Source = s
	if late {
		p.late = s
		o.Order = append(slices.Clone(o.Order), master.Weight{Pattern: "/" + checksumFile, Weight: math.MinInt})
	} else {
		source = layout.Bytes(s.join())
	}
	n := tree.NewFile(checksumFile, size, time.Time{}, source)
	n.Mode, n.Modified = 0o444, o.Time.UnixNano()
	n.UID, n.GID = p.root.UID, p.root.GID
	p.root.Append(n)
}
