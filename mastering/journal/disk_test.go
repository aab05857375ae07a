package journal_test

import (
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"syscall"
	"time"

	"glassmaster/mastering/journal"
)

// disk is a file system in memory with a write cache, as that of an operating system: what
// was not synchronized is kept or lost in a crash in any combination of blocks of 512 bytes.
// Names are kept in their order.
type disk struct {
	names, stored map[string]*node
	pending       []func(map[string]*node)
	clock         int64
	inodes        uint64
	readOnly      string // a file that cannot be opened for writing

	steps   int   // how many writes, synchronizations and changes of names there were
	faultAt int   // step that fails, or 0
	fault   fault // how
	r       *rand.Rand
}

// fault is how a step fails.
type fault int

const (
	crash fault = iota
	writeError
	shortWrite
	noSpace
	lasting // every later step fails too
	faults
)

// crashed is what a crash panics with.
type crashed struct{}

// node is a file.
type node struct {
	data, stored   []byte
	time, storedAt int64
	pending        []func(p []byte, keep func() bool) []byte
	inode          uint64
	locked         *handle
}

// handle is an open file.
type handle struct {
	*node
	d     *disk
	name  string
	write bool
}

func newDisk(seed uint64) *disk {
	return &disk{names: map[string]*node{}, stored: map[string]*node{}, r: rand.New(rand.NewPCG(seed, 7))}
}

// put stores a file.
func (d *disk) put(name string, p []byte) {
	d.inodes++
	d.clock++
	n := &node{data: append([]byte(nil), p...), stored: append([]byte(nil), p...), inode: d.inodes, time: d.clock, storedAt: d.clock}
	d.names[name], d.stored[name] = n, n
}

// step counts a step, and returns the error of one that fails.
func (d *disk) step() error {
	d.steps++
	if d.faultAt == 0 || d.steps < d.faultAt || d.steps > d.faultAt && d.fault != lasting {
		return nil
	}
	switch d.fault {
	case crash:
		panic(crashed{})
	case noSpace:
		return syscall.ENOSPC
	}
	return syscall.EIO
}

// crash drops what was not synchronized, or a part of it.
func (d *disk) crash() {
	for _, do := range d.pending[:d.r.IntN(len(d.pending)+1)] {
		do(d.stored)
	}
	d.pending = nil
	d.names = maps.Clone(d.stored)
	for _, n := range d.names {
		likely := d.r.IntN(5) // of 4: from nothing to everything
		for _, do := range n.pending {
			n.stored = do(n.stored, func() bool { return d.r.IntN(4) < likely })
		}
		if d.r.IntN(2) == 0 {
			n.storedAt = n.time
		}
		n.data, n.pending, n.locked, n.time = append([]byte(nil), n.stored...), nil, nil, n.storedAt
	}
}

func (d *disk) Open(name string, write bool) (journal.File, error) {
	n := d.names[name]
	if n == nil {
		return nil, fs.ErrNotExist
	}
	if write && name == d.readOnly {
		return nil, fs.ErrPermission
	}
	return &handle{n, d, name, write}, nil
}

func (d *disk) Create(name string, _ fs.FileInfo) (journal.File, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	if d.names[name] != nil {
		return nil, fs.ErrExist
	}
	d.inodes++
	n := &node{inode: d.inodes}
	d.change(func(names map[string]*node) { names[name] = n })
	return &handle{n, d, name, true}, nil
}

// change changes names, and remembers that until the folder is synchronized.
func (d *disk) change(do func(map[string]*node)) {
	do(d.names)
	d.pending = append(d.pending, do)
}

func (d *disk) Rename(from, to string) error {
	n := d.names[from]
	if n == nil {
		return fs.ErrNotExist
	}
	if err := d.step(); err != nil {
		return err
	}
	d.change(func(names map[string]*node) {
		names[to] = n
		delete(names, from)
	})
	return nil
}

func (d *disk) Remove(name string) error {
	if d.names[name] == nil {
		return fs.ErrNotExist
	}
	if err := d.step(); err != nil {
		return err
	}
	d.change(func(names map[string]*node) { delete(names, name) })
	return nil
}

