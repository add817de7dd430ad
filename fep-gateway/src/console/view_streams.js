// The streams of market data below the lines: their feeds, what was lost, and who follows them. It is not there without streams.

import { get } from "./api.js";
import { el, section } from "./dom.js";
import { pill } from "./marks.js";
import { table } from "./table.js";
import { t } from "./texts.js";

/** No event tells of a stream. */
const EVERY_MS = 5000;

/** The part of a view, and what ends it. */
export function streamsPart() {
  const rows = table({
    caption: t("streams.title"),
    key: ({ stream }) => stream,
    empty: t("none"),
    columns: [
      { title: t("streams.name"), class: "lead", cell: ({ stream, label }) => (label === stream ? stream : `${stream} · ${label}`) },
      { title: t("streams.feeds"), cell: ({ feeds, recording: kept }) => [...feeds.map(feed), recording(kept)] },
      { title: t("streams.events"), class: "num", cell: ({ next_position: next }) => String(next) },
      { title: t("streams.lost"), class: "num", cell: ({ sequence }) => String(sequence.lost) },
      { title: t("streams.consumers"), class: "num", cell: ({ consumers, consumers_max: max, topics }) => [`${consumers.length} / ${max}`, ...topics.map(topic)] },
      {
        title: t("streams.waiting"),
        class: "num",
        cell: ({ consumers, topics }) => String(Math.max(0, ...[...consumers, ...topics].map(({ waiting }) => waiting))),
      },
      { title: t("streams.too_slow"), class: "num", cell: ({ too_slow: slow }) => String(slow) },
    ],
  });
  const element = section(t("streams.title"), null, rows.element);
  element.hidden = true;

  async function read() {
    try {
      const { streams } = await get("/v1/streams");
      element.hidden = streams.length === 0;
      rows.update(streams);
    } catch {
      // What is shown stays: the page says itself when the gateway cannot be reached.
    }
  }

  read();
  const timer = setInterval(() => document.hidden || read(), EVERY_MS);
  return { element, end: () => clearInterval(timer) };
}

/** A feed, with its trouble if it is not connected. */
function feed({ feed: name, connected, last_trouble: trouble }) {
  return el("div", "", pill(connected ? "good" : "bad", name), connected || !trouble ? null : ` ${trouble}`);
}

/** The recording, if it is not written now. */
function recording(kept) {
  const why = kept?.trouble ?? kept?.ended;
  return why ? el("div", "", pill("warn", t("streams.recording")), ` ${why}`) : null;
}

/** A topic of Kafka, with its trouble if it does not take everything. */
function topic({ topic: name, behind, trouble }) {
  return el("div", "", pill(trouble ? "bad" : behind ? "warn" : "good", name), trouble ? ` ${trouble}` : null);
}
