// Connect's own client for Node.js against fastd and a Probe: node client.mjs FASTD PROBE SOCKET
import assert from "node:assert/strict";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport } from "@connectrpc/connect-node";
import { Metric } from "./gen/fast/v1/metric_pb.js";
import { Node } from "./gen/fast/v1/plugin_pb.js";
import { Param, ParamRefusalSchema } from "./gen/fast/v1/param_pb.js";
import { Probe, ProbeRequestSchema } from "./gen/testing/v1/probe_pb.js";

const [fastd, probe, socketPath] = process.argv.slice(2);
let failed = 0;

async function test(name, body) {
  try {
    await body();
    console.log(`ok - ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok - ${name}\n${error.stack}`);
  }
}

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return ConnectError.from(error);
  }
  assert.fail("it did not fail");
}

const ways = [
  ["JSON", {}],
  ["protobuf", { useBinaryFormat: true }],
  ["JSON, GET", { useHttpGet: true }],
  ["protobuf, GET", { useBinaryFormat: true, useHttpGet: true }],
  ["protobuf, gzip", { useBinaryFormat: true, sendCompression: compressionGzip, compressMinBytes: 0 }],
  ["JSON, gzip, GET", { sendCompression: compressionGzip, compressMinBytes: 0, useHttpGet: true }],
];

for (const [way, options] of ways) {
  const to = (baseUrl, more) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false, ...options, ...more });
  const params = createClient(Param, to(fastd));
  const metrics = createClient(Metric, to(fastd));
  const probes = createClient(Probe, to(probe));

  await test(`${way}: a unary call`, async () => {
    const { param } = await params.get({ plugin: "worker", param: "res" });
    assert.equal(param.spec.name, "res");
    const echoed = await probes.echo({ number: 7, text: "ä €", blob: new Uint8Array([0, 255]) });
    assert.equal(echoed.number, 7);
    assert.equal(echoed.text, "ä €");
    assert.deepEqual([...echoed.blob], [0, 255]);
  });
  await test(`${way}: a long message both ways`, async () => {
    const blob = new Uint8Array(options.useHttpGet ? 9000 : 1 << 20).fill(9);
    const echoed = await probes.read({ blob });
    assert.equal(echoed.blob.length, blob.length);
  });
  await test(`${way}: a knob is turned, and a refusal has its typed detail`, async () => {
    const value = (doubleValue) => ({ kind: { case: "doubleValue", value: doubleValue } });
    const set = await params.set({ plugin: "worker", assignments: [{ param: "res", value: value(0.5) }] });
    assert.ok(set.revision > 0n);
    const error = await refusal(
      params.set({ plugin: "worker", assignments: [{ param: "res", value: value(7) }] }));
    assert.equal(error.code, Code.OutOfRange);
    assert.match(error.rawMessage, /takes one of/);
    const [detail] = error.findDetails(ParamRefusalSchema);
    assert.equal(detail.param, "res");
    assert.equal(detail.nearest.kind.case, "doubleValue");
  });
  await test(`${way}: the server stream Watch`, async () => {
    let seen = 0;
    for await (const item of metrics.watch({ plugin: "worker", metric: "fps", intervalMs: 100 })) {
      assert.ok(item.samples.every((sample) => sample.plugin === "worker"));
      if (++seen === 3) {
        break;
      }
    }
    assert.equal(seen, 3);
  });
  await test(`${way}: items in order, then the end or the failure`, async () => {
    const numbers = [];
    for await (const item of probes.watch({ number: 200 })) {
      numbers.push(item.number);
    }
    assert.deepEqual(numbers, Array.from({ length: 200 }, (_, i) => i + 1));
    const error = await refusal((async () => { for await (const _ of probes.watch({ number: 2, text: "fail" })); })());
    assert.equal(error.code, Code.Aborted);
  });
  await test(`${way}: headers there, headers and trailers back`, async () => {
    let headers, trailers;
    await probes.read({}, {
      headers: [["test-text", "one"], ["test-text", "two"], ["test-data-bin", "AAEC/w"]],
      onHeader: (got) => { headers = got; },
      onTrailer: (got) => { trailers = got; },
    });
    assert.equal(headers.get("test-text"), "one, two");
    assert.equal(headers.get("test-data-bin"), "AAEC/w");
    assert.equal(trailers.get("test-text-again"), "one, two");
    assert.equal(trailers.get("test-data-bin-again-bin"), "AAEC/w");
    for await (const _ of probes.watch({ number: 1 }, {
      headers: { "test-stream": "yes" },
      onHeader: (got) => { headers = got; },
      onTrailer: (got) => { trailers = got; },
    }));
    assert.equal(headers.get("test-stream"), "yes");
    assert.equal(trailers.get("test-stream-again"), "yes");
  });
  await test(`${way}: a failure has its detail and trailers`, async () => {
    const error = await refusal(probes.read({ text: "fail", number: 3 }, { headers: { "test-a": "b" } }));
    assert.equal(error.code, Code.Aborted);
    assert.equal(error.rawMessage, "it was asked to fail");
    assert.equal(error.findDetails(ProbeRequestSchema)[0].number, 3);
    assert.equal(error.metadata.get("test-a-again"), "b");
  });
  await test(`${way}: time is up, and the server knows`, async () => {
    const late = await refusal(probes.read({ text: "wait" }, { timeoutMs: 200 }));
    assert.equal(late.code, Code.DeadlineExceeded);
    const stream = (async () => { for await (const _ of probes.watch({ text: "wait" }, { timeoutMs: 200 })); })();
    assert.equal((await refusal(stream)).code, Code.DeadlineExceeded);
  });
  await test(`${way}: cancelled, and the server hears it`, async () => {
    const unary = new AbortController();
    const pending = refusal(probes.read({ text: "wait" }, { signal: unary.signal }));
    setTimeout(() => unary.abort(), 200);
    assert.equal((await pending).code, Code.Canceled);
    const stream = new AbortController();
    const error = await refusal((async () => {
      for await (const _ of probes.watch({ number: 1, text: "wait" }, { signal: stream.signal })) {
        stream.abort();
      }
    })());
    assert.equal(error.code, Code.Canceled);
  });
  await test(`${way}: what there is not`, async () => {
    const error = await refusal(params.get({ plugin: "nobody", param: "x" }));
    assert.equal(error.code, Code.NotFound);
  });
}

await test("over a unix socket", async () => {
  const nodes = createClient(Node, createConnectTransport({
    baseUrl: "http://fastd", httpVersion: "1.1", nodeOptions: { socketPath },
  }));
  assert.equal((await nodes.status({})).pluginsLive, 1);
});

await test("every handler has heard that its caller gave up", async () => {
  const probes = createClient(Probe, createConnectTransport({ baseUrl: probe, httpVersion: "1.1" }));
  const ends = Date.now() + 20000;
  let left = await probes.echo({ text: "left" });
  while (left.number > 0 && Date.now() < ends) {
    left = await probes.echo({ text: "left" });
  }
  assert.equal(left.number, 0);
  // Of each way's four calls that wait a slow machine may not have begun those that had a time limit.
  assert.ok(Number(left.text) >= 2 * ways.length, left.text);
});

process.exit(failed === 0 ? 0 : 1);
