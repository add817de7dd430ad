//! What an exchange needs and an imported draft does not say: which telegram asks and which answers, the codes that tell them apart, and
//! the length of the telegram.
//!
//! Each assumption is a comment with `ASSUMED` at its place, and a sentence for the person. One that makes the spec invalid is not made.

use super::leaves::{Leaf, item_mut, leaves, text};
use crate::Spec;
use crate::draft::{Draft, DraftTable, Entry, Value};

/// Completes a draft. Returns what was assumed.
pub(super) fn complete(draft: &mut Draft) -> Vec<String> {
    let has_answers = draft.telegrams.iter().any(|telegram| text(&telegram.entries, "answer").is_some());
    // The records of a file are not sent one by one.
    if !draft.files.is_empty() || draft.telegrams.is_empty() {
        return Vec::new();
    }
    let mut assumed = Vec::new();
    if !has_answers {
        assumed.extend(attempt(draft, pairs));
    }
    assumed.extend(attempt(draft, length));
    assumed
}

/// Makes an assumption, unless the spec has more mistakes with it.
fn attempt(draft: &mut Draft, assume: impl Fn(&mut Draft) -> Vec<String>) -> Vec<String> {
    let errors = |draft: &Draft| {
        let report = Spec::check("the spec", &draft.to_string()).report;
        report.findings.iter().filter(|finding| finding.severity == crate::report::Severity::Error).count()
    };
    let mut tried = draft.clone();
    let assumed = assume(&mut tried);
    if assumed.is_empty() || errors(&tried) > errors(draft) {
        return Vec::new();
    }
    *draft = tried;
    assumed
}

const REQUEST: [&str; 9] = ["request", "req", "rqst", "ask", "inquiry", "send", "요청", "요구", "송신"];
const ANSWER: [&str; 11] =
    ["response", "reply", "answer", "resp", "rsp", "res", "ans", "응답", "결과", "receive", "수신"];

/// Finds the telegrams that are a request and its answer by their names. If there are none, gives the first telegram a counterpart.
fn pairs(draft: &mut Draft) -> Vec<String> {
    let names = draft.telegrams.iter().map(|one| (one.name.clone(), label(one)));
    let named: Vec<(String, String)> = names.collect();
    let mut found = Vec::new();
    for (request, label) in &named {
        let Some(stem) = stem(label, &REQUEST) else { continue };
        let is_its = |other: &&(String, String)| self::stem(&other.1, &ANSWER).as_ref() == Some(&stem);
        if let Some((answer, _)) = named.iter().find(is_its) {
            found.push((request.clone(), answer.clone(), format!("{answer} answers {request}, by their names.")));
        }
    }
    if found.is_empty() {
        found.extend(counterpart(draft));
    }
    let mut assumed = Vec::new();
    for (number, (request, answer, what)) in found.into_iter().enumerate() {
        let Some(codes) = codes(draft, &request, &answer, number) else { continue };
        if let Some(table) = draft.telegrams.iter_mut().find(|one| one.name == request) {
            table.doubts.push(format!("ASSUMED: {what}"));
            table.entries.push(Entry::new("answer", answer.as_str()));
        }
        assumed.push(what);
        assumed.extend(codes);
    }
    assumed
}

/// Adds the other side of the first telegram, with the same layout.
fn counterpart(draft: &mut Draft) -> Option<(String, String, String)> {
    let first = draft.telegrams.first()?;
    let is_request = stem(&label(first), &REQUEST).is_some();
    let stem = first.name.strip_suffix("Request").filter(|stem| !stem.is_empty()).unwrap_or(&first.name);
    let name = format!("{stem}{}", if is_request { "Answer" } else { "Request" });
    if draft.telegrams.iter().any(|one| one.name == name) {
        return None;
    }
    let label = format!("{} {}", label(first), if is_request { "answer" } else { "request" });
    let entries = vec![Entry::new("label", label), Entry::new("like", first.name.as_str())];
    let first = first.name.clone();
    let does = if is_request { "answers" } else { "asks for" };
    let what =
        format!("{name} has the layout of {first}, because no telegram {does} it. Write the items that it really has.");
    draft.telegrams.insert(1, DraftTable { name: name.clone(), entries, ..DraftTable::default() });
    Some(if is_request { (first, name, what) } else { (name, first, what) })
}

