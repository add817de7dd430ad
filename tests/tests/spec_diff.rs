//! `fep_spec::diff` tells the truth about bytes: what it does not call breaking is read as the same values by the other version.
//!
//! Specs are changed at random, as text. Random telegrams of each version are given to the other one. The rules of what breaks are not
//! repeated here: the codec is the judge.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails by panicking"
)]

use fep_codec::{Layout, Record};
use fep_spec::Spec;
use fep_spec::diff::{Class, Diff, Sender};
use fep_tests::arbitrary::{self, Random};
use fep_tests::random_spec::random_spec;
use serde_json::Value as Json;

/// The number of changed specs that are compared.
const CASES: u64 = 400;
/// The number of telegrams of each kind that are given to the other version.
const TELEGRAMS: usize = 4;

#[test]
fn what_is_not_called_breaking_is_read_as_the_same_values() {
    let mut random = Random(0);
    let mut seen = Seen::default();
    for case in 0..CASES {
        let text =
            if case % 4 == 0 { spec_of_this_repository(&mut random) } else { random_spec("a", random.below(200)) };
        let old = Spec::parse("old.toml", &text).unwrap_or_else(|report| panic!("{report}"));
        let changed = changed(&text, &mut random);
        let Ok(new) = Spec::parse("new.toml", &changed) else { continue };
        let diff = Diff::of(&old, &new);
        seen.compared += 1;
        let is_same = without_hash(&old) == without_hash(&new);
        assert!(!is_same || diff.is_empty(), "{}\n{diff}", lines(&text, &changed));
        // The order of types, codes and totals says nothing.
        let is_order = lines(&text, &changed).is_empty();
        assert!(is_same || is_order || !diff.is_empty(), "{}\n{diff}", lines(&text, &changed));
        for telegram in &old.telegrams {
            seen.count(given_to(&old, &new, telegram.name(), Sender::Old, &diff, &mut random));
        }
        for telegram in &new.telegrams {
            seen.count(given_to(&new, &old, telegram.name(), Sender::New, &diff, &mut random));
        }
    }
    assert!(seen.compared > CASES / 3, "{seen:?}");
    assert!(seen.refused > 100, "{seen:?}");
    assert!(seen.same > 1000, "{seen:?}");
    // A verdict of breaking that no telegram shows is allowed, because telegrams are few. Most are shown.
    assert!(seen.called_without_need < seen.refused, "{seen:?}");
}

/// What was seen, so that the test cannot pass by comparing nothing.
#[derive(Debug, Default)]
struct Seen {
    compared: u64,
    same: u64,
    refused: u64,
    called_without_need: u64,
}

impl Seen {
    fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Same => self.same += 1,
            Verdict::Breaks => self.refused += 1,
            Verdict::Called => self.called_without_need += 1,
            Verdict::Absent => {}
        }
    }
}

enum Verdict {
    /// Not called breaking, and read as the same values.
    Same,
    /// Called breaking, and a telegram shows it.
    Breaks,
    /// Called breaking, and no telegram shows it.
    Called,
    /// The other version does not have the telegram, or no random telegram was one.
    Absent,
}

/// Gives random telegrams of one version to the other one.
fn given_to(own: &Spec, other: &Spec, name: &str, sender: Sender, diff: &Diff, random: &mut Random) -> Verdict {
    let (Some(sent), Some(received)) = (own.telegram(name), other.telegram(name)) else { return Verdict::Absent };
    let is_called = diff.breaks.iter().any(|found| found.sender == sender && found.telegram == name);
    let renames: Vec<_> = diff.changes.iter().filter(|change| change.change == "renamed").collect();
    let mut tried = 0;
    for _ in 0..TELEGRAMS {
        let mut record = arbitrary::record(&sent.layout, random);
        for condition in sent.layout.when.iter() {
            let value = record.field(&condition.path).map(|(field, _)| field.code_value(&condition.value));
            record.set(&condition.path, value.expect("the field of a condition")).expect("its value");
        }
        let Ok(bytes) = record.encode() else { continue };
        let bytes = arbitrary::other_forms(&sent.layout, &bytes, random);
        let Ok(record) = Record::decode(&sent.layout, &bytes) else { continue };
        tried += 1;
        let is_own = own.choose(&bytes).is_ok_and(|chosen| chosen.name() == name);
        let read = Record::decode(&received.layout, &bytes);
        let problem = match &read {
            Err(error) => Some(error.to_string()),
            Ok(read) if sender == Sender::Old && renames.is_empty() => {
                lost(&record.to_json_value(), &read.to_json_value())
            }
            Ok(_) => None,
        };
        let problem = problem.or_else(|| match other.choose(&bytes) {
            Ok(chosen) if chosen.name() == name => None,
            _ if !is_own => None,
            Ok(chosen) => Some(format!("it is taken for {}", chosen.name())),
            Err(error) => Some(error.to_string()),
        });
        match problem {
            Some(_) if is_called => return Verdict::Breaks,
            Some(problem) => panic!(
                "{name} of the {sender:?} version is not called breaking: {problem}\n{}\n{diff}\nsent: {:#?}\nreceived: {:#?}",
                bytes.escape_ascii(),
                differing(&sent.layout, &received.layout),
                differing(&received.layout, &sent.layout),
            ),
            None => {}
        }
    }
    match (tried, is_called) {
        (0, _) => Verdict::Absent,
        (_, true) => Verdict::Called,
        (_, false) => Verdict::Same,
    }
}

