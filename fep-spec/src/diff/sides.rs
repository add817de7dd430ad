//! A place in the list of items of one version, and how far the lists of both versions are apart.

use std::ops::Range;

use fep_codec::layout::{Filler, Item};

use super::tree::Node;

/// A place in the list of one version.
#[derive(Clone)]
pub(super) struct Side<'n> {
    pub(super) nodes: &'n [Node<'n>],
    /// The number of items that were passed.
    pub(super) passed: usize,
    /// The number of bytes of the current filler that were passed.
    pub(super) used: usize,
}

impl<'n> Side<'n> {
    pub(super) fn current(&self) -> Option<&'n Node<'n>> {
        self.nodes.get(self.passed)
    }

    /// The filler at this place, and how many of its bytes are left.
    pub(super) fn filler(&self) -> Option<(&'n Filler, usize)> {
        match self.current()?.item {
            Item::Filler(filler) => Some((filler, filler.len.saturating_sub(self.used))),
            _ => None,
        }
    }

    /// The offset of the next byte.
    pub(super) fn offset(&self) -> Option<usize> {
        match self.current() {
            Some(node) => node.offset.map(|offset| offset + self.used),
            None => self.nodes.last().map_or(Some(0), |node| node.offset.zip(node.len()).map(|(at, len)| at + len)),
        }
    }

    /// The number of bytes to the end of the current item.
    pub(super) fn left(&self) -> Option<usize> {
        self.current()?.len().map(|len| len.saturating_sub(self.used))
    }

    /// Passes bytes of a filler, or the whole of another item.
    pub(super) fn pass(&mut self, bytes: usize) {
        match self.filler() {
            Some((_, left)) if bytes < left => self.used += bytes,
            _ => {
                self.passed += 1;
                self.used = 0;
            }
        }
    }

    pub(super) fn pass_item(&mut self) {
        self.passed += 1;
        self.used = 0;
    }

    /// The bytes from here to another place of the same list.
    pub(super) fn bytes_to(&self, end: &Self) -> Option<Range<usize>> {
        Some(self.offset()?..end.offset()?)
    }

    /// The items from here to another place of the same list, for a message.
    pub(super) fn items_to(&self, end: &Self) -> &'n [Node<'n>] {
        let last = if end.used > 0 { end.passed + 1 } else { end.passed };
        self.nodes.get(self.passed..last.min(self.nodes.len())).unwrap_or_default()
    }
}

/// How many bytes of each version a stretch has passed.
#[derive(Default)]
pub(super) struct Gap {
    pub(super) passed: [usize; 2],
    /// An item of varying length was passed.
    varies: bool,
}

impl Gap {
    pub(super) fn is_open(&self) -> bool {
        self.varies || self.passed[0] != self.passed[1]
    }

    /// Passes the rest of the current item.
    pub(super) fn pass(&mut self, side: &mut Side<'_>, of: usize) {
        match side.left() {
            Some(len) => self.add(of, len),
            None => self.varies = true,
        }
        side.pass_item();
    }

    /// Passes the current item, of a filler only as many bytes as the other version is ahead.
    pub(super) fn pass_up_to(&mut self, side: &mut Side<'_>, of: usize) {
        let ahead = self.passed[0].abs_diff(self.passed[1]);
        match side.filler() {
            Some((_, left)) if !self.varies => {
                let len = left.min(ahead);
                side.pass(len);
                self.add(of, len);
            }
            _ => self.pass(side, of),
        }
    }

    fn add(&mut self, of: usize, len: usize) {
        if let Some(passed) = self.passed.get_mut(of) {
            *passed += len;
        }
    }
}
