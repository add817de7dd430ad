// Notices of institutions: the latest ones with filters, and one of them with its delivery and its telegrams.

import { get } from "./api.js";
import { deliveryButtons } from "./decide.js";
import { address, button, el, empty, faint, facts, fill, labelled, section, select, to } from "./dom.js";
import { telegramFields } from "./lists.js";
import { delivery, lineOf, response, telegram } from "./marks.js";
import { labelOf, state, watch, whenChanged } from "./store.js";
import { table } from "./table.js";
import { t, word } from "./texts.js";
import { when } from "./time.js";
import { timeline } from "./timeline.js";

const LIMITS = ["50", "200", "1000"];
const STATES = ["delivering", "delivered", "dead_letter", "closed", "refused", "conflict", "repeated", "unwanted"];
const FRESH_MS = 2000;

const noticeLink = (notice) => address(["notices", notice.notice]);

/** A table of notices, without the columns with these names, and with more columns. */
export function noticeTable(caption, without = [], more = []) {
  return table({
    caption,
    empty: t("notices.none"),
    key: (notice) => notice.notice,
    link: noticeLink,
    columns: [...columns().filter(({ name }) => !without.includes(name)), ...more],
  });
}

function columns() {
  return [
    { name: "time", title: t("time"), class: "lead", cell: (notice) => to(noticeLink(notice), when(notice.received_at_ms, notice.institution)) },
    { name: "delivery", title: t("delivery"), class: "lead", cell: delivery },
    { name: "institution", title: t("institution"), class: "keep", cell: (notice) => notice.institution },
    { name: "telegram", title: t("telegram"), class: "lead", cell: telegram },
    { name: "answered_by", title: t("answered_by"), class: "keep", cell: ({ answered_by: by }) => (by ? word("answered_by", by) : null) },
    { name: "response_code", title: t("response_code"), cell: response },
    { name: "attempts", title: t("attempts"), class: "num", cell: (notice) => notice.attempts },
    { name: "repeats", title: t("repeats"), class: "num", cell: (notice) => notice.repeats || null },
    { name: "reason", title: t("reason"), class: "wide", cell: noticeReason },
  ];
}

/** What a person should know about a notice besides its state. */
function noticeReason(notice) {
  const marks = [
    notice.why && word("dead_notice", notice.why),
    notice.last_failure,
    notice.answer_differs && t("notices.differs"),
    notice.conflicts > 0 && t("notices.conflicts", { n: notice.conflicts }),
    notice.conflicts_with && [`${t("notices.conflicts_with")} `, to(address(["notices", notice.conflicts_with]), el("span", "mono", notice.conflicts_with))],
  ].filter(Boolean);
  return marks.map((mark, index) => [index > 0 ? " · " : "", mark]);
}

export function notices({ main, query, title }) {
  title(t("nav.notices"));
  const error = el("p", { class: "error", role: "alert" });
  const count = el("p", { class: "faint", role: "status" });
  const list = noticeTable(t("nav.notices"));
  main.append(searchForm(query), error, el("div", "part-head", count), list.element);
  let timer = null;
  let ended = false;
  let readAt = 0;

  async function read() {
    timer = null;
    readAt = Date.now();
    const { institution, telegram: name, state: wanted, limit = LIMITS[0] } = query;
    try {
      const { notices: found } = await get("/v1/notices", { institution, telegram: name, state: wanted, limit });
      if (ended) return;
      fill(error);
      list.update(found);
      fill(count, found.length < Number(limit) ? t("notices.count", { n: found.length }) : t("notices.latest", { n: found.length }));
    } catch (failure) {
      if (ended) return;
      fill(error, failure.message);
      list.update([]);
    }
  }

  read();
  const stop = watch(["notices"], () => {
    if (timer === null) timer = setTimeout(read, Math.max(0, readAt + FRESH_MS - Date.now()));
  });
  return () => {
    ended = true;
    clearTimeout(timer);
    stop();
  };
}

function searchForm(query) {
  const names = [...new Set([...(state.institutions || []).map((one) => one.institution), query.institution].filter(Boolean))];
  const go = (event) => {
    event.preventDefault();
    const values = [...new FormData(event.target)].map(([name, value]) => [name, value.trim()]);
    location.hash = address(["notices"], Object.fromEntries(values.filter(([name, value]) => name !== "limit" || value !== LIMITS[0])));
  };
  return el("form", { class: "bar", role: "search", onsubmit: go },
    labelled(t("institution"), select("institution", [["", t("any")], ...names.map((name) => [name, name])], query.institution)),
    labelled(t("telegram"), el("input", { name: "telegram", value: query.telegram, autocomplete: "off", spellcheck: "false" })),
    labelled(t("delivery"), select("state", [["", t("any")], ...STATES.map((name) => [name, word("delivery", name)])], query.state)),
    labelled(t("notices.limit"), select("limit", LIMITS.map((limit) => [limit, limit]), query.limit || LIMITS[0])),
    el("div", "buttons", el("button", { type: "submit", class: "primary" }, t("search")), button(t("search.clear"), () => location.hash = "#/notices")));
}

/** One notice. */
export function notice({ main, path, title }) {
  const [id] = path;
  title(`${t("notice")} ${id}`);
  const body = el("div", "detail", empty(t("loading")));
  main.append(body);
  let ended = false;
  let shown = "";

  async function read() {
    let view;
    try {
      view = await get(`/v1/notices/${encodeURIComponent(id)}`);
    } catch (failure) {
      if (!ended) fill(body, el("p", { class: "error", role: "alert" }, failure.message));
      return;
    }
    const text = JSON.stringify(view);
    if (ended || text === shown) return;
    shown = text;
    const { notice: summary, received, answer, other_answer: other, deliveries, facts: known, omitted } = view;
    title([summary.label || summary.telegram, " ", el("small", "faint mono", id)]);
    // The delivery says more than the facts about it.
    const past = [...known.filter((fact) => fact.kind !== "delivery"), ...deliveries.filter((fact) => fact.fact !== "received")];
    fill(body, about(summary),
      section(t("timeline"), null, timeline(past, summary.received_at_ms, summary.institution, omitted)),
      el("div", "sides", telegramFields(t("notice"), received, null), telegramFields(t("answer"), answer, received),
        other ? telegramFields(t("notices.other_answer"), other, answer) : null));
  }

  read();
  const stop = whenChanged(["notices"], () => state.notices?.get(id), read);
  return () => {
    ended = true;
    stop();
  };
}

function about(summary) {
  const { institution } = summary;
  return el("div", "card about", el("div", "card-head", delivery(summary), response(summary)), facts([
    [t("institution"), institution, " ", faint(labelOf(institution))],
    [t("telegram"), summary.telegram, " ", faint(summary.label)],
    [t("line"), lineOf(summary) || t("line.none")],
    [t("received"), when(summary.received_at_ms, institution)],
    [t("answered_at"), when(summary.answered_at_ms, institution) || t("none")],
    [t("answered_by"), summary.answered_by ? word("answered_by", summary.answered_by) : t("none")],
    [t("attempts"), String(summary.attempts)],
    [t("repeats"), String(summary.repeats)],
    [t("reason"), ...noticeReason(summary)],
  ].filter(([, ...value]) => value.length > 0)), deliveryButtons(summary));
}
