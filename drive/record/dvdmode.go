package record

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"glassmaster/drive/mmc"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// ErrNoMode is in the chain of the error of a write mode that this drive, medium or source
// does not allow for.
var ErrNoMode = errors.New("the disc cannot be written in this mode")

// dvd is what is planned of a burn to a DVD or BD besides its data.
type dvd struct {
	breaks   bool        // the layer break is set to the first of Plan.Layers
	breakSet bool        // and was
	jumps    jumpPlan    // of layer jump recording
	book     booking     // how the book type is set
	chosen   *mmc.Format // of a format that was chosen; nil: the usual one
	room     int64       // sectors with that format; 0: as the drive reports it
}

// planDVD plans how a DVD or BD is written and formatted, before the size is checked.
func (b *Burn) planDVD(ctx context.Context) error {
	for _, check := range []func(context.Context) error{b.checkProtected, b.chooseWay, b.checkVerify} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	if b.recipe.mode == mmc.LayerJump {
		var err error
		if _, b.room, err = b.jumpRoom(ctx); err != nil {
			return err
		}
	}
	return b.chooseSpares()
}

// planProperties plans the properties of a disc that depend on the size of the source, or
// refuses options of other media.
func (b *Burn) planProperties(ctx context.Context) error {
	layers := b.chooseLayers
	if b.recipe.mode == mmc.LayerJump {
		layers = b.planJump
	}
	if err := layers(ctx); err != nil {
		return err
	}
	if err := b.chooseBook(ctx); err != nil {
		return err
	}
	b.noteShort()
	b.plan.Steps = b.steps()
	return nil
}

// propertySteps lists what is set before the first sector is written.
func (b *Burn) propertySteps() []string {
	var s []string
	if b.breaks {
		for _, x := range b.plan.Breaks {
			if x.Chosen {
				s = append(s, fmt.Sprintf("set the layer break after %d sectors: %s", x.Sectors, x.Where))
			}
		}
	}
	s = append(s, b.jumpSteps()...)
	if b.streams() {
		s = append(s, "write without verification by the drive, which is twice as fast; the comparison after the burn verifies")
	}
	if b.driveVerifies() {
		s = append(s, "let the drive verify what it writes, which takes about twice as long")
	}
	if b.book.set {
		s = append(s, fmt.Sprintf("set the book type of %v to %v, and restore the drive's setting afterwards", b.book.target, b.book.want))
	}
	return s
}

// way is a way to write a DVD or BD.
type way struct {
	mode   Mode
	recipe recipe
	err    error // why it is not possible
}

// shortAtOnce is the size in sectors below which a DVD-R that is written disc at once is
// filled up: its lead-out must not begin before a radius of 30 mm or so (MMC-6 4.3.6), which
// can take a quarter of an hour.
const shortAtOnce = 380000

// chooseWay chooses how a DVD or BD is written, by its state, the contents of the source and
// the options, and explains it.
func (b *Burn) chooseWay(ctx context.Context) error {
	m := b.medium
	if b.erase { // its features are not known before that
		m.track, m.info.Status = mmc.TrackInformation{}, mmc.Blank
	}
	ways := b.ways(m)
	if len(ways) == 0 {
		return refuse(fmt.Sprintf("the %v in the drive can only be read; insert a recordable disc", m.profile), ErrNotWritable)
	}
	for _, w := range ways {
		b.plan.Modes = append(b.plan.Modes, Choice{Mode: w.mode, Err: w.err})
	}
	chosen, reason := b.preferred(ctx, m, ways)
	if want := b.o.Mode; want != Auto {
		var err error
		if chosen, err = requested(m, ways, want); err != nil {
			return err
		}
		reason = fmt.Sprintf("%v, as requested", want)
	}
	b.recipe, b.plan.Mode, b.plan.Reason = chosen.recipe, chosen.mode, reason
	return nil
}

// requested returns the way of a mode, or why it is not possible, with those that are.
func requested(m medium, ways []way, want Mode) (way, error) {
	var possible []string
	text := fmt.Sprintf("a %v is not written in the mode %q", m.profile, want.Short())
	for _, w := range ways {
		switch {
		case w.mode == want && w.err == nil:
			return w, nil
		case w.mode == want:
			text = fmt.Sprintf("this %v cannot be written in the mode %q: %v", m.profile, want.Short(), w.err)
		case w.err == nil:
			possible = append(possible, w.mode.Short())
		}
	}
	if len(possible) > 0 {
		text += "; use " + strings.Join(possible, " or ")
	}
	return way{}, refuse(text, ErrNoMode, ErrNotWritable)
}

