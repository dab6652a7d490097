// Calls every VPN gateway action of a running server once, through the vendor's Node SDK,
// and prints a line for each: its name and OK, or the code. It ends with 1 when one failed.
//
//   node vpnactions.js HOST:PORT SECRET-ID SECRET-KEY
"use strict";

const { vpc } = require("tencentcloud-sdk-nodejs/tencentcloud/services/vpc");

const [endpoint, secretId, secretKey] = process.argv.slice(2);
const client = new vpc.v20170312.Client({
  credential: { secretId, secretKey },
  region: "ap-guangzhou",
  profile: { httpProfile: { endpoint, protocol: "http://" } },
});

const results = new Map();
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// call notes the first outcome of each action, and goes on after a failure.
async function call(action, params = {}) {
  try {
    const answer = await client[action](params);
    if (!results.has(action)) results.set(action, "OK");
    return answer;
  } catch (err) {
    results.set(action, `${err.code}: ${err.message}`);
    return {};
  }
}

// until repeats a look until it is content, for half a minute.
async function until(look) {
  for (let tries = 0; tries < 150; tries++) {
    if (await look()) return;
    await wait(200);
  }
  throw new Error(`waited too long: ${look}`);
}

const done = (answer) =>
  until(async () => (await client.DescribeVpcTaskResult({ TaskId: String(answer.TaskId) })).Status === "SUCCESS");

async function gateway(params) {
  const { VpnGateway } = await call("CreateVpnGateway", { VpnGatewayName: "g", InternetMaxBandwidthOut: 5, ...params });
  const id = VpnGateway.VpnGatewayId;
  await until(async () => (await client.DescribeVpnGateways({ VpnGatewayIds: [id] })).VpnGatewaySet[0].State === "AVAILABLE");
  return id;
}

async function ipsec(VpcId) {
  await call("InquiryPriceCreateVpnGateway", { InternetMaxBandwidthOut: 5 });
  const VpnGatewayId = await gateway({ VpcId });
  await call("DescribeVpnGateways");
  await call("ModifyVpnGatewayAttribute", { VpnGatewayId, VpnGatewayName: "h" });
  await call("ResetVpnGatewayInternetMaxBandwidth", { VpnGatewayId, InternetMaxBandwidthOut: 10 });
  const prepaid = await gateway({ VpcId, InstanceChargeType: "PREPAID", InstanceChargePrepaid: { Period: 1 } });
  const InstanceChargePrepaid = { Period: 1, RenewFlag: "NOTIFY_AND_MANUAL_RENEW" };
  await call("InquiryPriceRenewVpnGateway", { VpnGatewayId: prepaid, InstanceChargePrepaid });
  await call("InquiryPriceResetVpnGatewayInternetMaxBandwidth", { VpnGatewayId: prepaid, InternetMaxBandwidthOut: 10 });
  await call("RenewVpnGateway", { VpnGatewayId: prepaid, InstanceChargePrepaid });
  await call("SetVpnGatewaysRenewFlag", { VpnGatewayIds: [prepaid], AutoRenewFlag: 0 });

  await call("DescribeCustomerGatewayVendors");
  const { CustomerGateway } = await call("CreateCustomerGateway", { CustomerGatewayName: "c", IpAddress: "58.211.1.12" });
  const { CustomerGatewayId } = CustomerGateway;
  await call("DescribeCustomerGateways", { CustomerGatewayIds: [CustomerGatewayId] });
  await call("ModifyCustomerGatewayAttribute", { CustomerGatewayId, CustomerGatewayName: "d" });
  await call("GenerateVpnConnectionDefaultHealthCheckIp", { VpnGatewayId });
  const { VpnConnection } = await call("CreateVpnConnection", {
    VpnGatewayId, CustomerGatewayId, VpcId, VpnConnectionName: "x", PreShareKey: "secret", RouteType: "StaticRoute",
  });
  const { VpnConnectionId } = VpnConnection;
  const settled = () =>
    until(async () => (await client.DescribeVpnConnections({ VpnConnectionIds: [VpnConnectionId] })).VpnConnectionSet[0].State === "AVAILABLE");
  await settled();
  await call("DescribeVpnConnections");
  await call("DownloadCustomerGatewayConfiguration", {
    VpnGatewayId, VpnConnectionId, InterfaceName: "eth0", CustomerGatewayVendor: { VendorName: "strongswan", Platform: "linux", SoftwareVersion: "V5.9" },
  });
  const { Routes } = await call("CreateVpnGatewayRoutes", {
    VpnGatewayId, Routes: [{ DestinationCidrBlock: "192.168.0.0/24", InstanceType: "VPNCONN", InstanceId: VpnConnectionId, Priority: 0, Status: "ENABLE" }],
  });
  const { RouteId } = Routes[0];
  await call("DescribeVpnGatewayRoutes", { VpnGatewayId });
  await call("ModifyVpnGatewayRoutes", { VpnGatewayId, Routes: [{ RouteId, Status: "DISABLE" }] });
  await call("DeleteVpnGatewayRoutes", { VpnGatewayId, RouteIds: [RouteId] });
  await call("ModifyVpnConnectionAttribute", { VpnConnectionId, VpnConnectionName: "y" });
  await wait(1500);
  await call("ResetVpnConnection", { VpnGatewayId, VpnConnectionId });
  await wait(1500);
  await call("DeleteVpnConnection", { VpnGatewayId, VpnConnectionId });
  await until(async () => (await client.DescribeVpnConnections({})).TotalCount === 0);
  await call("DeleteCustomerGateway", { CustomerGatewayId });
  await call("DeleteVpnGateway", { VpnGatewayId });
}

