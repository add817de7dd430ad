// The behaviour of the console. All content is set as text, never as markup, so that data from an institution cannot run as code.
"use strict";

const EXCHANGES_MAX = 50;
const RECONNECT_MS = 2000;
const RELOAD_MIN_MS = 2000;
const LINES_EVERY_MS = 2000;
const QUIET_MS = 5 * 60 * 1000;

const OUTCOMES = {
  answered: "응답 answered",
  not_sent: "미송신 not sent",
  unknown: "미확인 unknown",
  running: "진행 running",
};
const STATES = {
  down: "단절 down",
  idle: "필요시 접속 idle",
  connecting: "접속 중 connecting",
  listening: "접속 대기 listening",
  signing_on: "개시 중 signing on",
  up: "정상 up",
  signing_off: "종료 중 signing off",
};

const DELIVERIES = {
  delivering: "전달 중 delivering",
  delivered: "전달 완료 delivered",
  dead_letter: "미처리 보관 dead letter",
  closed: "종결 closed",
  refused: "거절 refused",
  conflict: "전문 충돌 conflict",
  repeated: "재수신 repeated",
  unwanted: "대행 응답만 stand-in only",
};
// The address of a notice in the page begins with this, that of an exchange does not.
const NOTICE = "notice/";

const lines = new Map();
const notices = new Map();
const exchanges = new Map();
const rows = new Map();
let shown = null;
let renderQueued = false;
let reloadedAt = 0;
let reloadTimer = null;
// The server's clock minus the browser's, so that ages are correct even if the clock of the operator's machine is wrong.
let clockOffsetMs = 0;

const byId = (id) => document.getElementById(id);

/** Makes an element with a class and children. A child that is not an element becomes text. */
function el(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const cell = (className, ...children) => el("td", className, ...children);
const faint = (text) => el("span", "faint", text);

function time(ms) {
  const at = new Date(ms);
  const two = (n) => String(n).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

function duration(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${s % 60}s`;
  if (s < 86400) return `${Math.floor(s / 3600)}h ${Math.floor((s % 3600) / 60)}m`;
  return `${Math.floor(s / 86400)}d ${Math.floor((s % 86400) / 3600)}h`;
}

function age(ms, now, quietMatters) {
  if (ms === null || ms === undefined) return faint("-");
  const old = quietMatters && now - ms > QUIET_MS;
  const shownAge = el("span", old ? "old" : "", `${duration(now - ms)} 전`);
  shownAge.title = new Date(ms).toISOString();
  return shownAge;
}

function outcomePill(exchange) {
  const outcome = exchange.outcome || "running";
  const parts = [el("span", `pill ${outcome}`, OUTCOMES[outcome] || outcome)];
  if (exchange.settled_by) parts.push(el("span", "pill settled", `확정 settled: ${exchange.settled_by}`));
  return parts;
}

function responseCode(exchange) {
  if (!exchange.response_code) return [faint("-")];
  const parts = [el("span", exchange.declined ? "code declined" : "code", exchange.response_code)];
  if (exchange.response_meaning) parts.push(el("small", "", exchange.response_meaning));
  return parts;
}

function renderLines() {
  const now = Date.now() + clockOffsetMs;
  const body = [];
  for (const line of [...lines.values()].sort((a, b) => lineKey(a).localeCompare(lineKey(b)))) {
    const links = line.links.length ? line.links : [null];
    links.forEach((link, index) => {
      const first = index === 0;
      body.push(el("tr", "",
        cell("", first ? el("b", "", line.institution) : ""),
        cell("", first ? line.line : "", first ? el("small", "", ` ${line.address}`) : null),
        cell("", link ? `${index + 1}` : "-", link ? el("small", "", ` #${link.incarnation}`) : null),
        cell("", link ? el("span", `pill ${link.state}`, STATES[link.state] || link.state) : el("span", "pill down", "없음 none")),
        cell("", link ? duration(now - link.since_ms) : "-"),
        cell("num", link ? age(link.last_rx_ms, now, link.state === "up") : "-"),
        cell("num", link ? age(link.last_tx_ms, now, false) : "-"),
        cell("num", link && link.echo_round_trip_us !== null ? `${(link.echo_round_trip_us / 1000).toFixed(1)} ms` : faint(line.proved_by ? "-" : "시험 없음 untested")),
        cell("num", first ? `${line.inflight} / ${line.inflight_max}` : ""),
        cell("num", first ? `${line.reconnects}` : ""),
        cell("", first ? duty(line, now) : ""),
        cell("wide", first && line.last_error ? el("span", "error", line.last_error) : ""),
      ));
    });
  }
  document.querySelector("#lines tbody").replaceChildren(...body);
  byId("no-lines").hidden = lines.size > 0;
}

