package serve_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"glassmaster/drive/scsi/iscsi"
	"glassmaster/drive/scsi/iscsi/chap"
	"glassmaster/drive/scsi/iscsi/pdu"
	"glassmaster/drive/serve"
)

const (
	secret      = "a-long-secret-1"
	otherSecret = "another-secret-2"
)

func accounts(o serve.Options) serve.Options {
	o.Accounts = []chap.Account{{Name: "anna", Secret: []byte(secret)}, {Name: "otto", Secret: []byte(otherSecret)}}
	o.Mutual = chap.Account{Name: "target", Secret: []byte("the-secret-of-the-target")}
	return o
}

// Our initiator and the target prove to each other who they are.
func TestCHAP(t *testing.T) {
	for _, c := range []struct {
		user, secret, mutual string
		want                 string // in the error, empty: none
	}{
		{"anna", secret, "", ""},
		{"otto", otherSecret, "", ""},
		{"anna", secret, "the-secret-of-the-target", ""},
		{"anna", otherSecret, "", "refuses the user or its secret"},
		{"nobody", secret, "", "refuses the user or its secret"},
		{"", "", "", "requires a user (CHAP)"},
		{"anna", secret, "the-secret-of-somebody", "may be another one that pretends"},
		{"anna", "", "", "the secret of the user anna is missing"},
		{"anna", "short", "", "needs 12 or more"},
		{"anna", secret, secret, "is that of the user"},
	} {
		x := start(t, accounts(options(recorder(t, "medium=cd-r"))))
		t.Setenv("GLASSMASTER_CHAP_SECRET", c.secret)
		t.Setenv("GLASSMASTER_CHAP_MUTUAL_SECRET", c.mutual)
		user := c.user
		if user != "" {
			user += "@"
		}
		s, err := iscsi.Open(context.Background(), "iscsi://"+user+x.addr+"/"+targetName)
		if err == nil {
			if got := x.Sessions(); len(got) != 1 || got[0].Account != c.user {
				t.Errorf("%+v: the sessions are %+v", c, got)
			}
			s.Close()
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
		x.stop()
	}
}

// A target without an account for itself does not pretend to have one.
func TestNoMutualAccount(t *testing.T) {
	o := accounts(options(&funcDrive{}))
	o.Mutual = chap.Account{}
	x := start(t, o)
	t.Setenv("GLASSMASTER_CHAP_SECRET", secret)
	t.Setenv("GLASSMASTER_CHAP_MUTUAL_SECRET", "the-secret-of-the-target")
	if s, err := iscsi.Open(context.Background(), "iscsi://anna@"+x.addr+"/"+targetName); err == nil {
		s.Close()
		t.Error("opened")
	}
}

const (
	toOperational = pdu.FlagTransit | pdu.StageSecurity<<2 | pdu.StageOperational
	toFull        = pdu.FlagTransit | pdu.StageSecurity<<2 | pdu.StageFull
)

// There is no way around CHAP.
func TestNoAccess(t *testing.T) {
	names := []string{"InitiatorName=" + hostName, "TargetName=" + targetName, "SessionType=Normal"}
	discovery := []string{"InitiatorName=" + hostName, "SessionType=Discovery"}
	for name, script := range map[string]func(h *host) *pdu.PDU{
		"operational stage at once": func(h *host) *pdu.PDU {
			return h.request(pdu.FlagTransit|pdu.StageOperational<<2|pdu.StageFull, names...)
		},
		"discovery":           func(h *host) *pdu.PDU { return h.request(toFull, discovery...) },
		"no method":           func(h *host) *pdu.PDU { return h.request(toOperational, names...) },
		"to the full feature": func(h *host) *pdu.PDU { return h.request(toFull, names...) },
		"method None":         func(h *host) *pdu.PDU { return h.request(toOperational, append(names, "AuthMethod=None")...) },
		"method twice": func(h *host) *pdu.PDU {
			h.request(0, append(names, "AuthMethod=CHAP")...)
			return h.request(0, "AuthMethod=None")
		},
		"later without a method": func(h *host) *pdu.PDU {
			h.request(0, names...)
			return h.request(toFull)
		},
		"unknown algorithm": func(h *host) *pdu.PDU {
			h.request(0, append(names, "AuthMethod=CHAP")...)
			return h.request(0, "CHAP_A=6")
		},
		"response without a challenge": func(h *host) *pdu.PDU {
			h.request(0, append(names, "AuthMethod=CHAP")...)
			return h.request(toOperational, "CHAP_N=anna", "CHAP_R=0x00")
		},
		"a response of zeros": func(h *host) *pdu.PDU {
			h.challenged(names, "5")
			return h.request(toOperational, "CHAP_N=anna", "CHAP_R=0x"+strings.Repeat("00", 16))
		},
		"an empty response": func(h *host) *pdu.PDU {
			h.challenged(names, "5")
			return h.request(toOperational, "CHAP_N=anna", "CHAP_R=0x")
		},
		"the secret of another user": func(h *host) *pdu.PDU {
			c := h.challenged(names, "5")
			return h.request(toOperational, "CHAP_N=otto", "CHAP_R="+chap.Encode(c.Response(5, []byte(secret))))
		},
		"the hash of another algorithm": func(h *host) *pdu.PDU {
			c := h.challenged(names, "7")
			return h.request(toOperational, "CHAP_N=anna", "CHAP_R="+chap.Encode(c.Response(5, []byte(secret))))
		},
		"an unknown name with an empty secret": func(h *host) *pdu.PDU {
			c := h.challenged(names, "5")
			return h.request(toOperational, "CHAP_N=nobody", "CHAP_R="+chap.Encode(c.Response(5, make([]byte, 12))))
		},
		"a second challenge": func(h *host) *pdu.PDU {
			h.challenged(names, "5")
			return h.request(0, "CHAP_A=5")
		},
		"the challenge of the target as its own": func(h *host) *pdu.PDU {
			c := h.challenged(names, "5")
			return h.request(toOperational, "CHAP_N=anna", "CHAP_R="+chap.Encode(c.Response(5, []byte(secret))),
				"CHAP_I="+strconv.Itoa(int(c.ID)), "CHAP_C="+chap.Encode(c.Value))
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := &funcDrive{}
			x := start(t, accounts(options(d)))
			h := dial(t, x.addr)
			if r := script(h); r.Header[36] != 2 {
				t.Errorf("the answer has status %02X%02X and flags %02X", r.Header[36], r.Header[37], r.Flags())
			}
			h.ended()
			if len(x.Sessions()) > 0 {
				t.Error("there is a session")
			}
		})
	}
}

