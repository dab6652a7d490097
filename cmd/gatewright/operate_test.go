package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A step is one command line of a script, and what it must say.
type step struct {
	args string
	code int
	want string // in the output, or with a code in the error
}

func (s *running) script(t *testing.T, steps []step) {
	t.Helper()
	for _, st := range steps {
		r := s.try(strings.Fields(st.args)...)
		text := r.out
		if st.code != 0 {
			text = r.err
		}
		if r.code != st.code || !strings.Contains(squeeze(text), st.want) {
			t.Errorf("gatewright %s: exit code %d, want %d and %q in\n%s%s", st.args, r.code, st.code, st.want, r.out, r.err)
		}
	}
}

// squeeze makes one blank of the blanks between the columns of a table.
func squeeze(s string) string {
	var lines []string
	for _, l := range strings.Split(s, "\n") {
		lines = append(lines, strings.Join(strings.Fields(l), " "))
	}
	return strings.Join(lines, "\n")
}

func TestOperator(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	s.script(t, []step{
		{"account list", 0, "100000000001 1250000001 root yes 1000000.00"},
		{"account create acme --balance 12.5 --unverified", 0, "Uin 100000000002\nAppId 1250000002\nSecretId AKID"},
		{"account create acme", 1, "name: account 100000000002 has it already"},
		{"account create 17", 1, "must not be a number"},
		{"account show acme", 0, "Verified no\nBalance 12.50"},
		{"account show 100000000002", 0, "Name acme"},
		{"account show nobody", 1, "there is no account `nobody`"},
		{"account set acme --verified --balance 7 --allow customer-gateway-asn --add-cdc cluster-aaaaaaaa --tag-policy known-keys --tag-pairs 3", 0,
			"Verified yes\nBalance 7.00\nAllow-lists customer-gateway-asn\nDedicated clusters cluster-aaaaaaaa\nTag policy known-keys\nTag quota keys default, pairs 3, per call default"},
		{"account set acme --disallow customer-gateway-asn --disallow never --remove-cdc cluster-aaaaaaaa --tags=false --tag-policy any", 0,
			"Verified yes\nBalance 7.00\nAllow-lists -\nDedicated clusters -\nTag policy any\nTag quota none"},
		{"account set acme --allow foo", 1, "`foo` is no allow-list; there are: customer-gateway-asn"},
		{"account set acme --tag-policy odd", 1, "`odd` is none of"},
		{"account set acme --add-cdc cluster-1", 1, "cdc:"},
		{"account list --json", 0, `"name": "acme"`},

		{"quota list --account acme", 0, "appid-max-vpcs 20 20"},
		{"quota set appid-max-vpcs 30", 0, "appid-max-vpcs 30"},
		{"quota set appid-max-vpcs 1 --account acme", 0, "appid-max-vpcs 1"},
		{"quota list --account acme", 0, "appid-max-vpcs 1 20"},
		{"quota list --account root", 0, "appid-max-vpcs 30 20"},
		{"quota clear appid-max-vpcs --account acme", 0, "cleared"},
		{"quota clear appid-max-vpcs --account acme", 0, "nothing to clear"},
		{"quota list --account acme", 0, "appid-max-vpcs 30 20"},
		{"quota set no-such-quota 1", 1, "there is no quota"},
		{"quota set appid-max-vpcs many", 2, "not a number"},
		{"quota set appid-max-vpcs 1 --account nobody", 1, "there is no account"},

		{"host list", 0, "HOST ENGINE LIVE GATEWAYS WORKLOADS DELETING"},
		{"host forget gone", 1, "nothing is on a host `gone`"},
		{"host forget", 2, "arg"},

		{"subnet list", 0, "ID UIN SUBNET HOST NAMESPACE DEVICE ADDRESS STATE CAUSE"},
		{"subnet list --json", 0, "[]"},
		{"subnet list subnet-aaaaaaaa", 1, "subnet-aaaaaaaa"},
		{"subnet attach subnet-aaaaaaaa --netns app", 1, "subnet-aaaaaaaa"},
		{"subnet attach subnet-aaaaaaaa --netns a/b", 1, "is no name of a namespace"},
		{"subnet attach subnet-aaaaaaaa", 2, "either --netns or --dev"},
		{"subnet attach subnet-aaaaaaaa --netns app --dev eth1", 2, "either --netns or --dev"},
		{"subnet detach subnet-aaaaaaaa --dev eth1", 1, "subnet-aaaaaaaa"},

		{"limit list", 0, "any any no limit"},
		{"limit set --rate 5 --action CreateVpc", 0, "every account CreateVpc 5/s"},
		{"limit set --rate 7 --account acme", 0, "acme every action 7/s"},
		{"limit list", 0, "any CreateVpc 5/s"},
		{"limit clear --action CreateVpc", 0, "cleared"},
		{"limit clear --action CreateVpc", 0, "nothing to clear"},
		{"limit set", 2, "--rate is wanted"},
		{"limit set --rate -1", 1, "negative"},
		{"limit set --rate 1 --action CreateVcp", 2, "did you mean CreateVpc?"},

		{"fault add --action CreateVpc --code LimitExceeded", 1, "there are 2 accounts; name one"},
		{"fault add --account acme --action CreateVpc", 1, "a code, a latency or both"},
		{"fault add --account acme --action CreateNatGateway --code LimitExceeded", 1, "does not serve"},
		{"fault add --account acme --action CreateVpc --code limit-exceeded", 1, "not an error code"},
		{"fault add --account acme --action CreateVpc --code LimitExceeded --times 0", 1, "times:"},
		{"fault add --account acme --action CreateVpc --code LimitExceeded --latency 1h", 1, "latency:"},
		{"fault add --account acme --code LimitExceeded", 2, "--action is wanted"},
		{"fault add --account acme --action CreateVpc --code LimitExceeded --times 2 --latency 5ms", 0, "100000000002 CreateVpc LimitExceeded 2 5ms"},
		{"fault list", 0, "LimitExceeded 2 5ms"},
		{"fault clear fault-00000000", 1, "there is no fault"},
		{"fault clear --account root", 0, "cleared 0"},
		{"fault clear", 0, "cleared 1"},

		{"key list --account acme", 0, "100000000002 admin - no"},
		{"key create --account acme --role actions", 1, "at least one action"},
		{"key create --account acme --role read --actions CreateVpc", 1, "role actions only"},
		{"key create --account acme --role boss", 1, "none of admin, read, actions"},
		{"key create --account acme --actions NoSuchThing", 2, "there is no action"},
		{"key disable AKIDnone", 1, "there is no key"},

		{"gateway block vpngw-00000000", 1, "does not exist"},
		{"gateway block nonsense", 1, "does not exist"},
		{"status", 0, "accounts 2"},
		{"status --json", 0, `"revision":`},
		{"debug rows", 0, "gateway\ngatewayccnroute"},
		{"debug rows nothing", 1, "there is no table"},
		{"debug rows account 100000000002", 0, `account/100000000002 {"id":100000000002`},
		{"debug rows key", 0, `"secret":null`},
		{"debug audit --account acme", 0, "operator - account create OK"},
		{"debug audit --limit 1", 0, "operator -"},
		{"debug audit --since 1h --json", 0, `"action":"quota set"`},
	})
	checkOperatorAudited(t, s)
}

