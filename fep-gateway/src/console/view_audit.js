// The audit trail: what persons and programs did or looked at, who, when and why. Only the gateway writes it.

import { address, el, to } from "./dom.js";
import { personOf, pill, reason } from "./marks.js";
import { choiceFilter, institutionFilter, search, textFilter, timeFilter } from "./search.js";
import { table } from "./table.js";
import { t, word } from "./texts.js";
import { when } from "./time.js";

/** All acts. */
const ACTS = ["reveal", "settle", "deliver", "trip_breaker", "reset_breaker", "block", "unblock", "stop_line", "start_line", "test_line", "sign_on", "sign_off", "switch", "switch_back", "route", "reload", "silence_alarm", "reconcile", "resolve_exception", "set_clock", "log_in", "overstep"];
/** Acts whose `about` is a business code, a line or a notice. That of others is a text. */
const OF_BUSINESS = ["trip_breaker", "reset_breaker", "block", "unblock"];
const OF_LINES = ["stop_line", "start_line", "test_line", "sign_on", "sign_off", "switch"];
/** What became of an act, with the look of it. */
const OUTCOMES = { done: "good", refused: "bad", open: "warn" };
const OF_NOTICES = ["deliver"];
/** No event tells of what others do. */
const EVERY_MS = 5000;

export function audit({ main, query, title }) {
  title(t("audit.title"));
  main.append(el("p", "faint note", t("audit.note")));
  return search({
    main,
    query,
    name: "audit",
    items: "entries",
    fields: [
      institutionFilter(query),
      choiceFilter(query, "act", t("audit.act"), ACTS.map((name) => [name, word("act", name)])),
      choiceFilter(query, "outcome", t("audit.outcome"), Object.keys(OUTCOMES).map((name) => [name, word("audit.outcome", name)])),
      textFilter(query, "client", t("audit.client")),
      timeFilter(query, "since"),
      timeFilter(query, "until"),
    ],
    list: trail(),
    atMs: (entry) => entry.at_ms,
    everyMs: EVERY_MS,
  });
}

function trail() {
  return table({
    caption: t("audit.title"),
    empty: t("audit.none"),
    key: (entry) => String(entry.number),
    columns: [
      { title: t("time"), class: "lead", cell: (entry) => when(entry.at_ms, entry.institution) },
      { title: t("audit.act"), class: "lead", cell: (entry) => el("b", entry.act === "reveal" ? "act look" : "act", word("act", entry.act)) },
      { title: t("audit.outcome"), cell: outcome },
      { title: t("audit.person"), cell: ({ person, client }) => personOf(person, client || undefined) },
      { title: t("audit.why"), class: "wide", cell: (entry) => entry.note },
      { title: t("institution"), class: "keep", cell: (entry) => entry.institution },
      { title: t("audit.about"), cell: about },
      { title: t("request_id"), class: "mono keep", cell: (entry) => entry.request_id },
    ],
  });
}

/** What became of it, if that was recorded. */
const outcome = ({ outcome: name, code }) => name && [pill(OUTCOMES[name] || "off", word("audit.outcome", name)), code ? [" ", reason("", code)] : null];

/** What it concerns, as a link where there is a view of it. */
function about({ act, institution, about: name, exchange }) {
  if (exchange) return [`${t("exchange")} `, to(address(["exchanges", exchange]), el("span", "mono", exchange))];
  if (!name) return null;
  if (OF_NOTICES.includes(act)) return [`${t("notice")} `, to(address(["notices", name]), el("span", "mono", name))];
  if (OF_LINES.includes(act)) return [`${t("line")} `, to(address(["lines", institution], { q: name }), name)];
  return OF_BUSINESS.includes(act) ? `${t("business")} ${name}` : name;
}
