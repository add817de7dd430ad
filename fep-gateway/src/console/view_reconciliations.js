// Reconciliation: the business dates of which files of institutions were compared, and the exceptions that persons work off. A file is given here, too.

import { get, post, upload } from "./api.js";
import { ask, noteField, personField } from "./ask.js";
import { address, button, el, facts, faint, fill, section, to } from "./dom.js";
import { personOf, pill } from "./marks.js";
import { choiceFilter, institutionFilter, search, textFilter } from "./search.js";
import { may, maySome } from "./session.js";
import { state } from "./store.js";
import { table } from "./table.js";
import { t, word } from "./texts.js";
import { lasting, when } from "./time.js";

const REASONS = ["other_date", "corrected_there", "corrected_here", "accepted", "other"];
/** The states of an exception, with the look of each. */
const LOOKS = { open: "bad", explained: "off", resolved: "good" };
/** No event tells of what others do. */
const EVERY_MS = 5000;
const PAGE = 100;

const linkOf = ({ institution, reconciliation, date }) => address(["reconciliations", institution, reconciliation, date]);
const pathOf = (parts) => `/v1/reconciliations/${parts.map(encodeURIComponent).join("/")}`;

export function reconciliations({ main, query, title }) {
  title(t("recon.title"));
  const give = maySome("operate") ? el("div", "buttons", button(t("recon.give"), () => giveFile())) : null;
  main.append(el("p", "faint note", t("recon.note")), ...[give].filter(Boolean));
  return search({
    main,
    query,
    name: "reconciliations",
    fields: [
      institutionFilter(query),
      textFilter(query, "date", t("recon.date"), { type: "date" }),
      choiceFilter(query, "state", t("recon.state"), ["open", "resolved"].map((name) => [name, word("recon.days", name)])),
    ],
    list: table({
      caption: t("recon.title"),
      empty: t("recon.none"),
      key: linkOf,
      link: linkOf,
      columns: [
        { title: t("recon.date"), class: "lead", cell: (row) => to(linkOf(row), row.date) },
        { title: t("institution"), class: "keep", cell: (row) => row.institution },
        { title: t("recon.name"), class: "keep", cell: (row) => row.reconciliation },
        ...Object.keys(LOOKS).map((name) => ({ title: word("recon.state", name), class: "num", cell: (row) => count(row[name], name) })),
        { title: t("recon.compared"), cell: (row) => when(row.at_ms, row.institution) },
      ],
    }),
    atMs: (row) => row.at_ms,
    everyMs: EVERY_MS,
  });
}

const count = (number, name) => (number > 0 && name === "open" ? pill("bad", number) : number || faint("0"));

/** One business date: its last file, and its exceptions page by page, those that wait for a person first if nothing else is asked for. */
export function reconciliation({ main, path, query, title }) {
  const [institution, name, date] = path;
  title([name, " ", date, " ", faint(institution)]);
  const about = el("div", "about");
  const error = el("p", { class: "error", role: "alert" });
  const pages = el("div", "buttons");
  const wanted = Object.hasOwn(LOOKS, query.state) ? query.state : query.state === "all" ? "" : "open";
  let key = [];
  const list = table({
    caption: t("recon.exceptions"),
    empty: wanted === "open" ? t("recon.nothing_open") : t("recon.no_exceptions"),
    key: (one) => one.id,
    columns: columns(() => key, institution, (one) => resolveButton(one, path, read)),
  });
  const choices = [...Object.keys(LOOKS), "all"].map((one) => (one === (wanted || "all") ? el("b", { "aria-current": "true" }, word("recon.state", one))
    : to(address(["reconciliations", ...path], { state: one === "open" ? "" : one }), word("recon.state", one))));
  main.append(about, error, section(t("recon.exceptions"), el("span", "faint", choices.map((one, index) => [index > 0 ? " · " : "", one])), list.element, pages));
  let ended = false;

  async function read() {
    try {
      const found = await get(pathOf(path), { state: wanted, cursor: query.cursor, limit: PAGE });
      if (ended) return;
      fill(error);
      key = found.key;
      fill(about, head(found), may("operate", institution) ? el("div", "buttons", button(t("recon.give_again"), () => giveFile({ institution, name, date, read }))) : null);
      list.update(found.exceptions);
      const from = (cursor) => address(["reconciliations", ...path], { state: query.state, cursor });
      fill(pages, query.cursor ? el("a", { class: "button", href: from("") }, t("search.newest")) : null,
        found.next === null ? null : el("a", { class: "button", href: from(found.next) }, t("search.older")));
    } catch (failure) {
      if (!ended) fill(error, failure.message);
    }
  }

  read();
  const clock = setInterval(() => document.hidden || read(), EVERY_MS);
  return () => {
    ended = true;
    clearInterval(clock);
  };
}