/// Gives a request and its answer the codes that tell them apart, unless they have them. `None` if no field can.
fn codes(draft: &mut Draft, request: &str, answer: &str, number: usize) -> Option<Vec<String>> {
    let table = |name: &str| draft.telegrams.iter().find(|one| one.name == name);
    let asks = table(request)?;
    let answers = table(answer)?;
    let of_answer: Vec<String> = leaves(draft, answers).into_iter().map(|leaf| leaf.path).collect();
    let shared = leaves(draft, asks).into_iter().filter(|leaf| of_answer.contains(&leaf.path)).filter(is_telegram_code);
    let (path, both) = match (when(asks), when(answers)) {
        (Some(_), Some(_)) => return Some(Vec::new()),
        (Some(known), None) => further(known, shared, true)?,
        (None, Some(known)) => further(known, shared, false)?,
        (None, None) => shared.into_iter().find_map(|leaf| {
            let values = values(draft, &leaf, number)?;
            Some((leaf.path, values))
        })?,
    };
    let [asked, answered] = &both;
    let what = format!("`{path}` is {asked:?} in {request} and {answered:?} in {answer}.");
    let known = when(asks).or_else(|| when(answers)).unwrap_or_default().to_vec();
    for (name, value) in [(request, asked), (answer, answered)] {
        let table = draft.telegrams.iter_mut().find(|one| one.name == name).filter(|table| when(table).is_none());
        let Some(table) = table else { continue };
        table.doubts.push(format!("ASSUMED: `{path}` is {value:?}."));
        let mut conditions: Vec<Entry> = known.iter().filter(|entry| entry.key != path).cloned().collect();
        conditions.insert(0, Entry::new(path.as_str(), value.as_str()));
        table.entries.push(Entry { key: "when".to_owned(), value: Value::Table(conditions) });
    }
    Some(vec![what])
}

/// The conditions of a telegram.
fn when(table: &DraftTable) -> Option<&[Entry]> {
    match table.entries.iter().find(|entry| entry.key == "when") {
        Some(Entry { value: Value::Table(conditions), .. }) => Some(conditions),
        _ => None,
    }
}

/// The code of the other side: ten more in the answer, as banks have it.
fn further<'d>(
    known: &[Entry],
    shared: impl Iterator<Item = Leaf<'d>>,
    is_request: bool,
) -> Option<(String, [String; 2])> {
    const STEP: u64 = 10;
    let mut found = shared.filter_map(|leaf| Some((text(known, &leaf.path)?.to_owned(), leaf.path)));
    let (code, path) = found.next()?;
    let number = code.parse::<u64>().ok()?;
    let other = if is_request { number.checked_add(STEP)? } else { number.checked_sub(STEP)? };
    let width = code.len();
    let other = format!("{other:0width$}");
    (other.len() == width).then_some((path, if is_request { [code, other] } else { [other, code] }))
}

/// Whether a field says which telegram it is, by its name or its label.
fn is_telegram_code(leaf: &Leaf<'_>) -> bool {
    const ENGLISH: [&str; 3] = ["telegram", "message", "msg"];
    const OF: [&str; 5] = ["code", "type", "kind", "cd", "gubun"];
    const WHOLE: [&str; 8] = ["tran_code", "tran_type", "tran_cd", "tr_code", "tr_cd", "mti", "kind", "record_type"];
    let name = leaf.text("name");
    let words: Vec<&str> = name.split('_').collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let label: String = leaf.text("label").split_whitespace().collect();
    let is_korean = ["전문종별", "전문구분", "전문유형", "전문코드", "종별코드", "거래구분"]
        .iter()
        .any(|sign| label.contains(sign));
    let is_whole = |whole: &str| name == whole || name.ends_with(&format!("_{whole}"));
    (has(&ENGLISH) && has(&OF)) || WHOLE.into_iter().any(is_whole) || is_korean
}

