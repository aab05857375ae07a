package serve_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/peertest"
)

// output runs a program and returns what it prints. Its exit status is that of the program.
func output(program string, args ...string) (string, error) {
	out, err := exec.Command(program, args...).CombinedOutput()
	return string(out), err
}

// The programs of libiscsi find the targets and their drives, with and without CHAP.
func TestLibiscsi(t *testing.T) {
	peertest.Need(t, "iscsi-ls", "iscsi-inq")
	drives := []scsi.Transport{recorder(t, "medium=cd-r"), pressed(t, pattern(2048*300))}
	open, closed := start(t, options(drives...)), start(t, accounts(options(drives...)))
	mutual := "?target_user=target&target_password=the-secret-of-the-target"
	for _, c := range []struct {
		program, args, want string // want is empty if the program has to fail
	}{
		{"iscsi-ls", "-s iscsi://" + open.addr, "Target:" + targetName + " Portal:" + open.addr + ",1\nLun:0    Type:MMC\nLun:1    Type:MMC"},
		{"iscsi-inq", "iscsi://" + open.addr + "/" + targetName + "/0", "Vendor:GLASSMST"},
		{"iscsi-inq", "-e 1 -c 0x83 iscsi://" + open.addr + "/" + targetName + "/1", "Page:0x83 DEVICE_IDENTIFICATION"},
		{"iscsi-ls", "-s iscsi://anna%" + secret + "@" + closed.addr, "Lun:1    Type:MMC"},
		{"iscsi-inq", "iscsi://anna%" + secret + "@" + closed.addr + "/" + targetName + "/1" + mutual, "Vendor:GLASSMST"},
		{"iscsi-inq", "iscsi://anna%" + secret + "@" + closed.addr + "/" + targetName + "/1" + mutual + "x", ""},
		{"iscsi-inq", "iscsi://anna%" + otherSecret + "@" + closed.addr + "/" + targetName + "/1", ""},
		{"iscsi-inq", "iscsi://" + closed.addr + "/" + targetName + "/1", ""},
		{"iscsi-ls", "iscsi://" + closed.addr, ""},
	} {
		out, err := output(c.program, strings.Fields(c.args)...)
		if (err == nil) != (c.want != "") || !strings.Contains(out, c.want) {
			t.Errorf("%s %s: %v\n%s", c.program, c.args, err, out)
		}
	}
}

// The test suite of libiscsi for targets finds no failures. Left out is what checks disks
// (write protection, READ CAPACITY(16)).
func TestConformance(t *testing.T) {
	peertest.Need(t, "iscsi-test-cu")
	x := serveDrives(t, recorder(t, "medium=dvd-ram&sectors=20000"))
	url := "iscsi://" + x.addr + "/" + targetName + "/0"
	summary := regexp.MustCompile(`(?m)^ +tests +\d+ +(\d+) +(\d+) +(\d+)`)
	for _, suite := range []string{
		"iSCSI.iSCSIcmdsn", "iSCSI.iSCSITMF", "iSCSI.iSCSIResiduals.Read10Residuals", "iSCSI.iSCSIResiduals.Read12Residuals",
		"iSCSI.iSCSIResiduals.Write10Residuals", "iSCSI.iSCSIResiduals.Write12Residuals", "SCSI.Reserve6", "SCSI.Inquiry", "SCSI.TestUnitReady",
		"SCSI.Read10.Simple", "SCSI.Read10.BeyondEol", "SCSI.Read10.Async", "SCSI.Write10.Simple", "SCSI.Write10.Async", "SCSI.Mandatory", "SCSI.ReadCapacity10",
	} {
		// The journal is written to the current folder.
		cmd := exec.Command("iscsi-test-cu", "--dataloss", "--normal", "--test="+suite, url)
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		m := summary.FindStringSubmatch(string(out))
		if err != nil || m == nil || m[1] == "0" || m[3] != "0" {
			t.Errorf("%s: %v\n%s", filepath.Base(suite), err, out)
		}
	}
}
