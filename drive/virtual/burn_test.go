package virtual_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/sector"
)

// source is a disc to be written, as raw sectors with sub-channels at every address.
type source struct {
	disc.Disc
	toc   disc.TOC
	texts []byte // packs of CD-TEXT of the first session
	form  disc.Disc
}

func sourceOf(d disc.Disc) source {
	s := source{Disc: d, toc: d.TOC(), form: sector.AllForms(d)}
	s.texts, _ = sector.EncodeCDText(s.toc.Sessions[0])
	return s
}

// whole returns the whole sector at an address. Between the tracks it is an empty one of the
// track that follows.
func (s source) whole(t testing.TB, lba disc.LBA) []byte {
	p := make([]byte, sector.Size)
	if n, _ := s.form.ReadSectors(t.Context(), p, lba, disc.Raw); n == 1 {
		return p
	}
	for _, session := range s.toc.Sessions {
		for _, k := range session.Tracks {
			if lba >= k.End() {
				continue
			}
			switch k.Mode {
			case disc.Mode1:
				sector.Generate(p, lba, sector.Mode1)
			case disc.XA:
				copy(p[sector.SubheadAt:], "\x00\x00\x20\x00\x00\x00\x20\x00")
				sector.Generate(p, lba, sector.Form2)
			}
			return p
		}
	}
	return p
}

// scrambled is like whole, with data sectors as they are on the disc.
func (s source) scrambled(t testing.TB, lba disc.LBA) []byte {
	p := s.whole(t, lba)
	sector.Scramble(p)
	return p
}

// sub returns the sub-channels at an address.
func (s source) sub(t testing.TB, lba disc.LBA) []byte {
	p := make([]byte, disc.RawSub.Size())
	if disc.HasSubChannels(s.Disc) {
		if n, _ := s.ReadSectors(t.Context(), p, lba, disc.RawSub); n == 1 {
			return p[sector.Size:]
		}
	}
	p = p[sector.Size:]
	sector.PutSubChannels(p, s.toc, lba)
	if lba < -disc.Pregap && len(s.texts) > 0 {
		for i, b := range textSymbols(s.texts, int(lba-discfile.LeadInStart)) {
			p[i] |= b
		}
	}
	return p
}

// textSymbols returns the n-th block of four packs of CD-TEXT, which are repeated, in symbols of six
// bits.
func textSymbols(packs []byte, n int) []byte {
	var b []byte
	for i := range 4 {
		p := packs[(n*4+i)*18%len(packs):][:18]
		for j := 0; j < 18; j += 3 {
			v := uint32(p[j])<<16 | uint32(p[j+1])<<8 | uint32(p[j+2])
			b = append(b, byte(v>>18)&63, byte(v>>12)&63, byte(v>>6)&63, byte(v)&63)
		}
	}
	return b
}

// end returns where the lead-out of a session begins.
func end(s disc.Session) disc.LBA { return s.Tracks[len(s.Tracks)-1].End() }

// send writes blocks with consecutive addresses.
func (b *bench) blocks(lba disc.LBA, n, size int, block func(disc.LBA) []byte) {
	b.Helper()
	for n > 0 {
		k := min(n, 25)
		p := make([]byte, 0, k*size)
		for i := range k {
			p = append(p, block(lba+disc.LBA(i))...)
		}
		if len(p) != k*size {
			b.Fatalf("%d blocks at %d have %d bytes", k, lba, len(p))
		}
		if err := b.send(fmt.Sprintf("2a 00 %08x 00 %04x 00", uint32(int32(lba)), k), p); err != nil {
			b.Fatalf("WRITE of %d blocks at %d: %v", k, lba, err)
		}
		lba, n = lba+disc.LBA(k), n-k
	}
}

// burnRaw writes all sessions of a disc raw, with a data block type of page 05h.
func (b *bench) burnRaw(s source, kind byte) {
	b.Helper()
	for i, one := range s.toc.Sessions {
		b.page05(0x03, 0xC0, kind)
		start, out := disc.LBA(discfile.LeadInStart), disc.LBA(disc.FirstLeadOut)
		if i > 0 {
			start, out = one.Tracks[0].Start-disc.Pregap-disc.LeadIn, disc.LaterLeadOut
		}
		if got := b.nwa(0xFF); got != int64(start) {
			b.Fatalf("the NWA for raw writing is %d, not %d", got, start)
		}
		b.blocks(start, int(end(one)+out-start), rawSize(kind), func(lba disc.LBA) []byte {
			return append(s.scrambled(b, lba), rawSub(s.sub(b, lba), kind)...)
		})
		b.ok("35 00 00 00 00 00 00 00 00 00")
	}
}

func rawSize(kind byte) int {
	if kind == 1 {
		return sector.Size + 16
	}
	return sector.Size + sector.SubSize
}

