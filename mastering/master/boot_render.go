package master

import "glassmaster/mastering/boot"

// headSource is the system area as a part of the image.
type headSource struct{ b *booter }

func (s *headSource) String() string { return "system area" }

// Render implements layout.Renderer.
func (s *headSource) Render(b []byte) {
	clear(b)
	s.b.disk.PutHead(b)
}

// tailSource is the backup GPT as a part of the image.
type tailSource struct{ b *booter }

func (s *tailSource) String() string { return "backup GPT" }

// Render implements layout.Renderer.
func (s *tailSource) Render(b []byte) {
	clear(b)
	s.b.disk.PutTail(b)
}

// catalogSource is the boot catalogue as a part of the image.
type catalogSource struct{ b *booter }

func (s *catalogSource) String() string { return "boot catalogue" }

// Render implements layout.Renderer.
func (s *catalogSource) Render(b []byte) {
	clear(b)
	entries := make([]boot.Entry, len(s.b.images))
	for n, i := range s.b.images {
		entries[n] = i.entry
	}
	boot.PutCatalog(b, s.b.o.ID, entries)
}
