package image

// Foreign returns the format that a file extension such as ".mdx" stands for if that
// format cannot be written: another image format, or an archive. Otherwise it returns "".
// Unknown extensions are ignored, as in "backup-2026.01".
func Foreign(extension string) string {
	switch extension {
	case ".mdf":
		return "the data file of an Alcohol image (name the image .mds)"
	case ".mdx":
		return "a Daemon Tools image"
	case ".cdi":
		return "a DiscJuggler image"
	case ".b5t", ".b6t":
		return "a BlindWrite image"
	case ".cif":
		return "an Easy CD Creator image"
	case ".daa":
		return "a PowerISO image"
	case ".isz":
		return "a compressed UltraISO image"
	case ".uif":
		return "a MagicISO image"
	case ".zso", ".dax", ".ecm":
		return "a compressed image"
	case ".sub":
		return "the sub-channels of a CloneCD image (name the image .ccd)"
	case ".b5i", ".b6i", ".bwt":
		return "a BlindWrite image"
	case ".c2d":
		return "a WinOnCD image"
	case ".gdi":
		return "a GD-ROM image"
	case ".wav", ".aiff", ".aif", ".flac", ".mp3", ".ogg":
		return "a sound file (\"glassmaster extract --track N -o FILE.wav\" copies an audio track)"
	case ".scram", ".scm":
		return "a dump of scrambled sectors"
	case ".wim":
		return "a Windows image"
	case ".vhd", ".vhdx", ".vmdk", ".qcow2":
		return "a virtual hard disk"
	case ".gz", ".xz", ".bz2", ".zst":
		return "a compressed file"
	case ".zip", ".7z", ".rar", ".tar":
		return "an archive"
	}
	return ""
}
