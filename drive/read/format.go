package read

import "glassmaster/drive/mmc"

// Unformatted reports whether a medium that is overwritten in place has to be formatted,
// or an interrupted format resumed, before it can be written.
func Unformatted(p mmc.Profile, info mmc.DiscInformation, f mmc.FormatCapacities) bool {
	switch p {
	case mmc.DVDPRW, mmc.DVDPRWDL:
		return info.Background < 2
	case mmc.BDRE, mmc.DVDRAM:
		return f.State == mmc.Unformatted || f.State == 0 && info.Status == mmc.Blank
	}
	return false
}

// FormatType is the format type for a medium that is overwritten in place (MMC-6 6.4):
// 26h for DVD+RW, otherwise 00h, which is the whole medium.
func FormatType(p mmc.Profile) byte {
	if p == mmc.DVDPRW || p == mmc.DVDPRWDL {
		return mmc.FormatDVDPlusRW
	}
	return mmc.FormatWhole
}

// FormattedSize returns the number of sectors of a fully formatted medium that is
// overwritten in place, 0 if unknown.
func FormattedSize(p mmc.Profile, info mmc.DiscInformation, f mmc.FormatCapacities, speeds []mmc.WriteSpeed) int64 {
	// While an interrupted format has to be resumed the drive reports only the formatted
	// part; the list has the whole size.
	if f.State == mmc.Formatted && f.Blocks > 0 && !Unformatted(p, info, f) {
		return f.Blocks
	}
	if whole, ok := f.Find(FormatType(p)); ok {
		return whole.Blocks
	}
	size := f.Blocks
	for _, s := range speeds {
		size = max(size, s.End+1)
	}
	return size
}

// GrownSize returns how many sectors a DVD-RW in restricted overwrite mode has when its
// format is enlarged as far as possible (MMC-6 6.4: format type 13h enlarges it, 10h and
// 00h are the whole disc), 0 for other media, or if the drive cannot do that.
func GrownSize(p mmc.Profile, f mmc.FormatCapacities) int64 {
	if _, ok := f.Find(mmc.FormatDVDRWGrow); !ok || p != mmc.DVDRWRO || f.State != mmc.Formatted {
		return 0
	}
	whole, ok := f.Find(mmc.FormatDVDRW)
	if !ok {
		whole, _ = f.Find(mmc.FormatWhole)
	}
	return whole.Blocks
}
