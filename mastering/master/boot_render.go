package master

import "glassmaster/mastering/boot"

// headSource renders the system area.
type headSource struct{ b *booter }

func (s *headSource) String() string { return "system area" }

// Render implements layout.Renderer.
func (s *headSource) Render(b []byte) {
	clear(b)
	s.b.disk.PutHead(b)
}

// tailSource renders the backup GPT.
type tailSource struct{ b *booter }

func (s *tailSource) String() string { return "backup GPT" }

// Render implements layout.Renderer.
func (s *tailSource) Render(b []byte) {
	clear(b)
	s.b.disk.PutTail(b)
}

// catalogSource renders the boot catalogue.
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
