// Reads and writes objects with @nats-io/obj: node objects.mjs put|get|info|delete ADDRESS BUCKET; the name stands as JSON in the environment variable NAME.
import { connect } from "@nats-io/transport-node";
import { Objm } from "@nats-io/obj";
import { Readable } from "node:stream";

const [action, servers, bucket] = process.argv.slice(2);
const name = JSON.parse(process.env.NAME);
const connection = await connect({ servers });
const objects = await new Objm(connection).open(bucket);

const actions = {
  async put() {
    const info = await objects.put({ name }, Readable.toWeb(process.stdin));
    console.log(JSON.stringify({ size: info.size, digest: info.digest }));
  },
  async get() {
    const result = await objects.get(name);
    for await (const piece of result.data) process.stdout.write(piece);
    const failure = await result.error;
    if (failure) throw failure;
  },
  async info() {
    const info = await objects.info(name);
    console.log(JSON.stringify(info && { name: info.name, size: info.size, digest: info.digest, chunks: info.chunks, deleted: info.deleted, description: info.description }));
  },
  async delete() {
    console.log(JSON.stringify(await objects.delete(name)));
  },
};

await actions[action]();
await connection.close();
