package wire

import "strings"

// maxSlips is how many letters of a name may be wrong, missing or too many for it still
// to be taken for another; a shorter name than minGuessed allows none.
const (
	maxSlips   = 2
	minGuessed = 5
)

// nearest returns the one field that a caller who wrote name may have meant: the same but
// for the case of letters, or else the only one within maxSlips. Empty where there is none.
func (s *Shape) nearest(name string) string {
	if s == nil {
		return ""
	}
	guess := ""
	for i := range s.Fields {
		field := s.Fields[i].Name
		switch {
		case strings.EqualFold(field, name):
			return field
		case len(name) < minGuessed || slips(field, name) > maxSlips:
		case guess != "":
			return ""
		default:
			guess = field
		}
	}
	return guess
}

// slips counts the letters that have to be changed, added or left out to make b of a. It
// does not compare names whose lengths tell already that they are too many.
func slips(a, b string) int {
	if d := len(a) - len(b); d > maxSlips || d < -maxSlips {
		return maxSlips + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		above := row[0] // of the row before, one to the left
		row[0] = i + 1
		for j := range len(b) {
			changed := above
			if a[i] != b[j] {
				changed++
			}
			above = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
