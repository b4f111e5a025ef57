// A large file in slices (tus 1.0.0). Where the upload stands is the server's to say: asked whenever it is not certain.
import { forget, recall, remember } from "./memory.js";
import { Request } from "./request.js";

export const SLICE = 8 * 1024 * 1024;
const TUS = { "Tus-Resumable": "1.0.0" };
const ABORTED = { status: -1 };

export class Sliced {
  #request = null;
  #stopped = false;
  #offset = 0;
  #name = "";

  // item.address: of the upload on the server; kept there for the next transfer of the item, and in the browser for the next page.
  constructor(item, isTaken, progress) {
    Object.assign(this, { item, isTaken, progress });
  }

  async run() {
    return [await this.#run()];
  }

  abort() {
    this.#stopped = true;
    this.#request?.abort();
  }

  async #run() {
    const known = recall(this.item);
    const refusal = known ? await this.#ask() : null;
    if (refusal) return refusal;
    return (this.item.address ? null : await this.#begin()) ?? this.#sendAll();
  }

  // How much of it is stored? An upload that is gone is forgotten, and begun anew.
  async #ask() {
    const answer = await this.#send("HEAD", this.item.address);
    const isOurs = answer.status === 200 && Number(answer.header("Upload-Length")) === this.item.size;
    if (isOurs) this.#stand(answer, true);
    else if (answer.status === 200 || answer.status === 404 || answer.status === 410) forget(this.item);
    else return answer;
    return null;
  }

  async #begin() {
    this.progress(this.item, 0);
    const refusal = await this.isTaken(this.item);
    if (refusal) return refusal;
    const { target, name, file, size, overwrite } = this.item;
    const headers = { "Upload-Length": size, "Upload-Metadata": metadata({ bucket: target.bucket, name, filetype: file.type }) };
    if (!overwrite) headers["If-None-Match"] = "*";
    const answer = await this.#send("POST", target.uploadsUrl, headers);
    if (answer.status !== 201) return answer;
    this.#offset = 0;
    remember(this.item, answer.header("Location"));
    return null;
  }

  async #sendAll() {
    while (this.#offset < this.item.size) {
      const answer = await this.#sendSlice();
      if (answer.status !== 204) return this.#interpret(answer);
      this.#stand(answer);
    }
    forget(this.item);
    return { status: 201, name: this.#name };
  }

  #sendSlice() {
    const from = this.#offset;
    const body = this.item.file.slice(from, from + SLICE);
    const headers = { "Upload-Offset": from, "Content-Type": "application/offset+octet-stream" };
    return this.#send("PATCH", this.item.address, headers, body, (loaded) => this.progress(this.item, from + Math.min(loaded, body.size)));
  }

  // The server has taken an upload back that it refuses at its end.
  #interpret(answer) {
    if (answer.status === 404 || answer.status === 410 || answer.status === 412) forget(this.item);
    const isElsewhere = answer.status === 404 || answer.status === 409 || answer.status === 410;
    return isElsewhere && answer.code?.startsWith("tus_") ? { ...answer, again: true } : answer;
  }

  // found: it was there before, and has not just been sent.
  #stand(answer, found = false) {
    this.#offset = Number(answer.header("Upload-Offset"));
    this.#name = decodeURIComponent(answer.header("Object-Name"));
    this.item.stored = this.#offset;
    this.progress(this.item, this.#offset, found);
  }

  #send(method, address, headers = {}, body = null, progress = undefined) {
    if (this.#stopped) return ABORTED;
    this.#request = new Request();
    return this.#request.send(method, address, { headers: { ...TUS, ...headers }, body, progress });
  }
}

function metadata(facts) {
  return Object.entries(facts).filter(([, value]) => value).map(([key, value]) => `${key} ${base64(value)}`).join(",");
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
