// Draws a scene that Python laid out, and tells Python what was clicked.
// Every text is set through textContent or setAttribute: names in a snapshot are never markup.

const SVG = "http://www.w3.org/2000/svg";
const PAD = 24;
const READABLE = 0.62; // below this scale names cannot be read
const SMALL = 0.5; // the same where everything at a glance matters more
const SLACK = 4; // pixels a click may move
const HEAD = 44; // a closed box, and the head of an open one
const ROW = 18; // a column in an open box
const MAP = { width: 168, height: 104 };

const KEYS = [
  ["← →", "along the edges"],
  ["↑ ↓", "within the layer"],
  ["Enter", "select"],
  ["Shift Enter", "path from the selected node"],
  ["F", "put in the middle"],
  ["E  X", "more, fewer neighbours"],
  ["C", "columns of a table"],
  ["P  H", "pin, hide"],
  ["Z  Y", "undo, redo"],
  ["+ − 0", "zoom, fit"],
  ["/  ?", "search, keys"],
];

function make(tag, attributes = {}, ...children) {
  const node = tag in HTML ? document.createElement(tag) : document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  for (const child of children) if (child !== null) node.append(child);
  return node;
}
const HTML = { div: 1, span: 1, button: 1, p: 1, dl: 1, dt: 1, dd: 1, details: 1, summary: 1 };

const keyOf = (mark) => `${mark.side ?? "node"}:${mark.id}`;
const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

class View {
  constructor(model, el) {
    this.model = model;
    this.camera = { x: 0, y: 0, k: 1 };
    this.marks = [];
    this.items = []; // what can be focused: boxes, and the columns of open ones
    this.links = [];
    this.anchor = null;
    this.untouched = true;
    this.build(el);
    this.listen();
    this.draw(null);
  }

  build(el) {
    this.plane = make("g");
    this.svg = make("svg", { class: "ln-canvas", role: "group" }, this.plane);
    this.legend = make("div", { class: "ln-key", role: "group", "aria-label": "Legend: click an entry to hide it" });
    this.facets = make("div", { class: "ln-facets" });
    this.filters = make("details", { class: "ln-filters" }, make("summary", {}, "Filter"), this.facets);
    this.window = make("rect", { class: "ln-window" });
    this.mapped = make("g");
    this.map = make("svg", { class: "ln-map", width: MAP.width, height: MAP.height, "aria-hidden": "true" }, this.mapped, this.window);
    this.status = make("p", { class: "ln-status", role: "status" });
    this.problem = make("p", { class: "ln-problem", role: "alert" });
    this.hint = make("p", { class: "ln-hint", "aria-hidden": "true" }, "Click the picture or hold Ctrl to zoom with the wheel");
    this.help = make("dl", { class: "ln-help" });
    for (const [key, what] of KEYS) this.help.append(make("dt", {}, key), make("dd", {}, what));
    this.help.hidden = true;
    const button = (label, title, act) => {
      const made = make("button", { type: "button", title, "aria-label": title }, label);
      made.addEventListener("click", act);
      return made;
    };
    const chosen = (act) => () => act(this.chosenMark()?.id ?? this.model.get("selected"));
    this.centre = button("◎ Focus", "Put the selected node in the middle", () => this.refocus(this.model.get("selected")));
    this.onBox = [
      button("▤ Columns", "List the columns of the selected table", chosen((id) => this.columns(id))),
      button("Pin", "Keep the selected node drawn", chosen((id) => this.ask("pin", id))),
      button("Hide", "Hide the selected node", chosen((id) => this.ask("hide", id))),
    ];
    this.helper = button("?", "Keys", () => this.showHelp(this.help.hidden));
    this.helper.setAttribute("aria-expanded", "false");
    this.tools = make("div", { class: "ln-tools", role: "toolbar", "aria-label": "Picture" },
      this.centre,
      ...this.onBox,
      button("−", "Zoom out", () => this.zoom(1 / 1.3)),
      button("+", "Zoom in", () => this.zoom(1.3)),
      button("⤢", "Show everything", () => this.fit()),
      this.helper);
    this.stage = make("div", { class: "ln-stage" }, this.svg, this.map, this.help, this.hint);
    this.root = make("div", { class: "ln-explorer", "data-lm-suppress-shortcuts": "true" },
      make("div", { class: "ln-frame" }, make("div", { class: "ln-head" }, this.status, this.tools), this.stage),
      this.problem, this.legend, this.filters);
    el.append(this.root);
  }