// challenged logs in until the challenge of the target has come, and returns it.
func (h *host) challenged(names []string, algorithm string) chap.Challenge {
	h.t.Helper()
	h.request(0, append(append([]string(nil), names...), "AuthMethod=CHAP")...)
	h.request(0, "CHAP_A="+algorithm)
	id, err := strconv.Atoi(h.keys["CHAP_I"])
	if err != nil || h.keys["CHAP_A"] != algorithm {
		h.t.Fatalf("the target sent %v", h.keys)
	}
	value, err := chap.Decode(h.keys["CHAP_C"])
	if err != nil {
		h.t.Fatal(err)
	}
	return chap.Challenge{ID: byte(id), Value: value}
}

// The commands of one who has not logged in are not executed, and targets are not told to
// those who did not prove who they are.
func TestBeforeLogin(t *testing.T) {
	d := &funcDrive{}
	x := start(t, accounts(options(d)))
	h := dial(t, x.addr)
	h.send(h.command(pdu.FlagRead, 36, 0x12, 0, 0, 0, 36, 0))
	h.ended()
	x.await(t, "refused", "a PDU of type 01h")
	h = dial(t, x.addr)
	if r := h.request(toOperational, "InitiatorName="+hostName, "TargetName=iqn.unknown:x", "AuthMethod=None"); r.U32(36)>>16 != 0x0201 {
		t.Errorf("an unknown target: status %04X", r.U32(36)>>16)
	}
	if len(d.got()) > 0 {
		t.Errorf("the drive got % X", d.got())
	}
}

// Options that would weaken CHAP are refused.
func TestBadAccounts(t *testing.T) {
	good := chap.Account{Name: "anna", Secret: []byte(secret)}
	for name, change := range map[string]func(*serve.Options){
		"short secret": func(o *serve.Options) { o.Accounts = []chap.Account{{Name: "a", Secret: []byte("elevenchars")}} },
		"no name":      func(o *serve.Options) { o.Accounts = []chap.Account{{Secret: []byte(secret)}} },
		"twice":        func(o *serve.Options) { o.Accounts = []chap.Account{good, good} },
		"the same secret": func(o *serve.Options) {
			o.Accounts, o.Mutual = []chap.Account{good}, chap.Account{Name: "t", Secret: []byte(secret)}
		},
		"mutual alone": func(o *serve.Options) { o.Mutual = good },
		"no target":    func(o *serve.Options) { o.Targets = nil },
		"no drive":     func(o *serve.Options) { o.Targets[0].LUNs = nil },
		"a bad name":   func(o *serve.Options) { o.Targets[0].Name = "disc" },
		"a capital":    func(o *serve.Options) { o.Targets[0].Name = "iqn.2026-01.local:Disc" },
		"a name twice": func(o *serve.Options) { o.Targets = append(o.Targets, o.Targets[0]) },
	} {
		o := options(&funcDrive{})
		change(&o)
		if _, err := serve.New(context.Background(), o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestLoginRefused(t *testing.T) {
	x := serveDrives(t, &funcDrive{})
	operational := byte(pdu.FlagTransit | pdu.StageOperational<<2 | pdu.StageFull)
	names := []string{"InitiatorName=" + hostName, "TargetName=" + targetName}
	for _, c := range []struct {
		name  string
		flags byte
		tsih  byte
		keys  []string
		want  uint16
	}{
		{"no initiator", operational, 0, names[1:], 0x0207},
		{"no target", operational, 0, names[:1], 0x0207},
		{"unknown target", operational, 0, []string{names[0], "TargetName=iqn.2026-01.x:y"}, 0x0203},
		{"unknown type", operational, 0, append(names, "SessionType=X"), 0x0209},
		{"unknown session", operational, 77, names, 0x020A},
		{"CHAP without accounts", toOperational, 0, append(names, "AuthMethod=CHAP"), 0x0201},
		{"stage 2", pdu.FlagTransit | 2<<2 | 3, 0, names, 0x0200},
		{"back to stage 0", pdu.FlagTransit | 1<<2, 0, names, 0x0200},
		{"a key twice", operational, 0, append(names, names[0]), 0x0200},
		{"not a number", operational, 0, append(names, "MaxBurstLength=x"), 0x0200},
		{"nonsense", operational, 0, []string{"nonsense"}, 0},
	} {
		h := dial(t, x.addr)
		p := pdu.New(pdu.OpLogin|pdu.OpImmediate, c.flags)
		p.Header[15] = c.tsih
		p.Data = []byte(strings.Join(c.keys, "\x00"))
		if c.name == "nonsense" {
			c.want = 0x0200
		}
		h.send(p)
		if r := h.expect(pdu.OpLoginReply); uint16(r.U32(36)>>16) != c.want {
			t.Errorf("%s: status %04X, want %04X", c.name, r.U32(36)>>16, c.want)
		}
		h.ended()
	}
}
