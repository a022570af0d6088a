// Buttons of a page: show all code, copy code; of the index: sort and filter claims, kept in the address.
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
for (const code of document.querySelectorAll(".highlight")) {
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

// What is folded is printed as well.
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  closed.forEach((fold) => (fold.open = true));
});
addEventListener("afterprint", () => closed.forEach((fold) => (fold.open = false)));

// The scoreboard: filters by report and verdict, order by column.
const board = document.querySelector("table.scoreboard");
if (board) {
  const body = board.tBodies[0];
  const rows = [...body.rows];
  const state = new URLSearchParams(location.hash.slice(1));
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
    count.textContent = `${shown.length} of ${rows.length} claims`;
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
  addEventListener("hashchange", () => {
    for (const key of ["report", "verdict", "sort"]) state.delete(key);
    new URLSearchParams(location.hash.slice(1)).forEach((value, key) => state.set(key, value));
    show();
  });
  board.before(filters, count);
  show();
}
