/* The page: words, options, dropping and pasting, and which picture is on the stage. */

import { AskBox, inPixels, sizeOf } from "./askbox.js";
import { Client, save } from "./client.js";
import { Editor } from "./editor.js";
import { Finish } from "./finish.js";
import { FilmStage } from "./films.js";
import { Queue } from "./queue.js";

const $ = (id) => document.getElementById(id);
const LANGUAGE = "gigamatte-language";
const PICTURE = new RegExp("\\.(jpe?g|jpe|jfif|pjpe?g|pjp|mpo|png|webp|tiff?|btf|tf8|avif|hei[cf]|hif|ps[db]"
  + "|mp4|m4v|mov|webm|mkv|avi|gif)$", "i");

let strings = {};
const t = (text) => strings[text] || text;

const client = new Client(askKey);
const finish = new Finish({ t, changed: refinish, own: (item) => item.paths?.clipping || item.paths?.paths.length === 1 });
const queue = new Queue($("queue"), client, { t, query, finish, changed: reflect, selected: present, save });

// ---- words

const originals = [...document.querySelectorAll("[data-t]")].map((node) => [node, node.textContent]);
const labels = [...document.querySelectorAll("[data-t-label]")];

async function speak(language) {
  const response = await fetch("assets/strings.json?lang=" + language);
  strings = response.ok ? await response.json() : {};
  client.language = language;
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const [node, text] of originals) node.textContent = t(text);
  $("box-area").setAttribute("aria-label", t("Arrow keys move the box, with Shift they resize it, Enter cuts"));
  for (const node of labels) node.setAttribute("aria-label", t(node.dataset.tLabel));
  for (const button of document.querySelectorAll("[data-lang]")) {
    button.setAttribute("aria-pressed", String(button.dataset.lang === language));
  }
  namePresets();
  for (const item of queue.items) item.draw();
  reflect();
  if (viewed.item) await openViewer(viewed.item);
}

for (const button of document.querySelectorAll("[data-lang]")) {
  button.addEventListener("click", () => {
    localStorage.setItem(LANGUAGE, button.dataset.lang);
    speak(button.dataset.lang);
  });
}

// ---- options

/* How to cut. What it gives is transparent and whole; all else is done when it is saved. */
function query(item) {
  const words = { model: $("model").value, kind: $("kind").value, format: item.film ? "webm" : "png" };
  if (!item.film) words.view = "true"; // it is looked at as soon as it is there
  if ($("ignore-alpha").checked) words.ignore_alpha = "true";
  return words;
}

/* What was cut is shown and saved otherwise now. */
function refinish() {
  for (const item of queue.items) item.checked = null;
  if (queue.selected?.state !== "done") return;
  queue.check(queue.selected);
  if (viewed.item) openViewer(viewed.item);
}

for (const id of ["model", "kind", "ignore-alpha"]) {
  $(id).addEventListener("change", () => { $("again-all").hidden = !queue.items.some((item) => item.file.slice && item.job); });
}
if (globalThis.EyeDropper) {
  $("dropper").hidden = false;
  $("dropper").addEventListener("click", async (event) => {
    event.preventDefault(); // it lies in the colour's label
    const picked = await new globalThis.EyeDropper().open().catch(() => null);
    if (!picked) return;
    $("colour").value = picked.sRGBHex;
    $("colour").dispatchEvent(new Event("change", { bubbles: true }));
  });
}
if (navigator.clipboard?.write && globalThis.ClipboardItem) {
  $("copy").hidden = false;
  $("copy").addEventListener("click", async () => {
    // browsers take PNG alone
    const png = client.result(viewed.item.job, { ...finish.shown(viewed.item), format: "png" });
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
      $("said").textContent = t("Copied");
    } catch (error) {
      $("said").textContent = error.status ? queue.wordsOf(error) : t("This browser does not allow copying.");
    }
  });
}
$("again-all").addEventListener("click", () => {
  $("again-all").hidden = true;
  for (const item of queue.items) if (item.file.slice && (item.state === "done" || item.state === "failed")) queue.again(item);
});

async function fillChoices() {
  const about = await client.about();
  queue.largest = about.limits.bytes;
  for (const [name, preset] of Object.entries(about.presets)) {
    const option = document.createElement("option");
    option.value = name;
    Object.assign(option.dataset, { en: preset.about, zh: preset.about_zh || preset.about });
    $("preset").append(option);
  }
  namePresets();
  for (const [name, card] of Object.entries(about.models)) {
    const option = document.createElement("option");
    option.value = name;
    option.textContent = card.commercial ? name : `${name} (${t("not for commercial use")})`;
    option.title = `${card.about} · ${card.licence}`;
    $("model").append(option);
  }
}

function namePresets() {
  for (const option of $("preset").options) if (option.value) option.textContent = option.dataset[client.language];
}

// ---- photos come in

