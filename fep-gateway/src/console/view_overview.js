// The first view: traffic, error rate, what needs a person, and the lines as a map of good and bad, with since when and why.

import { post } from "./api.js";
import { ask, noteField, personField } from "./ask.js";
import { stacked } from "./chart.js";
import { address, button, el, empty, faint, fill, refill, section, to } from "./dom.js";
import { exchangeTable } from "./lists.js";
import { closedWhy, FINE, health, pill, SIGNS, told } from "./marks.js";
import { may } from "./session.js";
import { labelOf, latestExchanges, open, state, watch } from "./store.js";
import { table } from "./table.js";
import { t, word } from "./texts.js";
import { ago, duration, lasting, oldest, stamp } from "./time.js";
import { bars, BAR_MS, errorRate, inSpan, percent, perSecond, SPAN_MS, total } from "./traffic.js";

const LATEST = 12;
const OUTCOMES = ["answered", "unknown", "not_sent"];
/** More lines than these are dots. */
const TILES_MAX = 60;

export function overview({ main, title }) {
  title(t("nav.overview"));
  const figures = el("ul", "figures");
  const show = (list) => list.forEach(([look, content], index) => {
    const item = figures.children[index] || figures.appendChild(el("li"));
    item.className = `figure ${look}`;
    refill(item, content);
  });
  const chart = el("div", "chart-box");
  const map = el("div", "map");
  const codes = byTelegram();
  const over = el("span", "faint");
  const latest = exchangeTable(t("overview.latest"));
  const gateways = byInstance();
  const shared = section(t("overview.instances"), el("span", "faint", t("overview.instances_note")), gateways.element);
  const topics = byTopic();
  const read = section(t("topics.title"), el("span", "faint", t("topics.note")), topics.element);
  const calls = byAlarm();
  const called = section(t("alarms.title"), el("span", "faint", t("alarms.note")), calls.element);
  const batches = byBatch();
  const sent = section(t("batches.title"), el("span", "faint", t("batches.note")), batches.element);
  main.append(figures, called, sent, shared, read,
    section(t("overview.lines"), to(address(["lines"]), t("overview.all_lines")), map),
    el("div", "columns",
      section(t("overview.traffic"), el("span", "faint", t("overview.span", { time: duration(SPAN_MS) })), chart),
      section(t("overview.telegrams"), over, codes.element)),
    section(t("overview.latest"), to(address(["exchanges"]), t("overview.search")), latest.element));

  const counts = () => {
    show(figureList());
    fill(chart, drawn());
    fill(over, counted());
    codes.update(state.traffic && state.traffic.rows);
    const alarms = state.overview?.alarms ?? [];
    called.hidden = alarms.length === 0;
    calls.update(alarms);
    const told = state.overview?.batches ?? [];
    sent.hidden = told.length === 0;
    batches.update(told);
    const instances = state.overview?.instances ?? [];
    shared.hidden = instances.length === 0;
    gateways.update(instances);
    const asked = state.overview?.topics ?? [];
    read.hidden = asked.length === 0;
    topics.update(asked);
  };
  const lines = () => {
    refill(map, mapped());
    show(figureList());
  };
  const list = () => latest.update(latestExchanges()?.slice(0, LATEST) ?? null);
  counts();
  lines();
  list();
  const ends = [watch(["traffic"], counts), watch(["lines", "letters"], lines), watch(["exchanges"], list)];
  return () => ends.forEach((end) => end());
}

/** A figure: its look and its content. */
function figure(look, name, value, note, hash) {
  const inner = [el("span", "figure-name", name), el("b", "", value), faint(note)];
  return [look, hash ? to(hash, inner) : el("div", "", inner)];
}

const millis = (seconds) => (seconds === null ? "–" : seconds < 0.1 ? (seconds * 1000).toFixed(1) : Math.round(seconds * 1000));

