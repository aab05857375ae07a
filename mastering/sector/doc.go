// Package sector decodes what is recorded on a CD below its file systems: the packs of
// CD-TEXT (MMC-6 annex J).
package sector
