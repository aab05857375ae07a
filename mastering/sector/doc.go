// Package sector is about what is recorded in the sectors of a CD below the file system:
// at present the packs of CD-TEXT (MMC-6 annex J, Red Book part 8).
package sector
