// Command counter collects views and prints them in batches for the loader.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	views := newTally()
	go flush(views, time.NewTicker(10*time.Second).C)

	http.HandleFunc("/documents/", func(w http.ResponseWriter, r *http.Request) {
		views.addDocument(strings.TrimPrefix(r.URL.Path, "/documents/"))
		w.WriteHeader(http.StatusNoContent)
	})
	http.HandleFunc("/links/", func(w http.ResponseWriter, r *http.Request) {
		views.addLink(strings.TrimPrefix(r.URL.Path, "/links/"))
		w.WriteHeader(http.StatusNoContent)
	})
	log.Fatal(http.ListenAndServe(":8100", nil))
}

func flush(views *tally, ticks <-chan time.Time) {
	out := json.NewEncoder(os.Stdout)
	for range ticks {
		if err := out.Encode(views.take()); err != nil {
			log.Printf("flush: %v", err)
		}
	}
}