function head({ file, institution, ...found }) {
  return facts([
    [t("recon.file"), file.name || t("recon.no_name"), " ", el("small", "faint mono", `SHA-256 ${file.sha256.slice(0, 16)}…`)],
    [t("recon.compared"), when(file.at_ms, institution), " · ", personOf(file.person)],
    [t("recon.records"), t("recon.matched", { n: file.records, matched: file.matched })],
    [t("recon.exceptions"), Object.keys(LOOKS).map((name, index) => [index > 0 ? " · " : "", `${word("recon.state", name)} ${found[name]}`])],
  ]);
}

function columns(key, institution, act) {
  return [
    { title: t("recon.finding"), class: "lead", cell: (one) => [pill(LOOKS[one.state], word("finding", one.class)), " ", faint(word("recon.state", one.state))] },
    { title: t("recon.key"), class: "mono", cell: (one) => one.key.map((value, index) => el("div", "", value, " ", faint(key()[index]?.split(".").at(-1)))) },
    { title: t("recon.file_says"), class: "wide", cell: fileSays },
    { title: t("recon.journal_says"), class: "wide", cell: journalSays },
    { title: t("recon.since"), cell: (one) => lasting(one.since_ms) },
    { title: t("recon.do"), class: "wide acts", cell: (one) => [done(one, institution), act(one)] },
  ];
}

/** What the file says, in words or by its silence. */
function fileSays({ there, file_says: says }) {
  if (!there) return [t("recon.not_in_file"), says ? faint(` (${word("money", says)})`) : null];
  return [amount(there.amount), word("money", there.state), " ", faint(t("recon.record", { n: there.record }))];
}

function journalSays({ here, class: kind }) {
  if (!here) return kind === "missing_here" ? t("recon.not_sent") : null;
  const link = here.exchange ? to(address(["exchanges", here.exchange]), el("span", "mono", here.exchange)) : null;
  return [amount(here.amount), word("recon.here", here.state), " ", faint(here.date), link ? [" ", link] : null];
}

/** An amount with its thousands apart. */
const amount = (text) => (text ? [el("b", "", text.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","))), " "] : null);

function done({ resolution, explained_by: file }, institution) {
  if (resolution) return el("p", "", word("recon.reason", resolution.reason), ": ", resolution.note, " · ", personOf(resolution.person), " · ", when(resolution.at_ms, institution));
  return file ? el("p", "", t("recon.explained_by"), " ", file.name || file.sha256.slice(0, 16), " · ", when(file.at_ms, institution)) : null;
}

function resolveButton(one, path, read) {
  if (one.state !== "open" || !may("settle", path[0])) return null;
  return el("div", "buttons", button(t("recon.resolve"), () => ask({
    title: t("recon.ask", { finding: word("finding", one.class), key: one.key.join(" / ") }),
    text: word("finding_next", one.class),
    fields: [{ name: "decision", label: t("recon.reason"), options: [["", t("choose")], ...REASONS.map((name) => [name, word("recon.reason", name)])] }, noteField(), personField()],
    confirm: t("recon.resolve"),
    act: async (values) => {
      // The row changes under an open dialog. What counts is what the person saw when it opened.
      await post(`${pathOf(path)}/exceptions/${encodeURIComponent(one.id)}/resolution`, { ...values, seen: one.seen });
      await read();
    },
    done: t("recon.resolved"),
  })));
}

/** Asks for a file; for a date that is known, or for any. */
function giveFile(known) {
  const file = { name: "file", label: t("recon.file"), type: "file" };
  const names = (state.institutions || []).map((one) => one.institution).filter((name) => may("operate", name));
  const fields = known ? [file] : [
    { name: "institution", label: t("institution"), options: names.map((name) => [name, name]) },
    { name: "reconciliation", label: t("recon.name"), max: 80 },
    { name: "date", label: t("recon.date_if"), type: "date", optional: true },
    file,
  ];
  ask({
    title: t("recon.give"),
    text: t("recon.give_tell"),
    fields,
    confirm: t("recon.give"),
    act: async (values) => {
      const { institution, reconciliation, date } = known ? { institution: known.institution, reconciliation: known.name, date: known.date } : values;
      const path = `/v1/institutions/${encodeURIComponent(institution)}/reconciliations/${encodeURIComponent(reconciliation)}`;
      const report = await upload(path, { date, file: values.file.name }, values.file);
      if (known) await known.read();
      else location.hash = linkOf(report);
      return report;
    },
    done: (report) => t("recon.given", { n: report.exceptions }),
  });
}
