package compressed

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/flate"
)

// FuzzInflate: any bits unpack to what a library makes of them, or both refuse them.
func FuzzInflate(f *testing.F) {
	for level := -2; level <= 9; level++ {
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, level)
		w.Write(bytes.Repeat([]byte("What is unpacked is what was packed. "), 30+level))
		w.Close()
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(p)), 4<<20))
		var d inflater
		err := d.reset(bytes.NewReader(p), 0, nil)
		var got []byte
		for err == nil && len(got) < 4<<20 {
			err = d.more()
			got = append(got, d.pending()...)
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		if len(want) == 4<<20 {
			got, err, wantErr = got[:min(len(got), len(want))], nil, nil
		}
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Errorf("%d bytes with error %v; the library says %d bytes and %v", len(got), err, len(want), wantErr)
		}
	})
}

// BenchmarkInflate measures unpacking text.
func BenchmarkInflate(b *testing.B) {
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, 6)
	n := 0
	for i := range 200000 {
		k, _ := w.Write(bytes.Repeat([]byte{byte(i), byte(i >> 5), byte(i * i >> 3)}, i%7))
		n += k
	}
	w.Close()
	b.SetBytes(int64(n))
	for b.Loop() {
		var d inflater
		err := d.reset(bytes.NewReader(packed.Bytes()), 0, nil)
		for err == nil {
			err = d.more()
			d.pending()
		}
	}
}
