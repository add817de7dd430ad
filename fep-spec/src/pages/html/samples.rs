//! The samples of a telegram: its characters as a tape, then each item with its bytes and its value.

use super::super::explained::{Explained, ExplainedItem};
use super::super::words;
use super::markup::{Markup, both, escaped};
use super::ruler::colour;

impl Markup<'_> {
    /// The samples of a telegram, folded.
    pub(super) fn samples(&mut self, telegram: &str) {
        let page = self.page;
        for sample in page.samples.iter().filter(|sample| sample.telegram == telegram) {
            self.sample(sample);
        }
    }

    fn sample(&mut self, sample: &Explained) {
        self.raw("<details class=sample><summary>");
        self.word(words::SAMPLE);
        match (&sample.file, sample.number) {
            (Some(file), None) => self.raw(&format!(" <code>{}</code>", escaped(file))),
            (Some(file), Some(number)) => self.raw(&format!(" <code>{}</code> #{number}", escaped(file))),
            (None, _) => self.raw(&both(" (명세에서 만든 것)", " (made from the spec)")),
        }
        self.raw(&format!(" · {} ", sample.len));
        self.word(words::BYTES);
        self.raw("</summary><div class=tape>");
        for item in &sample.items {
            let colour = colour(item.class);
            let about = escaped(&format!(
                "{}–{} {}",
                item.offset.saturating_add(1),
                item.offset.saturating_add(item.len),
                name(item)
            ));
            self.raw(&format!("<span class={colour} title=\"{about}\">{}</span>", escaped(&item.characters)));
        }
        self.raw("</div><table class=dump><thead><tr>");
        for (class, word) in [
            ("num", words::POSITION),
            ("num", words::LENGTH),
            ("item", words::ITEM),
            ("hex", words::IN_HEX),
            ("value", words::VALUE),
        ] {
            self.raw(&format!("<th class={class} scope=col>"));
            self.word(word);
        }
        self.raw("</thead><tbody>");
        sample.items.iter().for_each(|item| self.sample_item(item));
        self.raw("</tbody></table></details>\n");
    }

    fn sample_item(&mut self, item: &ExplainedItem) {
        let first = item.offset.saturating_add(1);
        let colour = colour(item.class);
        let place = if item.len > 1 {
            format!("{first}–{}", item.offset.saturating_add(item.len))
        } else {
            first.to_string()
        };
        self.raw(&format!(
            "\n<tr><td class=num>{place}<td class=num>{}<td class=item><span>{}</span>",
            item.len,
            escaped(&item.label)
        ));
        if !item.path.is_empty() {
            self.raw(&format!("<code>{}</code>", escaped(&item.path)));
        }
        self.raw(&format!("<td class=hex><code class={colour}>{}</code>", escaped(&item.hex)));
        match &item.value {
            Ok(_) if item.class == "filler" && item.path.is_empty() && item.label.is_empty() => self.raw("<td>"),
            Ok(value) if value == "<secret>" && item.hex.starts_with("**") => {
                self.raw("<td class=value><b class=secret>");
                self.word(words::SECRET);
                self.raw("</b>");
            }
            Ok(value) if value == "filler" && item.class == "filler" => self.raw("<td>"),
            Ok(value) => {
                self.raw("<td class=value>");
                self.value(item, value);
            }
            Err(why) => self.raw(&format!("<td class=\"value wrong\">{}", escaped(why))),
        }
    }

    /// The value. Its fixed words are in both languages; a text never is one of them.
    fn value(&mut self, item: &ExplainedItem, value: &str) {
        let verified = value.strip_suffix(" (not verified)").filter(|_| item.class == "computed");
        match (item.class, value, verified) {
            (_, _, Some(value)) => {
                self.text(value);
                self.raw(&both(" (검증하지 않음)", " (not verified)"));
            }
            ("number" | "date" | "time" | "datetime", "none", None) => self.raw(&both("없음", "none")),
            _ => self.text(value),
        }
    }
}

fn name(item: &ExplainedItem) -> &str {
    if item.label.is_empty() { &item.path } else { &item.label }
}
