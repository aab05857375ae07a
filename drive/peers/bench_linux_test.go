package peers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/drive/serve"
	"glassmaster/drive/trace"
	"glassmaster/drive/virtual"
	"glassmaster/mastering/image"
	"glassmaster/mastering/peertest"
)

const (
	inGuest = "GLASSMASTER_GUEST" // set in the guest: this process serves or burns there
	target  = "iqn.2026-01.local.glassmaster:served"
	port    = "3261"
)

// A burn is a disc that is burned in the guest.
type burn struct {
	name   string
	medium string // such as "dvd+r"
	// sectors is the capacity of the disc; 0: 30000.
	sectors int64
	options string // of the virtual drive, such as "&load=1"
	// script is run in the guest by bash -e, in the folder of the sources. $sr and $sg are
	// the devices of the drive; the functions of guestLibrary can be called.
	script string
	want   want // what this project reads of the disc afterwards
}

// guestLibrary are functions for the scripts of burns.
const guestLibrary = `
# reload takes the disc out and puts it in again, as the kernel and many programs need after
# a burn by another one.
reload() { sg_start --eject $sg; sg_start --load $sg; }

# has FILE [LBA]: the disc has the contents of the file at that address.
has() {
	dd if=$sr bs=2048 skip=${2:-0} count=$(($(stat -c %s $1) / 2048)) status=none | cmp - $1
}

# mounts FILE... : the kernel mounts the disc, which has these files.
mounts() {
	mkdir -p /run/mnt/$name
	mount -o ro -t iso9660 $sr /run/mnt/$name
	for file; do cmp /run/mnt/$name/${file#*/} $file; done
	umount /run/mnt/$name
}

# plays FILE...: cdparanoia reads these samples from the disc.
plays() {
	cdparanoia -Zqr -d $sr 1- $TMPDIR/$name
	cat "$@" | cmp - $TMPDIR/$name
	rm $TMPDIR/$name
}

# second makes more.iso, a session with the folder more that follows the one on the disc.
# Its arguments are the addresses that the burning program has printed.
second() { genisoimage -quiet -R -V DISC -C "$1" -M $sr -o $TMPDIR/$name.iso more; }

# says TEXT FILE: the file contains the text.
says() { grep -qF -- "$1" $2 || { cat $2; echo "$2 lacks: $1"; return 1; }; }
`

// guestScript serves one recorder for each burn, and burns all of them at the same time: the
// programs sleep most of the time.
const guestScript = `
ln -s /proc/self/fd /dev/fd
# Some programs need /tmp. This folder may be below it.
mkdir -p "/run/tmp$PWD"
mount --bind "$PWD" "/run/tmp$PWD"
here=$PWD
cd /
case $here in /tmp/*) mount --rbind /run/tmp/tmp /tmp ;; *) mount --bind /run/tmp /tmp ;; esac
cd "$here"
setsid env GLASSMASTER_GUEST=1 ./peers.test -test.timeout 10m -test.run '^TestGuestServe$' >serve.log 2>&1 &
server=$!
for _ in $(seq 400); do
	grep -q listening serve.log && break
	sleep 0.05
done
grep -q listening serve.log || { cat serve.log >&2; exit 1; }
connect %[1]s %[2]s %[3]d
set +e
for name in %[4]s; do
	{
		( set -e; set -- $(lun $(cat $name.lun)); sr=$1 sg=$2; . ./library; . ./$name.sh ) >$name.log 2>&1
		echo $? >$name.status
	} &
	burns+=" $!"
done
wait $burns
kill -INT $server
wait $server
sync
`

// burnAll burns all discs under one kernel, with the folder of the sources, and checks them.
func burnAll(t *testing.T, dir string, list []burn) {
	t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "peers.test", string(self))
	write(t, dir, "library", guestLibrary)
	var recorders []recorder
	var names []string
	for i, b := range list {
		write(t, dir, b.file(".sh"), b.script)
		write(t, dir, b.file(".lun"), fmt.Sprint(i))
		recorders = append(recorders, recorder{b.file(""), b.medium, b.capacity(), b.options})
		names = append(names, b.file(""))
	}
	text, err := json.Marshal(recorders)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "recorders", string(text))
	out := peertest.KernelWithInitiator(t, dir, fmt.Sprintf(guestScript, port, target, len(list), strings.Join(names, " ")))
	t.Logf("%s", out)
	for _, b := range list {
		t.Run(b.name, func(t *testing.T) { b.check(t, dir) })
	}
}

// file returns the name of a file of the burn with this extension.
func (b burn) file(ext string) string {
	return "burn-" + strings.NewReplacer(" ", "-", ",", "", "+", "p", ":", "").Replace(b.name) + ext
}

func (b burn) capacity() int64 {
	if b.sectors == 0 {
		return 30000
	}
	return b.sectors
}

// check checks that the script of the burn succeeded, and the disc.
func (b burn) check(t *testing.T, dir string) {
	log, _ := os.ReadFile(filepath.Join(dir, b.file(".log")))
	status, err := os.ReadFile(filepath.Join(dir, b.file(".status")))
	if err != nil || strings.TrimSpace(string(status)) != "0" {
		commands, _ := os.ReadFile(filepath.Join(dir, b.file(".trace")))
		t.Fatalf("the script failed: %s %v\n%s\nThe last commands:\n%s", status, err,
			tail(bytes.ReplaceAll(log, []byte("\r"), []byte("\n")), 40), tail(commands, 60))
	}
	d, _, err := image.Open(t.Context(), filepath.Join(dir, b.file("")))
	if b.want.blank {
		if err == nil || !strings.Contains(err.Error(), "blank") {
			t.Errorf("the disc is not blank: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b.want.check(t, dir, d)
}

// tail returns the last lines of a text.
func tail(p []byte, lines int) []byte {
	all := bytes.Split(p, []byte("\n"))
	return bytes.Join(all[max(0, len(all)-lines):], []byte("\n"))
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// recorder is a recorder that TestGuestServe serves.
type recorder struct {
	Path, Medium string
	Sectors      int64
	Options      string
}

// open creates the blank disc and opens the drive. Its commands are recorded.
func (r recorder) open() (scsi.Transport, error) {
	m, err := virtual.ParseMedium(r.Medium)
	if err != nil {
		return nil, err
	}
	if err := virtual.Create(r.Path, m, virtual.Options{Sectors: r.Sectors, NoSync: true}); err != nil {
		return nil, err
	}
	d, err := virtual.OpenName("virtual:" + r.Path + "?load=1" + r.Options)
	if err != nil {
		return nil, err
	}
	d.SetNoSync()
	f, err := os.Create(r.Path + ".trace")
	if err != nil {
		return nil, err
	}
	return trace.Wrap(d, f), nil
}

// TestGuestServe serves in the virtual machine, until it is interrupted.
func TestGuestServe(t *testing.T) {
	if os.Getenv(inGuest) == "" {
		t.Skip("runs in the virtual machine")
	}
	text, err := os.ReadFile("recorders")
	if err != nil {
		t.Fatal(err)
	}
	var list []recorder
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	to := serve.Target{Name: target}
	for _, r := range list {
		d, err := r.open()
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		to.LUNs = append(to.LUNs, d)
	}
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	defer stop()
	s, err := serve.New(ctx, serve.Options{
		Targets: []serve.Target{to},
		Events:  func(e serve.Event) { fmt.Println(e.Kind, e.Initiator, e.Text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(ctx, l); err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
}
