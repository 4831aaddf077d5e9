/* Shows the service's own openapi.json. Nothing is loaded from elsewhere. */

const LANGUAGE = "gigamatte-language";
let strings = {};
const t = (text) => strings[text] || text;

function element(tag, text, ...children) {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  node.append(...children);
  return node;
}

function typeOf(schema = {}) {
  const any = (schema.anyOf || []).filter((one) => one.type !== "null");
  if (any.length) return any.map(typeOf).join(" | ");
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.format === "binary") return t("file");
  return schema.type || "";
}

function table(heads, rows) {
  const body = rows.map((cells) => element("tr", "", ...cells.map((cell, at) =>
    element("td", "", at ? document.createTextNode(cell) : element("code", cell)))));
  return element("table", "", element("thead", "", element("tr", "", ...heads.map((head) => element("th", head)))),
    element("tbody", "", ...body));
}

function row(name, schema, required, about) {
  const preset = schema.default === undefined || schema.default === null ? "" : String(schema.default);
  return [required ? `${name} *` : name, typeOf(schema), preset, about || schema.description || ""];
}

function example(method, path, operation) {
  const address = new URL(path.slice(1), document.baseURI);
  const content = operation.requestBody ? Object.entries(operation.requestBody.content)[0] : null;
  const words = ["curl"];
  if (method !== "get" && !content) words.push("-X", method.toUpperCase());
  if (content && content[0] === "multipart/form-data") {
    const fields = content[1].schema.properties;
    const file = Object.keys(fields).find((name) => fields[name].format === "binary");
    words.push("-F", `${file}=@photo.jpg`);
  } else if (content) {
    words.push("-H", "'Content-Type: application/json'", "-d", "'{\"jobs\": [\"…\"]}'");
  }
  words.push(decodeURI(address.href));
  const good = Object.values(operation.responses).find((answer) => answer.content) || {};
  if (Object.keys(good.content || {}).some((kind) => kind.startsWith("image/"))) words.push("-o", "cutout.png");
  return words.join(" ");
}

function route(method, path, operation) {
  const inside = element("div");
  inside.className = "inside";
  if (operation.description) inside.append(element("p", operation.description));
  const heads = [t("Name"), t("Kind"), t("Default"), ""];
  const asked = (operation.parameters || []).map((one) => row(one.name, one.schema || {}, one.required, one.description));
  if (asked.length) inside.append(element("h3", t("In the address")), table(heads, asked));
  for (const [kind, { schema }] of Object.entries(operation.requestBody?.content || {})) {
    const rows = Object.entries(schema.properties || {}).map(([name, one]) => row(name, one, schema.required?.includes(name)));
    if (rows.length) inside.append(element("h3", kind), table(heads, rows));
  }
  inside.append(element("pre", example(method, path, operation)));
  const answers = Object.entries(operation.responses).map(([status, answer]) => [status, answer.description || ""]);
  inside.append(table([t("Answer"), ""], answers));
  const summary = element("summary", "", element("b", method.toUpperCase()), element("code", path), element("span", operation.summary));
  return element("details", "", summary, inside);
}

function draw(description) {
  const groups = new Map();
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const group = (operation.tags || [""])[0];
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(route(method, path, operation));
    }
  }
  const shown = [...groups].flatMap(([group, routes]) => [element("h2", group), ...routes]);
  document.getElementById("routes").replaceChildren(...shown);
}

const originals = [...document.querySelectorAll("[data-t]")].map((node) => [node, node.textContent]);
const described = await (await fetch("openapi.json")).json();

async function speak(language) {
  const response = await fetch("assets/strings.json?lang=" + language);
  strings = response.ok ? await response.json() : {};
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const [node, text] of originals) node.textContent = t(text);
  for (const button of document.querySelectorAll("[data-lang]")) {
    button.setAttribute("aria-pressed", String(button.dataset.lang === language));
  }
  draw(described);
}

for (const button of document.querySelectorAll("[data-lang]")) {
  button.addEventListener("click", () => {
    localStorage.setItem(LANGUAGE, button.dataset.lang);
    speak(button.dataset.lang);
  });
}
await speak(localStorage.getItem(LANGUAGE) || (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en"));
document.body.dataset.ready = "yes";
