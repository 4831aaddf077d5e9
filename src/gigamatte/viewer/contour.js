/* Where the cutout ends, as a line to be laid over the photo; and the photo at screen size, put together from tiles. */

globalThis.GigamatteContour = (() => {
const MOST = 1600; // pixels of the longer side

/* A canvas of the picture's size, or of `shown` pixels across where that is less, with a line along the places where
   alpha passes one half. */
async function contourOf(blob, shown) {
  const picture = await createImageBitmap(blob), part = Math.min(1, shown / picture.width);
  const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * part)));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0, width, height);
  picture.close();
  const seen = pen.getImageData(0, 0, width, height), { data } = seen;
  const inside = new Uint8Array(width * height);
  for (let at = 0; at < inside.length; at++) inside[at] = data[4 * at + 3] > 127 ? 1 : 0;
  data.fill(0);
  const put = (at, light) => {
    data[4 * at] = data[4 * at + 1] = data[4 * at + 2] = light;
    data[4 * at + 3] = 255;
  };
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const near = inside[at - 1] + inside[at + 1] + inside[at - width] + inside[at + width];
      // black without and white within: it is seen on every photo
      if (inside[at] && near < 4) put(at, 255);
      else if (!inside[at] && near > 0) put(at, 0);
    }
  }
  pen.putImageData(seen, 0, 0);
  return canvas;
}

/* A layer's finest level that a screen shows whole, as an address for an img element. */
async function wholeOf(layer) {
  const level = layer.levels.find((one) => Math.max(one.width, one.height) <= MOST) || layer.levels.at(-1);
  if (level.tiles.length === 1) return URL.createObjectURL(await level.tiles[0]());
  const canvas = Object.assign(document.createElement("canvas"), { width: level.width, height: level.height });
  const pen = canvas.getContext("2d");
  await Promise.all(level.tiles.map(async (tile, index) => {
    if (!tile) return;
    const bitmap = await createImageBitmap(await tile());
    pen.drawImage(bitmap, (index % level.columns) * layer.tile, Math.floor(index / level.columns) * layer.tile);
    bitmap.close();
  }));
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.92); });
  return URL.createObjectURL(blob);
}

return { contourOf, wholeOf };
})();
