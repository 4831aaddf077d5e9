/* Dragging a result out of the page: its row's picture becomes a file where it is dropped. */

const TYPES = {
  png: "image/png", webp: "image/webp", tiff: "image/tiff", jpeg: "image/jpeg", avif: "image/avif",
  psd: "image/vnd.adobe.photoshop", svg: "image/svg+xml", dxf: "image/vnd.dxf",
};
const SUFFIXES = { png: "png", webp: "webp", tiff: "tif", jpeg: "jpg", avif: "avif", psd: "psd", svg: "svg", dxf: "dxf" };

/* `address(item)` is where the result lies, with how it is finished; null where a browser could not fetch it by itself,
   because a key has to go with it. */
export function draggable(item, address, format) {
  const { thumb } = item;
  thumb.draggable = item.state === "done" && Boolean(address(item));
  if (thumb.dragged) return;
  thumb.dragged = true;
  thumb.addEventListener("dragstart", (event) => {
    const place = address(item);
    if (item.state !== "done" || !place) return event.preventDefault();
    const url = new URL(place, document.baseURI).href, form = format();
    const name = item.job.file_name.replace(/\.[^.]+$/, "") + "." + SUFFIXES[form];
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.setData("DownloadURL", `${TYPES[form]}:${name}:${url}`); // a file, in Chromium's kin
    event.dataTransfer.setData("text/uri-list", url); // other programs fetch it by its address
    event.dataTransfer.setData("text/plain", url);
  });
}
