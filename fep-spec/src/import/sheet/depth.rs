//! Where the name of a row stands, and how deep in the groups the row is by it.
//!
//! Groups themselves are made in `tree`.

use super::grid::{At, Grid};
use super::heading::{Heading, Role};
use crate::import::plain::{indentation, plain};

/// The columns that hold names: the heading may be merged over several of them, one for each depth.
pub(super) fn name_columns(grid: &Grid, heading: &Heading) -> Option<std::ops::RangeInclusive<u32>> {
    let column = heading.column(Role::Name)?;
    if let Some(last) = heading.names_end {
        return Some(column..=last);
    }
    let region = grid.region((heading.bottom, column)).or(grid.region((heading.top, column)));
    let last = region.map_or(column, |(_, (_, right))| right);
    // A neighbour with a heading of its own is no name.
    let is_same = |other: &u32| heading.texts.get(other) == heading.texts.get(&column);
    let last = (column..=last)
        .take_while(|other| {
            *other == column || !heading.roles.contains_key(other) || (region.is_some() && is_same(other))
        })
        .last();
    Some(column..=last.unwrap_or(column))
}

/// The cell with the name of a row: the last one that has text.
pub(super) fn name_cell(grid: &Grid, heading: &Heading, row: u32) -> Option<At> {
    let columns = name_columns(grid, heading)?;
    let first = *columns.start();
    let named = columns.rev().map(|column| (row, column)).find(|at| !grid.text(*at).is_empty());
    Some(named.unwrap_or((row, first)))
}

/// How many columns a name stands behind the first of the columns of names, if nothing stands before it.
pub(super) fn step(grid: &Grid, heading: &Heading, name: Option<At>) -> usize {
    let (Some((row, column)), Some(columns)) = (name, name_columns(grid, heading)) else { return 0 };
    let before = *columns.start()..column;
    let is_blank = before.clone().all(|before| grid.merged_text((row, before)).is_empty());
    if is_blank { before.count() } else { 0 }
}

/// Whether a character draws the tree of the items.
pub(super) fn is_branch(mark: char) -> bool {
    ('\u{2500}'..='\u{257F}').contains(&mark) || "ㄴ-·.>+→".contains(mark)
}

/// The depth by the number `7-1`, by the column of levels, or by the indentation of the name.
pub(super) fn depth(number: &str, level: &str, name: &str) -> usize {
    if let Ok(level) = plain(level).parse::<usize>() {
        return level.saturating_sub(1);
    }
    let parts: Vec<_> = number.trim_end_matches(['.', ')']).split(['-', '.']).collect();
    let is_path = parts.len() > 1
        && parts.iter().all(|part| part.trim().chars().all(|digit| digit.is_ascii_digit()) && !part.trim().is_empty());
    if is_path {
        return parts.len() - 1;
    }
    let text = plain(name);
    let marks = text.chars().take_while(|mark| is_branch(*mark) || *mark == ' ');
    let marks = marks.filter(|mark| !matches!(mark, ' ' | '─' | '━')).count();
    match (marks, indentation(name)) {
        (0, 0 | 1) => 0,
        (0, blanks) => blanks.div_ceil(2).min(8),
        (marks, _) => marks.min(8),
    }
}
