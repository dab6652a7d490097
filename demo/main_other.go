//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "demo: it shows packets between network namespaces, which only Linux has")
	os.Exit(1)
}
