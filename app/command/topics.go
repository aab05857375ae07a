package command

import "github.com/spf13/cobra"

func exitCodesTopic(*invocation) *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: `Exit codes

  0  success
  1  failure: the error says why
  2  invalid command line
  3  two discs or their files differ, a disc is incomplete or half-written, or sectors
     cannot be read;
     "info --check" found damage; a drive reported success, but the disc does not
     confirm it; the last burn of the disc was not completed
  4  no drive, no disc in it, a drive that is not ready, or a disc that cannot be
     used: of the wrong kind, blank, full, too small, left open by an interrupted
     burn, or an image that another program is changing
  5  cancelled by Ctrl-C or a signal
  6  done, but files were left out or changed while they were read, or the source is
     incomplete or damaged; the warnings have the details
  7  nothing was written, because the image format ("convert", "read", "edit" and
     "compact" without --force) or the disc in its mode ("burn" and "copy" without
     --accept-loss) cannot hold everything; the warnings say what`,
	}
}

func jsonTopic(*invocation) *cobra.Command {
	return &cobra.Command{
		Use:   "json",
		Short: "What --json prints",
		Long: `What --json prints

One JSON object per line, in UTF-8, on standard output; on standard error if
standard output carries an image or a file ("build -o -", "cat"). Every object has
a "type":

  phase     a phase of the work begins: phase, total
  progress  about once a second, and at the end of a phase: phase, done, total,
            rate, elapsed, left, host_buffer, drive_buffer
  message   level (info, warning, error), text
  phase, progress and message have drive if several drives are used at once
  entry     one file ("ls"): path, kind (file, folder, symlink, device, other),
            size, mode (octal), uid, gid, modified, target (of a link), links,
            extents (lba, length), unreadable (why its contents cannot be read),
            note (how views disagree about them); with -a also xattr (values in
            base64), acl, streams; if the bytes on the disc differ from path or
            target, path_bytes and target_bytes in base64, and recorded (in base64)
            if no file can have the name, or two have it
  change    one difference ("diff", "sessions"): session, change (added, changed,
            renamed, removed), path, path_bytes, from (the old path), kind, size,
            old_size, modified, differs (type, contents, time, permissions), error
            (why the contents were not compared)
  serve     what happens while drives are served: event (offered, listening,
            refused, logged-in, logged-out, lost, failed), time, address, initiator,
            target, text
  result    the last line of every run: verb, ok, exit, error, hint, data

The data of a result:

  build     output, sectors, bytes, seconds, smallest_medium (that it fits on); with
            --verify: verified (it was read back and is equal), sha256, differs
  info      name, kind (image, drive, folder, compilation), format, files (of an
            image of several files), sectors, catalogue_number (media catalogue number
            of a CD), sub_channels (are stored), sessions, volume,
            problem (why there is no volume), defects (found in descriptors: lba,
            text, incomplete, warning, remark), check
  sessions  sessions (number, lba, label, created, problem (why it was not compared),
            and what follows), each compared with the one before it
  diff      added, changed, renamed, removed, same (numbers of entries), not_compared
            (files and folders that cannot be read)
  extract   folder, files, folders, symlinks, hard_links, bytes, failed,
            notes (path, path_bytes, text, error: it was not extracted);
            with --boot: folder, boot_images (file, platform, lba, bytes);
            with --track and -o: output, track, mode, sectors, bytes, control,
            corrected_sectors
  verify    equal (one disc: it is complete and readable), sectors,
            padding_sectors (zeros that only the longer disc has), behind_sectors
            (that only the longer disc has, not compared), missing_sectors (that
            belong to the volume), volume_problem (why its files cannot be found),
            remarks (texts about empty ends of tracks), sha256, differs,
            read_offset (samples by which the drive delivers audio too late),
            excused_samples (that this moves out of reach, not compared), faults
            (of one disc, or of two equal ones); of one disc: checks, checksums (that
            the image stores: name, correct, problem); with --repair as for convert,
            and: repaired_sectors, faults (that remain)
  undo      a list: image, journal, made (when the image was updated), size_bytes (with
            the update), restored_bytes (overwritten by the update), removed_bytes
            (added by it at the end), done (taken back, discarded, or nothing:
            --dry-run)
  drives    a list: name, vendor, product, revision, bus, medium, problem
  media     drive, model, medium, status, erasable, maker, format,
            write_protected (by what), spare_free_sectors, defective_blocks,
            capacity_sectors, free_sectors, next_writable_lba, sessions (that can
            be read), session_count (including an open or empty last one),
            last_session (empty, incomplete, damaged, complete), tracks (number,
            session, state, kind, lba, sectors, written_sectors,
            next_writable_lba: inside the track if it is open; no session can
            begin there), unfinished (an interrupted burn of a medium that is
            overwritten in place), advice, write_speeds (kB/s), drive_knows
            (types of discs)
  burn      drive, vendor, product, revision, bus, medium, medium_id, capacity_sectors
            (free before the burn), recipe, mode, mode_reason, session (what it takes
            of the disc: lba, free_sectors, sectors, padding_sectors, end_sectors (the
            zones after it), end, end_estimated, left_sectors), changes (of the files
            of the disc: kept, added, replaced, removed, renamed, hidden,
            contents_sectors, structures_sectors), steps (with --dry-run), tracks
            (session, number, mode, lba, sectors, title, isrc), lost (texts: what the
            disc does not hold of the source), sectors (of the source),
            written_sectors, began, ended, speed (that was set, in kB/s), seconds (of
            writing), least_seconds (that the disc needs at this speed), rate,
            buffer_bytes, least_host_buffer, least_drive_buffer (lowest levels, as far
            as they were sampled), equal (the disc was read back and is equal to what
            was sent), verified (it is equal, and nothing is in doubt), not_assured
            (why what was read back may not have come from the disc that was burned),
            checks (what, expected, found, ok), retried_sectors (not read at the first
            attempt), retries (their addresses), read_offset (samples), sha256 (of what
            was sent), differs, source_changed (lba, file, error: the source has
            changed since it was burned), flaws (of the source), warnings, verdict, and
            error if it failed; of several discs: discs, a list of these, with copy
            (number of the copy)
  copy      as for burn
  read      output, sectors, bytes, seconds, unused_sectors (not read, after the
            part in use), missing_sectors, volume_problem and remarks as for verify,
            differs (the first sector that was replaced by zeros or is not equal),
            corrected_sectors (whose damaged data was corrected by its ECC);
            with --verify: verified (it was read back and is equal), sha256
  convert   as for read, and: format, files (of the image), lost (texts: what the
            format cannot hold), faults (damaged sectors, copied unchanged)
  blank     drive
  format    drive, medium, capacity_sectors, warnings
  close     drive, medium, status, last_session, next_writable_lba (if more can be
            written), steps (none if it was closed already), warnings
  serve     address, targets (name, drives)
  eject     drive
  load      drive, medium

Parts of these:

  sessions  number, cd_i, title and performer (from CD-TEXT, in its default language),
            cd_text (language, language_code, album and tracks: title, performer,
            songwriter, composer, arranger, message, code), tracks (number, mode,
            sector_kinds (of mode 2), lba, msf, sectors, length_msf, pregap_sectors,
            indexes (addresses from index 2 on), control (pre-emphasis, copy
            permitted, four channels), isrc, title, performer)
  volume    format, view, views, label, set, system, publisher, preparer, program,
            created, modified, blocks (of block_size bytes), block_size,
            properties (name, value: texts), boot_catalogue, partition_tables
  boot_catalogue    lba, id, checksum_ok, images (platform, bootable, media,
            system (type of the partition of a hard disk), load_segment, load_blocks
            of 512 bytes, lba, bytes, bytes_from (how the size is known), path,
            section, selection criteria in base64)
  partition_tables  kind, problem, partitions (number, type, name, start and blocks
            in 512 bytes, active)
  check     files, folders, others, bytes, damaged (number of defects), damage (the
            first ones), remarks
  checks    edc_sectors (whose EDC and ECC were checked), q_sectors (Q sub-channel),
            audio_sectors and unchecked_sectors (without a checksum),
            unchecked_q_sectors (whose Q is empty), data_like_audio_sectors (of the
            audio sectors: a track may have the wrong type)
  faults    damaged_sectors, correctable_sectors, untried_sectors (not tried), kinds
            (of faults, with the number of sectors), list (the first ones: lba,
            file, kinds, correctable)
  differs   lba, offset (of the byte in the sector), file, error (why the sector
            cannot be read), bad_sectors

Sizes are in bytes, sectors have 2048 bytes, addresses (lba) are in sectors, times
in seconds, rates in bytes per second, buffer levels from 0 to 1. A total of 0 means
unknown. Unknown values are left out. New fields may be added: ignore those that you
do not know.`,
	}
}

