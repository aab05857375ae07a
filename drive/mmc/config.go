package mmc

import (
	"context"

	"glassmaster/drive/scsi"
)

// Feature numbers (MMC-6 5.3).
const (
	FeatureRemovable     = 0x0003 // removable medium: lock and tray
	FeatureIncremental   = 0x0021 // incremental streaming writable
	FeatureCDRead        = 0x001E // bit 0 of byte 4: CD-TEXT
	FeatureCDTrackAtOnce = 0x002D
	FeatureCDMastering   = 0x002E // session at once, and raw
	FeatureDVDRWrite     = 0x002F
	FeatureLayerJump     = 0x0033 // DVD-R DL
	FeatureBDRPOW        = 0x0038 // BD-R with pseudo overwrite
)

// Feature is a feature of a drive, and whether it can be used with the current medium.
type Feature struct {
	Code       uint16
	Version    byte
	Persistent bool
	Current    bool
	Data       []byte // feature dependent data, from byte 4 of the descriptor
}

// Configuration is the reply to GET CONFIGURATION.
type Configuration struct {
	Profile  Profile // of the medium in the drive
	Features []Feature
}

// Feature returns the feature with a number.
func (c Configuration) Feature(code uint16) (Feature, bool) {
	for _, f := range c.Features {
		if f.Code == code {
			return f, true
		}
	}
	return Feature{}, false
}

// Current reports whether the feature with a number can be used with the current medium.
func (c Configuration) Current(code uint16) bool {
	f, ok := c.Feature(code)
	return ok && f.Current
}

// CDWriting is how a drive can write a CD.
type CDWriting struct {
	TrackAtOnce   bool
	SessionAtOnce bool
	Raw           bool // with P and Q from the host
	RawSessions   bool // several sessions raw
	SubChannels   bool // R to W from the host, too
	// Blocks has a bit for each data block type that can be written track at once; 0: unknown.
	Blocks   uint16
	CueSheet int // largest size of a cue sheet in bytes; 0: unknown
}

// CDWriting returns how the drive can write the CD in it, or with blank set, once it is blank:
// features 002Dh (MMC-6 5.3.23, bytes 4 flags, 6 data types supported) and 002Eh (MMC-6 5.3.24,
// bytes 4 BUF (6), SAO (5), raw with several sessions (4), raw (3), test write (2), CD-RW (1), R-W
// (0); 5 maximum length of a cue sheet). A drive without feature 002Dh is one from before that
// features were defined, all of which write track at once.
func (c Configuration) CDWriting(blank bool) CDWriting {
	var w CDWriting
	f, ok := c.Feature(FeatureCDTrackAtOnce)
	w.TrackAtOnce = !ok || f.Current || blank
	if w.TrackAtOnce {
		w.Blocks = be.Uint16(padded(f.Data, 4)[2:])
	}
	if f, ok := c.Feature(FeatureCDMastering); ok && (f.Current || blank) {
		p := padded(f.Data, 4)
		w.SessionAtOnce, w.RawSessions = p[0]&0x20 != 0, p[0]&0x18 == 0x18
		w.Raw, w.SubChannels = p[0]&8 != 0, p[0]&1 != 0
		w.CueSheet = int(be.Uint32(p) & 0xFFFFFF)
	}
	return w
}

// BufferFreeCD reports whether the drive protects a CD that is written in this way from buffer
// underruns: bit 6 of the first byte of feature 002Dh, or of 002Eh for sessions at once and raw.
func (c Configuration) BufferFreeCD(w WriteType) bool {
	code := uint16(FeatureCDTrackAtOnce)
	if w == DiscAtOnce || w == Raw {
		code = FeatureCDMastering
	}
	f, ok := c.Feature(code)
	return ok && f.Current && len(f.Data) > 0 && f.Data[0]&0x40 != 0
}

// Profiles returns the profiles that the drive supports (feature 0000h, MMC-6 5.3.1).
func (c Configuration) Profiles() []Profile {
	f, ok := c.Feature(0)
	if !ok {
		return nil
	}
	var all []Profile
	for p := f.Data; len(p) >= 4; p = p[4:] {
		all = append(all, Profile(be.Uint16(p)))
	}
	return all
}

// GetConfiguration returns the current profile and all features (GET CONFIGURATION 46h,
// MMC-6 6.5, RT = 00b).
func GetConfiguration(ctx context.Context, t scsi.Transport) (Configuration, error) {
	p, err := receiveAll(ctx, t, []byte{scsi.OpGetConfiguration, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 8, 4)
	if err != nil {
		return Configuration{}, err
	}
	return decodeConfiguration(p)
}

// CurrentProfile returns the current profile (GET CONFIGURATION 46h, MMC-6 6.5, the 8-byte
// header).
func CurrentProfile(ctx context.Context, t scsi.Transport) (Profile, error) {
	p, err := receive(ctx, t, []byte{scsi.OpGetConfiguration, 0, 0, 0, 0, 0, 0, 0, 8, 0}, 8)
	if err != nil {
		return 0, err
	}
	if len(p) < 8 {
		return 0, shortReply(scsi.OpGetConfiguration, p)
	}
	return Profile(be.Uint16(p[6:])), nil
}

// decodeConfiguration decodes the feature header (bytes 0-3 data length, 6-7 current
// profile) and the feature descriptors (0-1 code, 2 version, persistent, current, 3
// additional length).
func decodeConfiguration(p []byte) (Configuration, error) {
	p = declared(p, 4)
	if len(p) < 8 {
		return Configuration{}, shortReply(scsi.OpGetConfiguration, p)
	}
	c := Configuration{Profile: Profile(be.Uint16(p[6:]))}
	for p = p[8:]; len(p) >= 4; {
		n := min(4+int(p[3]), len(p))
		c.Features = append(c.Features, Feature{
			Code: be.Uint16(p), Version: p[2] >> 2 & 15, Persistent: p[2]&2 != 0, Current: p[2]&1 != 0, Data: p[4:n],
		})
		p = p[n:]
	}
	return c, nil
}