function figureList() {
  const { traffic, lines } = state;
  const span = t("overview.over", { time: duration(SPAN_MS) });
  // Business is open, and nobody sends anything.
  const isOpen = (state.institutions || []).some((one) => one.closed.length === 0);
  const isSilent = isOpen && bars().every(({ counts }) => counts && total(counts) === 0);
  const rate = traffic && errorRate(inSpan());
  const good = (lines || []).filter((line) => FINE.includes(health(line).level)).length;
  const count = lines ? lines.length : 0;
  const unsettled = open("unsettled");
  const letters = open("dead_letters", "notice_dead_letters");
  const waiting = open("notices_undelivered");
  const since = (of, text) => (of?.oldestMs ? oldest(of.oldestMs) : text);
  return [
    figure(isSilent ? "warn" : "", t("figure.traffic"), traffic ? t("unit.per_s", { n: perSecond().toFixed(1) }) : "–", t(isSilent ? "figure.silent" : "figure.minute", { time: duration(SPAN_MS) })),
    figure(rate > 0.05 ? "warn" : "", t("figure.errors"), rate === null ? "–" : percent(rate), span),
    figure("", t("figure.times"), traffic ? `${millis(traffic.median)} / ${millis(traffic.p95)}` : "–", counted()),
    figure(traffic?.late > 0 ? "warn" : "", t("figure.late"), traffic ? traffic.late : "–", counted()),
    figure(unsettled?.count ? "unknown" : "", t("figure.unknown"), unsettled?.count ?? "–", since(unsettled, t("figure.unsettled")), address(["letters"])),
    figure(letters?.count ? "bad" : "", t("figure.letters"), letters?.count ?? "–", since(letters, t("figure.person")), address(["letters"])),
    figure("", t("figure.undelivered"), waiting?.count ?? "–", since(waiting, t("figure.notices")), address(["notices"], { state: "delivering" })),
    figure(lines && good < count ? "bad" : "good", t("figure.lines"), lines ? `${good} / ${count}` : "–", t("figure.working"), address(["lines"])),
  ];
}

/** The time over which the counters are shown. */
function counted() {
  if (!state.traffic) return "";
  return state.traffic.overMs === null ? t("overview.since_start") : t("overview.over", { time: duration(state.traffic.overMs) });
}

function drawn() {
  const all = bars();
  const shown = all.map(({ at, counts }) => {
    const until = stamp(at + BAR_MS).slice(11, 19);
    const said = counts ? OUTCOMES.map((name) => `${word("outcome", name)} ${counts[name]}`).join(", ") : t("overview.unseen");
    return { values: counts && OUTCOMES.map((name) => counts[name]), tip: `${stamp(at).slice(0, 19)} – ${until}: ${said}` };
  });
  const sum = all.reduce((sum, { counts }) => sum + (counts ? total(counts) : 0), 0);
  const text = t("overview.chart", { count: sum, time: duration(SPAN_MS) });
  const perBar = (top) => t("overview.top", { n: top, time: duration(BAR_MS) });
  const { chart, top } = stacked({ bars: shown, looks: OUTCOMES, text, topText: perBar });
  const legend = el("ul", "legend", ...OUTCOMES.map((name) => el("li", "", pill(name, word("outcome", name)))));
  return [el("p", "faint chart-top", top), chart,
    el("p", "faint chart-foot", el("span", "", stamp(all[0].at).slice(0, 16)), el("span", "", t("overview.now"))), legend];
}

function byTelegram() {
  return table({
    caption: t("overview.telegrams"),
    empty: t("overview.no_traffic"),
    key: (row) => `${row.institution}\n${row.telegram}`,
    link: ({ institution, telegram }) => address(["exchanges"], { institution, telegram }),
    columns: [
      { title: t("telegram"), class: "lead", cell: ({ institution, telegram }) => [
        to(address(["exchanges"], { institution, telegram }), telegram), " ", faint(institution)] },
      { title: t("count"), class: "num", cell: (row) => total(row) },
      { title: word("outcome", "unknown"), class: "num", cell: (row) => row.unknown || faint("0") },
      { title: word("outcome", "not_sent"), class: "num", cell: (row) => row.not_sent || faint("0") },
      { title: t("figure.errors"), class: "num", cell: (row) => percent(errorRate(row)) },
      { title: t("median"), class: "num", cell: (row) => millis(row.median) },
      { title: t("p95"), class: "num", cell: (row) => millis(row.p95) },
    ],
  });
}

