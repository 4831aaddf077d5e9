/* The tool bar and the list of keys of a viewer, which extends this class. See viewer.js. */
(function (root) {
  "use strict";

  const BACKGROUNDS = ["checker", "gradient", "white", "black", "custom"];

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  class GigamatteControls {
    button(group, label, title, action, className) {
      const button = element("button", className || "", label);
      button.type = "button";
      button.title = title;
      button.setAttribute("aria-label", title);
      button.addEventListener("click", action);
      group.append(button);
      return button;
    }

    buildBar() {
      const t = this.t, bar = element("div", "gv-bar");
      const group = () => bar.appendChild(element("div", "gv-group"));
      const zoom = group();
      this.buttons = { fit: this.button(zoom, t("Fit"), t("Fit to the window") + " (0)", () => this.fit()) };
      this.button(zoom, "−", t("Zoom out") + " (−)", () => this.zoomBy(1 / 1.5));
      this.percent = zoom.appendChild(element("output", "gv-percent"));
      this.button(zoom, "+", t("Zoom in") + " (+)", () => this.zoomBy(1.5));
      this.buttons.one = this.button(zoom, "1:1", t("One picture pixel on one screen pixel") + " (1)", () => this.zoomTo(1));
      this.buttons.eight = this.button(zoom, "8:1", t("Eight times enlarged") + " (8)", () => this.zoomTo(8));
      const back = group();
      const titles = {
        checker: t("Chequered background"), gradient: t("Gradient background"), white: t("White background"),
        black: t("Black background"),
      };
      for (const name of BACKGROUNDS.slice(0, 4)) {
        const title = titles[name] + " (B)";
        this.buttons[name] = this.button(back, "", title, () => this.show({ background: name }), "gv-swatch gv-" + name);
      }
      back.appendChild(this.buildPicker());
      const mode = group();
      this.buttons.alpha = this.button(
        mode, t("Alpha"), t("Opacity only") + " (A)", () => this.show({ alphaOnly: !this.alphaOnly }));
      if (this.left >= 0) {
        this.buttons.split = this.button(
          mode, t("Before / after"), t("Before / after") + " (S)", () => this.toggleSplit());
      }
      if (this.layers.length > 2) bar.append(this.buildChoice("left"), this.buildChoice("right"));
      const keys = group();
      keys.classList.add("gv-keys");
      this.button(keys, "?", t("Keyboard") + " (?)", () => this.toggleHelp());
      return bar;
    }

    buildPicker() {
      const label = element("label", "gv-swatch gv-custom");
      label.title = this.t("Any background colour");
      this.picker = label.appendChild(element("input"));
      this.picker.type = "color";
      this.picker.value = this.colour;
      this.picker.setAttribute("aria-label", label.title);
      const chosen = () => this.show({ background: "custom", colour: this.picker.value });
      this.picker.addEventListener("input", chosen);
      this.picker.addEventListener("click", chosen);
      this.buttons.custom = label;
      return label;
    }

    buildChoice(side) {
      const select = element("select", "gv-choice gv-choice-" + side);
      select.setAttribute("aria-label", this.t(side === "left" ? "Left picture" : "Right picture"));
      this.layers.forEach((layer, index) => {
        const option = element("option", "", layer.name);
        option.value = String(index);
        select.append(option);
      });
      select.value = String(this[side]);
      select.addEventListener("change", () => this.show({ [side]: Number(select.value) }));
      return select;
    }

    buildHelp() {
      const t = this.t, help = element("dl", "gv-help");
      const keys = [
        ["+ −", t("Zoom in and out")], ["0", t("Fit to the window")], ["1", t("One picture pixel on one screen pixel")],
        ["8", t("Eight times enlarged")], ["← ↑ → ↓", t("Move the picture")], ["B", t("Next background")],
        ["A", t("Opacity only")],
      ];
      if (this.left >= 0) keys.push(["S", t("Before / after")], ["[ ]", t("Move the divider")]);
      for (const [key, text] of keys) help.append(element("dt", "", key), element("dd", "", text));
      help.hidden = true;
      return help;
    }

    toggleHelp() {
      this.help.hidden = !this.help.hidden;
    }
  }

  Object.assign(GigamatteControls, { BACKGROUNDS, element });
  root.GigamatteControls = GigamatteControls;
})(globalThis);
