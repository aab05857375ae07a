package chd_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/chd"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/verify"
)

// check reads all sectors of an image and returns the error of verify.Read.
func check(t *testing.T, p []byte) (verify.Result, error) {
	t.Helper()
	path := writeFile(t, p)
	d, _, err := image.Open(t.Context(), path)
	if err != nil {
		return verify.Result{}, err
	}
	defer d.Close()
	var m progress.Meter
	r, err := verify.Read(t.Context(), d, nil, &m)
	if s := m.Snapshot(); s.Phase == progress.Checking && s.Done != s.Total && err == nil {
		t.Errorf("progress %d of %d", s.Done, s.Total)
	}
	return r, err
}

// chdmanAgrees reports what chdman says of an image.
func chdmanAgrees(t *testing.T, p []byte, good bool) {
	t.Helper()
	path := writeFile(t, p)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	out, err := exec.CommandContext(ctx, "chdman", "verify", "-i", path).CombinedOutput()
	says := err == nil && strings.Contains(string(out), "Overall SHA1 verification successful")
	if says != good {
		t.Errorf("chdman: %v: %s", err, out)
	}
}

// TestChecksums: the SHA-1 of the contents and that of the metadata are checked, as chdman
// does.
func TestChecksums(t *testing.T) {
	peertest.Need(t, "chdman")
	theirs, err := os.ReadFile(convert(t, mixed().write(t), "createcd"))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.ReadFile(imagetest.Create(t, chd.Format, imagetest.SubChannels(t), format.Options{}, "x.chd"))
	if err != nil {
		t.Fatal(err)
	}
	for name, whole := range map[string][]byte{"chdman": theirs, "own": ours} {
		t.Run(name, func(t *testing.T) {
			r, err := check(t, whole)
			var faults *verify.FaultError // the source has sectors with wrong parity
			var sums *verify.ChecksumError
			if err != nil && !errors.As(err, &faults) || errors.As(err, &sums) || len(r.Sums) != 2 {
				t.Errorf("%v, %+v", err, r.Sums)
			}
			if want := "the SHA-1 of the contents of the CHD and the SHA-1 of the metadata of the CHD are correct"; verify.Correct(r.Sums) != want {
				t.Errorf("%q", verify.Correct(r.Sums))
			}
			chdmanAgrees(t, whole, true)
			meta := int(binary.BigEndian.Uint64(whole[48:]))
			for _, c := range []struct {
				name string
				at   int
				want string
			}{
				{"SHA-1 of the contents", 70, "the SHA-1 of the contents of the CHD is wrong"},
				{"SHA-1 of everything", 90, "the SHA-1 of the metadata of the CHD is wrong"},
				{"metadata", bytes.Index(whole[meta:], []byte("PGSUB:")) + meta + 6, "the SHA-1 of the metadata of the CHD is wrong"},
				{"hunk", len(whole) / 2, "the SHA-1 of the contents of the CHD cannot be checked"},
			} {
				bad := bytes.Clone(whole)
				bad[c.at] ^= 1
				if _, err := check(t, bad); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s: %v", c.name, err)
				}
				if c.name != "hunk" { // chdman 0.251 does not end then
					chdmanAgrees(t, bad, false)
				}
			}
		})
	}
}

