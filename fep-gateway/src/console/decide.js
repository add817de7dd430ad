// What a person can decide about one exchange or one notice, as buttons that ask.

import { post } from "./api.js";
import { ask, noteField, personField } from "./ask.js";
import { button, el } from "./dom.js";
import { may } from "./session.js";
import { t, word } from "./texts.js";

const MONEY = ["done", "not_done", "reversed"];

/** The buttons of an exchange that needs a person; `null` for those who have no right. */
export function settleButtons(exchange) {
  const { exchange: id, institution, telegram, trace, owner } = exchange;
  if (!may("settle", institution, telegram)) return null;
  if (owner && !owner.is_own) return el("p", "faint", t("instance.decide_at", { instance: owner.instance }));
  const names = { telegram, trace: trace || id };
  const send = (body) => post(`/v1/exchanges/${id}/settlement`, body);
  const step = (what) => button(t(`settle.do.${what}`), () => ask({
    title: t(`settle.ask.${what}`, names),
    text: t(`settle.tell.${what}`),
    fields: [noteField(), personField()],
    confirm: t(`settle.do.${what}`),
    danger: what === "reverse",
    act: (values) => send({ decision: what, ...values }),
    done: t(`settle.done.${what}`),
  }));
  const settle = button(t("settle.do.settle"), () => ask({
    title: t("settle.ask.settle", names),
    text: t("settle.tell.settle"),
    fields: [{ name: "decision", label: t("money"), options: [["", t("choose")], ...MONEY.map((name) => [name, word("settle.money", name)])] }, noteField(), personField()],
    confirm: t("settle.do.settle"),
    danger: true,
    act: send,
    done: t("settle.done.settle"),
  }));
  return el("div", "buttons", step("inquire"), step("reverse"), settle);
}

/** The buttons of a notice whose delivery a person can decide; `null` if there is nothing to decide. */
export function deliveryButtons({ notice: id, institution, state, telegram }) {
  const wanted = { dead_letter: ["deliver", "close"], delivering: ["close"], delivered: ["deliver"], closed: ["deliver"] }[state];
  if (!wanted || !may("settle", institution, telegram)) return null;
  return el("div", "buttons", ...wanted.map((what) => button(t(`deliver.do.${what}`), () => ask({
    title: t(`deliver.ask.${what}`, { telegram }),
    text: t(`deliver.tell.${what}`),
    fields: [noteField(), personField()],
    confirm: t(`deliver.do.${what}`),
    danger: what === "close",
    act: (values) => post(`/v1/notices/${id}/delivery`, { decision: what, ...values }),
    done: t(`deliver.done.${what}`),
  }))));
}
