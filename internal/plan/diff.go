package plan

import (
	"slices"
	"strings"
)

// Diff prints how the texts of two machines differ: lines that are gone with a minus,
// new ones with a plus, each below the head of what it belongs to. It is empty when
// there is no difference.
func Diff(a, b Machine) string {
	x, y := lines(a), lines(b)
	var out strings.Builder
	head := ""
	for _, e := range edits(x, y) {
		if e.sign == ' ' {
			continue
		}
		if e.line.head != head && strings.HasPrefix(e.line.text, " ") {
			out.WriteString(" " + e.line.head + "\n")
		}
		head = e.line.head
		out.WriteString(string(e.sign) + e.line.text + "\n")
	}
	return out.String()
}

// fact is one line of a machine's text, and what and who the unindented one above it names.
type fact struct{ head, text string }

func lines(m Machine) []fact {
	var out []fact
	head := ""
	for text := range strings.Lines(m.Text()) {
		text = strings.TrimSuffix(text, "\n")
		if !strings.HasPrefix(text, " ") {
			what, rest, _ := strings.Cut(text, " ")
			who, _, _ := strings.Cut(rest, " ")
			head = what + " " + who
		}
		out = append(out, fact{head, text})
	}
	return out
}

// edit is a line that stays, goes (-) or comes (+).
type edit struct {
	sign byte
	line fact
}

// edits turns x into y with the longest common subsequence of what differs in the middle.
func edits(x, y []fact) []edit {
	var before, after []edit
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		before, x, y = append(before, edit{' ', x[0]}), x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		after, x, y = append(after, edit{' ', x[len(x)-1]}), x[:len(x)-1], y[:len(y)-1]
	}
	slices.Reverse(after)
	return append(append(before, middle(x, y)...), after...)
}

func middle(x, y []fact) []edit {
	common := make([][]int, len(x)+1) // longest common subsequence of x[i:] and y[j:]
	for i := range common {
		common[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []edit
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			out, i, j = append(out, edit{' ', x[i]}), i+1, j+1
		case j == len(y) || i < len(x) && common[i+1][j] >= common[i][j+1]:
			out, i = append(out, edit{'-', x[i]}), i+1
		default:
			out, j = append(out, edit{'+', y[j]}), j+1
		}
	}
	return out
}
