// Look into nets: a confusion matrix to click, the images of a cell, the images on which nets disagree most.
"use strict";

const sets = JSON.parse(document.getElementById("data").textContent);
const form = document.forms[0];
const matrixBox = document.getElementById("matrix");
const matrixWords = document.getElementById("matrix-words");
const count = document.getElementById("count");
const tiles = document.getElementById("tiles");
const more = document.getElementById("more");
const PAGE = 120; // tiles shown at a time

const make = (tag, text = "", attributes = {}) => {
  const made = Object.assign(document.createElement(tag), attributes);
  made.textContent = text;
  return made;
};
const unpack = async (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};
const labelsOf = async (set) => (set.y_true ??= await unpack(set.labels));
const answersOf = async (run) => (run.answers ??= {
  y_pred: await unpack(run.y_pred),
  second: await unpack(run.second),
  percent: await unpack(run.percent),
});

const state = () => {
  const address = new URLSearchParams(location.hash.slice(1));
  const within = (key, size, otherwise) => {
    const value = Number(address.get(key) ?? otherwise);
    return Number.isInteger(value) && value >= 0 && value < size ? value : otherwise;
  };
  const set = within("set", sets.length, 0);
  const runs = sets[set].runs.length;
  const cell = (address.get("cell") || "").split("-").map(Number);
  const classes = sets[set].classes.length;
  const isCell = cell.length === 2 && cell.every((k) => Number.isInteger(k) && k >= 0 && k < classes);
  return { set, a: within("a", runs, 0), b: within("b", runs, -1), cell: isCell && address.has("cell") ? cell : null };
};
const go = (changes) => {
  const next = { ...state(), ...changes };
  const address = new URLSearchParams({ set: next.set, a: next.a });
  if (next.b >= 0) address.set("b", next.b);
  if (next.cell) address.set("cell", next.cell.join("-"));
  location.hash = address;
};

const fill = (select, names, value) => {
  select.replaceChildren(...names.map(([key, name]) => make("option", name, { value: key })));
  select.value = value;
};
const percent = (share) => `${Math.round(100 * share)}\u00a0%`;
const numbered = (number) => `${number} image${number === 1 ? "" : "s"}`;
const taken = (set, label, said) =>
  label === said ? `${set.classes[label]}, recognised` : `${set.classes[label]} taken for ${set.classes[said]}`;

const drawMatrix = (set, run, y_true, answers, cell) => {
  const size = set.classes.length;
  const counts = Array.from({ length: size }, () => new Array(size).fill(0));
  y_true.forEach((label, i) => counts[label][answers.y_pred[i]]++);
  const table = make("table", "", { className: "matrix" });
  matrixWords.textContent = `${run.name}: ${percent(run.accuracy)} right. Rows are true classes, columns what the net said.`;
  const head = table.createTHead().insertRow();
  head.append(make("td"), ...set.classes.map((name) => make("th", name, { scope: "col" })));
  const body = table.createTBody();
  counts.forEach((row, label) => {
    const line = body.insertRow();
    line.append(make("th", set.classes[label], { scope: "row" }));
    const total = row.reduce((sum, number) => sum + number, 0) || 1;
    row.forEach((number, said) => {
      const button = make("button", number, { type: "button", disabled: !number });
      button.setAttribute("aria-label", `${taken(set, label, said)}: ${numbered(number)}`);
      button.setAttribute("aria-pressed", Boolean(cell) && cell[0] === label && cell[1] === said);
      button.style.setProperty("--share", `${Math.round((100 * number) / total)}%`);
      if (label === said) button.classList.add("right");
      button.addEventListener("click", () => go({ cell: [label, said] }));
      line.insertCell().append(button);
    });
  });
  const focused = matrixBox.contains(document.activeElement);
  matrixBox.replaceChildren(table);
  if (focused) matrixBox.querySelector("[aria-pressed=true]")?.focus({ preventScroll: true });
};

