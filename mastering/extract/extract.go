// Package extract copies files of a volume into a folder of the host.
//
// What comes from a disc is not trusted. Nothing is written outside of the
// folder, not even through symbolic links, which are made after everything else;
// device nodes are left out and set-user-ID bits are dropped. Extended attributes
// and access control lists, which can give rights too, are not taken from the
// disc. The report says whatever else is not on the host as it is on the disc.
//
// All folders of the volume are read first, then the files in the order in which
// they lie on the disc: an optical drive seeks slowly.
package extract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/progress"
)

// Options choose what is extracted, and how.
type Options struct {
	Paths    []string // files and folders of the volume, slash-separated; none: everything
	Existing Existing // what happens to files that are there already
	Owners   bool     // give files the user and group of the disc; takes a privileged user
	// Charset is that of names which the disc does not record in Unicode: they become
	// UTF-8. Without it their bytes are kept, where the host can.
	Charset filename.Charset
}

// Existing says what happens to a file that is in the folder already.
type Existing uint8

// What can happen to a file that is there.
const (
	Refuse  Existing = iota // it is kept, and the entry of the disc counts as failed
	Replace                 // it is replaced, once the new one is complete
	Keep                    // it is kept, and the report says so
	Both                    // it is kept, and the entry of the disc gets another name, which the report says
)

// Report says what was done.
type Report struct {
	Files, Folders, Links int64         // made; Links are symbolic links
	HardLinks             int64         // names that were made as a further name of a file
	Bytes                 int64         // of contents written
	Failed                int64         // entries that are not on the host
	Notices               []disc.Notice // what differs on the host from the disc; errors: entries that are not there
}

// Bounds of the report of a volume that is damaged throughout: notices, and bytes of
// their text.
const (
	maxNotices    = 10000
	maxNoticeText = 16 << 20
)

// Extract copies the chosen files of v into dir, which is made when it is not
// there. It goes on behind entries that cannot be extracted; then the error says
// how many there are and what is wrong with the first. When ctx ends, the files
// that are complete stay, and the one that is being written is removed.
func Extract(ctx context.Context, v fs.FS, dir string, o Options, rep progress.Reporter) (Report, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return Report{}, fmt.Errorf("extract: make the folder: %w", err)
	}
	root, err := openHost(dir)
	if err != nil {
		return Report{}, fmt.Errorf("extract: open the folder: %w", err)
	}
	return extract(ctx, v, root, o, rep)
}

// extract is Extract into an open folder, which it closes.
func extract(ctx context.Context, v fs.FS, root hostFolder, o Options, rep progress.Reporter) (Report, error) {
	defer root.close()
	x := &extraction{ctx: ctx, v: v, o: o, rep: rep, here: chain{root: root}, there: chain{root: root}}
	defer x.here.leave(0)
	defer x.there.leave(0)
	paths, err := clean(o.Paths)
	if err == nil {
		err = x.run(paths)
	}
	if err != nil {
		return x.report, fmt.Errorf("extract: %w", err)
	}
	if x.failure != nil {
		return x.report, fmt.Errorf("extract: not everything is in the folder, %d left out; the first: %w", x.report.Failed, x.failure)
	}
	return x.report, nil
}

// clean makes the chosen paths what io/fs wants, leaving out those that lie
// below another.
func clean(paths []string) ([]string, error) {
	var list []string
	for _, p := range paths {
		p = strings.Trim(p, "/")
		if p == "" {
			p = "."
		}
		if !filename.ValidPath(p) {
			return nil, fmt.Errorf("%q is not a path on the volume", p)
		}
		list = append(list, p)
	}
	if len(list) == 0 || slices.Contains(list, ".") {
		return []string{"."}, nil
	}
	slices.Sort(list)
	chosen := map[string]bool{}
	return slices.DeleteFunc(list, func(p string) bool {
		for up := p; up != "."; up = path.Dir(up) {
			if chosen[up] {
				return true
			}
		}
		chosen[p] = true
		return false
	}), nil
}

// extraction is the state of one Extract.
type extraction struct {
	ctx     context.Context
	v       fs.FS
	o       Options
	rep     progress.Reporter
	plan    *plan
	here    chain // the open folders above the one where files are made
	there   chain // the same for the other name of a hard link
	source  source
	report  Report
	failure error          // of the first entry that failed
	told    int            // notes that were said
	text    int            // bytes of the notes
	full    bool           // that there are more failures was said
	twins   map[place]bool // names of several entries: whether one was made
}

// run does the extraction in its order: folders, files, links, and then the
// attributes of folders, in which nothing is made any more.
func (x *extraction) run(paths []string) error {
	if err := x.prepare(paths); err != nil {
		return err
	}
	x.source = newSource(x.v)
	x.rep.Phase(progress.Extracting, x.plan.total)
	for i := 1; i < len(x.plan.folders); i++ {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		x.makeFolder(int32(i))
	}
	if err := x.makeFiles(); err != nil {
		return err
	}
	for i := range x.plan.links {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		x.makeLink(&x.plan.links[i])
	}
	for i := len(x.plan.folders) - 1; i > 0; i-- { // inner folders first
		x.settleFolder(int32(i))
	}
	return nil
}

// prepare plans what will be made, and under which names.
func (x *extraction) prepare(paths []string) error {
	x.rep.Phase(progress.ReadingFolders, 0)
	x.plan = newPlan(x)
	for _, p := range paths {
		if err := x.plan.choose(p); err != nil {
			return err
		}
	}
	x.plan.names.text = x.textOf()
	x.plan.settle()
	x.here.plan, x.there.plan = x.plan, x.plan
	return nil
}

// fail notes an entry that is not on the host.
func (x *extraction) fail(p string, err error) {
	x.report.Failed++
	if x.failure == nil {
		x.failure = fmt.Errorf("%s: %w", p, err)
	}
	n := disc.Notice{Severity: disc.Error, Path: p, Text: err.Error()}
	if x.add(n) {
		x.rep.Notice(n)
	} else if !x.full {
		x.full = true
		x.rep.Notice(disc.Notice{Severity: disc.Error, Text: "there are more entries that are not on the host; only their number is told"})
	}
}

// note keeps what is not on the host as it is on the disc.
func (x *extraction) note(p, text string) {
	x.add(disc.Notice{Severity: disc.Warning, Path: p, Text: text})
	switch x.told++; {
	case x.told <= maxTold:
		x.rep.Notice(disc.Notice{Severity: disc.Warning, Text: p + " " + text})
	case x.told == maxTold+1:
		x.rep.Notice(disc.Notice{Severity: disc.Warning, Text: "there are more such things; the report holds them"})
	}
}

// maxTold is how many notes are said while extracting: a tree of Unix has
// hundreds of links that lead out of it.
const maxTold = 10

// add puts a note into the report, and returns false when that is full.
func (x *extraction) add(n disc.Notice) bool {
	x.text += len(n.Path) + len(n.Text)
	if len(x.report.Notices) >= maxNotices || x.text > maxNoticeText {
		return false
	}
	x.report.Notices = append(x.report.Notices, n)
	return true
}

var (
	errFolder = errors.New("its folder could not be made")
	errTwin   = errors.New("the disc has another entry of the same name, which is kept")
)
