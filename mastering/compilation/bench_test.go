package compilation

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/master"
)

// manyFiles makes a folder of small files, 50 in each folder, or returns the folder in
// GLASSMASTER_BENCH.
func manyFiles(b *testing.B, n int) string {
	b.Helper()
	if dir := os.Getenv("GLASSMASTER_BENCH"); dir != "" {
		return dir
	}
	dir := b.TempDir()
	content := make([]byte, 8192)
	for i := range n {
		folder := filepath.Join(dir, fmt.Sprintf("collection %03d", i/2500), fmt.Sprintf("volume %02d", i/50%50))
		if i%50 == 0 {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		name := filepath.Join(folder, fmt.Sprintf("%06d a name of a usual length проект.txt", i))
		if err := os.WriteFile(name, content[:i*37%8192], 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// perFile reports the time of an iteration for each file.
func perFile(b *testing.B, files int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(files), "ns/file")
}

func BenchmarkScan(b *testing.B) {
	dir := manyFiles(b, 10000)
	b.ReportAllocs()
	files := 0
	for b.Loop() {
		c := New()
		nodes, _, err := Scan(context.Background(), []string{dir + "/"}, ScanOptions{}, nil)
		if err != nil {
			b.Fatal(err)
		}
		c.Add(c.Root(), nodes)
		files, _, _ = c.Count()
	}
	perFile(b, files)
}

func BenchmarkPlan(b *testing.B) {
	c := compile(b, manyFiles(b, 10000), master.Options{})
	c.Seal()
	files, _, _ := c.Count()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Plan(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	perFile(b, files)
}

// BenchmarkBuild is the whole work: scan, plan, write to a file.
func BenchmarkBuild(b *testing.B) {
	dir := manyFiles(b, 10000)
	out := filepath.Join(b.TempDir(), "x.iso")
	files := 0
	b.ReportAllocs()
	for b.Loop() {
		c := compile(b, dir, master.Options{})
		c.Seal()
		m, err := c.Plan(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if err := writeFile(context.Background(), m, out); err != nil {
			b.Fatal(err)
		}
		files, _, _ = c.Count()
		b.SetBytes(m.Size())
	}
	perFile(b, files)
}

// BenchmarkWrite writes a planned image to io.Discard.
func BenchmarkWrite(b *testing.B) {
	c := compile(b, manyFiles(b, 10000), master.Options{})
	m, err := c.Plan(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(m.Size())
	for b.Loop() {
		if err := writeTo(context.Background(), m, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	perFile(b, m.Files)
}