// plain makes a CHD that is not compressed, with its SHA-1: chdman stores none in those.
func plain(t *testing.T) (without, with []byte, contents int) {
	t.Helper()
	p, err := os.ReadFile(convert(t, mixed().write(t), "createcd", "-c", "none"))
	if err != nil {
		t.Fatal(err)
	}
	without = bytes.Clone(p)
	size, at := int(binary.BigEndian.Uint64(p[32:])), int(binary.BigEndian.Uint64(p[40:]))
	hunk := int(binary.BigEndian.Uint32(p[56:]))
	raw := sha1.New()
	for i := 0; i*hunk < size; i++ {
		from := int(binary.BigEndian.Uint32(p[at+4*i:])) * hunk
		if from == 0 {
			raw.Write(make([]byte, hunk)[:min(hunk, size-i*hunk)])
			continue
		}
		contents = from
		raw.Write(p[from:][:min(hunk, size-i*hunk)])
	}
	copy(p[64:], raw.Sum(nil))
	var metas []string
	for at := int(binary.BigEndian.Uint64(p[48:])); at != 0; at = int(binary.BigEndian.Uint64(p[at+8:])) {
		n := int(binary.BigEndian.Uint32(p[at+4:]) & 0xFFFFFF)
		s := sha1.Sum(p[at+16 : at+16+n])
		metas = append(metas, string(p[at:at+4])+string(s[:]))
	}
	all := sha1.New()
	all.Write(p[64:84])
	for len(metas) > 0 { // in their order
		least := 0
		for i := range metas {
			if metas[i] < metas[least] {
				least = i
			}
		}
		all.Write([]byte(metas[least]))
		metas = append(metas[:least], metas[least+1:]...)
	}
	copy(p[84:], all.Sum(nil))
	return without, p, contents
}

// TestPlainChecksum: nothing but the SHA-1 shows that a byte of a CHD that is not compressed
// was changed, as of audio.
func TestPlainChecksum(t *testing.T) {
	peertest.Need(t, "chdman")
	without, with, last := plain(t)
	wrong := func(err error) bool {
		var sums *verify.ChecksumError
		return errors.As(err, &sums)
	}
	if r, err := check(t, with); wrong(err) || len(r.Sums) != 2 {
		t.Fatalf("%v, %+v", err, r.Sums)
	}
	bad := bytes.Clone(with)
	bad[last+100] ^= 1
	if _, err := check(t, bad); !wrong(err) || !strings.Contains(err.Error(), "the image is damaged: the SHA-1 of the contents of the CHD is wrong") {
		t.Errorf("a changed sample: %v", err)
	}
	packed := writeFile(t, bad)
	for _, program := range []string{"gzip", "xz", "zstd", "bzip2"} {
		peertest.Need(t, program)
		peertest.Run(t, filepath.Dir(packed), "sh", "-c", program+" -c x.chd >y")
		d, f, err := image.Open(t.Context(), filepath.Join(filepath.Dir(packed), "y"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := verify.Read(t.Context(), disc.Shift(d, 1000), nil, progress.Discard)
		if !wrong(err) || len(r.Sums) != 3 || r.Sums[0].Err != nil {
			t.Errorf("%s: %v, %+v", f.Name, err, r.Sums)
		}
		d.Close()
	}
	d := imagetest.Open(t, chd.Format, writeFile(t, without))
	if n := disc.Texts(disc.Notices(d)); len(disc.Checksums(d)) != 0 || len(n) != 1 || !strings.Contains(n[0], "no checksums") {
		t.Errorf("without an SHA-1: %v", n)
	}
}

func writeFile(t *testing.T, p []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.chd")
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestChecksumOnce: what was read in order is not read again for the checksum, and the check
// can be stopped.
func TestChecksumOnce(t *testing.T) {
	path := imagetest.Create(t, chd.Format, imagetest.Mixed(t), format.Options{}, "x.chd")
	d := imagetest.Open(t, chd.Format, path)
	if _, err := verify.Read(t.Context(), d, nil, progress.Discard); err != nil {
		t.Fatal(err)
	}
	sum := disc.Checksums(d)[0]
	var first int64
	ctx, stop := context.WithCancel(t.Context())
	stop()
	err := sum.Check(ctx, func(n int64) { first = max(first, n) })
	if err != nil || first != sum.Size {
		t.Errorf("after all was read, %d of %d bytes were known: %v", first, sum.Size, err)
	}
	d = imagetest.Open(t, chd.Format, path)
	if err := disc.Checksums(d)[0].Check(ctx, func(int64) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}
