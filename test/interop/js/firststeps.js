// The first steps with the AWS SDK for JavaScript, then pages, errors, clocks
// and credentials that are wrong. $DNS_HOST and $DNS_PORT are the DNS server.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  ChangeResourceRecordSetsCommand, CreateHostedZoneCommand, GetChangeCommand, GetHostedZoneCommand, InvalidChangeBatch,
  ListQueryLoggingConfigsCommand, ListHostedZonesCommand, ListResourceRecordSetsCommand, NoSuchHostedZone, Route53Client,
  paginateListHostedZones, waitUntilResourceRecordSetsChanged,
} from "@aws-sdk/client-route-53";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const client = new Route53Client({});

const wait = (info) => waitUntilResourceRecordSetsChanged({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { Id: info.Id });

const record = (Action, Name, Type, ...values) => ({
  Action, ResourceRecordSet: { Name, Type, TTL: 60, ResourceRecords: values.map((Value) => ({ Value })) },
});

const change = async (HostedZoneId, ...Changes) => {
  const out = await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch: { Comment: "JS ✓ <&>", Changes } }));
  await wait(out.ChangeInfo);
  return out.ChangeInfo;
};

const dig = (name, type) =>
  execFileSync("dig", ["@" + process.env.DNS_HOST, "-p", process.env.DNS_PORT, name, type, "+short", "+norec"], { encoding: "utf8" })
    .trim().split("\n").sort();

const firstSteps = async () => {
  const made = await client.send(new CreateHostedZoneCommand({ Name: "js.example", CallerReference: "first" }));
  assert.equal(made.$metadata.httpStatusCode, 201);
  assert.match(made.Location, new RegExp(`^https://.*/2013-04-01${made.HostedZone.Id}$`));
  await wait(made.ChangeInfo);
  const { HostedZones } = await client.send(new ListHostedZonesCommand({}));
  assert.deepEqual(HostedZones.map((z) => z.Name), ["js.example."]);
  const zone = made.HostedZone.Id;
  const info = await change(zone, record("CREATE", "www.js.example", "A", "192.0.2.1", "192.0.2.2"), record("CREATE", "txt.js.example", "TXT", '"a <b> & \\"c\\""'));
  assert.ok(Math.abs(Date.now() - info.SubmittedAt.getTime()) < 60_000, info.SubmittedAt);
  const seen = await client.send(new GetChangeCommand({ Id: info.Id }));
  assert.equal(seen.ChangeInfo.Status, "INSYNC");
  assert.equal(seen.ChangeInfo.Comment, "JS ✓ <&>");
  assert.deepEqual(dig("www.js.example", "A"), ["192.0.2.1", "192.0.2.2"]);
  assert.deepEqual(dig("txt.js.example", "TXT"), ['"a <b> & \\"c\\""']);
  const sets = (await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zone }))).ResourceRecordSets;
  assert.deepEqual(sets.map((s) => `${s.Name} ${s.Type}`), ["js.example. NS", "js.example. SOA", "txt.js.example. TXT", "www.js.example. A"]);
  assert.equal(sets[2].ResourceRecords[0].Value, '"a <b> & \\"c\\""');
  // What was listed can be deleted as it is.
  await change(zone, { Action: "DELETE", ResourceRecordSet: sets[3] });
  assert.deepEqual(dig("www.js.example", "A"), [""]);
  return zone;
};

const pages = async (zone) => {
  const names = Array.from({ length: 40 }, (_, i) => `n${String(i).padStart(2, "0")}.js.example.`);
  await change(zone, ...names.map((n) => record("CREATE", n, "AAAA", "2001:db8::1")));
  const listed = [];
  for (let from = {}, page; !page || page.IsTruncated; from = { StartRecordName: page.NextRecordName, StartRecordType: page.NextRecordType }) {
    page = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zone, MaxItems: 7, ...from }));
    listed.push(...page.ResourceRecordSets.map((s) => s.Name));
  }
  assert.deepEqual(listed.slice(2, 42), names);
  for (let i = 0; i < 4; i++) {
    await client.send(new CreateHostedZoneCommand({ Name: `z${i}.example`, CallerReference: `z${i}` }));
  }
  let zones = 0;
  for await (const page of paginateListHostedZones({ client, pageSize: 2 }, {})) zones += page.HostedZones.length;
  assert.equal(zones, 5);
};

const errors = async (zone) => {
  await assert.rejects(client.send(new GetHostedZoneCommand({ Id: "Z0NE" })), (e) => {
    assert.ok(e instanceof NoSuchHostedZone, e);
    assert.equal(e.message, "No hosted zone found with ID: Z0NE");
    assert.equal(e.$metadata.httpStatusCode, 404);
    assert.equal(e.$metadata.requestId.length, 36);
    return true;
  });
  await assert.rejects(change(zone, record("CREATE", "n00.js.example", "AAAA", "2001:db8::1")), (e) => {
    assert.ok(e instanceof InvalidChangeBatch, e);
    assert.equal(e.message, "[Tried to create resource record set [name='n00.js.example.', type='AAAA'] but it already exists]");
    return true;
  });
  await assert.rejects(new Route53Client({ maxAttempts: 1 }).send(new ListQueryLoggingConfigsCommand({})), { name: "NotImplemented" });
};

// A machine whose clock is ten minutes slow is refused; the SDK reads the
// server's Date and signs again.
const clocks = async () => {
  const now = Date.now;
  Date.now = () => now() - 600_000;
  try {
    await assert.rejects(new Route53Client({ maxAttempts: 1 }).send(new ListHostedZonesCommand({})), (e) => {
      assert.equal(e.name, "SignatureDoesNotMatch");
      assert.match(e.message, /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/);
      assert.equal(e.$metadata.httpStatusCode, 403);
      return true;
    });
    const corrected = await new Route53Client({}).send(new ListHostedZonesCommand({}));
    assert.equal(corrected.$metadata.attempts, 2);
  } finally {
    Date.now = now;
  }
};

const credentials = async () => {
  const { accessKeyId } = await client.config.credentials();
  const wrong = (keys) => new Route53Client({ credentials: keys }).send(new ListHostedZonesCommand({}));
  await assert.rejects(wrong({ accessKeyId, secretAccessKey: "wrong" }), { name: "SignatureDoesNotMatch", message: /^The request signature we calculated does not match the signature you provided\./ });
  await assert.rejects(wrong({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wrong" }), { name: "InvalidClientTokenId" });
};

const zone = await firstSteps();
await pages(zone);
await errors(zone);
await clocks();
await credentials();
const identity = await new STSClient({}).send(new GetCallerIdentityCommand({}));
assert.equal(identity.Account, "000000000000");
console.log("ok");
