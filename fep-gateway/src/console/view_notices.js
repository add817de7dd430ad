// Notices of institutions: the latest ones with filters, and one of them with its delivery and its telegrams.

import { get, inTurn } from "./api.js";
import { deliveryButtons } from "./decide.js";
import { address, el, empty, faint, facts, fill, keepingFocus, section, to } from "./dom.js";
import { telegramFields } from "./lists.js";
import { delivery, failure, joined, lineOf, response, telegram } from "./marks.js";
import { choiceFilter, institutionFilter, search, textFilter, timeFilter } from "./search.js";
import { labelOf, state, whenChanged } from "./store.js";
import { table } from "./table.js";
import { t, word } from "./texts.js";
import { when } from "./time.js";
import { timeline } from "./timeline.js";

const STATES = ["delivering", "delivered", "dead_letter", "closed", "refused", "conflict", "repeated", "unwanted"];

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
    notice.last_failure && failure(notice.last_failure),
    notice.answer_differs && t("notices.differs"),
    notice.conflicts > 0 && t("notices.conflicts", { n: notice.conflicts }),
    notice.conflicts_with && [`${t("notices.conflicts_with")} `, to(address(["notices", notice.conflicts_with]), el("span", "mono", notice.conflicts_with))],
  ];
  return joined(...marks);
}

export function notices({ main, query, title }) {
  title(t("nav.notices"));
  return search({
    main,
    query,
    name: "notices",
    fields: [
      institutionFilter(query),
      textFilter(query, "telegram", t("telegram")),
      choiceFilter(query, "state", t("delivery"), STATES.map((name) => [name, word("delivery", name)])),
      timeFilter(query, "since"),
      timeFilter(query, "until"),
    ],
    list: noticeTable(t("nav.notices")),
    atMs: (notice) => notice.received_at_ms,
  });
}

/** One notice. */
export function notice({ main, path, title }) {
  const [id] = path;
  title(`${t("notice")} ${id}`);
  const body = el("div", "detail", empty(t("loading")));
  main.append(body);
  let ended = false;
  let shown = "";

  const read = inTurn(async () => {
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
    keepingFocus(body, () => fill(body, about(summary),
      section(t("timeline"), null, timeline(past, summary.received_at_ms, summary.institution, omitted)),
      el("div", "sides", telegramFields(t("notice"), received, null), telegramFields(t("answer"), answer, received),
        other ? telegramFields(t("notices.other_answer"), other, answer) : null)));
  });

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
