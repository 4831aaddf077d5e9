/* Speaks with the service. The key, where one is needed, lives in sessionStorage and travels in a header.
   Addresses are relative to the page: a proxy may serve it under a path. */

import { isFilm } from "./films.js";

const KEY = "gigamatte-key";
const PATIENCE = 60; // tries to reach a service that has gone away, 2 seconds apart

const addressOf = (job) => `jobs/${job.id}`;

export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super((body && body.detail) || "HTTP " + status);
    this.status = status;
    this.code = (body && body.code) || "";
    this.hint = (body && body.hint) || "";
    this.retryAfter = retryAfter;
  }
}

export class Client {
  /* askKey(wrong) shows the dialog and resolves when a key was given. */
  constructor(askKey) {
    this.askKey = askKey;
    this.asking = null;
    this.language = "en";
  }

  headers() {
    const headers = { "Accept-Language": this.language };
    const key = sessionStorage.getItem(KEY);
    if (key) headers["X-API-Key"] = key;
    return headers;
  }

  async fetch(path, options = {}) {
    for (;;) {
      const key = sessionStorage.getItem(KEY);
      const response = await fetch(path, { ...options, headers: { ...options.headers, ...this.headers() } });
      if (response.ok) return response;
      const problem = await this.problemOf(response);
      if (problem.status !== 401) throw problem;
      await this.needKey(key);
    }
  }

  /* refused: the key that was not accepted. Several requests may come here at once: one dialog serves them all, and
     who comes late finds another key than the one it was refused with. */
  async needKey(refused) {
    if (sessionStorage.getItem(KEY) !== refused) return;
    this.asking ||= this.askKey(refused !== null).then((key) => {
      sessionStorage.setItem(KEY, key);
      this.asking = null;
    });
    await this.asking;
  }

  async problemOf(response) {
    let body = null;
    try { body = await response.json(); } catch { /* not ours: the status has to do */ }
    return new Problem(response.status, body, Number(response.headers.get("Retry-After")) || 0);
  }

  async about() {
    return (await this.fetch("about")).json();
  }

  /* XMLHttpRequest, because fetch does not tell how far an upload is. */
  upload(file, query, progress, signal) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const [path, field] = isFilm(file) ? ["films", "film"] : ["jobs", "image"];
      request.open("POST", `${path}?` + new URLSearchParams(query));
      const key = sessionStorage.getItem(KEY);
      for (const [name, value] of Object.entries(this.headers())) request.setRequestHeader(name, value);
      request.responseType = "json";
      request.upload.addEventListener("progress", (event) => progress(event.loaded / (event.total || 1)));
      request.addEventListener("load", () => {
        if (request.status === 202) resolve(request.response);
        else reject(Object.assign(
          new Problem(request.status, request.response, Number(request.getResponseHeader("Retry-After")) || 0), { key }));
      });
      request.addEventListener("error", () => reject(new TypeError("network")));
      request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      signal.addEventListener("abort", () => request.abort());
      const form = new FormData();
      form.append(field, file, file.name);
      request.send(form);
    });
  }

  /* Calls onEvent(job) for each event until the job has ended; resolves with the last one. */
  async follow(job, onEvent, signal) {
    let latest = job;
    while (latest.state === "queued" || latest.state === "running") {
      try {
        latest = await this.readEvents(latest, onEvent, signal);
      } catch (error) {
        latest = await this.again(latest, error, signal);
        onEvent(latest);
      }
    }
    return latest;
  }

  /* A stream may break, or the service restart: the job goes on without us, and the service gets time to come back. */
  async again(job, error, signal) {
    for (let attempt = 0; ; attempt++) {
      const lasting = error instanceof Problem && error.status !== 503;
      if (error.name === "AbortError" || lasting || attempt === PATIENCE) throw error;
      await pause(2000, signal);
      try {
        return await (await this.fetch(addressOf(job), { signal })).json();
      } catch (next) {
        error = next;
      }
    }
  }

  async readEvents(job, onEvent, signal) {
    const response = await this.fetch(`${addressOf(job)}/events`, { signal });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "", latest = job;
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return latest;
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const data = block.split("\n").find((line) => line.startsWith("data: "));
        if (data) onEvent((latest = JSON.parse(data.slice(6))));
      }
    }
  }

  /* Where a result lies, for a browser that fetches it by itself and calls it `name`: null where a key has to go with it. */
  address(job, words, name) {
    if (sessionStorage.getItem(KEY)) return null;
    return `${addressOf(job)}/result/${encodeURIComponent(name)}?` + new URLSearchParams(words);
  }

  /* `words`: how the cutout is finished, as for `result`. */
  async layer(job, kind, name, words = {}) {
    const versions = [job.version || 0, words.background === "picture" ? job.pictures : 0];
    const edited = kind === "cutout" && versions.some(Boolean) ? `?version=${versions.join("-")}` : ""; // browsers keep what was before
    const query = new URLSearchParams(kind === "cutout" ? words : {}).toString();
    const cache = edited ? "reload" : "default";
    const response = await this.fetch(`${addressOf(job)}/layers/${kind}${query ? "?" + query : ""}`, { cache });
    const layer = await response.json();
    const folder = (response.headers.get("Content-Location") || kind).split("/").pop();
    const path = `${addressOf(job)}/layers/${folder}`;
    layer.name = name;
    layer.warnings = JSON.parse(response.headers.get("X-Warnings") || "[]");
    layer.levels.forEach((level, number) => {
      level.tiles = level.tiles.map((there, index) =>
        there ? async () => (await this.fetch(`${path}/${number}/${index}${edited}`)).blob() : null);
    });
    return layer;
  }

  async check(job, words) {
    return (await this.fetch(`${addressOf(job)}/check?` + new URLSearchParams(words))).json();
  }

  async result(job, words) {
    const query = new URLSearchParams(words).toString();
    return (await this.fetch(`${addressOf(job)}/result${query ? "?" + query : ""}`)).blob();
  }

  async job(id) {
    return (await this.fetch(`jobs/${id}`)).json();
  }

  async edit(job, hints) {
    const headers = { "Content-Type": "application/json" };
    return (await this.fetch(`${addressOf(job)}/edits`, { method: "POST", headers, body: JSON.stringify(hints) })).json();
  }

  async preview(edited) {
    return (await this.fetch(`jobs/${edited.id}/preview?` + edited.preview.split("?")[1])).blob();
  }

  async saveEdits(edited) {
    return (await this.fetch(`jobs/${edited.id}/edits/save`, { method: "POST" })).json();
  }

  /* The names of the paths in the photo's file, and of the one that clips. */
  async paths(job) {
    return (await this.fetch(`${addressOf(job)}/paths`)).json();
  }

  async background(job, picture) {
    const headers = { "Content-Type": picture.type || "application/octet-stream" };
    await this.fetch(`${addressOf(job)}/background`, { method: "PUT", headers, body: picture });
    job.pictures = Date.now();
  }

  /* `wanted`: jobs, each with how it is finished. */
  async archive(wanted) {
    const single = Object.fromEntries(wanted.filter(([, words]) => Object.keys(words).length).map(([job, words]) => [job.id, words]));
    const body = JSON.stringify({ jobs: wanted.map(([job]) => job.id), single });
    const headers = { "Content-Type": "application/json" };
    return (await this.fetch("archive", { method: "POST", headers, body })).blob();
  }

  async remove(job) {
    try { await this.fetch(addressOf(job), { method: "DELETE" }); } catch { /* it expires by itself */ }
  }
}

export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    if (signal) signal.addEventListener("abort", () => { clearTimeout(timer); reject(new DOMException("", "AbortError")); });
  });
}

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