// ccnRoutes needs a CCN gateway with a tunnel whose policy gives it a route.
async function ccnRoutes() {
  const VpnGatewayId = await gateway({ VpcId: "", Type: "CCN" });
  const { CustomerGateway } = await client.CreateCustomerGateway({ CustomerGatewayName: "c2", IpAddress: "58.211.1.13" });
  await client.CreateVpnConnection({
    VpnGatewayId, CustomerGatewayId: CustomerGateway.CustomerGatewayId, VpnConnectionName: "x", PreShareKey: "secret",
    SecurityPolicyDatabases: [{ LocalCidrBlock: "10.9.0.0/24", RemoteCidrBlock: ["192.168.9.0/24"] }],
  });
  await wait(1500);
  const { RouteSet } = await call("DescribeVpnGatewayCcnRoutes", { VpnGatewayId });
  await call("ModifyVpnGatewayCcnRoutes", { VpnGatewayId, Routes: [{ RouteId: RouteSet[0].RouteId, Status: "DISABLE" }] });
}

async function ssl(VpcId) {
  const VpnGatewayId = await gateway({ VpcId, Type: "SSL" });
  const made = await call("CreateVpnGatewaySslServer", { VpnGatewayId, SslVpnServerName: "s", RemoteAddress: "172.16.0.0/24" });
  const { SslVpnServerId } = made;
  await done(made);
  await call("DescribeVpnGatewaySslServers");
  await done(await call("ModifyVpnGatewaySslServer", { SslVpnServerId, SslVpnServerName: "t" }));
  const client1 = await call("CreateVpnGatewaySslClient", { SslVpnServerId, SslVpnClientName: "c" });
  const SslVpnClientIds = [client1.SslVpnClientId];
  await done(client1);
  await call("DescribeVpnGatewaySslClients");
  await call("DownloadVpnGatewaySslClientCert", { SslVpnClientIds });
  await done(await call("DisableVpnGatewaySslClientCert", { SslVpnClientIds }));
  await done(await call("EnableVpnGatewaySslClientCert", { SslVpnClientIds }));
  await done(await call("ModifyVpnGatewaySslClientCert", { SslVpnClientIds }));
  await done(await call("DeleteVpnGatewaySslClient", { SslVpnClientIds }));
  await call("DeleteVpnGatewaySslServer", { SslVpnServerId });
}

async function main() {
  const { Vpc } = await client.CreateVpc({ VpcName: "actions", CidrBlock: "10.0.0.0/16" });
  for (const part of [() => ipsec(Vpc.VpcId), ccnRoutes, () => ssl(Vpc.VpcId)]) {
    await part().catch((err) => console.error(err.message));
  }
  for (const action of [...results.keys()].sort()) console.log(action, results.get(action));
  const good = [...results.values()].filter((r) => r === "OK").length;
  console.log(`${good} of 39 VPN actions answered OK`);
  process.exit(good === 39 ? 0 : 1);
}

main();
