package boot

import (
	"fmt"
	"strconv"
	"strings"
)

// Platform is the kind of machine that a boot image is for (El Torito 2.1, 2.3).
type Platform byte

// Platforms. That of UEFI is defined by the UEFI Specification 13.3.2.1.
const (
	BIOS    Platform = 0x00
	PowerPC Platform = 0x01
	Mac     Platform = 0x02
	EFI     Platform = 0xEF
)

// Emulation is the kind of disk that a boot image appears as (El Torito 2.2).
type Emulation byte

// Emulations. FloppyBySize is the floppy that has the size of the image.
const (
	NoEmulation  Emulation = 0
	Floppy12     Emulation = 1
	Floppy144    Emulation = 2
	Floppy288    Emulation = 3
	HardDisk     Emulation = 4
	FloppyBySize Emulation = 0xFF
)

// Style is how boot code for disks learns the address of the boot image.
type Style uint8

// Styles of boot code.
const (
	StyleAuto     Style = iota // detected from the code itself
	StyleISOLINUX              // block address of the image at byte 432
	StyleGRUB                  // block address of the image's second sector at byte 432
	StylePlain                 // it does not
)

// GPT is a kind of GUID partition table.
type GPT uint8

// Kinds of GPT.
const (
	GPTNone GPT = iota
	// GPTOnly is a GPT according to the UEFI Specification, with a protective MBR.
	GPTOnly
	// GPTHybrid is a GPT and an MBR that both list partitions, with partitions that
	// overlap, as isohybrid writes them for old Macs.
	GPTHybrid
)

// Type is the type of a partition: an MBR type and the type GUID of a GPT.
type Type struct {
	MBR  byte
	GUID GUID
}

// Types of partitions.
var (
	TypeEFI       = Type{0xEF, GUID{0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B}} // C12A7328-F81F-11D2-BA4B-00A0C93EC93B
	TypeBasicData = Type{0x0C, GUID{0xA2, 0xA0, 0xD0, 0xEB, 0xE5, 0xB9, 0x33, 0x44, 0x87, 0xC0, 0x68, 0xB6, 0xB7, 0x26, 0x99, 0xC7}} // EBD0A0A2-B9E5-4433-87C0-68B6B72699C7
	TypeLinux     = Type{0x83, GUID{0xAF, 0x3D, 0xC6, 0x0F, 0x83, 0x84, 0x72, 0x47, 0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D, 0xE4}} // 0FC63DAF-8483-4772-8E79-3D69D8477DE4
	TypeHFS       = Type{0xAF, GUID{0x00, 0x53, 0x46, 0x48, 0x00, 0x00, 0xAA, 0x11, 0xAA, 0x11, 0x00, 0x30, 0x65, 0x43, 0xEC, 0xAC}} // 48465300-0000-11AA-AA11-00306543ECAC
	TypeISO       = Type{0xCD, TypeBasicData.GUID}
)

// word is a value and its name in saved options and on the command line.
type word[T comparable] struct {
	value T
	text  string
}

var (
	platforms  = []word[Platform]{{BIOS, "bios"}, {PowerPC, "ppc"}, {Mac, "mac"}, {EFI, "efi"}}
	emulations = []word[Emulation]{
		{NoEmulation, "none"},
		{Floppy12, "1.2M"},
		{Floppy144, "1.44M"},
		{Floppy288, "2.88M"},
		{HardDisk, "disk"},
		{FloppyBySize, "floppy"},
	}
	styles = []word[Style]{{StyleAuto, "auto"}, {StyleISOLINUX, "isolinux"}, {StyleGRUB, "grub"}, {StylePlain, "plain"}}
	gpts   = []word[GPT]{{GPTNone, "none"}, {GPTOnly, "only"}, {GPTHybrid, "hybrid"}}
	types  = []word[Type]{
		{TypeEFI, "efi"}, {TypeBasicData, "data"}, {TypeLinux, "linux"}, {TypeHFS, "hfs"}, {TypeISO, "iso"},
	}
)

func wordOf[T comparable](words []word[T], v T) (string, bool) {
	for _, w := range words {
		if w.value == v {
			return w.text, true
		}
	}
	return "", false
}

