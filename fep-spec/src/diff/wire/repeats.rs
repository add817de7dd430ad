//! Groups and choices: what their counts and codes say about telegrams of the other version.

use std::collections::BTreeSet;

use fep_codec::layout::{Case, Choice, Group, Page, Repeat};

use super::Walk;
use crate::diff::Sender;
use crate::diff::tree::{Node, max};

/// Compares how often the entries of a group repeat.
pub(super) fn compare(walk: &mut Walk<'_>, nodes: [&Node<'_>; 2], old: &Group, new: &Group) {
    let [own, other] = nodes;
    let is_same = |old_by: &str, new_by: &str, walk: &Walk<'_>| {
        walk.names.is_same_item([&own.path, old_by], [&other.path, new_by])
    };
    let same_form = match (&old.repeat, &new.repeat) {
        // Another fixed number has another length, which is seen where the lengths are compared.
        (Repeat::Fixed(_), Repeat::Fixed(_)) | (Repeat::Rest { .. }, Repeat::Rest { .. }) => true,
        (Repeat::Counted { by: old_by, .. }, Repeat::Counted { by: new_by, .. }) => is_same(old_by, new_by, walk),
        (Repeat::Padded { by: old_by, pad: old_pad, .. }, Repeat::Padded { by: new_by, pad: new_pad, .. }) => {
            let same_count = match (old_by, new_by) {
                (Some(old_by), Some(new_by)) => is_same(old_by, new_by, walk),
                (None, None) => true,
                _ => false,
            };
            same_count && old_pad == new_pad
        }
        _ => false,
    };
    if !same_form {
        walk.both(own, other, "the number of its entries is found in another way", |_| None);
    } else if matches!(new.repeat, Repeat::Counted { .. } | Repeat::Rest { .. }) {
        let [had, has] = [max(old), max(new)];
        if had > has {
            let reason = format!("it has at most {has} entries, and had {had}");
            walk.add(Sender::Old, nodes, &reason, None);
        } else if had < has {
            let reason = format!("it has up to {has} entries, and had at most {had}");
            walk.add(Sender::New, nodes, &reason, None);
        }
    }
    pages(walk, nodes, old.page.as_ref(), new.page.as_ref());
}

fn pages(walk: &mut Walk<'_>, nodes: [&Node<'_>; 2], old: Option<&Page>, new: Option<&Page>) {
    let [own, other] = nodes;
    match (old, new) {
        (None, None) => {}
        (Some(one), Some(two))
            if walk.names.is_same_item([&own.path, &one.total], [&other.path, &two.total])
                && walk.names.is_same_item([&own.path, &one.start], [&other.path, &two.start]) => {}
        (Some(_), Some(_)) => walk.both(own, other, "the number of its page is found in another way", |_| None),
        (None, Some(_)) => walk.add(Sender::Old, nodes, "its entries must be a page of a list now", None),
        (Some(_), None) => walk.add(Sender::New, nodes, "its entries had to be a page of a list", None),
    }
}

/// Whether the group can have no entry and no count, so that nothing of it need be there.
pub(super) const fn can_be_empty(group: &Group) -> bool {
    matches!(group.repeat, Repeat::Rest { .. })
}

/// Compares the cases of a choice, each code by itself.
pub(super) fn choice(walk: &mut Walk<'_>, nodes: [&Node<'_>; 2], old: &Choice, new: &Choice) {
    let [own, other] = nodes;
    if !walk.names.is_same_item([&own.path, &old.by], [&other.path, &new.by]) {
        walk.both(own, other, "another field decides what it is", |_| None);
        return;
    }
    let codes: BTreeSet<&str> =
        old.cases().iter().chain(new.cases()).flat_map(|case| case.codes.iter().map(|code| &**code)).collect();
    let mut compared = BTreeSet::new();
    let every = codes.into_iter().map(Some).chain([None]);
    for code in every {
        match (case_of(old.cases(), code), case_of(new.cases(), code)) {
            (None, None) => {}
            (Some(_), None) => {
                walk.add(Sender::Old, nodes, &format!("no case is for {}", code_text(code)), None);
            }
            (None, Some(_)) => {
                walk.add(Sender::New, nodes, &format!("no case was for {}", code_text(code)), None);
            }
            (Some(old_case), Some(new_case)) => {
                if compared.insert((old_case, new_case))
                    && let (Some(old), Some(new)) = (own.cases.get(old_case), other.cases.get(new_case))
                {
                    walk.list(old, new);
                }
            }
        }
    }
}

/// The index of the case for a code, or for all codes that no case names.
fn case_of(cases: &[Case], code: Option<&str>) -> Option<usize> {
    let named = code.and_then(|code| cases.iter().position(|case| case.codes.iter().any(|own| own == code)));
    named.or_else(|| cases.iter().position(|case| case.codes.is_empty()))
}

fn code_text(code: Option<&str>) -> String {
    code.map_or_else(|| "other codes".to_owned(), |code| format!("the code {code:?}"))
}
