/* The editor in the review: each change is answered by a preview, Done keeps the hints beside the photo. */
const strings = JSON.parse(document.getElementById("strings").textContent);
const photo = JSON.parse(document.getElementById("photo").textContent);
const home = "/edit/" + photo.id;

async function asked(path, hints) {
  const answer = await fetch(home + path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(hints),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer;
}

const client = {
  edit: async (_, hints) => hints,
  preview: async (hints) => (await asked("/preview", hints)).blob(),
  saveEdits: async (hints) => (await asked("/save", hints)).json(),
  layer: async () => ({ levels: [{ tiles: [async () => (await fetch(home + "/photo")).blob()] }] }),
};
new Editor(document.getElementById("editor"), client, photo, {
  t: (text) => strings[text] || text,
  wordsOf: (error) => String(error.message || error),
  close: (saved) => parent.postMessage({ edited: photo.id, saved }, location.origin),
});
