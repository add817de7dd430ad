// The lines: each with everything that operators look at, its links, and the buttons that stop it, start it and switch over.

import { post } from "./api.js";
import { ask, noteField } from "./ask.js";
import { gauge } from "./chart.js";
import { button, el, empty, faint, facts, fill, keepingFocus, labelled } from "./dom.js";
import { closedWhy, FINE, health, pill, reason, reasonText, told, unbroken, placeOf } from "./marks.js";
import { may } from "./session.js";
import { labelOf, state, watch } from "./store.js";
import { t, word } from "./texts.js";
import { ago, lasting, now } from "./time.js";
import { streamsPart } from "./view_streams.js";

/** How many lines are shown at once. A filter finds the others. */
const SHOWN_MAX = 100;
/** A link that received nothing for so long is worth a look. */
const QUIET_MS = 5 * 60 * 1000;

export function lines({ main, path, query, title }) {
  title(path[0] ? `${t("nav.lines")}: ${path[0]}` : t("nav.lines"));
  const filter = el("input", { type: "search", value: query.q || "", autocomplete: "off", spellcheck: "false", oninput: show });
  const troubled = el("input", { type: "checkbox", onchange: show });
  const count = el("p", { class: "faint", role: "status" });
  const list = el("div", "cards");
  main.append(el("div", "bar plain", labelled(t("lines.filter"), filter), el("label", "check", troubled, t("lines.troubled")), count), list);
  const streams = path[0] ? null : streamsPart();
  if (streams) main.append(streams.element);
  const cards = new Map();

  function show() {
    if (!state.lines) return fill(list, empty(t("loading")));
    const words = filter.value.trim().toLowerCase();
    const wanted = state.lines.filter((line) => (!path[0] || line.institution === path[0])
      && (!words || searchText(line).includes(words))
      && (!troubled.checked || !FINE.includes(health(line).level)));
    // If not all can be shown, those with a problem come first.
    const shown = (wanted.length > SHOWN_MAX ? troubledFirst(wanted) : wanted).slice(0, SHOWN_MAX);
    const left = wanted.length - shown.length;
    const text = t("lines.count", { shown: wanted.length, all: state.lines.length }) + (left > 0 ? ` · ${t("lines.left", { left })}` : "");
    if (count.textContent !== text) count.textContent = text;
    const names = shown.map((line) => `${line.institution}\n${line.line}`);
    for (const name of cards.keys()) if (!names.includes(name)) cards.delete(name);
    shown.forEach((line, index) => {
      const card = cards.get(names[index]) || el("article", "card");
      cards.set(names[index], card);
      draw(card, line);
      if (list.children[index] !== card) list.insertBefore(card, list.children[index] || null);
    });
    while (list.children.length > shown.length) list.lastElementChild.remove();
    if (shown.length === 0) fill(list, empty(t(state.lines.length ? "lines.no_match" : "lines.none")));
  }

  show();
  const unwatch = watch(["lines"], show);
  return () => {
    unwatch();
    streams?.end();
  };
}

function troubledFirst(all) {
  const fine = new Set(all.filter((line) => FINE.includes(health(line).level)));
  return [...all.filter((line) => !fine.has(line)), ...fine];
}

function searchText(line) {
  const { institution, line: name, address: at, role, duty, last_error: error } = line;
  return [institution, labelOf(institution), name, at, role, duty, error, health(line).text].filter(Boolean).join(" ").toLowerCase();
}

/** Fills a card. The buttons stay, so that the focus does; what they do is decided when they are pressed. */
function draw(card, line) {
  const status = (state.institutions || []).find((one) => one.institution === line.institution);
  const text = JSON.stringify([line, status]);
  if (card.text === text) return;
  const first = card.text === undefined;
  card.text = text;
  card.line = line;
  card.status = status;
  if (first) {
    card.parts = { head: el("div", "card-head"), body: el("div", "card-body"), buttons: el("div", "buttons") };
    card.append(card.parts.head, card.parts.body, card.parts.buttons);
  }
  const { level, text: how, sinceMs, why } = health(line);
  card.className = `card ${level}`;
  fill(card.parts.head, el("h2", "", line.institution, " · ", line.line, " ", faint(labelOf(line.institution))),
    pill(level, how), lasting(sinceMs));
  fill(card.parts.body, why ? el("p", "why", why) : null, about(line, status, why), links(line));
  buttons(card);
}

function about(line, status, shown) {
  const limit = status?.limit;
  const breakers = (status?.breakers || []).filter((breaker) => breaker.state !== "passing");
  return facts([
    [t("line.role"), word("role", line.role), ", ", word("duty", line.duty), faint(` ${word("connection_kind", line.connection)}`)],
    [t("line.address"), el("span", "mono", line.address)],
    [t("line.carries"), carries(line, status)],
    [t("line.inflight"), `${line.inflight} / ${line.inflight_max}`, line.window ? faint(` · ${t("line.window", { n: line.window })}`) : null,
      gauge({ used: line.inflight, max: line.inflight_max, text: `${line.inflight} / ${line.inflight_max}` })],
    limit && limit.rate_max !== null && [t("line.rate"), `${limit.rate_used} / ${limit.rate_max}`,
      gauge({ used: limit.rate_used, max: limit.rate_max, text: `${limit.rate_used} / ${limit.rate_max}` })],
    status && [t("breaker"), breakers.length === 0
      ? status.breakers.length ? pill("passing", word("breaker", "passing")) : faint(t("breaker.none"))
      : breakers.map((breaker) => el("div", "", pill(breaker.state, word("breaker", breaker.state)), " ", breaker.business || "", " ", lasting(breaker.since_ms), breaker.why ? [" · ", told("trip", breaker.cause, breaker.why)] : null))],
    status && status.closed.length > 0 && [t("closed"), status.closed.map((one) => el("div", "", closedWhy(one)))],
    [t("line.reconnects"), String(line.reconnects)],
    // If the line is not good, the error stands above.
    !(shown && line.last_error) && [t("line.last_error"), line.last_error ? reason(line.last_error, line.last_error_code) : faint(t("none"))],
    status?.contact && [t("line.contact"), unbroken(status.contact)],
  ]);
}

