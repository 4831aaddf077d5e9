/* What to save: the fields under that heading, and the words of the service that they mean. */

const $ = (id) => document.getElementById(id);
const MARKETS = ["jpeg", "tiff", "psd"]; // formats that hold a clipping path
const FITTED = ["png", "jpeg", "webp", "avif"]; // formats that can be made to fit into so many bytes
const DRAWN = ["svg", "dxf"];
const BEST = { webp: "", jpeg: "95", avif: "90" }; // the quality where none is asked for

export class Finish {
  /* `changed`: called when what is saved would be another; `own(item)`: whether the photo has a path of its own. */
  constructor({ t, changed, own }) {
    Object.assign(this, { t, own });
    this.picture = null; // the file of the background picture
    for (const id of ["background", "format", "preset", "outline", "clipping-path"]) {
      $(id).addEventListener("change", () => this.check());
    }
    $("picture").addEventListener("change", (event) => {
      this.picture = $("picture").files[0] || null;
      if (!this.picture) event.stopPropagation();
    });
    $("finish").addEventListener("change", changed);
  }

  /* Fields that leave the alpha as it is; what is left as it was is left to the preset. */
  words(item) {
    const words = {}, format = $("format").value;
    if (!$("preset").value || format !== "png") words.format = format;
    if (DRAWN.includes(format)) return this.ofPath({ ...words, only: "path" }, item);
    for (const id of ["preset", "canvas"]) if ($(id).value.trim()) words[id] = $(id).value.trim();
    if ($("fill").value && (words.canvas || words.preset)) words.fill = $("fill").value;
    this.ofGround(words);
    if ($("shadow").value) words.shadow = $("shadow").value;
    if (Number($("outline").value) > 0) words.outline = `${$("outline").value}px,${$("outline-colour").value}`;
    for (const id of ["crop", "smooth"]) if ($(id).checked) words[id] = "true";
    if (format in BEST && $("quality").value) words.quality = $("quality").value;
    if ($("palette").checked && format === "png") words.palette = "true";
    if ($("max-bytes").value && FITTED.includes(format)) words.max_bytes = String($("max-bytes").value * 1000);
    return this.ofPath(words, item);
  }

  /* What the viewer shows: a picture, also where a path alone is saved. */
  shown(item) {
    const words = this.words(item);
    if (!words.only) return words;
    const { mask } = words;
    return mask ? { mask } : {};
  }

  ofGround(words) {
    const background = $("background").value;
    if (background === "picture" && this.picture) {
      Object.assign(words, { background, background_fit: $("fit").value });
    } else if (background === "picture") {
      if (words.format === "jpeg") words.background = "white"; // until it is chosen
    } else if (background) {
      words.background = named(background);
    }
    if (words.background && this.lit() && $("relight").value > 0) words.relight = String($("relight").value / 100);
  }

  ofPath(words, item) {
    if (this.marked() && $("clipping-path").checked) words.clipping_path = "true";
    if ((words.only || words.clipping_path) && Number($("offset").value) > 0) {
      words.offset = $("offset").value + $("offset-unit").value;
    }
    if ($("own-path").checked && item && this.own(item)) words.mask = "path";
    return Object.keys(words).length === 1 && words.format === "png" ? {} : words;
  }

  format() { return $("format").value; }

  marked() { return MARKETS.includes($("format").value); }

  lit() { return !["", "keep", "blur"].includes($("background").value); }

  /* Shows the fields that mean something beside the others. */
  check() {
    const background = $("background").value, format = $("format").value, drawn = DRAWN.includes(format);
    const gradient = background === "linear" || background === "radial";
    const hide = (id, hidden) => { $(id).hidden = hidden; };
    hide("colour-field", background !== "colour" && !gradient);
    hide("second-field", !gradient);
    hide("picture-field", background !== "picture");
    hide("fit-field", background !== "picture");
    hide("relight-field", !this.lit());
    hide("outline-colour-field", !(Number($("outline").value) > 0));
    hide("palette-field", format !== "png");
    hide("quality-field", !(format in BEST));
    $("quality").placeholder = BEST[format] || this.t("lossless");
    hide("max-bytes-field", !FITTED.includes(format));
    hide("clipping-path-field", !this.marked());
    hide("offset-field", !drawn && !(this.marked() && $("clipping-path").checked));
    // the blurred ground shows the photo's own shadow already
    $("shadow-keep").disabled = background === "blur" || background === "keep";
    if ($("shadow-keep").disabled && $("shadow").value === "keep") $("shadow").value = "";
    $("background-keep").disabled = !this.marked();
    if (background === "keep" && !this.marked()) $("background").value = "";
    if (background === "keep") $("clipping-path").checked = true;
    const opaque = format === "jpeg" && !$("background").value && !$("preset").value;
    if (opaque) $("background").value = "white";
    $("format-note").textContent = opaque ? this.t("JPEG has no transparency: the background will be white.") : "";
  }

  /* Before something is made with it: the background picture is with the job. */
  async send(client, job) {
    if (job.film || $("background").value !== "picture" || !this.picture || job.backdrop === this.picture) return;
    await client.background(job, this.picture);
    job.backdrop = this.picture;
  }
}

function named(background) {
  const [first, second] = [$("colour").value, $("second").value];
  if (background === "linear" || background === "radial") return `${background}(${first}, ${second})`;
  return background === "colour" ? first : background;
}