func valueOf[T comparable](words []word[T], what, s string) (T, error) {
	var known []string
	for _, w := range words {
		if strings.EqualFold(w.text, s) {
			return w.value, nil
		}
		known = append(known, w.text)
	}
	var none T
	return none, fmt.Errorf("%s %q: want one of %s", what, s, strings.Join(known, ", "))
}

func (p Platform) String() string {
	if s, ok := wordOf(platforms, p); ok {
		return s
	}
	return fmt.Sprintf("0x%02x", byte(p))
}

// Description returns the usual name of the platform: "BIOS".
func (p Platform) Description() string {
	switch p {
	case BIOS:
		return "BIOS"
	case PowerPC:
		return "PowerPC"
	case Mac:
		return "Mac"
	case EFI:
		return "EFI"
	}
	return fmt.Sprintf("platform %02Xh", byte(p))
}

// MarshalText implements encoding.TextMarshaler.
func (p Platform) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. It also accepts the number of a
// platform.
func (p *Platform) UnmarshalText(b []byte) error {
	if n, err := strconv.ParseUint(string(b), 0, 8); err == nil {
		*p = Platform(n)
		return nil
	}
	v, err := valueOf(platforms, "platform", string(b))
	*p = v
	return err
}

func (e Emulation) String() string {
	if s, ok := wordOf(emulations, e); ok {
		return s
	}
	return strconv.Itoa(int(e))
}

// Description returns the usual name of the medium: "1.44 MB floppy disk".
func (e Emulation) Description() string {
	switch e {
	case NoEmulation:
		return "no emulation"
	case Floppy12:
		return "1.2 MB floppy disk"
	case Floppy144:
		return "1.44 MB floppy disk"
	case Floppy288:
		return "2.88 MB floppy disk"
	case HardDisk:
		return "hard disk"
	}
	return fmt.Sprintf("unknown medium %d", byte(e))
}

// MarshalText implements encoding.TextMarshaler.
func (e Emulation) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *Emulation) UnmarshalText(b []byte) (err error) {
	*e, err = valueOf(emulations, "emulation", string(b))
	return err
}

func (s Style) String() string { t, _ := wordOf(styles, s); return t }

// MarshalText implements encoding.TextMarshaler.
func (s Style) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Style) UnmarshalText(b []byte) (err error) {
	*s, err = valueOf(styles, "style of boot code", string(b))
	return err
}

func (g GPT) String() string { t, _ := wordOf(gpts, g); return t }

// MarshalText implements encoding.TextMarshaler.
func (g GPT) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (g *GPT) UnmarshalText(b []byte) (err error) {
	*g, err = valueOf(gpts, "GPT", string(b))
	return err
}

func (t Type) String() string {
	if s, ok := wordOf(types, t); ok {
		return s
	}
	if t.GUID == (GUID{}) {
		return fmt.Sprintf("0x%02x", t.MBR)
	}
	return fmt.Sprintf("0x%02x/%s", t.MBR, t.GUID)
}

// MarshalText implements encoding.TextMarshaler.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. It accepts a name such as
// "efi", an MBR type such as 0xef, a GUID, or an MBR type and a GUID with a slash
// between them.
func (t *Type) UnmarshalText(b []byte) error {
	s := string(b)
	if v, err := valueOf(types, "", s); err == nil {
		*t = v
		return nil
	}
	number, guid, both := strings.Cut(s, "/")
	if !both && strings.Count(s, "-") == 4 {
		number, guid = "", s
	}
	v := Type{MBR: TypeBasicData.MBR}
	if number != "" {
		n, err := strconv.ParseUint(number, 0, 8)
		if err != nil || n == 0 {
			_, err = valueOf(types, "partition type", s)
			return fmt.Errorf("%w, a number from 0x01 to 0xff, or a GUID", err)
		}
		v.MBR = byte(n)
	}
	if guid != "" {
		g, err := parseGUID(guid)
		if err != nil {
			return fmt.Errorf("partition type: %w", err)
		}
		v.GUID = g
	}
	*t = v
	return nil
}

// guid returns the GUID of the type in a GPT.
func (t Type) guid() GUID {
	if t.GUID != (GUID{}) {
		return t.GUID
	}
	for _, w := range types {
		if w.value.MBR == t.MBR {
			return w.value.GUID
		}
	}
	return TypeBasicData.GUID
}
