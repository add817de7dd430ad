// Times. Those of a telegram are shown with their date in the zone of its institution, whose clock is also in the telegram.

import { el } from "./dom.js";
import { t } from "./texts.js";

/** The offset from UTC in minutes, by institution. */
const zones = new Map();
// The server's clock minus the browser's, so that ages are correct even if the clock of the operator's machine is wrong.
let aheadMs = 0;

/** Learns the zones of the institutions. */
export function learnZones(institutions) {
  for (const one of institutions) if (Number.isFinite(one.utc_offset_minutes)) zones.set(one.institution, one.utc_offset_minutes);
}

/** Learns the server's clock from the date of a reply. It has whole seconds, so a small difference means nothing. */
export function learnClock(date) {
  const server = Date.parse(date || "");
  if (!Number.isNaN(server) && Math.abs(server - Date.now()) > 2000) aheadMs = server - Date.now();
}

/** The present time at the server, in milliseconds since 1970. */
export const now = () => Date.now() + aheadMs;

/** The offset of an institution from UTC; without an institution that of the first, or the browser's. */
export function offset(institution) {
  const known = zones.get(institution) ?? zones.values().next().value;
  return known ?? -new Date().getTimezoneOffset();
}

/** An offset as text, such as `UTC+09:00`. */
export function zone(minutes) {
  const two = (n) => String(n).padStart(2, "0");
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

const isTime = (ms) => !Number.isNaN(new Date(ms).getTime());

/** A time with its date on the clock of an institution: `2026-11-28 17:43:02.123`. What is no time of a clock is shown as it is. */
export function stamp(ms, institution) {
  const there = ms + offset(institution) * 60000;
  if (!isTime(ms) || !isTime(there)) return String(ms);
  return new Date(there).toISOString().replace("T", " ").replace("Z", "");
}

/** The same as an element. The zone is its tip, and stands beside it if it is not the zone of the page. */
export function when(ms, institution) {
  if (ms === null || ms === undefined) return null;
  const minutes = offset(institution);
  const [date, time] = stamp(ms, institution).split(" ");
  if (time === undefined) return el("span", "when", date);
  const other = minutes === offset() ? null : el("small", "faint", ` ${zone(minutes)}`);
  const attributes = { class: "when", datetime: new Date(ms).toISOString(), title: `${date} ${time} ${zone(minutes)}` };
  return el("time", attributes, el("span", "date", date), " ", time, other);
}

/** A length of time in some units, such as `2 min 5 s`. */
export function duration(ms, units = 2) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const parts = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]].map(([unit, of], index, all) =>
    [unit, Math.floor((index ? s % all[index - 1][1] : s) / of)]);
  const first = parts.findIndex(([, count]) => count > 0);
  if (first < 0) return t("unit.s", { n: 0 });
  return parts.slice(first, first + units).filter(([, count]) => count > 0).map(([unit, n]) => t(`unit.${unit}`, { n })).join(" ");
}

/** The age of the oldest of several things, in short. */
export const oldest = (ms) => ago(ms, "oldest");

/** How long ago something was. The text changes with time, see `tick`. */
export function ago(ms, form = "ago") {
  if (ms === null || ms === undefined) return null;
  const element = el("span", { class: "age", data: { since: ms, form }, title: stamp(ms) });
  tell(element);
  return element;
}

/** For how long something holds. */
export const lasting = (ms) => ago(ms, "for");

/** Brings the ages on the page up to date. */
export function tick() {
  for (const element of document.querySelectorAll("[data-since]")) tell(element);
}

function tell(element) {
  const { form, since } = element.dataset;
  const text = t(`age.${form}`, { time: duration(now() - Number(since), form === "oldest" ? 1 : 2) });
  if (element.textContent !== text) element.textContent = text;
}

/** The time in a `<input type=datetime-local>`, with its zone, as the interface takes it. */
export function fromLocalInput(text, institution) {
  if (!text) return "";
  const seconds = text.length === 16 ? `${text}:00` : text;
  return `${seconds}${zone(offset(institution)).slice(3)}`;
}