/** Whether a line carries business, stands by or is stopped, why and since when. */
function duty(line, now) {
  if (line.stopped) return el("span", "error", `정지 stopped ${duration(now - line.stopped.since_ms)}: ${line.stopped.note}`);
  if (!line.carries) return line.duty === "receive" || line.duty === "answer" ? "수신 receives" : `예비 standby, rank ${line.rank}`;
  return line.carries_why ? `업무 business ${duration(now - line.carries_since_ms)}: ${line.carries_why}` : "업무 business";
}

const lineKey = (line) => `${line.institution}\u0000${line.line}`;

/** The row of an exchange. An update keeps the same element, so that focus and hover survive. */
function row(exchange) {
  let tr = rows.get(exchange.exchange);
  if (!tr) {
    tr = el("tr", "");
    tr.tabIndex = 0;
    tr.dataset.id = exchange.exchange;
    rows.set(exchange.exchange, tr);
  }
  tr.className = exchange.exchange === shown ? "chosen" : "";
  if (tr.shows !== exchange) {
    tr.shows = exchange;
    tr.replaceChildren(
      cell("mono", time(exchange.accepted_at_ms)),
      cell("", exchange.institution),
      cell("", exchange.telegram, exchange.label ? el("small", "", ` ${exchange.label}`) : null),
      cell("num mono", exchange.trace || "-"),
      cell("", ...outcomePill(exchange)),
      cell("num", exchange.response_ms === null || exchange.response_ms === undefined ? faint("-") : `${exchange.response_ms}`),
      cell("", ...responseCode(exchange)),
      cell("wide", ...reason(exchange)),
    );
  }
  return tr;
}

/** Returns the newest exchanges, newest first, and forgets the older ones. */
function newestFirst() {
  const newest = [...exchanges.values()].sort((a, b) => b.accepted_at_ms - a.accepted_at_ms || (a.exchange < b.exchange ? 1 : -1));
  for (const old of newest.splice(EXCHANGES_MAX)) {
    exchanges.delete(old.exchange);
    rows.delete(old.exchange);
  }
  return newest;
}

/** Stores an exchange, unless a later stage of it is known: a list can arrive after an event that is newer than the list. */
function learn(exchange) {
  const known = exchanges.get(exchange.exchange);
  const stage = (of) => (of.settled_by ? 2 : of.outcome ? 1 : 0);
  if (!known || stage(known) <= stage(exchange)) exchanges.set(exchange.exchange, exchange);
  // A hidden page does not render, but its memory must not grow.
  if (exchanges.size > 10 * EXCHANGES_MAX) newestFirst();
}

/** Stores a notice, unless a later state of it is known. */
function learnNotice(notice) {
  const known = notices.get(notice.notice);
  if (!known || known.changed_at_ms <= notice.changed_at_ms) notices.set(notice.notice, notice);
  if (notices.size > 10 * EXCHANGES_MAX) renderNotices();
}

function renderExchanges() {
  const wanted = byId("filter").value.trim().toLowerCase();
  const newest = newestFirst();
  const tally = { answered: 0, unknown: 0, not_sent: 0, running: 0 };
  for (const exchange of newest) tally[exchange.outcome || "running"] += 1;
  for (const [name, count] of Object.entries(tally)) byId(`tally-${name}`).textContent = count;
  const visible = newest.filter((exchange) => !wanted || searchText(exchange).includes(wanted)).map(row);
  const body = document.querySelector("#exchanges tbody");
  visible.forEach((tr, index) => {
    if (body.children[index] !== tr) body.insertBefore(tr, body.children[index] || null);
  });
  while (body.children.length > visible.length) body.lastElementChild.remove();
  byId("no-exchanges").hidden = newest.length > 0;
}

/** The reason as a sentence, and its stable code, which the metrics use. */
function reason(exchange) {
  const from = exchange.came_from;
  const came = from ? [faint(`대체 from ${from.institution} ${from.exchange} `)] : [];
  if (!exchange.reason) return came;
  return [...came, el("span", "", exchange.reason), exchange.reason_code ? el("small", "mono", ` ${exchange.reason_code}`) : ""];
}

function searchText(exchange) {
  const { institution, telegram, label, trace, outcome, response_code, response_meaning, reason, reason_code, settled_by } = exchange;
  const word = OUTCOMES[outcome || "running"];
  const words = [exchange.exchange, institution, telegram, label, trace, word, response_code, response_meaning];
  return [...words, reason, reason_code, settled_by, exchange.came_from && exchange.came_from.exchange]
    .filter(Boolean).join(" ").toLowerCase();
}

function deliveryPill(notice) {
  return el("span", `pill ${notice.state}`, DELIVERIES[notice.state] || notice.state);
}

