package operator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// line is one line of a streamed answer; the last one has End or Fail.
type line[T any] struct {
	Line *T       `json:"line,omitempty"`
	End  bool     `json:"end,omitempty"`
	Fail *failure `json:"fail,omitempty"`
}

// streamRoute serves a command whose answer comes line by line. An error before the
// first line is answered like any command's.
func streamRoute[In, Line any](mux *http.ServeMux, s *Server, words string, do func(*request, In, func(Line) error) error) {
	handle(mux, s, words, func(w http.ResponseWriter, r *request, in In) error {
		started := false
		enc := json.NewEncoder(w)
		err := do(r, in, func(l Line) error {
			started = true
			if err := enc.Encode(line[Line]{Line: &l}); err != nil {
				return err
			}
			return http.NewResponseController(w).Flush()
		})
		switch {
		case err == nil:
			return enc.Encode(line[Line]{End: true})
		case !started:
			return err
		}
		s.log(words, err)
		return enc.Encode(line[Line]{Fail: failureOf(err)})
	})
}

// stream sends one command and yields its answer, one JSON value a line, until yield
// fails.
func stream[Line any](ctx context.Context, c *Client, words string, in any, yield func(Line) error) error {
	resp, err := c.post(ctx, words, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := json.NewDecoder(resp.Body)
	for {
		var next line[Line]
		switch err := lines.Decode(&next); {
		case err != nil:
			return fmt.Errorf("%s: the answer broke off: %w", words, err)
		case next.Fail != nil:
			return next.Fail
		case next.End:
			return nil
		case next.Line != nil:
			if err := yield(*next.Line); err != nil {
				return err
			}
		}
	}
}
