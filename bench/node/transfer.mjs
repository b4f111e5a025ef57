// transfer.mjs URL BUCKET FILE: puts the file into a new bucket, gets it back, and prints how long each took and what came back.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { jetstream } from "@nats-io/jetstream";
import { Objm } from "@nats-io/obj";
import { connect } from "@nats-io/transport-node";

const BLOCK = 1024 * 1024;
const [url, bucket, file] = process.argv.slice(2);

function stream(data) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(data.subarray(at, at + BLOCK));
      at += BLOCK;
      if (at >= data.length) controller.close();
    },
  });
}

async function seconds(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

const data = readFileSync(file);
const connection = await connect({ servers: url });
const store = await new Objm(jetstream(connection)).create(bucket);
const pieces = [];
const put = await seconds(() => store.put({ name: "object" }, stream(data)));
const get = await seconds(async () => {
  const result = await store.get("object");
  for await (const piece of result.data) pieces.push(piece);
  const error = await result.error;
  if (error) throw error;
});
const hash = createHash("sha256");
for (const piece of pieces) hash.update(piece);
await store.destroy();
await connection.close();
console.log(JSON.stringify({ put, get, digest: hash.digest("hex") }));
