package virtual

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// Sizes in the disc file.
const (
	userBytes   = 2048
	rawBytes    = 2352
	restBytes   = rawBytes - userBytes
	pregapLen   = 150 // sectors before address 0 that are kept
	slotBytes   = 1 << 20
	footerBytes = 512
	magic       = "GLASSMASTER DISC"
	version     = 1
)

// store is an open disc file: sectors and two slots for the state.
type store struct {
	f       *os.File
	path    string
	sectors int64
	cd      bool
	base    int64 // of the first slot; -1 in a plain image
	size    int64 // bytes of a plain image
	seq     uint64
	text    []byte // of the newest state
	locked  bool   // the file cannot be written
	noSync  bool   // nobody waits until the file is on the disk of the machine
}

// slotBase returns where the slots of a disc of that many sectors begin.
func slotBase(sectors int64, cd bool) int64 {
	n := sectors * userBytes
	if cd {
		n += sectors*restBytes + pregapLen*rawBytes
	}
	return (n + 4095) / 4096 * 4096
}

// createStore makes a disc file. The file must not exist.
func createStore(path string, m Medium, st *state, noSync bool) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("create a virtual disc: %w", err)
	}
	s := &store{f: f, path: path, sectors: st.Sectors, cd: m.isCD(), base: slotBase(st.Sectors, m.isCD()), noSync: true} // one wait, at the end
	if err = makeSparse(f); err == nil {
		err = s.commit(st)
	}
	if err == nil {
		_, err = f.WriteAt(s.footer(), s.base+2*slotBytes)
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

// footer is the last piece of the file: magic, version, CD or not, capacity in
// sectors, offset of the slots, CRC-32 of the bytes before it.
func (s *store) footer() []byte {
	b := make([]byte, footerBytes)
	copy(b, magic)
	binary.BigEndian.PutUint32(b[16:], version)
	if s.cd {
		b[20] = 1
	}
	binary.BigEndian.PutUint64(b[24:], uint64(s.sectors))
	binary.BigEndian.PutUint64(b[32:], uint64(s.base))
	binary.BigEndian.PutUint32(b[40:], crc32.ChecksumIEEE(b[:40]))
	return b
}

// openStore opens a disc file, or a plain image, whose state is then nil.
func openStore(path string) (*store, *state, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	readOnly := errors.Is(err, os.ErrPermission)
	if readOnly {
		f, err = os.Open(path)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open a virtual disc: %w", err)
	}
	s := &store{f: f, path: path, locked: readOnly}
	st, err := s.load()
	if err == nil && st != nil && !readOnly {
		err = lockFile(f)
	}
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("open the virtual disc %s: %w", path, err)
	}
	return s, st, nil
}

func (s *store) load() (*state, error) {
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
		return nil, s.plain(info.Size())
	}
	if v := binary.BigEndian.Uint32(b[16:]); v != version {
		return nil, fmt.Errorf("its format is version %d, this program knows version %d", v, version)
	}
	s.cd = b[20] == 1
	s.sectors = int64(binary.BigEndian.Uint64(b[24:]))
	s.base = int64(binary.BigEndian.Uint64(b[32:]))
	if binary.BigEndian.Uint32(b[40:]) != crc32.ChecksumIEEE(b[:40]) || s.sectors < 1 || s.sectors > maxSectors ||
		s.base != slotBase(s.sectors, s.cd) || at != s.base+2*slotBytes {
		return nil, errors.New("its footer is damaged")
	}
	return s.newest()
}

// plain takes the file for a plain image.
func (s *store) plain(size int64) error {
	if size == 0 {
		return errors.New("it is empty; remove it to have a blank disc made in its place")
	}
	s.base, s.size = -1, size
	s.sectors = (size + userBytes - 1) / userBytes
	return nil
}

// newest returns the state of the slot that was written last and is whole.
func (s *store) newest() (*state, error) {
	var best *state
	for i := range 2 {
		seq, st := s.slot(i)
		if st != nil && (best == nil || seq > s.seq) {
			best, s.seq = st, seq
		}
	}
	if best == nil {
		return nil, errors.New("both copies of the state of the disc are damaged")
	}
	if err := best.valid(); err != nil {
		return nil, err
	}
	s.text, _ = json.Marshal(best)
	return best, nil
}

// slot reads slot i: sequence number, length, CRC-32, JSON.
func (s *store) slot(i int) (uint64, *state) {
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
	var st state
	if json.Unmarshal(text, &st) != nil || st.Sectors != s.sectors {
		return 0, nil
	}
	return seq, &st
}

// commit makes sectors and state durable: first the sectors, then the state, in
// the slot that does not hold the newest one.
func (s *store) commit(st *state) error {
	if s.locked || s.base < 0 {
		return nil
	}
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	if bytes.Equal(text, s.text) {
		return s.sync()
	}
	if len(text) > slotBytes-16 {
		return errors.New("the state of the disc has grown too large")
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

// sync waits until the file is on the disk of the machine.
func (s *store) sync() error {
	if s.noSync {
		return nil
	}
	return s.f.Sync()
}

// writeUser writes 2048 bytes of sector lba.
func (s *store) writeUser(p []byte, lba int64) error {
	if lba < 0 {
		return s.writeRaw(p, lba)
	}
	_, err := s.f.WriteAt(p, lba*userBytes)
	return err
}

// writeRaw writes up to 2352 bytes of one CD sector.
func (s *store) writeRaw(p []byte, lba int64) error {
	if lba < 0 {
		_, err := s.f.WriteAt(p, s.sectors*rawBytes+(lba+pregapLen)*rawBytes)
		return err
	}
	if _, err := s.f.WriteAt(p[:userBytes], lba*userBytes); err != nil {
		return err
	}
	_, err := s.f.WriteAt(p[userBytes:], s.sectors*userBytes+lba*restBytes)
	return err
}

// readUser fills p with the user data of sectors from lba on.
func (s *store) readUser(p []byte, lba int64) error {
	n, err := s.f.ReadAt(p, lba*userBytes)
	if err == io.EOF && s.base < 0 { // the last sector of a plain image may be short
		clear(p[n:])
		return nil
	}
	return err
}

// readRaw fills p with one CD sector of 2352 bytes.
func (s *store) readRaw(p []byte, lba int64) error {
	if lba < 0 {
		_, err := s.f.ReadAt(p, s.sectors*rawBytes+(lba+pregapLen)*rawBytes)
		return err
	}
	if _, err := s.f.ReadAt(p[:userBytes], lba*userBytes); err != nil {
		return err
	}
	_, err := s.f.ReadAt(p[userBytes:], s.sectors*userBytes+lba*restBytes)
	return err
}

// erase makes the user data of the whole disc zeros, and gives back its room.
func (s *store) erase() error {
	end := s.sectors * userBytes
	if s.cd {
		end += s.sectors*restBytes + pregapLen*rawBytes
	}
	if punch(s.f, 0, end) == nil {
		return nil
	}
	return s.clear(0, end)
}

// clear fills n bytes at off with zeros where they are something else.
func (s *store) clear(off, n int64) error {
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
