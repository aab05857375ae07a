package faultrun_test

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"

	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
)

// changing are commands that change the disc or the drive. queries only return
// information.
var (
	changing = []byte{
		scsi.OpFormatUnit, scsi.OpStartStopUnit, scsi.OpPreventAllowMediumRemoval, scsi.OpWrite10, scsi.OpSynchronizeCache,
		scsi.OpReserveTrack, scsi.OpSendOPCInformation, scsi.OpModeSelect10, scsi.OpCloseTrackSession, scsi.OpBlank,
		scsi.OpSetStreaming, scsi.OpSetCDSpeed, scsi.OpSendDiscStructure,
	}
	queries = []byte{
		scsi.OpTestUnitReady, scsi.OpReadFormatCapacities, scsi.OpReadCapacity, scsi.OpRead10, scsi.OpReadTOC,
		scsi.OpGetConfiguration, scsi.OpReadDiscInformation, scsi.OpReadTrackInformation, scsi.OpReadBufferCapacity,
		scsi.OpGetPerformance, scsi.OpReadDiscStructure,
	}
)

// kind is a kind of fault.
type kind struct {
	name string
	// silent means that the drive does not report the fault: only a verification can
	// find it.
	silent bool
	hangs  bool // the drive no longer answers
	faults func(*rand.Rand, *run) virtual.Faults
}

