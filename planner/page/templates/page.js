"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (tag, text, attributes = {}) => {
    const element = document.createElement(tag);
    if (text !== null) element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const island = JSON.parse($("#island").textContent);
  const words = island.words || [];
  const numbers = new Map(words.map((word, number) => [word, number]));

  all(".tools, .finder").forEach((element) => { element.hidden = false; });
  $("#theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  /* On a wall: the overview alone, read again every minute, for the file may be written again. */
  if ($("#wall")) {
    let next;
    const hang = () => {
      const isWall = location.hash === "#wall";
      document.documentElement.toggleAttribute("data-wall", isWall);
      clearTimeout(next);
      if (isWall) next = setTimeout(() => location.reload(), 60000);
    };
    addEventListener("hashchange", hang);
    hang();
  }

  /* Tables: rows with what belongs to them, sorted and found. */
  const rowsOf = (table) => all("tbody > tr:not(.more)", table);
  const close = (row) => {
    const next = row.nextElementSibling;
    if (next && next.classList.contains("more")) next.remove();
    const button = $("th button", row);
    if (button) button.setAttribute("aria-expanded", "false");
  };
  const value = (row, column) => {
    const cell = row.cells[column];
    const told = cell.dataset.v !== undefined ? cell.dataset.v : cell.textContent.trim();
    const number = Number(told);
    return told !== "" && !Number.isNaN(number) ? number : told;
  };
  const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b
    : String(a).localeCompare(String(b), "en", { numeric: true });
  const sort = (table, heading) => {
    const column = heading.cellIndex;
    const down = heading.getAttribute("aria-sort") === "ascending";
    all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = rowsOf(table);
    rows.forEach(close);
    const keyed = rows.map((row) => [value(row, column), row]).sort((a, b) => compare(a[0], b[0]));
    if (down) keyed.reverse();
    table.tBodies[0].append(...keyed.map(([, row]) => row));
  };
  all("table.sortable").forEach((table) => all("thead th", table).forEach((heading) => {
    const button = make("button", heading.textContent, { type: "button" });
    heading.replaceChildren(button);
    button.addEventListener("click", () => sort(table, heading));
  }));

  const wanted = new Map();
  const texts = new WeakMap();
  const textOf = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };
  const find = (id) => {
    const table = document.getElementById(id);
    const tokens = $(`input[data-for="${id}"]`).value.toLowerCase().split(/\s+/).filter(Boolean);
    const pair = wanted.get(id);
    let shown = 0;
    const rows = rowsOf(table);
    rows.forEach((row) => {
      const fits = tokens.every((token) => textOf(row).includes(token))
        && (!pair || (row.dataset.from === pair.from && row.dataset.to === pair.to));
      if (!fits) close(row);
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    $(`output[data-count="${id}"]`).textContent = tokens.length || pair ? `${shown} of ${rows.length}` : "";
  };
  all("input[data-for]").forEach((input) => input.addEventListener("input", () => find(input.dataset.for)));
  const choose = (id, pair) => {
    if (pair) wanted.set(id, pair); else wanted.delete(id);
    const chip = $(`[data-chip="${id}"]`);
    chip.hidden = !pair;
    chip.replaceChildren();
    if (pair) {
      const button = make("button", `${pair.from} \u2192 ${pair.to} \u00d7`, { type: "button", "aria-label": `Show all, not only ${pair.from} to ${pair.to}` });
      button.addEventListener("click", () => choose(id, null));
      chip.append(button);
    }
    find(id);
  };

  /* Rows that tell more when asked. */
  const told = (pairs) => {
    const list = make("dl", null);
    pairs.forEach(([term, text]) => list.append(make("dt", term), make("dd", text)));
    return list;
  };
  const names = (list) => list.length ? list.map((number) => words[number]).join(", ") : "none";
  const whyNot = (row) => {
    const why = row.dataset.batch ? island.batches[row.dataset.batch - 1] : island.why;
    const list = why[numbers.get(row.dataset.vm)];
    if (!list || !list.length) return make("p", "The plan does not say why not elsewhere: it has too many VMs and hosts for that.");
    const pairs = [];
    for (let i = 0; i < list.length; i += 2) pairs.push([`Not ${words[list[i]]}`, words[list[i + 1]]]);
    return told(pairs);
  };
  const vmsOf = (row) => {
    const lists = (island.hosts || {})[numbers.get(row.dataset.host)];
    if (lists.length === 1) return told([["VMs", names(lists[0])]]);
    return told([["Leave", names(lists[0])], ["Come", names(lists[1])], ["Stay", names(lists[2])]]);
  };
  const unfold = (row, content) => {
    const heading = $("th", row);
    const button = make("button", null, { type: "button", "aria-expanded": "false" });
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") === "true";
      close(row);
      if (open) return;
      const more = make("tr", null, { class: "more" });
      const cell = make("td", null, { colspan: String(row.cells.length) });
      cell.append(content(row));
      more.append(cell);
      row.after(more);
      button.setAttribute("aria-expanded", "true");
    });
  };
  all("tr[data-vm]").forEach((row) => unfold(row, whyNot));
  all("tr[data-host]").forEach((row) => unfold(row, vmsOf));

  /* Pictures answer in words. */
  const say = (name, text) => { $(`output[data-readout="${name}"]`).textContent = text; };
  const flow = $("#flow");
  if (flow) {
    const pairOf = (event) => event.target.closest("[data-from]");
    const tell = (event) => {
      const pair = pairOf(event);
      say("flow", pair ? `${pair.dataset.from} \u2192 ${pair.dataset.to}: ${pair.dataset.n}` : "");
      all(".matrix text.on").forEach((label) => label.classList.remove("on"));
      if (pair) all(".matrix .row, .matrix .col").forEach((label) => {
        const side = label.classList.contains("row") ? pair.dataset.from : pair.dataset.to;
        if (label.textContent === side) label.classList.add("on");
      });
    };
    flow.addEventListener("pointerover", tell);
    flow.addEventListener("focusin", tell);
    flow.addEventListener("click", (event) => {
      const pair = pairOf(event);
      if (!pair) return;
      event.preventDefault();
      choose("step-table", { from: pair.dataset.from, to: pair.dataset.to });
      $("#steps").scrollIntoView();
      $('input[data-for="step-table"]').focus({ preventScroll: true });
    });
  }
  const time = $("#time");
  if (time) {
    const rows = rowsOf($("#step-table"));
    time.addEventListener("pointerover", (event) => {
      const number = event.target.dataset ? event.target.dataset.i : undefined;
      if (number === undefined) return;
      const cells = [...rows[Number(number)].cells].map((cell) => cell.textContent.trim());
      say("time", `${cells[1]}: ${cells[2]} \u2192 ${cells[3]}, ${cells.slice(4, -1).filter(Boolean).join(", ")}`);
    });
  }
})();
