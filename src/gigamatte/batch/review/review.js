/* The review page: results by doubt, marked with a key. Pictures are loaded as they come near the window. */
(() => {
  "use strict";
  const strings = JSON.parse(document.getElementById("strings").textContent);
  const t = (text) => strings[text] || text;
  const out = JSON.parse(document.getElementById("out").textContent);
  const MARKS = [["good", "g", t("Good")], ["redo", "r", t("Redo")], ["hand", "h", t("By hand")]];
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const host = document.getElementById("review"), header = element("header"), main = element("main");
  const totalsLine = element("span", "quiet"), end = element("div", "end");
  const dialog = element("dialog"), frame = element("iframe");
  const before = []; // marks as they were, the latest last
  let shown = "", start = 0, loading = false, complete = false, round = 0;

  header.append(element("h1", "", out));
  const filters = [["", t("All")], ["none", t("Unmarked")], ...MARKS.map(([mark, , name]) => [mark, name])].map(([mark, name]) => {
    const button = element("button", "", name);
    button.addEventListener("click", () => show(mark));
    header.append(button);
    return [mark, button];
  });
  header.append(totalsLine, element("span", "quiet keys", t("Keys: arrows move, Enter looks, G good, R redo, H by hand, U unmarked, E hints, Ctrl+Z undoes")));
  frame.title = t("Picture viewer");
  const close = element("button", "close", "×");
  close.title = t("Close");
  close.addEventListener("click", () => dialog.close());
  dialog.append(frame, close);
  frame.addEventListener("load", () => {
    frame.contentWindow.addEventListener("keydown", (event) => { if (event.key === "Escape") dialog.close(); });
  });
  dialog.addEventListener("close", () => { frame.removeAttribute("src"); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  host.append(header, main, dialog);

  const cards = () => [...main.querySelectorAll("article")];

  function show(mark) {
    shown = mark;
    start = 0;
    complete = loading = false;
    round += 1;
    for (const [own, button] of filters) button.setAttribute("aria-pressed", String(own === mark));
    main.replaceChildren(end);
    more();
  }

  async function more() {
    if (loading || complete) return;
    loading = true;
    const mine = round;
    end.textContent = t("Loading …");
    try {
      const answer = await fetch("/photos?start=" + start + "&mark=" + shown);
      if (!answer.ok) throw new Error(await answer.text());
      const { photos, totals } = await answer.json();
      if (mine !== round) return;
      totalsLine.textContent = MARKS.map(([mark, , name]) => name + " " + totals[mark]).join(" · ") + " / " + totals.all;
      for (const photo of photos) end.before(card(photo));
      start += photos.length;
      complete = photos.length === 0;
      end.textContent = complete ? t("That is all.") : "";
      if (start && document.activeElement === document.body) cards()[0].focus({ preventScroll: true });
    } catch (error) {
      end.textContent = String(error.message || error);
      complete = true;
    }
    loading = false;
    if (!complete && end.getBoundingClientRect().top < innerHeight * 2) more();
  }

  function card(photo) {
    const made = element("article"), pair = element("div", "pair"), text = element("div", "text"), row = element("div", "row");
    made.tabIndex = 0;
    made.dataset.id = photo.id;
    if (photo.mark) made.dataset.mark = photo.mark;
    for (const [kind, className] of [["photo", ""], ["result", "board"]]) {
      const box = element("div", className), image = element("img");
      image.loading = "lazy";
      image.decoding = "async";
      image.alt = "";
      image.addEventListener("error", () => box.replaceChildren(element("span", "quiet", t("cannot be shown"))));
      image.src = "/small/" + photo.id + "/" + kind + "?" + photo.version;
      box.append(image);
      pair.append(box);
    }
    pair.addEventListener("click", () => look(made));
    const hint = element("button", "", t("Hints"));
    hint.title = t("Point at what is meant (E)");
    hint.tabIndex = -1;
    hint.addEventListener("click", () => edit(made));
    row.append(element("span", "quiet", t("doubt") + " " + photo.doubt.toFixed(2) + (photo.redone ? " · " + t("done again") : "")));
    for (const [mark, key, name] of MARKS) {
      const button = element("button", mark, name);
      button.title = key.toUpperCase();
      button.tabIndex = -1;
      button.addEventListener("click", () => set(made, made.dataset.mark === mark ? null : mark));
      row.append(button);
    }
    row.append(hint);
    text.append(element("b", "", photo.path), row);
    made.append(pair, text);
    return made;
  }

  async function keep(id, mark) {
    const answer = await fetch("/mark", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id, mark }),
    }).catch(() => null);
    if (answer && answer.ok) return true;
    totalsLine.textContent = t("The mark could not be kept: is the command still running?");
    return false;
  }

  async function set(made, mark) {
    const was = made.dataset.mark || null;
    if (!(await keep(made.dataset.id, mark))) return;
    before.push([made.dataset.id, was]);
    await marked(made, mark);
  }

  /* The latest mark is as it was; its card, where it is still shown, has the focus. */
  async function undo() {
    const latest = before.pop();
    if (!latest || !(await keep(...latest))) return;
    const made = cards().find((one) => one.dataset.id === latest[0]);
    if (made) move(made, 0);
    await marked(made, latest[1]);
  }

  async function marked(made, mark) {
    if (made && mark) made.dataset.mark = mark;
    else if (made) delete made.dataset.mark;
    const { totals } = await (await fetch("/photos?start=1000000000")).json();
    totalsLine.textContent = MARKS.map(([own, , name]) => name + " " + totals[own]).join(" · ") + " / " + totals.all;
  }

  function look(made) {
    open(made, "/view/");
  }

  function edit(made) {
    open(made, "/edit/");
  }

  function open(made, path) {
    frame.src = path + made.dataset.id;
    close.hidden = path === "/edit/"; // the editor has its own
    made.focus({ preventScroll: true });
    dialog.showModal();
  }

  addEventListener("message", (event) => {
    if (event.origin !== location.origin || !event.data || !event.data.edited) return;
    dialog.close();
    const made = cards().find((one) => one.dataset.id === event.data.edited);
    if (made && event.data.saved) marked(made, "redo");
  });

  function move(made, steps) {
    const all = cards(), next = all[Math.min(all.length - 1, Math.max(0, all.indexOf(made) + steps))];
    if (next) {
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
    }
  }

  document.addEventListener("keydown", (event) => {
    const made = document.activeElement && document.activeElement.closest("article");
    if (!dialog.open && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      undo();
      return;
    }
    if (dialog.open || event.ctrlKey || event.metaKey || event.altKey || !made) return;
    const columns = getComputedStyle(main).gridTemplateColumns.split(" ").length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    const mark = MARKS.find(([, key]) => key === event.key.toLowerCase());
    if (steps) move(made, steps);
    else if (event.key === "Enter" || event.key === " ") look(made);
    else if (mark) set(made, mark[0]).then(() => move(made, 1));
    else if (event.key.toLowerCase() === "u") set(made, null);
    else if (event.key.toLowerCase() === "e") edit(made);
    else return;
    event.preventDefault();
  });
  new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) more(); }, { rootMargin: "1500px" }).observe(end);
  show("");
})();
