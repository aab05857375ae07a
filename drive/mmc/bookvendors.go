package mmc

import (
	"context"

	"glassmaster/drive/scsi"
)

// Operation codes of vendors for book types.
const (
	opLiteOnBook  = 0xDF
	opPlextorMode = 0xE9
	opRicohSet    = 0xF9
	opRicohGet    = 0xFA
	opLGGet       = 0xFA
	opLGSet       = 0xFC
	opBenQLock    = 0xFD
	opBenQSet     = 0xFE
	opBenQGet     = 0xFF
)

// command12 returns a CDB of 12 bytes that begins with b.
func command12(b ...byte) []byte { return append(b, make([]byte, 12-len(b))...) }

// ricohPage is a mode page that only drives of Ricoh's design have.
const ricohPage = 0x30

// ricohBook: F9h sets a book type: byte 1 what for (02h medium, 0Ch DVD+RW, 14h DVD+R), 2
// book type, 3 FFh. FAh returns a setting: byte 1 what for (00h DVD+RW, 10h DVD+R), 8
// length; book type in byte 4 of 6. Other drives may take these codes for something else, so
// the mode page is looked for first.
type ricohBook struct{}

func (ricohBook) supports(b BookTarget) bool { return b != BookOfPlusRDL }

func (ricohBook) set(ctx context.Context, t scsi.Transport, b BookTarget, book byte) error {
	what := [...]byte{BookOfMedium: 0x02, BookOfPlusRW: 0x0C, BookOfPlusR: 0x14}[b]
	return execute(ctx, t, command12(opRicohSet, what, book, 0xFF), calibrateTimeout)
}

func (ricohBook) get(ctx context.Context, t scsi.Transport, b BookTarget) (BookType, error) {
	if _, err := ModePage(ctx, t, ricohPage); err != nil {
		return 0, err
	}
	p, err := receive(ctx, t, command12(opRicohGet, bit(b == BookOfPlusR, 4), 0, 0, 0, 0, 0, 0, 6), 6)
	if err == nil && len(p) < 5 {
		err = shortReply(opRicohGet, p)
	}
	if err != nil {
		return 0, err
	}
	return BookType(p[4] >> 4), nil
}

// benqBook: FDh F1h "BENQ" makes the drive accept the other commands, and FDh F2h "BENQ"
// ends that. FEh sets a book type: byte 1 what for (02h medium, 04h DVD+RW, 05h DVD+R), 2
// book type, 3 one for DVD+R DL. FFh returns a setting: byte 1 what for (00h DVD+RW, 10h
// DVD+R), 2 one for DVD+R DL; book type in byte 0 of 2.
type benqBook struct{}

func (benqBook) supports(BookTarget) bool { return true }

// unlocked runs f while the drive accepts the commands of the vendor.
func (benqBook) unlocked(ctx context.Context, t scsi.Transport, f func() error) error {
	lock := func(code byte) error {
		return execute(ctx, t, command12(opBenQLock, code, 'B', 'E', 'N', 'Q'), 0)
	}
	if err := lock(0xF1); err != nil {
		return err
	}
	err := f()
	if e := lock(0xF2); err == nil {
		err = e
	}
	return err
}

func (m benqBook) set(ctx context.Context, t scsi.Transport, b BookTarget, book byte) error {
	what := [...]byte{BookOfMedium: 2, BookOfPlusRW: 4, BookOfPlusR: 5, BookOfPlusRDL: 5}[b]
	return m.unlocked(ctx, t, func() error {
		return execute(ctx, t, command12(opBenQSet, what, book, bit(b == BookOfPlusRDL, 0)), calibrateTimeout)
	})
}

func (m benqBook) get(ctx context.Context, t scsi.Transport, b BookTarget) (BookType, error) {
	var book BookType
	err := m.unlocked(ctx, t, func() error {
		p, err := receive(ctx, t, command12(opBenQGet, bit(b != BookOfPlusRW, 4), bit(b == BookOfPlusRDL, 0)), 2)
		if err == nil && len(p) < 1 {
			err = shortReply(opBenQGet, p)
		}
		if err == nil {
			book = BookType(p[0] >> 4)
		}
		return err
	})
	return book, err
}

