// Package discfile reads and writes the files that hold the discs of a virtual recorder,
// package drive/virtual. They are an image format too.
//
// The file is sparse. It begins with the user data of the disc: sector n is the 2048
// bytes at n*2048. So the file of a disc with one data track can be mounted, and read as
// the ISO image that was burned. After the last sector of the medium follow, on CD only,
// the other 304 bytes of every sector, the 150 whole sectors of the first pre-gap, and the
// sub-channels P to W of every sector, 96 bytes, from the lead-in of the first session to
// 7500 sectors after the end of the medium. The state says which sectors are stored as a
// whole, and which with their sub-channels (type [Area]). From the next multiple of 4096
// on there are two slots of 1 MiB and a footer of 512 bytes:
//
//	footer  0 "GLASSMASTER DISC"   16 version (u32)  20 1 for CD
//	       24 sectors (u64)        32 offset of the first slot (u64)
//	       40 CRC-32 of the bytes before
//	slot    0 sequence number (u64) 8 length (u32)  12 CRC-32 of the text (u32)
//	       16 the state of the disc as JSON
//
// All numbers are big-endian. The state is written after the sectors that it describes
// have been flushed to the file system, into the slot that does not hold the newest
// state. After a crash the disc is as it was when it was last synchronized.
//
// Version 1 has no sub-channels.
//
// The image of a pressed disc has the same interface: see [Pressed].
package discfile

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/journal"
)

// MaxSectors is the largest capacity of a disc, 256 GiB. All media that are sold have
// less.
const MaxSectors = disc.MaxSectors

// Areas of a CD.
const (
	Pregap      = disc.Pregap // sectors before address 0
	LeadInStart = -11077      // where the lead-in of a recordable CD begins (97:34:23)
	LeadInBytes = 96          // of CD-TEXT, which the host sends for each sector of the lead-in
)

// Sizes in the file.
const (
	slotBytes   = 1 << 20
	packBytes   = 18 // of CD-TEXT (MMC-6 annex J)
	userBytes   = disc.SectorSize
	rawBytes    = disc.RawSectorSize
	restBytes   = rawBytes - userBytes
	footerBytes = 512
	magic       = "GLASSMASTER DISC"
	version     = 2
)

// File is an open disc file: sectors and two slots for the state.
type File struct {
	f       *os.File
	sectors int64
	cd      bool
	version uint32
	base    int64  // offset of the first slot; -1 of a pressed disc
	size    int64  // of a file without a footer, in bytes
	seq     uint64 // of the newest state
	text    []byte // of the newest state

	readOnly bool // the file cannot be written
	noSync   bool // see SetNoSync

	image disc.Disc // of a pressed disc; see Pressed
}

// slotBase returns the offset of the slots of a disc with that many sectors.
func slotBase(sectors int64, cd bool, version uint32) int64 {
	n := sectors * userBytes
	if cd {
		n = subBase(sectors)
		if version > 1 {
			n += subSectors(sectors) * subBytes
		}
	}
	return (n + 4095) / 4096 * 4096
}

// Create creates the file of a disc with this state. cd: its sectors are those of a CD.
// The file must not exist. noSync is explained at [File.SetNoSync].
func Create(path string, cd bool, st *State, noSync bool) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("create a virtual disc: %w", err)
	}
	s := &File{f: f, sectors: st.Sectors, cd: cd, version: version, base: slotBase(st.Sectors, cd, version), noSync: true} // synchronize once, at the end
	makeSparse(f)
	// The footer first: a file without one is taken for the image of a pressed disc.
	if _, err = f.WriteAt(s.footer(), s.base+2*slotBytes); err == nil {
		err = s.Commit(st)
	}
	if s.noSync = noSync; err == nil {
		err = s.sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(path)
		return fmt.Errorf("create the virtual disc %s: %w", path, err)
	}
	return nil
}

// footer returns the footer of the file; the package documentation has its fields.
func (s *File) footer() []byte {
	b := make([]byte, footerBytes)
	copy(b, magic)
	binary.BigEndian.PutUint32(b[16:], s.version)
	if s.cd {
		b[20] = 1
	}
	binary.BigEndian.PutUint64(b[24:], uint64(s.sectors))
	binary.BigEndian.PutUint64(b[32:], uint64(s.base))
	binary.BigEndian.PutUint32(b[40:], crc32.ChecksumIEEE(b[:40]))
	return b
}

