// The gateway's HTTP interface. Errors are problem details; their `detail` is what a person should read.

import { PROBLEMS } from "./problems_ko.js";
import { isKorean, t } from "./texts.js";
import { learnClock } from "./time.js";

/** An error with the problem details of the gateway, if it gave any. */
class Problem extends Error {
  constructor(detail, body, status) {
    super(detail);
    this.body = body;
    this.status = status;
  }
}

/** A list has what the client may read. Without it, a client that may not read everything is refused. */
export const READABLE = { scope: "readable" };

let csrf = "";

/** The second secret of the session, without which the gateway changes nothing. */
export function useCsrf(secret) {
  csrf = secret || "";
}

/** Begins a session with a token. */
export function enter(token) {
  return ask("/v1/session", { method: "POST", headers: { authorization: `Bearer ${token}` } });
}

/** Ends the session. */
export function leave() {
  return ask("/v1/session", { method: "DELETE", headers: proof() });
}

function proof() {
  return csrf ? { "x-csrf-token": csrf } : {};
}

/** Reads JSON. Empty values are left out of the query. */
export function get(path, query) {
  const given = Object.entries(query || {}).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const words = new URLSearchParams(given).toString();
  return ask(words ? `${path}?${words}` : path, { headers: { accept: "application/json" } });
}

/**
 * Makes a reading take its turn: one runs at a time, and calls meanwhile cause one more after it. Replies can overtake each other, and what is
 * older must not be shown over what is newer.
 */
export function inTurn(read) {
  let running = null;
  let again = false;
  const run = async () => {
    do {
      again = false;
      await read();
    } while (again);
  };
  return () => {
    again = true;
    running ??= run().finally(() => running = null);
    return running;
  };
}

/** Sends JSON. */
export function post(path, body, headers) {
  return ask(path, { method: "POST", headers: { "content-type": "application/json", ...proof(), ...headers }, body: JSON.stringify(body) });
}

/** Sends a file as it is. Empty values are left out of the query. */
export function upload(path, query, file) {
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  return ask(`${path}?${given}`, { method: "POST", headers: { "content-type": "application/octet-stream", ...proof() }, body: file });
}

/** Replaces something. */
export function put(path, body, headers) {
  return ask(path, { method: "PUT", headers: { "content-type": "application/json", ...proof(), ...headers }, body: JSON.stringify(body) });
}

/** Sends a request. An outcome that is not an answer is a reply as well, and no error. */
export function send(institution, telegram, text, key) {
  const path = `/v1/institutions/${encodeURIComponent(institution)}/exchanges/${encodeURIComponent(telegram)}`;
  const headers = { "content-type": "application/json", "idempotency-key": key, prefer: "respond-async", ...proof() };
  return ask(path, { method: "POST", headers, body: text }, (body) => Object.hasOwn(body, "outcome"));
}

/**
 * Listens to the events of one exchange. `changed` is called after each change, first with how it is now; `over` once nothing more comes, or
 * the gateway does not let this page listen. While the connection is lost, `isOpen` is false, and the browser connects again.
 */
export function follow(id, changed, over) {
  const events = new EventSource(`/v1/exchanges/${encodeURIComponent(id)}/events`);
  const end = () => events.close();
  const isOver = () => {
    end();
    over();
  };
  events.addEventListener("exchange", changed);
  events.addEventListener("facts", changed);
  events.addEventListener("end", isOver);
  events.addEventListener("error", () => events.readyState === EventSource.CLOSED && isOver());
  return { end, isOpen: () => events.readyState === EventSource.OPEN };
}

async function ask(path, options, isReply = () => false) {
  const response = await reached(path, options);
  const body = await response.json().catch(() => ({}));
  if (response.ok || isReply(body)) return body;
  throw new Problem(detailOf(body, response.status), body, response.status);
}

/** What a person should read; in Korean the meaning of the code before the sentence of the gateway. */
function detailOf({ detail, code }, status) {
  const meaning = isKorean() && Object.hasOwn(PROBLEMS, code) ? `${PROBLEMS[code]} ` : "";
  return `${meaning}${detail || `HTTP ${status}`}`;
}

async function reached(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options });
  } catch {
    throw new Problem(t("error.unreachable"), {}, 0);
  }
  learnClock(response.headers.get("date"));
  // The session has ended: the page begins anew and asks for a token.
  if (response.status === 401 && path !== "/v1/session") location.reload();
  return response;
}
