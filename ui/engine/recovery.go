package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gofrs/flock"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/ui/model"
)

// A window stores its unsaved compilation in four files in the state folder: the
// compilation itself, the path of the file that it was loaded from, the notices of files
// that it lacks, and a lock file. The
// system releases the lock when the program ends, even by a crash: files without a locked
// lock file were left by a crash.
const (
	keptExtension    = compilation.Extension
	originExtension  = ".origin"
	missingExtension = ".missing"
	lockExtension    = ".lock"
)

// keeping is the backup of this window's compilation.
type keeping struct {
	mu   sync.Mutex
	base string // path of its files without the extension; "" if there are none
	lock *flock.Flock
}

// stateDir returns the folder for state of the user that must survive a crash, by the
// XDG Base Directory Specification on Linux.
func stateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "glassmaster"), nil
	}
	if runtime.GOOS != "linux" {
		dir, err := os.UserCacheDir()
		return filepath.Join(dir, "Glassmaster", "Recovery"), err
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state", "glassmaster"), err
}

// Keep implements model.Keeper.
func (e *Engine) Keep(c *compilation.Compilation, origin string, missing []disc.Notice) error {
	k := &e.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.begin(); err != nil {
		return fmt.Errorf("store the compilation for recovery: %w", err)
	}
	if err := os.WriteFile(k.base+originExtension, []byte(origin), 0o600); err != nil {
		return fmt.Errorf("store the compilation for recovery: %w", err)
	}
	list, err := json.Marshal(missing)
	if err == nil {
		err = os.WriteFile(k.base+missingExtension, list, 0o600)
	}
	if err != nil {
		return fmt.Errorf("store the compilation for recovery: %w", err)
	}
	if err := c.Save(k.base + keptExtension); err != nil {
		return fmt.Errorf("store the compilation for recovery: %w", err)
	}
	return nil
}

// begin creates and locks the lock file, whose name no other window uses.
func (k *keeping) begin() error {
	if k.base != "" {
		return nil
	}
	dir, err := stateDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "window-*"+lockExtension)
	if err != nil {
		return err
	}
	f.Close()
	lock := flock.New(f.Name())
	if locked, err := lock.TryLock(); err != nil || !locked {
		return fmt.Errorf("lock %s: %w", f.Name(), errors.Join(err, os.Remove(f.Name())))
	}
	k.base, k.lock = strings.TrimSuffix(f.Name(), lockExtension), lock
	return nil
}

// Forget implements model.Keeper.
func (e *Engine) Forget() error {
	k := &e.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.base == "" {
		return nil
	}
	err := remove(k.base)
	_ = k.lock.Unlock()
	k.base, k.lock = "", nil
	return err
}

// remove removes the files of one window, the lock file last.
func remove(base string) error {
	for _, extension := range []string{keptExtension, originExtension, missingExtension, lockExtension} {
		if err := os.Remove(base + extension); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Lost implements model.Keeper.
func (e *Engine) Lost() ([]model.Lost, error) {
	dir, err := stateDir()
	if err != nil {
		return nil, err
	}
	files, err := os.ReadDir(dir) // not Glob: the path may contain its special characters
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []model.Lost
	for _, f := range files {
		name, kept := strings.CutSuffix(f.Name(), keptExtension)
		if !kept || !strings.HasPrefix(name, "window-") || !f.Type().IsRegular() {
			continue
		}
		path, base := filepath.Join(dir, f.Name()), filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil || running(base) {
			continue
		}
		origin, _ := os.ReadFile(base + originExtension)
		out = append(out, model.Lost{ID: base, Origin: string(origin), Kept: info.ModTime()})
	}
	slices.SortFunc(out, func(a, b model.Lost) int { return b.Kept.Compare(a.Kept) })
	return out, nil
}

// running reports whether the window that stored the files still runs.
func running(base string) bool {
	lock := flock.New(base + lockExtension)
	locked, err := lock.TryLock()
	if locked {
		_ = lock.Unlock()
	}
	return err == nil && !locked
}

// Recover implements model.Keeper.
func (e *Engine) Recover(l model.Lost) (*compilation.Compilation, []disc.Notice, error) {
	c, notices, err := e.LoadCompilation(l.ID + keptExtension)
	if err != nil {
		return nil, nil, err
	}
	var missing []disc.Notice
	list, err := os.ReadFile(l.ID + missingExtension)
	if err == nil {
		err = json.Unmarshal(list, &missing)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		missing = []disc.Notice{{Severity: disc.Error, Path: l.ID + missingExtension, Text: fmt.Sprintf("it is unknown which files could not be added: %v", err)}}
	}
	return c, append(missing, notices...), nil
}

// Discard implements model.Keeper.
func (e *Engine) Discard(l model.Lost) error { return remove(l.ID) }
