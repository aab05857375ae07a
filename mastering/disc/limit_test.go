package disc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"testing"
)

// tracks is a disc with other tracks.
type tracks struct {
	Disc
	list []Session
}

func (t tracks) TOC() TOC { return TOC{Sessions: t.list} }

func TestLimit(t *testing.T) {
	p := make([]byte, 100*SectorSize)
	for i := range p {
		p[i] = byte(i / SectorSize)
	}
	d := tracks{FromReaderAt(bytes.NewReader(p), int64(len(p)), nil), []Session{
		{Number: 1, Tracks: []Track{{Number: 1, Mode: Mode1, Start: 0, Length: 30}, {Number: 2, Mode: Mode1, Start: 30, Length: 20}}},
		{Number: 2, Tracks: []Track{{Number: 3, Mode: Mode1, Start: 60, Length: 40}}},
	}}
	for _, c := range []struct {
		end  LBA
		want []Session
	}{
		{100, d.list},
		{500, d.list},
		{99, []Session{d.list[0], {Number: 2, Tracks: []Track{{Number: 3, Mode: Mode1, Start: 60, Length: 39}}}}},
		{60, d.list[:1]},
		{40, []Session{{Number: 1, Tracks: []Track{{Number: 1, Mode: Mode1, Start: 0, Length: 30}, {Number: 2, Mode: Mode1, Start: 30, Length: 10}}}}},
		{0, nil},
	} {
		l := Limit(d, c.end)
		if got := l.TOC().Sessions; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d: %+v, want %+v", c.end, got, c.want)
		}
		have := min(int(c.end), 100)
		for _, at := range []int{0, 35, have - 1, have, have + 5} {
			if at < 0 {
				continue
			}
			buf := make([]byte, 10*SectorSize)
			n, err := l.ReadSectors(context.Background(), buf, LBA(at), User)
			want := max(min(10, have-at), 0)
			if n != want || (want < 10) != errors.Is(err, io.EOF) {
				t.Errorf("%d: read at %d: %d, %v", c.end, at, n, err)
			}
			if n > 0 && buf[(n-1)*SectorSize] != byte(at+n-1) {
				t.Errorf("%d: the wrong sectors at %d", c.end, at)
			}
		}
	}
}
