// Of a page: show all code, copy code, read charts; of the index: sort and filter claims, kept in the address.
"use strict";

const make = (tag, text, attributes = {}) => {
  const made = Object.assign(document.createElement(tag), attributes);
  made.textContent = text;
  return made;
};

// Code: one button for all of it, one at each cell to copy it.
const folds = [...document.querySelectorAll("details.code")];
const tools = document.querySelector(".tools");
if (folds.length && tools) {
  const all = make("button", "Show all code", { type: "button" });
  all.addEventListener("click", () => {
    const open = all.getAttribute("aria-pressed") !== "true";
    folds.forEach((fold) => (fold.open = open));
    all.setAttribute("aria-pressed", open);
    all.textContent = open ? "Fold all code" : "Show all code";
  });
  all.setAttribute("aria-pressed", "false");
  tools.append(all);
}
for (const code of document.querySelectorAll("details.code .highlight")) {
  const copy = make("button", "Copy", { type: "button", className: "copy" });
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.querySelector("pre").textContent);
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code.querySelector("pre"));
      copy.textContent = "Selected: press Ctrl+C";
    }
    setTimeout(() => (copy.textContent = "Copy"), 2000);
  });
  code.before(copy);
}

// Charts: their values, where a reader points or goes by the arrow keys.
for (const data of document.querySelectorAll("figure script.values")) {
  const image = data.closest("figure").querySelector("img, svg");
  const values = JSON.parse(data.textContent).panels.flatMap((panel) =>
    panel.series.flatMap((series) => series.points.map((point) => ({ panel, series, point }))));
  if (!values.length) continue;
  const frame = make("div", "", { className: "chart-frame", tabIndex: 0 });
  const dot = make("span", "", { className: "dot", hidden: true });
  const said = make("output", "", { hidden: true });
  frame.setAttribute("role", "application"); // else a screen reader keeps the arrow keys for itself
  frame.setAttribute("aria-roledescription", "chart");
  const named = image.alt || image.getAttribute("aria-label");
  frame.setAttribute("aria-label", `${named}: ${values.length} values, one by one with the arrow keys`);
  image.replaceWith(frame);
  frame.append(image, dot, said);
  let at = -1;

  const place = ({ point: [, , left, top] }) => {
    const style = getComputedStyle(image);
    const edge = parseFloat(style.paddingLeft) + parseFloat(style.borderLeftWidth);
    const { width, height } = image.getBoundingClientRect();
    return [edge + ((width - 2 * edge) * left) / 1000, edge + ((height - 2 * edge) * top) / 1000];
  };
  const words = ({ panel, series, point: [x, y, , , value] }) => {
    if (value !== undefined) return `${panel.y} ${y}, ${panel.x} ${x}: ${value}`;
    if (panel.rows === "y") return `${[y, series.name].filter(Boolean).join(", ")}: ${panel.x} ${x}`;
    return `${series.name ? `${series.name}: ` : ""}${panel.y || panel.title} ${y}, ${panel.x} ${x}`;
  };
  const hide = () => (dot.hidden = said.hidden = true);
  const tell = (k) => {
    at = k;
    const [left, top] = place(values[k]);
    dot.hidden = said.hidden = false;
    said.textContent = words(values[k]);
    for (const each of [dot, said]) Object.assign(each.style, { left: `${left}px`, top: `${top}px` });
    said.style.translate = `${-values[k].point[2] / 10}% ${values[k].point[3] < 200 ? "0.8rem" : "calc(-100% - 0.8rem)"}`;
  };
  const point = (event) => {
    const box = frame.getBoundingClientRect();
    const far = values.map((value) => Math.hypot(place(value)[0] - event.clientX + box.left, place(value)[1] - event.clientY + box.top));
    const nearest = far.indexOf(Math.min(...far));
    far[nearest] < 40 ? tell(nearest) : hide();
  };
  frame.addEventListener("pointermove", point);
  frame.addEventListener("pointerdown", point);
  frame.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && hide()); // a finger leaves as it lifts
  frame.addEventListener("blur", hide);
  frame.addEventListener("keydown", (event) => {
    const of = (k) => values[k] && values[k].series;
    const step = {
      ArrowRight: () => at + 1,
      ArrowLeft: () => at - 1,
      ArrowDown: () => values.findIndex((value, k) => k > at && value.series !== of(at)),
      ArrowUp: () => values.findIndex((value) => value.series === of(values.findIndex(({ series }) => series === of(at)) - 1)),
      Home: () => 0,
      End: () => values.length - 1,
    }[event.key];
    if (event.key === "Escape") hide();
    if (!step) return;
    event.preventDefault();
    const k = step();
    if (values[k]) tell(k);
  });
}

