package disc_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"testing"

	"glassmaster/mastering/disc"
)

// tracks is a disc with other tracks.
type tracks struct {
	disc.Disc
	list []disc.Session
}

func (t tracks) TOC() disc.TOC { return disc.TOC{Sessions: t.list} }

func TestLimit(t *testing.T) {
	p := make([]byte, 100*disc.SectorSize)
	for i := range p {
		p[i] = byte(i / disc.SectorSize)
	}
	d := tracks{disc.FromReaderAt(bytes.NewReader(p), int64(len(p)), nil), []disc.Session{
		{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Start: 0, Length: 30}, {Number: 2, Mode: disc.Mode1, Start: 30, Length: 20}}},
		{Number: 2, Tracks: []disc.Track{{Number: 3, Mode: disc.Mode1, Start: 60, Length: 40}}},
	}}
	for _, c := range []struct {
		end  disc.LBA
		want []disc.Session
	}{
		{100, d.list},
		{500, d.list},
		{99, []disc.Session{d.list[0], {Number: 2, Tracks: []disc.Track{{Number: 3, Mode: disc.Mode1, Start: 60, Length: 39}}}}},
		{60, d.list[:1]},
		{40, []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Start: 0, Length: 30}, {Number: 2, Mode: disc.Mode1, Start: 30, Length: 10}}}}},
		{0, nil},
	} {
		l := disc.Limit(d, c.end)
		if got := l.TOC().Sessions; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d: %+v, want %+v", c.end, got, c.want)
		}
		have := min(int(c.end), 100)
		for _, at := range []int{0, 35, have - 1, have, have + 5} {
			if at < 0 {
				continue
			}
			buf := make([]byte, 10*disc.SectorSize)
			n, err := l.ReadSectors(context.Background(), buf, disc.LBA(at), disc.User)
			want := max(min(10, have-at), 0)
			if n != want || (want < 10) != errors.Is(err, io.EOF) {
				t.Errorf("%d: read at %d: %d, %v", c.end, at, n, err)
			}
			if n > 0 && buf[(n-1)*disc.SectorSize] != byte(at+n-1) {
				t.Errorf("%d: the wrong sectors at %d", c.end, at)
			}
		}
	}
}
