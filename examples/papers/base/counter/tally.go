package main

import "sync"

// tally holds the views since the last flush.
type tally struct {
	mu        sync.Mutex
	documents map[string]int
}

func newTally() *tally {
	return &tally{documents: map[string]int{}}
}

func (t *tally) addDocument(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.documents[id]++
}

// take returns what was counted and starts again from nothing.
func (t *tally) take() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	documents := t.documents
	t.documents = map[string]int{}
	return documents
}
