package vpc

import "testing"

// TestProductQuotas holds the descriptions against the quotas there are.
func TestProductQuotas(t *testing.T) {
	described := map[string]int{}
	for _, product := range quotaProducts {
		list, ok := ProductQuotas(product)
		if !ok {
			t.Errorf("%s is not taken", product)
		}
		for _, q := range list {
			described[q.Name]++
			if _, known := QuotaDefault(q.Name); !known || q.EN == "" || q.ZH == "" {
				t.Errorf("%+v", q)
			}
		}
	}
	for _, name := range QuotaNames() {
		if described[name] != 1 {
			t.Errorf("%s is described %d times", name, described[name])
		}
	}
	if _, ok := ProductQuotas("cvm"); ok {
		t.Error("cvm is taken")
	}
}
