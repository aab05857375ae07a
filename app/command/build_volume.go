package command

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/master"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/zisofs"
)

// volumeOptions contains the less common flags of "build": UDF, owners, order,
// compression, checksums and booting.
type volumeOptions struct {
	udf                            string
	udfOnly, udfGrowing, dvdVideo  bool
	rational                       bool
	uid, gid, fileMode, folderMode string
	date                           string
	stamps, attributes             bool
	hide, hideJoliet, hideUDF      []string
	order                          []string
	identical, checksums, md5      bool
	zisofs                         []string
	boot, appended                 []string
	bootCatalog, mbr, gpt          string
	apm                            bool
	partitionOffset                int
}

func (o *volumeOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.udf, "udf", "", "add a UDF volume of this `REVISION`: 1.02, 1.50, 2.00, 2.01, 2.50 or 2.60")
	f.BoolVar(&o.udfOnly, "udf-only", false, "UDF only, without ISO 9660 (revision 2.01, or that of --udf)")
	f.BoolVar(&o.udfGrowing, "udf-growing", false, "UDF only, for a CD-R, DVD-R, DVD+R or BD-R to which sessions are added: they have only what changes (1.50, 2.00 or 2.01)")
	f.BoolVar(&o.dvdVideo, "dvd-video", false, "arrange VIDEO_TS as DVD players require (with UDF 1.02)")
	f.BoolVar(&o.rational, "rational", false, "make all files owned by root, readable by everyone and writable by no one")
	f.StringVar(&o.uid, "uid", "", "user `NUMBER` that owns all files")
	f.StringVar(&o.gid, "gid", "", "group `NUMBER` of all files")
	f.StringVar(&o.fileMode, "file-mode", "", "set the permissions of all files, in `OCTAL`")
	f.StringVar(&o.folderMode, "folder-mode", "", "set the permissions of all folders, in `OCTAL`")
	f.StringVar(&o.date, "date", "", "modification `TIME` of all files (2026-01-31T12:00:00Z)")
	f.BoolVar(&o.stamps, "stamps", false, "also record the times of access, change and creation")
	f.BoolVar(&o.attributes, "attributes", false, "record extended attributes and access control lists")
	f.StringArrayVar(&o.hide, "hide", nil, "hide files that match `PATTERN` in ISO 9660 and Rock Ridge (may be repeated)")
	f.StringArrayVar(&o.hideJoliet, "hide-joliet", nil, "hide files that match `PATTERN` in Joliet (may be repeated)")
	f.StringArrayVar(&o.hideUDF, "hide-udf", nil, "hide files that match `PATTERN` in UDF (may be repeated)")
	f.StringArrayVar(&o.order, "order", nil, "sort the contents of files: `PATTERN=WEIGHT`, the highest weight first (may be repeated)")
	f.BoolVar(&o.identical, "identical", false, "store identical files only once")
	f.BoolVar(&o.checksums, "checksums", false, "add a file SHA256SUMS, for sha256sum -c")
	f.BoolVar(&o.md5, "md5", false, "embed an MD5 checksum, as implantisomd5 does; \"verify\" checks it")
	f.StringArrayVar(&o.zisofs, "zisofs", nil, "compress files that match `PATTERN` with zisofs, which Linux reads (may be repeated)")
	f.StringArrayVar(&o.boot, "boot", nil, "make a file of the disc a boot `IMAGE`: bios=PATH[,info-table], efi=PATH, efi=partition:N; see \"help boot\" (may be repeated)")
	f.StringVar(&o.bootCatalog, "boot-catalog", "", "list the boot catalogue as the file `PATH` of the disc")
	f.StringVar(&o.mbr, "mbr", "", "boot code of the MBR from this `FILE` (isohdpfx.bin, boot_hybrid.img), for USB sticks")
	f.StringVar(&o.gpt, "gpt", "none", "GUID partition table, `KIND`: none, only, or hybrid (with an MBR)")
	f.BoolVar(&o.apm, "apm", false, "add an Apple partition map")
	f.StringArrayVar(&o.appended, "append-partition", nil, "append a partition: `NUMBER:TYPE:FILE`, such as 2:efi:esp.img; \"help boot\" lists the types (may be repeated)")
	f.IntVar(&o.partitionOffset, "partition-offset", 0, "first partition begins at this `SECTOR`, 16 or more, and can be mounted")
}

