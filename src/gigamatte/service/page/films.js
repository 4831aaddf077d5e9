/* A film on the stage: played on any ground while it is cut and after; one frame opened, corrected, and cut anew. */

const FILM = /\.(mp4|m4v|mov|webm|mkv|avi|gif)$/i;
const GROUNDS = ["checker", "white", "black", "magenta", "custom"];

/* Told by its name: a browser knows no type of many of them. */
export const isFilm = (file) => FILM.test(file.name) || (file.type || "").startsWith("video/");

/* Where its progress bar is in each stage: where it begins, and its share. */
export const FILM_SHARES = { queued: [0, 0], preview: [0, 0.1], frames: [0.1, 0.9] };

/* What is to be known of a film in a line. `began`: when its frames began to be cut, milliseconds. */
export function filmFacts(t, job, began) {
  const { film, progress } = job;
  if (!film.frames || job.stage !== "frames") return "";
  const done = Math.round(film.frames * progress);
  const seconds = (performance.now() - began) / 1000;
  const rate = done && seconds > 1 ? ` · ${(done / seconds).toFixed(1)} ${t("frames a second")}` : "";
  return `${done} / ${film.frames} ${t("frames")}${rate}`;
}

function button(text, action, className = "") {
  const node = Object.assign(document.createElement("button"), { type: "button", textContent: text, className });
  node.addEventListener("click", action);
  return node;
}

export class FilmStage {
  /* `correct(frame, done)` opens the editor on a frame's job and calls done(saved, job); `again(item, job)` follows a film
     that is cut anew. */
  constructor(root, client, { t, correct, again, wordsOf }) {
    Object.assign(this, { root, client, t, correct, again, wordsOf });
    this.item = null;
    this.shown = ""; // which file is in the player
    this.ground = "checker";
    this.colour = "#2f6bff";
    this.busy = false;
  }

  build() {
    const { t } = this;
    this.area = Object.assign(document.createElement("div"), { className: "film-area" });
    this.video = Object.assign(document.createElement("video"), { muted: true, loop: true, controls: true, playsInline: true });
    this.video.setAttribute("aria-label", t("Cutout"));
    this.picture = Object.assign(document.createElement("img"), { alt: t("Cutout") });
    this.area.append(this.video, this.picture);
    this.bar = Object.assign(document.createElement("div"), { className: "film-bar" });
    this.bar.setAttribute("role", "toolbar");
    this.bar.setAttribute("aria-label", t("Background"));
    const names = {
      checker: t("Chequered background"), white: t("White background"), black: t("Black background"),
      magenta: t("Magenta background"), custom: t("Any background colour"),
    };
    this.swatches = {};
    for (const name of GROUNDS) {
      const one = button("", () => this.lay(name), "film-swatch film-" + name);
      one.title = names[name];
      one.setAttribute("aria-label", names[name]);
      this.swatches[name] = one;
      this.bar.append(one);
    }
    this.picker = Object.assign(document.createElement("input"), { type: "color", value: this.colour });
    this.picker.setAttribute("aria-label", names.custom);
    this.picker.addEventListener("input", () => { this.colour = this.picker.value; this.lay("custom"); });
    this.open = button(t("Correct this frame"), () => this.openFrame(), "film-open");
    this.cut = button(t("Cut the film again"), () => this.cutAgain(), "primary film-again");
    this.marks = Object.assign(document.createElement("ul"), { className: "film-marks" });
    this.said = Object.assign(document.createElement("p"), { className: "film-said" });
    this.said.setAttribute("role", "status");
    this.bar.append(this.picker, this.marks, this.open, this.cut);
    this.root.replaceChildren(this.area, this.bar, this.said);
    this.lay(this.ground);
  }

  lay(name) {
    this.ground = name;
    this.area.className = "film-area film-" + name;
    this.area.style.background = name === "custom" ? this.colour : "";
    for (const [other, one] of Object.entries(this.swatches)) one.setAttribute("aria-pressed", String(other === name));
  }

  /* The page's language has changed, or another film is to be seen. */
  show(item) {
    const { job } = item;
    if (this.item !== item || !this.area) {
      this.forget();
      this.item = item;
      this.language = this.client.language;
      this.build();
    } else if (this.language !== this.client.language) {
      const shown = this.shown;
      this.language = this.client.language;
      this.build();
      this.shown = "";
      if (shown) this.fetched = null;
    }
    item.hints ||= structuredClone(job?.film?.hints || []);
    this.reflect();
    if (!job) return;
    const whole = item.state === "done" && ["webm", "webp", "gif", "apng", "avif", "mp4"].includes(job.film.format);
    if (whole) this.play("result", `jobs/${job.id}/result`, job.film.format);
    else if (job.film.preview) this.play("preview", `films/${job.id}/preview`, "webm");
  }

