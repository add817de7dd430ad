// The tables of exchanges that several views show.

import { address, el, faint, to } from "./dom.js";
import { joined, lineOf, outcome, passage, reason, response, telegram } from "./marks.js";
import { table } from "./table.js";
import { t } from "./texts.js";
import { when } from "./time.js";

const exchangeLink = (exchange) => address(["exchanges", exchange.exchange]);

/** A table of exchanges, without the columns with these names, and with more columns. */
export function exchangeTable(caption, without = [], more = []) {
  return table({
    caption,
    empty: t("exchanges.none"),
    key: (exchange) => exchange.exchange,
    link: exchangeLink,
    columns: [...columns().filter(({ name }) => !without.includes(name)), ...more],
  });
}

function columns() {
  return [
    { name: "time", title: t("time"), class: "lead", cell: (exchange) => to(exchangeLink(exchange), when(exchange.accepted_at_ms, exchange.institution)) },
    { name: "outcome", title: t("outcome"), class: "lead", cell: outcome },
    { name: "institution", title: t("institution"), class: "keep", cell: (exchange) => exchange.institution },
    { name: "telegram", title: t("telegram"), class: "lead", cell: telegram },
    { name: "trace", title: t("trace"), class: "num mono", cell: (exchange) => exchange.trace },
    { name: "response_ms", title: t("response_ms"), class: "num", cell: ({ response_ms: ms }) => (ms === null ? null : ms) },
    { name: "response_code", title: t("response_code"), cell: response },
    { name: "line", title: t("line"), cell: lineOf },
    { name: "reason", title: t("reason"), class: "wide", cell: (exchange) => joined(reason(exchange.reason, exchange.reason_code), passage(exchange)) },
  ];
}

/**
 * One telegram: each field with its bytes. `other` is the telegram before it, whose values it may have changed. `secrets` has the places of
 * fields whose secrets are shown.
 */
export function telegramFields(title, view, other, secrets = new Set()) {
  if (!view) return el("section", "part missing", el("h2", "", title), el("p", "empty", t("telegram.none")));
  const head = el("div", "part-head", el("h2", "", title), telegram(view), el("span", "faint", t("bytes", { n: view.len })));
  if (view.error) return el("section", "part", head, el("p", "error", view.error));
  const before = new Map((other?.fields || []).map((field) => [field.path, field]));
  const fields = table({
    caption: title,
    empty: "",
    key: placeOf,
    columns: [
      { title: t("offset"), class: "num mono", cell: (field) => field.offset },
      { title: t("len"), class: "num mono", cell: (field) => field.len },
      { title: t("field"), class: "lead", cell: (field) => [field.label || field.path || t("filler"), " ", faint(field.label ? field.path : "")] },
      { title: t("value"), class: "value", cell: (field) => valueOf(field, before.get(field.path), secrets.has(placeOf(field))) },
      { title: t("hex"), class: "mono hex", cell: (field) => field.hex },
    ],
  });
  fields.update(view.fields);
  return el("section", "part telegram", head, fields.element);
}

/** What names a field within its telegram. */
const placeOf = (field) => `${field.offset} ${field.path}`;

/** The places of the secrets in a masked telegram. */
export const secretsOf = (view) => new Set((view?.fields || []).filter((field) => field.secret).map(placeOf));

function valueOf(field, earlier, isRevealed) {
  if (!field.path && field.value === "filler") return null;
  if (isRevealed) return [el("span", "revealed", field.value), " ", el("span", "tag", t("form.secret"))];
  if (field.secret) return el("span", "faint", t("masked"));
  const look = field.value.startsWith("!") ? "error" : field.path && earlier && earlier.hex !== field.hex ? "changed" : "";
  return el("span", { class: look, title: look === "changed" ? t("changed") : null }, field.value);
}
