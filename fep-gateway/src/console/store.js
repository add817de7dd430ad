// What the page knows of the gateway. Views read it and watch it; only `feed.js` and `traffic.js` write it. Nothing here renders.

/** How many of the latest exchanges and notices are kept. */
export const LATEST_MAX = 50;

/** `null` is what is not known yet. */
export const state = {
  /** Every line, as `GET /v1/lines` has it. */
  lines: null,
  /** Every institution, as `GET /v1/institutions` has it. */
  institutions: null,
  /** The latest exchanges by their ID. */
  exchanges: null,
  /** The latest notices by their ID. */
  notices: null,
  /** Counts of all institutions, as `GET /v1/overview` has them. */
  overview: null,
  /** What needs a person, as `GET /v1/dead-letters` has it: the oldest. */
  letters: null,
  /** The unknown exchanges that nothing has settled. */
  unsettled: null,
  /** Whether there are more of them. */
  moreUnsettled: false,
  /** Counts of traffic: see `traffic.js`. */
  traffic: null,
  /** `connecting`, `live` or `lost`. */
  connection: "connecting",
  /** Why the page could not read the gateway's state, if so. */
  trouble: "",
};

const watchers = new Set();
const pending = new Set();

/** Calls `tell` in the next frame after one of these parts of the state changed. Returns a function that ends this. */
export function watch(topics, tell) {
  const watcher = { topics, tell };
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Calls `tell` if a part of the state has changed in what `of` says. Returns a function that ends this. */
export function whenChanged(topics, of, tell) {
  let last = JSON.stringify(of());
  return watch(topics, () => {
    const text = JSON.stringify(of());
    if (text === last) return;
    last = text;
    tell();
  });
}

/** Says that a part of the state changed. */
export function changed(topic) {
  if (pending.size === 0) requestAnimationFrame(tellAll);
  pending.add(topic);
}

function tellAll() {
  const topics = [...pending];
  pending.clear();
  for (const watcher of [...watchers]) if (topics.some((topic) => watcher.topics.includes(topic))) watcher.tell();
}

/** Stores an exchange, unless a later stage of it is known: a list can arrive after an event that is newer than the list. */
export function learnExchange(exchange) {
  state.exchanges ??= new Map();
  const known = state.exchanges.get(exchange.exchange);
  const stage = (of) => (of.settled_by ? 2 : of.outcome ? 1 : 0);
  if (!known || stage(known) <= stage(exchange)) state.exchanges.set(exchange.exchange, exchange);
  if (state.exchanges.size > 4 * LATEST_MAX) forget(state.exchanges, latestExchanges());
  changed("exchanges");
}

/** Stores a notice, unless a later state of it is known. */
export function learnNotice(notice) {
  state.notices ??= new Map();
  const known = state.notices.get(notice.notice);
  if (!known || known.changed_at_ms <= notice.changed_at_ms) state.notices.set(notice.notice, notice);
  if (state.notices.size > 4 * LATEST_MAX) forget(state.notices, latestNotices());
  changed("notices");
}

/** The latest exchanges, newest first, or `null`. */
export function latestExchanges() {
  return state.exchanges && [...state.exchanges.values()]
    .sort((a, b) => b.accepted_at_ms - a.accepted_at_ms || (a.exchange < b.exchange ? 1 : -1)).slice(0, LATEST_MAX);
}

/** The latest notices, newest first, or `null`. */
function latestNotices() {
  return state.notices && [...state.notices.values()]
    .sort((a, b) => (a.notice < b.notice ? 1 : -1)).slice(0, LATEST_MAX);
}

function forget(all, kept) {
  const names = new Set(kept.map((item) => item.exchange || item.notice));
  for (const name of all.keys()) if (!names.has(name)) all.delete(name);
}

/** The name of an institution for people. */
export function labelOf(institution) {
  const known = (state.institutions || []).find((one) => one.institution === institution);
  return known && known.label !== institution ? known.label : "";
}

/** How many dead letters are on a page at most, of exchanges and of notices each. */
export const LETTERS_MAX = 200;

/** How much is open of these kinds, in all institutions: the number, and since when the oldest waits. `null` if that is not known yet. */
export function open(...kinds) {
  if (!state.overview) return null;
  const counts = state.overview.institutions.flatMap((one) => kinds.map((kind) => one[kind])).filter(({ count }) => count > 0);
  const oldestMs = Math.min(...counts.map(({ oldest_ms: ms }) => ms));
  return { count: counts.reduce((sum, { count }) => sum + count, 0), oldestMs: counts.length > 0 ? oldestMs : null };
}

/** The number of dead letters and of disputed exchanges. */
export const letterCount = () => open("dead_letters", "notice_dead_letters")?.count ?? 0;
