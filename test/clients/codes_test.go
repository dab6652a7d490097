package clients

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/wire"
)

var update = flag.Bool("update", false, "write documents anew instead of comparing them")

const (
	codesScript   = "../../scripts/codes.sh"
	codesTable    = "../../scripts/codes.tsv"
	codesDocument = "../../docs/create-vpn-gateway.md"
)

// codeRow is one line of scripts/codes.tsv.
type codeRow struct{ code, by, prepare, request string }

func readCodes(t *testing.T) []codeRow {
	t.Helper()
	text, err := os.ReadFile(codesTable)
	if err != nil {
		t.Fatal(err)
	}
	var rows []codeRow
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 4 {
			t.Fatalf("%s: %d fields: %s", codesTable, len(f), line)
		}
		rows = append(rows, codeRow{f[0], f[1], f[2], f[3]})
	}
	return rows
}

// TestCodes plays every code of CreateVpnGateway with gatewright call.
func TestCodes(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(codesScript, program).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, r := range readCodes(t) {
		if line := fmt.Sprintf("%-62s %-6s %s\n", r.code, r.by, r.code); !strings.Contains(string(out), line) {
			t.Errorf("no line %q in:\n%s", line, out)
		}
	}
}

// TestCodesCanFail plays a table in which a good request is said to be refused.
func TestCodesCanFail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script, err := os.ReadFile(codesScript)
	if err != nil {
		t.Fatal(err)
	}
	const good = `{"VpcId":"{vpc}","VpnGatewayName":"gw","InternetMaxBandwidthOut":5}`
	for name, text := range map[string]string{"codes.sh": string(script), "codes.tsv": "OK\tinput\t-\t" + good + "\nLimitExceeded\tstate\t-\t" + good + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(filepath.Join(dir, "codes.sh"), program).CombinedOutput()
	if err == nil || !strings.HasSuffix(string(out), "2 codes, 1 differ\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestCodesComplete holds the table against the codes that the vendor documents.
func TestCodesComplete(t *testing.T) {
	var codes []string
	for _, r := range readCodes(t) {
		codes = append(codes, r.code)
		if !slices.Contains([]string{"input", "state", "fault"}, r.by) || (r.by == "input") != (r.prepare == "-") || (r.by == "fault") != (r.prepare == "fault") {
			t.Errorf("%s: by %s with preparation %s", r.code, r.by, r.prepare)
		}
	}
	want := slices.Clone(wire.Actions["CreateVpnGateway"].Codes)
	slices.Sort(want)
	slices.Sort(codes)
	if !slices.Equal(codes, want) || len(codes) != 47 {
		t.Errorf("%d codes:\n%v\nwant:\n%v", len(codes), codes, want)
	}
}

// preparations say what the script's functions do.
var preparations = map[string]string{
	"pool_exhausted":     "no address of `--public-cidr` is left",
	"cdc_taken":          "the account's cluster holds a gateway of this type already",
	"policy known-keys":  "`account set --tag-policy known-keys`",
	"policy known-pairs": "`account set --tag-policy known-pairs`",
	"policy_values":      "`account set --tag-policy known-values`, and the key `known` has other values",
	"policy denied":      "`account set --tag-policy denied`",
	"no_tag_quota":       "`account set --tags=false`",
	"tunnel_overlap":     "a gateway of the VPC's CCN sends a part of the VPC's range into a tunnel",
	"gateway_quota":      "the VPC has as many gateways as the quota `vpc-max-vpn-gateways` allows",
	"key_ceiling":        "the account has as many tag keys as `account set --tag-keys` allows",
	"one_pair_left":      "`account set --tag-pairs` leaves room for one more tag",
	"pairs_zero":         "`account set --tag-pairs 0`",
	"pairs_full":         "the account has as many tags as `account set --tag-pairs` allows",
	"per_call":           "`account set --tags-per-call 1`",
	"unverified":         "`account create --unverified`, or `account set --verified=false`",
	"no_money":           "`account set --balance 0`",
}

// TestCodesDocument compares the document with the table; -update writes it.
func TestCodesDocument(t *testing.T) {
	text, err := os.ReadFile(codesDocument)
	if err != nil {
		t.Fatal(err)
	}
	const start, end = "<!-- table -->\n", "<!-- end of table -->"
	before, rest, ok := strings.Cut(string(text), start)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", codesDocument)
	}
	want := before + start + documentTable(t) + end + after
	if *update {
		if err := os.WriteFile(codesDocument, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Errorf("%s is not what scripts/codes.tsv says; run go test ./test/clients -run TestCodesDocument -update", codesDocument)
	}
}

func documentTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n| code | by | how | change of the request |\n|---|---|---|---|\n")
	for _, r := range readCodes(t) {
		how := preparations[r.prepare]
		switch r.by {
		case "input":
			how = "-"
		case "fault":
			how = "`fault add`"
		}
		if how == "" {
			t.Errorf("%s: no words for the preparation %s", r.code, r.prepare)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.code, r.by, how, changeOf(t, r.request))
	}
	b.WriteString("\n")
	return b.String()
}

// changeOf shows the inputs of a request that differ from the usual one.
func changeOf(t *testing.T, request string) string {
	t.Helper()
	usual := map[string]string{"VpcId": `"{vpc}"`, "VpnGatewayName": `"gw"`, "InternetMaxBandwidthOut": "5"}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(strings.ReplaceAll(request, "{51tags}", `"51 tags"`)), &fields); err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if value := string(fields[name]); usual[name] != value {
			changed = append(changed, fmt.Sprintf("`%s`: `%s`", name, value))
		}
	}
	if len(changed) == 0 {
		return "none"
	}
	return strings.ReplaceAll(strings.Join(changed, ", "), "`\"51 tags\"`", "51 tags")
}