// apply sets the options of a compilation from the flags that were given.
func (o volumeOptions) apply(c *compilation.Compilation, changed func(string) bool) error {
	if err := o.applyUDF(c, changed); err != nil {
		return err
	}
	if err := o.applyOwners(&c.Options, changed); err != nil {
		return err
	}
	i := &c.Options
	if o.date != "" {
		at, err := time.Parse(time.RFC3339, o.date)
		if err != nil {
			return usagef("--date %q is not a time such as 2026-01-31T12:00:00Z", o.date)
		}
		i.Date = &at
	}
	i.Stamps = i.Stamps || o.stamps
	i.Attributes = i.Attributes || o.attributes
	i.Hide = append(i.Hide, o.hide...)
	i.HideJoliet = append(i.HideJoliet, o.hideJoliet...)
	i.HideUDF = append(i.HideUDF, o.hideUDF...)
	for _, w := range o.order {
		at := strings.LastIndexByte(w, '=')
		weight, err := strconv.Atoi(w[at+1:])
		if at < 0 || err != nil {
			return usagef("--order is PATTERN=WEIGHT with a number, not %q", w)
		}
		i.Order = append(i.Order, master.Weight{Pattern: w[:at], Weight: weight})
	}
	k := &c.Contents
	k.Identical, k.Checksums, k.MD5 = k.Identical || o.identical, k.Checksums || o.checksums, k.MD5 || o.md5
	if len(o.zisofs) > 0 {
		k.Zisofs = &zisofs.Options{Patterns: o.zisofs}
	}
	return o.applyBoot(i, changed)
}

func (o volumeOptions) applyUDF(c *compilation.Compilation, changed func(string) bool) error {
	c.Options.UDFOnly = c.Options.UDFOnly || o.udfOnly || o.udfGrowing
	if !changed("udf") && !o.udfOnly && !o.udfGrowing && !o.dvdVideo {
		return nil
	}
	u := master.UDF{Revision: udfplan.Revision201}
	if c.Options.UDF != nil {
		u = *c.Options.UDF
	}
	if o.dvdVideo {
		u.DVDVideo, u.Revision = true, udfplan.Revision102
	}
	if o.udf != "" {
		var err error
		if u.Revision, err = udfplan.ParseRevision(o.udf); err != nil {
			return usagef("--udf: %v", err)
		}
	}
	if o.udfGrowing {
		u.Virtual = &udfplan.Virtual{}
	}
	c.Options.UDF = &u
	return nil
}

func (o volumeOptions) applyOwners(i *master.Options, changed func(string) bool) error {
	if !o.rational && !changed("uid") && !changed("gid") && !changed("file-mode") && !changed("folder-mode") {
		return nil
	}
	var w master.Owners // flags override a saved compilation
	if i.Owners != nil {
		w = *i.Owners
	}
	w.Rational = w.Rational || o.rational
	for _, n := range []struct {
		flag, text string
		base       int
		bits       int
		to         **uint32
	}{
		{"uid", o.uid, 10, 32, &w.UID},
		{"gid", o.gid, 10, 32, &w.GID},
		{"file-mode", o.fileMode, 8, 12, &w.FileMode},
		{"folder-mode", o.folderMode, 8, 12, &w.FolderMode},
	} {
		if !changed(n.flag) {
			continue
		}
		v, err := strconv.ParseUint(n.text, n.base, n.bits)
		if err != nil {
			kind := "a number"
			if n.base == 8 {
				kind = "an octal number such as 644"
			}
			return usagef("--%s %q is not %s", n.flag, n.text, kind)
		}
		u := uint32(v)
		*n.to = &u
	}
	i.Owners = &w
	return nil
}

func (o volumeOptions) applyBoot(i *master.Options, changed func(string) bool) error {
	if len(o.boot) == 0 && o.bootCatalog == "" && o.mbr == "" && !changed("gpt") && !o.apm && len(o.appended) == 0 && o.partitionOffset == 0 {
		return nil
	}
	var b boot.Options
	if i.Boot != nil { // of a saved compilation
		b = *i.Boot
		b.Images, b.Append = slices.Clone(b.Images), slices.Clone(b.Append)
	}
	if o.bootCatalog != "" {
		b.Catalog = o.bootCatalog
	}
	if o.mbr != "" {
		b.Code = o.mbr
	}
	if o.partitionOffset != 0 {
		b.PartitionOffset = o.partitionOffset
	}
	b.APM = b.APM || o.apm
	for _, s := range o.boot {
		m, err := boot.ParseImage(s)
		if err != nil {
			return usagef("--boot: %v", err)
		}
		b.Images = append(b.Images, m)
	}
	if o.bootCatalog != "" && len(b.Images) == 0 {
		return usagef("--boot-catalog needs --boot")
	}
	for _, s := range o.appended {
		p, err := boot.ParsePartition(s)
		if err != nil {
			return usagef("--append-partition: %v", err)
		}
		b.Append = append(b.Append, p)
	}
	if changed("gpt") {
		if err := b.GPT.UnmarshalText([]byte(o.gpt)); err != nil {
			return usagef("--gpt: %v", err)
		}
	}
	i.Boot = &b
	return nil
}
