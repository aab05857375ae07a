package update

import (
	"time"

	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
)

// permissionBits are the read, write and execute permissions of all classes.
const permissionBits = 7 | 7<<5 | 7<<10

// ownerBits are what an owner with write permission also has: to change attributes and to
// delete the file.
const ownerBits = (1<<3 | 1<<4) << 10

// setAttributes changes the attributes that differ between a node and its origin.
func (o *object) setAttributes(n, origin *tree.Node) {
	if n.Mode != origin.Mode {
		old, next := le.Uint32(o.b[fieldPermissions:]), ecma167.Permissions(n.Mode)
		mask := uint32(permissionBits)
		if (n.Mode^origin.Mode)&0o200 != 0 {
			mask |= ownerBits
		}
		le.PutUint32(o.b[fieldPermissions:], old&^mask|next&mask)
		o.setFlags(ecma167.FlagSetuid|ecma167.FlagSetgid|ecma167.FlagSticky, ecma167.ModeFlags(n.Mode))
		o.changed = true
	}
	if n.UID != origin.UID {
		le.PutUint32(o.b[fieldUID:], n.UID)
		o.changed = true
	}
	if n.GID != origin.GID {
		le.PutUint32(o.b[fieldGID:], n.GID)
		o.changed = true
	}
	accessed, modified, changed, created := o.times()
	if n.Modified != origin.Modified {
		o.setTime(modified, n.Modified)
	}
	var x, old tree.Extra
	if n.Extra() != nil {
		x = *n.Extra()
	}
	if origin.Extra() != nil {
		old = *origin.Extra()
	}
	for _, t := range []struct {
		at        int
		next, old int64
	}{{accessed, x.Accessed, old.Accessed}, {changed, x.Changed, old.Changed}, {created, x.Created, old.Created}} {
		if t.at != 0 && t.next != 0 && t.next != t.old {
			o.setTime(t.at, t.next)
		}
	}
}

// setTime records a time, given in Unix nanoseconds.
func (o *object) setTime(at int, t int64) {
	ecma167.PutTime(o.b[at:], time.Unix(0, t))
	o.changed = true
}

// setHidden changes the hidden bit of an entry.
func (u *Updater) setHidden(e entry, n *tree.Node) {
	if e.name == nil || n.Hidden() == n.Origin().Hidden() {
		return
	}
	e.name.raw[fidCharacteristics] ^= ecma167.FIDHidden
	ecma167.Reseal(e.name.raw)
	e.in.dir.changed = true
}