// some returns up to n addresses of sectors of the source on the disc.
func some(r *rand.Rand, s *run, n int) []int64 {
	var all []int64
	for range 1 + r.IntN(n) {
		all = append(all, s.start+r.Int64N(s.sectors))
	}
	return all
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// one returns faults with a single event.
func one(e virtual.Event) virtual.Faults { return virtual.Faults{Events: []virtual.Event{e}} }

// senses are sense codes of errors of discs and drives.
var senses = [][3]byte{
	{3, 0x0C, 0x00},
	{3, 0x0C, 0x09},
	{3, 0x73, 0x03},
	{3, 0x11, 0x05},
	{3, 0x02, 0x00},
	{4, 0x09, 0x01},
	{4, 0x44, 0x00},
	{5, 0x21, 0x02},
	{5, 0x24, 0x00},
	{5, 0x26, 0x00},
	{5, 0x2C, 0x00},
	{5, 0x30, 0x05},
	{5, 0x64, 0x00},
	{5, 0x72, 0x03},
	{6, 0x2A, 0x01},
	{6, 0x28, 0x00},
	{6, 0x29, 0x00},
	{7, 0x27, 0x00},
	{0xB, 0x47, 0x00},
	{2, 0x04, 0x07},
	{2, 0x3A, 0x00},
}

var (
	lost     = [][3]byte{{3, 0x0C, 0x00}, {3, 0x73, 0x03}, {4, 0x09, 0x01}, {3, 0x0C, 0x09}}
	overcome = [][3]byte{{1, 0x0C, 0x01}, {1, 0x17, 0x01}, {1, 0x73, 0x01}}
)

// at returns the number of the command with an operation code at which a fault occurs.
func at(r *rand.Rand, op byte) int {
	switch op {
	case virtual.Any:
		return 1 + r.IntN(200)
	case scsi.OpWrite10, scsi.OpRead10:
		return 1 + r.IntN(40)
	}
	return 1 + r.IntN(4)
}

// deferred returns faults in which a command reports a deferred error: sectors written
// after the last SYNCHRONIZE CACHE are lost.
func deferred(r *rand.Rand, op byte, sense [3]byte, lose []int64) virtual.Faults {
	f := one(virtual.Event{Op: op, At: at(r, op), Sense: sense, Deferred: true})
	f.Lost = lose
	return f
}

var kinds = []kind{
	{name: "none", faults: func(*rand.Rand, *run) virtual.Faults { return virtual.Faults{} }},
	{name: "write error", faults: func(r *rand.Rand, s *run) virtual.Faults {
		return virtual.Faults{WriteErrors: map[int64][3]byte{some(r, s, 1)[0]: pick(r, senses[:14]...)}}
	}},
	{name: "unreadable sectors", silent: true, faults: func(r *rand.Rand, s *run) virtual.Faults {
		return virtual.Faults{ReadErrors: some(r, s, 4)}
	}},
	{name: "sectors that need retries", silent: true, faults: func(r *rand.Rand, s *run) virtual.Faults {
		f := virtual.Faults{Retries: map[int64]int{}}
		for _, at := range some(r, s, 4) {
			f.Retries[at] = 1 + r.IntN(6)
		}
		return f
	}},
	{name: "wrong bytes", silent: true, faults: func(r *rand.Rand, s *run) virtual.Faults {
		return virtual.Faults{Corrupt: some(r, s, 4)}
	}},
	{name: "lost sectors", silent: true, faults: func(r *rand.Rand, s *run) virtual.Faults {
		return virtual.Faults{Lost: some(r, s, 4)}
	}},
	{name: "short track", faults: func(r *rand.Rand, s *run) virtual.Faults {
		return virtual.Faults{Short: 1 + r.Int64N(s.sectors)}
	}},
	{name: "nothing written", faults: func(*rand.Rand, *run) virtual.Faults { return virtual.Faults{Discard: true} }},
	{name: "nothing written, reads from the buffer", silent: true, faults: func(r *rand.Rand, s *run) virtual.Faults {
		return virtual.Faults{Discard: true, ReadCache: echo(r)}
	}},
	{name: "wrong bytes, reads from the buffer", silent: true, faults: func(r *rand.Rand, s *run) virtual.Faults {
		return virtual.Faults{Corrupt: some(r, s, 4), ReadCache: echo(r)}
	}},
	{name: "lost sectors, reads from the buffer, no stop", silent: true, faults: func(r *rand.Rand, s *run) virtual.Faults {
		return virtual.Faults{Lost: some(r, s, 4), ReadCache: echo(r), Refuse: []byte{scsi.OpStartStopUnit}}
	}},
	{name: "command that does nothing", silent: true, faults: func(r *rand.Rand, s *run) virtual.Faults {
		return virtual.Faults{Idle: []byte{pick(r, changing...)}}
	}},
	{name: "BLANK and FORMAT that do nothing", faults: func(r *rand.Rand, s *run) virtual.Faults {
		return virtual.Faults{Idle: []byte{scsi.OpBlank, scsi.OpFormatUnit}}
	}},
	{name: "unsupported command", faults: func(r *rand.Rand, s *run) virtual.Faults {
		return virtual.Faults{Refuse: []byte{pick(r, append(queries, changing...)...)}}
	}},
	{name: "START STOP UNIT fails", faults: func(r *rand.Rand, s *run) virtual.Faults {
		return one(virtual.Event{Op: scsi.OpStartStopUnit, Sense: pick(r, senses[:9]...), Times: virtual.Always})
	}},
	{name: "changing command fails", faults: func(r *rand.Rand, s *run) virtual.Faults {
		op := pick(r, changing...)
		return one(virtual.Event{Op: op, At: at(r, op), Times: 1 + r.IntN(3), Sense: pick(r, senses...)})
	}},
	{name: "query fails", faults: func(r *rand.Rand, s *run) virtual.Faults {
		op := pick(r, queries...)
		return one(virtual.Event{Op: op, At: at(r, op), Times: 1 + r.IntN(3), Sense: pick(r, senses...)})
	}},
	{name: "any command fails", faults: func(r *rand.Rand, s *run) virtual.Faults {
		return one(virtual.Event{Op: virtual.Any, At: at(r, virtual.Any), Sense: pick(r, senses...)})
	}},
	{name: "deferred error", faults: func(r *rand.Rand, s *run) virtual.Faults {
		op := pick(r, scsi.OpWrite10, scsi.OpSynchronizeCache, scsi.OpCloseTrackSession, scsi.OpReadBufferCapacity, scsi.OpTestUnitReady,
			scsi.OpReadDiscInformation, scsi.OpReadTrackInformation, scsi.OpStartStopUnit, scsi.OpPreventAllowMediumRemoval)
		return deferred(r, op, pick(r, lost...), nil)
	}},
	{name: "deferred error, sectors lost", faults: func(r *rand.Rand, s *run) virtual.Faults {
		op := pick(r, scsi.OpWrite10, scsi.OpSynchronizeCache)
		f := deferred(r, op, pick(r, lost...), some(r, s, 4))
		f.Events[0].At = 1
		return f
	}},
	{name: "deferred error at any command", faults: func(r *rand.Rand, s *run) virtual.Faults {
		return deferred(r, virtual.Any, pick(r, lost...), nil)
	}},
	{name: "deferred recovered error", faults: func(r *rand.Rand, s *run) virtual.Faults {
		return deferred(r, pick(r, scsi.OpWrite10, scsi.OpSynchronizeCache, scsi.OpCloseTrackSession, scsi.OpReadBufferCapacity, scsi.OpTestUnitReady), pick(r, overcome...), nil)
	}},
	{name: "deferred recovered error at any command", faults: func(r *rand.Rand, s *run) virtual.Faults {
		return deferred(r, virtual.Any, pick(r, overcome...), nil)
	}},
	{name: "command that times out", faults: func(r *rand.Rand, s *run) virtual.Faults {
		op := pick(r, append(queries, changing...)...)
		return one(virtual.Event{Op: op, At: at(r, op), Hang: virtual.TimesOut})
	}},
	{name: "hang at a changing command", hangs: true, faults: func(r *rand.Rand, s *run) virtual.Faults {
		op := pick(r, changing...)
		return one(virtual.Event{Op: op, At: at(r, op), Hang: virtual.Hung})
	}},
	{name: "hang at any command", hangs: true, faults: func(r *rand.Rand, s *run) virtual.Faults {
		return one(virtual.Event{Op: virtual.Any, At: at(r, virtual.Any), Hang: virtual.Hung})
	}},
	{name: "full buffer", faults: func(r *rand.Rand, s *run) virtual.Faults { return virtual.Faults{BufferFullEvery: 2 + r.IntN(4)} }},
	{name: "capacity too large", faults: func(r *rand.Rand, s *run) virtual.Faults { return virtual.Faults{Capacity: 2 * s.capacity} }},
	{name: "capacity too small", faults: func(r *rand.Rand, s *run) virtual.Faults { return virtual.Faults{Capacity: s.capacity / 2} }},
	{name: "wrong next address", faults: func(r *rand.Rand, s *run) virtual.Faults {
		return virtual.Faults{NWA: pick(r, int64(-32), -16, 1, 16, 32, 4096)}
	}},
	{name: "long operations", faults: func(r *rand.Rand, s *run) virtual.Faults { return virtual.Faults{Polls: 3 + r.IntN(6)} }},
	{name: "disc changed", faults: func(r *rand.Rand, s *run) virtual.Faults { return swapped(r, s, false) }},
	{name: "disc changed, not reported", silent: true, faults: func(r *rand.Rand, s *run) virtual.Faults { return swapped(r, s, true) }},
	{name: "reset", faults: func(r *rand.Rand, s *run) virtual.Faults {
		return one(virtual.Event{Op: virtual.Any, At: at(r, virtual.Any), Reset: true})
	}},
	{name: "cancelled", faults: func(r *rand.Rand, s *run) virtual.Faults {
		return one(virtual.Event{Op: virtual.Any, At: at(r, virtual.Any), Do: s.cancel})
	}},
}

// wrongReplies changes bytes in some replies of queries. It is not one of kinds, so that
// their seeds do not change.
var wrongReplies = kind{name: "wrong replies", silent: true, faults: func(r *rand.Rand, s *run) virtual.Faults {
	interval := 1 + r.IntN(20)
	s.falsify = func(p []byte) {
		for n := r.IntN(3); n >= 0 && len(p) > 0 && r.IntN(interval) == 0; n-- {
			p[r.IntN(len(p))] = pick(r, 0, 0xFF, byte(1<<r.IntN(8)), byte(r.IntN(256)))
		}
	}
	return virtual.Faults{}
}}

// echo returns a read buffer that is not cleared by a stop of the disc, or that ignores
// FUA. Both together could not be noticed with a disc that is smaller than the buffer.
func echo(r *rand.Rand) virtual.ReadCache {
	e := virtual.ReadCache{On: true, Reads: pick(r, int64(0), 0, 16, 600)}
	switch r.IntN(3) {
	case 0:
		e.KeptOnStop = true
	case 1:
		e.IgnoresFUA = true
	}
	return e
}

// swapped changes the disc for another one: with another medium, or with the same one,
// and either blank or with other sectors.
func swapped(r *rand.Rand, s *run, silent bool) virtual.Faults {
	medium := s.medium
	if r.IntN(3) == 0 {
		medium = pick(r, media...)
	}
	other := s.file("other" + strconv.Itoa(len(s.others)))
	s.others = append(s.others, other)
	s.create(other, medium)
	if r.IntN(2) == 0 {
		s.fill(other, virtualtest.Noise(int(s.sectors), 77))
	}
	return one(virtual.Event{Op: virtual.Any, At: at(r, virtual.Any), Swap: other, Silent: silent})
}

// both returns a kind with the faults of two kinds.
func both(a, b kind) kind {
	return kind{
		name: a.name + ", and " + b.name, silent: a.silent || b.silent, hangs: a.hangs || b.hangs,
		faults: func(r *rand.Rand, s *run) virtual.Faults { return joined(a.faults(r, s), b.faults(r, s)) },
	}
}

// joined returns the faults of both; where there can be only one, that of b.
func joined(a, b virtual.Faults) virtual.Faults {
	f := virtual.Faults{
		Events:          slices.Concat(a.Events, b.Events),
		WriteErrors:     map[int64][3]byte{},
		Retries:         map[int64]int{},
		ReadErrors:      slices.Concat(a.ReadErrors, b.ReadErrors),
		Corrupt:         slices.Concat(a.Corrupt, b.Corrupt),
		Lost:            slices.Concat(a.Lost, b.Lost),
		Idle:            slices.Concat(a.Idle, b.Idle),
		Refuse:          slices.Concat(a.Refuse, b.Refuse),
		Short:           cmp.Or(b.Short, a.Short),
		Discard:         a.Discard || b.Discard,
		BufferFullEvery: cmp.Or(b.BufferFullEvery, a.BufferFullEvery),
		Capacity:        cmp.Or(b.Capacity, a.Capacity),
		NWA:             cmp.Or(b.NWA, a.NWA),
		Polls:           cmp.Or(b.Polls, a.Polls),
		ReadCache:       a.ReadCache,
	}
	maps.Copy(f.WriteErrors, a.WriteErrors)
	maps.Copy(f.WriteErrors, b.WriteErrors)
	maps.Copy(f.Retries, a.Retries)
	maps.Copy(f.Retries, b.Retries)
	if b.ReadCache.On {
		f.ReadCache = b.ReadCache
	}
	return f
}
