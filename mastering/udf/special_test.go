package udf

import (
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// blankBytes makes an image with mkudffs and returns its bytes.
func blankBytes(t testing.TB, blocks string, args ...string) []byte {
	t.Helper()
	p, err := os.ReadFile(blank(t, blocks, args...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSparedPacket moves the first packet of a sparable partition to a spare.
func TestSparedPacket(t *testing.T) {
	peertest.Need(t, "mkudffs")
	image := blankBytes(t, "20000", "-m", "dvdrw", "--label=spare")
	v, err := openBytes(image, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := v.parts[0].(*sparable)
	moved := false
	for sector := 0; (sector+1)*2048 <= len(image); sector++ {
		table := image[sector*2048:]
		if entityID(table[16:]) != "*UDF Sparing Table" {
			continue
		}
		spare := int(le.Uint32(table[56+4:]))
		le.PutUint32(table[56:], 0) // of block 0
		n := int(le.Uint16(table[10:]))
		sealTag(table[:tagLength+n], tagSpare, le.Uint16(table[2:]), le.Uint32(table[12:]))
		if !moved {
			packet := image[int(s.start)*2048:][:int(s.packet)*2048]
			copy(image[spare*2048:], packet)
			clear(packet)
			moved = true
		}
	}
	if v, err = openBytes(image, volume.Options{}); err != nil {
		t.Fatal(err)
	}
	if p := property(v.Volume(), "Partition map"); !strings.Contains(p, "1 packets moved") {
		t.Errorf("partitions %q", p)
	}
	if _, err := v.ReadDir("."); err != nil {
		t.Error(err)
	}
}

// TestIndirectEntry replaces a file entry of strategy 4096 by a newer one.
func TestIndirectEntry(t *testing.T) {
	peertest.Need(t, "mkudffs")
	image := blankBytes(t, "20000", "-m", "hd", "-b", "2048", "--strategy=4096")
	v, err := openBytes(image, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	block, first := v.root.block, int(v.parts[0].(*physical).start)
	root := first + int(block)
	const to = 50
	indirect := func(target uint32) {
		d := image[(root+1)*2048 : (root+2)*2048]
		clear(d)
		copy(d[16:36], image[root*2048+16:])
		putLongAD(d[36:], longAD{2 * 2048, target, 0})
		sealTag(d[:52], tagIE, 3, block+1)
	}
	newer := image[(first+to)*2048:]
	copy(newer[:2048], image[root*2048:])
	le.PutUint32(newer[36:], 77)
	sealTag(newer[:tagLength+int(le.Uint16(newer[10:]))], tagEFE, 3, to)
	indirect(to)
	if v, err = openBytes(image, volume.Options{}); err != nil {
		t.Fatal(err)
	}
	i, err := v.Stat(".")
	if err != nil || i.Sys().(*volume.Attributes).UID != 77 {
		t.Errorf("the older entry was read: %v, %v", i, err)
	}
	indirect(block)
	if _, err := openBytes(image, volume.Options{}); err == nil || !strings.Contains(err.Error(), "loop") {
		t.Errorf("indirect entries that form a loop: error %v", err)
	}
}

// TestStreams makes a folder the stream directory of a file.
func TestStreams(t *testing.T) {
	root := tree.NewFolder("", when)
	root.Append(tree.NewFile("file", 4, when, layout.Bytes("main")))
	dir := tree.NewFolder("streams", when)
	dir.Append(tree.NewFile("icon", 6, when, layout.Bytes("pixels")))
	root.Append(dir)
	l := plan(t, root, Options{Revision: Revision201})
	image := make([]byte, l.Size())
	if _, err := l.ReadAt(image, 0); err != nil {
		t.Fatal(err)
	}
	const fileBlock, dirBlock = firstBlock, firstBlock + 1
	patch := func(block int, change func(d []byte)) {
		d := image[(FirstSector+block)*2048:][:2048]
		change(d)
		resealSector(image, FirstSector+block)
	}
	patch(dirBlock, func(d []byte) { d[27] = typeStreams })
	patch(fileBlock, func(d []byte) { putLongAD(d[152:], longAD{2048, dirBlock, 0}) })
	v, err := openBytes(image, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i, err := v.Stat("file")
	if err != nil {
		t.Fatal(err)
	}
	if s := i.Sys().(*volume.Attributes).Streams; len(s) != 1 || s[0] != "icon" {
		t.Errorf("streams %q", s)
	}
	f, err := v.OpenStream("file", "icon")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := io.ReadAll(f); err != nil || string(p) != "pixels" {
		t.Errorf("%q, %v", p, err)
	}
	if _, err := v.OpenStream("file", "none"); err == nil {
		t.Error("a stream that does not exist")
	}
}

// TestLastBlock has a file whose extents end before it does, in the middle of a
// block, as Linux leaves them; and one where they end a block before.
func TestLastBlock(t *testing.T) {
	for _, test := range []struct {
		recorded uint32
		want     bool
	}{{3000, true}, {2049, true}, {2048, false}, {1000, false}} {
		data := strings.Repeat("0123456789", 300)
		root := tree.NewFolder("", when)
		root.Append(tree.NewFile("file", int64(len(data)), when, layout.Bytes(data)))
		l := plan(t, root, Options{Revision: Revision150})
		image := make([]byte, l.Size())
		if _, err := l.ReadAt(image, 0); err != nil {
			t.Fatal(err)
		}
		const sector = FirstSector + firstBlock
		le.PutUint32(image[sector*sectorSize+entryLength:], test.recorded)
		resealSector(image, sector)
		v, err := openBytes(image, volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := fs.ReadFile(v, "file")
		if ok := err == nil && string(p) == data; ok != test.want {
			t.Errorf("%d bytes in extents: %d bytes were read, error %v", test.recorded, len(p), err)
		}
	}
}

func TestTime(t *testing.T) {
	for _, test := range []struct {
		bytes string
		want  time.Time
	}{
		{"\x00\x10\xe8\x07\x02\x1d\x0c\x22\x38\x4e\x5a\x0c", when},
		{"\x3c\x10\xe8\x07\x02\x1d\x0d\x22\x38\x4e\x5a\x0c", when},        // an hour east
		{"\xc4\x1f\xe8\x07\x02\x1d\x0b\x22\x38\x4e\x5a\x0c", when},        // an hour west
		{"\x01\x18\xe8\x07\x02\x1d\x0c\x22\x38\x4e\x5a\x0c", when},        // unspecified
		{"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", time.Time{}}, // not recorded
		{"\x00\x10\xe8\x07\x0d\x1d\x0c\x22\x38\x4e\x5a\x0c", time.Time{}}, // month 13
		{"\x00\x10\x6c\x07\x01\x01\x00\x00\x00\x00\x00\x00", time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if got := decodeTime([]byte(test.bytes)); !got.Equal(test.want) {
			t.Errorf("%q: %v, want %v", test.bytes, got, test.want)
		}
	}
	var p [timestampLength]byte
	for _, want := range []time.Time{when, time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.FixedZone("", 3600)), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		putTime(p[:], want)
		if got := decodeTime(p[:]); !got.Equal(want) {
			t.Errorf("%v came back as %v", want, got)
		}
	}
}

func TestFileName(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"short", "short"},
		{strings.Repeat("é", 126) + ".e", strings.Repeat("é", 126) + ".e"},
		{strings.Repeat("a", 254), strings.Repeat("a", 254)},
		{strings.Repeat("a", 255), strings.Repeat("a", 249) + "#789D"},
		{strings.Repeat("a", 251) + ".jpg", strings.Repeat("a", 245) + "#629A.jpg"},
		{strings.Repeat("語", 84), strings.Repeat("語", 84)},
		{strings.Repeat("a", 125) + "語語", strings.Repeat("a", 125) + "語語"},
		{strings.Repeat("a", 126) + "語語", strings.Repeat("a", 126) + "#130E"}, // which 8 bits are enough for
		{"bad\xff", "bad_#C1FF"},
		{"bad\xfe.jpg", "bad_#7D84.jpg"},
		{"bad\ufffd", "bad\ufffd"},
	} {
		if got := fileName(test.name); got != test.want {
			t.Errorf("%q: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestWarnings sees that a person is told of names and links that are not as
// they were, and that names which are no text stay apart.
func TestWarnings(t *testing.T) {
	root := tree.NewFolder("", when)
	for _, name := range []string{"bad\xfe", "bad\xff", "bad\ufffd", strings.Repeat("a", 255)} {
		root.Append(tree.NewFile(name, 1, when, layout.Bytes("x")))
	}
	for name, target := range map[string]string{"near": strings.Repeat("ab/", 292), "far": strings.Repeat("ab/", 293)} {
		n := tree.NewNode(name, fs.ModeSymlink|0o777, tree.Symlink(target))
		root.Append(n)
	}
	p, err := New(root, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(p.Report().Warnings, "\n")
	for _, want := range []string{"1 names are longer than UDF allows", "2 names are not text", "1 symbolic links take more than a block"} {
		if !strings.Contains(got, want) {
			t.Errorf("warnings %q, want %q", got, want)
		}
	}
	l, err := p.Volume()
	if err != nil {
		t.Fatal(err)
	}
	v, err := Open(l, l.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := v.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if strings.Contains(d.Name(), "~") { // the reader's mark of a name that is there twice
			t.Errorf("%s was written twice", d.Name())
		}
	}
}

// TestCS0 keeps strings apart, also those with half a pair of surrogates.
func TestCS0(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"\x08caf\xe9", "café"},
		{"\x10\x00c\x00\xe9", "cé"},
		{"\x10\xd8\x3d\xdc\xbf", "\U0001F4BF"},
		{"\x10\xd8\x3d", "\xed\xa0\xbd"},
		{"\x10\xd8\x3d\x00a", "\xed\xa0\xbda"},
		{"\x10\xdc\xbf\xd8\x3d", "\xed\xb2\xbf\xed\xa0\xbd"},
		{"\x10\xff\xfd", "\ufffd"},
	} {
		if got, err := decodeCS0([]byte(c.in)); got != c.want || err != nil {
			t.Errorf("%q: %q, %v, want %q", c.in, got, err, c.want)
		}
	}
	if _, err := decodeCS0([]byte("\x09a")); err == nil {
		t.Error("an unknown compression is read")
	}
}

func FuzzCS0(f *testing.F) {
	for _, s := range []string{"", "a", "ÿ", "Ā", "日本語", "😀", "\xff", "a\x00b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := appendCS0(nil, s)
		if len(p) != cs0Length(s) {
			t.Errorf("%q: %d bytes, foretold %d", s, len(p), cs0Length(s))
		}
		got, err := decodeCS0(p)
		if err != nil || utf8.ValidString(s) && got != s {
			t.Errorf("%q came back as %q, %v", s, got, err)
		}
		field := make([]byte, 32)
		putDString(field, s)
		if d := decodeDString(field); utf8.ValidString(s) && !strings.HasPrefix(s, d) {
			t.Errorf("%q came back as %q", s, d)
		}
		if n := fileName(s); cs0Length(n) > maxName {
			t.Errorf("%q: the name %q takes %d bytes", s, n, cs0Length(n))
		}
	})
}

func FuzzReadWrite(f *testing.F) {
	f.Add("a/b/c|d|😀", uint8(0))
	f.Add("z|y|x/"+strings.Repeat("long", 90), uint8(5))
	f.Fuzz(func(t *testing.T, paths string, revision uint8) {
		root := tree.NewFolder("", when)
		want := 0
		for _, p := range strings.Split(paths, "|") {
			at := root
			for _, part := range strings.Split(p, "/") {
				if !utf8.ValidString(part) || tree.CheckName(part) != nil {
					break
				}
				c := at.Child(part)
				if c == nil {
					if c = tree.NewFolder(part, when); at.Insert(c) != nil {
						break
					}
					want++
				}
				at = c
			}
		}
		l := plan(t, root, Options{Revision: Revisions[int(revision)%len(Revisions)]})
		v, err := Open(l, l.Size(), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(manifest(t, v), " 1709210096.789012 "); got != want+1 {
			t.Errorf("%d folders, want %d", got, want+1)
		}
	})
}

func BenchmarkPlan(b *testing.B) {
	root := tree.NewFolder("", when)
	for range 100 {
		dir := tree.NewFolder(strings.Repeat("d", len(root.Children())+1), when)
		root.Append(dir)
		for i := range 1000 {
			dir.Append(tree.NewFile(strings.Repeat("f", i%250+1)+string(rune('a'+i/250)), 100, when, layout.Bytes("contents")))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		plan(b, root, Options{Revision: Revision250})
	}
}
