// How the page shows outcomes, states and reasons in a word with a look of its own. Each look differs by more than its colour.

import { address, el, faint, to } from "./dom.js";
import { state } from "./store.js";
import { isKorean, t, word } from "./texts.js";
import { failureInKorean, REASONS } from "./reasons_ko.js";
import { lasting } from "./time.js";

/** The signs that stand in pills and dots. */
export const SIGNS = {
  answered: "✓", unknown: "?", not_sent: "–", running: "…", settled: "✓",
  good: "●", warn: "▲", bad: "✕", off: "■", resting: "■", standby: "○", unproved: "◍",
  delivered: "✓", delivering: "…", dead_letter: "!", closed: "■", refused: "–", conflict: "≠", repeated: "↻", unwanted: "–",
  passing: "●", trial: "◐", echo: "◐", tripped: "✕", flag: "!",
};

/** A word with a look. */
export function pill(look, text) {
  return el("span", `pill ${look}`, el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[look] || "·"), " ", text);
}

/** The outcome of an exchange, and what settled it. */
export function outcome(exchange) {
  const name = exchange.outcome || "running";
  const marks = [pill(name, word("outcome", name))];
  if (exchange.settled_by) {
    const money = exchange.money ? ` · ${word("money", exchange.money)}` : "";
    marks.push(" ", pill("settled", `${t("settled")}: ${word("settled", exchange.settled_by)}${money}`));
  }
  for (const flag of exchange.flags || []) marks.push(" ", pill("flag", word("flag", flag)));
  return marks;
}

/** The response code of the institution and its meaning. */
export function response({ response_code: code, response_meaning: meaning, declined }) {
  if (!code) return null;
  return [el("span", `code ${declined ? "declined" : ""}`, code), meaning ? ` ${meaning}` : null];
}

/** Parts of a text with a dot between them; empty ones are left out. */
export const joined = (...parts) => parts.filter(Boolean).map((part, index) => [index > 0 ? " · " : "", part]);

/** A person as the journal names one: what was typed, and the client in whose name. */
export function personOf(person, client = / by (\S+)$/.exec(person)?.[1]) {
  if (!client || person === client) return person;
  return [person.replace(` by ${client}`, ""), " ", el("small", "faint pair", client)];
}

/** A text in which telephone numbers and the like are not broken at their hyphens. */
export const unbroken = (text) => text.split(/(\S*\d-\d\S*)/).map((part, index) => (index % 2 ? el("span", "pair", part) : part));

/** A telegram: its label on the sheet and its name. */
export const telegram = ({ telegram: name, label }) => el("span", "pair", label || name, label ? [" ", faint(name)] : null);

/** A line and the incarnation of its link. */
export function lineOf({ institution, line, link }) {
  return line ? el("span", "pair", to(address(["lines", institution], { q: line }), line), faint(` #${link}`)) : null;
}

/** A reason in the language of the page: the sentence of the gateway, in Korean the meaning of its code before it. */
export function reason(sentence, code) {
  if (!sentence && !code) return null;
  const meaning = isKorean() && REASONS[code];
  if (!meaning) return [sentence || "", code && sentence ? [" ", el("small", "faint mono", code)] : code];
  return [meaning, " ", el("small", "faint", sentence ? `${sentence} ` : "", el("span", "mono", code))];
}

/** The same as plain text, for what is said and not shown. */
export const reasonText = (sentence, code) => (isKorean() && REASONS[code]) || sentence || code || "";

/** Why a service did not take a notice, in the language of the page. */
export const failure = (sentence) => (isKorean() ? failureInKorean(sentence) : sentence);

/** A sentence of the gateway; in Korean the text of its cause before it. */
export function told(kind, cause, sentence) {
  if (!isKorean() || !cause) return sentence || null;
  return [word(kind, cause), " ", faint(sentence)];
}

/** The other exchange of a request that went to another institution, or the institution that was asked. */
export function passage(exchange) {
  for (const name of ["passed_on", "came_from"]) {
    const other = exchange[name];
    if (!other) continue;
    return [t(name), " ", to(address(["exchanges", other.exchange]), el("span", "mono", other.exchange)), ` (${other.institution})`];
  }
  const asked = exchange.routed_from;
  return asked ? [t("routed_from"), ` ${asked.institution}`] : null;
}

/** The state of the delivery of a notice. */
export const delivery = ({ state }) => pill(state, word("delivery", state));

/** Why business is closed, with the business code and when it opens. */
export function closedWhy({ business, why, since_ms: since, opens }) {
  const code = business ? `${t("business")} ${business}: ` : "";
  const [kind, said] = typeof why === "string" ? [why, ""] : Object.entries(why)[0];
  const text = kind === "person" ? said.note : kind === "notice" ? word("notice_why", said) : word("closed", kind);
  return [code, text, since ? [" · ", lasting(since)] : null, opens ? ` · ${t("opens", { time: opens })}` : null];
}

/** The levels of lines that need nobody. `unproved` is connected and not tested, `resting` is down outside the hours. */
export const FINE = ["good", "unproved", "standby", "resting"];

const closedByHours = (institution) => (state.institutions || []).some((one) =>
  one.institution === institution && one.closed.some(({ business, why }) => !business && why === "hours"));

/** Where a line is that this gateway does not have; nothing if it has it. */
export function placeOf({ place }) {
  if (!place || place.state === "here") return null;
  if (place.state === "leaving") return t("line.leaving");
  if (place.state === "unknown") return t("line.at_unknown");
  return place.holders.length > 0 ? t("line.at", { holders: place.holders.join(", ") }) : t("line.at_none");
}

/** How a line is: `level` names the look, `text` says it, `sinceMs` since when, `why` the reason. */
export function health(line) {
  const up = line.links.filter((link) => link.state === "up");
  const all = line.links.length;
  const last = (links) => links.reduce((latest, link) => Math.max(latest, link.since_ms), 0) || null;
  const error = line.last_error ? reason(line.last_error, line.last_error_code) : null;
  if (line.stopped) return { level: "off", text: t("line.stopped"), sinceMs: line.stopped.since_ms, why: line.stopped.note };
  const away = placeOf(line);
  if (away) return { level: "off", text: away, sinceMs: null, why: null };
  const unpolled = line.links.find((link) => link.unpolled_since_ms);
  if (unpolled) return { level: "warn", text: t("line.unpolled"), sinceMs: unpolled.unpolled_since_ms, why: error };
  // A link that is connected only at need is as it should be.
  const idle = line.connection === "kept" ? 0 : line.links.filter((link) => link.state === "idle").length;
  if (all > 0 && up.length > 0 && up.length + idle === all) {
    const proved = line.proved_by ? null : t("line.unproved");
    return { level: proved ? "unproved" : "good", text: t("line.up"), sinceMs: last(up), why: proved };
  }
  if (up.length > 0) return { level: "warn", text: t("line.some", { up: up.length, all }), sinceMs: last(line.links), why: error };
  if (all > 0 && idle === all) {
    return { level: "standby", text: word("link", "idle"), sinceMs: last(line.links), why: error };
  }
  const how = line.links[0]?.state || "down";
  const isResting = closedByHours(line.institution);
  return { level: isResting ? "resting" : "bad", text: word("link", how), sinceMs: last(line.links), why: isResting ? word("closed", "hours") : error };
}