// ways returns the ways to write a medium, the usual one last.
func (b *Burn) ways(m medium) []way {
	switch m.profile {
	case mmc.DVDR, mmc.DVDRW, mmc.DVDRDL:
		return minusWays(m, b.erase)
	case mmc.DVDRDLJ:
		if m.info.Status == mmc.Blank { // the mode is only that of the last write parameters
			return minusWays(m, b.erase)
		}
		return []way{{mode: LayerJump, recipe: recipeJump}}
	}
	r, ok := recipeFor(m, b.o)
	if !ok {
		return nil
	}
	mode := Sequential
	if !m.sequential() {
		mode = Overwrite
	}
	return []way{{mode: mode, recipe: r}}
}

// minusWays returns the ways to write DVD-R and DVD-RW. The features of a disc that is
// erased first are not known.
func minusWays(m medium, erase bool) []way {
	once, pieces := way{mode: DiscAtOnce, recipe: recipeAtOnce}, way{mode: Incremental, recipe: pieces(m)}
	jump := way{mode: LayerJump, recipe: recipeJump}
	switch {
	case m.reservedWhole():
		pieces.err = errors.New("an earlier burn reserved the whole disc for one run")
		jump.err = pieces.err
	case m.info.Status != mmc.Blank && !erase:
		once.err = errors.New("the disc has a session already")
		jump.err = once.err
	case !erase && !m.config.Current(mmc.FeatureIncremental):
		pieces.err = errors.New("the drive does not offer it for this disc; a DVD-RW that was erased quickly needs a full erase first")
	}
	if !m.config.Current(mmc.FeatureLayerJump) && jump.err == nil {
		jump.err = errors.New("the drive does not support layer jump recording")
	}
	if sameProfile(m.profile, mmc.DVDRDL) {
		return []way{jump, once, pieces}
	}
	return []way{once, pieces}
}

// pieces is incremental writing of DVD-R and DVD-RW.
func pieces(m medium) recipe {
	return recipe{
		name: "incremental", way: Incremental, unit: dvdBlock, page: true, mode: mmc.Incremental, opc: true,
		closing: closeTrack, test: true, single: m.oneSession(),
	}
}

// recipeJump is layer jump recording of DVD-R DL, in which a disc can have several sessions.
var recipeJump = recipe{
	name: "layer jump", way: LayerJump, unit: dvdBlock, page: true, mode: mmc.LayerJump, opc: true, closing: closeTrack, test: true,
}

// preferred returns the way that suits the source and the options best, and why.
func (b *Burn) preferred(ctx context.Context, m medium, ways []way) (way, string) {
	usual := ways[len(ways)-1]
	var once *way
	for i := range ways {
		if ways[i].mode == DiscAtOnce && ways[i].err == nil {
			once = &ways[i]
		}
	}
	switch {
	case len(ways) == 1:
		return usual, fmt.Sprintf("%v, the only way to write a %v", usual.mode, m.profile)
	case usual.err != nil && once != nil:
		return *once, fmt.Sprintf("disc at once, since the disc cannot be written incrementally: %v", usual.err)
	case m.info.Status != mmc.Blank && !b.erase:
		return usual, "incremental, since the disc has a session already"
	case b.o.Appendable && usual.recipe.single:
		return usual, "incremental, although the disc then has one session only: in the mode jump it can have more, but few drives read such a disc"
	case b.o.Appendable:
		return usual, "incremental, since more sessions are to follow"
	case once != nil && b.isVideo(ctx):
		return *once, "disc at once, since this is a DVD-Video: players read a disc best that was written in one run"
	case once != nil && b.erase:
		return *once, "disc at once, since the disc gets one session and can then be erased quickly"
	}
	return usual, "incremental, since the disc can then be closed and read even if the burn fails"
}

// isVideo reports whether the source has the folder of a DVD-Video.
func (b *Burn) isVideo(ctx context.Context) bool {
	v, err := volume.OpenDisc(ctx, b.src, volume.Options{})
	if err != nil {
		return false
	}
	_, err = v.Stat("VIDEO_TS/VIDEO_TS.IFO")
	return err == nil
}

// noteShort says that the lead-out of a short disc takes long.
func (b *Burn) noteShort() {
	n := b.plan.Padded
	if b.recipe.mode == mmc.DiscAtOnce && !b.medium.profile.IsCD() && n < shortAtOnce {
		b.say("a %v needs %s before its lead-out, and the source has %s: the drive fills the rest when it closes the disc, which can take a quarter of an hour; in the mode %q that is quicker",
			b.medium.profile, units.Size(shortAtOnce*disc.SectorSize), units.Size(n*disc.SectorSize), Incremental.Short())
	}
}
