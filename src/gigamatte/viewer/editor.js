/* Work on a finished photo: point, brush, undo; each change is sent whole and answered by a preview. `client` asks
   for previews and saves: that of the web page, or of the review. */

const { contourOf, wholeOf } = globalThis.GigamatteContour;

const TOOLS = [
  ["pick", "Pick", "P", "Click what is meant; with Alt or the other button what is not"],
  ["keep", "Brush: keep", "B", "Exactly this belongs to the subject"],
  ["drop", "Brush: remove", "E", "Exactly this does not"],
  ["hair", "Brush: hair", "H", "The edge is resolved anew here"],
  ["box", "Box", "X", "Draw a box around what is meant; a click takes it away"],
];
const COLOURS = { keep: "#1a9d4b", drop: "#d3392e", hair: "#b06be0", box: "#2f6bff" };
const STEP = 0.01; // of the picture's longer side: how far an arrow key moves the cross
/* Where keys belong to what is typed or chosen. */
const FIELDS = "input:not([type=range]):not([type=checkbox]):not([type=file]), select, textarea, dialog";
const SIZES = [0.002, 0.12]; // radius of the brush, a part of the picture's longer side

function button(text, title, action) {
  const node = document.createElement("button");
  node.type = "button";
  node.textContent = text;
  if (title) node.title = title;
  node.addEventListener("click", action);
  return node;
}

export class Editor {
  /* `photo` is the size of the photo; `close(saved)` is called at the end. */
  constructor(root, client, job, { t, close, wordsOf }) {
    Object.assign(this, { root, client, job, t, close, wordsOf });
    this.size = { width: job.receipt.width, height: job.receipt.height };
    this.long = Math.max(this.size.width, this.size.height);
    this.marks = job.marks || marksOf(job.hints || {});
    this.undone = [];
    this.tool = "pick";
    this.radius = 0.015;
    this.view = { zoom: 1, x: 0.5, y: 0.5 }; // what is in the middle, parts of the picture
    this.fingers = new Map();
    this.cross = { x: this.size.width / 2, y: this.size.height / 2 };
    this.build();
    this.onKey = (event) => this.key(event);
    addEventListener("keydown", this.onKey);
    this.onResize = () => this.draw();
    addEventListener("resize", this.onResize);
    this.send();
  }

