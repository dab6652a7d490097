package vpc

import (
	"fmt"
	"testing"
)

func TestParseAddrRange(t *testing.T) {
	for in, want := range map[string]string{
		"198.51.100.0/24":         "198.51.100.1-198.51.100.254",
		"198.51.100.7/24":         "198.51.100.1-198.51.100.254",
		"198.51.100.4/30":         "198.51.100.5-198.51.100.6",
		"198.51.100.4/31":         "198.51.100.4-198.51.100.5",
		"198.51.100.4/32":         "198.51.100.4",
		"10.0.0.1-10.0.0.9":       "10.0.0.1-10.0.0.9",
		"10.0.0.1 - 10.0.0.9":     "10.0.0.1-10.0.0.9",
		"10.0.0.1":                "10.0.0.1",
		"0.0.0.0/0":               "0.0.0.1-255.255.255.254",
		"255.255.255.255/32":      "255.255.255.255",
		"10.0.0.9-10.0.0.1":       "error",
		"":                        "error",
		"10.0.0.0/33":             "error",
		"2001:db8::/64":           "error",
		"::1":                     "error",
		"10.0.0.1-":               "error",
		"10.0.0.1-10.0.0.2-x":     "error",
		"10.0.0.256":              "error",
		"2001:db8::1-2001:db8::2": "error",
	} {
		r, err := ParseAddrRange(in)
		got := r.String()
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("ParseAddrRange(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestCutRanges(t *testing.T) {
	parse := func(ss ...string) (out []AddrRange) {
		for _, s := range ss {
			r, err := ParseAddrRange(s)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, r)
		}
		return out
	}
	for _, c := range []struct {
		ranges, exclude []string
		want            string
		size            int
	}{
		{[]string{"10.0.0.0/29"}, nil, "[10.0.0.1-10.0.0.6]", 6},
		{[]string{"10.0.0.0/29"}, []string{"10.0.0.1"}, "[10.0.0.2-10.0.0.6]", 5},
		{[]string{"10.0.0.0/29"}, []string{"10.0.0.3-10.0.0.4"}, "[10.0.0.1-10.0.0.2 10.0.0.5-10.0.0.6]", 4},
		{[]string{"10.0.0.0/29"}, []string{"10.0.0.0-10.0.0.9"}, "[]", 0},
		{[]string{"10.0.0.1-10.0.0.2", "10.0.0.3-10.0.0.4", "10.0.0.2"}, nil, "[10.0.0.1-10.0.0.4]", 4},
		{[]string{"255.255.255.250-255.255.255.255"}, []string{"255.255.255.255"}, "[255.255.255.250-255.255.255.254]", 5},
	} {
		got := CutRanges(parse(c.ranges...), parse(c.exclude...))
		size := 0
		for _, r := range got {
			size += r.Size()
		}
		if fmt.Sprint(got) != c.want || size != c.size {
			t.Errorf("CutRanges(%v, %v) = %v of %d, want %s of %d", c.ranges, c.exclude, got, size, c.want, c.size)
		}
	}
}
