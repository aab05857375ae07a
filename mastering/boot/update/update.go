// Package update changes what boots a disc image, after files of the image have changed:
// everything outside of the file systems that holds the address or the size of something
// else. That is the boot record and the boot catalogue (El Torito), the tables in boot
// images (boot.Patched), the address in boot code for disks, and the partition tables: MBR,
// GPT with its backup, and APM. Bytes that need not change stay as they are, whatever made
// them.
//
// An image grows at its end. Partitions that were appended after the volume are in the way
// then: new data must be inside of the partition of the volume, or it is missing when that
// is mounted; and partitions must not overlap, or UEFI ignores them. So they are copied to
// the new end, and all that refers to them is changed. Their old place becomes part of the
// volume. Their UUIDs and numbers do not change.
//
// Standards: El Torito 1.0, UEFI Specification 2.10 chapter 5, Inside Macintosh: Devices
// chapter 3.
package update

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
)

// Options say which volume of the image is changed.
type Options struct {
	// Start is the sector at which the session of the volume begins.
	Start disc.LBA
}

// Updater changes the boot structures of an image. Changes are made in the order of the
// methods: Source for contents that replace others, Update, Add, Replace and Remove, and
// Finish at last, which writes them into the Set. Notices returns what was noticed.
type Updater struct {
	set     *patch.Set
	o       Options
	image   int64 // blocks of the image as it was
	before  []byte
	head    []byte // the system area, as it will be
	records []record
	volume  volumeSize
	cat     *catalog
	changed bool // the catalogue
	gpt     *gpt
	apm     *apm
	parts   []*partition
	tail    span // of the appended partitions, or where the backup GPT begins
	code    codeTarget
	labels  []label
	pending map[disc.LBA][]*boot.Patched
	replace map[*partition]contents
	copied  int64
	found   []string
	gone    []gone // entries that were removed with their files
	changes []string
	notices []disc.Notice
	ends    func(int64) int64 // see End, in blocks
	end     int64             // block after the volume as it will be, 0 if it does not grow
	// unreadable says why the boot catalogue could not be read, if there is one.
	unreadable string
}

// record is a boot record that names the catalogue.
type record struct {
	lba int64
	now int64 // the address of the catalogue that it has, or 0 for none
}

// volumeSize is what the primary volume descriptor says.
type volumeSize struct {
	sectors int64 // its end
	root    int64 // the sector of the root directory
}

// contents are what replaces an appended partition.
type contents struct {
	source layout.Source
	size   int64
}

// codeTarget is what the boot code for disks refers to.
type codeTarget struct {
	lba   int64 // of the boot image, 0: none
	extra int64 // blocks that are added to its address
	// orphan: the entry of the catalogue for the image was removed.
	orphan bool
}

// New returns an updater of the boot structures of an image. It is an *patch.UnsafeError if
// they contradict each other so that they cannot be changed.
func New(set *patch.Set, o Options) (*Updater, error) {
	u := &Updater{
		set: set, o: o, image: set.BaseSize() / boot.BlockSize,
		pending: map[disc.LBA][]*boot.Patched{}, replace: map[*partition]contents{},
	}
	u.head = make([]byte, boot.SystemArea)
	if n, err := set.Base().ReadAt(u.head[:min(boot.SystemArea, set.BaseSize())], 0); n < int(min(boot.SystemArea, set.BaseSize())) {
		return nil, fmt.Errorf("read the system area: %w", noEOF(err))
	}
	u.before = bytes.Clone(u.head)
	if err := u.readRecords(); err != nil {
		return nil, err
	}
	u.labels = findLabels(u.head)
	if !u.refusesTables() {
		u.readTables()
	}
	u.findCode()
	u.findImages()
	u.describe()
	return u, nil
}

