package disc

import "sync"

// Memo keeps what was found out about a disc for as long as the disc is open. Discs
// embed it.
type Memo struct {
	once sync.Once
	v    any
}

// Recall returns what make returned, which is called the first time only. Package
// volume uses it, and nothing else.
func (m *Memo) Recall(make func() any) any {
	m.once.Do(func() { m.v = make() })
	return m.v
}