/** What a person should know about a notice besides its state. */
function noticeReason(notice) {
  const marks = [notice.why, notice.last_failure, notice.answer_differs ? "응답 상이 the service wanted another answer" : null];
  if (notice.conflicts) marks.push(`충돌 ${notice.conflicts} conflicts`);
  if (notice.conflicts_with) marks.push(`↔ ${notice.conflicts_with}`);
  return marks.filter(Boolean).join(" · ");
}

function renderNotices() {
  const newest = [...notices.values()].sort((a, b) => (a.notice < b.notice ? 1 : -1));
  for (const old of newest.splice(EXCHANGES_MAX)) notices.delete(old.notice);
  const body = newest.map((notice) => {
    const tr = el("tr", NOTICE + notice.notice === shown ? "chosen" : "",
      cell("mono", time(notice.received_at_ms)),
      cell("", notice.institution),
      cell("", notice.telegram, notice.label ? el("small", "", ` ${notice.label}`) : null),
      cell("", deliveryPill(notice)),
      cell("", notice.answered_by || faint("-")),
      cell("", ...responseCode(notice)),
      cell("num", `${notice.attempts}`),
      cell("num", notice.repeats ? `${notice.repeats}` : faint("-")),
      cell("wide", noticeReason(notice)),
    );
    tr.tabIndex = 0;
    tr.dataset.id = NOTICE + notice.notice;
    return tr;
  });
  document.querySelector("#notices tbody").replaceChildren(...body);
  byId("no-notices").hidden = newest.length > 0;
}

function queueRender() {
  if (renderQueued) return;
  renderQueued = true;
  requestAnimationFrame(() => {
    renderQueued = false;
    renderLines();
    renderExchanges();
    renderNotices();
  });
}

/** Renders one telegram: each field with its bytes. */
function side(title, view, other) {
  if (!view) return el("div", "", el("h3", "", title), el("p", "note faint", "없음 none"));
  const heading = el("h3", "", `${title}: ${view.telegram}`, el("small", "", ` ${view.label || ""} ${view.len} bytes`));
  if (view.error) {
    return el("div", "", heading, el("p", "note error", view.error));
  }
  const before = new Map((other && other.fields ? other.fields : []).map((field) => [field.path, field]));
  const head = el("tr", "",
    el("th", "num", "위치", el("small", "", "offset")), el("th", "num", "길이", el("small", "", "bytes")),
    el("th", "", "필드", el("small", "", "field")), el("th", "", "값", el("small", "", "value")), el("th", "", "16진", el("small", "", "hex")));
  const body = view.fields.map((field) => {
    const earlier = before.get(field.path);
    const changed = field.path && earlier && earlier.hex !== field.hex;
    const kind = [field.secret ? "secret" : "", field.path ? "" : "filler", changed ? "changed" : ""].join(" ").trim();
    const value = cell("value", field.value === "filler" && !field.path ? "" : field.value);
    if (field.value.startsWith("!")) value.classList.add("error");
    if (field.secret) value.title = "마스킹 masked by the layout";
    return el("tr", kind,
      cell("num mono", `${field.offset}`), cell("num mono", `${field.len}`),
      cell("", field.label || field.path || "예비", el("small", "", ` ${field.path || "filler"}`)), value, cell("mono hex", field.hex));
  });
  return el("div", "", heading, el("div", "scroll", el("table", "", el("thead", "", head), el("tbody", "", ...body))));
}

