package metrics

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
)

// TestExamples: the dashboard and the alert rules ask only for metrics, and only by
// labels, that the server has.
func TestExamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.st.Close()
		m := New(r.c, "v0")
		m.Carry(r.carry("h"))
		m.Observe("CreateVpc", "OK", 1)
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		served := w.Body.String()
		for _, file := range []string{"dashboard.json", "alerts.yml"} {
			text, err := os.ReadFile("../../examples/prometheus/" + file)
			if err != nil {
				t.Fatal(err)
			}
			names := regexp.MustCompile(`gatewright_\w+`).FindAllString(string(text), -1)
			if len(names) < 10 {
				t.Errorf("%s asks for %d metrics", file, len(names))
			}
			for _, name := range names {
				if !strings.Contains(served, "\n"+name+" ") && !strings.Contains(served, "\n"+name+"{") {
					t.Errorf("%s asks for %s, which is not served", file, name)
				}
			}
			for _, label := range regexp.MustCompile(`\$labels\.(\w+)|\{\{(\w+)\}\}`).FindAllStringSubmatch(string(text), -1) {
				l := label[1] + label[2]
				if l != "instance" && !strings.Contains(served, l+`="`) {
					t.Errorf("%s names the label %s, which no series has", file, l)
				}
			}
		}
		dashboard, err := os.ReadFile("../../examples/prometheus/dashboard.json")
		if err != nil || !json.Valid(dashboard) {
			t.Errorf("dashboard.json is not JSON: %v", err)
		}
	})
}
