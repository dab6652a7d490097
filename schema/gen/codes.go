package main

import (
	"maps"
	"slices"
	"strings"
)

// codeTable emits a constant for every error code of every table.
func (s *schema) codeTable(w *source) {
	codes := slices.Sorted(maps.Keys(s.codes))
	w.line("// The error codes of the API: the common ones and those of the services vpc, tag and sts.")
	w.line("const (")
	for _, code := range codes {
		remark := ""
		if s.codes[code] != "" {
			remark = " // " + s.codes[code]
		}
		w.line("\t%s Code = %q%s", codeName(code), code, remark)
	}
	w.line(")\n")
	w.line("// Codes are all codes, sorted.")
	w.line("var Codes = []Code{")
	for _, code := range codes {
		w.line("\t%s,", codeName(code))
	}
	w.line("}")
}

// codeName drops the dots. The one code that would then collide, the vendor's older
// InvalidParameterConflict beside InvalidParameter.Conflict, gets a name of its own.
func codeName(code string) string {
	if code == "InvalidParameterConflict" {
		return "InvalidParameterConflictUndotted"
	}
	return strings.ReplaceAll(code, ".", "")
}
