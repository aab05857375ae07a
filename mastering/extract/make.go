package extract

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"

	"glassmaster/mastering/volume"
)

// folder makes a folder, or takes one that is there. A symbolic link in its
// place is not followed.
func (x *extraction) folder(p, host string, e *volume.Entry) error {
	err := x.root.Mkdir(host, 0o700)
	if errors.Is(err, fs.ErrExist) {
		info, lerr := x.root.Lstat(host)
		if lerr != nil {
			return lerr
		}
		if !info.IsDir() {
			return fmt.Errorf("something that is not a folder is in its place")
		}
		err = nil
	}
	if err != nil {
		return err
	}
	x.report.Folders++
	x.folders = append(x.folders, later{path: p, host: host, mode: x.perm(p, e.Mode), modified: e.Modified, uid: e.UID, gid: e.GID})
	return nil
}

// settle gives a folder its attributes, once nothing is made in it any more.
func (x *extraction) settle(l later) {
	err := x.root.Chmod(l.host, l.mode)
	if x.o.Owners {
		err = errors.Join(err, x.root.Lchown(l.host, int(l.uid), int(l.gid)))
	}
	if l.modified != volume.NoTime {
		err = errors.Join(err, x.root.Chtimes(l.host, when(l.modified), when(l.modified)))
	}
	if err != nil {
		x.note(l.path, fmt.Sprintf("has not got all of its attributes: %v", err))
	}
}

// file makes a regular file.
func (x *extraction) file(p, host string, e *volume.Entry) error {
	if e.Unreadable != "" {
		return errors.New(e.Unreadable)
	}
	there, err := x.clear(p, host)
	if err != nil || there {
		return err
	}
	if x.link(host, e) {
		x.report.HardLinks++
		x.rep.Add(e.Size)
		return nil
	}
	temp := path.Join(path.Dir(host), ".glassmaster-"+rand.Text())
	if err := x.fill(p, temp, e); err != nil {
		return errors.Join(err, x.root.Remove(temp))
	}
	if err := x.root.Rename(temp, host); err != nil {
		return errors.Join(err, x.root.Remove(temp))
	}
	if e.Inode != 0 {
		if _, ok := x.first[e.Inode]; !ok {
			x.first[e.Inode] = made{host, e.Size, e.Mode, e.Modified}
		}
	}
	x.report.Files++
	return nil
}

// clear settles what happens to a file that is in the place of the entry. It
// reports whether that stays.
func (x *extraction) clear(p, host string) (stays bool, err error) {
	info, err := x.root.Lstat(host)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case x.o.Existing == Keep:
		x.note(p, "is in the folder already and was kept")
		return true, nil
	case x.o.Existing == Refuse:
		return false, fmt.Errorf("%w in the folder", fs.ErrExist)
	case info.IsDir():
		return false, errors.New("a folder is in its place")
	}
	return false, x.root.Remove(host)
}

// link makes the entry a further name of a file that was extracted before, where
// both are the same file of the disc with the same attributes.
func (x *extraction) link(host string, e *volume.Entry) bool {
	if e.Inode == 0 {
		return false
	}
	m, ok := x.first[e.Inode]
	if !ok || m.size != e.Size || m.mode != e.Mode || m.modified != e.Modified {
		return false
	}
	return x.root.Link(m.path, host) == nil
}

// fill writes the contents of an entry to a new file.
func (x *extraction) fill(p, temp string, e *volume.Entry) error {
	src, err := x.contents(p, e)
	if err != nil {
		return err
	}
	defer src.Close()
	f, err := x.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := x.copy(f, src)
	if err == nil && n != e.Size {
		err = fmt.Errorf("%d of %d bytes could be read: %w", n, e.Size, io.ErrUnexpectedEOF)
	}
	if err == nil {
		err = f.Chmod(x.perm(p, e.Mode))
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && x.o.Owners {
		err = x.root.Lchown(temp, int(e.UID), int(e.GID))
	}
	if err == nil && e.Modified != volume.NoTime {
		err = x.root.Chtimes(temp, when(e.Modified), when(e.Modified))
	}
	return err
}

// copySize is how much is copied at a time.
const copySize = 128 << 10

// copy copies until the end of src, or of the context.
func (x *extraction) copy(w io.Writer, src io.Reader) (int64, error) {
	if x.buf == nil {
		x.buf = make([]byte, copySize)
	}
	var done int64
	for {
		if err := x.ctx.Err(); err != nil {
			return done, err
		}
		n, err := io.ReadFull(src, x.buf)
		if _, werr := w.Write(x.buf[:n]); werr != nil {
			return done, werr
		}
		done += int64(n)
		x.report.Bytes += int64(n)
		x.rep.Add(int64(n))
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF: // as io.ReadFull says it, not wrapped
			return done, nil
		case err != nil:
			return done, err
		}
	}
}

// symlink makes a symbolic link.
func (x *extraction) symlink(l later) {
	stays, err := x.clear(l.path, l.host)
	if stays {
		return
	}
	if err == nil {
		err = x.root.Symlink(hostTarget(l.target), l.host)
	}
	if err == nil && x.o.Owners {
		err = x.root.Lchown(l.host, int(l.uid), int(l.gid))
	}
	if err != nil {
		x.fail(l.path, err)
		return
	}
	x.report.Links++
	if leaves(l.path, l.target) {
		x.note(l.path, fmt.Sprintf("is a link that leads out of the folder, to %q", l.target))
	}
}

// leaves reports whether a link leads out of the volume.
func leaves(p, target string) bool {
	return path.IsAbs(target) || strings.HasPrefix(path.Join(path.Dir(p), target)+"/", "../")
}

func hostTarget(target string) string {
	if runtime.GOOS == "windows" {
		return strings.ReplaceAll(target, "/", `\`)
	}
	return target
}
