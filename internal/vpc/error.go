package vpc

import "fmt"

// Code is an error code of the API, such as LimitExceeded or
// InvalidParameterValue.TooLong. The codes are constants in zz_codes.go.
type Code string

// Language picks the text of a message; it never changes a code.
type Language uint8

// The languages a caller may ask for with X-TC-Language.
const (
	English Language = iota
	Chinese
)

// An Error is a refusal that the caller can cause and mend. Everything else is an
// ordinary error, which the caller sees only as InternalError.
type Error struct {
	Code  Code
	Param string // the offending input as the API spells it, e.g. Tags.0.Key; may be empty
	EN    string // what is wrong, without the parameter's name
	ZH    string
}

// Refuse makes an Error. The texts are formats over the same args; they say what is
// wrong and what would be right, and do not repeat the parameter's name.
func Refuse(code Code, param, en, zh string, args ...any) *Error {
	if len(args) > 0 {
		en, zh = fmt.Sprintf(en, args...), fmt.Sprintf(zh, args...)
	}
	return &Error{Code: code, Param: param, EN: en, ZH: zh}
}

// Message renders the text for a caller, with the parameter in backticks.
func (e *Error) Message(lang Language) string {
	text, prefix, end := e.EN, "The parameter `%s` is not acceptable: ", "."
	if lang == Chinese {
		text, prefix, end = e.ZH, "参数 `%s` 不可接受：", "。"
		if text == "" {
			text = e.EN
		}
	}
	if text == "" {
		text = string(e.Code)
	}
	if e.Param != "" {
		text = fmt.Sprintf(prefix, e.Param) + text
	}
	return text + end
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message(English) }

// Is makes errors.Is match two Errors of one code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}
