// The language of the page. Each language has the same three modules of texts with the same names.

import { EN_ACTS } from "./texts_acts_en.js";
import { KO_ACTS } from "./texts_acts_ko.js";
import { EN_PLATFORM } from "./texts_platform_en.js";
import { KO_PLATFORM } from "./texts_platform_ko.js";
import { EN } from "./texts_en.js";
import { KO } from "./texts_ko.js";

const LANGUAGES = { en: { ...EN, ...EN_ACTS, ...EN_PLATFORM }, ko: { ...KO, ...KO_ACTS, ...KO_PLATFORM } };
const KEPT = "fep.language";

let language = "en";

/** What the browser keeps for this page. A browser can forbid it. */
export function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Then it holds until the page is closed.
  }
}

/** Takes the language that was chosen last, or that of the browser. */
export function beginLanguage() {
  const wanted = kept(KEPT) || (navigator.language.startsWith("ko") ? "ko" : "en");
  speak(Object.hasOwn(LANGUAGES, wanted) ? wanted : "en");
}

function speak(wanted) {
  language = wanted;
  document.documentElement.lang = wanted;
}

/** Takes the other language from now on. */
export function changeLanguage() {
  speak(language === "ko" ? "en" : "ko");
  keep(KEPT, language);
}

export const isKorean = () => language === "ko";

/** A text, with `{name}` replaced by values. */
export function t(name, values) {
  const text = LANGUAGES[language][name];
  if (text === undefined) return name;
  return values ? text.replace(/\{(\w+)\}/g, (_, word) => values[word] ?? "") : text;
}

/** The text for a word of the interface, such as an outcome; the word itself if there is no text. */
export function word(kind, name) {
  const texts = LANGUAGES[language];
  const key = `${kind}.${name}`;
  return Object.hasOwn(texts, key) ? texts[key] : String(name);
}
