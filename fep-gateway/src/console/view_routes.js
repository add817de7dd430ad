// Where requests go: the rule in force of each telegram, what became of the requests of both sides, who changed it, and the form to change it.

import { get, inTurn, put } from "./api.js";
import { ask, noteField, personField } from "./ask.js";
import { address, button, el, empty, faint, facts, fill, keepingFocus, to } from "./dom.js";
import { personOf } from "./marks.js";
import { may } from "./session.js";
import { labelOf, state, watch } from "./store.js";
import { capital } from "./table.js";
import { t, word } from "./texts.js";
import { lasting, when } from "./time.js";
import { sitesCard } from "./view_sites.js";

/** No event tells of a request's side. */
const EVERY_MS = 5000;
const OUTCOMES = ["answered", "not_sent", "unknown"];

export function routes({ main, path, title }) {
  title(t("routes.title"));
  const list = el("div", "cards wide-cards");
  const sites = path[0] ? null : sitesCard();
  main.append(...(sites ? [sites.element] : []), list);
  const cards = new Map();
  let ended = false;
  let begun = false;

  /** One institution after the other, so that many of them do not ask at once. */
  const read = inTurn(async () => {
    await sites?.read();
    if (!state.institutions) return;
    begun = true;
    const asked = state.institutions.filter(({ institution }) => !path[0] || institution === path[0]);
    for (const { institution } of asked) {
      if (ended) return;
      try {
        show(await get(`${ofInstitution(institution)}/routing`));
      } catch (failure) {
        if (failure.status !== 403 && failure.status !== 404) card(institution, failure.message, () => el("p", "error", failure.message));
      }
    }
    if (!ended && cards.size === 0) fill(list, empty(t("routes.none")));
  });

  function show(status) {
    const { institution, rules } = status;
    if (Object.keys(rules).length === 0) return forget(institution);
    card(institution, JSON.stringify(status), () => drawn(status, read));
  }

  function card(institution, text, make) {
    if (ended) return;
    if (cards.size === 0) fill(list);
    let known = cards.get(institution);
    if (!known) {
      known = { element: el("article", "card standby"), text: "" };
      cards.set(institution, known);
      list.append(known.element);
    }
    if (known.text === text) return;
    known.text = text;
    keepingFocus(known.element, () => fill(known.element,
      el("div", "card-head", el("h2", "", institution, " ", faint(labelOf(institution)))), make()));
  }

  function forget(institution) {
    cards.get(institution)?.element.remove();
    cards.delete(institution);
  }

  fill(list, empty(t("loading")));
  read();
  const timer = setInterval(() => document.hidden || read(), EVERY_MS);
  // The institutions may not be known yet.
  const unwatch = watch(["lines"], () => begun || read());
  return () => {
    ended = true;
    clearInterval(timer);
    unwatch();
  };
}

const ofInstitution = (institution) => `/v1/institutions/${encodeURIComponent(institution)}`;

function drawn(status, read) {
  const { institution, rules, counted_since_ms: since } = status;
  return Object.entries(rules).map(([telegram, rule]) => el("section", "sub",
    el("h3", "", telegram, " ", faint(t("routes.to", { from: institution, to: rule.to }))),
    facts([
      [t("routes.rule"), el("b", "", t("routes.percent", { n: rule.percent }))],
      [t("routes.callers"), rule.callers.length > 0 ? rule.callers.join(", ") : t("none")],
      [t("routes.sticky"), rule.sticky ? el("span", "mono", rule.sticky) : t("routes.by_key")],
      rule.changed && [t("routes.file"), fileSays(rule.file)],
      [t("routes.changed"), rule.changed ? changedBy(institution, rule.changed) : t("routes.as_file")],
    ]),
    sides(institution, rule, since),
    may("configure", institution) ? el("div", "buttons",
      button(t("routes.do", { telegram }), () => change(status, telegram, read)),
      rule.changed ? button(t("routes.reset"), () => reset(status, telegram, read)) : null) : null));
}

const fileSays = ({ percent: n, callers }) => t("routes.file_says", { n, callers: callers.length > 0 ? callers.join(", ") : t("none") });

/** Who changed a rule, with the way to the audit trail. */
function changedBy(institution, { person, note, since_ms: since }) {
  return [personOf(person), " · ", note, " · ", lasting(since), " · ", to(address(["audit"], { institution, act: "route" }), t("nav.audit"))];
}

/** What became of the requests of both sides, as a table that stays one on a narrow screen. */
function sides(institution, rule, since) {
  const cell = (tag, ...content) => el(tag, "num", ...content);
  const rows = rule.sides.map((side) => el("tr", "",
    el("th", { scope: "row" }, side.institution, " ", faint(t(side.institution === institution ? "routes.stays" : "routes.goes"))),
    cell("td", OUTCOMES.reduce((sum, name) => sum + side[name], 0)), ...OUTCOMES.map((name) => cell("td", side[name]))));
  // On a narrow screen it can be scrolled, with the keyboard as well.
  return el("div", { class: "counts", role: "region", tabindex: "0", "aria-label": t("routes.counted") },
    el("table", "",
      el("caption", "faint", t("routes.counted"), " ", when(since, institution)),
      el("thead", "", el("tr", "", el("th", { scope: "col" }, t("routes.side")), el("th", { scope: "col", class: "num" }, t("routes.requests")),
        ...OUTCOMES.map((name) => el("th", { scope: "col", class: "num" }, capital(word("outcome", name)))))),
      el("tbody", "", ...rows)));
}

/** Every rule of an institution is named, so that nobody changes one by leaving it out: the others stay as they are. */
function rulesWith({ rules }, telegram, share) {
  const kept = ([name, { changed, percent, callers }]) => [name, changed ? { percent, callers } : null];
  return { ...Object.fromEntries(Object.entries(rules).map(kept)), [telegram]: share };
}

function send({ institution, revision }, rules, { note, person }) {
  const body = { rules, note, ...(person ? { person } : {}) };
  return put(`${ofInstitution(institution)}/routing`, body, { "if-match": `"${revision}"` });
}

function change(status, telegram, read) {
  const { to: other, percent, callers } = status.rules[telegram];
  const names = { telegram, institution: status.institution, to: other };
  ask({
    title: t("routes.ask", names),
    text: t("routes.tell"),
    fields: [
      { name: "percent", label: t("routes.field.percent", names), value: String(percent), max: 3, inputmode: "numeric" },
      { name: "callers", label: t("routes.field.callers", names), value: callers.join(", "), max: 2000, optional: true },
      noteField(), personField(),
    ],
    confirm: t("routes.confirm"),
    danger: true,
    act: async ({ percent: wanted, callers: clients, ...by }) => {
      if (!/^[0-9]{1,3}$/.test(wanted) || Number(wanted) > 100) throw new Error(t("routes.bad_percent"));
      const share = { percent: Number(wanted), callers: clients.split(",").map((name) => name.trim()).filter(Boolean) };
      await send(status, rulesWith(status, telegram, share), by);
      read();
      return share.percent;
    },
    done: (n) => t("routes.done", { ...names, n }),
  });
}

function reset(status, telegram, read) {
  const names = { telegram, institution: status.institution };
  ask({
    title: t("routes.ask_reset", names),
    text: t("routes.tell"),
    fields: [noteField(), personField()],
    confirm: t("routes.confirm"),
    danger: true,
    act: async (by) => {
      await send(status, rulesWith(status, telegram, null), by);
      read();
    },
    done: t("routes.done_reset", names),
  });
}