  build() {
    const { t } = this;
    this.bar = document.createElement("div");
    this.bar.className = "edit-bar";
    this.bar.setAttribute("role", "toolbar");
    this.bar.setAttribute("aria-label", t("Tools"));
    this.buttons = {};
    for (const [name, label, letter, title] of TOOLS) {
      const one = button(t(label), `${t(title)} (${letter})`, () => this.choose(name));
      one.dataset.tool = name;
      this.buttons[name] = one;
      this.bar.append(one);
    }
    const size = document.createElement("label");
    size.className = "edit-size";
    size.append(t("Size"));
    this.slider = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 100 });
    this.slider.addEventListener("input", () => { this.radius = sized(this.slider.value / 100); this.draw(); });
    size.append(this.slider);
    this.undo = button(t("Undo"), "Ctrl+Z", () => this.back());
    this.redo = button(t("Redo"), "Ctrl+Shift+Z", () => this.forth());
    this.compare = button(t("Compare"), t("Hold to see the photo (C)"), () => {});
    for (const [name, on] of [["pointerdown", true], ["pointerup", false], ["pointerleave", false]]) {
      this.compare.addEventListener(name, () => this.peek(on));
    }
    this.line = button(t("Contour"), t("The contour over the photo (L)"), () => this.overlay());
    this.line.setAttribute("aria-pressed", "false");
    this.done = button(t("Done"), "", () => this.save());
    this.done.className = "primary";
    this.cancel = button(t("Close"), "Esc", () => this.end(false));
    const ends = Object.assign(document.createElement("div"), { className: "edit-ends" });
    ends.append(this.cancel, this.done);
    this.bar.append(size, this.undo, this.redo, this.compare, this.line, ends);
    this.said = Object.assign(document.createElement("p"), { className: "edit-said" });
    this.said.setAttribute("role", "status");
    this.area = document.createElement("div");
    this.area.className = "edit-area";
    this.picture = Object.assign(document.createElement("img"), { alt: t("Cutout"), draggable: false });
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", t("Arrow keys move the cross, Enter keeps, Delete removes"));
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    this.canvas.addEventListener("pointerup", (event) => this.up(event));
    this.canvas.addEventListener("pointercancel", (event) => { this.fingers.delete(event.pointerId); this.giveUp(); });
    this.canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const more = event.deltaY < 0;
      // with a brush the wheel is its size, as in other programs; with Ctrl, or another tool, it zooms
      if (this.brush && !event.ctrlKey) this.resize(more ? 1.15 : 1 / 1.15);
      else this.zoomBy(more ? 1.2 : 1 / 1.2, event);
    }, { passive: false });
    this.picture.addEventListener("load", () => this.draw());
    this.area.append(this.picture, this.canvas);
    this.root.replaceChildren(this.bar, this.area, this.said);
    this.choose("pick");
    this.resize(1);
    this.canvas.focus();
  }

  choose(name) {
    this.tool = name;
    for (const [tool, one] of Object.entries(this.buttons)) one.setAttribute("aria-pressed", String(tool === name));
    this.slider.disabled = !this.brush;
    this.draw();
  }

  resize(factor) {
    this.radius = Math.min(SIZES[1], Math.max(SIZES[0], this.radius * factor));
    this.slider.value = String(Math.round(100 * Math.log(this.radius / SIZES[0]) / Math.log(SIZES[1] / SIZES[0])));
    this.draw();
  }

  get brush() {
    return this.tool in { keep: 1, drop: 1, hair: 1 };
  }

  /* ---- where things are: the picture whole in the middle of its area, or a part of it, larger */

  frame() {
    const room = this.area.getBoundingClientRect(), { zoom, x, y } = this.view;
    const scale = zoom * Math.min(room.width / this.size.width, room.height / this.size.height);
    return {
      scale, room, left: room.width / 2 - x * this.size.width * scale, top: room.height / 2 - y * this.size.height * scale,
    };
  }

  /* The place under the pointer stays where it is. */
  zoomBy(factor, event) {
    const at = event ? this.place(event) : { x: this.view.x * this.size.width, y: this.view.y * this.size.height };
    const zoom = Math.min(40, Math.max(1, this.view.zoom * factor)), part = this.view.zoom / zoom;
    this.view.zoom = zoom;
    this.trace();
    this.centre(
      at.x / this.size.width + (this.view.x - at.x / this.size.width) * part,
      at.y / this.size.height + (this.view.y - at.y / this.size.height) * part);
  }

  centre(x, y) {
    const free = 0.5 - 0.5 / this.view.zoom; // nothing but the picture comes into the middle
    this.view.x = Math.min(0.5 + free, Math.max(0.5 - free, x));
    this.view.y = Math.min(0.5 + free, Math.max(0.5 - free, y));
    this.draw();
  }

  panBy(across, down) {
    const { scale } = this.frame();
    this.centre(this.view.x - across / scale / this.size.width, this.view.y - down / scale / this.size.height);
  }

  /* Two fingers move and enlarge the picture; what one of them had begun is given up. */
  twoFingers(event) {
    const before = [...this.fingers.values()];
    this.fingers.set(event.pointerId, { clientX: event.clientX, clientY: event.clientY });
    const now = [...this.fingers.values()], apart = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    const middle = ([a, b], axis) => (a[axis] + b[axis]) / 2;
    this.panBy(middle(now, "clientX") - middle(before, "clientX"), middle(now, "clientY") - middle(before, "clientY"));
    if (apart(before) > 5) this.zoomBy(apart(now) / apart(before), { clientX: middle(now, "clientX"), clientY: middle(now, "clientY") });
  }

  giveUp() {
    if (this.dragged) Object.assign(this.dragged, this.dragged.from);
    this.stroke = this.dragged = this.drawn = this.pushed = this.touched = null;
    this.draw();
  }

  place(event) {
    const { scale, left, top, room } = this.frame();
    const x = (event.clientX - room.left - left) / scale, y = (event.clientY - room.top - top) / scale;
    return { x: clamp(x, this.size.width), y: clamp(y, this.size.height) };
  }

  draw() {
    if (!this.canvas) return;
    const { scale, left, top, room } = this.frame();
    const density = devicePixelRatio || 1;
    this.canvas.width = Math.max(1, room.width * density);
    this.canvas.height = Math.max(1, room.height * density);
    Object.assign(this.picture.style, {
      left: left + "px", top: top + "px", width: this.size.width * scale + "px", height: this.size.height * scale + "px",
    });
    const pen = this.canvas.getContext("2d");
    pen.setTransform(density * scale, 0, 0, density * scale, density * left, density * top);
    pen.lineCap = pen.lineJoin = "round";
    if (this.lined && this.contour) pen.drawImage(this.contour, 0, 0, this.size.width, this.size.height);
    for (const mark of [...this.marks, this.stroke, this.drawn]) if (mark) this.drawMark(pen, mark, scale);
    if (document.activeElement === this.canvas && this.keyed) this.drawCross(pen, scale);
    this.undo.disabled = !this.marks.length;
    this.redo.disabled = !this.undone.length;
  }

  drawMark(pen, mark, scale) {
    pen.strokeStyle = pen.fillStyle = COLOURS[mark.kind];
    if (mark.box) {
      const [left, top, width, height] = mark.box;
      pen.lineWidth = 2 / scale;
      pen.setLineDash([8 / scale, 5 / scale]);
      pen.strokeRect(left, top, width, height);
      pen.setLineDash([]);
      return;
    }
    if (mark.points) {
      pen.globalAlpha = 0.45;
      pen.lineWidth = 2 * mark.radius;
      pen.beginPath();
      mark.points.forEach(([x, y], at) => (at ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      if (mark.points.length === 1) pen.lineTo(mark.points[0][0] + 0.01, mark.points[0][1]);
      pen.stroke();
      pen.globalAlpha = 1;
      return;
    }
    pen.beginPath();
    pen.arc(mark.x, mark.y, 7 / scale, 0, 7);
    pen.fill();
    pen.lineWidth = 2 / scale;
    pen.strokeStyle = "#fff";
    pen.stroke();
    pen.beginPath(); // a plus or a minus: not by colour alone
    pen.moveTo(mark.x - 3.5 / scale, mark.y);
    pen.lineTo(mark.x + 3.5 / scale, mark.y);
    if (mark.kind === "keep") { pen.moveTo(mark.x, mark.y - 3.5 / scale); pen.lineTo(mark.x, mark.y + 3.5 / scale); }
    pen.stroke();
  }

  drawCross(pen, scale) {
    const arm = 14 / scale;
    for (const [colour, width] of [["#000", 4], ["#fff", 2]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width / scale;
      pen.beginPath();
      pen.moveTo(this.cross.x - arm, this.cross.y); pen.lineTo(this.cross.x + arm, this.cross.y);
      pen.moveTo(this.cross.x, this.cross.y - arm); pen.lineTo(this.cross.x, this.cross.y + arm);
      pen.stroke();
    }
  }

  /* ---- by hand */

  down(event) {
    this.keyed = false;
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, { clientX: event.clientX, clientY: event.clientY });
    if (this.fingers.size > 1) {
      this.giveUp();
      this.two = true;
      return;
    }
    if (event.button === 1) {
      this.pushed = { x: event.clientX, y: event.clientY };
      event.preventDefault();
      return;
    }
    const at = this.place(event), drop = event.altKey || event.button === 2;
    if (this.tool === "pick") {
      const near = (event.pointerType === "touch" ? 22 : 12) / this.frame().scale;
      this.dragged = this.marks.find((mark) => !mark.points && !mark.box && Math.hypot(mark.x - at.x, mark.y - at.y) < near) || null;
      if (this.dragged) {
        this.dragged.from = { ...this.dragged };
        return;
      }
      this.touched = { kind: drop ? "drop" : "keep", x: at.x, y: at.y };
      if (event.pointerType !== "touch") this.putDown();
    } else if (this.tool === "box") {
      this.drawn = { kind: "box", from: at, box: [at.x, at.y, 0, 0] };
    } else {
      this.stroke = { kind: this.tool, points: [[at.x, at.y]], radius: this.radius * this.long };
      this.draw();
    }
  }

  /* A finger's click counts when it is lifted: a second one may come. */
  putDown() {
    const mark = this.touched;
    this.touched = null;
    if (mark) this.add(mark);
  }

  move(event) {
    if (this.fingers.has(event.pointerId) && this.fingers.size === 2) return this.twoFingers(event);
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, { clientX: event.clientX, clientY: event.clientY });
    if (this.two) return;
    if (this.pushed) {
      this.panBy(event.clientX - this.pushed.x, event.clientY - this.pushed.y);
      this.pushed = { x: event.clientX, y: event.clientY };
      return;
    }
    const at = this.place(event);
    if (this.drawn) {
      const { from } = this.drawn;
      this.drawn.box = [Math.min(from.x, at.x), Math.min(from.y, at.y), Math.abs(at.x - from.x), Math.abs(at.y - from.y)];
      this.draw();
    } else if (this.stroke) {
      const [x, y] = this.stroke.points.at(-1);
      if (Math.hypot(at.x - x, at.y - y) < this.stroke.radius / 6) return;
      this.stroke.points.push([at.x, at.y]);
      this.draw();
    } else if (this.dragged) {
      Object.assign(this.dragged, at);
      this.draw();
    }
  }

  up(event) {
    this.fingers.delete(event.pointerId);
    if (this.two) {
      this.two = this.fingers.size > 0;
      this.touched = null;
      return;
    }
    this.pushed = null;
    this.putDown();
    if (this.drawn) {
      const { box } = this.drawn;
      this.drawn = null;
      const others = this.marks.filter((mark) => !mark.box), large = Math.min(box[2], box[3]) >= 8;
      if (!large && others.length === this.marks.length) return this.draw();
      this.marks = others;
      if (large) this.add({ kind: "box", box });
      else this.send();
    } else if (this.stroke) {
      const stroke = this.stroke;
      this.stroke = null;
      this.add(stroke);
    } else if (this.dragged) {
      const { from } = this.dragged, moved = Math.hypot(from.x - this.dragged.x, from.y - this.dragged.y);
      delete this.dragged.from;
      // a click on a dot takes it away, as does a drag out of the picture
      if (moved * this.frame().scale < 3) this.marks.splice(this.marks.indexOf(this.dragged), 1);
      this.dragged = null;
      this.send();
    }
    event.preventDefault();
  }

  key(event) {
    if (event.target.closest?.(FIELDS)) return;
    const letter = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && letter === "z") {
      event.preventDefault();
      if (event.shiftKey) this.forth(); else this.back();
      return;
    }
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === "+" || event.key === "=") return this.zoomBy(1.5);
    if (event.key === "-") return this.zoomBy(1 / 1.5);
    if (event.key === "0") return this.zoomBy(1 / 100);
    const tool = TOOLS.find((one) => one[2].toLowerCase() === letter);
    if (tool) this.choose(tool[0]);
    else if (event.key === "[") this.resize(1 / 1.25);
    else if (event.key === "]") this.resize(1.25);
    else if (letter === "c" && !event.repeat) this.held();
    else if (letter === "l") this.overlay();
    else if (event.key === "Escape") this.end(false);
    else if (event.target === this.canvas) this.byKeys(event);
  }

  byKeys(event) {
    const step = this.long * STEP * (event.shiftKey ? 5 : 1);
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) {
      event.preventDefault();
      this.keyed = true;
      this.cross = {
        x: clamp(this.cross.x + way[0] * step, this.size.width), y: clamp(this.cross.y + way[1] * step, this.size.height),
      };
      this.draw();
    } else if (event.key === "Enter" || event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      const kind = event.key === "Enter" ? "keep" : "drop";
      const brush = this.brush ? this.tool : null;
      this.add(brush
        ? { kind: brush, points: [[this.cross.x, this.cross.y]], radius: this.radius * this.long }
        : { kind, ...this.cross });
    }
  }

  held() {
    this.peek(true);
    addEventListener("keyup", () => this.peek(false), { once: true });
  }

  async peek(on) {
    this.peeking = on;
    this.original ||= this.client.layer(this.job, "photo", "").then(wholeOf).catch(() => null);
    this.photo = await this.original;
    this.show();
  }

  /* The contour over the photo, in place of the cutout. */
  async overlay() {
    this.lined = !this.lined;
    this.line.setAttribute("aria-pressed", String(this.lined));
    if (this.lined) await this.peek(this.peeking);
    this.show();
    this.trace();
  }

  show() {
    const photo = this.photo && (this.peeking || this.lined);
    this.picture.src = (photo ? this.photo : this.shown) || "";
    this.draw();
  }

  async trace() {
    if (!this.lined || !this.preview) return;
    const across = this.frame().scale * this.size.width * (devicePixelRatio || 1);
    const traced = this.preview, contour = await contourOf(traced, across);
    if (traced === this.preview) this.contour = contour;
    this.draw();
  }

  /* ---- what was said */

  add(mark) {
    this.marks.push(mark);
    this.undone = [];
    this.send();
  }

  back() {
    if (!this.marks.length) return;
    this.undone.push(this.marks.pop());
    this.send();
  }

  forth() {
    if (!this.undone.length) return;
    this.marks.push(this.undone.pop());
    this.send();
  }

  /* One request at a time; what was changed meanwhile goes out next, and nothing in between. */
  async send() {
    this.draw();
    this.wanted = true;
    if (this.sending) return;
    this.sending = true;
    while (this.wanted && !this.ended) {
      this.wanted = false;
      this.said.textContent = this.t("Working");
      try {
        this.edited = await this.client.edit(this.job, hintsOf(this.marks));
        const blob = await this.client.preview(this.edited);
        if (this.shown) URL.revokeObjectURL(this.shown);
        this.shown = URL.createObjectURL(blob);
        this.preview = blob;
        this.show();
        this.trace();
        this.said.textContent = "";
      } catch (error) {
        this.said.textContent = this.wordsOf(error);
      }
    }
    this.sending = false;
    this.root.dataset.settled = String(this.marks.length);
  }

  async save() {
    this.done.disabled = true;
    this.said.textContent = this.t("Writing");
    try {
      const job = await this.client.saveEdits(this.edited);
      job.version = Date.now();
      this.end(true, job);
    } catch (error) {
      this.said.textContent = this.wordsOf(error);
      this.done.disabled = false;
    }
  }

  /* What was said stays with the job, also unsaved: the next editor goes on with it. */
  end(saved, job) {
    this.ended = true;
    (job || this.job).marks = this.marks;
    removeEventListener("keydown", this.onKey);
    removeEventListener("resize", this.onResize);
    for (const url of [this.shown, this.photo]) if (url) URL.revokeObjectURL(url);
    this.root.replaceChildren();
    delete this.root.dataset.settled;
    this.close(saved, job);
  }
}

function clamp(value, most) {
  return Math.min(Math.max(value, 0), most - 0.01);
}

function sized(part) {
  return SIZES[0] * (SIZES[1] / SIZES[0]) ** part;
}

const round = (value) => Math.round(value * 10) / 10;

function hintsOf(marks) {
  const points = (kind) => marks.filter((one) => !one.points && !one.box && one.kind === kind)
    .map((one) => [round(one.x), round(one.y), ...(one.reach ? [one.reach] : [])]);
  const strokes = marks.filter((one) => one.points).map((one) => ({
    kind: one.kind, points: one.points.map(([x, y]) => [round(x), round(y)]), radius: Math.max(0.1, round(one.radius)),
  }));
  const drawn = marks.find((one) => one.box);
  const box = drawn && { box: drawn.box.map((number) => Math.round(number)) };
  return { keep: points("keep"), drop: points("drop"), strokes, ...box };
}

function marksOf(hints) {
  const dots = (kind) => (hints[kind] || []).map(([x, y, reach]) => ({ kind, x, y, reach }));
  const box = hints.box ? [{ kind: "box", box: hints.box }] : [];
  return [...dots("keep"), ...dots("drop"), ...(hints.strokes || []), ...box];
}
