package disc

import "sync"

// Memo holds what package volume knows about a disc while the disc is open. Discs embed it.
type Memo struct {
	once sync.Once
	v    any
}

// Recall returns the result of create, which is called by the first Recall only. It is for
// package volume.
func (m *Memo) Recall(create func() any) any {
	m.once.Do(func() { m.v = create() })
	return m.v
}