/// The first value that is not in the other telegram.
fn lost(own: &Json, other: &Json) -> Option<String> {
    match (own, other) {
        (Json::Object(own), Json::Object(other)) => own.iter().find_map(|(name, value)| match other.get(name) {
            None => Some(format!("{name} is missing")),
            Some(found) => lost(value, found).map(|problem| format!("{name}: {problem}")),
        }),
        (Json::Array(own), Json::Array(other)) if own.len() == other.len() => {
            own.iter().zip(other).find_map(|(value, found)| lost(value, found))
        }
        _ if own == other => None,
        _ => Some(format!("{own} is {other}")),
    }
}

fn differing<'l>(own: &'l Layout, other: &Layout) -> Vec<&'l fep_codec::Item> {
    own.items.iter().filter(|item| !other.items.contains(item)).collect()
}

/// The lines that differ.
fn lines(one: &str, other: &str) -> String {
    let only = |one: &str, other: &str, mark: char| {
        let lines: Vec<_> = one.lines().filter(|line| !other.lines().any(|other| other == *line)).collect();
        lines.into_iter().map(|line| format!("{mark} {line}\n")).collect::<String>()
    };
    only(one, other, '-') + &only(other, one, '+')
}

/// A spec without what stands for its text.
fn without_hash(spec: &Spec) -> Spec {
    Spec { hash: 0, ..spec.clone() }
}

fn spec_of_this_repository(random: &mut Random) -> String {
    let names = ["bank-a", "host-b", "kftc-cms", "van-d", "giro-e", "quote-c", "nts-vat", "zengin"];
    let name = names[random.small(names.len())];
    let path = format!("{}/../specs/{name}/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a spec");
    // Stated offsets and lengths would refuse most changes.
    let mut lines: Vec<String> = text.lines().map(without_at).collect();
    lines.retain(|line| !line.starts_with("len ") && !line.starts_with("len="));
    lines.join("\n") + "\n"
}

fn without_at(line: &str) -> String {
    let Some(start) = line.find(", at = ") else { return line.to_owned() };
    let digits = line[start + 7..].bytes().take_while(u8::is_ascii_digit).count();
    line[..start].to_owned() + &line[start + 7 + digits..]
}

/// Changes one or two things in the text of a spec.
fn changed(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..1 + random.small(2) {
        let items: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].trim_start().starts_with("{ ")).collect();
        let at = items[random.small(items.len())];
        let line = lines[at].clone();
        match random.below(14) {
            0 => lines[at] = with_other_number(&line, "len = ", random),
            1 => lines[at] = with_other_number(&line, "filler = ", random),
            2 => lines[at] = with_other_number(&line, "max = ", random),
            3 => drop(lines.remove(at)),
            4 => lines.insert(at, "  { name = \"added\", kind = \"text\", len = 3 },".to_owned()),
            5 => lines.insert(at, "  { filler = 2 },".to_owned()),
            6 if at + 1 < lines.len() && lines[at + 1].trim_start().starts_with("{ ") => lines.swap(at, at + 1),
            7 => lines[at] = line.replacen("name = \"", "name = \"other_", 1),
            8 => lines[at] = with_option(&line, OPTIONS[random.small(OPTIONS.len())]),
            9 => lines[at] = with_option(&line, OPTIONS[random.small(OPTIONS.len())]),
            10 => lines[at] = without_option(&line, random),
            11 => lines[at] = with_other_kind(&line, random),
            12 => lines[at] = line.replacen("filler = 2", "name = \"put\", kind = \"text\", len = 2", 1),
            _ => {
                let flip = |line: &String| line.replace("closed = true", "closed = false");
                lines = lines.iter().map(flip).collect();
            }
        }
    }
    lines.join("\n") + "\n"
}

