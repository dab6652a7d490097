package sslvpn

import (
	"regexp"
	"strings"
	"unicode"
)

const (
	maxWords = 200 // of a log that a cause quotes
	tidyUp   = 6   // lines that a process may write after it said that it exits
)

// logTime begins a line of OpenVPN's log.
var logTime = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (us=\d+ )?`)

const fatal = "Exiting due to fatal error"

// lastWords is the line of a log that tells why the last process in it has ended: the one
// before the line in which it says that it exits, after which it only tidies up. Without
// such a line near the end it is the last one.
func lastWords(log string) string {
	var lines []string
	for line := range strings.Lines(log[max(0, len(log)-4096):]) {
		line = logTime.ReplaceAllString(strings.TrimSpace(line), "")
		if line != "" && !strings.HasPrefix(line, "Use --help") {
			lines = append(lines, line)
		}
	}
	for i := len(lines) - 1; i > 0 && i >= len(lines)-tidyUp; i-- {
		if strings.HasPrefix(lines[i], fatal) {
			return clip(lines[i-1])
		}
	}
	if len(lines) == 0 {
		return "it said nothing"
	}
	return clip(lines[len(lines)-1])
}

// clip shortens a line, and takes out what a terminal would take for more than text: OpenVPN
// writes some of what clients say into its log as it is.
func clip(line string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(line[:min(len(line), maxWords)], ""))
}