// rawSub returns sub-channels as they are sent with a data block type.
func rawSub(sub []byte, kind byte) []byte {
	if kind != 1 {
		return sub
	}
	q := sector.ReadQ(sub)
	return append(q[:], 0, 0, 0, sub[0]&0x80)
}

// TestBurnRaw writes discs raw. What can be read is what was written.
func TestBurnRaw(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(testing.TB) disc.Disc
		kind byte
		text bool
	}{
		{"audio with P and Q", imagetest.Audio, 1, false},
		{"audio with packs", imagetest.Audio, 2, true},
		{"audio", imagetest.Audio, 3, true},
		{"mixed mode", imagetest.Mixed, 3, true},
		{"two sessions", imagetest.Sessions, 3, true},
		{"two sessions with R to W", imagetest.SubChannels, 3, true},
		{"mode 2", imagetest.XA, 3, false},
		{"mode 1", imagetest.Mode1, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sourceOf(c.make(t))
			b := insertBlank(t, "cd-r", 20000)
			b.burnRaw(s, c.kind)
			got := opened(b)
			want := other{s.Disc, withoutText(s.toc, c.text), s, t}
			imagetest.Same(t, want, got, discfile.Format.Holds)
			b.sameSubChannels(s, got)
		})
	}
}

// other is a disc with another table of contents, whose further sectors are empty.
type other struct {
	disc.Disc
	toc  disc.TOC
	from source
	t    testing.TB
}

// ReadSectors delivers what the source sends.
func (w other) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	n, err := w.Disc.ReadSectors(ctx, p, lba, f)
	if n == 0 && len(p) == f.Size() && f != disc.User {
		copy(p[copy(p, w.from.whole(w.t, lba)):], w.from.sub(w.t, lba))
		return 1, nil
	}
	return n, err
}

func (w other) TOC() disc.TOC { return w.toc }

// HasSubChannels implements disc.SubChanneler.
func (w other) HasSubChannels() bool { return disc.HasSubChannels(w.Disc) }

// withoutText removes the CD-TEXT, unless keep is set, which only keeps that of the first session. It
// adds the pre-gap that the first track of a further session always has.
func withoutText(toc disc.TOC, keep bool) disc.TOC {
	var list []disc.Session
	for i, s := range toc.Sessions {
		if !keep || i > 0 {
			s.Text = nil
		}
		if i > 0 {
			s.Tracks = slices.Clone(s.Tracks)
			s.Tracks[0].Pregap = disc.Pregap
		}
		list = append(list, s)
	}
	toc.Sessions = list
	return toc
}

// opened commits the disc and opens its file as an image.
func opened(b *bench) disc.Disc {
	b.Helper()
	b.ok("1b 00 00 00 00 00")
	d, _, err := image.Open(b.Context(), b.d.Path())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	return d
}

// sameSubChannels compares the sub-channels of the tracks with those that were sent.
func (b *bench) sameSubChannels(s source, got disc.Disc) {
	b.Helper()
	if !disc.HasSubChannels(got) {
		b.Fatal("the sub-channels are not stored")
	}
	p := make([]byte, disc.RawSub.Size())
	for _, one := range s.toc.Sessions {
		for _, k := range one.Tracks {
			for lba := k.Start; lba < k.End(); lba++ {
				if _, err := got.ReadSectors(b.Context(), p, lba, disc.RawSub); err != nil {
					b.Fatal(err)
				}
				if want := s.sub(b, lba); !bytes.Equal(p[sector.Size:], want) {
					b.Fatalf("sub-channels of sector %d:\n% x, want\n% x", lba, p[sector.Size:], want)
				}
			}
		}
	}
}

// TestRawRefused: what cannot be written raw is refused, or leaves a session that no drive reads.
func TestRawRefused(t *testing.T) {
	s := sourceOf(imagetest.Mixed(t))
	b := insertBlank(t, "cd-r", 20000)
	b.writeFails("5/64/00", discfile.LeadInStart, 1) // no page yet
	b.page05(0x03, 0x00, 3)
	b.writeFails("5/21/02", -150, 1)
	b.writeFails("5/21/02", 0, 1)
	b.blocks(discfile.LeadInStart, 100, 2448, func(lba disc.LBA) []byte { return append(s.scrambled(t, lba), s.sub(t, lba)...) })
	b.writeFails("5/21/02", discfile.LeadInStart+101, 1)
	b.page05(0x03, 0x00, 1)
	b.writeFails("5/64/00", discfile.LeadInStart+100, 1) // another block type
	b.page05(0x03, 0x00, 3)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(1, 1, 1, 1, 1)
	b.fails("5/2C/00", "5b 00 02 00 00 00 00 00 00 00")
	last := end(s.toc.Sessions[0])
	b.blocks(discfile.LeadInStart+100, int(last+disc.FirstLeadOut-1-discfile.LeadInStart-100), 2448, func(lba disc.LBA) []byte { return append(s.scrambled(t, lba), s.sub(t, lba)...) })
	b.ok("35 00 00 00 00 00 00 00 00 00") // one sector of the lead-out is missing
	b.wantInfo(1, 1, 1, 1, 1)
	b.blocks(last+disc.FirstLeadOut-1, 1, 2448, func(lba disc.LBA) []byte { return append(s.scrambled(t, lba), s.sub(t, lba)...) })
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 4)
}

