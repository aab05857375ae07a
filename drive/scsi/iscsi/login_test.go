package iscsi_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi"
	"glassmaster/drive/tgtdtest"
)

// tgtd and the initiator prove to each other who they are.
func TestCHAPWithTgtd(t *testing.T) {
	x := tgtdtest.Start(t)
	x.Demand("anna", "a-long-secret-1", "tgtd", "the-secret-of-tgtd")
	name := x.Drive("")
	withUser := func(user string) string { return strings.Replace(name, "iscsi://", "iscsi://"+user+"@", 1) }
	for _, c := range []struct{ name, secret, mutual, want string }{
		{name, "", "", "requires a user (CHAP)"},
		{withUser("anna"), "a-long-secret-1", "", ""},
		{withUser("anna"), "a-wrong-secret", "", "refuses the user or its secret"},
		{withUser("otto"), "a-long-secret-1", "", "refuses the user or its secret"},
		{withUser("anna"), "a-long-secret-1", "the-secret-of-tgtd", ""},
		{withUser("anna"), "a-long-secret-1", "a-secret-of-nobody", "may be another one that pretends"},
	} {
		t.Setenv("GLASSMASTER_CHAP_SECRET", c.secret)
		t.Setenv("GLASSMASTER_CHAP_MUTUAL_SECRET", c.mutual)
		s, err := iscsi.Open(context.Background(), c.name)
		if err == nil {
			s.Close()
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Data with digests are those without, whether the target demands them or the initiator.
func TestDigestsWithTgtd(t *testing.T) {
	content := noise(200 * 2048)
	path := filepath.Join(t.TempDir(), "disc.iso")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ target, query string }{{"CRC32C", ""}, {"CRC32C,None", "?digests=crc32c"}} {
		x := tgtdtest.Start(t)
		x.Digests(c.target)
		s := open(t, x.Drive(path)+c.query)
		got := make([]byte, 100*2048)
		n, err := s.Execute(context.Background(), scsi.Command{CDB: rw(0x28, 50, 100), Direction: scsi.In, Data: got})
		if err != nil || n != len(got) || !bytes.Equal(got, content[50*2048:150*2048]) {
			t.Errorf("%+v: %d bytes, %v", c, n, err)
		}
		blank, file := x.Blank()
		w := open(t, blank+c.query)
		if _, err := w.Execute(context.Background(), scsi.Command{CDB: rw(0x2A, 0, 100), Direction: scsi.Out, Data: got}); err != nil {
			t.Errorf("%+v: WRITE: %v", c, err)
		}
		if b, err := os.ReadFile(file); err != nil || !bytes.HasPrefix(b, got) {
			t.Errorf("%+v: %d bytes were written, %v", c, len(b), err)
		}
	}
	if s, err := iscsi.Open(context.Background(), tgtdtest.Start(t).Drive(path)+"?digests=crc32c"); err != nil {
		t.Logf("digests that the target does not offer: %v", err)
	} else {
		s.Close()
	}
}

// The secret is never in a name, nor in an error.
func TestSecretInName(t *testing.T) {
	_, err := iscsi.ParseAddress("iscsi://anna:a-long-secret-1@host/iqn.x:y/0")
	if err == nil || strings.Contains(err.Error(), "a-long-secret-1") || !strings.Contains(err.Error(), "GLASSMASTER_CHAP_SECRET") {
		t.Errorf("got %v", err)
	}
}
