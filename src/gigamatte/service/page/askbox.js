/* Where no subject was found, a person draws a box around it: by mouse, finger or keys, on the photo itself. */

const STEP = 0.02; // of the photo: how far an arrow key moves the box
const SMALLEST = 0.04; // of the photo's sides

export class AskBox {
  /* `canvas` lies over the photo and is as large; `chosen([left, top, width, height])` gets parts of the photo, 0…1. */
  constructor(canvas, chosen) {
    Object.assign(this, { canvas, chosen, box: [0.25, 0.25, 0.5, 0.5], begun: null });
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", () => { this.begun = null; });
    canvas.addEventListener("pointercancel", () => { this.begun = null; });
    canvas.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  place(event) {
    const room = this.canvas.getBoundingClientRect();
    return [(event.clientX - room.left) / room.width, (event.clientY - room.top) / room.height].map((part) => Math.min(1, Math.max(0, part)));
  }

  down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.begun = this.place(event);
    event.preventDefault();
    this.canvas.focus();
  }

  move(event) {
    if (!this.begun) return;
    const [x, y] = this.place(event), [left, top] = this.begun;
    this.set([Math.min(x, left), Math.min(y, top), Math.abs(x - left), Math.abs(y - top)]);
  }

  /* Arrows move the box, with Shift they move its right and lower side, Enter cuts. */
  key(event) {
    if (event.key === "Enter") return this.chosen(this.box);
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const [across, down] = way.map((part) => part * STEP), [left, top, width, height] = this.box;
    this.set(event.shiftKey ? [left, top, width + across, height + down] : [left + across, top + down, width, height]);
  }

  set([left, top, width, height]) {
    width = Math.min(1, Math.max(SMALLEST, width));
    height = Math.min(1, Math.max(SMALLEST, height));
    this.box = [Math.min(1 - width, Math.max(0, left)), Math.min(1 - height, Math.max(0, top)), width, height];
    this.draw();
  }

  draw() {
    const { canvas, box: [left, top, width, height] } = this, room = canvas.getBoundingClientRect();
    const density = devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(room.width * density));
    canvas.height = Math.max(1, Math.round(room.height * density));
    const pen = canvas.getContext("2d"), across = canvas.width, down = canvas.height;
    pen.fillStyle = "rgb(10 12 18 / 55%)";
    pen.fillRect(0, 0, across, down);
    const frame = [left * across, top * down, width * across, height * down];
    pen.clearRect(...frame);
    pen.lineWidth = 2 * density;
    pen.setLineDash([8 * density, 5 * density]);
    pen.strokeStyle = "#fff";
    pen.strokeRect(...frame);
  }
}

/* The upright size of a picture's file, as this browser reads it. */
export function sizeOf(file) {
  return new Promise((resolve, reject) => {
    const picture = new Image(), url = URL.createObjectURL(file);
    const end = (act, value) => { URL.revokeObjectURL(url); act(value); };
    picture.onload = () => end(resolve, { width: picture.naturalWidth, height: picture.naturalHeight });
    picture.onerror = () => end(reject, new TypeError("not shown here"));
    picture.src = url;
  });
}

/* [left, top, width, height] of the photo's pixels, as a query has it. */
export function inPixels([left, top, width, height], size) {
  const x = Math.floor(left * size.width), y = Math.floor(top * size.height);
  return [x, y, Math.max(1, Math.min(size.width - x, Math.round(width * size.width))),
    Math.max(1, Math.min(size.height - y, Math.round(height * size.height)))].join();
}
