package command

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"glassmaster/drive/serve"
)

// lines is an output that several goroutines write to and a test waits for.
type lines struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	more chan struct{}
}

func newLines() *lines { return &lines{more: make(chan struct{}, 1)} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// await waits for text that matches, and returns the submatches.
func (l *lines) await(t *testing.T, pattern string) []string {
	t.Helper()
	re, limit := regexp.MustCompile(pattern), time.After(20*time.Second)
	for {
		if m := re.FindStringSubmatch(l.String()); m != nil {
			return m
		}
		select {
		case <-l.more:
		case <-limit:
			t.Fatalf("no %q in:\n%s", pattern, l)
		}
	}
}

// serving runs "serve" until stop is called, which returns its exit code.
func startServing(t *testing.T, args ...string) (out, log *lines, stop func() Code) {
	t.Helper()
	out, log = newLines(), newLines()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan Code, 1)
	go func() {
		done <- Code(Run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...), strings.NewReader(""), out, log))
	}()
	stop = sync.OnceValue(func() Code {
		cancel()
		return <-done
	})
	t.Cleanup(func() { stop() })
	return out, log, stop
}

// A folder is burned to a recorder that another run serves, and an image that it serves
// is read.
func TestServe(t *testing.T) {
	recorder, file := blankDisc(t, "dvd+r")
	image := builtImage(t)
	_, log, stop := startServing(t, recorder, image)
	name := log.await(t, `(iscsi://\S+:disc/0)`)[1]
	other := log.await(t, regexp.QuoteMeta(image)+`: (iscsi://\S+)`)[1]
	log.await(t, "iscsiadm -m node")
	must(t, OK, "burn", "--yes", sample(t), name)
	if got := must(t, OK, "cat", name, "docs/deep/er/still.bin").out; got != files["docs/deep/er/still.bin"] {
		t.Errorf("cat: %d bytes", len(got))
	}
	must(t, OK, "verify", other, image)
	if r := run(t, "burn", "--yes", sample(t), other); r.code != NoMedium && r.code != Failed {
		t.Errorf("burning to a pressed disc: %d\n%s", r.code, r.log)
	}
	log.await(t, "has logged out of")
	if code := stop(); code != OK {
		t.Errorf("exit code %d\n%s", code, log)
	}
	if got := must(t, OK, "cat", "virtual:"+file, "readme.txt").out; got != files["readme.txt"] {
		t.Errorf("afterwards: %q", got)
	}
}

// With --together the drives are logical units of one target; --read-only refuses to burn.
func TestServeTogether(t *testing.T) {
	recorder, _ := blankDisc(t, "cd-r")
	_, log, _ := startServing(t, "--together", "--read-only", "--target", "iqn.2026-01.com.example:all", recorder, builtImage(t))
	name := log.await(t, `(iscsi://\S+/iqn.2026-01.com.example:all)/1`)[1]
	must(t, OK, "ls", name+"/1")
	if r := run(t, "burn", "--yes", sample(t), name+"/0"); r.code == OK || !strings.Contains(r.log, "WRITE PROTECTED") {
		t.Errorf("burning: %d\n%s", r.code, r.log)
	}
	if r := run(t, "media", name+"/0"); !strings.Contains(r.out, "blank") {
		t.Errorf("media: %s", r.out)
	}
}

// With CHAP only those who know the secret get in.
func TestServeCHAP(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("a-secret-of-mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GLASSMASTER_CHAP_MUTUAL_SECRET", "a-secret-of-its-own")
	_, log, _ := startServing(t, "--chap", "anna", "--secret", secret, "--mutual", "target", builtImage(t))
	name := log.await(t, `(iscsi://\S+/0)`)[1]
	if r := run(t, "ls", name); r.code == OK || !strings.Contains(r.log, "iscsi://USER@HOST") {
		t.Errorf("without a user: %d\n%s", r.code, r.log)
	}
	name = strings.Replace(name, "iscsi://", "iscsi://anna@", 1)
	t.Setenv("GLASSMASTER_CHAP_SECRET", "not-the-secret-of-mine")
	if r := run(t, "ls", name); r.code == OK || !strings.Contains(r.log, "refuses the user or its secret") {
		t.Errorf("with a wrong secret: %d\n%s", r.code, r.log)
	}
	t.Setenv("GLASSMASTER_CHAP_SECRET", "")
	t.Setenv("GLASSMASTER_CHAP_SECRET_FILE", secret)
	must(t, OK, "ls", name)
}

// The objects of --json say who came and went.
func TestServeJSON(t *testing.T) {
	out, _, stop := startServing(t, "--json", builtImage(t))
	address := out.await(t, `"event":"listening".*"address":"([^"]+)"`)[1]
	must(t, OK, "ls", "iscsi://"+address+"/"+serve.TargetName(builtImage(t), nil))
	out.await(t, `"event":"logged-out"`)
	if code := stop(); code != OK {
		t.Errorf("exit code %d", code)
	}
	var events []string
	for _, o := range objects(t, out.String()) {
		if o["type"] == "serve" {
			events = append(events, o["event"].(string))
		}
	}
	if got := strings.Join(events, " "); got != "offered listening logged-in logged-out" {
		t.Errorf("events: %s", got)
	}
	data := outcomeOf(t, out.String())["data"].(map[string]any)
	if data["address"] != address || len(data["targets"].([]any)) != 1 {
		t.Errorf("data: %v", data)
	}
}

func TestServeRefused(t *testing.T) {
	image := builtImage(t)
	t.Setenv("GLASSMASTER_CHAP_SECRET", "short")
	for _, c := range []struct {
		args []string
		code Code
		want string
	}{
		{[]string{"--listen", "0.0.0.0:0", image}, Usage, "without a password"},
		{[]string{"--listen", "[::]:0", image}, Usage, "without a password"},
		{[]string{"--chap", "anna", image}, Usage, "needs 12 or more"},
		{[]string{"--mutual", "target", image}, Usage, "needs the name"},
		{[]string{"--secret", "file", image}, Usage, "needs the name"},
		{[]string{"--chap", "anna", "--secret", "no-such-file", image}, Usage, "no-such-file"},
		{[]string{t.TempDir()}, Failed, "it is a folder"},
		{[]string{"no-such-file"}, Failed, "no-such-file"},
		{[]string{image, image}, Usage, "named twice"},
		{[]string{"--target", "disc", image}, Failed, "is not an iSCSI name"},
		{[]string{"--target", "iqn.2026-01.a:b", "--target", "iqn.2026-01.a:c", image}, Usage, "more --target"},
		{[]string{"--listen", "127.0.0.1:x", image}, Failed, "listen"},
	} {
		args := append([]string{"serve"}, c.args...)
		if c.args[0] != "--listen" {
			args = append(args, "--listen", "127.0.0.1:0")
		}
		if r := run(t, args...); r.code != c.code || !strings.Contains(r.log, c.want) {
			t.Errorf("%v: exit code %d\n%s", c.args, r.code, r.log)
		}
	}
}