// What is folded is printed as well, but for the tables behind charts.
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open]):not(.values)")];
  closed.forEach((fold) => (fold.open = true));
});
addEventListener("afterprint", () => closed.forEach((fold) => (fold.open = false)));

// The scoreboard: filters by report and verdict, order by column.
const board = document.querySelector("table.scoreboard");
if (board) {
  const body = board.tBodies[0];
  const rows = [...body.rows];
  const KEYS = ["report", "verdict", "sort"];
  const state = new URLSearchParams();
  const read = () => {
    const address = new URLSearchParams(location.hash.slice(1));
    if (location.hash && !KEYS.some((key) => address.has(key))) return; // a link to a place on the page
    KEYS.forEach((key) => (address.get(key) ? state.set(key, address.get(key)) : state.delete(key)));
  };
  const count = make("p", "", { className: "label" });
  count.setAttribute("role", "status");
  const filters = make("p", "", { className: "tools filters" });

  const show = () => {
    const shown = rows.filter((row) =>
      ["report", "verdict"].every((key) => !state.get(key) || row.dataset[key] === state.get(key)));
    rows.forEach((row) => (row.hidden = !shown.includes(row)));
    const sort = state.get("sort") || "";
    const column = [...board.tHead.rows[0].cells].findIndex((cell) => cell.dataset.sort === sort.replace("-", ""));
    const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
    const sign = sort.startsWith("-") ? -1 : 1;
    const ordered = column < 0 ? rows : [...rows].sort(
      (a, b) => sign * key(a).localeCompare(key(b), "en", { numeric: true }) || rows.indexOf(a) - rows.indexOf(b));
    body.append(...ordered);
    [...board.tHead.rows[0].cells].forEach((cell, k) =>
      k === column ? cell.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending") : cell.removeAttribute("aria-sort"));
    count.textContent = `${shown.length} of ${rows.length} rows`;
    for (const select of filters.querySelectorAll("select")) select.value = state.get(select.name) || "";
  };
  const set = (key, value) => {
    value ? state.set(key, value) : state.delete(key);
    const address = state.toString();
    history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
    show();
  };

  for (const [key, label] of [["report", "Report"], ["verdict", "Verdict"]]) {
    const select = make("select", "", { name: key });
    const values = [...new Set(rows.map((row) => row.dataset[key]))].sort();
    select.append(make("option", "all", { value: "" }), ...values.map((value) => make("option", value, { value })));
    select.addEventListener("change", () => set(key, select.value));
    const wrapped = make("label", `${label} `);
    wrapped.append(select);
    filters.append(wrapped);
  }
  for (const cell of board.tHead.rows[0].cells) {
    if (!cell.dataset.sort) continue;
    const button = make("button", cell.textContent, { type: "button" });
    button.addEventListener("click", () =>
      set("sort", state.get("sort") === cell.dataset.sort ? `-${cell.dataset.sort}` : cell.dataset.sort));
    cell.replaceChildren(button);
  }
  addEventListener("hashchange", () => (read(), show()));
  board.before(filters, count);
  read();
  show();
}