func (d *disk) SyncFolder(string) error {
	if err := d.step(); err != nil {
		return err
	}
	for _, do := range d.pending {
		do(d.stored)
	}
	d.pending = nil
	return nil
}

func (d *disk) Lstat(name string) (fs.FileInfo, error) {
	if n := d.names[name]; n != nil {
		return (&handle{n, d, name, false}).Stat()
	}
	return nil, fs.ErrNotExist
}

func (d *disk) Lock(f journal.File) error {
	h := f.(*handle)
	if h.locked != nil {
		return journal.ErrBusy
	}
	h.locked = h
	return nil
}

func (d *disk) Patience() int                          { return 0 }
func (d *disk) Links(journal.File) int                 { return 1 }
func (d *disk) Admit(journal.File, journal.File) error { return nil }
func (d *disk) Free(journal.File) (int64, bool)        { return 0, false }
func (d *disk) Same(a, b journal.File) bool            { return a.(*handle).node == b.(*handle).node }

func (d *disk) Identity(f journal.File) journal.Identity {
	return journal.NewIdentity(f.(*handle).inode)
}

func (d *disk) SetTime(f journal.File, _ string, t time.Time) error {
	f.(*handle).time = t.UnixNano()
	return nil
}

func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(h.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *handle) WriteAt(p []byte, off int64) (int, error) {
	if !h.write {
		return 0, fs.ErrPermission
	}
	err := h.d.step()
	if err != nil && h.d.fault != shortWrite {
		return 0, err
	}
	if err != nil {
		p = p[:len(p)/2]
	}
	p = append([]byte(nil), p...)
	h.d.clock++
	h.time = h.d.clock
	h.data = writeBlocks(h.data, p, off, func() bool { return true })
	h.pending = append(h.pending, func(q []byte, keep func() bool) []byte { return writeBlocks(q, p, off, keep) })
	return len(p), err
}

// writeBlocks writes p block by block, as far as keep returns true for them. The size can
// become known to storage before the contents.
func writeBlocks(q, p []byte, off int64, keep func() bool) []byte {
	if end := off + int64(len(p)); end > int64(len(q)) && keep() {
		q = append(q, make([]byte, end-int64(len(q)))...)
	}
	for len(p) > 0 {
		n := min(int64(len(p)), 512-off%512)
		if keep() {
			if end := off + n; end > int64(len(q)) {
				q = append(q, make([]byte, end-int64(len(q)))...)
			}
			copy(q[off:], p[:n])
		}
		p, off = p[n:], off+n
	}
	return q
}

// Sync stores what was written since the last time. If it fails, a part of that is lost for
// ever, while it can still be read: later synchronizations do not store it either.
func (h *handle) Sync() error {
	err := h.d.step()
	keep := func() bool { return err == nil || h.d.r.IntN(2) == 0 }
	for _, do := range h.pending {
		h.stored = do(h.stored, keep)
	}
	h.pending = nil
	if err == nil {
		h.storedAt = h.time
	}
	return err
}

func (h *handle) Truncate(size int64) error {
	if !h.write {
		return fs.ErrPermission
	}
	if err := h.d.step(); err != nil {
		return err
	}
	cut := func(q []byte, keep func() bool) []byte {
		switch {
		case !keep():
			return q
		case size > int64(len(q)):
			return append(q, make([]byte, size-int64(len(q)))...)
		}
		return append([]byte(nil), q[:size]...)
	}
	h.d.clock++
	h.time = h.d.clock
	h.data = cut(h.data, func() bool { return true })
	h.pending = append(h.pending, cut)
	return nil
}

func (h *handle) Close() error {
	if h.locked == h {
		h.locked = nil
	}
	return nil
}

func (h *handle) Stat() (fs.FileInfo, error) { return info{h, int64(len(h.data)), h.time}, nil }

// info describes a file.
type info struct {
	h    *handle
	size int64
	time int64
}

func (i info) Name() string       { return i.h.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return 0o600 }
func (i info) ModTime() time.Time { return time.Unix(0, i.time) }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }

// attempt runs an operation, which a crash may end.
func (d *disk) attempt(do func() error) (err error, died bool) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case crashed:
			died = true
		default:
			panic(r)
		}
	}()
	return do(), false
}
