// The frame of the page: the address, the navigation, the language, the colours, and which view is shown. The address is in the hash, so a
// link leads to an exchange, a line or a search.

import { address, byId, button, el, fill, refill } from "./dom.js";
import { begin } from "./feed.js";
import { letterCount, state, watch } from "./store.js";
import { begun, may, maySome, whoIsHere } from "./session.js";
import { beginLanguage, changeLanguage, keep, kept, t } from "./texts.js";
import { now, offset, stamp, tick, zone } from "./time.js";
import { overview } from "./view_overview.js";
import { lines } from "./view_lines.js";
import { exchanges } from "./view_exchanges.js";
import { exchange } from "./view_exchange.js";
import { notice, notices } from "./view_notices.js";
import { letters } from "./view_letters.js";
import { limits } from "./view_limits.js";
import { sending } from "./view_send.js";
import { audit } from "./view_audit.js";
import { reconciliation, reconciliations } from "./view_reconciliations.js";
import { verification, verifications } from "./view_verifications.js";
import { routes } from "./view_routes.js";
import { reload } from "./view_reload.js";

/** The views by the first part of the address: each makes what it shows and returns how to end it. */
const VIEWS = { "": overview, lines, exchanges, notices, letters, reconciliations, verifications, limits, routes, send: sending, audit, reload };
/** What a client needs for a view to be in the navigation, if that is not the right to read. */
const NEEDS = { send: "send" };
/** The views that need a right to everything. */
const WHOLE = { reload: "configure" };
/** The views of one thing, whose address goes on with its ID. */
const ONE = { exchanges: exchange, notices: notice, reconciliations: reconciliation, verifications: verification };

const COLOURS = ["auto", "light", "dark"];
const COLOUR_SIGNS = { auto: "◐", light: "○", dark: "●" };
const COLOUR = "fep.colours";

let end = null;
let place = "";
/** Whether the page knows enough to show a view. Until then an address waits: its view would be made twice. */
let isReady = false;

/** The parts of the address: `#/lines/bank-a?q=main` is the path `lines`, `bank-a` and the query `q`. */
function addressed() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter(Boolean).map(unescaped), query: Object.fromEntries(new URLSearchParams(query || "")) };
}

function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Shows the view of the address. `byPerson` moves the focus to it, so that a screen reader begins there. */
function show(byPerson) {
  const { path, query } = addressed();
  const name = path[0] || "";
  const view = (path.length > 1 && ONE[name]) || VIEWS[name];
  if (end) end();
  end = null;
  const main = byId("content");
  const heading = el("h1", { tabindex: "-1" });
  fill(main, heading);
  place = name;
  const title = (text) => {
    fill(heading, text);
    document.title = `${typeof text === "string" ? text : heading.textContent} · fep-gateway`;
  };
  if (view) {
    end = view({ main, path: path.slice(1), query, title }) || null;
  } else {
    title(t("nowhere"));
  }
  navigation();
  if (byPerson) {
    scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }
}

function navigation() {
  const links = Object.keys(VIEWS).filter((name) => (WHOLE[name] ? may(WHOLE[name]) : maySome(NEEDS[name] || "read"))).map((name) => {
    const count = name === "letters" ? letterCount() : 0;
    const attributes = { href: address(name ? [name] : []), "aria-current": name === place ? "page" : null };
    const badge = count > 0 ? [" ", el("b", { class: "badge" }, count)] : null;
    return el("li", "", el("a", attributes, t(`nav.${name || "overview"}`), badge));
  });
  refill(byId("nav"), el("ul", "", links));
}

/** The parts of the page that do not change with the view, in the language of the page. */
function frame() {
  fill(byId("brand"), el("b", "", "fep-gateway"), " ", el("span", "faint", t("console")));
  byId("nav").setAttribute("aria-label", t("nav"));
  fill(byId("skip"), t("skip"));
  const colour = kept(COLOUR) || "auto";
  fill(byId("tools"),
    whoIsHere(),
    el("p", { class: "live", id: "live", role: "status" }),
    el("p", { class: "faint clock", id: "clock" }),
    button(COLOUR_SIGNS[colour], changeColours, { title: t(`colours.${colour}`), "aria-label": t(`colours.${colour}`) }),
    button(t("language"), () => {
      changeLanguage();
      frame();
      if (isReady) show(false);
    }, { lang: t("language.code") }));
  connection();
  clock();
}

function changeColours() {
  const next = COLOURS[(COLOURS.indexOf(kept(COLOUR) || "auto") + 1) % COLOURS.length];
  keep(COLOUR, next);
  colours();
  frame();
}

function colours() {
  document.documentElement.dataset.colours = kept(COLOUR) || "auto";
}

function connection() {
  const live = byId("live");
  const how = state.trouble ? "lost" : state.connection;
  live.className = `live ${how}`;
  fill(live, el("i", { "aria-hidden": "true" }), t(`connection.${how}`));
  const alarm = byId("alarm");
  alarm.hidden = !state.trouble;
  if (alarm.textContent !== state.trouble) alarm.textContent = state.trouble;
}

function clock() {
  byId("clock").textContent = `${stamp(now()).slice(0, 19)} ${zone(offset())}`;
}

/** Says on every view that the business clock is not the real one. Counts of the overview come every few seconds; between them it goes on here. */
function testTime() {
  const clock = state.overview?.test_clock;
  const place = byId("test-time");
  place.hidden = !clock;
  if (!clock) return;
  const passed = Math.max(0, now() - state.overview.at_ms) * clock.speed;
  const time = `${stamp(clock.now_ms + passed).slice(0, 19)} ${zone(offset())}`;
  const words = clock.is_set ? t("test_time", { time, speed: clock.speed }) : t("test_time.unset");
  const text = clock.trouble ? `${words} ${t("test_time.trouble")}` : words;
  if (place.textContent !== text) place.textContent = text;
}

/** Addresses of earlier versions of this page. */
function redirect() {
  const old = /^#(notice\/)?([0-9a-f]{22})$/.exec(location.hash);
  if (old) history.replaceState(null, "", address([old[1] ? "notices" : "exchanges", old[2]]));
}

beginLanguage();
colours();
redirect();
frame();
watch(["connection"], connection);
begun().then(() => {
  frame();
  return begin();
}).then(() => {
  isReady = true;
  show(false);
  // Times that were shown without the zones of the institutions are shown again.
  let isZoned = state.institutions !== null;
  watch(["lines"], () => {
    if (!isZoned) show(false);
    isZoned = true;
  });
});
watch(["traffic"], navigation);
watch(["traffic"], testTime);
setInterval(() => {
  tick();
  clock();
  testTime();
}, 1000);
addEventListener("hashchange", () => {
  redirect();
  if (isReady) show(true);
});
byId("skip").addEventListener("click", (event) => {
  // The hash is the address of the view, so it must stay.
  event.preventDefault();
  byId("content").focus();
});
