// A table whose rows keep their elements when data changes, so that focus, selection and scrolling survive. On a narrow screen the style
// shows each row as a card; the roles are written out because such a style would take them away.

import { el, fill, keepingFocus } from "./dom.js";
import { t } from "./texts.js";

/** A title begins with a capital, also if it is a word that is written small elsewhere. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * Makes a table. `columns` have a `title`, a `cell` that makes the content from an item, and perhaps a `class`: `num`, `wide`, and `lead`
 * for those that need no title on a card. `key` names an item. `link` is the address that a click on the row opens; a cell should have
 * the same link for those who have no mouse.
 */
export function table({ caption, columns, key, link, empty }) {
  const head = el("tr", { role: "row" },
    ...columns.map(({ title, class: look }) => el("th", { role: "columnheader", scope: "col", class: look }, capital(title))));
  const body = el("tbody", { role: "rowgroup" });
  const note = el("p", "empty", t("loading"));
  const element = el("div", "table",
    el("table", { role: "table" },
      el("caption", "hidden", caption), el("thead", { role: "rowgroup" }, head), body),
    note);
  const rows = new Map();
  let shown = false;

  function row(item) {
    const name = key(item);
    const text = JSON.stringify(item);
    let known = rows.get(name);
    if (!known) {
      known = { element: el("tr", { role: "row", class: link ? "opens" : "" }), text: "" };
      if (link) known.element.addEventListener("click", (event) => opens(event, known.item));
      rows.set(name, known);
    }
    known.item = item;
    if (known.text !== text) {
      known.text = text;
      keepingFocus(known.element, () => fill(known.element, columns.map(({ title, class: look, cell }) => {
        const td = el("td", { role: "cell", class: look, data: { title: capital(title) } }, cell(item));
        if (!td.hasChildNodes()) td.classList.add("none");
        return td;
      })));
    }
    return known.element;
  }

  function opens(event, item) {
    const other = event.target.closest("a, button");
    if (!other && !String(getSelection())) location.hash = link(item);
  }

  return {
    element,
    /** Shows these items. `null` means that they are not known yet. */
    update(items) {
      element.querySelector("table").hidden = !items || items.length === 0;
      note.hidden = Boolean(items && items.length > 0);
      if (!items) return;
      if (!shown) note.textContent = empty;
      shown = true;
      const names = new Set(items.map(key));
      for (const name of rows.keys()) if (!names.has(name)) rows.delete(name);
      items.map(row).forEach((tr, index) => {
        if (body.children[index] !== tr) body.insertBefore(tr, body.children[index] || null);
      });
      while (body.children.length > items.length) body.lastElementChild.remove();
    },
  };
}
