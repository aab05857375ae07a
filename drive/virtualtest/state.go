package virtualtest

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"
)

// State is the state of a disc in its file. It is read as the documentation of package
// discfile describes it, without using that package.
type State struct {
	Medium   string `json:"medium"`
	Sectors  int64  `json:"sectors"`
	Final    bool   `json:"final"`
	Sessions []struct {
		Closed bool `json:"closed"`
		Tracks []struct {
			Start  int64 `json:"start"`
			Size   int64 `json:"size"`
			Next   int64 `json:"next"`
			RunOut int64 `json:"runOut"`
			Closed bool  `json:"closed"`
		} `json:"tracks"`
	} `json:"sessions"`
	Format struct {
		Blocks     int64 `json:"blocks"`
		Restricted bool  `json:"restricted"`
	} `json:"format"`
}

// ReadState reads the state of a disc from its file.
func ReadState(path string) (State, error) {
	const slot, footer = 1 << 20, 512
	var h State
	f, err := os.Open(path)
	if err != nil {
		return h, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return h, err
	}
	best := uint64(0)
	for i := range int64(2) {
		at := info.Size() - footer - (2-i)*slot
		head := make([]byte, 16)
		if _, err := f.ReadAt(head, at); err != nil {
			return h, err
		}
		text := make([]byte, min(binary.BigEndian.Uint32(head[8:]), slot-16))
		if _, err := f.ReadAt(text, at+16); err != nil {
			return h, err
		}
		seq := binary.BigEndian.Uint64(head)
		if seq <= best || crc32.ChecksumIEEE(text) != binary.BigEndian.Uint32(head[12:]) {
			continue
		}
		var one State
		if err := json.Unmarshal(text, &one); err != nil {
			return h, err
		}
		best, h = seq, one
	}
	if best == 0 {
		return h, errors.New("the file of the disc has no state that is not damaged")
	}
	return h, nil
}

// Track returns how many sectors can be read of the closed track, in a closed session, that
// starts at this address. It returns 0 if there is none. A disc that is overwritten in
// place has one track.
func (h State) Track(start int64) int64 { return h.track(start, false) }

// Complete is like Track, also for open sessions. The recorder can read such a track, but
// other drives do not find it.
func (h State) Complete(start int64) int64 { return h.track(start, true) }

func (h State) track(start int64, open bool) int64 {
	if len(h.Sessions) == 0 && start == 0 {
		return h.Format.Blocks
	}
	for _, s := range h.Sessions {
		for _, t := range s.Tracks {
			if (s.Closed || open) && t.Closed && t.Start == start {
				return t.Next - t.RunOut - t.Start
			}
		}
	}
	return 0
}
