// A search with filters and pages, for exchanges, notices and the audit trail. The filters stand in the address, so a search can be sent to somebody.

import { get, READABLE } from "./api.js";
import { address, button, el, fill, labelled, select } from "./dom.js";
import { state, watch } from "./store.js";
import { t } from "./texts.js";
import { fromLocalInput, offset, when, zone } from "./time.js";

const PAGE = 50;
/** The pause between two readings of the first page while new items come. */
const FRESH_MS = 2000;

/**
 * Shows a search and its results. `name` is the first part of the address and the last of the interface's path; `items` is the member of a
 * page with what was found; `fields` are pairs of a filter and its field; `list` is a table; `atMs` says when an item began; `direct` may give
 * an address for what was typed; `everyMs` is the pause between two readings if no event tells of new items. Returns how to end it.
 */
export function search({ main, query, name, items = name, fields, list, atMs, direct = () => null, everyMs = 0 }) {
  const filters = fields.map(([filter]) => filter);
  const error = el("p", { class: "error", role: "alert" });
  const position = el("p", { class: "faint", role: "status" });
  const pages = el("div", "buttons");
  const isFirst = !query.cursor;
  main.append(form(name, fields, direct), error, el("div", "part-head", position, pages), list.element);
  let timer = null;
  let ended = false;
  let readAt = 0;
  let isKnown = false;

  async function read() {
    timer = null;
    readAt = Date.now();
    try {
      const page = await get(`/v1/${name}`, { ...READABLE, ...asked(query, filters), cursor: query.cursor, limit: PAGE });
      if (ended) return;
      fill(error);
      isKnown = true;
      list.element.hidden = false;
      list.update(page[items]);
      tell(page[items], page.next);
    } catch (failure) {
      if (ended) return;
      // What is not known is not called empty. What was read before stays.
      fill(error, failure.message);
      list.element.hidden = !isKnown;
    }
  }

  function tell(found, next) {
    const more = next ? t("search.more") : t("search.all");
    const oldest = found.at(-1);
    const text = found.length === 0 && next ? t("search.continue") : t("search.page", { n: found.length });
    fill(position, text, " · ", more, oldest && next ? [" · ", t("search.back_to"), " ", when(atMs(oldest), oldest.institution)] : null);
    const kept = Object.fromEntries(filters.map((filter) => [filter, query[filter]]));
    fill(pages,
      isFirst ? null : el("a", { class: "button", href: address([name], kept) }, t("search.newest")),
      next ? el("a", { class: "button", href: address([name], { ...kept, cursor: next }) }, t("search.older")) : null);
  }

  const freshen = () => {
    if (isFirst && timer === null) timer = setTimeout(read, Math.max(0, readAt + FRESH_MS - Date.now()));
  };
  read();
  const stop = watch([name], freshen);
  const clock = everyMs > 0 ? setInterval(() => document.hidden || freshen(), everyMs) : null;
  return () => {
    ended = true;
    clearTimeout(timer);
    clearInterval(clock);
    stop();
  };
}

/** The filters as the interface takes them: times with the zone of the institution. */
function asked(query, filters) {
  return Object.fromEntries(filters.map((filter) => {
    const isTime = filter === "since" || filter === "until";
    return [filter, isTime ? fromLocalInput(query[filter], query.institution) : query[filter]];
  }));
}

function form(name, fields, direct) {
  function go(event) {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(event.target)].map(([filter, value]) => [filter, value.trim()]));
    const hash = direct(values) || address([name], Object.fromEntries(fields.map(([filter]) => [filter, values[filter]])));
    // The same search again reads again.
    if (location.hash === hash) dispatchEvent(new HashChangeEvent("hashchange"));
    else location.hash = hash;
  }
  return el("form", { class: "bar", role: "search", onsubmit: go }, ...fields.map(([, field]) => field),
    el("div", "buttons", el("button", { type: "submit", class: "primary" }, t("search")),
      button(t("search.clear"), () => location.hash = address([name]))));
}

/** A field for a text. */
export function textFilter(query, filter, label, attributes) {
  const input = el("input", { name: filter, value: query[filter] || "", autocomplete: "off", spellcheck: "false", ...attributes });
  return [filter, labelled(label, input)];
}

/** A field for a time on the clock of the institution. */
export function timeFilter(query, filter) {
  const label = `${t(`search.${filter}`)} (${zone(offset(query.institution))})`;
  return textFilter(query, filter, label, { type: "datetime-local", step: "1", max: "9999-12-31T23:59:59" });
}

/** A field for one of some words: `options` are pairs of value and text. */
export function choiceFilter(query, filter, label, options) {
  return [filter, labelled(label, select(filter, [["", t("any")], ...options], query[filter]))];
}

/** A field for an institution. */
export function institutionFilter(query) {
  const names = (state.institutions || []).map((one) => one.institution);
  if (query.institution && !names.includes(query.institution)) names.push(query.institution);
  return choiceFilter(query, "institution", t("institution"), names.map((name) => [name, name]));
}