// TestRawNonsense: a session whose sub-channels or sectors are wrong can be written, but not read.
func TestRawNonsense(t *testing.T) {
	s := sourceOf(imagetest.Mixed(t))
	q := func(p []byte, change func(*sector.Q)) []byte {
		raw := sector.ReadQ(p[sector.Size:])
		v, _ := sector.DecodeQ(raw[:])
		change(&v)
		sector.EncodeQ(raw[:], v)
		for i := range 96 {
			p[sector.Size+i] = p[sector.Size+i]&^0x40 | raw[i/8]>>(7-i%8)&1<<6
		}
		return p
	}
	last := end(s.toc.Sessions[0])
	for _, c := range []struct {
		name   string
		bad    bool
		change func(lba disc.LBA, p []byte) []byte
	}{
		{"one damaged Q", false, func(lba disc.LBA, p []byte) []byte {
			if lba == 50 {
				p[sector.Size+90] ^= 0x40
			}
			return p
		}},
		{"the CRC of all Q is wrong", true, func(_ disc.LBA, p []byte) []byte { p[sector.Size+95] ^= 0x40; return p }},
		{"addresses are off by one", true, func(lba disc.LBA, p []byte) []byte {
			return q(p, func(v *sector.Q) {
				if lba >= 0 {
					v.Absolute = (lba + 1).MSF()
				}
			})
		}},
		{"the lead-in is not one", true, func(lba disc.LBA, p []byte) []byte {
			return q(p, func(v *sector.Q) {
				if lba < -150 {
					v.Track = 1
				}
			})
		}},
		{"the lead-in has no lead-out", true, func(lba disc.LBA, p []byte) []byte {
			return q(p, func(v *sector.Q) {
				if lba < -150 && v.Index == sector.PointLeadOut {
					v.Index = sector.PointFirst
					v.Absolute = disc.MSF{M: 1}
				}
			})
		}},
		{"track 3 begins elsewhere", true, func(lba disc.LBA, p []byte) []byte {
			return q(p, func(v *sector.Q) {
				if lba < -150 && v.Index == 3 {
					v.Absolute.F += 10
				}
			})
		}},
		{"the lead-out is not one", true, func(lba disc.LBA, p []byte) []byte {
			return q(p, func(v *sector.Q) {
				if lba >= last {
					v.Track = 4
				}
			})
		}},
		{"data is said to be audio", true, func(lba disc.LBA, p []byte) []byte {
			return q(p, func(v *sector.Q) {
				if v.Track == 1 && lba >= 0 {
					v.Control &^= sector.QData
				}
			})
		}},
		{"data sectors have no sync pattern", true, func(lba disc.LBA, p []byte) []byte {
			if lba >= 0 && lba < 300 {
				p[5] ^= 0x55
			}
			return p
		}},
		{"data sectors are not scrambled", true, func(_ disc.LBA, p []byte) []byte {
			sector.Scramble(p) // twice in all
			return p
		}},
		{"data sectors have other addresses", true, func(lba disc.LBA, p []byte) []byte {
			if lba >= 0 && lba < 300 {
				sector.PutHeader(p, lba+75, 1)
			}
			return p
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := insertBlank(t, "cd-r", 20000)
			b.page05(0x03, 0x00, 3)
			b.blocks(discfile.LeadInStart, int(last+disc.FirstLeadOut-discfile.LeadInStart), 2448, func(lba disc.LBA) []byte {
				p := c.change(lba, append(s.whole(t, lba), s.sub(t, lba)...))
				sector.Scramble(p)
				return p
			})
			b.ok("35 00 00 00 00 00 00 00 00 00")
			toc := make([]byte, 64)
			_, err := b.execute(scsi.Command{CDB: bytesOf("43 00 00 00 00 00 00 00 40 00"), Data: toc, Direction: scsi.In})
			if (err != nil) != c.bad {
				t.Errorf("READ TOC: %v", err)
			}
			if c.bad {
				b.ok("51 00 00 00 00 00 00 00 00 00")
				b.fails("5/21/00", "28 00 00 00 00 00 00 00 01 00")
			}
			b.ok("1b 00 00 00 00 00")
			d, _, err := image.Open(t.Context(), b.d.Path())
			if (err != nil) != c.bad {
				t.Errorf("open the file of the disc: %v", err)
			}
			if err == nil {
				d.Close()
			}
		})
	}
}
