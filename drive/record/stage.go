package record

import "glassmaster/drive/mmc"

// setParameters sets mode page 05h for a stage, if the medium has it.
func (r *burning) setParameters(s *stage) error {
	if !r.recipe.page {
		return nil
	}
	w := r.recipe.parameters(r.medium, r.o)
	if s.page != nil {
		own := *s.page
		own.BufferFree, own.Test = w.BufferFree, w.Test
		w = own
	}
	return retryWhileBusy(r.work, busyTimeout, func() error { return mmc.SetWriteParameters(r.work, r.t, w) })
}

// beginStage does what comes before the first block of a stage after the first one.
func (r *burning) beginStage(s *stage) error {
	if err := r.setParameters(s); err != nil {
		return r.failure("set the write parameters", -1, err)
	}
	return nil
}

// endStage ends a stage that another one follows: it flushes the drive's buffer, and closes
// the session if that is to end.
func (r *burning) endStage(s *stage) error {
	if err := r.flush(); err != nil {
		return r.failure("flush the drive's buffer", s.end(), err)
	}
	if err := r.lostSectors("flush the drive's buffer"); err != nil {
		return err
	}
	r.finished++
	return nil
}
