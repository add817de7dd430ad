//! Which items have no content.

use super::row::SheetRow;
use crate::import::plain::word;

/// Names of items that have no content.
const FILLERS: [&str; 28] = [
    "예비",
    "filler",
    "공란",
    "여백",
    "reserved",
    "spare",
    "사용안함",
    "미사용",
    "space",
    "예약",
    "공백",
    "予備",
    "여유",
    "예비필드",
    "dummy",
    "더미",
    "ダミー",
    "余白",
    "여분",
    "여유분",
    "빈칸",
    "스페이스",
    "unused",
    "notused",
    "padding",
    "blank",
    "rfu",
    "reservedforfutureuse",
];

/// Whether an item is named like one without content: `예비1`, `FILLER`, `(여백)`.
pub(super) fn is_filler(row: &SheetRow) -> bool {
    let names = [word(&row.label), word(&row.english)];
    let name = names.iter().find(|name| !name.is_empty()).cloned().unwrap_or_default();
    let name = name.trim_end_matches(|end: char| end.is_ascii_digit() || "()-_#[]<>".contains(end));
    let name = name.trim_start_matches(['(', '[', '<']);
    let ends = ["영역", "필드", "공간", "항목", "부분", "란", "부", "(filler", "(예비"];
    FILLERS.iter().any(|filler| name.strip_prefix(filler).is_some_and(|end| end.is_empty() || ends.contains(&end)))
}
