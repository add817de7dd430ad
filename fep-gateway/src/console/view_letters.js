// What needs a person: dead letters of exchanges and of notices, and the unknown exchanges that are not settled yet. Each with its reason,
// its next step, and the buttons for it.

import { get, READABLE } from "./api.js";
import { deliveryButtons, settleButtons } from "./decide.js";
import { address, el, faint, fill, section, to } from "./dom.js";
import { exchangeTable } from "./lists.js";
import { LETTERS_MAX, state, watch } from "./store.js";
import { t, word } from "./texts.js";
import { lasting } from "./time.js";
import { noticeTable } from "./view_notices.js";

export function letters({ main, query, title }) {
  title(t("letters.title"));
  const dead = exchangeTable(t("letters.dead"), ["outcome", "response_ms", "response_code", "line", "reason"], [
    { title: t("letters.why"), class: "wide", cell: why },
    { title: t("letters.tried"), cell: ({ inquiries, reversals }) => [t("letters.inquiries", { n: inquiries }), ", ", t("letters.reversals", { n: reversals })] },
    { title: t("letters.do"), class: "acts", cell: settleButtons },
  ]);
  const notices = noticeTable(t("letters.notices"), ["delivery", "answered_by", "repeats"], [
    { title: t("letters.do"), class: "acts", cell: deliveryButtons },
  ]);
  const unsettled = exchangeTable(t("letters.unsettled"), ["outcome", "response_ms", "response_code"], [
    { title: t("letters.since"), class: "keep", cell: (exchange) => lasting(exchange.ended_at_ms) },
    { title: t("letters.next"), class: "wide", cell: next },
  ]);
  const more = el("p", { class: "faint", role: "status" });
  const pages = el("p", { class: "pages", role: "status" });
  main.append(pages,
    section(t("letters.dead"), faint(t("letters.dead_note")), dead.element),
    section(t("letters.notices"), faint(t("letters.notices_note")), notices.element),
    section(t("letters.unsettled"), faint(t("letters.unsettled_note")), unsettled.element, more));

  let page = null;
  let ended = false;

  /** The oldest are known to the whole page; others are read here. */
  async function readPage() {
    if (!query.cursor) return show();
    try {
      page = await get("/v1/dead-letters", { ...READABLE, limit: LETTERS_MAX, cursor: query.cursor });
      if (!ended) show();
    } catch (failure) {
      if (!ended) fill(pages, el("span", "error", failure.message));
    }
  }

  function show() {
    const known = query.cursor ? page : state.letters;
    // One item has everything that its row shows.
    dead.update(known && known.dead_letters.map((letter) => ({
      ...letter.exchange, why: letter.why, disputes: letter.disputes, inquiries: letter.inquiries, reversals: letter.reversals, owner: letter.owner })));
    notices.update(known && known.notices.map((one) => one.notice));
    const open = state.unsettled?.filter((exchange) => !(exchange.flags || []).includes("dead_letter"));
    unsettled.update(open ?? null);
    more.textContent = state.moreUnsettled ? t("letters.more") : "";
    pages.hidden = !query.cursor && !known?.next;
    fill(pages, t("letters.page", { n: LETTERS_MAX }), query.cursor ? [" · ", to(address(["letters"]), t("letters.first_page"))] : null,
      known?.next ? [" · ", to(address(["letters"], { cursor: known.next }), t("letters.next_page"))] : null);
  }

  readPage();
  const stop = watch(["letters"], readPage);
  return () => {
    ended = true;
    stop();
  };
}

function why({ why: reason, disputes }) {
  const said = [reason && word("dead", reason), ...disputes.map((dispute) => word("dispute", dispute))].filter(Boolean);
  const todo = reason ? word("dead_next", reason) : t("letters.dispute_next");
  return [el("p", "", said.join("; ")), el("p", "faint", todo)];
}

function next(exchange) {
  if (exchange.reason_code === "answer_contradicts" || exchange.reason_code === "answer_unreadable") return t("letters.next_answer");
  return t("letters.next_gateway");
}
