// The limits of each institution: flow control, what its requests came to at each gateway, breakers, blocks and alternatives, with the buttons that trip, reset, block and unblock.

import { post } from "./api.js";
import { ask, noteField, personField } from "./ask.js";
import { gauge } from "./chart.js";
import { address, button, el, empty, faint, facts, fill, keepingFocus, to } from "./dom.js";
import { closedWhy, personOf, pill, reason, told, unbroken } from "./marks.js";
import { may } from "./session.js";
import { state, watch } from "./store.js";
import { table } from "./table.js";
import { t, word } from "./texts.js";
import { ago, duration, lasting } from "./time.js";
import { errorRate, percent, total } from "./traffic.js";

export function limits({ main, path, title }) {
  title(path[0] ? `${t("nav.limits")}: ${path[0]}` : t("limits.title"));
  const list = el("div", "cards wide-cards");
  main.append(list);
  const cards = new Map();

  function show() {
    if (!state.institutions) return fill(list, empty(t("loading")));
    const shown = state.institutions.filter((one) => !path[0] || one.institution === path[0]);
    if (shown.length === 0) return fill(list, empty(t("nowhere")));
    if (cards.size === 0) fill(list);
    for (const status of shown) {
      let card = cards.get(status.institution);
      if (!card) {
        card = newCard(status);
        cards.set(status.institution, card);
        list.append(card.element);
      }
      card.update(status);
    }
  }

  show();
  return watch(["lines"], show);
}

/** The card of an institution. Its parts change only with their data, so that buttons keep the focus. */
function newCard({ institution, label, contact }) {
  const flow = flowTable();
  const measured = indicatorTable();
  const parts = ["flow", "indicators", "breakers", "blocks", "alternatives", "switchover", "sharing"];
  const boxes = Object.fromEntries(parts.map((name) => [name, el("div", "")]));
  const texts = {};
  const head = (name, box) => el("section", "sub", el("h3", "", t(`limits.${name}`)), box);
  const element = el("article", "card",
    el("div", "card-head", el("h2", "", institution, " ", faint(label === institution ? "" : label)),
      to(address(["lines", institution]), t("nav.lines")), contact ? el("span", "faint", unbroken(contact)) : null),
    head("flow", [flow.element, boxes.flow]),
    head("indicators", [measured.element, boxes.indicators]),
    el("div", "subs", head("breakers", boxes.breakers), head("blocks", boxes.blocks),
      el("div", "", boxes.alternatives, boxes.switchover, boxes.sharing)));

  function draw(name, data, make) {
    const text = JSON.stringify(data);
    if (texts[name] === text) return;
    texts[name] = text;
    keepingFocus(boxes[name], () => fill(boxes[name], make()));
  }

  return {
    element,
    update(status) {
      element.className = `card ${level(status)}`;
      const { limit, businesses, waiting, waiting_since_ms: since, refused, breakers, closed, alternatives, switchover, sharing, indicators } = status;
      flow.update([{ code: "", limit }, ...Object.entries(businesses).map(([code, one]) => ({ code, limit: one }))]);
      draw("flow", [waiting, since, refused], () => queue(waiting, since, refused));
      measured.update(indicators ? indicatorRows(indicators) : []);
      draw("indicators", indicators && [indicators.others, indicators.unreadable], () => indicators && whatIsMissing(indicators));
      draw("breakers", breakers, () => breakerList(institution, breakers));
      draw("blocks", closed, () => blocks(institution, closed));
      draw("alternatives", alternatives, () => alternatives.length > 0 && head("alternatives", alternativeList(alternatives)));
      draw("switchover", switchover, () => switchover && head("switchover",
        el("p", "", switchover.lines.join(", "), " · ", lasting(switchover.since_ms), " · ", told("switch", switchover.cause, switchover.why))));
      draw("sharing", sharing, () => sharing && head("sharing", shared(sharing)));
    },
  };
}

