package main

import "bytes"

func (s *schema) compatibility() []byte {
	var b bytes.Buffer
	b.WriteString("# Compatibility\n")
	return b.Bytes()
}
