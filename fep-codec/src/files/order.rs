//! The order of records: decides whether a record may come next.
//!
//! ```text
//! steps: Header once, [ BatchHeader once, Entry any, BatchControl once ] at least once, FileControl once
//! stack after the second entry:  (step 2, 1 batch so far) ► (step 2, 2 entries so far)
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

impl<'f> Order<'f> {
    pub(super) fn new(steps: &'f [Step]) -> Self {
        Self { stack: vec![Frame { rest: steps, count: 0 }] }
    }

    /// Advances over a record of this layout. Returns how many of the open sequences go on, the outermost first. All others have
    /// ended, or are repeated from their beginning.
    pub(super) fn take(&mut self, layout: &Layout) -> Result<usize, FileFault> {
        // The fast path: one more of the same record, as for nearly every record of a large file.
        if let Some(Frame { rest: [step, ..], count }) = self.stack.last_mut()
            && let Stands::Record(known) = &step.stands
            && known.name == layout.name
            && step.has_room(*count)
        {
            *count += 1;
            return Ok(self.stack.len());
        }
        let mut allowed = Vec::new();
        let mut stack = self.stack.clone();
        while let Some(frame) = stack.pop() {
            match find(frame, &layout.name, &mut allowed) {
                Found::Here(frames) => {
                    let kept = stack.len() + 1;
                    stack.extend(frames);
                    self.stack = stack;
                    return Ok(kept);
                }
                Found::Behind => {}
                Found::Blocked => break,
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

fn find<'f>(frame: Frame<'f>, name: &str, allowed: &mut Vec<String>) -> Found<'f> {
    let Frame { mut rest, mut count } = frame;
    while let [step, later @ ..] = rest {
        if step.has_room(count) {
            let here = Frame { rest, count: count + 1 };
            match &step.stands {
                Stands::Record(layout) if layout.name == name => return Found::Here(vec![here]),
                Stands::Record(layout) => allowed.push(layout.name.clone().into_owned()),
                Stands::Group(steps) => {
                    if let Found::Here(frames) = find(Frame { rest: steps, count: 0 }, name, allowed) {
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

impl Step {
    fn has_room(&self, count: usize) -> bool {
        self.max.is_none_or(|max| count < max)
    }

    /// The name of the record, or of the first record of the group.
    fn first_name(&self) -> &str {
        match &self.stands {
            Stands::Record(layout) => &layout.name,
            Stands::Group(steps) => steps.first().map_or("", Self::first_name),
        }
    }
}
