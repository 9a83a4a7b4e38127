// Draws a scene that Python laid out, and tells Python what was clicked.
// Every text is set through textContent or setAttribute: names in a snapshot are never markup.

const SVG = "http://www.w3.org/2000/svg";
const PAD = 24;
const READABLE = 0.62; // below this scale names cannot be read
const SLACK = 4; // pixels a click may move

const KEYS = [
  ["← →", "along the edges"],
  ["↑ ↓", "within the column"],
  ["Enter", "select"],
  ["F", "put in the middle"],
  ["E", "show more neighbours"],
  ["+ − 0", "zoom, fit"],
  ["/", "search"],
];

function make(tag, attributes = {}, ...children) {
  const node = tag in HTML ? document.createElement(tag) : document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  for (const child of children) if (child !== null) node.append(child);
  return node;
}
const HTML = { div: 1, span: 1, button: 1, p: 1, dl: 1, dt: 1, dd: 1 };

const keyOf = (mark) => `${mark.side ?? "node"}:${mark.id}`;
const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

class View {
  constructor(model, el) {
    this.model = model;
    this.camera = { x: 0, y: 0, k: 1 };
    this.marks = [];
    this.groups = [];
    this.anchor = null;
    this.untouched = true;
    this.build(el);
    this.listen();
    this.draw(null);
  }

