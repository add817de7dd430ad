// The two sites: what percentage of the requests each gets, who changed it, what this gateway handed over, and the form to divide them anew.

import { get, put } from "./api.js";
import { ask, noteField, personField } from "./ask.js";
import { address, button, el, facts, faint, fill, keepingFocus, to } from "./dom.js";
import { personOf } from "./marks.js";
import { may } from "./session.js";
import { t } from "./texts.js";
import { lasting, when } from "./time.js";

const STAYED = ["unreachable", "refused", "failed", "full", "no_key", "own_caller"];

/** A card that is hidden while the gateways are at one site. */
export function sitesCard() {
  const element = el("article", "card standby");
  element.hidden = true;
  let text = "";

  async function read() {
    // Who may not read everything is not told of it.
    if (!may("read")) return;
    try {
      show(await get("/v1/sites"));
    } catch (failure) {
      draw(failure.message, () => el("p", "error", failure.message));
    }
  }

  function show(status) {
    element.hidden = Object.keys(status.sites).length === 0;
    if (!element.hidden) draw(JSON.stringify(status), () => drawn(status, read));
  }

  function draw(now, make) {
    if (now === text) return;
    text = now;
    keepingFocus(element, () => fill(element, el("div", "card-head", el("h2", "", t("sites.title"))), make()));
  }

  return { element, read };
}

function drawn(status, read) {
  const { sites, changed, handed_over: handed, instance, site: own } = status;
  const names = Object.keys(sites);
  const percents = (of) => names.map((name) => `${name} ${of(sites[name])} %`).join(" · ");
  const share = (name) => [el("b", "", `${sites[name].percent} %`), " ", faint(sites[name].gateways.join(", "))];
  const troubles = handed.gateways.filter(({ trouble }) => trouble);
  return [
    facts([
      ...names.map((name) => [name === own ? t("sites.own", { name }) : name, share(name)]),
      changed && [t("sites.file"), percents(({ file }) => file)],
      [t("sites.changed"), changed ? changedBy(changed) : t("sites.as_file")],
      [t("sites.served"), [handed.served, " ", faint(t("sites.since", { instance })), " ", when(handed.counted_since_ms)]],
      [t("sites.stayed"), STAYED.map((name) => `${t(`sites.stayed.${name}`)} ${handed[name]}`).join(" · ")],
      [t("sites.for_others"), handed.served_for_others],
      troubles.length > 0 && [t("sites.trouble"), troubles.map(({ gateway, trouble }) => el("p", "error", gateway, ": ", trouble))],
    ]),
    may("configure") ? el("div", "buttons",
      button(t("sites.do"), () => change(status, read)),
      changed ? button(t("sites.reset"), () => reset(status, read)) : null) : null,
  ];
}

/** Who divided the requests, with the way to the audit trail. */
function changedBy({ person, note, since_ms: since }) {
  return [personOf(person), " · ", note, " · ", lasting(since), " · ", to(address(["audit"], { act: "route" }), t("nav.audit"))];
}

function send({ revision }, percents, { note, person }) {
  const body = { percents, note, ...(person ? { person } : {}) };
  return put("/v1/sites", body, { "if-match": `"${revision}"` });
}

/** One percentage is asked for: the other one is the rest. */
function change(status, read) {
  const [first, second] = Object.keys(status.sites);
  ask({
    title: t("sites.ask"),
    text: t("sites.tell"),
    fields: [
      { name: "percent", label: t("sites.field", { first, second }), value: String(status.sites[first].percent), max: 3, inputmode: "numeric" },
      noteField(), personField(),
    ],
    confirm: t("routes.confirm"),
    danger: true,
    act: async ({ percent, ...by }) => {
      if (!/^[0-9]{1,3}$/.test(percent) || Number(percent) > 100) throw new Error(t("routes.bad_percent"));
      const n = Number(percent);
      await send(status, { [first]: n, [second]: 100 - n }, by);
      await read();
      return n;
    },
    done: (n) => t("sites.done", { first, second, n, rest: 100 - n }),
  });
}

function reset(status, read) {
  ask({
    title: t("sites.ask_reset"),
    text: t("sites.tell"),
    fields: [noteField(), personField()],
    confirm: t("routes.confirm"),
    danger: true,
    act: async (by) => {
      await send(status, null, by);
      await read();
    },
    done: t("sites.done_reset"),
  });
}
