//! The side that has the file. [`Sending::step`] says what leaves next; the answers are given back.

use std::collections::VecDeque;

use super::blocks::Blocks;

/// A telegram that is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Business begins.
    Start,
    /// The name and the size of the file.
    Offer,
    /// What is missing of a block.
    Check {
        /// The number of the block.
        block: u64,
        /// The number of its last piece.
        last: u32,
    },
    /// The file is complete.
    EndOfFile,
    /// Business ends.
    End,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendStep {
    /// This telegram is sent, and its answer is waited for.
    Ask(Asked),
    /// A piece is sent. It has no answer.
    Data {
        /// The number of the block.
        block: u64,
        /// The number of the piece in the block.
        sequence: u32,
        /// It was sent before and is missing.
        again: bool,
    },
    /// Nothing: the transfer has ended.
    Ended(Fate),
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Yes.
    Ok,
    /// To an offer: the file is there already.
    There,
    /// No, with this code.
    Refused(String),
    /// A code that nobody said the meaning of.
    Unclear(String),
}

/// What is known of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The receiver said that it has all of it.
    Complete,
    /// The receiver said at the offer that it has the file already.
    There,
    /// The receiver refused. It does not have the file from here.
    Refused {
        /// What was refused.
        asked: Asked,
        /// The code of the answer.
        code: String,
    },
    /// The receiver does not have it: its end was never told.
    NotComplete,
    /// The end was told, and no answer came that says what became of it. The receiver may have it or not.
    Unknown {
        /// The code of the answer, if one came.
        code: Option<String>,
    },
    /// Pieces of this block were still missing after all rounds.
    Missing {
        /// The number of the block.
        block: u64,
        /// How many.
        count: usize,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Starting,
    Offering,
    /// The pieces of a block that are still to be sent, and how often the block was checked.
    Block {
        block: u64,
        pieces: VecDeque<u32>,
        round: u32,
    },
    EndingFile,
    Ending(Fate),
    Ended(Fate),
}

/// A file that is sent.
#[derive(Clone, Debug)]
pub struct Sending {
    blocks: Blocks,
    rounds_max: u32,
    state: State,
}

impl Sending {
    /// Begins. A block is checked `rounds_max` times at most.
    #[must_use]
    pub fn new(blocks: Blocks, rounds_max: u32) -> Self {
        Self { blocks, rounds_max, state: State::Starting }
    }

    /// What is to be done next. After [`SendStep::Ask`], the answer is given to [`Sending::answered`] or [`Sending::checked`] first.
    pub fn step(&mut self) -> SendStep {
        match &mut self.state {
            State::Starting => SendStep::Ask(Asked::Start),
            State::Offering => SendStep::Ask(Asked::Offer),
            State::Block { block, pieces, round } => {
                let block = *block;
                match pieces.pop_front() {
                    Some(sequence) => SendStep::Data { block, sequence, again: *round > 0 },
                    None => SendStep::Ask(Asked::Check { block, last: self.blocks.last_piece(block).unwrap_or(0) }),
                }
            }
            State::EndingFile => SendStep::Ask(Asked::EndOfFile),
            State::Ending(_) => SendStep::Ask(Asked::End),
            State::Ended(fate) => SendStep::Ended(fate.clone()),
        }
    }

    /// An answer came, to anything but a check.
    pub fn answered(&mut self, told: Told) {
        self.state = match (&self.state, told) {
            (State::Starting, Told::Ok) => State::Offering,
            (State::Offering, Told::Ok) => self.block(1),
            (State::Offering, Told::There) => State::Ending(Fate::There),
            (State::EndingFile, Told::Ok) => State::Ending(Fate::Complete),
            // The file is what counts. That business ends is good manners.
            (State::Ending(fate), _) => State::Ended(fate.clone()),
            (State::Starting, told) => State::Ended(refused(Asked::Start, told)),
            (State::Offering, told) => State::Ending(refused(Asked::Offer, told)),
            (State::EndingFile, Told::Refused(code)) => State::Ending(Fate::Refused { asked: Asked::EndOfFile, code }),
            // Something is there, and nobody says that it is this file.
            (State::EndingFile, Told::There) => State::Ending(Fate::Unknown { code: None }),
            (State::EndingFile, Told::Unclear(code)) => State::Ending(Fate::Unknown { code: Some(code) }),
            (State::Block { block, .. }, told) => {
                let asked = Asked::Check { block: *block, last: self.blocks.last_piece(*block).unwrap_or(0) };
                State::Ending(refused(asked, told))
            }
            (State::Ended(fate), _) => State::Ended(fate.clone()),
        };
    }

    /// The answer to a check came: the numbers of the pieces that are missing.
    pub fn checked(&mut self, missing: &[u32]) {
        let State::Block { block, round, .. } = &self.state else { return };
        let block = *block;
        let round = *round + 1;
        self.state = if missing.is_empty() {
            self.block(block + 1)
        } else if round >= self.rounds_max {
            State::Ending(Fate::Missing { block, count: missing.len() })
        } else {
            State::Block { block, pieces: missing.iter().copied().collect(), round }
        };
    }

    /// What is known of the file if no more telegrams come.
    #[must_use]
    pub fn broken_off(&self) -> Fate {
        match &self.state {
            State::Starting | State::Offering | State::Block { .. } => Fate::NotComplete,
            // Whoever asks for the end has written it, or may have.
            State::EndingFile => Fate::Unknown { code: None },
            State::Ending(fate) | State::Ended(fate) => fate.clone(),
        }
    }

    /// A block with all its pieces, or the end of the file.
    fn block(&self, block: u64) -> State {
        match self.blocks.last_piece(block) {
            Some(last) => State::Block { block, pieces: (1..=last).collect(), round: 0 },
            None => State::EndingFile,
        }
    }
}

fn refused(asked: Asked, told: Told) -> Fate {
    let code = match told {
        Told::Refused(code) | Told::Unclear(code) => code,
        // Nothing but an offer is answered so.
        Told::Ok | Told::There => "there".to_owned(),
    };
    Fate::Refused { asked, code }
}