const OPTIONS: [&str; 16] = [
    "scale = 1",
    "sign = \"leading\"",
    "sign = \"leading-minus\"",
    "none = \"spaces\"",
    "none = [\"zeros\", \"spaces\"]",
    "accepts = [\"leading-blanks\"]",
    "full = true",
    "justify = \"right\"",
    "pad = \"0\"",
    "any = true",
    "charset = \"cp949\"",
    "overflow = \"cut\"",
    "half = \"drop\"",
    "secret = true",
    "label = \"다른 이름\"",
    "remark = \"다른 말\"",
];

fn with_option(line: &str, option: &str) -> String {
    let key = option.split(' ').next().unwrap_or_default();
    if line.contains(&format!("{key} = ")) {
        return line.to_owned();
    }
    match line.rfind(" }") {
        Some(end) => format!("{}, {option}{}", &line[..end], &line[end..]),
        None => line.to_owned(),
    }
}

/// The line without one of its options.
fn without_option(line: &str, random: &mut Random) -> String {
    let options: Vec<&str> = line.split(", ").collect();
    let gone = random.small(options.len());
    if gone == 0 || gone + 1 == options.len() {
        return line.to_owned();
    }
    let kept = options.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, option)| *option);
    kept.collect::<Vec<_>>().join(", ")
}

fn with_other_number(line: &str, key: &str, random: &mut Random) -> String {
    let Some(start) = line.find(key).map(|at| at + key.len()) else { return line.to_owned() };
    let digits = line[start..].bytes().take_while(u8::is_ascii_digit).count();
    let number: usize = line[start..start + digits].parse().unwrap_or(1);
    let other = if random.below(2) == 0 { number + 1 + random.small(3) } else { number.saturating_sub(1).max(1) };
    format!("{}{other}{}", &line[..start], &line[start + digits..])
}

fn with_other_kind(line: &str, random: &mut Random) -> String {
    const KINDS: [&str; 5] = ["text", "digits", "number", "bytes", "code"];
    let Some(start) = line.find("kind = \"").map(|at| at + 8) else { return line.to_owned() };
    let end = line[start..].find('"').map_or(line.len(), |len| start + len);
    format!("{}{}{}", &line[..start], KINDS[random.small(KINDS.len())], &line[end..])
}

/// A spec of one telegram with these items.
fn spec_of(items: &str) -> Spec {
    let head = "spec = \"a\"\ntitle = \"A\"\nversion = \"1\"\nsource = \"s\"\ncharset = \"euc-kr\"\n";
    Spec::parse("a.toml", &format!("{head}[telegrams.T]\nitems = [{items}]\n"))
        .unwrap_or_else(|report| panic!("{report}"))
}

/// Whose telegrams break, and at which bytes of them.
fn broken(old: &str, new: &str) -> Vec<(Sender, Option<std::ops::Range<usize>>)> {
    Diff::of(&spec_of(old), &spec_of(new)).breaks.into_iter().map(|found| (found.sender, found.bytes)).collect()
}