$("files").addEventListener("change", () => {
  queue.add($("files").files);
  $("files").value = "";
});

let depth = 0;
const carriesFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
addEventListener("dragenter", (event) => { if (carriesFiles(event)) { depth++; $("over").hidden = false; } });
addEventListener("dragleave", (event) => { if (carriesFiles(event) && --depth <= 0) { depth = 0; $("over").hidden = true; } });
addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  depth = 0;
  $("over").hidden = true;
  filesOf(event.dataTransfer).then((files) => queue.add(files));
});

/* What was dropped; of folders the pictures in them, however deep. */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const found = [];
  const walk = async (entry, inside) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
      if (!inside || PICTURE.test(file.name)) found.push(file);
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      // a browser gives a hundred at a time
      const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
      if (!some.length) return;
      for (const one of some) if (!one.name.startsWith(".")) await walk(one, true);
    }
  };
  for (const entry of entries) await walk(entry, false);
  return found;
}
addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (files.length) queue.add(files.map((file, i) => (file.name ? file : new File([file], `pasted-${i + 1}.png`, { type: file.type }))));
});

$("sample").addEventListener("click", async () => {
  const response = await fetch("assets/sample.jpg");
  if (response.ok) queue.add([new File([await response.blob()], "sample.jpg", { type: "image/jpeg" })]);
});

// ---- buttons

$("download").addEventListener("click", async () => {
  $("download").disabled = true;
  await queue.save(queue.selected);
  reflect();
});
$("save-all").addEventListener("click", async () => {
  const done = queue.items.filter((item) => item.state === "done");
  $("save-all").disabled = true;
  try {
    for (const item of done) await finish.send(client, item.job);
    save(await client.archive(done.map((item) => [item.job, finish.words(item)])), "cutouts.zip");
  } catch (error) {
    $("said").textContent = queue.wordsOf(error);
  }
  reflect();
});

function reflect() {
  const count = (state) => queue.items.filter((item) => item.state === state).length;
  $("download").disabled = queue.selected?.state !== "done";
  $("save-all").disabled = count("done") === 0;
  const going = count("waiting") + count("uploading") + count("working");
  if (queue.items.length) {
    $("said").textContent = [
      `${count("done")} / ${queue.items.length} ${t("done")}`,
      going ? `${going} ${t("under way")}` : "", count("failed") ? `${count("failed")} ${t("failed")}` : "",
    ].filter(Boolean).join(" · ");
  } else {
    $("said").textContent = "";
  }
  $("own-path-field").hidden = !queue.items.some((item) => item.paths?.paths.length);
}

// ---- stage

const viewed = { item: null, job: null, viewer: null, coming: null };

function present(item) {
  if (editing && editing.item === item && (item.film || item.state === "done")) return;
  if (editing) leaveEditor();
  reflect();
  $("stage").classList.toggle("nothing", !item);
  $("empty").hidden = Boolean(item);
  $("film").hidden = !item?.film || !item.job || item.state === "failed";
  if (!$("film").hidden) return presentFilm(item);
  film.forget();
  const done = Boolean(item) && item.state === "done";
  $("viewer").hidden = !done;
  $("edit-offer").hidden = !done;
  if (done && viewed.job !== item.job.id) openViewer(item);
  // the photo stays in sight until the result is
  $("working").hidden = !item || (done && !viewed.coming);
  if (!done) closeViewer();
  if (!item) return;
  $("working-text").textContent = item.state === "failed" ? item.error : done ? t("Preparing the view") : item.words();
  $("working-text").classList.toggle("failed", item.state === "failed");
  $("working-bar").hidden = done || item.bar.hidden;
  $("working-bar").value = item.fraction;
  drawLarge(item);
  askForBox(item);
}

const film = new FilmStage($("film"), client, {
  t, correct: correctFrame, again: (item, job) => queue.resume(item, job), wordsOf: (error) => queue.wordsOf(error),
});

/* A film plays as soon as its first second is there; until then its progress is shown. */
function presentFilm(item) {
  closeViewer();
  for (const id of ["viewer", "edit-offer"]) $(id).hidden = true;
  $("working").hidden = item.job.film?.preview || item.state === "done";
  $("shown").hidden = true;
  $("working-text").textContent = item.words();
  $("working-text").classList.remove("failed");
  $("working-bar").hidden = item.bar.hidden;
  $("working-bar").value = item.fraction;
  film.show(item);
}

/* The editor on one frame of a film. */
function correctFrame(item, frame, done) {
  for (const id of ["film", "working"]) $(id).hidden = true;
  openEditor(item, frame, (saved, job, left) => {
    done(saved, job);
    if (!left) present(queue.selected);
  });
}

const asking = new AskBox($("box-area"), cutInBox);

/* Where no subject was found, and the photo is there to be cut again. */
function askForBox(item) {
  const wanted = item.state === "failed" && item.code === "no-subject" && Boolean(item.large && item.file.slice);
  if ($("box-area").hidden === wanted) {
    for (const id of ["box-area", "box-cut"]) $(id).hidden = !wanted;
    if (wanted) asking.draw();
  }
}