// Open opens a disc file for a recorder, and locks it: another Open fails with ErrInUse
// until the file is closed. The error wraps ErrNoDiscFile if it is another file, such as an
// image.
func Open(path string) (*File, *State, error) {
	if _, _, err := journal.Recover(path); err != nil {
		return nil, nil, fmt.Errorf("open a virtual disc: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	readOnly := errors.Is(err, os.ErrPermission)
	if readOnly {
		f, err = os.Open(path)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open a virtual disc: %w", err)
	}
	s := &File{f: f, readOnly: readOnly}
	st, err := s.load()
	switch {
	case err != nil:
	case st == nil && s.size == 0:
		err = errors.New("it is empty; remove it to have a blank disc created in its place")
	case st == nil:
		err = ErrNoDiscFile
	case !readOnly:
		if err = lockFile(f); err == nil {
			st, err = s.load() // a recorder may have written it before it was locked
		}
	}
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("open the virtual disc %s: %w", path, err)
	}
	return s, st, nil
}

// load reads the newest state. It returns nil if the file has no footer.
func (s *File) load() (*State, error) {
	info, err := s.f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	b := make([]byte, footerBytes)
	at := info.Size() - footerBytes
	if at >= 0 {
		if _, err := s.f.ReadAt(b, at); err != nil {
			return nil, err
		}
	}
	if !bytes.HasPrefix(b, []byte(magic)) {
		s.size = info.Size()
		return nil, nil
	}
	s.version = binary.BigEndian.Uint32(b[16:])
	if s.version < 1 || s.version > version {
		return nil, fmt.Errorf("its format has version %d; this program supports the versions 1 to %d; use a newer version of this program", s.version, version)
	}
	s.cd = b[20] == 1
	s.sectors = int64(binary.BigEndian.Uint64(b[24:]))
	s.base = int64(binary.BigEndian.Uint64(b[32:]))
	if binary.BigEndian.Uint32(b[40:]) != crc32.ChecksumIEEE(b[:40]) || s.sectors < 1 || s.sectors > MaxSectors ||
		s.base != slotBase(s.sectors, s.cd, s.version) || at != s.base+2*slotBytes {
		return nil, errors.New("the footer of the file is damaged")
	}
	return s.newest()
}

// Sectors returns the capacity of the disc in sectors.
func (s *File) Sectors() int64 { return s.sectors }

// IsCD reports whether the disc is a CD, whose sectors have 2352 bytes.
func (s *File) IsCD() bool { return s.cd }

// ReadOnly reports whether the file cannot be written, or the disc is pressed.
func (s *File) ReadOnly() bool { return s.readOnly || s.base < 0 }

// SetNoSync sets whether Commit returns without waiting until the operating
// system has written the file to its storage. After a power failure the file may then be
// damaged.
func (s *File) SetNoSync(on bool) { s.noSync = on }

// Name returns the path by which the file was opened, or "" of a pressed disc.
func (s *File) Name() string {
	if s.image != nil {
		return ""
	}
	return s.f.Name()
}

// Close closes the file.
func (s *File) Close() error {
	if s.image != nil {
		return s.image.Close()
	}
	return s.f.Close()
}

// newest returns the state of the slot that was written last and is not damaged.
func (s *File) newest() (*State, error) {
	var best *State
	for i := range 2 {
		seq, st := s.slot(i)
		if st != nil && (best == nil || seq > s.seq) {
			best, s.seq = st, seq
		}
	}
	if best == nil {
		return nil, errors.New("both copies of the state of the disc are damaged")
	}
	if !best.valid(s.cd) || !s.HasSub() && best.hasSub() {
		return nil, ErrState
	}
	s.text, _ = json.Marshal(best)
	return best, nil
}

// slot reads the sequence number and the state of slot i, nil if it is damaged.
func (s *File) slot(i int) (uint64, *State) {
	b := make([]byte, 16)
	at := s.base + int64(i)*slotBytes
	if _, err := s.f.ReadAt(b, at); err != nil {
		return 0, nil
	}
	seq, n := binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:])
	if seq == 0 || n > slotBytes-16 {
		return 0, nil
	}
	text := make([]byte, n)
	if _, err := s.f.ReadAt(text, at+16); err != nil {
		return 0, nil
	}
	if binary.BigEndian.Uint32(b[12:]) != crc32.ChecksumIEEE(text) {
		return 0, nil
	}
	var st State
	if json.Unmarshal(text, &st) != nil || st.Sectors != s.sectors {
		return 0, nil
	}
	return seq, &st
}

