package ui

import "time"

// announcing adds, after each event and once the layout is done, an event with the
// positions of the buttons, for scripts.
func (s *Shell) announcing(event func(string, map[string]any)) func(string, map[string]any) {
	if event == nil {
		return nil
	}
	var turn int
	return func(name string, fields map[string]any) {
		event(name, fields)
		turn++
		mine := turn
		time.AfterFunc(200*time.Millisecond, func() {
			s.host.Post(func() {
				if mine == turn {
					event("controls", map[string]any{"page": s.page.String(), "buttons": s.layer.Controls()})
				}
			})
		})
	}
}