  /* Text, and which buttons can be used. */
  reflect() {
    const { t, item } = this;
    const done = item.state === "done";
    this.open.disabled = !this.shown || this.busy || item.state === "uploading";
    const changed = JSON.stringify(item.hints) !== JSON.stringify(item.job?.film?.hints || []);
    this.cut.hidden = !changed;
    this.cut.disabled = !done || this.busy;
    const words = [this.error || "", this.shown === "preview" ? t("The first second, small. The film is still being cut.") : ""];
    if (changed) words.push(done ? t("What was corrected is not in the film yet.") : t("The film can be cut again when it is ready."));
    if (/safari/i.test(navigator.userAgent) && !/chrom|android/i.test(navigator.userAgent)) {
      words.push(t("Safari shows a transparent WebM on black."));
    }
    this.said.textContent = words.filter(Boolean).join(" ");
    this.said.classList.toggle("error", Boolean(this.error));
    this.marks.replaceChildren(...item.hints.filter((one) => Object.keys(one).length > 1).map((one) => {
      const line = document.createElement("li");
      const name = `${one.time.toFixed(2)} s`;
      const go = button(name, () => { this.video.currentTime = one.time - this.start; });
      go.title = t("Go there");
      const away = button("×", () => { this.drop(one.time); });
      away.title = t("Take the correction away");
      away.setAttribute("aria-label", `${t("Take the correction away")}: ${name}`);
      line.append(go, away);
      return line;
    }));
  }

  get start() {
    return this.item.job.film.start;
  }

  async play(what, path, format) {
    const key = what + this.item.job.id + (this.item.version || 0);
    if (this.fetched === key) return;
    this.fetched = key;
    const item = this.item;
    try {
      const blob = await (await this.client.fetch(path)).blob();
      if (this.item !== item || this.fetched !== key) return;
      if (this.address) URL.revokeObjectURL(this.address);
      this.address = URL.createObjectURL(blob);
      const moving = format === "webm" || format === "mp4";
      const at = this.video.currentTime;
      this.video.hidden = !moving;
      this.picture.hidden = moving;
      (moving ? this.video : this.picture).src = this.address;
      if (moving) {
        if (at) this.video.currentTime = at;
        this.video.play().catch(() => {}); // a browser may want a person to press play
      }
      this.shown = what;
      this.error = "";
      this.thumbnail(item);
    } catch (error) {
      this.fetched = null;
      this.error = this.wordsOf(error);
    }
    if (this.item === item) this.reflect();
  }

  thumbnail(item) {
    if (item.pictured) return;
    const drawn = async () => { item.picture(await createImageBitmap(this.video)); };
    if (!this.video.hidden) this.video.addEventListener("playing", () => { drawn().catch(() => {}); }, { once: true });
  }

  async openFrame() {
    const { item } = this, { job } = item;
    this.video.pause();
    this.busy = true;
    this.error = "";
    this.reflect();
    try {
      const time = this.start + (this.video.hidden ? 0 : this.video.currentTime);
      const frame = await (await this.client.fetch(`films/${job.id}/frames?time=${time.toFixed(4)}`, { method: "POST" })).json();
      const ended = await this.client.follow(frame, () => {});
      if (ended.state !== "done") throw Object.assign(new Error(ended.error.detail), { status: ended.error.status });
      const known = item.hints.find((one) => Math.abs(one.time - frame.time) < 1e-3);
      if (known) {
        const { time: _, ...hints } = known;
        ended.hints = hints;
      }
      this.correct(item, ended, (saved, after) => {
        if (saved) this.keep(frame.time, after.hints || {});
        this.client.remove(ended);
      });
    } catch (error) {
      this.error = error.status ? this.wordsOf(error) || error.message : this.wordsOf(error);
    }
    this.busy = false;
    if (this.item === item) this.reflect();
  }

  /* What is said of a frame holds from its time on. The frames before stay as they were. */
  keep(time, hints) {
    const { item } = this;
    this.drop(time);
    if (!Object.keys(hints).length) return this.reflect();
    if (time > 0 && !item.hints.some((one) => one.time < time)) item.hints.push({ time: 0 });
    item.hints.push({ time, ...hints });
    item.hints.sort((one, other) => one.time - other.time);
    this.reflect();
  }

  drop(time) {
    const { item } = this;
    item.hints = item.hints.filter((one) => Math.abs(one.time - time) >= 1e-3);
    if (item.hints.length === 1 && Object.keys(item.hints[0]).length === 1) item.hints = [];
    this.reflect();
  }

  async cutAgain() {
    const { item } = this, { film } = item.job;
    this.busy = true;
    this.reflect();
    try {
      const words = { ...item.query };
      if (film.start) words.from = film.start;
      if (film.end !== null) words.to = film.end;
      const headers = { "Content-Type": "application/json" };
      const body = JSON.stringify(item.hints);
      const path = `films/${item.job.id}/again?` + new URLSearchParams(words);
      const job = await (await this.client.fetch(path, { method: "POST", headers, body })).json();
      item.version = (item.version || 0) + 1;
      this.fetched = null;
      this.shown = "";
      this.again(item, job);
    } catch (error) {
      this.error = this.wordsOf(error);
    }
    this.busy = false;
    if (this.item === item) this.reflect();
  }

  /* Nothing is shown any more. */
  forget() {
    if (this.address) URL.revokeObjectURL(this.address);
    if (this.video) this.video.pause();
    Object.assign(this, { item: null, shown: "", fetched: null, address: null, area: null, error: "" });
    this.root.replaceChildren();
  }
}
