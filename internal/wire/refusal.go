package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The codes that decoding answers with.
const (
	codeUnknownParameter = "UnknownParameter"
	codeUnknownGuess     = "UnknownParameter.WithGuess" // where the action documents it and one name is near
	codeMissingParameter = "MissingParameter"
	codeInvalidParameter = "InvalidParameter"
	codeInvalidValue     = "InvalidParameterValue"
	codeNotUTF8          = "InvalidParameterValue.NotUtf8EncodingError" // where the action documents it
	codeTooMany          = "InvalidParameterValue.LimitExceeded"
	codeTooLarge         = "RequestSizeLimitExceeded"
	codeFilterNotDict    = "InvalidParameter.FilterNotDict"
	codeFilterNoList     = "InvalidParameter.FilterValuesNotList"
)

// Bounds of one request, whatever its size in bytes.
const (
	maxElements = 10_000  // of one list
	maxValues   = 100_000 // scalars, objects and lists in all
	maxDepth    = 8       // of an input's path; the tables need 5
	maxQuoted   = 128     // bytes of a caller's own name in a message
)

// rank orders refusals: an unknown input is answered before a missing one, that before
// a mistyped one, that before a bad value, wherever in the request they stand.
type rank uint8

const (
	rankNone rank = iota
	rankValue
	rankType
	rankMissing
	rankFatal // unknown input, not JSON at all, too much: nothing further is looked at
)

// A step is one part of the path to a value: a field, or an index when field is nil.
type step struct {
	field *Field
	index int
}

// verdict collects what is wrong with a request and keeps the gravest, of equals the
// first. The zero verdict is clean.
type verdict struct {
	action *Action
	rank   rank
	err    *Error
	steps  [maxDepth]step
	depth  int
	values int
}

func (v *verdict) push(s step) {
	v.steps[v.depth] = s
	v.depth++
}

func (v *verdict) pop() { v.depth-- }

// path is the place the verdict is at, such as Tags.0.Key, with name below it unless
// that is empty.
func (v *verdict) path(name string) string {
	parts := make([]string, 0, maxDepth+1)
	for _, s := range v.steps[:v.depth] {
		if s.field != nil {
			parts = append(parts, s.field.Name)
		} else {
			parts = append(parts, strconv.Itoa(s.index))
		}
	}
	if name != "" {
		parts = append(parts, name)
	}
	return strings.Join(parts, ".")
}

// refuse records a refusal of this place unless a graver one is known. It returns
// false when decoding may stop.
func (v *verdict) refuse(r rank, code, name, en, zh string) bool {
	if r > v.rank {
		v.rank = r
		v.err = &Error{Code: code, Param: v.path(name), EN: en, ZH: zh}
	}
	return r < rankFatal
}

// count takes one more value off the bound of the whole request.
func (v *verdict) count() bool {
	v.values++
	if v.values <= maxValues {
		return true
	}
	return v.refuse(rankFatal, codeTooLarge, "", fmt.Sprintf("the request holds more than %d values", maxValues),
		fmt.Sprintf("请求包含的值超过 %d 个", maxValues))
}

// unknown refuses an input. part is what of its name leads nowhere in shape, which is nil
// below a value that has no fields.
func (v *verdict) unknown(name, part string, shape *Shape) bool {
	code, en, zh := codeUnknownParameter, "this action does not define it", "该接口没有定义此参数"
	if guess := shape.nearest(part); guess != "" && v.documents(codeUnknownGuess) {
		code, en, zh = codeUnknownGuess, en+"; `"+guess+"` may be meant", zh+"，是否应为 `"+guess+"`"
	}
	return v.refuse(rankFatal, code, quotable(name), en, zh)
}

func (v *verdict) documents(code string) bool {
	_, found := slices.BinarySearch(v.action.Codes, code)
	return found
}

func (v *verdict) missing(f *Field) {
	v.refuse(rankMissing, codeMissingParameter, f.Name, "it is required", "此参数必填")
}

// tooMany refuses a list as too long: this place, or the input of that name.
func (v *verdict) tooMany(name string) bool {
	return v.refuse(rankFatal, codeTooMany, name, fmt.Sprintf("a list takes at most %d elements", maxElements),
		fmt.Sprintf("列表最多 %d 个元素", maxElements))
}

// notText refuses a string; nul says that a NUL is what is wrong with it.
func (v *verdict) notText(nul bool) {
	code := codeInvalidValue
	if !nul && v.documents(codeNotUTF8) {
		code = codeNotUTF8
	}
	v.refuse(rankValue, code, "", "it must be UTF-8 text without NUL", "必须是不含 NUL 的 UTF-8 文本")
}

func (v *verdict) mistyped(k Kind) {
	v.refuse(rankType, codeInvalidParameter, "", "it must be "+kindNames[k][0], "类型必须为"+kindNames[k][1])
}

func (v *verdict) notList(f *Field) {
	code := codeInvalidParameter
	if f.Filter && f.Kind != Object {
		code = codeFilterNoList
	}
	v.refuse(rankType, code, "", "it must be a list", "类型必须为列表")
}

func (v *verdict) notObject(f *Field) {
	code := codeInvalidParameter
	if f.Filter {
		code = codeFilterNotDict
	}
	v.refuse(rankType, code, "", "it must be "+kindNames[Object][0], "类型必须为"+kindNames[Object][1])
}

var kindNames = [...][2]string{
	String: {"a string", "字符串"},
	Uint64: {"an integer from 0 to 18446744073709551615", "0 到 18446744073709551615 之间的整数"},
	Int64:  {"an integer of 64 bits", "64 位整数"},
	Bool:   {"true or false", "布尔值"},
	Float:  {"a number", "数字"},
	Object: {"an object", "对象"},
}

// quotable makes a name that a caller made up fit to be quoted in a message.
func quotable(name string) string {
	if name == "" {
		return `""`
	}
	return cutText(strings.ToValidUTF8(name, "\uFFFD"), maxQuoted)
}

// cutText returns at most n bytes of s, whole characters only, and says that it cut.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
