package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"glassmaster/drive"
	"glassmaster/drive/record"
	"glassmaster/drive/ring"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Drive is a drive in which a disc is burned.
type Drive struct {
	Name      string
	Transport scsi.Transport
	Options   record.Options // as for [Recorder]
}

// Several is a disc that is planned to be burned in several drives at once. The source is
// read once while it is written: each drive takes the sectors at its own pace, as far as a
// buffer allows. A drive that fails, hangs or falls behind does not hold up the others.
//
// Each disc is proved by itself. The first drive compares its disc with the source, which
// is read again for that, and the others with checksums of what was sent to them. Discs with
// other tracks than data of mode 1 are all compared with the source, which shows the offset
// with which each drive reads audio.
type Several struct {
	jobs   []*Job
	drives []Drive
}

// NewSeveral plans to burn a source in several drives. It changes neither. It fails if a
// disc cannot be burned in one of them, which the error names. The caller closes the source
// and the drives after Run, which can be called once.
func NewSeveral(ctx context.Context, from *source.Source, drives []Drive) (*Several, error) {
	if err := different(drives); err != nil {
		return nil, err
	}
	base, err := reading(ctx, from)
	if err != nil {
		return nil, err
	}
	size := drives[0].Options.Buffer
	if size == 0 {
		size = ring.DefaultSize
	}
	s := &Several{drives: drives}
	var shared *share
	if len(drives) > 1 {
		shared = newShare(base.disc, from.Once, len(drives), size)
	}
	for i, d := range drives {
		to := &recorder{t: d.Transport, o: d.Options, sumsOnly: i > 0 && onlyData(base.disc.TOC())}
		if shared != nil {
			to.feed = shared.feed(i)
		}
		j, err := base.into(ctx, to)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
		s.jobs = append(s.jobs, j)
	}
	return s, nil
}

// different refuses a drive that is named twice.
func different(drives []Drive) error {
	seen := map[string]string{}
	for _, d := range drives {
		id := drive.Identity(d.Name)
		if other, ok := seen[id]; ok {
			return fmt.Errorf("%s and %s are the same drive; name each drive once", other, d.Name)
		}
		seen[id] = d.Name
	}
	return nil
}

// Plans returns what Run will do in each drive.
func (s *Several) Plans() []Plan {
	var all []Plan
	for _, j := range s.jobs {
		all = append(all, j.Plan())
	}
	return all
}

// Outcome is what became of the disc in one drive.
type Outcome struct {
	Drive  string
	Result Result
	Err    error // nil: the disc is good
}

// Run burns the disc in all drives, and proves it. reports are the progress of each drive;
// what is done for all of them is reported to all. It returns when all drives have
// finished.
func (s *Several) Run(ctx context.Context, reports []progress.Reporter) []Outcome {
	all := make([]Outcome, len(s.jobs))
	for i, d := range s.drives {
		all[i].Drive = d.Name
		all[i].Result.Plan = s.jobs[i].plan.Plan
	}
	if len(s.jobs) > 1 {
		if salvage := s.jobs[0].salvage; salvage != nil {
			salvage.Start()
		}
		if err := s.jobs[0].prepare(ctx, s.userData(), tee(reports)); err != nil {
			for i := range all {
				all[i].Err = err
			}
			return all
		}
	}
	var running sync.WaitGroup
	for i, j := range s.jobs {
		running.Go(func() { all[i].Result, all[i].Err = j.guarded(ctx, reports[i]) })
	}
	running.Wait()
	checkSums(all)
	return all
}

// userData returns the tracks of the source whose user data one of the drives writes.
func (s *Several) userData() []disc.Track {
	var all []disc.Track
	for _, j := range s.jobs {
		for _, t := range j.to.(*recorder).burn.UserData() {
			if !slices.ContainsFunc(all, func(x disc.Track) bool { return x.Start == t.Start }) {
				all = append(all, t)
			}
		}
	}
	return all
}

// guarded is Run, and turns a panic into an error: it must not end the program while other
// drives are writing.
func (j *Job) guarded(ctx context.Context, rep progress.Reporter) (r Result, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%w: %v", errPanic, fault)
		}
	}()
	return j.Run(ctx, rep)
}

// errSums is the error of a drive that was sent other data than the first one.
var errSums = errors.New("the drive was sent other data than the others, although the source is the same: the memory of this computer may be faulty; do not rely on this disc")

// checkSums compares the checksums of what was sent to the drives. The first drive has
// compared its disc with the source; that the others were sent the same makes this hold for
// them too.
func checkSums(all []Outcome) {
	first := all[0].Result
	for i := range all[1:] {
		o := &all[1+i]
		same := o.Result.Plan.Sectors == first.Plan.Sectors && o.Result.Plan.Mode == first.Plan.Mode
		if same && first.Equal && o.Err == nil && o.Result.SHA256 != "" && o.Result.SHA256 != first.SHA256 {
			o.Err, o.Result.Equal, o.Result.Verified = fmt.Errorf("%w: %w", record.ErrDiffers, errSums), false, false
		}
	}
}

// tee reports to several reporters.
type tee []progress.Reporter

// Phase implements progress.Reporter.
func (t tee) Phase(p progress.Phase, total int64) {
	for _, r := range t {
		r.Phase(p, total)
	}
}

// Add implements progress.Reporter.
func (t tee) Add(n int64) {
	for _, r := range t {
		r.Add(n)
	}
}

// Buffers implements progress.Reporter.
func (t tee) Buffers(host, drive float64) {
	for _, r := range t {
		r.Buffers(host, drive)
	}
}

// Notice implements progress.Reporter.
func (t tee) Notice(n disc.Notice) {
	for _, r := range t {
		r.Notice(n)
	}
}
