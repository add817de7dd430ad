// Drawings: a chart of stacked bars and a gauge. They are SVG with sizes as attributes, because the policy of the page allows no style.

import { svg } from "./dom.js";

const WIDTH = 600;
const HEIGHT = 120;

/**
 * Bars that stand on each other. `bars` have `values`, from below, and a `tip`; `null` values are unknown. `looks` are the classes of the
 * values. `text` says the same in words.
 */
export function stacked({ bars, looks, text, topText }) {
  const sums = bars.map(({ values }) => (values ? values.reduce((sum, value) => sum + value, 0) : 0));
  const top = nice(Math.max(1, ...sums));
  const step = WIDTH / bars.length;
  const drawn = bars.flatMap(({ values, tip }, index) => {
    const x = index * step;
    if (!values) return [svg("rect", { class: "unseen", x, y: 0, width: step, height: HEIGHT })];
    let y = HEIGHT;
    const parts = values.map((value, at) => {
      const height = (value / top) * HEIGHT;
      y -= height;
      return value > 0 ? svg("rect", { class: looks[at], x: x + step * 0.1, y, width: step * 0.8, height: Math.max(height, 1) }) : null;
    });
    // The whole column answers the mouse.
    const column = svg("rect", { class: "column", x, y: 0, width: step, height: HEIGHT }, svg("title", {}, tip));
    return [...parts, column];
  });
  const lines = [0.5, 1].map((share) => {
    const y = HEIGHT - HEIGHT * share + 0.5;
    return svg("line", { class: "grid", x1: 0, x2: WIDTH, y1: y, y2: y });
  });
  const chart = svg("svg", { class: "chart", role: "img", "aria-label": text, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
    lines, drawn);
  return { chart, top: topText(top) };
}

/** The next round number. */
function nice(value) {
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((step) => step * size).find((round) => round >= value);
}

/** How much of a limit is used. `mark` is a second, softer limit. */
export function gauge({ used, max, mark, text }) {
  const share = max > 0 ? Math.min(1, used / max) : 0;
  const look = share >= 0.9 ? "bad" : share >= 0.7 ? "warn" : "good";
  return svg("svg", { class: "gauge", role: "img", "aria-label": text, viewBox: "0 0 100 8", preserveAspectRatio: "none" },
    svg("rect", { class: "track", x: 0, y: 0, width: 100, height: 8 }),
    svg("rect", { class: look, x: 0, y: 0, width: share * 100, height: 8 }),
    mark && mark < max ? svg("rect", { class: "mark", x: (mark / max) * 100 - 0.5, y: 0, width: 1, height: 8 }) : null);
}