  listen() {
    const on = (what, act) => {
      this.model.on(what, act);
      this.closing.push(() => this.model.off(what, act));
    };
    this.closing = [];
    on("change:scene", () => this.draw(this.marks));
    on("change:selected", () => this.showSelected());
    on("change:off", () => this.showOff());
    on("change:height", () => this.size());
    on("change:problem", () => this.showProblem());
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.stage);
    this.closing.push(() => this.observer.disconnect());
    this.svg.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.svg.addEventListener("pointerdown", (event) => this.press(event));
    this.svg.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) this.svg.addEventListener(end, () => this.release());
    this.stage.addEventListener("pointerleave", () => (this.engaged = false));
    this.svg.addEventListener("click", (event) => this.click(event));
    this.svg.addEventListener("dblclick", (event) => {
      const item = this.itemAt(event);
      if (item && !item.mark.side && !event.target.closest(".ln-fold,.ln-more,.ln-foot")) this.refocus(item.id);
    });
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.map.addEventListener("pointerdown", (event) => this.mapDrag(event, true));
    this.map.addEventListener("pointermove", (event) => this.mapDrag(event, false));
    this.size();
    this.showProblem();
  }

  close() {
    for (const act of this.closing) act();
  }

  size() {
    this.stage.style.height = `${this.model.get("height")}px`;
  }

  resized() {
    const box = this.svg.getBoundingClientRect();
    if (!box.width) return;
    const first = !this.box;
    this.box = box;
    if (first) this.measure.forEach((act) => act());
    if (first || this.untouched) this.home();
    else this.moveWindow();
  }

  // ---- drawing ---------------------------------------------------------------------------------------------

  draw(before) {
    const scene = this.model.get("scene");
    const active = this.items.findIndex((item) => item.group === document.activeElement);
    const held = active >= 0 ? this.items[active].key : null;
    const old = new Map((before ?? []).map((mark) => [keyOf(mark), mark]));
    const refocused = this.scene && this.scene.focus !== scene.focus;
    this.scene = scene;
    this.marks = scene.marks ?? [];
    this.svg.setAttribute("aria-label", `Lineage of ${scene.focus ?? "everything"}, left to right`);
    this.measure = [];
    this.links = (scene.links ?? []).map((link) => this.drawLink(link));
    this.items = this.marks.flatMap((mark, place) => [this.drawMark(mark, place), ...(mark.rows ?? []).map((row, at) => this.drawRow(mark, place, row, at))]);
    this.items.forEach((item, at) => (item.group.dataset.item = at));
    this.plane.replaceChildren(
      make("g", { class: "ln-links", "aria-hidden": "true" }, ...this.links),
      make("g", { class: "ln-marks" }, ...this.items.map((item) => item.group)));
    if (this.svg.isConnected) this.measure.forEach((act) => act());
    this.drawLegend();
    this.drawFacets();
    this.drawMap();
    this.hold(old, refocused);
    this.showSelected();
    this.showOff();
    const at = this.items.findIndex((item) => item.key === held);
    this.rove(Math.max(0, at >= 0 ? at : this.items.findIndex((item) => item.mark.flags.includes("focus"))), held !== null);
  }

  drawLink(link) {
    const words = [...link.style.split(" "), ...("level" in link ? [`c${link.level}`] : []), ...(link.faded ? ["faded"] : [])];
    const style = words.map((word) => `ln-${word}`).join(" ");
    const line = make("path", { class: `ln-link ${style}`, d: link.d });
    if (link.wide) line.style.strokeWidth = `${link.wide}px`;
    if (link.name) {
      const title = make("title");
      title.textContent = link.name;
      line.append(title);
    }
    return make("g", {}, line, link.tip ? make("path", { class: `ln-tip ${style}`, d: link.tip }) : null);
  }

  drawRow(mark, place, row, at) {
    const linked = row.flags.includes("linked");
    const group = make("g", {
      class: "ln-col",
      transform: `translate(${mark.x} ${mark.y + HEAD + at * ROW})`,
      role: "button",
      tabindex: "-1",
      "aria-label": `${row.label}: ${row.name}`,
    });
    const title = make("title");
    title.textContent = row.name;
    group.append(title, make("rect", { class: "ln-cell", x: 6, y: 0.5, width: mark.w - 7, height: ROW - 1, rx: 3 }),
      this.words(linked ? "row ln-linked" : "row", 14, ROW / 2 + 4, row.label));
    if (row.badge) group.append(this.badge(row.badge, null, mark.w - 6, 2));
    else if (row.flags.includes("pii")) group.append(this.words("tag", mark.w - 8, 13, "PII"));
    else if (row.sub) group.append(this.words("type", mark.w - 8, 13, row.sub));
    return { key: `row:${row.id}`, id: row.id, mark, place, row: at, group, x: mark.x, y: mark.y + HEAD + at * ROW, w: mark.w, h: ROW };
  }

  drawMark(mark, place) {
    const { w, h } = mark;
    const bundle = Boolean(mark.side);
    const open = mark.flags.includes("open");
    const group = make("g", {
      class: ["ln-mark", ...mark.flags.map((flag) => `ln-${flag}`), bundle ? "ln-bundle" : ""].join(" ").trim(),
      transform: `translate(${mark.x} ${mark.y})`,
      role: "button",
      tabindex: "-1",
      "aria-label": bundle ? mark.name : `${mark.label}: ${mark.name}`,
    });
    const item = { key: keyOf(mark), id: mark.id, mark, place, row: -1, group, x: mark.x, y: mark.y, w, h: open ? HEAD : h };
    const title = make("title");
    title.textContent = mark.name;
    group.append(title, make("rect", { class: "ln-box", width: w, height: h, rx: bundle ? h / 2 : 7 }));
    if (bundle) {
      group.append(this.words("label", 13, h / 2 + 4.5, mark.label));
      return item;
    }
    const [colour, path] = this.scene.glyphs[mark.look];
    group.append(
      make("path", { d: `M5 .6H7A6.4 6.4 0 0 0 .6 7V${h - 7}A6.4 6.4 0 0 0 7 ${h - 0.6}H5z`, fill: colour, stroke: colour, "stroke-width": 1.2 }),
      make("path", { class: "ln-glyph", transform: "translate(12 14)", stroke: colour, d: path }),
      this.words("label", 34, mark.sub ? 18.5 : 26.5, mark.label));
    if (mark.sub) group.append(this.words("sub", 34, 33.5, mark.sub));
    if (mark.flags.includes("pii")) group.append(this.words("tag", w - 6, 34, "PII"));
    if (mark.flags.includes("pinned")) group.append(make("circle", { class: "ln-pin", cx: w - 3, cy: 3, r: 5 }));
    if (mark.badge) group.append(this.badge(mark.badge, 30, null, -9));
    if (mark.cols) {
      group.setAttribute("aria-expanded", String(open));
      group.append(make("g", { class: "ln-fold" },
        make("rect", { class: "ln-hit", x: w - 24, y: 2, width: 23, height: 22 }),
        make("path", { class: "ln-chevron", d: open ? "M0 0l4 4l4 -4" : "M1 -2l4 4l-4 4", transform: `translate(${w - 16} 11)` })));
    }
    if (open) {
      group.append(make("path", { class: "ln-rule", d: `M1 ${HEAD}h${w - 2}` }));
      if (mark.rows.length < mark.cols) {
        group.append(make("g", { class: "ln-foot" },
          make("rect", { class: "ln-hit", x: 6, y: h - 20, width: w - 8, height: 19 }),
          this.words("row", 14, h - 6, `${mark.rows.length.toLocaleString("en")} of ${mark.cols.toLocaleString("en")} columns: more`)));
      }
    }
    for (const [side, count] of [["up", mark.up], ["down", mark.down]]) if (count) group.append(this.pill(mark, side, count));
    return item;
  }

  badge(badge, left, right, y) {
    const wide = badge.text.length * 5.9 + 12;
    const made = make("g", { class: "ln-told" });
    const text = this.words("said", 0, y + 10.5, badge.text);
    const box = make("rect", { class: `ln-badge ln-c${badge.level}`, y, height: 14, rx: 7 });
    const place = (width) => {
      const x = left ?? right - width;
      box.setAttribute("x", x);
      box.setAttribute("width", width);
      text.setAttribute("x", x + 6);
    };
    place(wide);
    this.measure.push(() => place(text.getComputedTextLength() + 12));
    made.append(box, text);
    return made;
  }

  words(kind, x, y, text) {
    const made = make("text", { class: `ln-${kind}`, x, y });
    made.textContent = text;
    return made;
  }

  pill(mark, side, count) {
    const text = `+${count.toLocaleString("en")}`;
    const wide = text.length * 6.6 + 10;
    const x = side === "down" ? mark.w - wide - 8 : 8;
    const made = make("g", { class: "ln-more" },
      make("rect", { class: "ln-pill", x, y: mark.h - 7, width: wide, height: 14, rx: 7 }),
      this.words("count", x + wide / 2, mark.h + 3.5, text));
    made.dataset.side = side;
    return made;
  }

  drawLegend() {
    this.legend.replaceChildren(...(this.scene.legend ?? []).map((entry) => {
      const key = entry.look ? `look:${entry.look}` : entry.line ? `line:${entry.line}` : "level" in entry ? `level:${entry.level}` : "";
      const item = make(key ? "button" : "span", { class: "ln-entry" });
      if (key) {
        item.type = "button";
        item.title = "Hide or show";
        item.dataset.key = key;
        item.addEventListener("click", () => this.toggle(key));
      }
      if (entry.look) {
        const [colour, path] = this.scene.glyphs[entry.look];
        item.append(make("svg", { width: 16, height: 16, "aria-hidden": "true" }, make("path", { class: "ln-glyph", stroke: colour, d: path })));
      } else if (entry.line) {
        item.append(make("svg", { width: 24, height: 16, "aria-hidden": "true" }, make("path", { class: `ln-link ln-${entry.line}`, d: "M1 8h22" })));
      } else if (key) {
        item.append(make("span", { class: `ln-swatch ln-c${entry.level}`, "aria-hidden": "true" }));
      } else {
        item.append(make("span", { class: "ln-sign" }, entry.sign));
      }
      item.append(make("span", {}, entry.text));
      return item;
    }));
  }

  drawFacets() {
    const facets = this.scene.facets ?? [];
    this.filters.hidden = !facets.length;
    const active = document.activeElement?.dataset?.facet;
    this.facets.replaceChildren(...facets.map(({ facet, values, more }) => make("div", { class: "ln-facet", role: "group", "aria-label": facet },
      make("span", { class: "ln-sign" }, facet),
      ...values.map(({ value, text, count, on }) => {
        const item = make("button", { type: "button", class: "ln-value", "aria-pressed": String(on), title: `Show only ${facet} ${text}` },
          make("span", {}, text), make("span", { class: "ln-sign" }, count.toLocaleString("en")));
        item.dataset.facet = `${facet}:${value}`;
        item.addEventListener("click", () => this.ask("filter", value, facet));
        return item;
      }),
      more ? make("span", { class: "ln-sign" }, `and ${more.toLocaleString("en")} more`) : null)));
    if (active) [...this.facets.querySelectorAll("button")].find((item) => item.dataset.facet === active)?.focus();
  }

  // ---- what the legend hides -------------------------------------------------------------------------------

  toggle(key) {
    const off = new Set(this.model.get("off"));
    if (!off.delete(key)) off.add(key);
    this.model.set("off", [...off].sort());
    this.model.save_changes();
    this.showOff();
  }

  showOff() {
    const off = new Set(this.model.get("off") ?? []);
    const gone = this.marks.map((mark) => off.has(`look:${mark.look}`) || (mark.badge && off.has(`level:${mark.badge.level}`)));
    const homes = new Set(this.marks.filter((mark, at) => gone[at]).map((mark) => mark.id));
    this.marks.forEach((mark, at) => { if (["up", "down"].includes(mark.side) && homes.has(mark.id)) gone[at] = true; });
    this.items.forEach((item) => item.group.classList.toggle("ln-off", Boolean(gone[item.place])));
    (this.scene.links ?? []).forEach((link, at) => {
      const words = link.style.split(" ").map((word) => `line:${word}`);
      const out = gone[link.s] || gone[link.t] || words.some((word) => off.has(word)) || ("level" in link && off.has(`level:${link.level}`));
      this.links[at].classList.toggle("ln-off", Boolean(out));
    });
    for (const item of this.legend.querySelectorAll("button")) item.setAttribute("aria-pressed", String(!off.has(item.dataset.key)));
    const count = gone.filter((is, at) => is && !this.marks[at].side).length;
    this.status.textContent = `${this.scene.summary ?? ""}${count ? ` The legend hides ${count.toLocaleString("en")} of them.` : ""}`;
  }

  showSelected() {
    const selected = this.model.get("selected");
    const chosen = this.items.findIndex((item) => selected !== "" && !item.mark.side && item.id === selected);
    this.items.forEach((item, at) => {
      item.group.classList.toggle("ln-selected", at === chosen);
      if (!item.mark.side) item.group.setAttribute("aria-pressed", String(at === chosen));
    });
    const lit = chosen < 0 ? new Set() : this.items[chosen].row < 0 ? this.touching(this.items[chosen].place) : this.flowing(this.items[chosen]);
    this.links.forEach((link, at) => link.classList.toggle("ln-lit", lit.has(at)));
    this.items.forEach((item) => {
      const on = item.row >= 0 && chosen >= 0 && this.items[chosen].row >= 0 && [...lit].some((at) => {
        const link = this.scene.links[at];
        return (link.s === item.place && link.sr === item.row) || (link.t === item.place && link.tr === item.row);
      });
      item.group.classList.toggle("ln-on", on);
    });
    const mark = this.chosenMark();
    this.centre.disabled = !mark || mark.id === this.scene.focus;
    this.onBox.forEach((tool, at) => (tool.disabled = !mark || (at === 0 && !mark.cols) || (at === 2 && mark.id === this.scene.focus)));
  }

  chosenMark() {
    const selected = this.model.get("selected");
    return this.items.find((item) => selected !== "" && !item.mark.side && item.id === selected)?.mark;
  }

  touching(place) {
    return new Set((this.scene.links ?? []).flatMap((link, at) => (link.s === place || link.t === place ? [at] : [])));
  }

  // Everything drawn that a column is made of, and that is made of it.
  flowing(item) {
    const links = this.scene.links ?? [];
    const lit = new Set();
    for (const [from, fromRow, to, toRow] of [["s", "sr", "t", "tr"], ["t", "tr", "s", "sr"]]) {
      const seen = new Set([`${item.place}.${item.row}`]);
      const open = [...seen];
      while (open.length) {
        const here = open.pop();
        links.forEach((link, at) => {
          if (link.sr === undefined || `${link[from]}.${link[fromRow]}` !== here) return;
          lit.add(at);
          const next = `${link[to]}.${link[toRow]}`;
          if (!seen.has(next)) seen.add(next), open.push(next);
        });
      }
    }
    return lit;
  }

  showProblem() {
    this.problem.textContent = this.model.get("problem") ?? "";
    this.problem.hidden = !this.problem.textContent;
  }

  // ---- camera ----------------------------------------------------------------------------------------------

  look(camera) {
    this.camera = camera;
    this.plane.setAttribute("transform", `translate(${camera.x.toFixed(2)} ${camera.y.toFixed(2)}) scale(${camera.k.toFixed(4)})`);
    this.moveWindow();
  }

  whole() {
    const { width = 0, height = 0 } = this.scene;
    const k = Math.min((this.box.width - 2 * PAD) / (width || 1), (this.box.height - 2 * PAD) / (height || 1), 1.15);
    return { k, x: (this.box.width - width * k) / 2, y: (this.box.height - height * k) / 2 };
  }

  fit() {
    if (this.box) this.look(this.whole());
  }

  home() {
    if (!this.box || !this.scene) return;
    const all = this.whole();
    const chosen = this.marks.filter((m) => m.flags.includes("focus"));
    // Of a path both ends matter.
    if (all.k >= (chosen.length === 1 ? READABLE : SMALL)) return this.look(all);
    if (!this.marks.length) return this.look(all);
    const middle = (start, extent) => {
      const of = chosen.length ? chosen : this.marks;
      return (Math.min(...of.map((m) => m[start])) + Math.max(...of.map((m) => m[start] + m[extent]))) / 2;
    };
    const k = READABLE + 0.13;
    const want = (size, centre, extent) => {
      if (extent * k <= size - 2 * PAD) return (size - extent * k) / 2;
      return Math.min(PAD, Math.max(size - PAD - extent * k, size / 2 - centre * k));
    };
    this.look({
      k,
      x: want(this.box.width, middle("x", "w"), this.scene.width),
      y: want(this.box.height, middle("y", "h"), this.scene.height),
    });
  }

  // Keep what the user acts on where it is, and let the rest glide there.
  hold(old, refocused) {
    const anchor = this.marks.find((mark) => !mark.side && mark.id === (this.anchor ?? this.scene.focus));
    const was = anchor && old.get(keyOf(anchor));
    if (!was || refocused) {
      this.untouched = true;
      return this.home();
    }
    const { x, y, k } = this.camera;
    if (this.untouched) this.home();
    else this.look({ k, x: x + (was.x - anchor.x) * k, y: y + (was.y - anchor.y) * k });
    if (still()) return;
    const shift = { x: (x - this.camera.x) / this.camera.k, y: (y - this.camera.y) / this.camera.k };
    this.items.forEach(({ mark, group, x: left, y: top }) => {
      const from = old.get(keyOf(mark));
      const move = from && { x: from.x + shift.x - mark.x, y: from.y + shift.y - mark.y };
      if (move && Math.abs(move.x) + Math.abs(move.y) < 1) return;
      const frames = move
        ? [{ transform: `translate(${left + move.x}px, ${top + move.y}px)` }, { transform: `translate(${left}px, ${top}px)` }]
        : [{ opacity: 0 }, { opacity: 1 }];
      group.animate(frames, { duration: 180, easing: "ease-out" });
    });
    this.plane.firstChild.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 220, easing: "ease-in" });
  }

  zoom(factor, at = null) {
    if (!this.box) return;
    const point = at ?? { x: this.box.width / 2, y: this.box.height / 2 };
    const k = Math.min(3, Math.max(0.05, this.camera.k * factor));
    const ratio = k / this.camera.k;
    this.untouched = false;
    this.look({ k, x: point.x - (point.x - this.camera.x) * ratio, y: point.y - (point.y - this.camera.y) * ratio });
  }

  reveal(at) {
    const { x, y, k } = this.camera;
    const mark = this.items[at];
    const shift = (low, high, size) => (low < PAD ? PAD - low : high > size - PAD ? size - PAD - high : 0);
    const dx = shift(mark.x * k + x, (mark.x + mark.w) * k + x, this.box.width);
    const dy = shift(mark.y * k + y, (mark.y + mark.h) * k + y, this.box.height);
    if (dx || dy) {
      this.untouched = false;
      this.look({ k, x: x + dx, y: y + dy });
    }
  }

  // ---- the small map ---------------------------------------------------------------------------------------

  drawMap() {
    const { width = 0, height = 0 } = this.scene;
    this.ratio = Math.min((MAP.width - 8) / (width || 1), (MAP.height - 8) / (height || 1));
    const r = this.ratio;
    this.map.setAttribute("width", Math.max(24, width * r + 8));
    this.map.setAttribute("height", Math.max(16, height * r + 8));
    this.mapped.replaceChildren(...this.marks.map((m) => make("rect", {
      class: m.flags.includes("focus") ? "ln-dot ln-dot-focus" : "ln-dot",
      x: (4 + m.x * r).toFixed(1), y: (4 + m.y * r).toFixed(1), width: Math.max(2, m.w * r).toFixed(1), height: Math.max(1.5, m.h * r).toFixed(1),
    })));
  }

  moveWindow() {
    if (!this.box || !this.scene) return;
    const { x, y, k } = this.camera;
    const { width = 0, height = 0 } = this.scene;
    const larger = width * k > this.box.width + 4 || height * k > this.box.height + 4;
    this.map.classList.toggle("ln-show", larger && this.marks.length > 1);
    if (!larger) return;
    const r = this.ratio;
    const place = { x: 4 - (x / k) * r, y: 4 - (y / k) * r, width: (this.box.width / k) * r, height: (this.box.height / k) * r };
    for (const [name, value] of Object.entries(place)) this.window.setAttribute(name, value.toFixed(1));
  }

  mapDrag(event, press) {
    if (press) this.map.setPointerCapture(event.pointerId);
    else if (!event.buttons) return;
    const box = this.map.getBoundingClientRect();
    const at = { x: (event.clientX - box.left - 4) / this.ratio, y: (event.clientY - box.top - 4) / this.ratio };
    const { k } = this.camera;
    this.untouched = false;
    this.look({ k, x: this.box.width / 2 - at.x * k, y: this.box.height / 2 - at.y * k });
  }

  // ---- mouse and touch -------------------------------------------------------------------------------------

  wheel(event) {
    if (!this.engaged && !event.ctrlKey && !event.metaKey) {
      this.hint.classList.add("ln-show");
      clearTimeout(this.hinting);
      this.hinting = setTimeout(() => this.hint.classList.remove("ln-show"), 1400);
      return;
    }
    event.preventDefault();
    const box = this.svg.getBoundingClientRect();
    const step = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
    this.zoom(Math.exp(-Math.max(-120, Math.min(120, step)) * 0.0024), { x: event.clientX - box.left, y: event.clientY - box.top });
  }

  press(event) {
    this.moved = false;
    this.engaged = true;
    if (event.button === 0) this.start = { x: event.clientX, y: event.clientY, camera: this.camera, id: event.pointerId };
  }

  drag(event) {
    if (!this.start || event.pointerId !== this.start.id) return;
    const dx = event.clientX - this.start.x;
    const dy = event.clientY - this.start.y;
    if (!this.moved && Math.hypot(dx, dy) < SLACK) return;
    if (!this.moved) this.svg.setPointerCapture(event.pointerId);
    this.moved = true;
    this.untouched = false;
    this.svg.classList.add("ln-panning");
    this.look({ ...this.start.camera, x: this.start.camera.x + dx, y: this.start.camera.y + dy });
  }

  release() {
    this.start = null;
    this.svg.classList.remove("ln-panning");
  }

  itemAt(event) {
    const group = event.target.closest?.("[data-item]");
    return group ? this.items[Number(group.dataset.item)] : null;
  }

  click(event) {
    const item = this.moved ? null : this.itemAt(event);
    if (!item) return;
    const { mark } = item;
    this.rove(this.items.indexOf(item), true);
    const side = event.target.closest(".ln-more")?.dataset.side ?? mark.side;
    if (side) this.expand(mark.id, side);
    else if (event.target.closest(".ln-fold")) this.columns(mark.id);
    else if (event.target.closest(".ln-foot")) this.ask("more_columns", mark.id);
    else if (event.shiftKey) this.ask("path", item.id);
    else this.select(item.id, mark.id);
  }

  // ---- what Python hears -----------------------------------------------------------------------------------

  select(id, anchor = id) {
    this.anchor = anchor;
    this.model.set("selected", id);
    this.model.save_changes();
    this.showSelected();
  }

  ask(what, id, side = "") {
    this.anchor = id;
    this.model.send({ do: what, id, side });
  }

  refocus(id) {
    if (!id) return;
    this.model.send({ do: "focus", id });
    this.anchor = null;
  }

  expand(id, side) {
    this.ask("expand", id, side);
  }

  columns(id) {
    if (id) this.ask("columns", id);
  }

  // ---- keyboard --------------------------------------------------------------------------------------------

  rove(at, take) {
    this.items.forEach((item, place) => item.group.setAttribute("tabindex", at === place ? "0" : "-1"));
    if (take && this.items[at]) this.items[at].group.focus({ preventScroll: true });
  }

  go(at) {
    if (at === undefined || at < 0 || !this.items[at]) return;
    this.rove(at, true);
    this.reveal(at);
  }

  off(item) {
    return item.group.classList.contains("ln-off");
  }

  along(item, from, to) {
    const rows = { s: "sr", t: "tr" };
    const middle = (other) => other.y + other.h / 2;
    const near = (this.scene.links ?? []).filter((link) => {
      if (link[from] !== item.place || link[to] === item.place) return false;
      return item.row < 0 ? link.sr === undefined : link[rows[from]] === item.row;
    }).map((link) => this.items.findIndex((other) => other.place === link[to] && other.row === (link[rows[to]] ?? -1)));
    return near.filter((at) => at >= 0 && !this.off(this.items[at]))
      .sort((a, b) => Math.abs(middle(this.items[a]) - middle(item)) - Math.abs(middle(this.items[b]) - middle(item)))[0];
  }

  beside(item, way) {
    const column = this.items.filter((other) => other.mark.layer === item.mark.layer && Math.abs(other.x - item.x) < other.w && !this.off(other));
    column.sort((a, b) => a.y - b.y);
    return this.items.indexOf(column[column.indexOf(item) + way]);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const item = this.itemAt(event);
    const anywhere = {
      "/": () => this.search(),
      "?": () => this.showHelp(this.help.hidden),
      Escape: this.help.hidden ? null : () => this.showHelp(false),
      z: () => this.ask("undo", this.scene.focus ?? ""),
      y: () => this.ask("redo", this.scene.focus ?? ""),
    };
    const here = item && {
      ArrowRight: () => this.go(this.along(item, "s", "t")),
      ArrowLeft: () => this.go(this.along(item, "t", "s")),
      ArrowUp: () => this.go(this.beside(item, -1)),
      ArrowDown: () => this.go(this.beside(item, 1)),
      Home: () => this.go(this.items.findIndex((other) => other.mark.flags.includes("focus"))),
      Enter: () => {
        if (item.mark.side) this.expand(item.id, item.mark.side);
        else if (event.shiftKey) this.ask("path", item.id);
        else this.select(item.id, item.mark.id);
      },
      f: () => !item.mark.side && this.refocus(item.id),
      e: () => this.expand(item.mark.id, item.mark.side ?? ""),
      x: () => !item.mark.side && this.ask("collapse", item.mark.id),
      c: () => item.mark.cols && this.columns(item.mark.id),
      p: () => !item.mark.side && this.ask("pin", item.mark.id),
      h: () => !item.mark.side && this.ask("hide", item.mark.id),
      "+": () => this.zoom(1.3),
      "-": () => this.zoom(1 / 1.3),
      0: () => this.fit(),
    };
    const acts = { ...anywhere, ...(here ? { ...here, " ": here.Enter, "=": here["+"] } : {}) };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  showHelp(show) {
    this.help.hidden = !show;
    this.helper.setAttribute("aria-expanded", String(show));
  }

  search() {
    const widget = this.root.closest(".ln-widget");
    widget?.querySelector(".ln-search input")?.focus();
  }
}

export default {
  render({ model, el }) {
    const view = new View(model, el);
    return () => view.close();
  },
};
