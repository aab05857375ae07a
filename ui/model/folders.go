package model

import (
	"context"
	"time"

	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
)

// unreadFolders reads folders of an image that is edited, in jobs, and gives their entries
// to the tree.
type unreadFolders struct {
	post   Post
	read   func(ctx context.Context, copied *tree.Node)
	onRead func(folders []*tree.Node)

	queue   []*tree.Node
	queued  map[*tree.Node]bool
	waiting []waiting
	job     *Job
	closed  bool
}

// waiting is work that needs folders which were not read yet.
type waiting struct {
	folders []*tree.Node
	then    func()
}

// readTime is for how long a job reads folders before it shows them.
const readTime = 100 * time.Millisecond

// want reads folders, unless they are read, or will be.
func (u *unreadFolders) want(folders ...*tree.Node) {
	for _, f := range folders {
		if f.Unread() && !u.queued[f] {
			u.queued[f] = true
			u.queue = append(u.queue, f)
		}
	}
	u.begin()
}

// first calls then after folders were read. It returns false, and does not call it, if all
// of them are read already.
func (u *unreadFolders) first(folders []*tree.Node, then func()) bool {
	var missing []*tree.Node
	for _, f := range folders {
		if f.Unread() {
			missing = append(missing, f)
		}
	}
	if len(missing) == 0 {
		return false
	}
	u.waiting = append(u.waiting, waiting{missing, then})
	u.want(missing...)
	return true
}

func (u *unreadFolders) begin() {
	if u.job.Running() || len(u.queue) == 0 || u.closed {
		return
	}
	folders := u.queue
	u.queue = nil
	copies := make([]*tree.Node, len(folders))
	for i, f := range folders {
		copies[i] = f.Clone() // the tree itself belongs to the goroutine of the window
	}
	done := 0
	u.job = Start(u.post, "reading folders", func(ctx context.Context, _ progress.Reporter) error {
		for begun := time.Now(); done < len(copies) && ctx.Err() == nil; done++ {
			if done > 0 && time.Since(begun) > readTime {
				break
			}
			u.read(ctx, copies[done])
		}
		return ctx.Err()
	}, func(error) {
		if u.closed {
			return
		}
		for i, f := range folders[:done] {
			f.Adopt(copies[i])
			delete(u.queued, f)
		}
		u.queue = append(folders[done:], u.queue...)
		u.onRead(folders[:done])
		u.goOn()
		u.begin()
	})
}

// goOn does the work whose folders have been read.
func (u *unreadFolders) goOn() {
	list := u.waiting
	u.waiting = nil
	for _, w := range list {
		if !u.first(w.folders, w.then) {
			w.then()
		}
	}
}

func (u *unreadFolders) close() {
	u.closed = true
	u.job.Cancel()
}

// unreadMerged returns the folders that must be read before nodes are added to dir:
// folders of the same name are merged.
func unreadMerged(dir *tree.Node, nodes []*tree.Node) []*tree.Node {
	if dir.Unread() {
		return []*tree.Node{dir}
	}
	byName := make(map[string]*tree.Node, len(nodes))
	for _, n := range nodes {
		if n.IsDir() {
			byName[n.Name] = n
		}
	}
	var out []*tree.Node
	for _, c := range dir.Children() {
		if n := byName[c.Name]; n != nil && c.IsDir() {
			out = append(out, unreadMerged(c, n.Children())...)
		}
	}
	return out
}
