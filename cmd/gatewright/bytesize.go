package main

import (
	"fmt"
	"strconv"
	"strings"
)

// byteSize is a number of bytes, written as 512MiB, 2GiB or plain bytes.
type byteSize uint64

var byteUnits = []struct {
	suffix string
	shift  uint
}{{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}}

// Set implements pflag.Value.
func (b *byteSize) Set(s string) error {
	text, shift := strings.TrimSpace(s), uint(0)
	for _, u := range byteUnits {
		if t, ok := strings.CutSuffix(text, u.suffix); ok {
			text, shift = strings.TrimSpace(t), u.shift
			break
		}
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n<<shift>>shift != n {
		return fmt.Errorf("%q is not a size such as 512MiB", s)
	}
	*b = byteSize(n << shift)
	return nil
}

// Type implements pflag.Value.
func (*byteSize) Type() string { return "size" }

func (b *byteSize) String() string {
	for _, u := range byteUnits {
		if n := uint64(*b); n != 0 && n%(1<<u.shift) == 0 {
			return strconv.FormatUint(n>>u.shift, 10) + u.suffix
		}
	}
	return strconv.FormatUint(uint64(*b), 10)
}
