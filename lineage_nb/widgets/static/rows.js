// Rows to pick, one at a time, by click or keys. Joined to itables' module, whose widget is `itablesWidget` here.
// itables' own way takes seconds at 100,000 rows, and JupyterLab's shortcuts take the arrows from it.

const LARGE = 5000; // rows; from here on, a search waits for a pause in typing
const CHUNK = 5000; // rows added at a time, so that the page stays alive

// How many rows there are, while some are still to come.
function counted(total, start, end, here, found, text) {
  if (total <= here) return text;
  const [from, to, all, first, hits] = [start, end, total, here, found].map((count) => count.toLocaleString("en"));
  return found === here ? `Showing ${from} to ${to} of ${all} entries` : `Showing ${from} to ${to} of ${hits} found in the first ${first} of ${all} entries`;
}

// What itables' widget sees: it selects nothing itself.
function withoutSelection(model) {
  const own = (name) => name !== "selected_rows" && name !== "change:selected_rows";
  const patient = (options) => ({
    ...options,
    searchDelay: model.get("total") > LARGE || (options.data_json ?? "").length > 100 * LARGE ? 200 : 0,
    infoCallback: (settings, start, end, here, found, text) => counted(model.get("total"), start, end, here, found, text),
  });
  return {
    get: (name) => (name === "_dt_args" ? patient(model.get(name)) : own(name) ? model.get(name) : []),
    set() {},
    save_changes() {},
    on: (name, act) => own(name) && model.on(name, act),
    off: (name, act) => own(name) && model.off(name, act),
  };
}

class PickableRows {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.current = null; // number of the row that the keys are on
    this.held = false; // whether it has the focus, or lost it by a redraw
    el.setAttribute("data-lm-suppress-shortcuts", "true");
    this.observer = new MutationObserver(() => this.redrawn());
    this.observer.observe(el, { childList: true, subtree: true });
    el.addEventListener("click", (event) => this.clicked(event));
    el.addEventListener("keydown", (event) => this.key(event));
    el.addEventListener("focusin", (event) => this.entered(event));
    el.addEventListener("focusout", (event) => this.left(event));
    this.tell = () => this.redrawn();
    model.on("change:selected_rows", this.tell);
    this.redrawn();
  }

  close() {
    this.observer.disconnect();
    this.model.off("change:selected_rows", this.tell);
  }

  // Rows of this page; DataTables notes on each its number as it was sent, however they are sorted.
  rows() {
    return [...this.el.querySelectorAll("table.dataTable > tbody > tr")].filter((row) => Number.isInteger(row._DT_RowIndex));
  }

  rowOf(event) {
    const row = event.target.closest("table.dataTable > tbody > tr");
    return row && this.el.contains(row) && Number.isInteger(row._DT_RowIndex) ? row : null;
  }

  redrawn() {
    const rows = this.rows();
    const picked = this.model.get("selected_rows")[0];
    const reached = rows.find((row) => row._DT_RowIndex === this.current) ?? rows[0];
    for (const row of rows) {
      const is = row._DT_RowIndex === picked;
      row.classList.toggle("selected", is);
      if (is) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
      row.tabIndex = row === reached ? 0 : -1;
    }
    if (this.held && reached && document.activeElement === document.body) reached.focus({ preventScroll: true });
  }

  entered(event) {
    const row = this.rowOf(event);
    this.held = row !== null;
    if (!row) return;
    this.current = row._DT_RowIndex;
    for (const other of this.rows()) other.tabIndex = other === row ? 0 : -1;
  }

  left(event) {
    if (event.relatedTarget) this.held = false;
    else setTimeout(() => { this.held &&= this.el.contains(document.activeElement) || !document.hasFocus(); }, 0);
  }

  clicked(event) {
    const row = this.rowOf(event);
    if (!row || document.getSelection().type === "Range") return; // text marked to be copied
    row.focus({ preventScroll: true });
    this.pick(row);
  }

  pick(row) {
    this.model.set("selected_rows", [row._DT_RowIndex]);
    this.model.save_changes();
  }

  key(event) {
    const row = this.rowOf(event);
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = this.rows();
    const at = rows.indexOf(row);
    const acts = {
      Enter: () => this.pick(row),
      " ": () => this.pick(row),
      ArrowDown: () => this.step(rows, at + 1),
      ArrowUp: () => this.step(rows, at - 1),
      Home: () => this.step(rows, 0),
      End: () => this.step(rows, rows.length - 1),
      PageDown: () => this.turn("next", 0),
      PageUp: () => this.turn("previous", 0),
    };
    if (!Object.hasOwn(acts, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  step(rows, to) {
    if (to < 0) this.turn("previous", -1);
    else if (to >= rows.length) this.turn("next", 0);
    else rows[to].focus();
  }

  // Go to another page, and there to its first or last row.
  turn(which, at) {
    const button = this.el.querySelector(`.dt-paging-button.${which}:not(.disabled)`);
    if (!button) return;
    button.click();
    this.rows().at(at)?.focus();
  }
}

// DataTables' Select notes the id of each row that is deselected, all of them whenever a table is drawn anew.
function spare(el, ready) {
  const jQuery = window.$;
  if (!jQuery?.fn?.dataTable) return;
  jQuery(el).on("init.dt", (event, settings) => {
    const table = new jQuery.fn.dataTable.Api(settings);
    table.off("deselect");
    ready(table);
  });
}

// Rows that follow the first ones: page, order and search stay as they are.
class Following {
  constructor(model) {
    this.model = model;
    this.done = false;
    this.table = null;
    this.look = () => this.begin();
    model.on("change:rest", this.look);
  }

  close() {
    this.done = true;
    this.model.off("change:rest", this.look);
  }

  ready(table) {
    this.table = table;
    this.begin();
  }

  async begin() {
    const id = this.model.get("rest");
    if (!id || !this.table || this.done) return;
    this.done = true;
    const rest = await this.model.widget_manager.get_model(id.replace("IPY_MODEL_", ""));
    const rows = JSON.parse(rest.get("data"));
    for (let at = 0; at < rows.length; at += CHUNK) {
      if (!this.table.table().node()?.isConnected) return;
      this.table.rows.add(rows.slice(at, at + CHUNK));
      await new Promise((next) => setTimeout(next));
    }
    this.table.draw(false);
  }
}

export default {
  render({ model, el }) {
    const following = new Following(model);
    spare(el, (table) => following.ready(table));
    itablesWidget.render({ model: withoutSelection(model), el });
    const rows = new PickableRows(model, el);
    return () => {
      rows.close();
      following.close();
    };
  },
};
