// node objects.mjs ADDRESS: does what the JSON lines on stdin ask of @nats-io/obj, and answers each by a line {"result"} or {"error"}.
// A line is {"action", "bucket", "name", …}; data is base64.
import { createInterface } from "node:readline";
import { headers } from "@nats-io/nats-core";
import { Objm } from "@nats-io/obj";
import { connect } from "@nats-io/transport-node";

const connection = await connect({ servers: process.argv[2] });
const buckets = new Objm(connection);

// A piece at a time, so that the client has to make its own chunks of them.
const stream = (data, piece = 50_000) =>
  new ReadableStream({
    start(controller) {
      for (let at = 0; at < data.length; at += piece) controller.enqueue(data.subarray(at, at + piece));
      controller.close();
    },
  });

const meta = ({ name, description, headers: values, metadata, chunkSize }) => {
  const wanted = { name };
  if (description !== undefined) wanted.description = description;
  if (metadata !== undefined) wanted.metadata = metadata;
  if (chunkSize) wanted.options = { max_chunk_size: chunkSize };
  if (values !== undefined) {
    wanted.headers = headers();
    for (const [key, list] of Object.entries(values)) for (const value of list) wanted.headers.append(key, value);
  }
  return wanted;
};

// What list() gives is the plain document, without the methods that info()'s has.
const shown = (info) =>
  info && {
    name: info.name,
    size: info.size ?? 0,
    chunks: info.chunks ?? 0,
    digest: info.digest ?? "",
    deleted: info.deleted ?? false,
    description: info.description ?? "",
    headers: info.headers?.toRecord?.() ?? info.headers ?? {},
    metadata: info.metadata ?? {},
    link: info.options?.link ? [info.options.link.bucket, info.options.link.name ?? ""] : null,
  };

const actions = {
  async create({ bucket }) {
    await buckets.create(bucket);
  },
  async put({ bucket, data, ...rest }) {
    await (await buckets.open(bucket)).put(meta(rest), stream(Buffer.from(data, "base64")));
  },
  async get({ bucket, name }) {
    const result = await (await buckets.open(bucket)).get(name);
    if (result === null) throw new Error("not found");
    const pieces = [];
    for await (const piece of result.data) pieces.push(piece);
    const failure = await result.error;
    if (failure) throw failure;
    return Buffer.concat(pieces).toString("base64");
  },
  async info({ bucket, name }) {
    return shown(await (await buckets.open(bucket)).info(name));
  },
  async list({ bucket }) {
    return (await (await buckets.open(bucket)).list()).map(shown);
  },
  async delete({ bucket, name }) {
    await (await buckets.open(bucket)).delete(name);
  },
  async update({ bucket, name, newName, ...rest }) {
    await (await buckets.open(bucket)).update(name, meta({ ...rest, name: newName ?? name }));
  },
  async link({ bucket, name, toBucket, toName }) {
    const target = await (await buckets.open(toBucket)).info(toName);
    await (await buckets.open(bucket)).link(name, target);
  },
  async linkBucket({ bucket, name, toBucket }) {
    await (await buckets.open(bucket)).linkStore(name, await buckets.open(toBucket));
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { action, ...values } = JSON.parse(line);
  let answer;
  try {
    answer = { result: (await actions[action](values)) ?? null };
  } catch (error) {
    answer = { error: `${error?.message ?? error}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await connection.close();
