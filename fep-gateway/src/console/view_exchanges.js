// The search: filters and pages of exchanges. The filters stand in the address, so a search can be sent to somebody.

import { get } from "./api.js";
import { address, button, el, fill, labelled, select } from "./dom.js";
import { exchangeTable } from "./lists.js";
import { state, watch } from "./store.js";
import { t, word } from "./texts.js";
import { fromLocalInput, offset, when, zone } from "./time.js";

const PAGE = 50;
/** The pause between two readings of the first page while new exchanges come. */
const FRESH_MS = 2000;
const ID = /^[0-9a-f]{22}$/;
const OUTCOMES = ["answered", "unknown", "unsettled", "not_sent", "running"];
const FILTERS = ["institution", "telegram", "outcome", "since", "until", "trace", "idempotency_key"];

export function exchanges({ main, query, title }) {
  title(t("nav.exchanges"));
  const error = el("p", { class: "error", role: "alert" });
  const list = exchangeTable(t("nav.exchanges"));
  const position = el("p", { class: "faint", role: "status" });
  const pages = el("div", "buttons");
  const isFirst = !query.cursor;
  main.append(searchForm(query), error, el("div", "part-head", position, pages), list.element);
  let timer = null;
  let ended = false;
  let readAt = 0;

  async function read() {
    timer = null;
    readAt = Date.now();
    let page;
    try {
      page = await get("/v1/exchanges", { ...asked(query), cursor: query.cursor, limit: PAGE });
    } catch (failure) {
      if (!ended) {
        fill(error, failure.message);
        list.update([]);
      }
      return;
    }
    if (ended) return;
    fill(error);
    list.update(page.exchanges);
    tell(page);
  }

  function tell({ exchanges: found, next }) {
    const more = next ? t("exchanges.more") : t("exchanges.all");
    const oldest = found.at(-1);
    const text = found.length === 0 && next ? t("exchanges.continue") : t("exchanges.page", { n: found.length });
    fill(position, text, " · ", more, oldest && next ? [" · ", t("exchanges.until"), " ", when(oldest.accepted_at_ms, oldest.institution)] : null);
    const filters = Object.fromEntries(FILTERS.map((name) => [name, query[name]]));
    fill(pages,
      isFirst ? null : el("a", { class: "button", href: address(["exchanges"], filters) }, t("exchanges.newest")),
      next ? el("a", { class: "button", href: address(["exchanges"], { ...filters, cursor: next }) }, t("exchanges.older")) : null);
  }

  const soon = () => {
    if (isFirst && timer === null) timer = setTimeout(read, Math.max(0, readAt + FRESH_MS - Date.now()));
  };
  read();
  const stop = watch(["exchanges"], soon);
  return () => {
    ended = true;
    clearTimeout(timer);
    stop();
  };
}

/** The filters as the interface takes them: times with the zone of the institution. */
function asked(query) {
  const { institution } = query;
  return Object.fromEntries(FILTERS.map((name) => {
    const isTime = name === "since" || name === "until";
    return [name, isTime ? fromLocalInput(query[name], institution) : query[name]];
  }));
}

function searchForm(query) {
  const names = (state.institutions || []).map((one) => one.institution);
  if (query.institution && !names.includes(query.institution)) names.push(query.institution);
  const institution = select("institution", [["", t("any")], ...names.map((name) => [name, name])], query.institution);
  const outcome = select("outcome", [["", t("any")], ...OUTCOMES.map((name) => [name, word("outcome", name)])], query.outcome);
  const input = (name, attributes) => el("input", { name, value: query[name] || "", autocomplete: "off", spellcheck: "false", ...attributes });
  const time = (name) => labelled(`${t(`search.${name}`)} (${zone(offset(query.institution))})`, input(name, { type: "datetime-local", step: "1" }));
  const form = el("form", { class: "bar", role: "search", onsubmit: go },
    labelled(t("institution"), institution),
    labelled(t("telegram"), input("telegram", { placeholder: "Transfer" })),
    labelled(t("outcome"), outcome),
    labelled(t("trace"), input("trace", { inputmode: "numeric" })),
    time("since"), time("until"),
    labelled(t("search.key"), input("idempotency_key")),
    labelled(t("search.id"), el("input", { name: "id", autocomplete: "off", spellcheck: "false", maxlength: 22, class: "mono", pattern: "[0-9a-f]{22}", title: t("search.id_form") })),
    el("div", "buttons", el("button", { type: "submit", class: "primary" }, t("search")), button(t("search.clear"), () => location.hash = "#/exchanges")));
  // The list of institutions may come after the form.
  const stop = watch(["lines"], () => {
    for (const { institution: name } of state.institutions || []) {
      if (![...institution.options].some((option) => option.value === name)) institution.append(new Option(name, name));
    }
    if (!form.isConnected) stop();
  });
  return form;
}

function go(event) {
  event.preventDefault();
  const values = Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, value.trim()]));
  const { id, ...filters } = values;
  const hash = ID.test(id) ? address(["exchanges", id]) : address(["exchanges"], filters);
  // The same search again reads again.
  if (location.hash === hash) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = hash;
}