async function showDetail(id) {
  shown = id;
  queueRender();
  if (!id) {
    byId("detail").hidden = true;
    return;
  }
  const notice = id.startsWith(NOTICE);
  let view;
  try {
    view = await fetchJson(notice ? `/v1/notices/${encodeURIComponent(id.slice(NOTICE.length))}` : `/v1/exchanges/${encodeURIComponent(id)}/view`);
  } catch (error) {
    if (shown !== id) return;
    byId("detail-title").replaceChildren(el("b", "", id));
    byId("detail-body").replaceChildren(el("p", "note error", `${error.message}`));
    byId("detail").hidden = false;
    return;
  }
  if (shown !== id) return;
  if (notice) return showNotice(view);
  const exchange = view.exchange;
  byId("detail-title").replaceChildren(
    el("b", "", `${exchange.telegram} ${exchange.label || ""}`), ...outcomePill(exchange), ...responseCode(exchange),
    faint(`${exchange.institution} · 추적번호 ${exchange.trace || "-"} · ${exchange.line ? `${exchange.line} #${exchange.link}` : "회선 없음 no line"}`),
    el("span", "mono faint", exchange.exchange),
    ...reason(exchange),
  );
  byId("detail-body").replaceChildren(el("div", "sides",
    side("요구 request", view.request, null), side("응답 answer", view.answer, view.request)));
  byId("detail").hidden = false;
}

function showNotice(view) {
  const notice = view.notice;
  byId("detail-title").replaceChildren(
    el("b", "", `${notice.telegram} ${notice.label || ""}`), deliveryPill(notice), ...responseCode(notice),
    faint(`${notice.institution} · ${notice.line ? `${notice.line} #${notice.link}` : "회선 없음 no line"}`),
    el("span", "mono faint", notice.notice), el("span", "", noticeReason(notice)),
  );
  const past = view.deliveries.map(({ at_ms, fact, ...more }) => {
    const said = Object.entries(more).map(([name, value]) => `${name}: ${value}`).join(", ");
    return el("li", "", el("span", "mono faint", `${time(at_ms)} `), fact, said ? el("small", "", ` ${said}`) : null);
  });
  byId("detail-body").replaceChildren(el("div", "sides",
    side("통지 notice", view.received, null), side("응답 answer", view.answer, view.received),
    view.other_answer ? side("보내지 않은 응답 answer that was not sent", view.other_answer, view.answer) : null,
    el("div", "", el("h3", "", "전달 이력 delivery"), el("ol", "", ...past))));
  byId("detail").hidden = false;
}

async function fetchJson(path) {
  const response = await fetch(path, { headers: { accept: "application/json" }, cache: "no-store" });
  const serverDate = Date.parse(response.headers.get("date") || "");
  // The header has whole seconds, so a small difference means nothing.
  if (!Number.isNaN(serverDate) && Math.abs(serverDate - Date.now()) > 2000) clockOffsetMs = serverDate - Date.now();
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail || `HTTP ${response.status}`);
  return body;
}

/** Reloads the lines. Events report changes of a line, but not its traffic, so the times of the last bytes need polling. */
async function reloadLines() {
  const list = await fetchJson("/v1/lines");
  lines.clear();
  for (const line of list.lines) lines.set(lineKey(line), line);
}

async function reload() {
  reloadTimer = null;
  reloadedAt = Date.now();
  const [exchangeList, noticeList] = await Promise.all([
    fetchJson(`/v1/exchanges?limit=${EXCHANGES_MAX}`), fetchJson(`/v1/notices?limit=${EXCHANGES_MAX}`), reloadLines()]);
  exchangeList.exchanges.forEach(learn);
  noticeList.notices.forEach(learnNotice);
  queueRender();
}

/** Reloads soon. Many calls in a short time cause one reload. */
function reloadSoon() {
  if (reloadTimer !== null) return;
  const wait = Math.max(0, reloadedAt + RELOAD_MIN_MS - Date.now());
  reloadTimer = setTimeout(() => reload().catch(() => live(false)), wait);
}

function live(on) {
  byId("live").className = `live ${on ? "on" : "off"}`;
  byId("live").querySelector("span").textContent = on ? "실시간 live" : "연결 끊김, 재접속 중 reconnecting; the data may be old";
}

function listen() {
  const events = new EventSource("/v1/events");
  events.addEventListener("open", () => {
    live(true);
    reloadSoon();
  });
  events.addEventListener("exchange", (event) => {
    const exchange = JSON.parse(event.data);
    learn(exchange);
    if (exchange.exchange === shown) showDetail(shown);
    queueRender();
  });
  events.addEventListener("notice", (event) => {
    const notice = JSON.parse(event.data);
    learnNotice(notice);
    if (NOTICE + notice.notice === shown) showDetail(shown);
    queueRender();
  });
  events.addEventListener("line", (event) => {
    const line = JSON.parse(event.data);
    lines.set(lineKey(line), line);
    queueRender();
  });
  // The server dropped events because this page was too slow, so the page is incomplete.
  events.addEventListener("missed", reloadSoon);
  events.addEventListener("error", () => {
    live(false);
    // The browser reconnects automatically after a lost connection, but not after a refusal.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, RECONNECT_MS);
  });
}

/** The ID of the exchange in the page's address. */
function addressed() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return null;
  }
}

function choose(id) {
  history.replaceState(null, "", id ? `#${encodeURIComponent(id)}` : location.pathname);
  showDetail(id);
}

for (const table of document.querySelectorAll("#exchanges tbody, #notices tbody")) {
  table.addEventListener("click", (event) => {
    const tr = event.target.closest("tr");
    if (tr && !String(getSelection())) choose(tr.dataset.id === shown ? null : tr.dataset.id);
  });
  table.addEventListener("keydown", (event) => {
    if (event.key === "Enter") choose(event.target.closest("tr").dataset.id);
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") choose(null);
});
byId("detail-close").addEventListener("click", () => choose(null));
byId("filter").addEventListener("input", queueRender);
addEventListener("hashchange", () => showDetail(addressed()));
setInterval(renderLines, 1000);
setInterval(() => document.hidden || reloadLines().catch(() => {}), LINES_EVERY_MS);
queueRender();
reload().catch(() => live(false));
listen();
showDetail(addressed());
