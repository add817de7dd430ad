//! What stands around the tables of items: contents, front, telegrams, parts, files, codes, letters.

use super::super::kinds::kind_text;
use super::super::model::{Anchor, FilePage, TelegramPage};
use super::super::words;
use super::markup::{Markup, both, code, escaped};
use super::ruler::colour;

impl Markup<'_> {
    /// The list of sections beside the page.
    pub(super) fn contents(&mut self) {
        let page = self.page;
        self.raw("<nav>");
        let entries = |list: Vec<(Anchor, &str)>| -> Vec<(Anchor, String)> {
            list.into_iter().map(|(anchor, label)| (anchor, label.to_owned())).collect()
        };
        let telegrams = page.telegrams.iter().map(|one| (Anchor::Telegram(one.name.clone()), &*one.label)).collect();
        let parts = page.parts.iter().map(|one| (Anchor::Part(one.name.clone()), &*one.label)).collect();
        let files = page.files.iter().map(|one| (Anchor::File(one.name.clone()), &*one.label)).collect();
        let codes = page.codes.iter().map(|one| (Anchor::Codes(one.name.clone()), &*one.label)).collect();
        for (word, list) in
            [(words::TELEGRAM, telegrams), (words::PARTS, parts), (words::FILES, files), (words::CODES, codes)]
        {
            let list = entries(list);
            if list.is_empty() {
                continue;
            }
            self.raw("<h2>");
            self.word(word);
            self.raw("</h2><ul>");
            for (anchor, label) in list {
                self.raw("<li>");
                self.link(&anchor, &label);
            }
            self.raw("</ul>\n");
        }
        self.raw("</nav>\n");
    }

    /// The title, the facts of the spec, and the table of telegrams.
    pub(super) fn front(&mut self) {
        let page = self.page;
        self.raw(&format!("<section class=front><h1>{}</h1>\n<dl>", escaped(&page.title)));
        for (word, value) in [
            (words::SPEC, &page.name),
            (words::VERSION, &page.version),
            (words::SOURCE, &page.source),
            (words::CHARSET, &page.charset),
        ] {
            self.raw("<div><dt>");
            self.word(word);
            self.raw(&format!("<dd>{}</div>", escaped(value)));
        }
        self.raw("</dl>\n<details open class=reading><summary>");
        self.word(words::READING);
        self.raw("</summary><ul>");
        for text in &page.reading {
            self.raw("<li>");
            self.said(text);
        }
        self.raw("</ul>");
        self.legend();
        self.raw("</details>\n");
        self.overview();
        self.raw("</section>\n");
    }

    /// The colours of the kinds.
    fn legend(&mut self) {
        self.raw("<p class=legend>");
        for kind in ["text", "digits", "number", "date", "code", "literal", "filler", "choice"] {
            self.raw(&format!("<span class={}>", colour(kind)));
            self.said(&kind_text(kind));
            self.raw("</span>");
        }
        self.raw(&format!("<span class={}>{}</span>", colour("computed"), both("자동 계산", "computed")));
        self.raw("</p>");
    }

    fn overview(&mut self) {
        let page = self.page;
        if page.telegrams.is_empty() {
            return;
        }
        self.raw("<h2>");
        self.word(words::TELEGRAMS);
        self.raw("</h2>\n");
        let has_answers = page.telegrams.iter().any(|telegram| telegram.answer.is_some());
        let has_marks = page.telegrams.iter().any(|telegram| !telegram.when.is_empty());
        let mut heads = vec![words::TELEGRAM, words::NAME, words::LENGTH];
        heads.extend(has_answers.then_some(words::ANSWER));
        heads.extend(has_marks.then_some(words::WHEN));
        self.head(&heads);
        for telegram in &page.telegrams {
            self.raw("<tr><td>");
            self.telegram_link(&telegram.name);
            self.raw(&format!("<td class=mono>{}<td class=num>", escaped(&telegram.name)));
            self.telegram_len(telegram);
            if has_answers {
                self.raw("<td>");
                if let Some(answer) = &telegram.answer {
                    self.telegram_link(answer);
                }
            }
            if has_marks {
                self.raw("<td>");
                self.conditions(telegram);
            }
            self.raw("\n");
        }
        self.raw("</tbody></table>\n");
    }

    fn telegram_len(&mut self, telegram: &TelegramPage) {
        let (least, most) = telegram.limits;
        match telegram.len {
            Some(len) => self.raw(&len.to_string()),
            None => self.raw(&format!("{least}–{most}")),
        }
    }

    fn conditions(&mut self, telegram: &TelegramPage) {
        for (number, one) in telegram.when.iter().enumerate() {
            let name = if one.label.is_empty() { &one.path } else { &one.label };
            let between = if number == 0 { "" } else { " · " };
            self.raw(&format!(
                "{between}<span class=mark title=\"{}\">{} <code>{}</code></span>",
                escaped(&one.path),
                escaped(name),
                code(&one.value)
            ));
        }
    }

    /// A heading with the name on the sheet and the name in the spec.
    fn title(&mut self, level: u8, label: &str, name: &str) {
        let label = if label.is_empty() { name } else { label };
        self.raw(&format!("<h{level}>{}", escaped(label)));
        if label != name {
            self.raw(&format!(" <code>{}</code>", escaped(name)));
        }
        self.raw(&format!("</h{level}>\n"));
    }

    /// One telegram.
    pub(super) fn telegram(&mut self, telegram: &TelegramPage) {
        let id = Anchor::Telegram(telegram.name.clone()).id();
        self.raw(&format!("<section class=telegram id=\"{}\">", escaped(&id)));
        self.title(2, &telegram.label, &telegram.name);
        self.raw("<p class=facts><span>");
        self.telegram_len(telegram);
        self.raw(" ");
        self.word(words::BYTES);
        self.raw("</span>");
        if let Some(answer) = &telegram.answer {
            self.raw("<span>");
            self.word(words::ANSWER);
            self.raw(" ");
            self.telegram_link(answer);
            self.raw("</span>");
        }
        if !telegram.answers.is_empty() {
            self.raw("<span>");
            self.word(words::ANSWERS);
            for asked in &telegram.answers {
                self.raw(" ");
                self.telegram_link(asked);
            }
            self.raw("</span>");
        }
        if !telegram.when.is_empty() {
            self.raw("<span>");
            self.conditions(telegram);
            self.raw("</span>");
        }
        self.raw("</p>\n");
        if !telegram.remark.is_empty() {
            self.raw(&format!("<p class=note>{}</p>\n", escaped(&telegram.remark)));
        }
        match &telegram.like {
            Some(like) => {
                self.raw("<p class=same><span lang=ko>항목은 다음과 같다: </span><span lang=en>Its items are those of </span>");
                self.telegram_link(like);
                self.raw("</p>\n");
            }
            None => {
                self.ruler(&id, &telegram.rows);
                self.items(&id, &telegram.rows);
            }
        }
        self.samples(&telegram.name);
        self.raw("</section>\n");
    }

    /// The shared parts.
    pub(super) fn parts(&mut self) {
        let page = self.page;
        for part in &page.parts {
            let id = Anchor::Part(part.name.clone()).id();
            self.raw(&format!("<section class=part id=\"{}\">", escaped(&id)));
            self.title(2, &part.label, &part.name);
            self.raw("<p class=facts><span>");
            match part.len {
                Some(len) => {
                    self.raw(&format!("{len} "));
                    self.word(words::BYTES);
                }
                None => self.word(words::VARIES),
            }
            self.raw("</span><span>");
            self.word(words::USED_IN);
            for (number, user) in part.used_in.iter().enumerate() {
                self.raw(if number == 0 { " " } else { ", " });
                match user {
                    Anchor::Telegram(name) => self.telegram_link(name),
                    other if page.parts.iter().any(|part| part.name == other.name()) => self.part_link(other.name()),
                    other => self.text(other.name()),
                }
            }
            self.raw("</span></p>\n");
            self.ruler(&id, &part.rows);
            self.items(&id, &part.rows);
            self.raw("</section>\n");
        }
    }

    /// The record files.
    pub(super) fn files(&mut self) {
        let page = self.page;
        for file in &page.files {
            let id = Anchor::File(file.name.clone()).id();
            self.raw(&format!("<section class=file id=\"{}\">", escaped(&id)));
            self.title(2, &file.label, &file.name);
            self.raw("<p class=facts>");
            for fact in &file.facts {
                self.raw("<span>");
                self.said(fact);
                self.raw("</span>");
            }
            self.raw("</p>\n");
            self.records(file);
            for (word, list) in [(words::TOTALS, &file.totals), (words::SERIALS, &file.serials)] {
                if list.is_empty() {
                    continue;
                }
                self.head(&[word, words::CONSTRAINTS]);
                for (field, text) in list {
                    self.raw(&format!("<tr><td class=mono>{}<td>", escaped(field)));
                    self.said(text);
                    self.raw("\n");
                }
                self.raw("</tbody></table>\n");
            }
            self.raw("</section>\n");
        }
    }

    fn records(&mut self, file: &FilePage) {
        self.head(&[words::RECORD, words::NAME, words::TIMES]);
        for record in &file.records {
            self.raw(&format!("<tr class=d{}><td class=item><span>", record.depth.min(6)));
            match &record.telegram {
                Some(name) => {
                    self.telegram_link(name);
                    self.raw(&format!("</span><td class=mono>{}<td>", escaped(name)));
                }
                None => {
                    self.raw(&both("함께 반복", "repeat together"));
                    self.raw("</span><td><td>");
                }
            }
            self.said(&record.times);
            if record.is_last {
                self.raw(&both(", 파일의 끝", ", ends the file"));
            }
            self.raw("\n");
        }
        self.raw("</tbody></table>\n");
    }

    /// The lists of codes.
    pub(super) fn codes(&mut self) {
        let page = self.page;
        if page.codes.is_empty() {
            return;
        }
        self.raw("<section class=lists><h2>");
        self.word(words::CODES);
        self.raw("</h2>\n<div class=columns>");
        for list in &page.codes {
            let id = Anchor::Codes(list.name.clone()).id();
            self.raw(&format!("<div id=\"{}\">", escaped(&id)));
            self.title(3, &list.label, &list.name);
            self.raw("<p class=facts><span>");
            self.raw(&if list.open {
                both("표에 없는 코드도 그대로 받음", "other codes are kept")
            } else {
                both("표에 없는 코드는 오류", "other codes are errors")
            });
            self.raw("</span></p>");
            self.head(&[words::CODE, words::MEANING]);
            for (known, name) in &list.codes {
                self.raw(&format!("<tr><td class=mono>{}<td>{}", code(&known.code), escaped(&known.label)));
                if let Some(name) = name {
                    self.raw(&format!(" <code>{}</code>", escaped(name)));
                }
                self.raw("\n");
            }
            self.raw("</tbody></table></div>\n");
        }
        self.raw("</div></section>\n");
    }

    /// The sheet's letters.
    pub(super) fn letters(&mut self) {
        let page = self.page;
        if page.letters.is_empty() {
            return;
        }
        self.raw("<section class=lists id=letters><h2>");
        self.word(words::LETTERS);
        self.raw("</h2>\n");
        self.head(&[words::LETTER, words::KIND, words::REMARK]);
        for letter in &page.letters {
            self.raw(&format!("<tr><td class=mono>{}<td>", escaped(&letter.name)));
            self.said(&letter.kind);
            self.raw(&format!("<td>{}\n", escaped(&letter.remark)));
        }
        self.raw("</tbody></table></section>\n");
    }
}
