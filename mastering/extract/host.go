package extract

import (
	"io/fs"
	"time"

	"glassmaster/mastering/volume"
)

// hostFolder is an open folder of the host. Names are names in it, without a slash. No
// method follows a symbolic link.
type hostFolder interface {
	mkdir(name string) error
	enter(name string) (hostFolder, error)
	// create begins a new file. It fails with fs.ErrExist if the name exists, unless
	// replace is set: then the new file replaces it when it is finished.
	create(name string, replace bool, a attributes) (hostFile, error)
	symlink(target, name string) error
	link(from hostFolder, old, name string) error
	remove(name string) error
	kind(name string) (fs.FileMode, error)   // type; of a folder also its permissions
	info(name string) (fs.FileInfo, error)   // identifies a file, for os.SameFile
	free() (int64, bool)                     // free space in bytes; false: unknown
	setAttributes(a attributes) error        // of the folder itself
	setLink(link string, a attributes) error // sets owner and time of a symbolic link
	close()
}

// hostFile is a file of the host that is being written. It has its name when finish
// returns nil. abort removes it.
type hostFile interface {
	Write(p []byte) (int, error)
	finish() error
	abort()
}

// attributes are the attributes of a file or folder.
type attributes struct {
	mode     fs.FileMode
	modified int64 // Unix time in nanoseconds, or volume.NoTime
	uid, gid uint32
	owned    bool // uid and gid are set
	length   int64
}

// time returns the recorded time.
func (a attributes) time() (time.Time, bool) {
	if a.modified == volume.NoTime {
		return time.Time{}, false
	}
	return time.Unix(0, a.modified), true
}

// chain is the open folders from the root to the one where an entry is created. Entries
// come in the order of the tree, so that most steps open and close nothing.
type chain struct {
	plan  *plan
	root  hostFolder
	steps []step
	want  []int32 // numbers of the folders on the way, inner first
}

type step struct {
	number int32
	folder hostFolder
}

// to returns folder i. It opens only the folders that are not open yet.
func (c *chain) to(i int32) (hostFolder, error) {
	if n := len(c.steps); n > 0 && c.steps[n-1].number == i {
		return c.steps[n-1].folder, nil
	}
	c.want = c.want[:0]
	for ; i != 0; i = c.plan.folders[i].parent {
		if c.plan.folders[i].failed {
			return nil, errFolder
		}
		c.want = append(c.want, i)
	}
	same := 0
	for same < len(c.steps) && same < len(c.want) && c.steps[same].number == c.want[len(c.want)-1-same] {
		same++
	}
	c.leave(same)
	at := c.root
	if same > 0 {
		at = c.steps[same-1].folder
	}
	for k := len(c.want) - 1 - same; k >= 0; k-- {
		next, err := at.enter(c.plan.folders[c.want[k]].host)
		if err != nil {
			return nil, err
		}
		c.steps = append(c.steps, step{c.want[k], next})
		at = next
	}
	return at, nil
}

// leave closes all but the outer n folders.
func (c *chain) leave(n int) {
	for len(c.steps) > n {
		c.steps[len(c.steps)-1].folder.close()
		c.steps = c.steps[:len(c.steps)-1]
	}
}