const tile = (set, index, label, answers) => {
  const figure = make("figure", "", { className: "tile" });
  const at = set.pictured.indexOf(index);
  const name = set.classes[label];
  if (at >= 0 && set.sheet) {
    const picture = make("div", "", { className: "picture" });
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", `Test image ${index}: ${name}`);
    const rows = Math.ceil(set.pictured.length / set.columns);
    picture.style.backgroundImage = `url("${set.sheet}")`;
    picture.style.backgroundSize = `${100 * set.columns}% ${100 * rows}%`;
    const across = (at % set.columns) / Math.max(1, set.columns - 1);
    const down = Math.floor(at / set.columns) / Math.max(1, rows - 1);
    picture.style.backgroundPosition = `${100 * across}% ${100 * down}%`;
    figure.append(picture);
  } else {
    figure.append(make("div", `no picture of image ${index}`, { className: "picture none" }));
  }
  const words = make("figcaption");
  words.append(make("strong", name));
  for (const said of answers) {
    const right = said.y_pred[index] === label;
    const sure = percent(said.percent[index] / 100);
    words.append(make("span", `${right ? "✓" : "✗"} ${set.classes[said.y_pred[index]]} ${sure}`, { className: right ? "" : "wrong" }));
    words.append(make("small", `then ${set.classes[said.second[index]]}`));
  }
  figure.append(words);
  return figure;
};

const votes = (set, index, all) => {
  const counts = new Map();
  all.forEach((said) => counts.set(said.y_pred[index], (counts.get(said.y_pred[index]) || 0) + 1));
  const words = [...counts].sort((a, b) => b[1] - a[1]).map(([k, number]) => `${set.classes[k]} ${number}`);
  return make("small", `of ${all.length} nets: ${words.join(", ")}`);
};

let turn = 0;
const show = async (event) => {
  const mine = ++turn; // a later click wins
  const { set: at, a, b, cell } = state();
  const set = sets[at];
  const y_true = await labelsOf(set);
  const chosen = await Promise.all([set.runs[a], ...(b >= 0 && b !== a ? [set.runs[b]] : [])].map(answersOf));
  const all = cell ? [] : await Promise.all(set.runs.map(answersOf));
  if (mine !== turn) return;
  const names = set.runs.map((run, k) => [k, `${run.name} (${percent(run.accuracy)})`]);
  fill(form.elements.set, sets.map((one, k) => [k, one.title]), at);
  fill(form.elements.a, names, a);
  fill(form.elements.b, [[-1, "no other"], ...names], b);
  drawMatrix(set, set.runs[a], y_true, chosen[0], cell);
  let images = set.pictured.slice(0, set.num_disputed);
  let first = PAGE;
  if (cell) {
    images = [...y_true.keys()].filter((i) => y_true[i] === cell[0] && chosen[0].y_pred[i] === cell[1]);
    const place = new Map(set.pictured.map((index, k) => [index, k]));
    images.sort((i, j) => (place.get(i) ?? Infinity) - (place.get(j) ?? Infinity) || i - j);
    const pictured = set.sheet ? images.filter((index) => place.has(index)).length : 0;
    count.textContent = `${taken(set, ...cell)}: ${numbered(images.length)}; ` +
      `those with a picture first (${pictured}): the most disputed ones, and those that most nets get wrong.`;
    first = pictured || PAGE;
  } else {
    const nets = `these ${set.runs.length} nets`;
    if (images.length) count.textContent = `The ${images.length > 1 ? `${images.length} images` : "image"} on which ${nets} disagree most, the most disputed first.`;
    else if (set.runs.length > 1) count.textContent = `On every image ${nets} say the same: choose a cell.`;
    else count.textContent = "With one net alone there is nothing to disagree on: choose a cell.";
  }
  if (chosen.length > 1) count.textContent += ` The first answer is that of ${set.runs[a].name}, the second that of ${set.runs[b].name}.`;
  if (!set.sheet) count.textContent += ` Pictures are made by ${form.dataset.command}, which was not run here.`;
  let shown = 0;
  const add = () => {
    const part = images.slice(shown, shown + (shown ? PAGE : Math.min(first, 3 * PAGE))).map((index) => {
      const made = tile(set, index, y_true[index], chosen);
      if (!cell) made.lastChild.append(votes(set, index, all));
      return made;
    });
    tiles.append(...part);
    shown += part.length;
    more.hidden = shown >= images.length;
  };
  tiles.replaceChildren();
  more.onclick = add;
  add();
  if (event && cell) tiles.firstChild?.scrollIntoView({ block: "nearest" }); // on a phone they begin below the fold
};

for (const name of ["a", "b"]) form.elements[name].addEventListener("change", (event) => go({ [name]: Number(event.target.value) }));
form.elements.set.addEventListener("change", (event) => go({ set: Number(event.target.value), a: 0, b: -1, cell: null }));
form.elements.disputed.addEventListener("click", () => go({ cell: null }));
const look = (event) => show(event).catch((error) => {
  console.error(error);
  count.textContent = "This browser cannot unpack the nets' answers. The notebooks' pages need no script.";
});
addEventListener("hashchange", look);
look();