// Commit synchronizes the sectors, then writes and synchronizes the state, in the slot
// that does not hold the newest one. It does nothing if the file is read only.
func (s *File) Commit(st *State) error {
	if s.ReadOnly() {
		return nil
	}
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	if bytes.Equal(text, s.text) {
		return s.sync()
	}
	if !st.valid(s.cd) { // the file could not be opened again
		return ErrState
	}
	if len(text) > slotBytes-16 {
		return errors.New("the disc has too many tracks and sessions for its file")
	}
	if err := s.sync(); err != nil {
		return err
	}
	b := make([]byte, 16, 16+len(text))
	binary.BigEndian.PutUint64(b, s.seq+1)
	binary.BigEndian.PutUint32(b[8:], uint32(len(text)))
	binary.BigEndian.PutUint32(b[12:], crc32.ChecksumIEEE(text))
	if _, err := s.f.WriteAt(append(b, text...), s.base+int64((s.seq+1)%2)*slotBytes); err != nil {
		return err
	}
	s.seq, s.text = s.seq+1, text
	return s.sync()
}

// sync waits until the operating system has written the file to its storage.
func (s *File) sync() error {
	if s.noSync {
		return nil
	}
	return s.f.Sync()
}

// WriteUser writes the user data of sectors from lba on. Before address 0, p is that of one
// sector.
func (s *File) WriteUser(p []byte, lba int64) error {
	if lba < 0 {
		return s.writePregap(p, lba)
	}
	_, err := s.f.WriteAt(p, lba*userBytes)
	return err
}

// writePregap writes a sector before address 0 of a CD: 2352 bytes, or the user data alone.
func (s *File) writePregap(p []byte, lba int64) error {
	_, err := s.f.WriteAt(p, s.sectors*rawBytes+(lba+Pregap)*rawBytes)
	return err
}

// ReadUser fills p with the user data of sectors from lba on, which is not negative.
func (s *File) ReadUser(p []byte, lba int64) error {
	if s.image != nil {
		return s.readImage(p, lba)
	}
	_, err := s.f.ReadAt(p, lba*userBytes)
	return err
}

// readPregap fills p with a sector before address 0 of a CD, 2352 bytes.
func (s *File) readPregap(p []byte, lba int64) error {
	_, err := s.f.ReadAt(p, s.sectors*rawBytes+(lba+Pregap)*rawBytes)
	return err
}

// Erase overwrites all sectors with zeros, or makes a hole in the file.
func (s *File) Erase() error {
	end := s.sectors * userBytes
	if s.cd {
		end = subBase(s.sectors)
		if s.HasSub() {
			end += subSectors(s.sectors) * subBytes
		}
	}
	if punchHole(s.f, 0, end) == nil {
		return nil
	}
	return s.clear(0, end)
}

// ClearSectors overwrites n sectors from lba on with zeros. Those that are zero already
// are not written, so that the file remains sparse.
func (s *File) ClearSectors(lba, n int64) error {
	if err := s.clear(lba*userBytes, n*userBytes); err != nil || !s.cd {
		return err
	}
	return s.clear(s.sectors*userBytes+lba*restBytes, n*restBytes)
}

// clear writes zeros over those of the n bytes at off that are not zero.
func (s *File) clear(off, n int64) error {
	zeros, p := make([]byte, 64<<10), make([]byte, 64<<10)
	for ; n > 0; off, n = off+int64(len(p)), n-int64(len(p)) {
		p = p[:min(n, int64(len(p)))]
		if _, err := s.f.ReadAt(p, off); err != nil {
			return err
		}
		if bytes.Equal(p, zeros[:len(p)]) {
			continue
		}
		if _, err := s.f.WriteAt(zeros[:len(p)], off); err != nil {
			return err
		}
	}
	return nil
}
