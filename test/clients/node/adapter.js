// Calls a server through the vendor's Node SDKs for the tests of test/clients. It reads
// orders, one JSON object a line, from stdin, carries them out side by side, and writes
// an outcome for each to stdout; see ../gosdk/main.go for their fields.
"use strict";

const readline = require("node:readline");
const { vpc } = require("tencentcloud-sdk-nodejs/tencentcloud/services/vpc");
const { tag } = require("tencentcloud-sdk-nodejs/tencentcloud/services/tag");

const INTL = "tencentcloud-sdk-nodejs-intl-en/tencentcloud";
const Credential = require(`${INTL}/common/credential`);
const ClientProfile = require(`${INTL}/common/profile/client_profile`);
const HttpProfile = require(`${INTL}/common/profile/http_profile`);
const intl = {
  vpc: require(`${INTL}/vpc`).v20170312,
  tag: require(`${INTL}/tag`).v20180813,
};

const protocolOf = (order) => `${order.Scheme.toLowerCase()}://`;

// callCN uses the mainland SDK, whose clients return promises of plain objects.
function callCN(order) {
  const { Client } = { vpc: vpc.v20170312, tag: tag.v20180813 }[order.Service];
  const client = new Client({
    credential: { secretId: order.SecretID, secretKey: order.SecretKey },
    region: order.Region,
    profile: {
      signMethod: order.Sign,
      language: "en-US",
      httpProfile: { reqMethod: order.Method, endpoint: order.Endpoint, protocol: protocolOf(order) },
    },
  });
  const options = order.Multipart ? { multipart: true } : {};
  return client[order.Action](order.Params, options);
}

// callIntl uses the international SDK, with models and callbacks.
function callIntl(order) {
  const { Client, Models } = intl[order.Service];
  const http = new HttpProfile();
  http.endpoint = order.Endpoint;
  http.protocol = protocolOf(order);
  http.reqMethod = order.Method;
  const profile = new ClientProfile(order.Sign, http); // an empty Sign is the SDK's default
  const credential = new Credential(order.SecretID, order.SecretKey);
  const client = new Client(credential, order.Region, profile);
  const request = new Models[`${order.Action}Request`]();
  request.deserialize(order.Params);
  return new Promise((resolve, reject) =>
    client[order.Action](request, (err, response) => (err ? reject(err) : resolve(response)))
  );
}

async function run(order) {
  try {
    const call = { cn: callCN, intl: callIntl }[order.SDK];
    return { ID: order.ID, Response: await call(order) };
  } catch (err) {
    const { code = "", message, requestId = "" } = err;
    return { ID: order.ID, Error: { Code: code, Message: message, RequestID: requestId } };
  }
}

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(line)))}\n`);
});