// lgBook: FCh "+RTB" sets both book types: byte 8 length 4; data byte 0 DVD+R, 1 DVD+R DL.
// FAh returns them: byte 8 length 4.
type lgBook struct{}

func (lgBook) supports(b BookTarget) bool { return b == BookOfPlusR || b == BookOfPlusRDL }

func (lgBook) settings(ctx context.Context, t scsi.Transport) ([]byte, error) {
	p, err := receive(ctx, t, []byte{opLGGet, 0, 0, 0, 0, 0, 0, 0, 4, 0}, 4)
	if err == nil && len(p) < 2 {
		err = shortReply(opLGGet, p)
	}
	return padded(p, 4), err
}

func (m lgBook) set(ctx context.Context, t scsi.Transport, b BookTarget, book byte) error {
	p, err := m.settings(ctx, t) // the other one remains
	if err != nil {
		return err
	}
	p[b-BookOfPlusR] = book & 0xF0
	return send(ctx, t, []byte{opLGSet, 0, '+', 'R', 'T', 'B', 0, 0, 4, 0}, p, calibrateTimeout)
}

func (m lgBook) get(ctx context.Context, t scsi.Transport, b BookTarget) (BookType, error) {
	p, err := m.settings(ctx, t)
	if err != nil {
		return 0, err
	}
	return BookType(p[b-BookOfPlusR] >> 4), nil
}

// liteOnBook: DFh with byte 2 = 0Fh sets the book type of all DVD+ media: byte 3 one, 4 one
// for DVD-ROM, and returns it: byte 7 length 128; byte 0 of the reply one for DVD-ROM.
type liteOnBook struct{}

func (liteOnBook) supports(b BookTarget) bool { return b != BookOfMedium }

func (liteOnBook) set(ctx context.Context, t scsi.Transport, _ BookTarget, book byte) error {
	return execute(ctx, t, command12(opLiteOnBook, 0, 0x0F, 1, bit(book == bookROM, 0)), calibrateTimeout)
}

func (liteOnBook) get(ctx context.Context, t scsi.Transport, b BookTarget) (BookType, error) {
	const size = 128
	p, err := receive(ctx, t, command12(opLiteOnBook, 0, 0x0F, 0, 0, 0, 0, size), size)
	if err == nil && len(p) < 1 {
		err = shortReply(opLiteOnBook, p)
	}
	if err != nil {
		return 0, err
	}
	if p[0] == 1 {
		return BookROM, nil
	}
	return BookType(b.own() >> 4), nil
}

// plextorBook: E9h with byte 2 = 22h, byte 1 = 10h to set and 00h to ask, 3 what for (0Ah
// DVD+R, 0Eh DVD+R DL), 5 one for DVD-ROM, 9 length 8; byte 2 of the reply is the setting.
type plextorBook struct{}

func (plextorBook) supports(b BookTarget) bool { return b == BookOfPlusR || b == BookOfPlusRDL }

func (plextorBook) mode(ctx context.Context, t scsi.Transport, b BookTarget, set, rom bool) ([]byte, error) {
	const size = 8
	what := byte(0x0A)
	if b == BookOfPlusRDL {
		what = 0x0E
	}
	p, err := receive(ctx, t, command12(opPlextorMode, bit(set, 4), 0x22, what, 0, bit(rom, 0), 0, 0, 0, size), size)
	if err == nil && len(p) < 3 {
		err = shortReply(opPlextorMode, p)
	}
	return p, err
}

func (m plextorBook) set(ctx context.Context, t scsi.Transport, b BookTarget, book byte) error {
	_, err := m.mode(ctx, t, b, true, book == bookROM)
	return err
}

func (m plextorBook) get(ctx context.Context, t scsi.Transport, b BookTarget) (BookType, error) {
	p, err := m.mode(ctx, t, b, false, false)
	if err != nil {
		return 0, err
	}
	if p[2] != 0 {
		return BookROM, nil
	}
	return BookType(b.own() >> 4), nil
}
