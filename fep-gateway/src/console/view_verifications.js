// Verification: whether a new side may take over. For each one the gate in a sentence, its last runs, and what the runs found by telegram and field.

import { get, READABLE } from "./api.js";
import { address, el, facts, faint, fill, section, to } from "./dom.js";
import { pill, SIGNS } from "./marks.js";
import { table } from "./table.js";
import { t, word } from "./texts.js";
import { stamp, when } from "./time.js";

/** No event tells of a run. */
const EVERY_MS = 10000;
/** How many runs the list shows of each verification, and the view of one. */
const TREND = 14;
const RUNS = 60;
/** The reasons of a finding, with the look of each. */
const LOOKS = { unexplained: "bad", failed: "bad", ignored: "off", filled: "off", noise: "off" };

const linkOf = ({ institution, verification, kind }, run) => address(["verifications", institution, verification], { kind, run });
const number = (count) => count.toLocaleString("en");

/** The look of a run: what passed, what found something, and what says nothing yet. */
function lookOf({ counts }) {
  if (counts.passed) return "good";
  return counts.unexplained + counts.failed > 0 || (counts.whole && counts.compared > 0 && counts.compared_clean === 0) ? "bad" : "warn";
}

/** The gate in plain words. */
function gate({ counts }) {
  const values = Object.fromEntries(["compared", "unexplained", "failed", "compared_clean", "compared_min"].map((name) => [name, number(counts[name])]));
  if (counts.passed) return t("verif.passed", values);
  if (!counts.whole) return t("verif.stopped", values);
  if (counts.unexplained + counts.failed > 0) return t("verif.found", values);
  if (counts.compared === 0) return t("verif.nothing");
  if (counts.compared_clean > 0) return t("verif.not_enough", values);
  return counts.summary;
}

const gateOf = (run) => [pill(lookOf(run), t(run.counts.passed ? "verif.is.passed" : "verif.is.not_passed")), " ", gate(run)];

/** The last runs as signs, the oldest first. */
function trend(row) {
  const marks = row.runs.slice(0, TREND).reverse().map((run) => {
    const look = lookOf(run);
    const said = `${stamp(run.counts.made_at_ms, row.institution).slice(0, 16)}: ${gate(run)}`;
    return el("a", { class: `dot ${look}`, href: linkOf(row, run.run), title: said, "aria-label": said }, SIGNS[look]);
  });
  return el("span", { class: "keep", role: "group", "aria-label": t("verif.trend") }, marks);
}

export function verifications({ main, title }) {
  title(t("verif.title"));
  const error = el("p", { class: "error", role: "alert" });
  const list = table({
    caption: t("verif.title"),
    empty: t("verif.none"),
    key: (row) => linkOf(row),
    link: (row) => linkOf(row),
    columns: [
      { title: t("verif.name"), class: "lead", cell: (row) => to(linkOf(row), row.verification) },
      { title: t("institution"), class: "keep", cell: (row) => row.institution },
      { title: t("verif.gate"), class: "wide", cell: (row) => gateOf(row.runs[0]) },
      { title: t("verif.trend"), cell: trend },
      { title: t("verif.of"), cell: (row) => [word("verif.kind", row.runs[0].counts.kind), ": ", row.runs[0].counts.of] },
      { title: t("verif.last"), cell: (row) => when(row.runs[0].counts.made_at_ms, row.institution) },
    ],
  });
  main.append(el("p", "faint note", t("verif.note")), error, list.element);
  return again(error, async () => {
    const found = await get("/v1/verifications", { ...READABLE, limit: TREND });
    return () => list.update(found.verifications);
  });
}

