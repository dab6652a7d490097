// Command gen turns the project's own tables in schema/ into source and documents:
// the wire package's structs, shapes, encoders and action table, the codes of package
// vpc, and docs/compatibility.md. It runs under go generate from internal/wire and
// writes the same bytes for the same tables every time.
//
//	gen -root DIR     writes every file below the checkout DIR
//	gen -root DIR -check   writes nothing and fails when a file differs
package main
