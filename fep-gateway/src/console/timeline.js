// What happened to an exchange or a notice, in its order.

import { el } from "./dom.js";
import { failure, reason } from "./marks.js";
import { t, word } from "./texts.js";
import { duration, stamp, when } from "./time.js";

/** Members of a step that are not said: they stand elsewhere, or are no text for persons. */
const UNSAID = ["fact", "number", "at_ms", "telegram", "account", "written_at_ms"];

/** A list of facts. `from` is when the first thing happened, `omitted` how many facts are left out. */
export function timeline(facts, from, institution, omitted = 0) {
  const sorted = [...facts].sort((a, b) => a.at_ms - b.at_ms || (a.number ?? Infinity) - (b.number ?? Infinity));
  const list = el("ol", "timeline", ...sorted.map((fact) => el("li", "",
    when(fact.at_ms, institution), el("span", "faint after", after(fact.at_ms - from)), el("span", "", "kind" in fact ? kindText(fact) : stepText(fact, institution)))));
  return omitted > 0 ? [list, el("p", "faint", t("timeline.omitted", { n: omitted }))] : list;
}

const after = (ms) => (ms <= 0 ? "" : `+${ms < 10000 ? t("unit.ms", { n: ms }) : duration(ms)}`);

/** One fact of the journal. */
function kindText(fact) {
  const parts = [word("fact", [fact.kind, fact.class].filter(Boolean).join("_"))];
  if (fact.line) parts.push(` · ${fact.line} #${fact.link}`);
  if (fact.len) parts.push(` · ${t("bytes", { n: fact.len })}`);
  if (fact.reason) parts.push(" · ", reason(fact.reason, fact.reason_code));
  return parts;
}

/** One step of a settlement or a delivery. */
function stepText(step, institution) {
  const words = Object.entries(step).filter(([name, value]) => !UNSAID.includes(name) && value !== null && value !== false)
    .map(([name, value]) => {
      if (value === true) return t(`step.${name}`);
      return `${t(`step.${name}`)}: ${said(name, value, institution)}`;
    });
  return [word("step_fact", step.fact), words.length > 0 ? el("small", "faint", ` ${words.join(", ")}`) : null];
}

/** A member of a step in words. */
function said(name, value, institution) {
  if (name.endsWith("_ms")) return stamp(value, institution).slice(0, 19);
  return name === "why" ? failure(word("step.why", value)) : word(`step.${name}`, value);
}
