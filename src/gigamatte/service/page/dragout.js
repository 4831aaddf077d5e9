/* Dragging a result out of the page: its row's picture becomes a file where it is dropped. */

const TYPES = {
  png: "image/png", webp: "image/webp", tiff: "image/tiff", jpeg: "image/jpeg", avif: "image/avif",
  psd: "image/vnd.adobe.photoshop", svg: "image/svg+xml", dxf: "image/vnd.dxf",
};
const SUFFIXES = { png: "png", webp: "webp", tiff: "tif", jpeg: "jpg", avif: "avif", psd: "psd", svg: "svg", dxf: "dxf" };
/* Firefox makes a file of a picture alone that it has loaded, and calls it by the end of its address. */
const BY_PICTURE = "mozInnerScreenX" in globalThis;
const LOADED = ["png", "webp", "jpeg", "avif", "svg"];
const REST = 200; // milliseconds that the mouse rests on a small picture before the result is fetched

/* `address(item, name)` is where the result lies, with how it is finished; null where a browser could not fetch it by
   itself, because a key has to go with it. */
export function draggable(item, address, format) {
  const { thumb } = item;
  item.carries = () => {
    if (item.state !== "done") return null;
    const form = format(), name = item.job.file_name.replace(/\.[^.]+$/, "") + "." + SUFFIXES[form];
    const place = address(item, name);
    return place && { form, name, url: new URL(place, document.baseURI).href };
  };
  thumb.draggable = Boolean(item.carries());
  if (thumb.dragged) return;
  thumb.dragged = true;
  thumb.addEventListener("dragstart", (event) => {
    const result = item.carries();
    if (!result) return event.preventDefault();
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.setData("DownloadURL", `${TYPES[result.form]}:${result.name}:${result.url}`); // a file, in Chromium's kin
    event.dataTransfer.setData("text/uri-list", result.url); // other programs fetch it by its address
    event.dataTransfer.setData("text/plain", result.url);
  });
  if (BY_PICTURE) layOver(item);
}

/* The result itself, unseen, over the small picture: fetched when the mouse rests there, and dragged by the browser. */
function layOver(item) {
  const { thumb } = item, carrier = Object.assign(document.createElement("img"), { className: "carrier", alt: "", hidden: true });
  let resting = 0, version = null;
  const current = () => {
    const result = item.carries();
    return result && carrier.src === result.url && version === item.job.version;
  };
  thumb.after(carrier);
  thumb.addEventListener("pointerenter", () => {
    clearTimeout(resting);
    resting = setTimeout(() => {
      const result = item.carries();
      if (!result || !LOADED.includes(result.form)) return;
      version = item.job.version;
      carrier.src = result.url;
    }, REST);
  });
  thumb.addEventListener("pointerleave", () => clearTimeout(resting));
  carrier.addEventListener("load", () => { carrier.hidden = !current(); });
  carrier.addEventListener("pointermove", () => { if (!current()) carrier.hidden = true; });
  carrier.addEventListener("dragstart", (event) => {
    if (!current()) return event.preventDefault();
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.setDragImage(thumb, 26, 26);
  });
}
