// Makes a VPC and a VPN gateway with a tag, waits until the gateway is available, and
// removes both.
"use strict";

const { vpc } = require("tencentcloud-sdk-nodejs");

const { GATEWRIGHT = "127.0.0.1:9080", TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY } = process.env;
if (!TENCENTCLOUD_SECRET_ID || !TENCENTCLOUD_SECRET_KEY) {
  console.error("set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, see examples/README.md");
  process.exit(1);
}

// The endpoint and the protocol are all that differs from the public cloud.
const client = new vpc.v20170312.Client({
  credential: { secretId: TENCENTCLOUD_SECRET_ID, secretKey: TENCENTCLOUD_SECRET_KEY },
  region: "ap-guangzhou",
  profile: { language: "en-US", httpProfile: { endpoint: GATEWRIGHT, protocol: "http://" } },
});

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// gatewayUntil describes the gateway until it is as wanted; undefined is one that is gone.
async function gatewayUntil(id, wanted) {
  for (let i = 0; i < 100; i++) {
    const { VpnGatewaySet } = await client.DescribeVpnGateways({ VpnGatewayIds: [id] });
    if (wanted(VpnGatewaySet[0])) return VpnGatewaySet[0];
    await pause(200);
  }
  throw new Error(`${id} did not get there in time`);
}

async function main() {
  const { Vpc } = await client.CreateVpc({ VpcName: "gatewright-example", CidrBlock: "10.20.0.0/16" });
  console.log("made", Vpc.VpcId);

  const { VpnGateway } = await client.CreateVpnGateway({
    VpcId: Vpc.VpcId,
    VpnGatewayName: "gatewright-example",
    InternetMaxBandwidthOut: 5,
    Tags: [{ Key: "example", Value: "node" }],
  });
  const id = VpnGateway.VpnGatewayId;
  console.log("made", id);

  const gateway = await gatewayUntil(id, (g) => g && g.State === "AVAILABLE");
  console.log(id, "is", gateway.State, "at", gateway.PublicIpAddress);

  await client.DeleteVpnGateway({ VpnGatewayId: id });
  await gatewayUntil(id, (g) => g === undefined);
  await client.DeleteVpc({ VpcId: Vpc.VpcId });
  console.log("removed both");
}

main().catch((err) => {
  console.error(err.code ? `${err.code}: ${err.message}` : err);
  process.exit(1);
});
