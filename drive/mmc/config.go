package mmc

import (
	"context"
	"strings"

	"glassmaster/drive/scsi"
)

// Feature numbers that this program asks for (MMC-6 5.3).
const (
	FeatureRemovable     = 0x0003 // removable medium: lock, tray
	FeatureIncremental   = 0x0021 // incremental streaming writable
	FeatureCDTrackAtOnce = 0x002D
	FeatureDVDRWrite     = 0x002F
)

// Feature is one ability of a drive, and whether the medium in it lets the
// drive use it now.
type Feature struct {
	Code       uint16
	Version    byte
	Persistent bool
	Current    bool
	Data       []byte // what is particular to the feature, from byte 4 on
}

// Configuration is the reply to GET CONFIGURATION.
type Configuration struct {
	Profile  Profile // of the medium in the drive
	Features []Feature
}

// Feature returns the feature of that number.
func (c Configuration) Feature(code uint16) (Feature, bool) {
	for _, f := range c.Features {
		if f.Code == code {
			return f, true
		}
	}
	return Feature{}, false
}

// Current reports whether the feature of that number can be used now.
func (c Configuration) Current(code uint16) bool {
	f, ok := c.Feature(code)
	return ok && f.Current
}

// Profiles returns the profiles that the drive knows (the list of feature
// 0000h, MMC-6 5.3.1).
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

// GetConfiguration asks for the profile of the medium and all features
// (GET CONFIGURATION 46h, MMC-6 6.5, RT = 00b).
func GetConfiguration(ctx context.Context, t scsi.Transport) (Configuration, error) {
	p, err := whole(ctx, t, []byte{scsi.OpGetConfiguration, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 8, 4)
	if err != nil {
		return Configuration{}, err
	}
	return decodeConfiguration(p)
}

// CurrentProfile asks for the profile of the medium only (GET CONFIGURATION
// 46h, MMC-6 6.5, the 8-byte header).
func CurrentProfile(ctx context.Context, t scsi.Transport) (Profile, error) {
	p, err := in(ctx, t, []byte{scsi.OpGetConfiguration, 0, 0, 0, 0, 0, 0, 0, 8, 0}, 8)
	if err != nil {
		return 0, err
	}
	if len(p) < 8 {
		return 0, short(scsi.OpGetConfiguration, p)
	}
	return Profile(be.Uint16(p[6:])), nil
}

// decodeConfiguration reads the feature header (bytes 0-3 data length, 6-7
// current profile) and the feature descriptors behind it (0-1 code, 2 version,
// persistent, current, 3 additional length).
func decodeConfiguration(p []byte) (Configuration, error) {
	p = header(p, 4)
	if len(p) < 8 {
		return Configuration{}, short(scsi.OpGetConfiguration, p)
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

// Identity is what a drive says of itself.
type Identity struct {
	DeviceType byte // 5 is a CD or DVD device (SPC-4 table 142)
	Removable  bool
	Vendor     string
	Product    string
	Revision   string
}

// Inquiry asks a drive who it is (INQUIRY 12h, MMC-6 6.8; SPC-4 6.6).
func Inquiry(ctx context.Context, t scsi.Transport) (Identity, error) {
	p, err := in(ctx, t, []byte{scsi.OpInquiry, 0, 0, 0, 36, 0}, 36)
	if err != nil {
		return Identity{}, err
	}
	if len(p) < 5 {
		return Identity{}, short(scsi.OpInquiry, p)
	}
	p = padded(p, 36)
	return Identity{
		DeviceType: p[0] & 0x1F, Removable: p[1]&0x80 != 0,
		Vendor: text(p[8:16]), Product: text(p[16:32]), Revision: text(p[32:36]),
	}, nil
}

// text returns printable ASCII without the padding around it.
func text(p []byte) string {
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, string(p))
	return strings.TrimSpace(s)
}