/** Whether a line carries business, stands by or only receives, why and since when. */
function carries(line, status) {
  if (line.stopped) return t("line.stopped");
  const away = placeOf(line);
  if (away) return away;
  const rank = t("line.rank", { n: line.rank });
  if (!line.carries) return line.duty === "receive" || line.duty === "answer" ? t("line.receives") : `${t("line.standby")}, ${rank}`;
  return line.carries_why ? [t("line.business"), `, ${rank} · `, lasting(line.carries_since_ms), " · ", told("switch", status?.switchover?.cause, line.carries_why)] : t("line.business");
}

function links(line) {
  if (line.links.length === 0) return empty(t("line.no_link"));
  return el("ol", "links", ...line.links.map((link, index) => {
    const round = link.echo_round_trip_us;
    const quiet = link.state === "up" && link.last_rx_ms && now() - link.last_rx_ms > QUIET_MS;
    return el("li", `link ${link.state}`,
      el("span", "link-head", el("b", "", t("link", { n: index + 1 })), faint(` #${link.incarnation}`), " ",
        pill(lookOf(link, line), word("link", link.state)), " ", lasting(link.since_ms),
        link.peer ? el("small", "faint pair", `${t("link.peer")} `, el("span", "mono", link.peer)) : null),
      facts([
        [t("link.rx"), link.last_rx_ms ? el("span", quiet ? "warn-text" : "", ago(link.last_rx_ms)) : "–"],
        [t("link.tx"), ago(link.last_tx_ms) || "–"],
        [t("link.proved"), ago(link.proved_ms) || (line.proved_by ? "–" : t("line.untested"))],
        [t("link.echo"), round === null ? (line.proved_by === "echo_test" ? "–" : t("line.untested")) : t("unit.ms", { n: (round / 1000).toFixed(1) })],
        link.unpolled_since_ms && [t("line.unpolled"), lasting(link.unpolled_since_ms)],
      ]));
  }));
}

/** The look of a link. That of a stopped line is down because a person wanted it. */
function lookOf({ state: how }, line) {
  if (how === "up") return "good";
  return how === "idle" ? "standby" : line.stopped || placeOf(line) ? "off" : "bad";
}

function buttons(card) {
  const { line, status } = card;
  if (!may("operate", line.institution)) return;
  const wanted = [line.stopped ? "start" : "stop"];
  if (status?.switchover && !line.carries && !line.stopped && line.duty !== "receive" && line.duty !== "answer") wanted.push("switch");
  if (status?.switchover && status.switchover.ordered !== null) wanted.push("return");
  // What a line has no telegram for, the gateway says.
  const hasSession = line.duty !== "receive" && line.duty !== "answer" && line.connection !== "one_shot";
  if (hasSession && !line.stopped && line.links.some((link) => link.state === "up" || link.state === "signing_off")) wanted.push("test");
  if (hasSession && (line.stopped || line.links.some((link) => link.state !== "up"))) wanted.push("sign_on");
  if (hasSession && !line.stopped) wanted.push("sign_off");
  if (card.wanted === wanted.join()) return;
  card.wanted = wanted.join();
  keepingFocus(card.parts.buttons, () => fill(card.parts.buttons, wanted.map((what) => button(t(`line.do.${what}`), () => decide(what, card.line), { class: ENDS.includes(what) ? "danger" : "" }))));
}

/** What ends the business of a line. */
const ENDS = ["stop", "sign_off"];
/** What a person does to the session of a line, with its route. */
const SESSION = { test: "echo-test", sign_on: "sign-on", sign_off: "sign-off" };

function decide(what, line) {
  const ofInstitution = `/v1/institutions/${encodeURIComponent(line.institution)}`;
  const ofLine = `${ofInstitution}/lines/${encodeURIComponent(line.line)}`;
  const isSwitch = what === "switch" || what === "return";
  const path = isSwitch ? `${ofInstitution}/switchover` : SESSION[what] ? `${ofLine}/${SESSION[what]}` : ofLine;
  const decision = SESSION[what] ? {} : { decision: what };
  const body = what === "switch" ? { ...decision, line: line.line } : decision;
  const names = { line: line.line, institution: line.institution };
  ask({
    title: t(`line.ask.${what}`, names),
    text: t(`line.tell.${what}`, names),
    fields: ["start", "test", "sign_on"].includes(what) ? [] : [noteField()],
    confirm: t(`line.do.${what}`),
    danger: ENDS.includes(what),
    act: (values) => post(path, { ...body, ...values }),
    done: (came) => (what === "sign_off" && came.waiting > 0
      ? t("line.done.waits", { ...names, n: came.waiting })
      : t(`line.done.${what}`, { ...names, links: (came.links || []).map(tested).join(" · ") })),
  });
}

/** What came of an echo test on one link. */
function tested({ link: n, round_trip_us: round, why, why_code: code }) {
  return round === null
    ? t("line.not_tested", { n, why: reasonText(why, code) })
    : t("line.tested", { n, time: t("unit.ms", { n: (round / 1000).toFixed(1) }) });
}
