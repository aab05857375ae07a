package disc_test

import (
	"bytes"
	"context"
	"testing"

	"glassmaster/mastering/disc"
)

func TestUnfinished(t *testing.T) {
	marked := bytes.Repeat([]byte{7}, 32*disc.SectorSize)
	disc.MarkUnfinished(marked)
	for _, c := range []struct {
		name string
		p    []byte
		want bool
	}{
		{"marked", marked, true},
		{"marked, and cut off", marked[:disc.SectorSize], true},
		{"zeros", make([]byte, 32*disc.SectorSize), false},
		{"completed", append(make([]byte, disc.SectorSize), marked[disc.SectorSize:]...), false},
		{"empty", nil, false},
	} {
		d := disc.FromReaderAt(bytes.NewReader(c.p), int64(len(c.p)), nil)
		if got := disc.Unfinished(context.Background(), d); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if !bytes.Equal(marked[disc.SectorSize:], make([]byte, 31*disc.SectorSize)) {
		t.Error("something is left behind the mark by which a volume could be opened")
	}
}
