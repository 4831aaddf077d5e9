/* The photos: one row each, what has become of it, and what can be done with it. */

import { Problem, pause } from "./client.js";
import { draggable } from "./dragout.js";
import { FILM_SHARES, filmFacts, isFilm } from "./films.js";

const UPLOADS = 2; // at once; the service queues the rest by itself
const SMALL = 80e6; // bytes: larger files get their thumbnail from the service, not from this browser
const KEPT = "gigamatte-jobs"; // in sessionStorage: the list comes back when the page is loaded again
const stages = (t) => ({
  queued: t("Waiting"), read: t("Reading"), network: t("Finding the subject"), matte: t("Resolving the edge"),
  write: t("Writing"), preview: t("Cutting the first second"), frames: t("Cutting"),
});
const SHARES = { queued: [0, 0], read: [0, 0.2], network: [0.2, 0.1], matte: [0.3, 0.4], write: [0.7, 0.3] };
/* What can be done about an error here: the service's own hints speak of what its programs can send. */
const HINTS = (t) => ({
  "no-subject": t("Draw a box around what is meant, or choose another model."),
  budget: t("Choose a smaller photo."), worker: t("Choose a smaller photo."), deadline: t("Choose a smaller photo."),
});
const ICONS = {
  save: "M12 4v11m0 0 4.500-4.500M12 15 7.500 10.500M5 20h14", remove: "M6 6l12 12M18 6 6 18",
  again: "M4 12a8 8 0 1 0 2.500-5.800M4 4v4h4",
};

const SUFFIXES = {
  "image/png": "png", "image/webp": "webp", "image/tiff": "tif", "image/jpeg": "jpg", "image/avif": "avif",
  "image/vnd.adobe.photoshop": "psd", "image/svg+xml": "svg", "image/vnd.dxf": "dxf",
};
const WITH_PATHS = /\.(jpe?g|tiff?|psd)$/i;

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function bytes(count) {
  return count < 1e6 ? Math.max(1, Math.round(count / 1e3)) + " kB" : (count / 1e6).toFixed(1) + " MB";
}

/* What a browser decodes takes memory: one photo after another. */
let decoding = Promise.resolve();
function inTurn(work) {
  decoding = decoding.then(work, work);
  return decoding;
}

/* One photo. state: waiting, uploading, working, done, failed. `file` has a name and a size; after the page was loaded
   again it holds nothing else. */
export class Item {
  constructor(queue, file) {
    this.queue = queue;
    this.file = file;
    this.film = isFilm(file);
    this.state = "waiting";
    this.fraction = 0;
    this.stage = "";
    this.job = null;
    this.error = null;
    this.preset = "";
    this.checked = null;
    this.busy = false;
    this.code = ""; // of its error
    this.box = ""; // where a person says that the subject is
    this.row = element("li", "item");
    this.thumb = element("canvas");
    this.thumb.width = this.thumb.height = 104;
    this.build();
    this.draw();
  }

  build() {
    this.show = element("button", "show");
    this.show.type = "button";
    this.show.addEventListener("click", () => this.queue.select(this));
    this.name = element("span", "name", this.file.name);
    this.name.title = this.file.name;
    this.status = element("span", "state");
    this.show.append(this.name, this.status);
    this.tools = element("div", "tools");
    this.bar = element("progress");
    this.bar.max = 1;
    this.why = element("p", "why");
    this.why.setAttribute("role", "alert");
    this.row.append(this.thumb, this.show, this.tools, this.bar, this.why);
  }

  draw() {
    const t = this.queue.t;
    this.row.className = "item " + this.state + (this.queue.selected === this ? " selected" : "");
    this.show.setAttribute("aria-pressed", String(this.queue.selected === this));
    this.status.textContent = this.words();
    this.bar.hidden = this.state !== "uploading" && this.state !== "working";
    this.bar.value = this.fraction;
    this.bar.setAttribute("aria-label", this.file.name);
    if (!this.film) draggable(this, (item, name) => this.queue.client.address(item.job, this.queue.finish.words(item), name), () => this.queue.finish.format());
    const reasons = this.state === "done" && this.checked ? this.checked.failures.map((failure) => failure.why) : [];
    this.why.hidden = this.state !== "failed" && !reasons.length;
    if (reasons.length) this.why.textContent = reasons.join(" · ");
    if (this.state === "failed" && this.why.textContent !== this.error) this.why.textContent = this.error;
    const tools = [];
    if (this.state === "done") tools.push(["save", t("Save"), () => this.queue.save(this)]);
    if (this.file.slice && (this.state === "done" || this.state === "failed")) tools.push(["again", t("Cut again"), () => this.queue.again(this)]);
    tools.push(["remove", t("Remove"), () => this.queue.remove(this)]);
    const key = tools.map((tool) => tool[0] + tool[1]).join();
    if (this.drawn !== key) {
      this.drawn = key;
      this.tools.replaceChildren(...tools.map(([name, title, action]) => {
        const button = element("button", "tool tool-" + name);
        button.type = "button";
        button.title = title;
        button.setAttribute("aria-label", title + ": " + this.file.name);
        button.append(icon(name));
        button.addEventListener("click", action);
        return button;
      }));
    }
  }

