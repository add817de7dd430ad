//! The text of a page while it grows: escaping, words in both languages, links, heads of tables.

use super::super::model::{Anchor, Page};
use super::super::words::{self, Lang, Text, Word};

/// The body of a page so far.
pub(super) struct Markup<'p> {
    pub(super) page: &'p Page,
    pub(super) lang: Lang,
    out: String,
}

impl<'p> Markup<'p> {
    pub(super) const fn new(page: &'p Page, lang: Lang) -> Self {
        Self { page, lang, out: String::new() }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// Adds markup.
    pub(super) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// Adds text of the spec.
    pub(super) fn text(&mut self, text: &str) {
        self.out.push_str(&escaped(text));
    }

    /// Adds a fixed word in both languages.
    pub(super) fn word(&mut self, word: Word) {
        self.out.push_str(&both(word.0, word.1));
    }

    /// Adds a text in both languages.
    pub(super) fn said(&mut self, text: &Text) {
        self.out.push_str(&both(&text.ko, &text.en));
    }

    /// Adds a link to a section of this page.
    pub(super) fn link(&mut self, to: &Anchor, label: &str) {
        let text = if label.is_empty() { to.name() } else { label };
        self.out.push_str(&format!("<a href=\"#{}\">{}</a>", escaped(&to.id()), escaped(text)));
    }

    /// Adds a link to a telegram.
    pub(super) fn telegram_link(&mut self, name: &str) {
        let label = self.page.telegram(name).map(|telegram| &*telegram.label).unwrap_or_default();
        self.link(&Anchor::Telegram(name.to_owned()), label);
    }

    /// Adds a link to the section of a shared part.
    pub(super) fn part_link(&mut self, name: &str) {
        let label = self.page.parts.iter().find(|part| part.name == name).map(|part| &*part.label).unwrap_or_default();
        self.link(&Anchor::Part(name.to_owned()), label);
    }

    /// Opens a table with these heads.
    pub(super) fn head(&mut self, words: &[Word]) {
        self.raw("<table><thead><tr>");
        for word in words {
            self.raw(if *word == words::LENGTH { "<th class=num>" } else { "<th>" });
            self.word(*word);
        }
        self.raw("</thead><tbody>\n");
    }
}

/// Text in a place of both languages.
pub(super) fn both(ko: &str, en: &str) -> String {
    if ko == en {
        return escaped(ko);
    }
    format!("<span lang=ko>{}</span><span lang=en>{}</span>", escaped(ko), escaped(en))
}

/// A code as content of an element. The code of a blank field is empty.
pub(super) fn code(code: &str) -> String {
    if code.is_empty() { both("공백", "blank") } else { escaped(code) }
}

/// A text that shows as it is, between tags and in quoted attributes. Control characters, which HTML cannot have, are replaced.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(character),
            _ if character.is_control() => out.push('\u{FFFD}'),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup_or_leave_its_attribute() {
        assert_eq!(escaped("<b a='1' c=\"2\">&\r\n"), "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;\u{FFFD}\n");
    }
}
