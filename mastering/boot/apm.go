package boot

import "encoding/binary"

// applePartitions is the maximum number of partitions in an Apple partition map: with the
// map itself and the driver descriptor, it must not overlap the GPT's entries.
const applePartitions = 6

// listAPM lists the map itself, the UEFI images and the appended partitions.
func (o *Options) listAPM(d *Disk, p Plan) {
	if !o.APM {
		return
	}
	d.apm = append(d.apm, slot{start: 1, name: "Apple"})
	add := func(where Span, name string) {
		if len(d.apm) <= applePartitions {
			d.apm = append(d.apm, slot{start: where.Start, count: where.Count, name: name})
		}
	}
	for n, i := range o.Images {
		if i.Platform == EFI && i.Path != "" {
			add(p.Images[n], "EFI")
		}
	}
	for n, a := range o.Append {
		name := "Appended"
		if a.Type == TypeEFI {
			name = "EFI"
		}
		add(p.Appended[n], name)
	}
	d.apm[0].count = int64(len(d.apm))
}

// putAPM writes an Apple partition map of blocks of 2048 bytes (Inside
// Macintosh: Devices, chapter 3). Its numbers are big-endian.
//
// The driver descriptor is where the boot code of the MBR begins. For this purpose,
// ISOLINUX-style code begins with 32 bytes that do nothing; executed as code, the
// descriptor does nothing either. Other code has no such space and is kept: then
// readers find the map by its entries alone.
func (d *Disk) putAPM(b []byte) {
	if d.Style == StyleISOLINUX || len(d.Code) == 0 {
		clear(b[:32])
		copy(b, []byte{'E', 'R', SectorSize >> 8, 0, 0, 0, 0x90, 0x90})
	}
	be := binary.BigEndian
	for n, s := range d.apm {
		e := b[(n+1)*SectorSize:]
		copy(e, "PM")
		be.PutUint32(e[4:], uint32(len(d.apm)))
		be.PutUint32(e[8:], uint32(s.start))
		be.PutUint32(e[12:], uint32(s.count))
		copy(e[16:48], s.name)
		kind := "Apple_HFS" // as isohybrid writes for all boot images
		if n == 0 {
			kind = "Apple_partition_map"
		}
		copy(e[48:80], kind)
		be.PutUint32(e[84:], uint32(s.count))
		be.PutUint32(e[88:], 0x33) // valid, allocated, readable, writable
	}
}
