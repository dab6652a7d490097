package vpc

import (
	"fmt"
	"testing"
)

func TestParseResourceName(t *testing.T) {
	for in, want := range map[string]string{
		"qcs::vpc:ap-guangzhou:uin/:vpngw/vpngw-abcdefgh":            "ap-guangzhou 0 vpngw vpngw-abcdefgh",
		"qcs::vpc:ap-guangzhou:uin/100000000001:vpc/vpc-abcdefgh":    "ap-guangzhou 100000000001 vpc vpc-abcdefgh",
		"qcs::vpc:ap-guangzhou::vpc/vpc-abcdefgh":                    "ap-guangzhou 0 vpc vpc-abcdefgh",
		"qcs::vpc:ap-guangzhou:100000000001:vpc/vpc-abcdefgh":        "ap-guangzhou 100000000001 vpc vpc-abcdefgh",
		"qcs::vpc::uin/:ccn/ccn-abcdefgh":                            " 0 ccn ccn-abcdefgh",
		"qcs::vpc:ap-guangzhou:uin/:vpc/a/b":                         "ap-guangzhou 0 vpc a/b",
		"":                                                           "no",
		"vpc-abcdefgh":                                               "no",
		"qcs::cvm:ap-guangzhou:uin/:instance/ins-abcdefgh":           "no",
		"qcs:x:vpc:ap-guangzhou:uin/:vpc/vpc-abcdefgh":               "no",
		"qcs::vpc:ap-guangzhou:uin/0:vpc/vpc-abcdefgh":               "no",
		"qcs::vpc:ap-guangzhou:uin/x:vpc/vpc-abcdefgh":               "no",
		"qcs::vpc:ap-guangzhou:uin/99999999999999999999:vpc/vpc-abc": "no",
		"qcs::vpc:ap-guangzhou:uin/:vpc-abcdefgh":                    "no",
		"qcs::vpc:ap-guangzhou:uin/:/vpc-abcdefgh":                   "no",
		"qcs::vpc:ap-guangzhou:uin/:vpc/":                            "no",
		"qcs::vpc:ap-guangzhou:uin/:vpc/vpc-abcdefgh:":               "no",
	} {
		n, ok := ParseResourceName(in)
		got := "no"
		if ok {
			got = fmt.Sprintf("%s %d %s %s", n.Region, n.Account, n.Prefix, n.ID)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestOtherService(t *testing.T) {
	for in, want := range map[string]bool{
		"qcs::cvm:ap-guangzhou:uin/:instance/ins-abcdefgh": true,
		"qcs::vpc:ap-guangzhou:uin/:vpc/vpc-abcdefgh":      false,
		"qcs:::ap-guangzhou:uin/:vpc/vpc-abcdefgh":         false,
		"arn::cvm:ap-guangzhou:uin/:instance/ins-abcdefgh": false,
		"qcs::cvm:": false,
		"":          false,
	} {
		if got := OtherService(in); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func FuzzResourceName(f *testing.F) {
	f.Add("qcs::vpc:ap-guangzhou:uin/:vpngw/vpngw-abcdefgh")
	f.Add("qcs::vpc::uin/1:a/b/c")
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := ParseResourceName(s)
		if !ok || n.Account == 0 {
			return
		}
		if again, ok := ParseResourceName(n.String()); !ok || again != n {
			t.Errorf("%q reads %+v, written %q reads %+v", s, n, n, again)
		}
	})
}