async function cutInBox(box) {
  const item = queue.selected;
  item.box = inPixels(box, await sizeOf(item.file));
  queue.again(item);
}
$("box-cut").addEventListener("click", () => cutInBox(asking.box));

function drawLarge(item) {
  const canvas = $("shown");
  canvas.hidden = !item.large;
  if (!item.large || canvas.showing === item) return;
  canvas.showing = item;
  canvas.width = item.large.width;
  canvas.height = item.large.height;
  canvas.getContext("2d").drawImage(item.large, 0, 0);
}

function closeViewer() {
  $("warned").textContent = "";
  if (viewed.viewer) viewed.viewer.destroy();
  Object.assign(viewed, { item: null, job: null, viewer: null, coming: null });
}

/* Both pictures as tiles, as they would be saved: what is on the screen is fetched, at the size it is shown, and nothing
   else. The old view stays until the new one has something to show. */
async function openViewer(item) {
  const { job } = item, coming = {};
  if (viewed.job !== job.id) closeViewer();
  Object.assign(viewed, { item, job: job.id, coming });
  try {
    await finish.send(client, job);
    const [photo, cutout] = await Promise.all([
      client.layer(job, "photo", t("Photo")), client.layer(job, "cutout", t("Cutout"), finish.shown(item)),
    ]);
    if (viewed.coming !== coming) return;
    $("warned").textContent = cutout.warnings.join(" · "); // what is not as it was asked for
    // a cropped cutout shows another frame than the photo: no slider then
    const whole = photo.width === cutout.width && photo.height === cutout.height;
    const before = viewed.viewer;
    const at = before && before.width === cutout.width && !before.fitted ? { scale: before.scale, centre: before.centre } : null;
    if (before) before.destroy();
    viewed.viewer = new globalThis.GigamatteViewer($("viewer"), whole ? [photo, cutout] : [cutout], { strings, split: whole ? 0.5 : null });
    if (at) viewed.viewer.show({ ...at, fitted: false });
    await firstSight(viewed.viewer, coming);
    if (viewed.coming !== coming) return;
    viewed.coming = null;
    $("working").hidden = true;
  } catch (error) {
    // a view that fails takes no result away; an earlier one stays, and what is said of the new one stands beside Download
    if (viewed.coming === coming) $(viewed.viewer ? "warned" : "working-text").textContent = queue.wordsOf(error);
  }
}

/* Resolves when the result is drawn, at first from its smallest level; soon where nothing of it can be seen. */
function firstSight(viewer, coming) {
  const layer = viewer.layers[viewer.right];
  const seen = () => layer.bitmaps.size || !layer.loading.size || viewed.coming !== coming;
  return new Promise((resolve) => {
    const look = () => { if (seen()) resolve(); else requestAnimationFrame(look); };
    setTimeout(resolve, 5000);
    look();
  });
}

// ---- correcting

let editing = null;

/* `closed(saved, job, left)` is called at its end; `left`: because another photo is to be seen. */
function openEditor(item, job, closed) {
  $("editor").hidden = false;
  const close = (saved, after) => {
    const { left } = editing;
    editing = null;
    $("editor").hidden = true;
    closed(saved, after, left);
  };
  editing = { item, editor: new Editor($("editor"), client, job, { t, close, wordsOf: (error) => queue.wordsOf(error) }) };
}

function leaveEditor() {
  editing.left = true;
  editing.editor.end(false);
}

function correct() {
  const item = viewed.item;
  if (!item) return;
  closeViewer();
  for (const id of ["viewer", "edit-offer", "working"]) $(id).hidden = true;
  openEditor(item, item.job, (saved, job, left) => {
    if (left) return;
    if (saved) item.job = job; // an open viewer would show the tiles of before
    item.draw();
    present(item);
    if (saved) queue.check(item);
    $("edit").focus();
  });
}

$("edit").addEventListener("click", correct);

// ---- key

function askKey(wrong) {
  const dialog = $("ask-key");
  $("key-error").textContent = wrong ? t("This key is not known.") : "";
  if (!dialog.open) dialog.showModal();
  $("key").focus();
  return new Promise((resolve) => {
    $("key-form").onsubmit = (event) => {
      event.preventDefault();
      const key = $("key").value.trim();
      if (!key) return;
      $("key").value = "";
      dialog.close();
      resolve(key);
    };
  });
}
$("ask-key").addEventListener("cancel", (event) => event.preventDefault());

const chosen = localStorage.getItem(LANGUAGE) || (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
if (matchMedia("(width >= 900px) and (height >= 700px)").matches) $("finish").open = true;
present(null);
await speak(chosen);
await fillChoices();
finish.check();
await queue.restore();
document.body.dataset.ready = "yes";