/** The gateways that share the journal, and what each works on. */
function byInstance() {
  const looks = { writes: "good", silent: "bad", ended: "stopped" };
  return table({
    caption: t("overview.instances"),
    empty: "",
    key: (row) => row.instance,
    columns: [
      { title: t("instance"), class: "lead", cell: (row) => [row.instance, row.is_own ? [" ", faint(t("instance.own"))] : ""] },
      { title: t("instance.state"), cell: (row) => pill(looks[row.state], t(`instance.${row.state}`)) },
      { title: t("instance.last"), class: "num", cell: (row) => duration(row.silent_ms) },
      { title: t("instance.in_flight"), class: "num", cell: (row) => row.in_flight || faint("0") },
      { title: t("instance.unsettled"), class: "num", cell: (row) => row.unsettled || faint("0") },
      { title: t("instance.events"), cell: (row) => (row.publishes ? t("instance.publishes") : faint("–")) },
      { title: t("instance.heirs"), cell: (row) => row.heirs.join(", ") || faint("–") },
    ],
  });
}

/** The alarms that are raised, or will be. */
function byAlarm() {
  const looks = { pending: "standby", raised: "bad" };
  return table({
    caption: t("alarms.title"),
    empty: "",
    key: (row) => `${row.rule}\n${row.institution}`,
    columns: [
      { title: t("alarms.rule"), class: "lead", cell: (row) => [row.rule, " ", faint(row.institution)] },
      { title: t("alarms.state"), cell: (row) => [pill(looks[row.state], t(`alarms.${row.state}`)), " ", lasting(row.since_ms)] },
      { title: t("alarms.text"), class: "wide", cell: (row) => row.text ?? faint("–") },
      { title: t("alarms.silenced"), cell: ({ silenced_until_ms: until, silenced_by: by }) => (until ? [stamp(until).slice(0, 16), " · ", `${by.person}: ${by.note}`] : faint("–")) },
      { title: t("letters.do"), class: "acts", cell: silenceButton },
    ],
  });
}

/** The batches of which programs tell. One that has told nothing for a while may have lost its connection. */
function byBatch() {
  const looks = { running: "good", stopped: "standby", ended: "off" };
  const number = (value) => value.toLocaleString();
  return table({
    caption: t("batches.title"),
    empty: "",
    key: (row) => `${row.client}\n${row.batch}\n${row.date}`,
    columns: [
      { title: t("batches.batch"), class: "lead", cell: (row) => [row.batch, " ", faint(`${row.date} · ${row.institution} ${row.telegram}`)] },
      { title: t("batches.state"), cell: (row) => [pill(looks[row.state], t(`batches.${row.state}`)), " ", lasting(row.told_at_ms)] },
      { title: t("batches.progress"), class: "num", cell: (row) => `${number(row.done + row.failed + row.unknown)} / ${number(row.requests)}` },
      { title: t("batches.done"), class: "num", cell: (row) => number(row.done) },
      { title: t("batches.failed"), class: "num", cell: (row) => number(row.failed) },
      { title: t("batches.unknown"), class: "num", cell: (row) => number(row.unknown) },
      { title: t("batches.waits"), class: "wide", cell: (row) => row.note ?? faint("–") },
    ],
  });
}

/** The button that silences an alarm, or ends its silence; `null` for those who have no right. */
function silenceButton({ rule, institution, silenced_until_ms: until }) {
  if (!may("operate", institution)) return null;
  const end = until ? "_end" : "";
  return el("div", "buttons", button(t(until ? "alarms.speak" : "alarms.silence"), () => ask({
    title: t(`alarms.ask${end}`, { rule, institution }),
    text: t(`alarms.tell${end}`),
    fields: [...(until ? [] : [{ name: "minutes", label: t("alarms.minutes"), max: 5, value: "60", inputmode: "numeric" }]), noteField(), personField()],
    confirm: t(until ? "alarms.speak" : "alarms.silence"),
    act: ({ minutes = "0", ...values }) => post(`/v1/alarms/${encodeURIComponent(rule)}/${encodeURIComponent(institution)}/silence`, { minutes: Number(minutes), ...values }),
    done: t(`alarms.done${end}`),
  })));
}