#[test]
fn each_change_breaks_whom_it_breaks_at_its_bytes() {
    use Sender::{New, Old};
    let field = |options: &str| format!("{{ name = \"a\", {options} }}, {{ name = \"z\", kind = \"text\", len = 2 }}");
    let codes = |rest: &str| field(&format!("kind = \"code\", len = 2, codes = [{{ code = \"01\" }}{rest}]"));
    let here = |sender, len: usize| (sender, Some(0..len));
    let cases = [
        // Nobody: what the writer alone knows, what stays reserved, codes of an open list.
        (field("kind = \"text\", len = 5"), field("kind = \"text\", len = 5, overflow = \"cut\""), vec![]),
        ("{ filler = 5 }".into(), "{ filler = 2 }, { filler = 3 }".into(), vec![]),
        (codes(""), codes(", { code = \"02\" }"), vec![]),
        // A new code of a closed list is unknown to the old version; a code that is gone is refused by the new one.
        (
            field("kind = \"code\", len = 2, closed = true, codes = [{ code = \"01\" }]"),
            field("kind = \"code\", len = 2, closed = true, codes = [{ code = \"01\" }, { code = \"02\" }]"),
            vec![here(New, 2)],
        ),
        // Numbers with other decimals are other values, for both.
        (field("kind = \"number\", len = 5"), field("kind = \"number\", len = 5, scale = 2"), vec![here(Old, 5), here(New, 5)]),
        (field("kind = \"number\", len = 5"), field("kind = \"number\", len = 5, accepts = [\"leading-blanks\"]"), vec![here(New, 5)]),
        (field("kind = \"date\", len = 8"), field("kind = \"date\", len = 8, none = \"zeros\""), vec![here(New, 8)]),
        (field("kind = \"text\", len = 3"), field("kind = \"bytes\", len = 3"), vec![here(Old, 3), here(New, 3)]),
        // A reserved field that comes to use: old bytes are still read.
        (
            "{ name = \"a\", kind = \"text\", len = 2 }, { filler = 5 }".into(),
            "{ name = \"a\", kind = \"text\", len = 2 }, { name = \"b\", kind = \"text\", len = 3 }, { filler = 2 }".into(),
            vec![(New, Some(2..5))],
        ),
        // A number does not read blanks.
        (
            "{ name = \"a\", kind = \"text\", len = 2 }, { filler = 5 }".into(),
            "{ name = \"a\", kind = \"text\", len = 2 }, { name = \"b\", kind = \"number\", len = 5 }".into(),
            vec![(Old, Some(2..7)), (New, Some(2..7))],
        ),
        // A longer field pushes the ones behind it, up to where reserved bytes take it up.
        (
            "{ name = \"a\", kind = \"text\", len = 2 }, { name = \"b\", kind = \"text\", len = 2 }, { filler = 4 }, { name = \"c\", kind = \"text\", len = 1 }".into(),
            "{ name = \"a\", kind = \"text\", len = 3 }, { name = \"b\", kind = \"text\", len = 2 }, { filler = 3 }, { name = \"c\", kind = \"text\", len = 1 }".into(),
            vec![(Old, Some(0..5)), (New, Some(0..5))],
        ),
        // A tail at the end may be empty.
        (
            "{ name = \"a\", kind = \"text\", len = 2 }".into(),
            "{ name = \"a\", kind = \"text\", len = 2 }, { name = \"t\", kind = \"text\", tail = true, max = 9 }".into(),
            vec![(New, None)],
        ),
    ];
    for (old, new, expected) in cases {
        assert_eq!(broken(&old, &new), expected, "{old}\n{new}\n{}", Diff::of(&spec_of(&old), &spec_of(&new)));
    }
}

#[test]
fn names_and_words_break_nothing_and_are_told_apart() {
    let spec = |name: &str, label: &str| {
        let head = "spec = \"a\"\ntitle = \"A\"\nversion = \"1\"\nsource = \"s\"\ncharset = \"euc-kr\"\n";
        let items = format!("{{ name = \"{name}\", label = \"{label}\", kind = \"number\", len = 5 }}");
        Spec::parse("a.toml", &format!("{head}[telegrams.Fee]\nitems = [{items}]\n")).expect("a clean spec")
    };
    let renamed = Diff::of(&spec("fee", "수수료"), &spec("charge", "수수료"));
    assert_eq!(
        renamed.changes.iter().map(|change| (change.class, change.change)).collect::<Vec<_>>(),
        [(Class::Name, "renamed")]
    );
    assert!(!renamed.is_breaking() && renamed.changes_names());
    let relabelled = Diff::of(&spec("fee", "수수료"), &spec("fee", "이용료"));
    assert_eq!(
        relabelled.changes.iter().map(|change| (change.class, change.change)).collect::<Vec<_>>(),
        [(Class::Document, "label")]
    );
    assert!(!relabelled.is_breaking() && !relabelled.changes_names());
    // Another name and another label is another field, though its bytes are read alike.
    let replaced = Diff::of(&spec("fee", "수수료"), &spec("rate", "이율"));
    assert_eq!(replaced.changes.iter().map(|change| change.change).collect::<Vec<_>>(), ["removed", "added"]);
    assert!(replaced.is_breaking());
}
