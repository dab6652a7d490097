package wire

import "fmt"

// Language picks the text of a message; it never changes a code.
type Language uint8

// The languages a caller may ask for with X-TC-Language.
const (
	English Language = iota
	Chinese
)

// An Error is a refusal as it goes out: a code of the vendor's, the offending input as
// the API spells it (such as Tags.0.Key; may be empty), and what is wrong with it,
// without the input's name.
type Error struct {
	Code, Param, EN, ZH string
}

// Message renders the text for a caller, with the input's name in backticks.
func (e *Error) Message(lang Language) string {
	text, prefix, end := e.EN, "The parameter `%s` is not acceptable: ", "."
	if lang == Chinese && e.ZH != "" {
		text, prefix, end = e.ZH, "参数 `%s` 不可接受：", "。"
	}
	if text == "" {
		text = e.Code
	}
	if e.Param != "" {
		text = fmt.Sprintf(prefix, e.Param) + text
	}
	return text + end
}

func (e *Error) Error() string { return e.Code + ": " + e.Message(English) }
