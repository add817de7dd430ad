//! The text of the last column: the spec's own remark, and what the bytes of the item must be like.
//!
//! The sentences are those of the pages. Where the importer of sheets knows a usual form (`반복`, lists of codes), that form is written.

use fep_codec::layout::{CodeMeaning, Field, Group, Item, Kind, Repeat};
use fep_codec::{Charset, Layout};

use super::cell;
use super::words::{BLANK_CODE, SECRET, said};
use crate::pages::{Lang, facts};

/// Lists of more codes stand on the sheet of codes only.
const CODES_SHOWN_MAX: usize = 16;

/// What is said about an item.
pub(super) fn remark(own: &str, layout: &Layout, items: &[Item], codes: Option<&str>, lang: Lang) -> String {
    let mut lines: Vec<String> = own.lines().map(str::to_owned).collect();
    let texts = |texts: Vec<crate::pages::Text>| texts.into_iter().map(move |text| text.get(lang).to_owned());
    match items {
        [Item::Field(field)] => lines.extend(self::field(layout, field, false, codes, lang)),
        [Item::Tail(field)] => lines.extend(self::field(layout, field, true, codes, lang)),
        [Item::Literal(literal)] => lines.extend(texts(facts::literal(literal))),
        [Item::Filler(filler)] => lines.extend(texts(facts::filler(layout.charset, filler))),
        [Item::Group(group)] => {
            lines.push(repeat(layout.charset, group, lang));
            lines.extend(texts(facts::repeat(layout.charset, group)).skip(1));
            if let Some(field) = group.layout.array_field() {
                lines.extend(self::field(&group.layout, field, false, codes, lang));
            }
        }
        [Item::Choice(choice)] => {
            lines.push(match lang {
                Lang::Ko => format!("{}의 값이 내용을 고름", choice.by),
                Lang::En => format!("the value of {} selects the content", choice.by),
            });
            for case in choice.cases() {
                let codes: Vec<String> = case.codes.iter().map(|code| format!("\"{code}\"")).collect();
                let codes = if codes.is_empty() { "*".to_owned() } else { codes.join(", ") };
                lines.push(format!("{codes} → {}", case.layout.name));
            }
        }
        // A part, with a name or without.
        _ => {}
    }
    cell::shown(&lines.join("\n"), lang)
}

fn field(layout: &Layout, field: &Field, is_tail: bool, codes: Option<&str>, lang: Lang) -> Vec<String> {
    let facts = facts::field(layout, field, is_tail);
    let mut lines: Vec<String> = facts.into_iter().map(|fact| fact.get(lang).to_owned()).collect();
    if field.secret {
        lines.push(said(SECRET, lang).to_owned());
    }
    let Kind::Code(rule) = &field.kind else { return lines };
    if rule.codes.len() <= CODES_SHOWN_MAX {
        lines.extend(rule.codes.iter().map(|code| meaning(code, lang)));
    } else if let Some(list) = codes {
        lines.push(match lang {
            Lang::Ko => format!("코드표 {list}"),
            Lang::En => format!("codes: list {list}"),
        });
    }
    lines
}

/// `20 : 입금`
fn meaning(code: &CodeMeaning, lang: Lang) -> String {
    let shown = if code.code.is_empty() { said(BLANK_CODE, lang) } else { &code.code };
    format!("{shown} : {}", code.label).trim_end_matches([' ', ':']).to_owned()
}

/// `item_count 만큼 반복 (최대 10건)`
fn repeat(charset: Charset, group: &Group, lang: Lang) -> String {
    let ko = match &group.repeat {
        Repeat::Fixed(count) => format!("{count}회 반복"),
        Repeat::Counted { by, max } => format!("{by} 만큼 반복 (최대 {max}건)"),
        Repeat::Rest { max } => format!("남은 길이만큼 반복 (최대 {max}건)"),
        Repeat::Padded { max, .. } => format!("반복 (최대 {max}건)\n{}", first(charset, group, Lang::Ko)),
    };
    let en = match &group.repeat {
        Repeat::Fixed(count) => format!("OCCURS {count} TIMES"),
        Repeat::Counted { by, max } => format!("OCCURS 0 TO {max} TIMES DEPENDING ON {by}"),
        Repeat::Rest { .. } => first(charset, group, Lang::En),
        Repeat::Padded { max, .. } => format!("OCCURS {max} TIMES\n{}", first(charset, group, Lang::En)),
    };
    if lang == Lang::Ko { ko } else { en }
}

fn first(charset: Charset, group: &Group, lang: Lang) -> String {
    facts::repeat(charset, group).first().map(|text| text.get(lang).to_owned()).unwrap_or_default()
}