// checkOperatorAudited holds that every command which changed something is in the
// audit, and that none which was refused or only looked is.
func checkOperatorAudited(t *testing.T, s *running) {
	t.Helper()
	audit := s.run("debug", "audit")
	for command, times := range map[string]int{"account create": 2, "account set": 2, "quota set": 2, "limit set": 2, "fault add": 1, "fault clear": 2, "key create": 0, "account list": 0, "status": 0} {
		if got := strings.Count(audit, " operator - "+command+" OK "); got != times {
			t.Errorf("%s is %d times in the audit, want %d:\n%s", command, got, times, audit)
		}
	}
}

// keyFile writes the pair that a command printed to a credentials file.
func keyFile(t *testing.T, printed string) string {
	t.Helper()
	values := map[string]string{}
	for _, l := range strings.Split(squeeze(printed), "\n") {
		name, value, _ := strings.Cut(l, " ")
		values[name] = value
	}
	path := filepath.Join(t.TempDir(), "credentials")
	text := "[default]\nsecret_id = " + values["SecretId"] + "\nsecret_key = " + values["SecretKey"] + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	admin := keyFile(t, s.run("account", "create", "acme"))
	read := keyFile(t, s.run("key", "create", "--account", "acme", "--role", "read"))
	some := keyFile(t, s.run("key", "create", "--account", "acme", "--actions", "CreateVpc,DescribeVpcs"))
	vpc := "call CreateVpc VpcName=v CidrBlock=10.0.0.0/16 --credentials "
	id, _, err := readCredentials(admin)
	if err != nil {
		t.Fatal(err)
	}
	s.script(t, []step{
		{vpc + admin, 0, `"VpcName": "v"`},
		{vpc + read, 1, "UnauthorizedOperation"},
		{vpc + some, 0, `"VpcName": "v"`},
		{"call DescribeVpcs --credentials " + read, 0, `"TotalCount": 2`},
		{"call DescribeVpnGateways --credentials " + some, 1, "UnauthorizedOperation"},
		{"call DescribeVpcs", 0, `"TotalCount": 0`}, // root sees none of acme's
		{"key disable " + id, 0, "Disabled yes"},
		{vpc + admin, 1, "AuthFailure.SecretIdNotFound"},
		{"call DescribeVpcs --credentials " + read, 0, `"TotalCount": 2`},
		{"key enable " + id, 0, "Disabled no"},
		{vpc + admin, 0, `"VpcName": "v"`},
		{"key list --account acme", 0, "actions CreateVpc,DescribeVpcs no"},
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	vpc := "call CreateVpc VpcName=v CidrBlock=10.0.0.0/16"
	s.script(t, []step{
		{"fault add --action CreateVpc --code LimitExceeded.Odd --times 2", 0, "LimitExceeded.Odd 2"},
		{vpc, 1, "LimitExceeded.Odd"},
		{"fault list", 0, "LimitExceeded.Odd 1"},
		{vpc, 1, "LimitExceeded.Odd"},
		{vpc, 0, `"VpcName": "v"`},
		{"fault add --action DescribeVpcs --code InternalError", 0, "without end"},
		{"call DescribeVpcs", 1, "InternalError"},
		{"call DescribeVpcs", 1, "InternalError"},
		{"fault clear", 0, "cleared 1"},
		{"call DescribeVpcs", 0, `"TotalCount": 1`},
	})
	eventually(t, "the faults are in the audit", func() bool {
		return strings.Count(s.run("debug", "audit"), "CreateVpc LimitExceeded.Odd (fault)") == 2
	})
}

func TestCallInputs(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	r := gatewright(t, `{"VpcName":"from stdin","CidrBlock":"10.0.0.0/16"}`, "call", "CreateVpc", "--json", "-", "--data-dir", s.dir)
	if r.code != 0 || field(t, r.out, "VpcName") != "from stdin" {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.err)
	}
	file := filepath.Join(t.TempDir(), "in.json")
	if err := os.WriteFile(file, []byte(`{"VpcName":"from file","CidrBlock":"10.0.0.0/16"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s.script(t, []step{
		{"call CreateVpc --json " + file, 0, `"VpcName": "from file"`},
		{"call DescribeVpcs Filters.0.Name=vpc-name Filters.0.Values.0=from", 0, `"VpcName": "from`},
		{"call DescribeVpcs Limit=1 Offset=1", 0, `"TotalCount": 2`},
		{"call DescribeVpcs Limit=many", 1, "`Limit`"},
		{"call CreateVpc VpcName=v CidrBlock=10.0.0.0/16 Colour=red", 1, "UnknownParameter"},
		{"call CreateVpc VpcName=v CidrBlock=10.0.0.0/16 --language zh-CN Colour=red", 1, "参数"},
		{"call NoSuchAction A=1", 1, "InvalidAction: "},
		{"call GetCallerIdentity", 0, `"AccountId": "100000000001"`},
		{"call DescribeTagKeys", 0, `"TotalCount": 0`},
		{"call DescribeVpcs --region eu-frankfurt", 0, `"TotalCount": 0`},
		{"call DescribeVpcs --region nowhere", 1, "UnsupportedRegion"},
	})
}

// TestNoSecretLeaks holds that a pre-shared key is in nothing that the operator sees
// and in no file of the data directory.
func TestNoSecretLeaks(t *testing.T) {
	t.Parallel()
	const secret = "s3cret-of-the-tunnel"
	s := start(t, t.TempDir(), "--log-level", "debug")
	vpcID := field(t, s.run("call", "CreateVpc", "VpcName=v", "CidrBlock=10.0.0.0/16"), "VpcId")
	gateway := field(t, s.run("call", "CreateVpnGateway", "VpcId="+vpcID, "VpnGatewayName=g", "InternetMaxBandwidthOut=5"), "VpnGatewayId")
	peer := field(t, s.run("call", "CreateCustomerGateway", "CustomerGatewayName=c", "IpAddress=203.0.113.9"), "CustomerGatewayId")
	create := []string{"call", "CreateVpnConnection", "VpcId=" + vpcID, "VpnGatewayId=" + gateway, "CustomerGatewayId=" + peer, "VpnConnectionName=x",
		"PreShareKey=" + secret, "SecurityPolicyDatabases.0.LocalCidrBlock=10.0.0.0/16", "SecurityPolicyDatabases.0.RemoteCidrBlock.0=192.168.0.0/24"}
	var made result
	eventually(t, "the gateway is available", func() bool { made = s.try(create...); return made.code == 0 })
	if field(t, made.out, "PreShareKey") != secret {
		t.Fatalf("the answer hides the key, so that this test proves nothing:\n%s", made.out)
	}
	for _, args := range []string{"debug rows connection", "debug audit", "debug audit --json", "status --json"} {
		if out := s.run(strings.Fields(args)...); strings.Contains(out, secret) {
			t.Errorf("gatewright %s shows the key:\n%s", args, out)
		}
	}
	if strings.Contains(fetch(t, s.printed("metrics")), secret) || strings.Contains(s.log.String(), secret) {
		t.Error("the key is in the metrics or in the log")
	}
	s.run("gateway", "block", gateway)
	if out := s.run("call", "DescribeVpnGateways", "VpnGatewayIds.0="+gateway); field(t, out, "IsAddressBlocked") != "true" {
		t.Errorf("the gateway is not blocked:\n%s", out)
	}
	s.run("gateway", "unblock", gateway)
	s.stop()
	checkFilesWithout(t, s.dir, secret)
}

func checkFilesWithout(t *testing.T, dir, secret string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), secret) {
			t.Errorf("the key is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	out := s.run("debug", "seed", "--gateways", "100", "--connections", "250", "--json")
	var seeded struct {
		SecretId, SecretKey, BigVPC, Name string
		InBigVPC, PerName, TaggedVPCs     int
		SampleGateways                    []string
	}
	if err := json.Unmarshal([]byte(out), &seeded); err != nil {
		t.Fatal(err)
	}
	if seeded.InBigVPC != 10 || seeded.PerName != 10 || seeded.TaggedVPCs != 5 || len(seeded.SampleGateways) != 100 {
		t.Errorf("seeded %+v", seeded)
	}
	key := " --credentials " + keyFile(t, "SecretId "+seeded.SecretId+"\nSecretKey "+seeded.SecretKey)
	s.script(t, []step{
		{"call DescribeVpnGateways Limit=100" + key, 0, `"TotalCount": 100`},
		{"call DescribeVpnConnections Limit=100" + key, 0, `"TotalCount": 250`},
		{"call DescribeVpnGateways Filters.0.Name=vpc-id Filters.0.Values.0=" + seeded.BigVPC + key, 0, `"TotalCount": 10`},
		{"call DescribeVpnGateways Filters.0.Name=vpn-gateway-name Filters.0.Values.0=" + seeded.Name + key, 0, `"TotalCount": 10`},
		{"call DescribeVpcs Filters.0.Name=tag:seed Filters.0.Values.0=even" + key, 0, `"TotalCount": 5`},
		{"call DescribeVpnConnections Filters.0.Name=vpn-gateway-id Filters.0.Values.0=" + seeded.SampleGateways[0] + key, 0, `"TotalCount": 3`},
		{"debug seed --gateways -1", 1, "gateways:"},
		{"debug seed --gateways 0 --connections 1", 1, "they need gateways"},
		{"debug seed --region X", 1, "region:"},
	})
}