/** The topics from which requests are taken. */
function byTopic() {
  const looks = { reads: "good", waits: "standby", fails: "bad" };
  return table({
    caption: t("topics.title"),
    empty: "",
    key: (row) => `${row.cluster}\n${row.topic}`,
    columns: [
      { title: t("topics.topic"), class: "lead", cell: (row) => [row.topic, " ", faint(row.cluster)] },
      { title: t("topics.state"), cell: (row) => [pill(looks[row.state], t(`topics.${row.state}`)), " ", lasting(row.since_ms)] },
      { title: t("topics.partitions"), class: "num", cell: (row) => [
        row.partitions, row.partitions_full > 0 ? [" ", faint(t("topics.full", { n: row.partitions_full }))] : null] },
      { title: t("topics.lag"), class: "num", cell: (row) => row.lag ?? faint("–") },
      { title: t("topics.taken"), class: "num", cell: (row) => row.taken || faint("0") },
      { title: t("topics.dead_letters"), class: "num", cell: (row) => [row.dead_letters || faint("0"), row.dead_letters ? [" ", faint(row.dead_letter_topic)] : null] },
      { title: t("topics.last_error"), class: "wide", cell: ({ last_error: last }) => (last ? [last.why, " · ", ago(last.at_ms)] : faint("–")) },
    ],
  });
}

/** The lines by institution. */
function mapped() {
  if (!state.lines) return empty(t("loading"));
  if (state.lines.length === 0) return empty(t("lines.none"));
  const names = [...new Set(state.lines.map((line) => line.institution))];
  if (state.lines.length > TILES_MAX) return [redis(), ...dense(names)];
  const places = names.map((name) => {
    const status = (state.institutions || []).find((one) => one.institution === name);
    const lines = state.lines.filter((line) => line.institution === name);
    const stopped = stops(status);
    return el("section", `place ${stopped ? "stopped" : ""}`, el("h3", "", to(address(["lines", name]), name), " ", faint(labelOf(name))), stopped,
      el("ul", "tiles", ...lines.map((line) => tile(line))));
  });
  return [redis(), ...places];
}

/** What does not work between the gateways. */
function redis() {
  const seen = state.overview?.redis;
  if (!seen || seen.is_reached) return null;
  const words = t("redis.away", { time: stamp(seen.since_ms).slice(0, 19), error: seen.error || "" });
  return el("section", "place whole stopped", el("p", "", words));
}

/** Many lines: what is not good as tiles, and each line as a dot. */
function dense(names) {
  const troubled = state.lines.filter((line) => !FINE.includes(health(line).level));
  const shown = troubled.slice(0, TILES_MAX);
  const stopped = (state.institutions || []).map((status) => [status.institution, stops(status)]).filter(([, list]) => list);
  const left = troubled.length - shown.length;
  return [
    el("section", "place whole dots", ...names.map((name) => el("div", "", to(address(["lines", name]), name), " ",
      el("span", "", ...state.lines.filter((line) => line.institution === name).map(dot))))),
    ...stopped.map(([name, list]) => el("section", "place", el("h3", "", name, " ", faint(labelOf(name))), list)),
    shown.length > 0 ? el("section", "place whole", el("h3", "", t("overview.troubled", { n: troubled.length })),
      el("ul", "tiles", ...shown.map((line) => tile(line, `${line.institution} · ${line.line}`))),
      left > 0 ? el("p", "faint", t("lines.left", { left })) : null) : null,
  ];
}

function dot(line) {
  const { level, text } = health(line);
  const said = `${line.line}: ${text}`;
  return el("span", { class: `dot ${level}`, role: "img", "aria-label": said, title: said }, SIGNS[level]);
}

/** What stops business with an institution. */
function stops(status) {
  if (!status) return null;
  const limits = address(["limits", status.institution]);
  const closed = status.closed.map((one) => el("li", "", to(limits, pill("off", t("closed"))), " ", closedWhy(one)));
  const tripped = status.breakers.filter((breaker) => breaker.state !== "passing").map((breaker) => el("li", "",
    to(limits, pill(breaker.state, `${t("breaker")} ${breaker.business || ""} ${word("breaker", breaker.state)}`)), " ", lasting(breaker.since_ms), breaker.why ? [" · ", told("trip", breaker.cause, breaker.why)] : null));
  return closed.length + tripped.length > 0 ? el("ul", "stops", closed, tripped) : null;
}

function tile(line, name = line.line) {
  const { level, text, sinceMs, why } = health(line);
  const carries = line.carries || line.stopped || (line.place && line.place.state !== "here") ? null : el("span", "tag", t("line.standby"));
  return el("li", "", el("a", { class: `tile ${level}`, href: address(["lines", line.institution], { q: line.line }) },
    el("span", "tile-head", el("b", "", name), pill(level, text), carries),
    el("span", "tile-why", lasting(sinceMs), why ? [" · ", why] : null)));
}