/// The contents of a field in a request and in its answer: the first codes of its list, or numbers as banks have them.
fn values(draft: &Draft, leaf: &Leaf<'_>, number: usize) -> Option<[String; 2]> {
    let kind = leaf.kind(draft);
    if kind == "code" {
        let list = draft.codes.iter().find(|list| list.name == leaf.text("codes"))?;
        let mut codes = list.codes.iter().filter_map(|code| text(code, "code")).skip(2 * number);
        return Some([codes.next()?.to_owned(), codes.next()?.to_owned()]);
    }
    if !["digits", "text", "number"].contains(&kind) || leaf.item.get("encoding").is_some() {
        return None;
    }
    let len = leaf.len();
    let step = number + 2;
    let numbers = match len {
        0 => return None,
        1 => [2 * number + 1, 2 * number + 2],
        2 => [10 * step, 10 * step + 1],
        _ => [100 * step, 100 * step + 10],
    };
    let written = numbers.map(|number| match len {
        1..=3 => number.to_string(),
        _ if kind == "text" => format!("{number:04}"),
        _ => format!("{number:0len$}"),
    });
    written.iter().all(|text| text.len() <= len).then_some(written)
}

/// Makes the field that is called length the length of the telegram, unless a field is it already.
fn length(draft: &mut Draft) -> Vec<String> {
    let tables = || draft.parts.iter().chain(&draft.telegrams);
    let is_computed = |entry: &Entry| entry.key == "computed" && entry.value == Value::from("length");
    if tables().flat_map(|table| &table.items).any(|item| item.entries.iter().any(is_computed)) {
        return Vec::new();
    }
    let mut places = Vec::new();
    for telegram in &draft.telegrams {
        let own = leaves(draft, telegram);
        let Some(leaf) = own.iter().find(|leaf| is_length(leaf, leaf.kind(draft))) else { return Vec::new() };
        let place = (telegram.name.clone(), leaf.place());
        if !telegram.items.is_empty() && !places.iter().any(|(_, known)| leaf.place().0.is_some() && *known == place.1)
        {
            places.push(place);
        }
    }
    let mut name = String::new();
    for (telegram, place) in &places {
        let Some(item) = item_mut(draft, telegram, place) else { return Vec::new() };
        item.doubts.push(
            "ASSUMED: the length of the whole telegram. Without the bytes up to its own end, write counts = \"rest\"."
                .to_owned(),
        );
        if text(&item.entries, "kind") != Some("number") {
            item.entries.retain(|entry| !["type", "full"].contains(&&*entry.key));
            match item.entries.iter_mut().find(|entry| entry.key == "kind") {
                Some(kind) => kind.value = Value::from("number"),
                None => item.entries.push(Entry::new("kind", "number")),
            }
        }
        item.entries.extend([Entry::new("computed", "length"), Entry::new("counts", "all")]);
        place.1.clone_into(&mut name);
    }
    if name.is_empty() { Vec::new() } else { vec![format!("`{name}` is the length of the whole telegram.")] }
}

/// Whether a field is called the length, and not that of something in the telegram.
fn is_length(leaf: &Leaf<'_>, kind: &str) -> bool {
    const PARTS: [&str; 9] = ["data", "body", "item", "name", "text", "user", "area", "field", "record"];
    let has = |list: &[&str]| leaf.text("name").split('_').any(|word| list.contains(&word));
    let is_free = leaf.item.get("computed").is_none();
    is_free && ["number", "digits"].contains(&kind) && has(&["length", "len", "ll"]) && !has(&PARTS)
}

fn label(table: &DraftTable) -> String {
    text(&table.entries, "label").unwrap_or(&table.name).to_owned()
}

/// A label without the word that says its side. `None` if it has no such word.
fn stem(label: &str, words: &[&str]) -> Option<String> {
    let small = label.to_lowercase();
    let parts: Vec<&str> = small.split(|one: char| !one.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let is_side =
        |part: &str| words.contains(&part) || words.iter().any(|word| !word.is_ascii() && part.ends_with(word));
    let at = parts.iter().position(|part| is_side(part))?;
    let mut stem = parts.clone();
    let part = stem.remove(at);
    let rest = words.iter().filter(|word| !word.is_ascii()).find_map(|word| part.strip_suffix(word));
    Some(stem.join(" ") + rest.unwrap_or_default())
}