  words() {
    const t = this.queue.t, percent = Math.round(this.fraction * 100) + " %";
    if (this.busy) return t("The service is busy: trying again");
    if (this.state === "uploading") return t("Sending") + " · " + percent;
    if (this.state === "working" && this.job?.film && this.stage === "frames") {
      return filmFacts(t, this.job, this.began) || t("Cutting") + " · " + percent;
    }
    if (this.state === "working") return (stages(t)[this.stage] || t("Working")) + " · " + percent;
    if (this.state === "failed") return t("Failed");
    if (this.state === "waiting") return t("Waiting");
    if (this.state === "done") {
      const receipt = this.job.receipt;
      if (receipt.film.frames) {
        return `${receipt.width} × ${receipt.height} · ${receipt.film.frames} ${t("frames")} · ${receipt.seconds.total.toFixed(1)}\u00a0s`;
      }
      this.status.title = `${receipt.model.name} · ${receipt.model.licence}`;
      const facts = `${receipt.width} × ${receipt.height} · ${receipt.seconds.total.toFixed(1)}\u00a0s`;
      if (!this.checked) return facts;
      return `${facts} · ${this.checked.fits ? t("fits") : t("does not fit")}: ${this.checked.preset}`;
    }
    return bytes(this.file.size);
  }

  change(values) {
    Object.assign(this, values);
    this.draw();
    this.queue.changed(this);
  }

  progress(job) {
    if (job.stage === "frames" && this.stage !== "frames") this.began = performance.now();
    const [from, share] = (this.film ? FILM_SHARES : SHARES)[job.stage] || [this.fraction, 0];
    const within = job.stage === "queued" ? 0 : job.progress;
    this.change({ job, stage: job.stage || this.stage, fraction: Math.max(this.fraction, from + share * within) });
  }

  picture(bitmap) {
    const pen = this.thumb.getContext("2d"), side = this.thumb.width;
    const scale = Math.max(side / bitmap.width, side / bitmap.height);
    const width = bitmap.width * scale, height = bitmap.height * scale;
    pen.clearRect(0, 0, side, side);
    pen.drawImage(bitmap, (side - width) / 2, (side - height) / 2, width, height);
    this.pictured = true;
  }

  async preview() {
    if (this.file.size > SMALL || !this.file.slice || this.film) return;
    try {
      const bitmap = await createImageBitmap(this.file, { resizeHeight: 480, resizeQuality: "medium" });
      this.large = bitmap;
      this.picture(bitmap);
      this.queue.changed(this);
    } catch { /* a TIFF, say: browsers do not show it; the service will */ }
  }

  /* Its small picture from the service, where this browser has made none: of a TIFF, or after the page was loaded again. */
  async served() {
    if (this.pictured || this.film || !this.job) return;
    try {
      const layer = await this.queue.client.layer(this.job, "photo", ""), coarsest = layer.levels.at(-1).tiles[0];
      if (coarsest) this.picture(await createImageBitmap(await coarsest()));
    } catch { /* it stays without one */ }
  }
}

export class Queue {
  /* `query`: how to cut; `finish`: the fields that say how what was cut is saved. */
  constructor(list, client, { t, query, finish, changed, selected, save }) {
    Object.assign(this, { list, client, t, query, finish, tell: changed, onSelect: selected, saveAs: save });
    this.items = [];
    this.selected = null;
    this.running = 0;
  }

  add(files) {
    for (const file of files) {
      const item = this.append(file);
      if (this.largest && file.size > this.largest) {
        // checked before it is sent
        const [found, most] = [file.size, this.largest].map(bytes);
        item.change({ state: "failed", error: `${this.t("This file is too large for the service:")} ${found} > ${most}` });
        continue;
      }
      inTurn(() => item.preview());
    }
    this.tell();
    this.next();
  }

  append(file) {
    const item = new Item(this, file);
    this.items.push(item);
    this.list.append(item.row);
    if (!this.selected) this.select(item);
    return item;
  }

  /* The jobs of before the page was loaded again, where the service still has them. */
  async restore() {
    let kept = [];
    try { kept = JSON.parse(sessionStorage.getItem(KEPT)) || []; } catch { /* not ours */ }
    await Promise.all(kept.map(async ({ id, name, size }) => {
      const job = await this.client.job(id).catch(() => null);
      return job && { job, file: { name, size } };
    })).then((found) => {
      for (const one of found) if (one) this.take(this.append(one.file), one.job);
    });
    this.tell();
  }

  remember() {
    const jobs = this.items.filter((item) => item.job);
    sessionStorage.setItem(KEPT, JSON.stringify(jobs.map(({ job, file }) => ({ id: job.id, name: file.name, size: file.size }))));
  }

