package iso9660

import "glassmaster/mastering/filename"

// bothOrderOffsets returns the offsets of the 32-bit numbers in both byte orders in
// system use entries with a signature (IEEE P1281 5.1, P1282 4.1).
func bothOrderOffsets(signature int) []int {
	switch signature {
	case sigPX:
		return []int{4, 12, 20, 28, 36}
	case sigCE:
		return []int{4, 12, 20}
	case sigPN, sigSF:
		return []int{4, 12}
	case sigCL, sigPL:
		return []int{4}
	}
	return nil
}

// name checks the name by which an entry is shown. If its identifier occurs twice,
// that has been reported already.
func (t *treeChecker) name(it *item, rec dirRecord, at place, twice bool) {
	t.v.takeName(it, rec)
	switch {
	case it.Recorded != nil:
		t.report(at, "the name %q is not a valid file name; it is shown as %s", it.Recorded, it.name)
	case filename.Safe(string(it.name)) != string(it.name):
		t.reportMinor(at, "the name %q contains control characters", it.name)
	}
	if t.names.add(it.name) {
		return
	}
	if other := t.names.another(it.name); !twice {
		t.report(at, "another entry of the folder has the name %q as well; this one is shown as %s", it.name, other)
	}
}

// systemUse checks the system use area of a record, without its first skip bytes, and
// decodes it. The result is valid until the next record is checked.
func (t *treeChecker) systemUse(rec dirRecord, at place, skip int) *item {
	it := &t.it
	it.reset()
	if !t.v.susp {
		return it
	}
	it.inspect = func(e []byte) {
		for _, off := range bothOrderOffsets(int(e[0])<<8 | int(e[1])) {
			if len(e) < off+8 {
				continue
			}
			if le, be := bothOrders(e[off:], 32); le != be {
				t.disagree(be, at, "%s: the number at byte %d of its system use entry %q is %d in one byte order and %d in the other",
					t.show(rec.id()), off, e[:2], le, be)
			}
		}
	}
	if err := t.v.readSystemUse(it, rec.systemUse(), skip, &t.w); err != nil {
		t.report(at, "%s: %v", t.show(rec.id()), err)
	}
	return it
}
