package faultrun_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/record"
)

// variants are the ways to burn DVD and BD that the other runs do not have: they depend on
// options.
var variants = []struct {
	name, medium string
	vendor       string // whose commands for book types the drive has
	o            record.Options
}{
	{"layer break", "DVD+R DL", "", record.Options{LayerBreak: 1024}},
	{"layer break", "DVD-R DL", "", record.Options{LayerBreak: 1024}},
	{"at once", "DVD-R DL", "", record.Options{Mode: record.DiscAtOnce}},
	{"layer jump", "DVD-R DL", "", record.Options{Mode: record.LayerJump}},
	{"layer jump, left open", "DVD-R DL", "", record.Options{Mode: record.LayerJump, Appendable: true}},
	{"at once", "DVD-R", "", record.Options{Mode: record.DiscAtOnce}},
	{"erased, incremental", "DVD-RW", "", record.Options{Mode: record.Incremental, Blank: true}},
	{"verified by the drive", "DVD-RAM", "", record.Options{DriveVerify: true, Blank: true}},
	{"verified by the drive", "BD-RE", "", record.Options{DriveVerify: true, Blank: true}},
	{"no spare areas", "BD-RE", "", record.Options{Spare: spare(record.SpareNone), Blank: true}},
	{"spare areas", "BD-RE", "", record.Options{Spare: spare(record.SpareMost), Blank: true}},
	{"spare areas", "BD-R", "", record.Options{Spare: spare(record.SpareUsual)}},
	{"spare areas of a size", "BD-R XL", "", record.Options{Spare: spare(1024)}},
	{"book type", "DVD+R", "benq", record.Options{BookType: book(mmc.BookROM)}},
	{"book type", "DVD+R DL", "lg", record.Options{BookType: book(mmc.BookROM)}},
	{"book type", "DVD+RW", "ricoh", record.Options{BookType: book(mmc.BookROM), Blank: true}},
}

func spare(s record.Spare) *record.Spare { return &s }
func book(b mmc.BookType) *mmc.BookType  { return &b }

// TestOptions runs one burn for each seed, with an option of DVD or BD and a fault.
func TestOptions(t *testing.T) {
	from, to := seeds(t)
	outcomes := map[string]int{}
	for seed := from; seed < to; seed++ {
		r := rand.New(rand.NewPCG(uint64(seed), 29))
		k := kinds[seed%len(kinds)]
		v := variants[(seed+seed/len(kinds))%len(variants)]
		t.Run(fmt.Sprintf("%d, %s, %s, %s", seed, v.medium, v.name, k.name), func(t *testing.T) {
			s := &run{T: t, dir: t.TempDir(), medium: v.medium, kind: k, vendor: v.vendor, transfer: pick(r, 32<<10, 64<<10, 256<<10)}
			s.prepareBlank(r, v.o)
			outcome := s.judge(s.burn(r))
			outcomes[outcome]++
		})
	}
	t.Logf("%d runs of %d faults on %d variants: %v", to-from, len(kinds), len(variants), outcomes)
}
