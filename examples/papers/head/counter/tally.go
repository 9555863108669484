package main

import "sync"

// tally holds the views of documents and of share links since the last flush.
type tally struct {
	mu        sync.Mutex
	documents map[string]int
	links     map[string]int
}

// batch is what one flush hands over.
type batch struct {
	Documents map[string]int `json:"documents"`
	Links     map[string]int `json:"links"`
}

func newTally() *tally {
	return &tally{documents: map[string]int{}, links: map[string]int{}}
}

func (t *tally) addDocument(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.documents[id]++
}

func (t *tally) addLink(id string) {
	t.links[id]++
}

// take returns what was counted and starts again from nothing.
func (t *tally) take() batch {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := batch{Documents: t.documents, Links: t.links}
	t.documents = map[string]int{}
	t.links = map[string]int{}
	return taken
}
