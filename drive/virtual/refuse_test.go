package virtual_test

import "testing"

// TestRefused: commands that fail because of the medium or the state of the disc.
func TestRefused(t *testing.T) {
	blank := func(*bench) {}
	page := func(b2, b3, b4 byte) func(*bench) {
		return func(b *bench) { b.page05(b2, b3, b4) }
	}
	written := func(b *bench) { b.writes(0, 32, 2048) }
	final := func(b *bench) {
		b.writes(0, 32, 2048)
		b.ok("5b 00 01 00 00 01 00 00 00 00")
		b.ok("5b 00 06 00 00 00 00 00 00 00")
	}
	formatted := func(b *bench) {
		b.ok(formatCDB, formatList(0xFFFFFFFF, formatPlusRW, 0, 0)...)
	}
	list := func(b ...byte) []byte { return b }
	pages := func(page ...byte) []byte { return append(make([]byte, 8), page...) }
	writePage := func(b2, b3, b4 byte) []byte {
		p := make([]byte, 52)
		p[0], p[1], p[2], p[3], p[4] = 5, 50, b2, b3, b4
		return pages(p...)
	}
	const selectPage = "55 10 00 00 00 00 00 00 3c 00"

	for _, c := range []struct {
		name, medium string
		before       func(*bench)
		want, cdb    string
		data         []byte
	}{
		{"unknown command", "dvd+r", blank, "5/20/00", "01 00 00 00 00 00", nil},
		{"vital product data page", "dvd+r", blank, "5/24/00", "12 01 83 00 60 00", nil},
		{"page code without EVPD", "dvd+r", blank, "5/24/00", "12 00 80 00 60 00", nil},
		{"features by a reserved type", "dvd+r", blank, "5/24/00", "46 03 00 00 00 00 00 00 08 00", nil},
		{"asynchronous events", "dvd+r", blank, "5/24/00", "4a 00 00 00 10 00 00 00 08 00", nil},
		{"saved mode pages", "dvd+r", blank, "5/39/00", "5a 00 c5 00 00 00 00 00 3c 00", nil},
		{"unknown mode page", "dvd+r", blank, "5/24/00", "5a 00 30 00 00 00 00 00 3c 00", nil},
		{"mode select without page format", "cd-r", blank, "5/24/00", "55 00 00 00 00 00 00 00 3c 00", writePage(1, 4, 8)},
		{"mode select to be saved", "cd-r", blank, "5/24/00", "55 11 00 00 00 00 00 00 3c 00", writePage(1, 4, 8)},
		{"mode select of a part of a page", "cd-r", blank, "5/1A/00", "55 10 00 00 00 00 00 00 14 00", pages(5, 50, 1, 4, 8, 0, 0, 0, 0, 0, 0, 0)},
		{"mode select with a block descriptor", "cd-r", blank, "5/26/00", "55 10 00 00 00 00 00 00 10 00", list(0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 8, 0)},
		{"mode select of an unknown page", "cd-r", blank, "5/26/00", "55 10 00 00 00 00 00 00 0c 00", pages(0x30, 2, 0, 0)},
		{"raw writing without sub-channels", "cd-r", blank, "5/26/00", selectPage, writePage(3, 4, 8)},
		{"packet writing", "cd-r", blank, "5/26/00", selectPage, writePage(0, 5, 8)},
		{"track at once on DVD-R", "dvd-r", blank, "5/26/00", selectPage, writePage(1, 5, 8)},
		{"sub-channel data", "cd-r", blank, "5/26/00", selectPage, writePage(1, 4, 3)},
		{"audio block type for a data track", "cd-r", page(1, 4, 0), "5/64/00", "2a 00 00 00 00 00 00 00 01 00", make([]byte, 2048)},
		{"data block type for an audio track", "cd-r", page(1, 0, 8), "5/64/00", "2a 00 00 00 00 00 00 00 01 00", make([]byte, 2048)},
		{"write behind the end", "cd-r", page(1, 4, 8), "5/21/00", "2a 00 00 00 0f a0 00 00 01 00", make([]byte, 2048)},
		{"write before the beginning", "cd-r", page(1, 4, 8), "5/21/00", "2a 00 ff ff ff ff 00 00 01 00", make([]byte, 2048)},
		{"reserve a track of nothing", "dvd+r", blank, "5/24/00", "53 00 00 00 00 00 00 00 00 00", nil},
		{"reserve a track by address", "dvd+r", blank, "5/24/00", "53 01 00 00 00 00 00 00 10 00", nil},
		{"reserve less than 4 seconds of a CD", "cd-r", page(1, 4, 8), "5/24/00", "53 00 00 00 00 00 00 01 2b 00", nil},
		{"reserve on a finished disc", "dvd+r", final, "5/30/05", "53 00 00 00 00 00 00 00 10 00", nil},
		{"reserve while a track is open", "dvd+r", written, "5/72/05", "53 00 00 00 00 00 00 00 10 00", nil},
		{"reserve on DVD-R without parameters", "dvd-r", blank, "5/64/00", "53 00 00 00 00 00 00 00 10 00", nil},
		{"close what was not written", "dvd+r", blank, "5/2C/00", "5b 00 01 00 00 01 00 00 00 00", nil},
		{"close a session of nothing", "dvd+r", blank, "5/2C/00", "5b 00 02 00 00 00 00 00 00 00", nil},
		{"close a track that is not there", "dvd+r", written, "5/24/00", "5b 00 01 00 00 05 00 00 00 00", nil},
		{"finish twice", "dvd+r", final, "5/2C/00", "5b 00 06 00 00 00 00 00 00 00", nil},
		{"finish a BD-R as a DVD+R", "bd-r", written, "5/24/00", "5b 00 05 00 00 00 00 00 00 00", nil},
		{"stop formatting a DVD+R", "dvd+r", written, "5/24/00", "5b 00 00 00 00 00 00 00 00 00", nil},
		{"write a finished disc", "dvd+r", final, "5/30/05", "2a 00 00 00 00 20 00 00 01 00", make([]byte, 2048)},
		{"overwrite DVD+R", "dvd+r", written, "5/21/02", "2a 00 00 00 00 00 00 00 01 00", make([]byte, 2048)},
		{"blank a DVD+R", "dvd+r", written, "5/30/00", "a1 00 00 00 00 00 00 00 00 00 00 00", nil},
		{"blank a DVD+RW", "dvd+rw", formatted, "5/30/00", "a1 00 00 00 00 00 00 00 00 00 00 00", nil},
		{"format a DVD+R", "dvd+r", blank, "5/30/06", formatCDB, formatList(0, formatPlusRW, 0, 0)},
		{"format without a list", "dvd+rw", blank, "5/24/00", "04 00 00 00 00 00", nil},
		{"format to another size", "dvd+rw", blank, "5/26/00", formatCDB, formatList(160, formatPlusRW, 0, 0)},
		{"restart formatting that runs", "dvd+rw", formatted, "5/26/00", formatCDB, formatList(0xFFFFFFFF, formatPlusRW, 0, 1)},
		{"grow a DVD-RW that is sequential", "dvd-rw", blank, "5/26/00", formatCDB, formatList(0, formatRWQGrow, 0, 16)},
		{"format half an ECC block", "dvd-rw", blank, "5/26/00", formatCDB, formatList(8, formatRWQuick, 0, 16)},
		{"cue sheet for a DVD", "dvd-r", page(2, 5, 8), "5/30/00", cueCDB(32), bytesOf(dataCue)},
		{"structure of a CD", "cd-r", blank, "5/30/00", "ad 00 00 00 00 00 00 00 08 00 00 00", nil},
		{"BD structure of a DVD", "dvd+r", blank, "5/24/00", "ad 01 00 00 00 00 00 00 10 00 00 00", nil},
		{"unknown structure", "dvd+r", blank, "5/24/00", "ad 00 00 00 00 00 00 0e 10 00 00 00", nil},
		{"layer boundary of one layer", "dvd+r", blank, "5/24/00", "bf 00 00 00 00 00 00 20 00 0c 00 00", make([]byte, 12)},
		{"TOC of a blank disc", "cd-r", blank, "5/24/00", "43 00 00 00 00 00 00 00 14 00", nil},
		{"ATIP of a DVD", "dvd+r", blank, "5/24/00", "43 00 04 00 00 00 00 00 20 00", nil},
		{"PMA of a DVD", "dvd+r", blank, "5/24/00", "43 00 03 00 00 00 00 00 20 00", nil},
		{"disc information of type 2", "dvd+r", blank, "5/24/00", "51 02 00 00 00 00 00 00 22 00", nil},
		{"track that is not there", "dvd+r", blank, "5/24/00", "52 01 00 00 00 07 00 00 24 00", nil},
		{"address behind the end", "dvd+r", blank, "5/21/00", "52 00 00 00 0f a0 00 00 24 00", nil},
		{"read a blank disc", "dvd+r", blank, "5/21/00", "28 00 00 00 00 00 00 00 01 00", nil},
		{"read a track that is open", "dvd+r", written, "5/21/00", "28 00 00 00 00 00 00 00 02 00", nil},
		{"read past the end of a track", "dvd+r", final, "5/21/00", "28 00 00 00 00 1f 00 00 02 00", nil},
		{"seek in a track that is open", "bd-r", written, "5/21/00", "2b 00 00 00 00 00 00 00 00 00", nil},
		{"close a session over an open track", "dvd+r", written, "5/72/03", "5b 00 02 00 00 00 00 00 00 00", nil},
		{"finish a disc over an open track", "bd-r", written, "5/72/03", "5b 00 06 00 00 00 00 00 00 00", nil},
		{"calibrate for DVD+R", "dvd+r", blank, "5/30/02", "54 01 00 00 00 00 00 00 00 00", nil},
		{"calibrate for BD-R", "bd-r", blank, "5/30/02", "54 01 00 00 00 00 00 00 00 00", nil},
		{"calibrate for BD-RE", "bd-re", blank, "5/30/02", "54 01 00 00 00 00 00 00 00 00", nil},
		{"READ CD on DVD", "dvd+r", written, "5/64/00", "be 00 00 00 00 00 00 00 01 10 00 00", nil},
		{"performance of an unknown type", "dvd+r", blank, "5/24/00", "ac 00 00 00 00 00 00 00 00 01 07 00", nil},
		{"speed descriptor without time", "dvd+r", blank, "5/26/00", "b6 00 00 00 00 00 00 00 00 00 1c 00", make([]byte, 28)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := insertBlank(t, c.medium, 4000)
			c.before(b)
			before := b.info()
			b.fails(c.want, c.cdb, c.data...)
			if after := b.info(); after != before {
				t.Errorf("a refused command changed the disc from %v to %v", before, after)
			}
		})
	}
}
