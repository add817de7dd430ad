"use strict";
// A design sheet: filters items, switches the language of the fixed words, walks rulers by arrow keys. The page is whole without it.
{
  const root = document.documentElement;
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const find = document.getElementById("find");
  const found = document.getElementById("found");
  const plain = (text) => text.normalize("NFC").toLowerCase();

  // Each section with its rows. A row is found by its own text, its hidden codes and the title of its section.
  const sections = all("main > section").map((section) => {
    const rows = all(".items tbody tr", section).map((row) => {
      const more = all("[data-more]", row).map((one) => one.dataset.more).join(" ");
      return { row, id: row.id, up: row.dataset.up, text: plain(row.textContent + " " + more) };
    });
    const title = section.querySelector("h2");
    return { section, rows, title: title ? plain(title.textContent) : "", like: section.querySelector(".same") !== null };
  });

  const filter = () => {
    const words = plain(find.value).split(/\s+/).filter((word) => word !== "");
    let count = 0;
    root.classList.toggle("searching", words.length > 0);
    for (const { section, rows, title, like } of sections) {
      const shown = new Set();
      const up = new Map(rows.map((one) => [one.id, one.up]));
      for (const one of rows) {
        if (words.every((word) => one.text.includes(word) || title.includes(word))) {
          count += 1;
          // The group or choice of an item is shown with it.
          for (let id = one.id; id; id = up.get(id)) shown.add(id);
        }
      }
      for (const one of rows) one.row.hidden = words.length > 0 && !shown.has(one.id);
      section.hidden = words.length > 0 && shown.size === 0 && !(like && words.every((word) => title.includes(word)));
    }
    const unit = root.lang === "ko" ? "개 항목" : count === 1 ? " item" : " items";
    found.textContent = words.length > 0 ? count + unit : "";
  };

  if (find) {
    find.addEventListener("input", filter);
    find.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { find.value = ""; filter(); }
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && document.activeElement !== find && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        find.focus();
      }
    });
  }

  const speak = () => {
    for (const one of all("a[data-ko]")) one.setAttribute("aria-label", one.dataset[root.lang]);
    if (!find) return;
    find.placeholder = find.dataset[root.lang];
    filter();
  };
  document.getElementById("lang").addEventListener("click", () => {
    root.lang = root.lang === "ko" ? "en" : "ko";
    speak();
  });
  speak();

  // One stop of the tab key for each ruler, arrow keys within.
  for (const ruler of all(".ruler")) {
    const stops = all("a", ruler);
    stops.forEach((stop, at) => { stop.tabIndex = at === 0 ? 0 : -1; });
    ruler.addEventListener("keydown", (event) => {
      const at = stops.indexOf(document.activeElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: stops.length - 1 }[event.key];
      if (at < 0 || to === undefined || stops[to] === undefined) return;
      event.preventDefault();
      stops[at].tabIndex = -1;
      stops[to].tabIndex = 0;
      stops[to].focus();
    });
  }

  // What is folded away on the screen is printed too.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
  });
}
