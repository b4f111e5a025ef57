// files.mjs URL BUCKET FOLDER AT_ONCE: puts the folder's files into a new bucket, gets them back, and prints how long each took and what came back.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { jetstream } from "@nats-io/jetstream";
import { Objm } from "@nats-io/obj";
import { connect } from "@nats-io/transport-node";

const [url, bucket, folder, atOnce] = process.argv.slice(2);

// Each reading leaves a consumer behind for a while, and a server takes only so many.
const READ_AT_MOST = 500;

async function seconds(some, work) {
  const left = some.values();
  const run = async () => {
    for (const name of left) await work(name);
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: Number(atOnce) }, run));
  return (performance.now() - start) / 1000;
}

const names = readdirSync(folder).sort();
const contents = new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
const found = new Map();
const connection = await connect({ servers: url });
const store = await new Objm(jetstream(connection)).create(bucket);
const put = await seconds(names, (name) => store.putBlob({ name }, contents.get(name)));
const read = names.slice(0, READ_AT_MOST);
const get = await seconds(read, async (name) => found.set(name, await store.getBlob(name))) * (names.length / read.length);
const hash = createHash("sha256");
for (const name of names) hash.update(found.get(name) ?? contents.get(name));
await store.destroy();
await connection.close();
console.log(JSON.stringify({ put, get, digest: hash.digest("hex") }));
