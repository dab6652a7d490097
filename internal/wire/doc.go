// Package wire is what travels over HTTP: the vendor's request and reply structs, the
// table of actions, decoding of JSON and of flattened text by schema, encoding, the
// error envelope, and signatures.
//
// Structs, shapes, encoders and the action table are generated from the tables in
// schema/. In what is asked every scalar and object is a pointer and nil means absent;
// a list that was sent, even empty, is not nil. In what is answered every field is a
// plain value that is always there, lists as [] and never null; the few fields that a
// reply may leave out are pointers.
//
// Everything here is free of state: any goroutine may call anything, and a decoded
// request belongs to its caller. Decoded strings never alias the body they came from.
package wire

//go:generate go run ../../schema/gen -root ../..
