// The configuration: which one holds, how its file differs, what a reload would do, and the button that reloads.

import { get, inTurn, post } from "./api.js";
import { ask, noteField, personField } from "./ask.js";
import { button, el, empty, faint, facts, fill, refill, section } from "./dom.js";
import { personOf, pill } from "./marks.js";
import { t, word } from "./texts.js";
import { lasting, when } from "./time.js";

/** No event tells that the file was written. */
const EVERY_MS = 5000;
/** What the audit trail says of a look at the difference. */
const LOOK = "dry run";
const LOOKS = { same: "good", differs: "warn", unusable: "bad", none: "off" };

export function reload({ main, title }) {
  title(t("reload.title"));
  const holds = el("div", "place");
  const file = el("div", "place");
  const result = el("div", { role: "status" });
  const look = button(t("reload.do.look"), dryRun);
  const act = button(t("reload.do.reload"), question, { class: "primary" });
  main.append(section(t("reload.holds"), null, holds), section(t("reload.file"), null, file, el("div", "buttons", look, act)), result);
  let ended = false;
  let known = "";
  /** How the file was that a look was about. What a reload did stays, also if the file changes. */
  let looked = null;
  fill(holds, empty(t("loading")));

  const read = inTurn(async () => {
    try {
      const state = await get("/v1/reload");
      if (ended) return;
      refill(holds, holding(state));
      refill(file, ofFile(state));
      known = JSON.stringify([state.file, state.changes, state.streams, state.needs_restart, state.mistakes]);
      if (looked !== null && looked !== known) forget();
      look.disabled = act.disabled = state.file === "none" || state.reloading;
    } catch (failure) {
      if (!ended) refill(holds, el("p", "error", failure.message));
    }
  });

  function show(heading, ...parts) {
    if (!ended) fill(result, section(heading, null, ...parts));
  }

  function forget() {
    looked = null;
    fill(result);
  }

  async function dryRun() {
    look.disabled = true;
    try {
      const { changes, streams } = await post("/v1/reload", { note: LOOK, dry_run: true });
      show(t("reload.would"), changeList(changes, streams));
    } catch (problem) {
      show(t("reload.would_not"), refusal(problem));
    }
    await read();
    looked = known;
  }

  function question() {
    ask({
      title: t("reload.ask"),
      text: t("reload.tell"),
      fields: [noteField(), personField()],
      confirm: t("reload.do.reload"),
      danger: true,
      act: async (values) => {
        looked = null;
        try {
          const { changes, streams } = await post("/v1/reload", values.person ? values : { note: values.note });
          show(t("reload.did"), changeList(changes, streams));
        } catch (problem) {
          show(t(problem.body.code === "reload_partly" ? "reload.partly" : "reload.did_not"), refusal(problem));
          throw problem;
        } finally {
          await read();
        }
      },
      done: t("reload.done"),
    });
  }

  read();
  const timer = setInterval(() => document.hidden || read(), EVERY_MS);
  return () => {
    ended = true;
    clearInterval(timer);
  };
}

function holding({ holds, reloading }) {
  const { digest, since_ms: since, by, differs } = holds;
  return [
    facts([
      [t("reload.since"), when(since), " · ", lasting(since)],
      [t("reload.by"), by ? personOf(by) : t("reload.start")],
      [t("reload.digest"), digest && el("span", "mono long", digest)],
      reloading && [t("reload.state"), t("reload.runs")],
    ]),
    differs.length > 0 ? [el("p", "why", t("reload.differs")), el("ul", "rows", ...differs.map(({ institution, why }) => failed(institution, why)))] : null,
  ];
}

function ofFile({ file, changes, streams = [], needs_restart: keys, mistakes }) {
  return [
    el("p", "", pill(LOOKS[file], word("reload.is", file))),
    file === "differs" && changes.length + streams.length > 0 ? changeList(changes, streams) : null,
    keys.length > 0 ? [el("p", "why", t("reload.restart")), keyTable(keys)] : null,
    mistakes.length > 0 ? mistakeList(mistakes) : null,
  ];
}

/** What a reload changes, by institution, and the streams that it starts, stops or starts anew. */
function changeList(changes, streams = []) {
  if (changes.length + streams.length === 0) return empty(t("reload.nothing"));
  const ofStreams = streams.length > 0 ? [el("p", "", t("streams.title")), keyTable(streams)] : [];
  return el("div", "", changes.length > 0 ? institutionList(changes) : null, ...ofStreams);
}

function institutionList(changes) {
  return el("ul", "rows reload-rows", ...changes.map(({ institution, change, keys, because }) => el("li", "",
    el("b", "", institution), pill(change === "removed" ? "warn" : "standby", word("reload.change", change)),
    because.length > 0 ? el("p", "why", `${t("reload.because")} ${because.join(", ")}`) : null,
    keys.length > 0 ? keyTable(keys) : null)));
}

function keyTable(keys) {
  const value = (text) => (text === null ? faint(t("reload.hidden")) : el("span", "mono", text));
  return el("dl", "keys", ...keys.map(({ key, from, to }) => el("div", "",
    el("dt", "mono", key), el("dd", "", value(from), el("span", { "aria-label": t("reload.becomes") }, " → "), value(to)))));
}

/** Why a reload did nothing, or not everything. */
function refusal({ message, body }) {
  const { failed: fails, changes, blockers, mistakes, keys } = body;
  const parts = [
    fails && el("ul", "rows", ...Object.entries(fails).map(([institution, why]) => failed(institution, why))),
    fails && changes && [el("p", "", t("reload.asked")), changeList(changes)],
    blockers && el("ul", "rows", ...blockers.map(({ institution, what, count, advice }) => el("li", "",
      el("b", "", institution), `${word("reload.blocker", what)}: ${count}`, faint(advice)))),
    mistakes && mistakeList(mistakes),
    keys && [el("p", "why", t("reload.restart")), keyTable(keys)],
  ].filter(Boolean);
  return parts.length > 0 ? parts : el("p", "error", message);
}

const failed = (institution, why) => el("li", "", el("b", "", institution), pill("bad", t("reload.failed")), el("span", "", why));

const mistakeList = (mistakes) => el("ol", "mistakes", ...mistakes.map((text) => el("li", "", el("pre", "", text))));
