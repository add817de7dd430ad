//! Divides a table that has the items of several telegrams, told apart by a column: 전문번호, 전문명, 레코드구분.

use super::grid::{At, Grid};
use super::heading::Role;
use super::table::Table;
use crate::import::plain::{line, word};

/// Headings of columns with the code of the telegram.
const CODES: [&str; 15] = [
    "전문번호",
    "전문코드",
    "전문id",
    "전문종별",
    "전문종별코드",
    "전문구분",
    "전문구분코드",
    "tr코드",
    "trcode",
    "거래코드",
    "인터페이스id",
    "메시지id",
    "messageid",
    "msgid",
    "電文番号",
];

/// Headings of columns with the name of the telegram.
const NAMES: [&str; 14] = [
    "전문명",
    "전문명칭",
    "거래명",
    "인터페이스명",
    "메시지명",
    "messagename",
    "telegram",
    "telegramname",
    "레코드명",
    "레코드구분",
    "레코드",
    "record",
    "recordtype",
    "電文名",
];

/// The telegrams of a table: one for each value of the columns that tell telegrams apart, if the rows of each follow each other.
pub(super) fn divided(grid: &Grid, table: Table) -> Vec<Table> {
    let name = table.heading.column(Role::Name).or(table.heading.column(Role::English)).unwrap_or_default();
    let columns: Vec<(u32, &str)> = table
        .heading
        .texts
        .iter()
        .filter_map(|(column, text)| {
            let text = word(text);
            let is_free = *column < name && !table.heading.roles.contains_key(column);
            let says = |words: &[&str]| words.contains(&text.as_str());
            match () {
                () if !is_free => None,
                () if says(&CODES) => Some((*column, "전문코드")),
                () if says(&NAMES) => Some((*column, "전문명")),
                () => None,
            }
        })
        .collect();
    if columns.is_empty() {
        return vec![table];
    }
    let mut groups: Vec<(Vec<String>, At, usize)> = Vec::new();
    for (index, row) in table.rows.iter().enumerate() {
        let own: Vec<String> = columns.iter().map(|(column, _)| line(grid.text((row.row, *column)))).collect();
        let is_same = own.iter().all(String::is_empty) || groups.last().is_some_and(|(keys, ..)| continues(keys, &own));
        if groups.is_empty() || !is_same {
            let at = (row.row, columns.first().map_or(0, |(column, _)| *column));
            groups.push((own, at, index));
        }
    }
    let is_twice =
        groups.iter().enumerate().any(|(index, (keys, ..))| groups.iter().take(index).any(|(other, ..)| other == keys));
    if is_twice {
        return vec![table];
    }
    let caption = |(keys, at, _): &(Vec<String>, At, usize)| {
        let texts = keys.iter().zip(&columns).filter(|(key, _)| !key.is_empty());
        texts.map(|(key, (_, what))| (*at, format!("{what}: {key}"))).collect::<Vec<_>>()
    };
    if let [only] = groups.as_slice() {
        let more = caption(only);
        return vec![Table { caption: table.caption.iter().cloned().chain(more).collect(), ..table }];
    }
    let ends = groups.iter().skip(1).map(|(.., start)| *start).chain([usize::MAX]);
    let parts = groups.iter().zip(ends).map(|(group, end)| {
        let start = group.2;
        let rows = table.rows.iter().take(end).skip(start).cloned().collect();
        let sums = table.sums.iter().filter(|(above, _)| *above > start && *above <= end);
        let sums = sums.map(|(above, sum)| (above - start, sum.clone())).collect();
        let others = if start == 0 { table.others.clone() } else { Vec::new() };
        Table { caption: caption(group), rows, sums, others, heading: table.heading.clone(), sheet: table.sheet }
    });
    parts.collect()
}

/// Whether a row with these cells belongs to the telegram with those: a blank cell has what stands above it.
fn continues(keys: &[String], own: &[String]) -> bool {
    keys.iter().zip(own).all(|(key, own)| own.is_empty() || own == key)
}
