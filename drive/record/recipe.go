package record

import (
	"glassmaster/drive/mmc"
)

// recipe is how one kind of medium is written. The order of the commands is the usual
// one: speed, write parameters, calibration, reservation, writing, SYNCHRONIZE CACHE,
// closing.
type recipe struct {
	name    string
	way     Mode  // the mode of this recipe
	unit    int64 // the number of sectors written is a multiple of this
	least   int64 // sectors that a track has at least
	page    bool  // mode page 05h is set, see parameters
	mode    mmc.WriteType
	opc     bool // the laser is calibrated before the first track
	reserve bool // a track of the size is reserved first
	closing closing
	test    bool // writing can be simulated
	single  bool // the disc has only one session
}

// closing is how writing ends, after SYNCHRONIZE CACHE.
type closing uint8

const (
	closesItself  closing = iota // SYNCHRONIZE CACHE closes the disc, or there is nothing to close
	closeSession                 // the session, or the disc as the write parameters say
	closeTrack                   // the track, then the session or the disc as they say
	closePlus                    // the track, then the session, or the disc by a command of its own
	endFormatting                // the background format of a DVD+RW, if it runs
	endGrowing                   // the format of a DVD-RW, if it was enlarged by writing
)

// DVD is written in ECC blocks of 16 sectors, BD in clusters of 32.
const (
	dvdBlock  = 16
	bdCluster = 32
)

// recipeTAO is track at once on CD. A data track has at least 300 sectors, which is four
// seconds.
var recipeTAO = recipe{
	name: "track at once", way: TrackAtOnce, unit: 1, least: 300, page: true, mode: mmc.TrackAtOnce,
	opc: true, closing: closeSession, test: true,
}

// recipeSAO is session at once on CD.
var recipeSAO = recipe{name: "session at once", way: SessionAtOnce, unit: 1, page: true, mode: mmc.DiscAtOnce, opc: true, test: true}

// recipeRaw is a session of a CD whose sub-channels, lead-in and lead-out come from the host.
var recipeRaw = recipe{name: "raw", way: Raw, unit: 1, page: true, mode: mmc.Raw, opc: true, test: true}

// recipeFor returns the recipe for a medium, or false if it cannot be written.
func recipeFor(m medium, o Options) (recipe, bool) {
	plus := recipe{name: "sequential", way: Sequential, unit: dvdBlock, closing: closePlus}
	over := recipe{name: "overwrite", way: Overwrite, unit: dvdBlock}
	switch m.profile {
	case mmc.CDR, mmc.CDRW:
		return recipeTAO, true
	case mmc.DVDR, mmc.DVDRW, mmc.DVDRDL:
		return dvdMinusRecipe(m, o), true
	case mmc.DVDRDLJ:
		return recipeJump, true
	case mmc.DVDPR, mmc.DVDPRDL:
		return plus, true
	case mmc.BDRSRM:
		plus.unit = bdCluster
		return plus, true
	case mmc.DVDPRW, mmc.DVDPRWDL:
		over.closing = endFormatting
		return over, true
	case mmc.DVDRWRO:
		over.page, over.closing = true, endGrowing
		return over, true
	case mmc.DVDRAM:
		return over, true
	case mmc.BDRE:
		over.unit = bdCluster
		return over, true
	}
	return recipe{}, false
}

// recipeAtOnce is disc at once on DVD-R and DVD-RW.
var recipeAtOnce = recipe{
	name: "disc at once", way: DiscAtOnce, unit: dvdBlock, page: true, mode: mmc.DiscAtOnce, opc: true,
	reserve: true, test: true, single: true,
}

// dvdMinusRecipe chooses between the two ways to write DVD-R and DVD-RW: incrementally,
// which needs feature 0021h and allows for sessions, and disc at once.
func dvdMinusRecipe(m medium, o Options) recipe {
	switch {
	case m.reservedWhole():
		return recipeAtOnce
	case m.info.Status == mmc.Appendable:
		return pieces(m)
	case o.Mode == DiscAtOnce || !m.config.Current(mmc.FeatureIncremental):
		return recipeAtOnce
	}
	return pieces(m)
}

// parameters are the fields of mode page 05h for the recipe (MMC-6 7.5).
func (r recipe) parameters(m medium, o Options) mmc.WriteParameters {
	w := mmc.WriteParameters{
		Type: r.mode, Test: o.Simulate, Multisession: o.Appendable && !r.single, DataBlock: 8, TrackMode: 5, BufferFree: m.bufferFree(),
	}
	switch {
	case m.profile.IsCD():
		w.TrackMode, w.AudioPause = 4, 150
	case m.profile == mmc.DVDRWRO:
		w.FixedPacket = true
	case r.mode == mmc.Incremental, r.mode == mmc.LayerJump:
		w.FixedPacket, w.PacketSize, w.LinkSize = true, dvdBlock, m.linkSize()
	}
	return w
}

// bufferFree reports whether the drive supports BUFFER UNDERRUN FREE recording on this
// medium: bit 6 of the first byte of the features 002Dh and 002Fh, bit 0 of the
// third of 0021h (MMC-6 5.3.23, 5.3.25, 5.3.11).
func (m medium) bufferFree() bool {
	for _, x := range []struct {
		code uint16
		at   int
		mask byte
	}{{mmc.FeatureCDTrackAtOnce, 0, 0x40}, {mmc.FeatureDVDRWrite, 0, 0x40}, {mmc.FeatureIncremental, 2, 1}} {
		f, ok := m.config.Feature(x.code)
		if ok && f.Current && len(f.Data) > x.at && f.Data[x.at]&x.mask != 0 {
			return true
		}
	}
	return false
}

// linkSize returns the link size in sectors according to feature 0021h (MMC-6 5.3.11:
// byte 7 their number, the sizes from byte 8).
func (m medium) linkSize() int {
	f, ok := m.config.Feature(mmc.FeatureIncremental)
	if !ok || len(f.Data) < 5 || f.Data[3] == 0 {
		return dvdBlock
	}
	return int(f.Data[4])
}