  async take(item, job) {
    item.stop = new AbortController();
    item.change({ state: "working", job, stage: job.stage || "queued" });
    try {
      await this.followed(item, job, item.stop.signal);
    } catch (error) {
      if (error.name !== "AbortError") item.change({ state: "failed", error: this.wordsOf(error) });
    }
  }

  /* A film that is cut anew under its old name. */
  resume(item, job) {
    item.change({ state: "working", job, fraction: 0, stage: "queued", checked: null });
    this.take(item, job);
  }

  select(item) {
    const before = this.selected;
    this.selected = item;
    if (before) before.draw();
    if (item) item.draw();
    this.onSelect(item);
  }

  changed(item) {
    this.tell();
    if (item === this.selected) this.onSelect(item);
  }

  again(item) {
    if (item.job) this.client.remove(item.job);
    item.change({ state: "waiting", job: null, error: null, code: "", fraction: 0 });
    this.next();
  }

  next() {
    while (this.running < UPLOADS) {
      const item = this.items.find((one) => one.state === "waiting");
      if (!item) return;
      this.running++;
      this.cut(item);
    }
  }

  async cut(item) {
    item.stop = new AbortController();
    const signal = item.stop.signal;
    item.change({ state: "uploading", fraction: 0, error: null });
    let sending = true;
    const sent = () => { if (sending) { sending = false; this.running--; this.next(); } };
    try {
      const job = await this.hand(item, signal);
      item.change({ state: "working", job, fraction: 0, stage: "queued" });
      sent();
      if (!item.film) this.client.layer(job, "photo", "").catch(() => {}); // the viewer's tiles of the photo are made meanwhile
      this.remember();
      await this.followed(item, job, signal);
    } catch (error) {
      if (error.name === "AbortError") return;
      item.change({ state: "failed", busy: false, code: error.code || "", error: this.wordsOf(error) });
      item.why.scrollIntoView({ block: "nearest" });
    } finally {
      sent();
    }
  }

  async followed(item, job, signal) {
    const ended = await this.client.follow(job, (latest) => item.progress(latest), signal);
    if (ended.state !== "done") throw new Problem(ended.error.status, ended.error, 0);
    item.paths = WITH_PATHS.test(item.file.name) ? await this.client.paths(ended).catch(() => null) : null;
    item.change({ state: "done", job: ended, fraction: 1, checked: null });
    inTurn(() => item.served());
    await this.check(item);
  }

  /* Whether the result, finished as it is now, is as the shop asks that is chosen. */
  async check(item) {
    const { job } = item, words = this.finish.shown(item);
    item.checked = null;
    if (!words.preset || item.film) return item.draw();
    // beside other fields the finished picture is looked at
    await this.finish.send(this.client, job).catch(() => null);
    const checked = await this.client.check(job, { only: "cutout", ...words }).catch(() => null);
    if (item.job === job && this.finish.shown(item).preset === words.preset) {
      item.checked = checked;
      item.draw();
    }
  }

  async hand(item, signal) {
    for (let attempt = 0; ; attempt++) {
      try {
        const progress = (fraction) => item.change({ fraction });
        item.query = { ...this.query(item), ...(item.box && { box: item.box }) };
        return await this.client.upload(item.file, item.query, progress, signal);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.status === 401) {
          await this.client.needKey(error.key);
        } else if ((error.status === 503 || error.status === 429) && attempt < 60 && error.retryAfter) {
          item.change({ busy: true, fraction: 0 });
          await pause(Math.min(error.retryAfter, 10) * 1000, signal);
          item.change({ busy: false });
        } else {
          throw error;
        }
      }
    }
  }

  wordsOf(error) {
    if (error instanceof Problem) {
      // what is proposed for a drawing is offered here, too
      const hint = /\bkind art\b/.test(error.hint) ? error.hint : HINTS(this.t)[error.code] || error.hint;
      const message = error.code === "no-subject" ? this.t("No subject was found.") : error.message;
      return hint ? `${message} — ${hint}` : message;
    }
    return this.t("The service cannot be reached. Is it running?");
  }

  remove(item) {
    if (item.stop) item.stop.abort();
    if (item.job) this.client.remove(item.job);
    const at = this.items.indexOf(item);
    this.items.splice(at, 1);
    item.row.remove();
    if (this.selected === item) this.select(this.items[Math.min(at, this.items.length - 1)] || null);
    this.remember();
    this.tell();
    this.next();
  }

  /* Finished as it is shown. An error is shown, and nothing is lost. */
  async save(item) {
    const words = this.finish.words(item);
    item.status.textContent = this.t("Writing");
    try {
      await this.finish.send(this.client, item.job);
      const name = item.job.file_name.replace(/\.[^.]+$/, "");
      const blob = await this.client.result(item.job, item.film ? {} : words);
      this.saveAs(blob, item.film ? item.job.file_name : `${name}.${SUFFIXES[blob.type] || "png"}`);
      item.draw();
    } catch (error) {
      item.status.textContent = this.wordsOf(error);
    }
  }
}