/** The look of an institution: whether something stops its business. */
function level({ closed, breakers }) {
  if (breakers.some((breaker) => !breaker.business && breaker.state !== "passing")) return "bad";
  if (breakers.some((breaker) => breaker.state !== "passing")) return "warn";
  return closed.length > 0 ? "off" : "good";
}

function flowTable() {
  const used = (count, max, mark) => gauge({ used: count, max, mark, text: `${count} / ${max}` });
  return table({
    caption: t("limits.flow"),
    empty: "",
    key: (row) => row.code,
    columns: [
      { title: t("business"), class: "lead keep", cell: ({ code }) => code || t("limits.business_all") },
      { title: t("limits.inflight"), cell: ({ limit }) => [`${limit.inflight} / ${limit.limit} / ${limit.inflight_max}`, used(limit.inflight, limit.inflight_max, limit.limit)] },
      { title: t("limits.unanswered"), class: "num", cell: ({ limit }) => limit.unanswered },
      { title: t("limits.rate"), cell: ({ limit }) => (limit.rate_max === null
        ? faint(t("limits.no_rate")) : [`${limit.rate_used} / ${limit.rate_max}`, used(limit.rate_used, limit.rate_max)]) },
      { title: t("limits.cause"), cell: ({ limit }) => limit.limit_cause && [word("limit_cause", limit.limit_cause), " · ", ago(limit.limit_since_ms)] },
    ],
  });
}

function queue(waiting, since, refused) {
  const counts = Object.entries(waiting).filter(([, count]) => count > 0).map(([name, count]) => `${word("priority", name)} ${count}`).join(", ");
  const codes = Object.entries(refused).map(([code, count]) => el("li", "", reason("", code), ` × ${count}`));
  return facts([
    [t("limits.waiting"), counts || t("limits.none"), since ? [" · ", t("limits.waiting_since"), " ", lasting(since)] : null],
    [t("limits.refused"), codes.length > 0 ? el("ul", "", ...codes) : t("limits.none")],
  ]);
}

/** What the requests of the last minute came to. Times are bounds: so many were over within that time. */
function indicatorTable() {
  const time = (ms) => (ms === null ? faint("–") : `≤ ${ms}`);
  return table({
    caption: t("limits.indicators"),
    empty: t("indicators.hidden"),
    key: (row) => row.name,
    columns: [
      { title: t("instance"), class: "lead keep", cell: indicatorName },
      { title: t("count"), class: "num", cell: ({ values }) => total(values) },
      { title: word("outcome", "unknown"), class: "num", cell: ({ values }) => values.unknown || faint("0") },
      { title: word("outcome", "not_sent"), class: "num", cell: ({ values }) => [values.not_sent || faint("0"),
        values.stopped ? [" ", faint(t("indicators.stopped", { n: values.stopped }))] : null] },
      { title: t("figure.errors"), class: "num", cell: ({ values }) => (total(values) > 0 ? percent(errorRate(values)) : faint("–")) },
      { title: t("median"), class: "num", cell: ({ values }) => time(values.p50_ms) },
      { title: t("p95"), class: "num", cell: ({ values }) => time(values.p95_ms) },
      { title: t("indicators.p99"), class: "num", cell: ({ values }) => time(values.p99_ms) },
      { title: t("instance.in_flight"), class: "num", cell: ({ values }) => values.in_flight || faint("0") },
      { title: t("indicators.oldest"), class: "num", cell: ({ values }) => (values.oldest_ms === null ? faint("–") : duration(values.oldest_ms)) },
    ],
  });
}

/** The gateways, and their sum if there is more than one. */
function indicatorRows({ all, instances }) {
  const rows = instances.map((one) => ({ name: `at ${one.instance}`, ...one }));
  return rows.length > 1 ? [{ name: "all", values: all }, ...rows] : rows;
}

function indicatorName({ instance, is_own: isOwn, is_current: isCurrent, age_ms: age }) {
  if (instance === undefined) return el("b", "", t("indicators.all"));
  return [instance || t("instance.own"), isOwn && instance ? [" ", faint(t("instance.own"))] : null,
    isCurrent ? null : [" ", pill("stopped", t("indicators.old")), " ", t("indicators.silent", { time: duration(age, 1) })]];
}