  build(el) {
    this.plane = make("g");
    this.svg = make("svg", { class: "ln-canvas", role: "group" }, this.plane);
    this.legend = make("div", { class: "ln-key" });
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
    this.centre = button("◎ Focus", "Put the selected node in the middle", () => this.refocus(this.model.get("selected")));
    this.tools = make("div", { class: "ln-tools", role: "toolbar", "aria-label": "Picture" },
      this.centre,
      button("−", "Zoom out", () => this.zoom(1 / 1.3)),
      button("+", "Zoom in", () => this.zoom(1.3)),
      button("⤢", "Show everything", () => this.fit()),
      button("?", "Keys", (event) => {
        this.help.hidden = !this.help.hidden;
        event.currentTarget.setAttribute("aria-expanded", String(!this.help.hidden));
      }));
    this.stage = make("div", { class: "ln-stage" }, this.svg, this.help, this.hint);
    this.root = make("div", { class: "ln-explorer", "data-lm-suppress-shortcuts": "true" },
      make("div", { class: "ln-frame" }, make("div", { class: "ln-head" }, this.status, this.tools), this.stage),
      this.problem, this.legend);
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
      const mark = this.markAt(event);
      if (mark && !mark.side) this.refocus(mark.id);
    });
    this.svg.addEventListener("keydown", (event) => this.key(event));
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
    if (first || this.untouched) this.home();
  }

  // ---- drawing ---------------------------------------------------------------------------------------------

  draw(before) {
    const scene = this.model.get("scene");
    const active = this.groups.indexOf(document.activeElement);
    const held = active >= 0 ? keyOf(this.marks[active]) : null;
    const old = new Map((before ?? []).map((mark) => [keyOf(mark), mark]));
    const refocused = this.scene && this.scene.focus !== scene.focus;
    this.scene = scene;
    this.marks = scene.marks ?? [];
    this.svg.setAttribute("aria-label", `Lineage of ${scene.focus ?? "everything"}, left to right`);
    this.links = (scene.links ?? []).map((link) => this.drawLink(link));
    this.groups = this.marks.map((mark, place) => this.drawMark(mark, place));
    this.plane.replaceChildren(
      make("g", { class: "ln-links", "aria-hidden": "true" }, ...this.links),
      make("g", { class: "ln-marks" }, ...this.groups));
    this.drawLegend();
    this.status.textContent = scene.summary ?? "";
    this.hold(old, refocused);
    this.showSelected();
    const at = this.marks.findIndex((mark) => keyOf(mark) === held);
    this.rove(Math.max(0, at >= 0 ? at : this.marks.findIndex((mark) => mark.flags.includes("focus"))), at >= 0);
  }

  drawLink(link) {
    const style = link.style.split(" ").map((word) => `ln-${word}`).join(" ");
    return make("g", {},
      make("path", { class: `ln-link ${style}`, d: link.d }),
      link.tip ? make("path", { class: `ln-tip ${style}`, d: link.tip }) : null);
  }

  drawMark(mark, place) {
    const { w, h } = mark;
    const bundle = Boolean(mark.side);
    const group = make("g", {
      class: ["ln-mark", ...mark.flags.map((flag) => `ln-${flag}`), bundle ? "ln-bundle" : ""].join(" ").trim(),
      transform: `translate(${mark.x} ${mark.y})`,
      role: "button",
      tabindex: "-1",
      "aria-label": bundle ? mark.name : `${mark.label}: ${mark.name}`,
    });
    group.dataset.place = place;
    const title = make("title");
    title.textContent = mark.name;
    group.append(title, make("rect", { class: "ln-box", width: w, height: h, rx: bundle ? h / 2 : 7 }));
    if (bundle) {
      group.append(this.words("label", 13, h / 2 + 4.5, mark.label));
      return group;
    }
    const [colour, path] = this.scene.glyphs[mark.look];
    group.append(
      make("path", { d: `M5 .6H7A6.4 6.4 0 0 0 .6 7V${h - 7}A6.4 6.4 0 0 0 7 ${h - 0.6}H5z`, fill: colour, stroke: colour, "stroke-width": 1.2 }),
      make("path", { class: "ln-glyph", transform: `translate(12 ${h / 2 - 8})`, stroke: colour, d: path }),
      this.words("label", 34, mark.sub ? 18.5 : h / 2 + 4.5, mark.label));
    if (mark.sub) group.append(this.words("sub", 34, 33.5, mark.sub));
    if (mark.flags.includes("pii")) group.append(this.words("tag", w - 6, 34, "PII"));
    for (const [side, count] of [["up", mark.up], ["down", mark.down]]) if (count) group.append(this.pill(mark, side, count));
    return group;
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
      const item = make("span", { class: "ln-entry" });
      if (entry.look) {
        const [colour, path] = this.scene.glyphs[entry.look];
        item.append(make("svg", { width: 16, height: 16, "aria-hidden": "true" }, make("path", { class: "ln-glyph", stroke: colour, d: path })));
      } else if (entry.line) {
        item.append(make("svg", { width: 24, height: 16, "aria-hidden": "true" }, make("path", { class: `ln-link ln-${entry.line}`, d: "M1 8h22" })));
      } else {
        item.append(make("span", { class: "ln-sign" }, entry.sign));
      }
      item.append(entry.text);
      return item;
    }));
  }

  showSelected() {
    const selected = this.model.get("selected");
    this.groups.forEach((group, place) => {
      const is = selected !== "" && !this.marks[place].side && this.marks[place].id === selected;
      group.classList.toggle("ln-selected", is);
      if (!this.marks[place].side) group.setAttribute("aria-pressed", String(is));
    });
    (this.scene.links ?? []).forEach((link, place) => {
      const touches = [link.s, link.t].some((end) => this.groups[end].classList.contains("ln-selected"));
      this.links[place].classList.toggle("ln-lit", touches);
    });
    this.centre.disabled = !this.marks.some((mark) => mark.id === selected) || selected === this.scene.focus;
  }

  showProblem() {
    this.problem.textContent = this.model.get("problem") ?? "";
    this.problem.hidden = !this.problem.textContent;
  }

  // ---- camera ----------------------------------------------------------------------------------------------

  look(camera) {
    this.camera = camera;
    this.plane.setAttribute("transform", `translate(${camera.x.toFixed(2)} ${camera.y.toFixed(2)}) scale(${camera.k.toFixed(4)})`);
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
    if (all.k >= READABLE) return this.look(all);
    const chosen = this.marks.filter((m) => m.flags.includes("focus"));
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
    this.groups.forEach((group, place) => {
      const mark = this.marks[place];
      const from = old.get(keyOf(mark));
      const frames = from
        ? [{ transform: `translate(${from.x + shift.x}px, ${from.y + shift.y}px)` }, { transform: `translate(${mark.x}px, ${mark.y}px)` }]
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

  reveal(place) {
    const { x, y, k } = this.camera;
    const mark = this.marks[place];
    const shift = (low, high, size) => (low < PAD ? PAD - low : high > size - PAD ? size - PAD - high : 0);
    const dx = shift(mark.x * k + x, (mark.x + mark.w) * k + x, this.box.width);
    const dy = shift(mark.y * k + y, (mark.y + mark.h) * k + y, this.box.height);
    if (dx || dy) {
      this.untouched = false;
      this.look({ k, x: x + dx, y: y + dy });
    }
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

  markAt(event) {
    const group = event.target.closest?.(".ln-mark");
    return group ? this.marks[Number(group.dataset.place)] : null;
  }

  click(event) {
    const mark = this.moved ? null : this.markAt(event);
    if (!mark) return;
    this.rove(this.marks.indexOf(mark), true);
    const side = event.target.closest(".ln-more")?.dataset.side ?? mark.side;
    if (side) this.expand(mark.id, side);
    else this.select(mark.id);
  }

  // ---- what Python hears -----------------------------------------------------------------------------------

  select(id) {
    this.anchor = id;
    this.model.set("selected", id);
    this.model.save_changes();
    this.showSelected();
  }

  refocus(id) {
    if (!id) return;
    this.anchor = null;
    this.model.send({ do: "focus", id });
  }

  expand(id, side) {
    this.anchor = id;
    this.model.send({ do: "expand", id, side });
  }

  // ---- keyboard --------------------------------------------------------------------------------------------

  rove(place, take) {
    this.groups.forEach((group, at) => group.setAttribute("tabindex", at === place ? "0" : "-1"));
    if (take && this.groups[place]) this.groups[place].focus({ preventScroll: true });
  }

  go(place) {
    if (place === undefined || place < 0 || !this.groups[place]) return;
    this.rove(place, true);
    this.reveal(place);
  }

  along(place, from, to) {
    const middle = (at) => this.marks[at].y + this.marks[at].h / 2;
    const near = this.scene.links.filter((link) => link[from] === place && link[to] !== place).map((link) => link[to]);
    return near.sort((a, b) => Math.abs(middle(a) - middle(place)) - Math.abs(middle(b) - middle(place)))[0];
  }

  beside(place, way) {
    const mark = this.marks[place];
    const column = this.marks.map((m, at) => [m, at]).filter(([m]) => m.layer === mark.layer && Math.abs(m.x - mark.x) < m.w);
    column.sort(([a], [b]) => a.y - b.y);
    return column[column.findIndex(([, at]) => at === place) + way]?.[1];
  }

  key(event) {
    const place = this.groups.indexOf(event.target.closest?.(".ln-mark"));
    if (place < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const mark = this.marks[place];
    const acts = {
      ArrowRight: () => this.go(this.along(place, "s", "t")),
      ArrowLeft: () => this.go(this.along(place, "t", "s")),
      ArrowUp: () => this.go(this.beside(place, -1)),
      ArrowDown: () => this.go(this.beside(place, 1)),
      Home: () => this.go(this.marks.findIndex((m) => m.flags.includes("focus"))),
      Enter: () => (mark.side ? this.expand(mark.id, mark.side) : this.select(mark.id)),
      f: () => this.refocus(mark.id),
      e: () => {
        for (const side of ["up", "down"]) if (mark[side]) this.expand(mark.id, side);
      },
      "+": () => this.zoom(1.3),
      "-": () => this.zoom(1 / 1.3),
      0: () => this.fit(),
      "/": () => this.search(),
    };
    const act = { ...acts, " ": acts.Enter, F: acts.f, E: acts.e, "=": acts["+"] }[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
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
