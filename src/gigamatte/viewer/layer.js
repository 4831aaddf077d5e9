/* One picture of the viewer: which tile covers what, and those that are decoded. See viewer.js. */
(function (root) {
  "use strict";

  const CACHED_TILES = 320;

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
        // the smallest level is one tile: it stands in for all others until they are there
        const last = this.levels.length - 1;
        if (this.levels[last].tiles[0] !== null) this.bitmap(last, 0);
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
        const pixels = await (typeof source === "function" ? source() : source);
        const bitmap = await createImageBitmap(typeof pixels === "string" ? blobOf(pixels) : pixels);
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

  root.GigamatteLayer = Layer;
})(globalThis);
