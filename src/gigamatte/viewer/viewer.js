/* gigamatte viewer: looks at cutouts of any size, down to single pixels.
 *
 *   const viewer = new GigamatteViewer(element, layers, { strings, split, background });
 *
 * A layer is { name, kind: "cutout" | "photo", width, height, ... } with either
 *   tile, levels: [{ width, height, columns, tiles: [dataURI | null, ...] }, ...]   finest first, null = transparent;
 *                 a tile may also be a function that returns a promise of a Blob: it is called when the tile is shown
 * or
 *   blob                                                                            one picture, decoded by the browser
 * All layers of one viewer show the same frame; each may have its own number of pixels.
 * Classic scripts, in this order: layer.js (pixels), controls.js (tool bar), viewer.js. No dependency, no network,
 * no inline style or markup: they also run under a strict CSP.
 */
(function (root) {
  "use strict";

  const MAX_SCALE = 32;
  const { GigamatteLayer: Layer, GigamatteControls: Controls } = root;
  const { BACKGROUNDS, element } = Controls;
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

  class GigamatteViewer extends Controls {
    constructor(host, layers, options) {
      super();
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
      this.bar = this.buildBar();
      this.host.replaceChildren(
        this.canvas, this.handle, ...this.tags, this.status, this.notice, this.help, this.bar);
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
      const tall = this.bar.offsetHeight + 18; // the picture stays clear of the tool bar, where there is room for both
      const bar = this.host.clientHeight > 400 && this.host.clientHeight > 2.5 * tall ? tall * this.ratio : 0;
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
      if (onHandle) {
        // as every slider does
        const to = { Home: -1, End: 1, PageUp: 0.1, PageDown: -0.1 };
        for (const [key, by] of Object.entries(to)) actions[key] = () => slide(by);
      }
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
