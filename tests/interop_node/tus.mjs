// node tus.mjs: uploads files with tus-js-client as one JSON document on stdin says: {endpoint, token, uploads: [{path, metadata}], chunkSize,
// and perhaps stopAfter (bytes, then it stops), terminate (after that), storage (a file to remember uploads in), fromCreation, deferred (the
// length is told at the end), override (POST for PATCH)}. Writes {uploads: [{url, requests: [[method, offset]]}]}, each with an error if it failed.
import { createReadStream, statSync } from "node:fs";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import tus from "tus-js-client";

const { FileUrlStorage, Upload } = tus;

const order = JSON.parse(await text(process.stdin));

function run({ path, metadata }) {
  const requests = [];
  return new Promise((resolve) => {
    const end = (error) => resolve({ url: upload.url, requests, error: error && String(error) });
    const upload = new Upload(order.deferred ? createReadStream(path).pipe(new PassThrough()) : createReadStream(path), {
      endpoint: order.endpoint,
      headers: { Authorization: `Bearer ${order.token}` },
      metadata,
      chunkSize: order.chunkSize,
      uploadSize: order.deferred ? undefined : statSync(path).size,
      uploadLengthDeferred: Boolean(order.deferred),
      uploadDataDuringCreation: Boolean(order.fromCreation),
      overridePatchMethod: Boolean(order.override),
      retryDelays: [0, 100, 200, 500, 1000, 2000, 4000, 8000],
      ...(order.storage && { urlStorage: new FileUrlStorage(order.storage) }),
      onBeforeRequest: (request) => requests.push([request.getMethod(), Number(request.getHeader("Upload-Offset") ?? -1)]),
      onChunkComplete: (_size, accepted) => {
        if (order.stopAfter && accepted >= order.stopAfter) upload.abort(order.terminate).then(() => end(), end);
      },
      onSuccess: () => end(),
      onError: end,
    });
    begin(upload, order.storage);
  });
}

async function begin(upload, storage) {
  const [previous] = storage ? await upload.findPreviousUploads() : [];
  if (previous) upload.resumeFromPreviousUpload(previous);
  upload.start();
}

process.stdout.write(JSON.stringify({ uploads: await Promise.all(order.uploads.map(run)) }));
