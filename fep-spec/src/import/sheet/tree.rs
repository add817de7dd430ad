//! Groups: which rows belong to which, and how often they repeat.

use super::remark::{self, Repeat};
use super::row::SheetRow;
use crate::import::plain::word;

/// An item, or a group with its items.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Item(SheetRow),
    Group { row: SheetRow, repeat: Option<Repeat>, items: Vec<Node> },
}

/// The deepest group that is read.
const DEPTH_MAX: usize = 8;

/// Makes the tree of a table's rows.
pub(super) fn tree(rows: &[SheetRow]) -> Vec<Node> {
    let marked = marks(rows);
    let mut rest = marked.as_slice();
    let mut nodes = Vec::new();
    while let Some((row, depth)) = rest.first() {
        rest = rest.get(1..).unwrap_or_default();
        nodes.push(node(row, *depth, &mut rest, 0));
    }
    nodes
}

fn node(row: &SheetRow, depth: usize, rest: &mut &[(SheetRow, usize)], level: usize) -> Node {
    let mut items = Vec::new();
    // Only a row without a length can have rows below it.
    while level < DEPTH_MAX && row.measure.bytes().is_none() {
        let Some((below, deeper)) = rest.first().filter(|(_, below)| *below > depth) else { break };
        *rest = rest.get(1..).unwrap_or_default();
        items.push(node(below, *deeper, rest, level + 1));
    }
    if items.is_empty() {
        return Node::Item(row.clone());
    }
    let repeat = repeat_of(row);
    let label = remark::times(&row.label).map_or_else(|| named(&row.label), |(name, _)| name);
    Node::Group { repeat, row: SheetRow { label, ..row.clone() }, items }
}

/// The name of a group without what it says about repetition: `명세 [건수만큼, 최대 99]`, `세부 OCCURS 3`.
fn named(label: &str) -> String {
    if remark::repeat(label).is_none() {
        return label.to_owned();
    }
    let small = label.to_ascii_lowercase();
    let end = small.find(['[', '(', ':', '<']).into_iter().chain(small.find("occurs")).min();
    let name = end.and_then(|end| label.get(..end)).unwrap_or(label).trim();
    if name.is_empty() { label.to_owned() } else { name.to_owned() }
}

/// What a row says about its repetition: in its column, its length, its remark, its name.
pub(super) fn repeat_of(row: &SheetRow) -> Option<Repeat> {
    if let Ok(count) = row.repeat.parse::<usize>() {
        return (count > 1).then_some(Repeat::Fixed(count));
    }
    // The column of repetitions can name the field that counts.
    if !row.repeat.is_empty() && row.measure.bytes().is_none() && remark::repeat(&row.repeat).is_none() {
        let is_name = row.repeat.chars().any(char::is_alphabetic);
        return is_name.then(|| Repeat::Counted { by: Some(row.repeat.clone()), max: remark::largest(&row.said()) });
    }
    let said = [row.repeat.clone(), row.said(), row.label.clone(), row.letter.clone()];
    let by_name = || {
        let times = remark::times(&row.label).filter(|_| row.measure.bytes().is_none());
        times.map(|(_, count)| Repeat::Fixed(count))
    };
    said.iter().find_map(|text| remark::repeat(text)).or_else(by_name)
}

/// The rows with their depths. Rows between `반복부 시작` and `반복부 끝` are one deeper, and the first of them becomes the group.
fn marks(rows: &[SheetRow]) -> Vec<(SheetRow, usize)> {
    let mut marked = Vec::new();
    let mut open = 0_usize;
    for row in rows {
        let text = word(&format!("{}{}", row.label, row.english));
        let said = word(&row.remark);
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let remarks = |words: &[&str]| said.contains("반복") && words.iter().any(|word| said.ends_with(word));
        let has_no_length = row.measure.bytes().is_none();
        let repeats = says(&["반복", "occurs", "loop", "repeat"]);
        let ends = (repeats && says(&["끝", "종료", "end"])) || remarks(&["끝", "종료"]);
        let begins = (repeats && says(&["시작", "start", "begin"])) || remarks(&["시작"]);
        match () {
            () if has_no_length && ends => open = open.saturating_sub(1),
            () if has_no_length && begins => {
                marked.push((opening(row), row.depth + open));
                open += 1;
            }
            () => marked.push((row.clone(), row.depth + open)),
        }
    }
    marked
}

/// The row of a group from the row that marks its begin: `[반복부 시작] 조회건수만큼(최대 20건)`.
fn opening(row: &SheetRow) -> SheetRow {
    let said = format!("{}\n{}", row.label, row.remark);
    let label: String = row.label.split(['시', '(', ':', ']']).next().unwrap_or_default().to_owned();
    let label = label.trim_matches(|edge: char| "[]<>※*-= ".contains(edge)).to_owned();
    SheetRow { label, remark: said, ..row.clone() }
}
