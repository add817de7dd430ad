// One exchange: its outcome, its timeline, and its telegrams with parsed fields beside their bytes, masked unless somebody with the right asks
// for their secrets.

import { follow, get, inTurn } from "./api.js";
import { settleButtons } from "./decide.js";
import { byId, el, empty, facts, fill, keepingFocus, section } from "./dom.js";
import { secretsOf, telegramFields } from "./lists.js";
import { lineOf, outcome, passage, reason, response } from "./marks.js";
import { secretsFor } from "./reveal.js";
import { labelOf, state, whenChanged } from "./store.js";
import { t, word } from "./texts.js";
import { when } from "./time.js";
import { timeline } from "./timeline.js";

/** How often it is read while its events do not come. */
const READ_EVERY_MS = 3000;
/** The pause before its events are asked for again. */
const FOLLOW_PAUSE_MS = 30000;

export function exchange({ main, path, title }) {
  const [id] = path;
  title(`${t("exchange")} ${id}`);
  const body = el("div", "detail", empty(t("loading")));
  main.append(body);
  let ended = false;
  let shown = "";
  let known = null;
  let isSettled = false;
  let events = null;
  let followAt = 0;
  const secrets = secretsFor(id, (byPerson) => {
    if (ended || !known) return;
    draw();
    if (byPerson) byId(secrets.seen() ? "revealed" : "telegrams").focus();
  });

  const read = inTurn(async () => {
    let view;
    try {
      view = await get(`/v1/exchanges/${encodeURIComponent(id)}/view`);
    } catch (failure) {
      // The next success is shown, also if it is what was shown before.
      shown = "";
      if (!ended) fill(body, el("p", { class: "error", role: "alert" }, failure.message));
      return;
    }
    const text = JSON.stringify([view, letterOf(id)]);
    if (ended || text === shown) return;
    shown = text;
    isSettled = !["unknown", null].includes(view.exchange.outcome) || view.exchange.settled_by !== null;
    known = view;
    title([view.exchange.label || view.exchange.telegram, " ", el("small", "faint mono", id)]);
    draw();
    listen();
  });

  function draw() {
    const summary = known.exchange;
    keepingFocus(body, () => fill(body, about(summary, known.owner),
      section(t("timeline"), null, timeline(past(known), summary.accepted_at_ms, summary.institution)), telegrams(known, secrets)));
  }

  read();
  const stop = whenChanged(["exchanges", "letters"], () => [state.exchanges?.get(id), letterOf(id)], read);
  /** Follows the exchange until nothing more is expected. A hidden page does not: a browser has few connections for one gateway. */
  function listen() {
    const isWanted = !document.hidden && !isSettled;
    if (events && !isWanted) {
      events.end();
      events = null;
    } else if (!events && isWanted && Date.now() >= followAt) {
      events = follow(id, read, () => {
        events = null;
        followAt = Date.now() + FOLLOW_PAUSE_MS;
        read();
      });
    }
  }

  const timer = setInterval(() => {
    listen();
    if (!document.hidden && !isSettled && !events?.isOpen()) read();
  }, READ_EVERY_MS);
  return () => {
    ended = true;
    clearInterval(timer);
    events?.end();
    stop();
    secrets.end();
  };
}

/** The telegrams. What came after somebody looked at the secrets is masked. */
function telegrams(view, secrets) {
  const of = (name) => [secrets.seen()?.[name] ?? view[name], secrets.seen() ? secretsOf(view[name]) : undefined];
  const [request, ofRequest] = of("request");
  const [answer, ofAnswer] = of("answer");
  const [standIn, ofStandIn] = of("stand_in");
  return el("div", { class: "telegrams", id: "telegrams", tabindex: "-1" }, request || answer ? secrets.element(view.exchange) : null,
    el("div", "sides", telegramFields(t("request"), request, null, ofRequest), telegramFields(t("answer"), answer, request, ofAnswer),
      standIn ? telegramFields(t("stand_in"), standIn, request, ofStandIn) : null));
}

function about(summary, owner) {
  const { institution } = summary;
  const letter = letterOf(summary.exchange);
  return el("div", "card about", el("div", "card-head", outcome(summary), response(summary)), facts([
    [t("institution"), institution, " ", el("small", "faint", labelOf(institution))],
    [t("telegram"), summary.telegram, " ", el("small", "faint", summary.label)],
    [t("trace"), el("span", "mono", summary.trace || "–")],
    [t("line"), lineOf(summary) || t("line.none")],
    [t("accepted"), when(summary.accepted_at_ms, institution)],
    [t("ended"), when(summary.ended_at_ms, institution) || word("outcome", "running")],
    [t("response_ms"), summary.response_ms],
    [t("reason"), reason(summary.reason, summary.reason_code)],
    owner && [t("instance"), owner.instance, owner.is_own ? [" ", el("small", "faint", t("instance.own"))] : ""],
    summary.client && [t("audit.client"), summary.client],
    summary.request_id && [t("request_id"), el("span", "mono", summary.request_id)],
    summary.money && [t("money"), word("money", summary.money)],
    (summary.passed_on || summary.came_from || summary.routed_from) && [t("passage"), passage(summary)],
    letter && [t("letters.why"), [letter.why && word("dead", letter.why), ...letter.disputes.map((one) => word("dispute", one))].filter(Boolean).join("; ")],
    summary.traceparent && [t("traceparent"), el("span", "mono long", summary.traceparent)],
  ]), letter || needsPerson(summary) ? settleButtons({ ...summary, owner }) : null);
}

/** What is known of its past. */
function past({ exchange: summary, facts: known }) {
  // A step of the settlement says more than the fact about it.
  const facts = known.map((fact) => (fact.settlement ? { ...fact.settlement, at_ms: fact.at_ms, number: fact.number } : fact));
  return [{ at_ms: summary.accepted_at_ms, kind: "accepted", number: 0 }, ...facts];
}

const needsPerson = ({ flags }) => (flags || []).some((flag) => flag === "dead_letter" || flag === "disputed");

/** The dead letter of an exchange, if it is one of the oldest. */
const letterOf = (id) => state.letters?.dead_letters.find((letter) => letter.exchange.exchange === id);