func bootTopic(*invocation) *cobra.Command {
	return &cobra.Command{
		Use:   "boot",
		Short: "How to make bootable discs",
		Long: `How to make bootable discs

--boot PLATFORM=PATH[,OPTION]... adds an entry to the boot catalogue (El Torito).
PLATFORM is bios, efi, ppc, mac or a number. PATH is that of the image on the disc,
with commas doubled, or partition:N for an appended partition. Options:

  info-table      patch the boot information table into the image (ISOLINUX, GRUB)
  grub-info       patch the image's address at byte 2548 (GRUB)
  load=N          the firmware loads N sectors of 512 bytes, or "all" (default 4 for
                  BIOS, all for UEFI, 1 for an emulated disk)
  segment=N       load to this segment instead of 0x7c0
  emulation=KIND  none, 1.2M, 1.44M, 2.88M, disk, or floppy (chosen by size)
  not-bootable    list the image, but mark it as not bootable

--mbr, --gpt and --apm make the same image bootable from a USB stick.

--append-partition NUMBER:TYPE:FILE stores a local file after the volume. TYPE is efi,
data, linux, hfs, iso, an MBR type such as 0xef, a GUID, or both separated by a slash.`,
		Example: `  glassmaster build --boot bios=/isolinux/isolinux.bin,info-table \
      --boot efi=/boot/efi.img --mbr isohdpfx.bin --gpt hybrid System -o system.iso
  glassmaster build --append-partition 2:efi:esp.img --boot efi=partition:2 \
      --gpt only System -o system.iso`,
	}
}
