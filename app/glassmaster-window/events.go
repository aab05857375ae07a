package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// eventLog writes the events of the window to a file, one JSON object per line, for
// scripts.
type eventLog struct {
	mu   sync.Mutex
	file *os.File
}

// openLog opens the log. Without a path it writes nothing.
func openLog(path string) (*eventLog, error) {
	if path == "" {
		return &eventLog{}, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the file for events: %w", err)
	}
	return &eventLog{file: f}, nil
}

// event returns the function that writes an event, or nil if there is no log.
func (l *eventLog) event() func(string, map[string]any) {
	if l.file == nil {
		return nil
	}
	return func(name string, fields map[string]any) {
		line := map[string]any{"event": name, "time": time.Now().Format(time.RFC3339Nano)}
		for k, v := range fields {
			line[k] = v
		}
		b, err := json.Marshal(line)
		if err != nil {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.file.Write(append(b, '\n'))
	}
}

// Close closes the file.
func (l *eventLog) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