/** One verification: its gate, its runs, and what the last run found, or the one that was asked for. */
export function verification({ main, path, query, title }) {
  const [institution, name] = path;
  title([name, " ", faint(institution)]);
  const about = el("div", "about");
  const error = el("p", { class: "error", role: "alert" });
  const which = el("span", "faint");
  const more = el("p", "faint");
  const findings = table({
    caption: t("verif.findings"),
    empty: t("verif.no_findings"),
    key: (one) => JSON.stringify([one.telegram, one.path, one.why]),
    columns: findingColumns(),
  });
  // Reads and writes of one name are two verifications.
  const row = { institution, verification: name, kind: query.kind };
  const runs = table({
    caption: t("verif.runs"),
    empty: t("verif.none"),
    key: (run) => run.run,
    link: (run) => linkOf(row, run.run),
    columns: [
      { title: t("time"), class: "lead", cell: (run) => to(linkOf(row, run.run), when(run.counts.made_at_ms, institution)) },
      { title: t("verif.gate"), class: "wide", cell: gateOf },
      ...["compared", "unexplained", "failed", "explained"].map((one) => ({ title: t(`verif.${one}`), class: "num", cell: ({ counts }) => number(counts[one]) })),
      { title: t("verif.told_by"), cell: (run) => run.client },
    ],
  });
  main.append(about, error, section(t("verif.findings"), which, findings.element, more), section(t("verif.runs"), null, runs.element));
  return again(error, async () => {
    const found = await get("/v1/verifications", { institution, limit: RUNS });
    const own = found.verifications.filter((one) => one.verification === name && (!query.kind || one.kind === query.kind));
    // Without a kind, what did not pass is seen first.
    const first = own.find((one) => !one.runs[0].counts.passed) || own[0];
    const wanted = query.run || first?.runs[0].run;
    const detail = wanted ? await get(`/v1/verifications/${[institution, name, wanted].map(encodeURIComponent).join("/")}`) : null;
    row.kind = detail?.run.counts.kind ?? query.kind;
    const all = own.find((one) => one.kind === row.kind)?.runs || [];
    return () => {
      runs.update(all);
      if (!detail) return;
      fill(about, head(detail));
      fill(which, when(detail.run.counts.made_at_ms, institution), query.run ? [" · ", to(linkOf(row), t("verif.newest"))] : null);
      findings.update(detail.findings);
      fill(more, detail.more_findings > 0 ? t("verif.more", { n: number(detail.more_findings) }) : null);
    };
  });
}

function head({ institution, run }) {
  const { counts } = run;
  const span = counts.since_ms === undefined ? null : [when(counts.since_ms, institution), " – ", when(counts.until_ms, institution)];
  return facts([
    [t("verif.gate"), el("span", "long", gateOf(run))],
    [t("verif.of"), `${word("verif.kind", counts.kind)}: ${counts.of}`],
    [t("verif.span"), span],
    [t("verif.clean"), t("verif.clean_of", { n: number(counts.compared_clean), min: number(counts.compared_min) })],
    [t("verif.told"), [when(run.told_at_ms, institution), run.client ? ` · ${run.client}` : null]],
  ]);
}

function findingColumns() {
  const side = (name) => ({ title: t(`verif.${name}`), class: "mono wide", cell: (one) => one[name] });
  return [
    { title: t("verif.reason"), class: "lead", cell: (one) => pill(LOOKS[one.reason], word("verif.reason", one.reason)) },
    { title: t("telegram"), class: "lead", cell: (one) => one.telegram },
    { title: t("field"), class: "wide", cell: (one) => (one.path ? [one.label || one.path, " ", faint(one.label ? one.path : "")] : one.why) },
    { title: t("verif.count"), class: "num", cell: (one) => number(one.count) },
    side("old"),
    side("new"),
    { title: t("verif.place"), class: "mono", cell: (one) => (one.exchange ? to(address(["exchanges", one.exchange]), one.exchange) : one.place) },
  ];
}

/** Reads now and every few seconds, and says what fails. What was read before stays. */
function again(error, read) {
  let ended = false;
  const once = async () => {
    try {
      const show = await read();
      if (ended) return;
      fill(error);
      show();
    } catch (failure) {
      if (!ended) fill(error, failure.message);
    }
  };
  once();
  const clock = setInterval(() => document.hidden || once(), EVERY_MS);
  return () => {
    ended = true;
    clearInterval(clock);
  };
}
