/* gigamatte viewer: looks at cutouts of any size, down to single pixels.
 *
 *   const viewer = new GigamatteViewer(element, layers, { strings, split, background });
 *
 * A layer is { name, kind: "cutout" | "photo", width, height, ... } with either
 *   tile, levels: [{ width, height, columns, tiles: [dataURI | null, ...] }, ...]   finest first, null = transparent
 * or
 *   blob                                                                            one picture, decoded by the browser
 * All layers of one viewer show the same frame; each may have its own number of pixels.
 * Classic script, no dependency, no network, no inline style or markup: it also runs under a strict CSP.
 */
(function (root) {
  "use strict";

  const CACHED_TILES = 320;
  const MAX_SCALE = 32;
  const BACKGROUNDS = ["checker", "gradient", "white", "black", "custom"];

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function blobOf(uri) {
    const comma = uri.indexOf(",");
    const bytes = atob(uri.slice(comma + 1));
    const array = new Uint8Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) array[i] = bytes.charCodeAt(i);
    return new Blob([array], { type: uri.slice(5, uri.indexOf(";")) });
  }

  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

  /* The pixels of one layer: which tile covers what, and those that are decoded. */
  class Layer {
    constructor(spec, changed, failed) {
      this.name = spec.name;
      this.kind = spec.kind;
      this.width = spec.width;
      this.height = spec.height;
      this.changed = changed;
      this.failed = failed;
      this.bitmaps = new Map(); // "level/index" -> ImageBitmap, least recently used first
      this.loading = new Set();
      if (spec.blob) {
        this.tile = Math.max(spec.width, spec.height);
        this.levels = [{ width: spec.width, height: spec.height, columns: 1, tiles: [spec.blob] }];
      } else {
        this.tile = spec.tile;
        this.levels = spec.levels;
      }
    }

    levelFor(scale) {
      let level = 0;
      while (level + 1 < this.levels.length && this.levels[level + 1].width / this.width >= scale) level++;
      return level;
    }

    bitmap(level, index) {
      const key = level + "/" + index;
      const found = this.bitmaps.get(key);
      if (found) {
        this.bitmaps.delete(key); // to the young end
        this.bitmaps.set(key, found);
        return found;
      }
      if (!this.loading.has(key)) this.load(key, this.levels[level].tiles[index]);
      return null;
    }

    async load(key, source) {
      this.loading.add(key);
      try {
        const bitmap = await createImageBitmap(typeof source === "string" ? blobOf(source) : source);
        this.bitmaps.set(key, bitmap);
        for (const [old, stale] of this.bitmaps) {
          if (this.bitmaps.size <= CACHED_TILES) break;
          this.bitmaps.delete(old);
          stale.close();
        }
        this.loading.delete(key);
        this.changed();
      } catch (error) {
        this.failed(this.name, error); // stays in "loading": asked for once
      }
    }

    close() {
      for (const bitmap of this.bitmaps.values()) bitmap.close();
      this.bitmaps.clear();
    }

    /* Draws the layer so that its frame covers (x, y, width, height) of the canvas, in device pixels. */
    draw(context, x, y, width, height, clip) {
      const level = this.levelFor(width / this.width);
      const { width: columns, height: rows } = this.levels[level];
      const across = width / columns, down = height / rows;
      const perRow = this.levels[level].columns;
      const first = (from, step, count) => clamp(Math.floor(from / step / this.tile), 0, count - 1);
      const perColumn = Math.ceil(rows / this.tile);
      const left = first(clip.left - x, across, perRow), right = first(clip.right - x, across, perRow);
      const top = first(clip.top - y, down, perColumn), bottom = first(clip.bottom - y, down, perColumn);
      context.imageSmoothingEnabled = across < 2;
      context.imageSmoothingQuality = "high";
      for (let row = top; row <= bottom; row++) {
        for (let column = left; column <= right; column++) {
          const box = {
            left: column * this.tile, top: row * this.tile,
            right: Math.min(columns, (column + 1) * this.tile), bottom: Math.min(rows, (row + 1) * this.tile),
          };
          // whole device pixels: neighbours meet without a seam
          const x0 = Math.round(x + box.left * across), x1 = Math.round(x + box.right * across);
          const y0 = Math.round(y + box.top * down), y1 = Math.round(y + box.bottom * down);
          this.drawTile(context, level, row * perRow + column, box, x0, y0, x1 - x0, y1 - y0);
        }
      }
    }

    drawTile(context, level, index, box, x, y, width, height) {
      if (this.levels[level].tiles[index] === null) return;
      const bitmap = this.bitmap(level, index);
      if (bitmap) {
        context.drawImage(bitmap, x, y, width, height);
        return;
      }
      // not decoded yet: the same part of the nearest coarser level that is
      for (let coarser = level + 1; coarser < this.levels.length; coarser++) {
        const there = this.levels[coarser], here = this.levels[level];
        const across = there.width / here.width, down = there.height / here.height;
        const column = Math.floor((box.left * across) / this.tile), row = Math.floor((box.top * down) / this.tile);
        const key = coarser + "/" + (row * there.columns + column);
        const stand = this.bitmaps.get(key);
        if (!stand) continue;
        const sx = box.left * across - column * this.tile, sy = box.top * down - row * this.tile;
        const sw = Math.min((box.right - box.left) * across, stand.width - sx);
        const sh = Math.min((box.bottom - box.top) * down, stand.height - sy);
        if (sw > 0 && sh > 0) context.drawImage(stand, sx, sy, sw, sh, x, y, width, height);
        return;
      }
    }

    /* Opacity of the pixel at (u, v) in 0…1 of the frame, 0…255, or null while it is not decoded. */
    alphaAt(u, v, probe) {
      if (this.kind === "photo") return 255;
      const column = Math.floor(u * this.width), row = Math.floor(v * this.height);
      const index = Math.floor(row / this.tile) * this.levels[0].columns + Math.floor(column / this.tile);
      if (this.levels[0].tiles[index] === null) return 0;
      const bitmap = this.bitmaps.get("0/" + index);
      if (!bitmap) return null;
      probe.clearRect(0, 0, 1, 1);
      probe.drawImage(bitmap, column % this.tile, row % this.tile, 1, 1, 0, 0, 1, 1);
      return probe.getImageData(0, 0, 1, 1).data[3];
    }
  }

  class GigamatteViewer {
    constructor(host, layers, options) {
      const { strings = {}, split = null, background = "checker" } = options || {};
      this.t = (text) => strings[text] || text;
      this.host = host;
      this.layers = layers.map((spec) => new Layer(spec, () => this.redraw(), (name) => this.fail(name)));
      this.right = Math.max(0, this.layers.findIndex((layer) => layer.kind === "cutout"));
      this.left = this.layers.findIndex((layer, index) => index !== this.right);
      this.background = background;
      this.colour = "#ff00ff";
      this.alphaOnly = false;
      this.split = this.left < 0 ? null : split;
      this.width = Math.max(...layers.map((layer) => layer.width));
      this.height = Math.max(...layers.map((layer) => layer.height));
      this.fitted = true;
      this.pointers = new Map();
      this.build();
      this.listen();
      this.resize();
    }

    // ---- page ----

    build() {
      this.host.classList.add("gv");
      this.host.tabIndex = 0;
      this.host.setAttribute("role", "application");
      this.host.setAttribute("aria-label", this.t("Picture viewer"));
      this.canvas = element("canvas", "gv-canvas");
      this.context = this.canvas.getContext("2d");
      this.scratch = document.createElement("canvas");
      this.probe = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
      this.handle = element("div", "gv-handle");
      this.handle.tabIndex = 0;
      this.handle.setAttribute("role", "slider");
      this.handle.setAttribute("aria-label", this.t("Before / after"));
      this.tags = [element("span", "gv-tag gv-tag-left"), element("span", "gv-tag gv-tag-right")];
      this.status = element("div", "gv-status");
      this.notice = element("div", "gv-notice");
      this.notice.setAttribute("role", "status");
      this.help = this.buildHelp();
      this.host.replaceChildren(
        this.canvas, this.handle, ...this.tags, this.status, this.notice, this.help, this.buildBar());
    }

    button(group, label, title, action, className) {
      const button = element("button", className || "", label);
      button.type = "button";
      button.title = title;
      button.setAttribute("aria-label", title);
      button.addEventListener("click", action);
      group.append(button);
      return button;
    }

    buildBar() {
      const t = this.t, bar = element("div", "gv-bar");
      const group = () => bar.appendChild(element("div", "gv-group"));
      const zoom = group();
      this.buttons = { fit: this.button(zoom, t("Fit"), t("Fit to the window") + " (0)", () => this.fit()) };
      this.button(zoom, "−", t("Zoom out") + " (−)", () => this.zoomBy(1 / 1.5));
      this.percent = zoom.appendChild(element("output", "gv-percent"));
      this.button(zoom, "+", t("Zoom in") + " (+)", () => this.zoomBy(1.5));
      this.buttons.one = this.button(zoom, "1:1", t("One picture pixel on one screen pixel") + " (1)", () => this.zoomTo(1));
      this.buttons.eight = this.button(zoom, "8:1", t("Eight times enlarged") + " (8)", () => this.zoomTo(8));
      const back = group();
      const titles = {
        checker: t("Chequered background"), gradient: t("Gradient background"), white: t("White background"),
        black: t("Black background"),
      };
      for (const name of BACKGROUNDS.slice(0, 4)) {
        const title = titles[name] + " (B)";
        this.buttons[name] = this.button(back, "", title, () => this.show({ background: name }), "gv-swatch gv-" + name);
      }
      back.appendChild(this.buildPicker());
      const mode = group();
      this.buttons.alpha = this.button(
        mode, t("Alpha"), t("Opacity only") + " (A)", () => this.show({ alphaOnly: !this.alphaOnly }));
      if (this.left >= 0) {
        this.buttons.split = this.button(
          mode, t("Before / after"), t("Before / after") + " (S)", () => this.toggleSplit());
      }
      if (this.layers.length > 2) bar.append(this.buildChoice("left"), this.buildChoice("right"));
      const keys = group();
      keys.classList.add("gv-keys");
      this.button(keys, "?", t("Keyboard") + " (?)", () => this.toggleHelp());
      return bar;
    }

    buildPicker() {
      const label = element("label", "gv-swatch gv-custom");
      label.title = this.t("Any background colour");
      this.picker = label.appendChild(element("input"));
      this.picker.type = "color";
      this.picker.value = this.colour;
      this.picker.setAttribute("aria-label", label.title);
      const chosen = () => this.show({ background: "custom", colour: this.picker.value });
      this.picker.addEventListener("input", chosen);
      this.picker.addEventListener("click", chosen);
      this.buttons.custom = label;
      return label;
    }

    buildChoice(side) {
      const select = element("select", "gv-choice gv-choice-" + side);
      select.setAttribute("aria-label", this.t(side === "left" ? "Left picture" : "Right picture"));
      this.layers.forEach((layer, index) => {
        const option = element("option", "", layer.name);
        option.value = String(index);
        select.append(option);
      });
      select.value = String(this[side]);
      select.addEventListener("change", () => this.show({ [side]: Number(select.value) }));
      return select;
    }

    buildHelp() {
      const t = this.t, help = element("dl", "gv-help");
      const keys = [
        ["+ −", t("Zoom in and out")], ["0", t("Fit to the window")], ["1", t("One picture pixel on one screen pixel")],
        ["8", t("Eight times enlarged")], ["← ↑ → ↓", t("Move the picture")], ["B", t("Next background")],
        ["A", t("Opacity only")],
      ];
      if (this.left >= 0) keys.push(["S", t("Before / after")], ["[ ]", t("Move the divider")]);
      for (const [key, text] of keys) help.append(element("dt", "", key), element("dd", "", text));
      help.hidden = true;
      return help;
    }

    toggleHelp() {
      this.help.hidden = !this.help.hidden;
    }

    fail(name) {
      this.notice.textContent = this.t("This browser could not show a part of") + " " + name;
    }

    // ---- state ----

    show(change) {
      Object.assign(this, change);
      this.redraw();
    }

    toggleSplit() {
      if (this.left >= 0) this.show({ split: this.split === null ? 0.5 : null });
    }

    fit() {
      this.fitted = true;
      const bar = this.host.clientHeight > 400 ? 64 * this.ratio : 0; // the picture stays clear of the tool bar
      const across = (this.canvas.width * 0.97) / this.width, down = ((this.canvas.height - bar) * 0.96) / this.height;
      this.scale = Math.min(1, across, down);
      this.centre = { x: this.width / 2, y: this.height / 2 + bar / 2 / this.scale };
      this.redraw();
    }

    get ratio() {
      return root.devicePixelRatio || 1;
    }

    /* Zooms so that the picture's point under (x, y), device pixels, stays there. */
    zoomTo(scale, x, y) {
      const lowest = Math.min(1, 32 / Math.max(this.width, this.height));
      scale = clamp(scale, lowest, MAX_SCALE);
      if (x === undefined) [x, y] = [this.canvas.width / 2, this.canvas.height / 2];
      const under = this.toPicture(x, y);
      this.fitted = false;
      this.scale = scale;
      this.centre = { x: under.x - (x - this.canvas.width / 2) / scale, y: under.y - (y - this.canvas.height / 2) / scale };
      this.keepInSight();
    }

    zoomBy(factor, x, y) {
      this.zoomTo(this.scale * factor, x, y);
    }

    panBy(dx, dy) {
      this.fitted = false;
      this.centre = { x: this.centre.x - dx / this.scale, y: this.centre.y - dy / this.scale };
      this.keepInSight();
    }

    keepInSight() {
      this.centre = { x: clamp(this.centre.x, 0, this.width), y: clamp(this.centre.y, 0, this.height) };
      this.redraw();
    }

    toPicture(x, y) {
      return {
        x: this.centre.x + (x - this.canvas.width / 2) / this.scale,
        y: this.centre.y + (y - this.canvas.height / 2) / this.scale,
      };
    }

    // ---- input ----

    listen() {
      const canvas = this.canvas;
      this.observer = new ResizeObserver(() => this.resize());
      this.observer.observe(this.host);
      canvas.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
      canvas.addEventListener("dblclick", (event) => {
        if (this.fitted) this.zoomTo(1, ...this.at(event));
        else this.fit();
      });
      for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
        canvas.addEventListener(type, (event) => this.onPointer(event));
      }
      canvas.addEventListener("pointerleave", () => this.describe(null));
      this.handle.addEventListener("pointerdown", (event) => this.handle.setPointerCapture(event.pointerId));
      this.handle.addEventListener("pointermove", (event) => {
        if (!this.handle.hasPointerCapture(event.pointerId)) return;
        this.show({ split: clamp(this.at(event)[0] / this.canvas.width, 0, 1) });
      });
      this.host.addEventListener("keydown", (event) => this.onKey(event));
    }

    at(event) {
      const frame = this.canvas.getBoundingClientRect();
      return [(event.clientX - frame.left) * this.ratio, (event.clientY - frame.top) * this.ratio];
    }

    onWheel(event) {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      this.zoomBy(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), ...this.at(event));
    }

    onPointer(event) {
      const here = this.at(event), before = this.pointers.get(event.pointerId);
      if (event.type === "pointerdown") {
        this.canvas.setPointerCapture(event.pointerId);
        this.pointers.set(event.pointerId, here);
        this.host.focus({ preventScroll: true });
      } else if (event.type === "pointermove" && before) {
        this.drag(event.pointerId, before, here);
      } else if (event.type === "pointermove") {
        this.describe(here);
      } else {
        this.pointers.delete(event.pointerId);
      }
      this.canvas.classList.toggle("gv-dragging", this.pointers.size > 0);
    }

    drag(id, before, here) {
      const other = [...this.pointers].find(([key]) => key !== id);
      if (other) {
        // two fingers: the picture follows both, about the one that rests
        const rest = other[1];
        const apart = (point) => Math.hypot(point[0] - rest[0], point[1] - rest[1]);
        const middle = [(here[0] + rest[0]) / 2, (here[1] + rest[1]) / 2];
        this.panBy((here[0] - before[0]) / 2, (here[1] - before[1]) / 2);
        if (apart(before) > 1) this.zoomBy(apart(here) / apart(before), ...middle);
      } else {
        this.panBy(here[0] - before[0], here[1] - before[1]);
      }
      this.pointers.set(id, here);
    }

    onKey(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
      const step = 80 * this.ratio;
      const slide = (by) => this.split !== null && this.show({ split: clamp(this.split + by, 0, 1) });
      const onHandle = event.target === this.handle;
      const next = () => BACKGROUNDS[(BACKGROUNDS.indexOf(this.background) + 1) % BACKGROUNDS.length];
      const actions = {
        "+": () => this.zoomBy(1.5), "=": () => this.zoomBy(1.5), "-": () => this.zoomBy(1 / 1.5),
        "0": () => this.fit(), "1": () => this.zoomTo(1), "8": () => this.zoomTo(8),
        ArrowLeft: () => (onHandle ? slide(-0.02) : this.panBy(step, 0)),
        ArrowRight: () => (onHandle ? slide(0.02) : this.panBy(-step, 0)),
        ArrowUp: () => this.panBy(0, step), ArrowDown: () => this.panBy(0, -step),
        "[": () => slide(-0.02), "]": () => slide(0.02),
        a: () => this.show({ alphaOnly: !this.alphaOnly }), b: () => this.show({ background: next() }),
        s: () => this.toggleSplit(), "?": () => this.toggleHelp(), Escape: () => (this.help.hidden = true),
      };
      const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!action) return;
      event.preventDefault();
      action();
    }

    // ---- drawing ----

    resize() {
      this.canvas.width = Math.max(1, Math.round(this.host.clientWidth * this.ratio));
      this.canvas.height = Math.max(1, Math.round(this.host.clientHeight * this.ratio));
      this.scratch.width = this.canvas.width;
      this.scratch.height = this.canvas.height;
      if (this.fitted) this.fit();
      else this.redraw();
    }

    redraw() {
      if (this.waiting) return;
      this.waiting = requestAnimationFrame(() => {
        this.waiting = 0;
        this.paint();
      });
    }

    paint() {
      const { width, height } = this.canvas;
      const frame = {
        x: width / 2 - this.centre.x * this.scale, y: height / 2 - this.centre.y * this.scale,
        width: this.width * this.scale, height: this.height * this.scale,
      };
      const at = this.split === null ? 0 : Math.round(this.split * width);
      this.context.clearRect(0, 0, width, height);
      if (at > 0) this.paintLayer(this.layers[this.left], frame, 0, at);
      if (at < width) this.paintLayer(this.layers[this.right], frame, at, width);
      this.reflect(at);
    }

    paintLayer(layer, frame, from, to) {
      const context = this.context, height = this.canvas.height;
      const clip = { left: from, right: to, top: 0, bottom: height };
      const mask = this.alphaOnly && layer.kind !== "photo";
      context.save();
      context.beginPath();
      context.rect(from, 0, to - from, height);
      context.clip();
      context.beginPath();
      context.rect(frame.x, frame.y, frame.width, frame.height);
      context.clip();
      context.fillStyle = mask ? "#000" : this.paper(frame);
      context.fillRect(from, 0, to - from, height);
      if (mask) {
        // white wherever the layer is opaque: drawn apart, then recoloured where it has any opacity
        const apart = this.scratch.getContext("2d");
        apart.globalCompositeOperation = "source-over";
        apart.clearRect(0, 0, this.scratch.width, height);
        layer.draw(apart, frame.x, frame.y, frame.width, frame.height, clip);
        apart.globalCompositeOperation = "source-in";
        apart.fillStyle = "#fff";
        apart.fillRect(0, 0, this.scratch.width, height);
        context.drawImage(this.scratch, 0, 0);
      } else {
        layer.draw(context, frame.x, frame.y, frame.width, frame.height, clip);
      }
      context.restore();
    }

    paper(frame) {
      if (this.background === "checker") return this.checker();
      if (this.background === "gradient") {
        const gradient = this.context.createLinearGradient(
          frame.x, frame.y, frame.x + frame.width, frame.y + frame.height);
        ["#ff5f6d", "#ffc371", "#47cf73", "#2f80ed", "#9b51e0"].forEach((colour, i) => gradient.addColorStop(i / 4, colour));
        return gradient;
      }
      return this.background === "custom" ? this.colour : this.background;
    }

    checker() {
      const size = Math.round(10 * this.ratio);
      if (!this.pattern || this.patternSize !== size) {
        const tile = new OffscreenCanvas(2 * size, 2 * size), pen = tile.getContext("2d");
        pen.fillStyle = "#fff";
        pen.fillRect(0, 0, 2 * size, 2 * size);
        pen.fillStyle = "#d4d7dc";
        pen.fillRect(0, 0, size, size);
        pen.fillRect(size, size, size, size);
        this.pattern = this.context.createPattern(tile, "repeat");
        this.patternSize = size;
      }
      return this.pattern;
    }

    reflect(at) {
      const split = this.split !== null;
      const pressed = {
        fit: this.fitted, one: !this.fitted && this.scale === 1, eight: this.scale === 8,
        alpha: this.alphaOnly, split,
      };
      for (const name of BACKGROUNDS) pressed[name] = this.background === name;
      for (const [name, button] of Object.entries(this.buttons)) {
        button.setAttribute("aria-pressed", String(Boolean(pressed[name])));
        button.classList.toggle("gv-on", Boolean(pressed[name]));
      }
      this.percent.textContent = this.scale >= 0.995
        ? +this.scale.toFixed(1) + ":1" : Math.max(1, Math.round(this.scale * 100)) + " %";
      this.handle.hidden = !split;
      this.handle.style.left = at / this.ratio + "px";
      this.handle.setAttribute("aria-valuenow", String(Math.round((this.split || 0) * 100)));
      const sides = [this.layers[this.left], this.layers[this.right]];
      this.tags.forEach((tag, i) => {
        tag.hidden = !split;
        tag.textContent = sides[i] ? sides[i].name : "";
        tag.style[i ? "left" : "right"] = i ? at / this.ratio + "px" : (this.canvas.width - at) / this.ratio + "px";
      });
      if (!this.status.textContent) this.describe(null);
    }

    describe(point) {
      const layer = this.layers[this.right];
      const words = [layer.width + " × " + layer.height];
      const where = point && this.toPicture(...point);
      if (where && where.x >= 0 && where.y >= 0 && where.x < this.width && where.y < this.height) {
        const u = where.x / this.width, v = where.y / this.height;
        const alpha = layer.alphaAt(u, v, this.probe);
        words.push("x " + Math.floor(u * layer.width) + "  y " + Math.floor(v * layer.height));
        if (alpha !== null) words.push("α " + alpha);
      }
      this.status.textContent = words.join("   ·   ");
    }

    destroy() {
      this.observer.disconnect();
      cancelAnimationFrame(this.waiting);
      this.layers.forEach((layer) => layer.close());
      this.host.replaceChildren();
    }
  }

  root.GigamatteViewer = GigamatteViewer;
})(globalThis);