func noEOF(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// refusesTables reports whether another label has the place of the MBR.
func (u *Updater) refusesTables() bool {
	for _, l := range u.labels {
		if l.instead {
			return true
		}
	}
	return false
}

func (u *Updater) readTables() {
	u.parts = readMBR(u.head)
	var problem string
	if u.gpt, problem = readGPT(u.set.Base(), u.head, u.set.BaseSize()); problem != "" {
		u.warn(problem+": it is left as it is", "check the image with a partition tool")
	}
	if u.gpt != nil {
		u.parts = append(u.parts, u.gpt.partitions()...)
	}
	if u.apm = readAPM(u.head); u.apm != nil {
		u.parts = append(u.parts, u.apm.partitions()...)
	}
}

// findCode finds which image the boot code for disks starts.
func (u *Updater) findCode() {
	n := bootAddress(u.head)
	if n == 0 || u.refusesTables() {
		return
	}
	t := codeTarget{}
	if containsText(u.head[:boot.BlockSize], "GRUB ") {
		t.extra = blocks
	}
	for _, extra := range []int64{t.extra, 0, blocks} {
		if at := n - extra; at > 0 && at%blocks == 0 && u.entryAt(at/blocks) {
			u.code = codeTarget{lba: at / blocks, extra: extra}
			return
		}
	}
}

// entryAt reports whether the image of an entry of the catalogue begins at a sector.
func (u *Updater) entryAt(lba int64) bool {
	for _, p := range u.cat.places() {
		if entryAddress(u.cat.entry(p)) == lba {
			return true
		}
	}
	return false
}

// findImages finds the partitions that are boot images of the volume, and those after it.
func (u *Updater) findImages() {
	u.findTail()
	for _, p := range u.parts {
		if !p.tail && !p.covers && p.span.start > 0 && p.span.start%blocks == 0 && u.entryAt(p.span.start/blocks) {
			p.image = true
		}
	}
}

// Offsets in volume descriptors (ECMA-119 8, El Torito 2 figure 7).
const (
	descriptorID   = 1
	recordSystem   = 7
	recordCatalog  = 71
	descriptorSize = 80
	descriptorRoot = 156 + 2
)

const elTorito = "EL TORITO SPECIFICATION"

// maxDescriptors bounds how many volume descriptors are read.
const maxDescriptors = 64

// readRecords finds the boot records and the catalogue.
func (u *Updater) readRecords() error {
	first := int64(u.o.Start) + systemSectors
	at := []int64{first}
	if u.o.Start != 0 { // a copy of the descriptors is where a disc without sessions has them
		at = append(at, systemSectors)
	}
	for _, lba := range at {
		if err := u.readSet(lba); err != nil {
			return err
		}
	}
	if len(u.records) == 0 || u.records[0].now == 0 {
		return nil
	}
	lba := u.records[0].now
	u.records = slices.DeleteFunc(u.records, func(r record) bool { return r.now != lba })
	n := min(maxCatalog, u.set.BaseSize()-lba*boot.SectorSize)
	if n < boot.SectorSize {
		u.unreadable = fmt.Sprintf("the boot record refers to sector %d, which the image does not have", lba)
		u.warn(u.unreadable, "")
		u.records = nil
		return nil
	}
	p := make([]byte, n)
	if k, err := u.set.Base().ReadAt(p, lba*boot.SectorSize); int64(k) < n {
		return fmt.Errorf("read the boot catalogue at sector %d: %w", lba, noEOF(err))
	}
	c, err := parseCatalog(p, lba)
	if err != nil {
		u.unreadable = fmt.Sprintf("the boot catalogue at sector %d cannot be read: %v", lba, err)
		u.warn(u.unreadable, "it is left as it is")
		u.records = nil
		return nil
	}
	u.cat = c
	return nil
}

// systemSectors is the number of sectors before the first volume descriptor.
const systemSectors = boot.SystemArea / boot.SectorSize

// readSet reads a set of volume descriptors.
func (u *Updater) readSet(lba int64) error {
	p := make([]byte, boot.SectorSize)
	for end := lba + maxDescriptors; lba < end && (lba+1)*boot.SectorSize <= u.set.BaseSize(); lba++ {
		if n, err := u.set.ReadAt(p, lba*boot.SectorSize); n < len(p) {
			return fmt.Errorf("read the volume descriptor at sector %d: %w", lba, noEOF(err))
		}
		if string(p[descriptorID:descriptorID+5]) != "CD001" || p[0] == 255 {
			break
		}
		le := binary.LittleEndian
		switch {
		case p[0] == 1 && u.volume.sectors == 0:
			u.volume = volumeSize{int64(le.Uint32(p[descriptorSize:])), int64(le.Uint32(p[descriptorRoot:]))}
		case p[0] == 0 && string(p[recordSystem:][:len(elTorito)]) == elTorito:
			u.records = append(u.records, record{lba, int64(le.Uint32(p[recordCatalog:]))})
		case p[0] == 0 && len(bytes.Trim(p[recordSystem:recordCatalog+4], "\x00 ")) == 0:
			u.records = append(u.records, record{lba, 0}) // of a volume that is no longer bootable
		}
	}
	return nil
}

func (u *Updater) warn(text, advice string) {
	u.notices = append(u.notices, disc.Notice{Severity: disc.Warning, Text: text, Advice: advice})
}

func (u *Updater) note(format string, args ...any) {
	u.changes = append(u.changes, fmt.Sprintf(format, args...))
}

func containsText(p []byte, s string) bool { return bytes.Contains(p, []byte(s)) }
