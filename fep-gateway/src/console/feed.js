// Keeps the state fresh: reads lists, listens to events, and reads again what events do not tell. A hidden page reads nothing but events.

import { get, inTurn, READABLE } from "./api.js";
import { changed, learnExchange, learnNotice, LATEST_MAX, LETTERS_MAX, state } from "./store.js";
import { learnZones } from "./time.js";
import { backfill, sampleTraffic } from "./traffic.js";

const LINES_EVERY_MS = 2000;
const TRAFFIC_EVERY_MS = 5000;
const LETTERS_EVERY_MS = 10000;
const LETTERS_PAUSE_MS = 1500;
const RECONNECT_MS = 2000;
const RELOAD_PAUSE_MS = 2000;
/** How many exchanges the chart of traffic begins with. */
const BACKFILL = 500;

let lettersAt = 0;
let lettersTimer = null;
let reloadedAt = 0;
let reloadTimer = null;

/** Begins, and never ends. Completes when the institutions and their zones are known, or cannot be read. */
export async function begin() {
  await readState();
  first();
  readLetters();
  sample();
  listen();
  setInterval(() => document.hidden || readState(), LINES_EVERY_MS);
  setInterval(() => document.hidden || sample(), TRAFFIC_EVERY_MS);
  setInterval(() => document.hidden || readLetters(), LETTERS_EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) all();
  });
}

/** Reads everything again, for example after a person decided something. */
export function all() {
  readState();
  readLetters();
  reload();
  sample();
  changed("audit");
}

async function attempt(read) {
  try {
    await read();
    if (state.trouble) {
      state.trouble = "";
      changed("connection");
    }
  } catch (error) {
    state.trouble = error.message;
    changed("connection");
  }
}

/** Events report changes of a line, but not its traffic, so the times of the last bytes need reading. */
const readState = inTurn(() => attempt(async () => {
  const [lines, institutions] = await Promise.all([get("/v1/lines"), get("/v1/institutions")]);
  state.lines = lines.lines;
  state.institutions = institutions.institutions;
  learnZones(state.institutions);
  changed("lines");
}));

function sample() {
  return attempt(sampleTraffic);
}

/** The latest exchanges, for the list and for the part of the chart that is older than the page. */
function first() {
  return attempt(async () => {
    const [exchanges, notices] = await Promise.all([
      get("/v1/exchanges", { ...READABLE, limit: BACKFILL }), get("/v1/notices", { ...READABLE, limit: LATEST_MAX })]);
    learnAll(exchanges.exchanges.slice(0, LATEST_MAX), notices.notices);
    backfill(exchanges.exchanges, exchanges.next !== null);
  });
}

function reload() {
  reloadTimer = null;
  reloadedAt = Date.now();
  return attempt(async () => {
    const query = { ...READABLE, limit: LATEST_MAX };
    const [exchanges, notices] = await Promise.all([get("/v1/exchanges", query), get("/v1/notices", query)]);
    learnAll(exchanges.exchanges, notices.notices);
  });
}

function learnAll(exchanges, notices) {
  state.exchanges ??= new Map();
  state.notices ??= new Map();
  exchanges.forEach(learnExchange);
  notices.forEach(learnNotice);
  changed("exchanges");
  changed("notices");
}

const readLetters = inTurn(() => {
  lettersTimer = null;
  lettersAt = Date.now();
  return attempt(async () => {
    const [letters, unsettled] = await Promise.all([
      get("/v1/dead-letters", { ...READABLE, limit: LETTERS_MAX }),
      get("/v1/exchanges", { ...READABLE, outcome: "unsettled", limit: LETTERS_MAX })]);
    state.letters = letters;
    state.unsettled = unsettled.exchanges;
    state.moreUnsettled = unsettled.next !== null;
    changed("letters");
  });
});

/** Many calls in a short time cause one reading. */
function lettersSoon() {
  if (lettersTimer === null) lettersTimer = setTimeout(readLetters, Math.max(0, lettersAt + LETTERS_PAUSE_MS - Date.now()));
}

function reloadSoon() {
  if (reloadTimer === null) reloadTimer = setTimeout(reload, Math.max(0, reloadedAt + RELOAD_PAUSE_MS - Date.now()));
}

function connected(how) {
  state.connection = how;
  changed("connection");
}

function listen() {
  const events = new EventSource(`/v1/events?${new URLSearchParams(READABLE)}`);
  let again = false;
  events.addEventListener("open", () => {
    connected("live");
    // What happened while nobody listened is in the lists.
    if (again) all();
    again = true;
  });
  events.addEventListener("exchange", (event) => {
    const exchange = JSON.parse(event.data);
    learnExchange(exchange);
    if (exchange.outcome === "unknown") lettersSoon();
  });
  events.addEventListener("notice", (event) => {
    const notice = JSON.parse(event.data);
    learnNotice(notice);
    if (notice.state === "dead_letter" || notice.state === "closed") lettersSoon();
  });
  events.addEventListener("line", (event) => {
    const line = JSON.parse(event.data);
    if (!state.lines) return;
    const same = (one) => one.institution === line.institution && one.line === line.line;
    state.lines = state.lines.map((one) => (same(one) ? line : one));
    changed("lines");
  });
  // The server dropped events because this page was too slow, so the page is incomplete.
  events.addEventListener("missed", reloadSoon);
  events.addEventListener("error", () => {
    connected("lost");
    // The browser reconnects automatically after a lost connection, but not after a refusal.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, RECONNECT_MS);
  });
}
