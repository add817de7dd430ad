//! The order of records: which records may come next.
//!
//! ```text
//! steps: Header once, [ BatchHeader once, Entry any, BatchControl once ] at least once, FileControl once
//! stack after the second entry:  (step 2, 1 batch so far) ► (step 2, 2 entries so far)
//! next:                          Entry or BatchControl
//! ```

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::fault::FileFault;
use super::{Stands, Step};
use crate::layout::Layout;

/// The position of a file in its steps: one frame for each open sequence, the outermost first.
#[derive(Clone, Debug)]
pub(super) struct Order<'f> {
    stack: Vec<Frame<'f>>,
}

/// A record that may come next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed<'f> {
    pub(super) layout: &'f Layout,
    /// Whether the file must end behind it.
    pub(super) is_last: bool,
}

#[derive(Clone, Copy, Debug)]
struct Frame<'f> {
    /// The step that the last record belongs to, and those after it.
    rest: &'f [Step],
    /// The number of occurrences of the first step of `rest` so far.
    count: usize,
}

/// The result of a search for a record in an open sequence.
enum Found<'f> {
    /// The record may occur here. These frames replace the one that was searched.
    Here(Vec<Frame<'f>>),
    /// The record is not in this sequence, and the sequence may end here.
    Behind,
    /// Another record must come first.
    Blocked,
}

/// The effect of a record on the order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    /// How many of the open sequences go on, the outermost first. All others have ended, or are repeated from their beginning.
    pub(super) kept: usize,
    /// Whether [`Order::next`] may have changed.
    pub(super) changes: bool,
}

impl<'f> Order<'f> {
    pub(super) fn new(steps: &'f [Step]) -> Self {
        Self { stack: vec![Frame { rest: steps, count: 0 }] }
    }

    /// The records that may come next, in the order of the steps. A record that can come by two ways is named twice.
    pub(super) fn next(&self) -> Vec<Allowed<'f>> {
        let mut next = Vec::new();
        for frame in self.stack.iter().rev() {
            if !frame.add_next(&mut next) {
                break;
            }
        }
        next
    }

    /// Advances over a record of this layout.
    pub(super) fn take(&mut self, layout: &Layout) -> Result<Taken, FileFault> {
        // The fast path: one more of the same record, as for nearly every record of a large file.
        if let Some(Frame { rest: [step, ..], count }) = self.stack.last_mut()
            && let Some(known) = step.stands.record()
            && known.name == layout.name
            && step.has_room(*count)
        {
            *count += 1;
            let changes = *count == step.min || step.max == Some(*count);
            return Ok(Taken { kept: self.stack.len(), changes });
        }
        let mut stack = self.stack.clone();
        while let Some(frame) = stack.pop() {
            match frame.find(&layout.name) {
                Found::Here(frames) => {
                    let kept = stack.len() + 1;
                    stack.extend(frames);
                    self.stack = stack;
                    return Ok(Taken { kept, changes: true });
                }
                Found::Behind => {}
                Found::Blocked => break,
            }
        }
        let mut allowed: Vec<String> = Vec::new();
        for one in self.next() {
            if !allowed.iter().any(|name| *name == one.layout.name) {
                allowed.push(one.layout.name.clone().into_owned());
            }
        }
        Err(FileFault::OutOfPlace { record: layout.name.clone().into_owned(), allowed })
    }

    /// The number of open sequences.
    #[cfg(feature = "rayon")]
    pub(super) fn depth(&self) -> usize {
        self.stack.len()
    }

    /// Checks that no record is missing at the end of the file.
    pub(super) fn end(&self) -> Result<(), FileFault> {
        for frame in self.stack.iter().rev() {
            let mut found = frame.count;
            for step in frame.rest {
                if found < step.min {
                    return Err(FileFault::TooFew { record: step.first_name().to_owned(), found, min: step.min });
                }
                found = 0;
            }
        }
        Ok(())
    }
}

impl<'f> Frame<'f> {
    /// Adds the records that may come next in this sequence. Returns whether the sequence may end here.
    fn add_next(self, next: &mut Vec<Allowed<'f>>) -> bool {
        let Self { mut rest, mut count } = self;
        while let [step, later @ ..] = rest {
            if step.has_room(count) {
                match &step.stands {
                    Stands::Record(layout) => next.push(Allowed { layout, is_last: false }),
                    Stands::Last(layout) => next.push(Allowed { layout, is_last: true }),
                    Stands::Group(steps) => {
                        Frame { rest: steps, count: 0 }.add_next(next);
                    }
                }
            }
            if count < step.min {
                return false;
            }
            (rest, count) = (later, 0);
        }
        true
    }

    fn find(self, name: &str) -> Found<'f> {
        let Self { mut rest, mut count } = self;
        while let [step, later @ ..] = rest {
            if step.has_room(count) {
                let here = Frame { rest, count: count + 1 };
                match &step.stands {
                    Stands::Record(layout) | Stands::Last(layout) if layout.name == name => {
                        return Found::Here(vec![here]);
                    }
                    Stands::Record(_) | Stands::Last(_) => {}
                    Stands::Group(steps) => {
                        if let Found::Here(frames) = (Frame { rest: steps, count: 0 }).find(name) {
                            return Found::Here([here].into_iter().chain(frames).collect());
                        }
                    }
                }
            }
            if count < step.min {
                return Found::Blocked;
            }
            (rest, count) = (later, 0);
        }
        Found::Behind
    }
}

impl Step {
    fn has_room(&self, count: usize) -> bool {
        self.max.is_none_or(|max| count < max)
    }

    /// The name of the record, or of the first record of the group.
    fn first_name(&self) -> &str {
        match &self.stands {
            Stands::Record(layout) | Stands::Last(layout) => &layout.name,
            Stands::Group(steps) => steps.first().map_or("", Self::first_name),
        }
    }
}

impl Stands {
    /// The record, if it is not a group.
    fn record(&self) -> Option<&Layout> {
        match self {
            Self::Record(layout) | Self::Last(layout) => Some(layout),
            Self::Group(_) => None,
        }
    }
}
