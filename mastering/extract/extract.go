// Package extract copies files of a volume into a folder of the host, and tracks of a disc
// into files.
//
// The disc is not trusted. Nothing is written outside of the folder, not even through
// symbolic links, which are created last. Device nodes are skipped, set-user-ID bits are
// dropped. Extended attributes and access control lists, which can grant permissions too,
// are not copied. The report lists everything else that differs from the disc.
//
// All folders of the volume are read first, then the files in the order in which they are
// on the disc, since an optical drive seeks slowly.
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
	"glassmaster/mastering/units"
)

// Options are the options of Extract.
type Options struct {
	Paths    []string // files and folders of the volume; none: everything
	Existing Existing // what happens to files that exist already
	Owners   bool     // set the user and group recorded on the disc; needs a privileged user
	// Charset is the character set of names that are not recorded in Unicode: they are
	// converted to UTF-8. Without it their bytes are kept if the host allows.
	Charset filename.Charset
}

// Existing is how files that already exist are treated.
type Existing uint8

// Treatments of a file that already exists.
const (
	Refuse  Existing = iota // it is kept, and the file of the disc counts as failed
	Replace                 // it is replaced when the new one is complete
	Keep                    // it is kept, with a notice
	Both                    // it is kept, and the file of the disc gets another name, with a notice
)

// Report is the result of Extract.
type Report struct {
	Files, Folders, Links int64         // created; Links are symbolic links
	HardLinks             int64         // created as another name of a file
	Bytes                 int64         // written
	Failed                int64         // entries that could not be extracted
	Notices               []disc.Notice // differences from the disc; errors: entries that could not be extracted
}

// Limits of the report: number of notices, and bytes of their texts.
const (
	maxNotices    = 10000
	maxNoticeText = 16 << 20
)

// Extract copies the chosen files of v into dir, which it creates if needed. It continues
// after entries that cannot be extracted; the error then has their number and the cause of
// the first one. When ctx ends, complete files stay, and the one that is being written is
// removed.
func Extract(ctx context.Context, v fs.FS, dir string, o Options, rep progress.Reporter) (Report, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return Report{}, fmt.Errorf("extract: create the folder: %w", err)
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
		return x.report, fmt.Errorf("extract: %s not extracted; the first: %w", units.Count(x.report.Failed, "entry was", "entries were"), x.failure)
	}
	return x.report, nil
}

// clean converts the chosen paths to paths of io/fs, without those that are below
// another.
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
	ctx      context.Context
	v        fs.FS
	o        Options
	rep      progress.Reporter
	plan     *plan
	here     chain // the open folders from the root to the one where files are created
	there    chain // the same for the other name of a hard link
	source   source
	report   Report
	failure  error          // of the first entry that failed
	reported int            // notices that were reported
	text     int            // bytes of the notices
	full     bool           // that there are more failures was reported
	shared   map[place]bool // names of several entries: whether one was created
}

// run creates folders, files and links, in this order, and then sets the attributes of
// folders.
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
		x.setFolder(int32(i))
	}
	return nil
}

// prepare plans what will be created, and under which names.
func (x *extraction) prepare(paths []string) error {
	x.rep.Phase(progress.ReadingFolders, 0)
	x.plan = newPlan(x)
	for _, p := range paths {
		if err := x.plan.choose(p); err != nil {
			return err
		}
	}
	x.plan.names.text = x.textOf()
	x.plan.chooseNames()
	x.here.plan, x.there.plan = x.plan, x.plan
	return nil
}

// fail reports an entry that could not be extracted.
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
		x.rep.Notice(disc.Notice{Severity: disc.Error, Text: "more entries cannot be extracted; they are only counted"})
	}
}

// note reports a difference from the disc.
func (x *extraction) note(p, text string) {
	x.add(disc.Notice{Severity: disc.Warning, Path: p, Text: text})
	switch x.reported++; {
	case x.reported <= maxReported:
		x.rep.Notice(disc.Notice{Severity: disc.Warning, Path: p, Text: text})
	case x.reported == maxReported+1:
		x.rep.Notice(disc.Notice{Severity: disc.Warning, Text: "there are more warnings; --json lists them all"})
	}
}

// maxReported is how many warnings are reported while extracting: a root file system has
// hundreds of links that point outside of it.
const maxReported = 10

// add adds a notice to the report. It returns false if the report is full.
func (x *extraction) add(n disc.Notice) bool {
	x.text += len(n.Path) + len(n.Text)
	if len(x.report.Notices) >= maxNotices || x.text > maxNoticeText {
		return false
	}
	x.report.Notices = append(x.report.Notices, n)
	return true
}

var (
	errFolder = errors.New("its folder could not be created")
	errSame   = errors.New("the disc has another entry of the same name, which is kept")
)
