// Counts of traffic over the last ten minutes, from `/v1/overview`, which counts everything that the client may read. For the time before the
// page was opened, the chart has the latest exchanges of the journal.

import { get } from "./api.js";
import { changed, state } from "./store.js";
import { now } from "./time.js";

/** The time that the chart shows, and that of one of its bars. */
export const SPAN_MS = 10 * 60 * 1000;
export const BAR_MS = 10 * 1000;
/** Present rates are over this time. */
const RATE_MS = 60 * 1000;

const OUTCOMES = ["answered", "unknown", "not_sent"];
const NO_TOTALS = { counts: new Map(), trips: new Map(), late: 0 };

/** The samples of this run of the gateway: the time and the totals at that time. The oldest first. */
let samples = [];
/** What was counted since the first sample, by the number of its bar. */
const counted = new Map();
/** The time of the first sample. */
let began = Infinity;
/** The exchanges of the journal that ended, with their outcome, and since when none is missing. */
let journal = [];
let journalFrom = Infinity;

/** Reads the counters now. */
export async function sampleTraffic() {
  const overview = await get("/v1/overview");
  state.overview = overview;
  const totals = totalsOf(overview);
  const at = now();
  const last = samples.at(-1);
  // They belong to another run of the gateway.
  const isOther = last && last.totals.since !== totals.since;
  if (isOther) samples = [];
  if (last) {
    const bar = Math.floor(at / BAR_MS);
    counted.set(bar, added(counted.get(bar) || nothing(), difference(isOther ? NO_TOTALS : last.totals, totals)));
    for (const old of counted.keys()) if (old < bar - SPAN_MS / BAR_MS) counted.delete(old);
  } else {
    began = at;
  }
  samples.push({ at, totals });
  while (samples.length > 2 && samples[1].at < at - SPAN_MS) samples.shift();
  state.traffic = summed();
  changed("traffic");
}

/** Takes the latest exchanges. `more` says that there are older ones, so the time of the oldest is incomplete. */
export function backfill(exchanges, more) {
  journal = exchanges.filter((exchange) => exchange.ended_at_ms && exchange.outcome);
  journalFrom = more ? exchanges.at(-1)?.accepted_at_ms ?? 0 : 0;
  changed("traffic");
}

const nothing = () => ({ answered: 0, unknown: 0, not_sent: 0 });

/** The counters by institution and telegram, those of round trips by their bound in seconds, each with those below it. */
function totalsOf({ since_ms: since, round_trip_bounds_ms: bounds, institutions }) {
  const counts = new Map();
  const trips = new Map();
  for (const { institution, telegrams } of institutions) {
    for (const of of telegrams) {
      const { telegram } = of;
      for (const outcome of OUTCOMES) {
        counts.set(`${institution}\n${telegram}\n${outcome}`, { institution, telegram, outcome, count: of[outcome] });
      }
      let below = 0;
      trips.set(`${institution}\n${telegram}`, of.round_trips.map((count, index) => {
        below += count;
        return [index < bounds.length ? bounds[index] / 1000 : Infinity, below];
      }));
    }
  }
  return { since, counts, trips, late: institutions.reduce((sum, { late }) => sum + (late ?? 0), 0) };
}

/** What the views show. */
function summed() {
  const newest = samples.at(-1);
  // Soon after the page was opened, all that the gateway counted says more.
  const isFresh = newest.at - samples[0].at < RATE_MS;
  const oldest = isFresh ? { at: newest.at, totals: NO_TOTALS } : samples[0];
  const telegrams = new Map();
  for (const [key, { institution, telegram, outcome, count }] of newest.totals.counts) {
    const name = `${institution}\n${telegram}`;
    const row = telegrams.get(name) || { institution, telegram, ...nothing() };
    row[outcome] += count - (oldest.totals.counts.get(key)?.count ?? 0);
    telegrams.set(name, row);
  }
  for (const [name, row] of telegrams) {
    const before = new Map(oldest.totals.trips.get(name) || []);
    const buckets = (newest.totals.trips.get(name) || []).map(([le, count]) => [le, count - (before.get(le) ?? 0)]);
    Object.assign(row, { buckets, median: quantile(buckets, 0.5), p95: quantile(buckets, 0.95) });
  }
  const rows = [...telegrams.values()].filter((row) => total(row) > 0);
  // `null` means since the start of the gateway.
  return { overMs: isFresh ? null : newest.at - oldest.at, rows, late: newest.totals.late - oldest.totals.late, ...ofAll(rows) };
}

/** The exchanges that ended each second, in the last minute. */
export function perSecond() {
  const recent = bars().slice(-RATE_MS / BAR_MS - 1);
  // Not more than a part of the minute may be known.
  const from = Math.max(recent[0].at, Math.min(journalFrom, began));
  return recent.reduce((sum, { counts }) => sum + (counts ? total(counts) : 0), 0) / Math.max(1, (now() - from) / 1000);
}

/** The exchanges that ended in the time of the chart. */
export const inSpan = () => bars().reduce((sum, { counts }) => (counts ? added(sum, counts) : sum), nothing());

function ofAll(rows) {
  const sums = new Map();
  for (const [le, count] of rows.flatMap((row) => row.buckets)) sums.set(le, (sums.get(le) ?? 0) + count);
  const buckets = [...sums].sort(([a], [b]) => a - b);
  return { median: quantile(buckets, 0.5), p95: quantile(buckets, 0.95) };
}

const added = (sum, row) => ({
  answered: sum.answered + row.answered, unknown: sum.unknown + row.unknown, not_sent: sum.not_sent + row.not_sent });

/** The number of exchanges in counts by outcome. */
export const total = (counts) => counts.answered + counts.unknown + counts.not_sent;

/** The share of exchanges that were not answered, or `null` without exchanges. */
export const errorRate = (counts) => (total(counts) > 0 ? (counts.unknown + counts.not_sent) / total(counts) : null);
export const percent = (share) => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 2 : 1)} %`;

function difference(before, after) {
  const counts = nothing();
  for (const [key, { outcome, count }] of after.counts) {
    if (outcome in counts) counts[outcome] += count - (before.counts.get(key)?.count ?? 0);
  }
  return counts;
}

/** A quantile in seconds, estimated within its bucket; `null` without samples. */
function quantile(buckets, share) {
  const all = buckets.at(-1)?.[1] ?? 0;
  if (all <= 0) return null;
  const wanted = all * share;
  let below = 0;
  let from = 0;
  for (const [le, count] of buckets) {
    if (count >= wanted) {
      if (le === Infinity) return from;
      return count > below ? from + (le - from) * ((wanted - below) / (count - below)) : le;
    }
    below = count;
    from = le;
  }
  return from;
}

/** The bars of the chart, the oldest first. `null` in place of counts where nothing is known. */
export function bars() {
  const older = new Map();
  // What ended later is in the counters.
  for (const { ended_at_ms: at, outcome } of journal) {
    if (at >= began) continue;
    const bar = Math.floor(at / BAR_MS);
    const counts = older.get(bar) || nothing();
    counts[outcome] += 1;
    older.set(bar, counts);
  }
  const last = Math.floor(now() / BAR_MS);
  return Array.from({ length: SPAN_MS / BAR_MS }, (_, index) => {
    const bar = last - SPAN_MS / BAR_MS + 1 + index;
    const at = bar * BAR_MS;
    const isKnown = at + BAR_MS > Math.min(journalFrom, began);
    return { at, counts: isKnown ? added(older.get(bar) || nothing(), counted.get(bar) || nothing()) : null };
  });
}
