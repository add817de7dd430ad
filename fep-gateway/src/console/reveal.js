// The secrets of one exchange: a button for those who have the right asks for the reason. The gateway records it before it shows them. They
// are kept in no store and no address, and forgotten when the view ends, when the page is left, and after a while.

import { post } from "./api.js";
import { ask, noteField, personField } from "./ask.js";
import { button, el } from "./dom.js";
import { may } from "./session.js";
import { t } from "./texts.js";
import { duration } from "./time.js";

/** How long secrets are shown. A screen that nobody looks at must not go on showing them. */
const SHOWN_MAX_MS = 5 * 60 * 1000;

/**
 * The secrets of the exchange with this ID. `changed` is called when they come and when they are forgotten, and told whether a person did it
 * just now: then the focus goes there.
 */
export function secretsFor(id, changed) {
  let seen = null;
  let timer = null;
  let ended = false;

  function forget(byPerson) {
    clearTimeout(timer);
    if (seen === null) return;
    seen = null;
    changed(byPerson);
  }

  function show(detail) {
    // The view may have ended while the gateway recorded it.
    if (ended) return;
    clearTimeout(timer);
    seen = detail;
    timer = setTimeout(forget, SHOWN_MAX_MS, false);
    changed(true);
  }

  const reveal = ({ telegram, trace, institution }) => ask({
    title: t("reveal.ask", { telegram, trace: trace || id, institution }),
    text: t("reveal.tell"),
    fields: [noteField(), personField()],
    confirm: t("reveal.do"),
    danger: true,
    act: (values) => post(`/v1/exchanges/${encodeURIComponent(id)}/reveal`, values),
    done: (detail) => {
      show(detail);
      return t("reveal.done");
    },
  });

  // A page that the browser keeps for the way back must not keep them.
  const hidden = () => forget(false);
  addEventListener("pagehide", hidden);
  return {
    /** The exchange with its secrets, or `null`. */
    seen: () => seen,
    /** The button, or what is said while they are shown. `null` for those who have no right. */
    element(summary) {
      if (seen) {
        return el("div", { class: "notice", role: "status", tabindex: "-1", id: "revealed" },
          el("p", "", t("reveal.shown", { time: duration(SHOWN_MAX_MS) })), button(t("reveal.hide"), () => forget(true)));
      }
      if (!may("reveal", summary.institution, summary.telegram)) return null;
      return el("div", "buttons", button(t("reveal.open"), () => reveal(summary)));
    },
    end() {
      ended = true;
      removeEventListener("pagehide", hidden);
      clearTimeout(timer);
      seen = null;
    },
  };
}