function whatIsMissing({ others, unreadable }) {
  return [others === "unknown" ? el("p", "", pill("warn", t("indicators.unknown"))) : null,
    unreadable > 0 ? el("p", "faint", t("indicators.unreadable", { n: unreadable })) : null];
}

function breakerList(institution, breakers) {
  if (breakers.length === 0) return empty(t("breaker.none"));
  return el("ul", "rows", ...breakers.map((breaker) => {
    const { business, state: how, since_ms: since, why, person, wait_ms: wait, failures, answers } = breaker;
    const what = how === "passing" ? "trip" : "reset";
    return el("li", "",
      el("b", "", business || t("limits.business_all")), pill(how, word("breaker", how)), lasting(since),
      may("operate", institution) ? button(t(`breaker.do.${what}`), () => steer(what, institution, business), { class: what === "trip" ? "danger" : "" }) : null,
      why ? el("span", "", told("trip", breaker.cause, why)) : null, person ? el("small", "faint", personOf(person)) : null,
      faint(t("limits.failures", { failures, answers })), wait ? faint(t("limits.next_test", { time: duration(wait) })) : null);
  }));
}

function steer(what, institution, business) {
  const names = { institution, business: business ? ` ${business}` : "" };
  ask({
    title: t(`breaker.ask.${what}`, names),
    text: t(`breaker.tell.${what}`),
    fields: what === "trip" ? [noteField(), personField()] : [personField()],
    confirm: t(`breaker.do.${what}`),
    danger: what === "trip",
    act: (values) => post(`/v1/institutions/${encodeURIComponent(institution)}/breaker`, { decision: what, ...(business ? { business } : {}), ...values }),
    done: t(`breaker.done.${what}`, names),
  });
}

function blocks(institution, closed) {
  const isAllowed = may("operate", institution);
  const items = closed.map((one) => {
    const byPerson = typeof one.why === "object" && "person" in one.why;
    return el("li", "", pill("off", t("closed")), el("span", "", closedWhy(one)),
      byPerson && isAllowed ? button(t("business.do.unblock"), () => unblock(institution, one.business)) : null);
  });
  return [items.length > 0 ? el("ul", "rows", ...items) : empty(t("limits.open")),
    isAllowed ? el("div", "buttons", button(t("business.do.block"), () => block(institution), { class: "danger" })) : null];
}

const businessPath = (institution) => `/v1/institutions/${encodeURIComponent(institution)}/business`;

function block(institution) {
  ask({
    title: t("business.ask.block", { institution }),
    text: t("business.tell.block"),
    fields: [noteField(), { name: "business", label: t("limits.code"), max: 40, optional: true }],
    confirm: t("business.do.block"),
    danger: true,
    act: ({ note, business }) => post(businessPath(institution), { decision: "block", note, ...(business ? { business } : {}) }),
    done: t("business.done.block", { institution }),
  });
}

function unblock(institution, business) {
  const names = { institution, business: business || t("limits.business_all") };
  ask({
    title: t("business.ask.unblock", names),
    text: t("business.tell.unblock"),
    confirm: t("business.do.unblock"),
    act: () => post(businessPath(institution), { decision: "unblock", ...(business ? { business } : {}) }),
    done: t("business.done.unblock", names),
  });
}

function alternativeList(alternatives) {
  return el("ul", "rows", ...alternatives.map((one) => el("li", "", el("b", "", one.telegram), word("alternative", one.alternative),
    one.to ? ` → ${one.to}` : null, one.note ? faint(one.note) : null,
    one.acts ? [pill("warn", t("limits.acts")), lasting(one.since_ms), el("span", "", one.why)] : null)));
}

function shared({ instance, instances_max: n, has_lease: hasLease, share }) {
  const text = t("limits.share", { instance, n, rate: share.rate ?? "–", inflight: share.inflight ?? "–" });
  return el("p", "", text, hasLease ? null : [" ", pill("warn", t("limits.no_lease"))]);
}
