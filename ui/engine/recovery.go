package engine

import (
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

// A window keeps its compilation in three files of the state folder: the
// compilation itself, the path of the file that it came from, and a file that is
// locked as long as the window runs. The system drops that lock when the program
// ends, however it ends, so that what nobody locks was left by a crash.
const (
	keptEnding   = compilation.Ending
	originEnding = ".origin"
	lockEnding   = ".lock"
)

// keeping is what one window keeps.
type keeping struct {
	mu   sync.Mutex
	base string // of its files, without the ending; empty before the first
	lock *flock.Flock
}

// stateDir is where this person's programs keep what they need again after a
// crash.
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
func (e *Engine) Keep(c *compilation.Compilation, origin string) error {
	k := &e.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.begin(); err != nil {
		return fmt.Errorf("keep the compilation: %w", err)
	}
	if err := os.WriteFile(k.base+originEnding, []byte(origin), 0o600); err != nil {
		return fmt.Errorf("keep the compilation: %w", err)
	}
	if err := c.Save(k.base + keptEnding); err != nil {
		return fmt.Errorf("keep the compilation: %w", err)
	}
	return nil
}

// begin takes a name that no other window has.
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
	f, err := os.CreateTemp(dir, "window-*"+lockEnding)
	if err != nil {
		return err
	}
	f.Close()
	lock := flock.New(f.Name())
	if locked, err := lock.TryLock(); err != nil || !locked {
		return fmt.Errorf("lock %s: %w", f.Name(), errors.Join(err, os.Remove(f.Name())))
	}
	k.base, k.lock = strings.TrimSuffix(f.Name(), lockEnding), lock
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

// remove removes the files of one name, that of the lock last.
func remove(base string) error {
	for _, ending := range []string{keptEnding, originEnding, lockEnding} {
		if err := os.Remove(base + ending); err != nil && !errors.Is(err, fs.ErrNotExist) {
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
	files, err := os.ReadDir(dir) // and no pattern: the folder may have any name
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []model.Lost
	for _, f := range files {
		name, kept := strings.CutSuffix(f.Name(), keptEnding)
		if !kept || !strings.HasPrefix(name, "window-") || !f.Type().IsRegular() {
			continue
		}
		path, base := filepath.Join(dir, f.Name()), filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil || running(base) {
			continue
		}
		origin, _ := os.ReadFile(base + originEnding)
		out = append(out, model.Lost{ID: base, Origin: string(origin), Kept: info.ModTime()})
	}
	slices.SortFunc(out, func(a, b model.Lost) int { return b.Kept.Compare(a.Kept) })
	return out, nil
}

// running reports whether the window that keeps something still runs.
func running(base string) bool {
	lock := flock.New(base + lockEnding)
	locked, err := lock.TryLock()
	if locked {
		_ = lock.Unlock()
	}
	return err == nil && !locked
}

// Recover implements model.Keeper.
func (e *Engine) Recover(l model.Lost) (*compilation.Compilation, []disc.Notice, error) {
	return e.LoadCompilation(l.ID + keptEnding)
}

// Discard implements model.Keeper.
func (e *Engine) Discard(l model.Lost) error { return remove(l.ID) }
