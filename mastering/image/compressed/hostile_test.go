package compressed_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/image"
)

// Files whose units would take much more memory or time than they have bytes are refused.
func TestTooManyUnits(t *testing.T) {
	header := "\xfd7zXZ\x00\x00\x01\x69\x22\xde\x36" // of an xz stream with CRC-32
	const size = 32 << 20                            // of an index
	index := append([]byte(header), make([]byte, size)...)
	foot := binary.LittleEndian.AppendUint32(nil, size/4-1)
	foot = append(foot, 0, 1)
	index = binary.LittleEndian.AppendUint32(index, crc32.ChecksumIEEE(foot))
	index = append(append(index, foot...), "YZ"...)
	for name, c := range map[string]struct {
		contents []byte
		want     string
	}{
		"zst": {bytes.Repeat([]byte("\x28\xb5\x2f\xfd\x20\x01\x09\x00\x00A"), 600_000), "more than 524288 units"},
		"xz":  {index, "which is too much"},
		"bz2": {append([]byte("BZh9"), bytes.Repeat([]byte("\x31\x41\x59\x26\x53\x59"), 500_000)...), "more blocks than fit"},
	} {
		path := filepath.Join(t.TempDir(), "x."+name)
		if err := os.WriteFile(path, c.contents, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := image.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
