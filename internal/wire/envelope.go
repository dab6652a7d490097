package wire

// AppendResponse appends the whole body of an answer: the fields of resp and the
// request's id inside Response.
func AppendResponse(b []byte, resp Encoder, requestID string) []byte {
	b = append(b, `{"Response":`...)
	b = resp.AppendJSON(b)
	b = appendKey(b[:len(b)-1], `"RequestId":`)
	b = appendString(b, requestID)
	return append(b, "}}"...)
}

// AppendError appends the whole body of a refusal.
func AppendError(b []byte, err *Error, lang Language, requestID string) []byte {
	b = append(b, `{"Response":{"Error":{"Code":`...)
	b = appendString(b, err.Code)
	b = append(b, `,"Message":`...)
	b = appendString(b, err.Message(lang))
	b = append(b, `},"RequestId":`...)
	b = appendString(b, requestID)
	return append(b, "}}"...)
}
