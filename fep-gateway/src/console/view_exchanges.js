// The search for exchanges.

import { address } from "./dom.js";
import { exchangeTable } from "./lists.js";
import { choiceFilter, institutionFilter, search, textFilter, timeFilter } from "./search.js";
import { t, word } from "./texts.js";

const ID = /^[0-9a-f]{22}$/;
const OUTCOMES = ["answered", "unknown", "unsettled", "not_sent", "running"];

export function exchanges({ main, query, title }) {
  title(t("nav.exchanges"));
  return search({
    main,
    query,
    name: "exchanges",
    fields: [
      institutionFilter(query),
      textFilter(query, "telegram", t("telegram"), { placeholder: "Transfer" }),
      choiceFilter(query, "outcome", t("outcome"), OUTCOMES.map((name) => [name, word("outcome", name)])),
      textFilter(query, "trace", t("trace"), { inputmode: "numeric" }),
      textFilter(query, "code", t("search.code"), { placeholder: "0110, no_answer" }),
      timeFilter(query, "since"),
      timeFilter(query, "until"),
      textFilter(query, "request_id", t("search.request_id")),
      textFilter(query, "idempotency_key", t("search.key")),
      textFilter({}, "id", t("search.id"), { class: "mono", maxlength: 22, pattern: "[0-9a-f]{22}", title: t("search.id_form") }),
    ],
    list: exchangeTable(t("nav.exchanges")),
    atMs: (exchange) => exchange.accepted_at_ms,
    direct: ({ id }) => (ID.test(id) ? address(["exchanges", id]) : null),
  });
}
