//! The side that gets the file. Each telegram that came gives acts, which are carried out in their order: what is stored is durable before the answer
//! that says so.

use std::fmt;

use super::blocks::Blocks;

/// A telegram of the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came<'t> {
    /// Business begins. `false`: who sent it is not who may.
    Start(bool),
    /// A file is offered.
    Offer(Offer<'t>),
    /// A piece of a block.
    Data(u64, u32, &'t [u8]),
    /// What is missing of a block with this last piece?
    Check(u64, u32),
    /// The file is complete.
    EndOfFile,
    /// Business ends.
    End,
}

/// A file as it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer<'t> {
    /// Its name. Whoever makes the value checks that it may be the name of a file.
    pub name: &'t str,
    /// Its division. `None`: one that is not taken.
    pub blocks: Option<Blocks>,
    /// What is there under this name.
    pub has: Has,
}

/// What is there under the name of an offered file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// Nothing.
    Nothing,
    /// A file of the same size, received before.
    Same,
    /// Another one.
    Other,
}

/// How an answer begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Ok,
    /// The file is there already.
    There,
    /// Another file has this name.
    Other,
    /// Pieces are missing, so it is not complete.
    Incomplete,
    /// No: the offer is not taken, or who sends may not.
    Refused,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiveAct {
    /// An empty file for what comes is made under this name, in place of what an earlier try left.
    Open(String),
    /// These bytes are stored behind those before, durably.
    Store(Vec<u8>),
    /// The file is complete: it gets its name, durably.
    Finish,
    /// The telegram is answered.
    Answer(Verdict),
    /// A check is answered: these pieces of the block are missing.
    AnswerMissing {
        /// The number of the block.
        block: u64,
        /// The number of its last piece.
        last: u32,
        /// The numbers of the missing pieces, ascending.
        missing: Vec<u32>,
    },
    /// The connection is closed.
    Close,
}

/// A telegram that must not come now. What follows cannot be trusted, so the connection is closed, and the file stays incomplete.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiveFault {
    /// A telegram without what must come before it.
    OutOfOrder {
        /// What came.
        came: &'static str,
        /// What must come before.
        before: &'static str,
    },
    /// A piece or a check of a block that is not the current one.
    OtherBlock {
        /// The number of the block that came.
        came: u64,
        /// The number of the current one.
        now: u64,
    },
    /// A piece that the block does not have.
    NoSuchPiece {
        /// The number of the block.
        block: u64,
        /// The number of the piece that came.
        came: u32,
        /// The number of the last piece.
        last: u32,
    },
    /// A piece of another length than its place has.
    OtherLength {
        /// The number of the block.
        block: u64,
        /// The number of the piece.
        sequence: u32,
        /// Its bytes.
        came: usize,
        /// The bytes of its place.
        place: u64,
    },
    /// A piece came again with other bytes.
    OtherBytes {
        /// The number of the block.
        block: u64,
        /// The number of the piece.
        sequence: u32,
    },
    /// A check with another last piece than the size of the file gives.
    OtherLast {
        /// The number of the block.
        block: u64,
        /// The number that came.
        came: u32,
        /// The number of the last piece.
        last: u32,
    },
    /// A block that does not fit into memory. This cannot happen: an offer of such blocks is refused.
    TooLarge,
}

impl fmt::Display for ReceiveFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfOrder { came, before } => write!(f, "{came} came before {before}"),
            Self::OtherBlock { came, now } => write!(f, "block {came} came, but block {now} is not complete"),
            Self::NoSuchPiece { block, came, last } => {
                write!(
                    f,
                    "piece {came} of block {block} came, which has the pieces 1 to {last} by the size of the file"
                )
            }
            Self::OtherLength { block, sequence, came, place } => write!(
                f,
                "piece {sequence} of block {block} has {came} bytes, but by the size of the file its place has {place}"
            ),
            Self::OtherBytes { block, sequence } => {
                write!(f, "piece {sequence} of block {block} came again with other bytes")
            }
            Self::OtherLast { block, came, last } => write!(
                f,
                "a check says that block {block} ends with piece {came}, but by the size of the file it ends with {last}"
            ),
            Self::TooLarge => f.write_str("a block does not fit into memory"),
        }
    }
}

impl std::error::Error for ReceiveFault {}

/// The file that comes in.
#[derive(Clone, Debug)]
struct Incoming {
    blocks: Blocks,
    /// The current block. Behind the last one when all are complete.
    block: u64,
    bytes: Vec<u8>,
    here: Vec<bool>,
}

#[derive(Clone, Debug)]
enum State {
    /// Business has not begun.
    Closed,
    /// Business is open, and no file is under way.
    Open,
    File(Box<Incoming>),
}

/// A receiver, for one connection.
#[derive(Clone, Debug)]
pub struct Receiving {
    state: State,
}

impl Default for Receiving {
    fn default() -> Self {
        Self { state: State::Closed }
    }
}

impl Receiving {
    /// Takes a telegram. The acts are carried out in their order. If one fails, the connection is closed and nothing more is answered.
    ///
    /// # Errors
    /// If the telegram must not come now.
    pub fn takes(&mut self, came: Came<'_>) -> Result<Vec<ReceiveAct>, ReceiveFault> {
        let out_of_order = |came, before| Err(ReceiveFault::OutOfOrder { came, before });
        match (&mut self.state, came) {
            (State::Closed, Came::Start(true)) => {
                self.state = State::Open;
                Ok(vec![ReceiveAct::Answer(Verdict::Ok)])
            }
            (_, Came::Start(false)) => Ok(vec![ReceiveAct::Answer(Verdict::Refused), ReceiveAct::Close]),
            // Its answer may have been lost on the way.
            (State::Open, Came::Start(true)) => Ok(vec![ReceiveAct::Answer(Verdict::Ok)]),
            (State::File(_), Came::Start(true)) => out_of_order("a start", "the end of the file"),
            (State::Closed, Came::Offer(_)) => out_of_order("an offer", "the start"),
            (State::Closed, Came::Data(..)) => out_of_order("a piece", "the start"),
            (State::Closed, Came::Check(..)) => out_of_order("a check", "the start"),
            (State::Closed, Came::EndOfFile) => out_of_order("the end of a file", "the start"),
            (_, Came::End) => {
                self.state = State::Closed;
                Ok(vec![ReceiveAct::Answer(Verdict::Ok), ReceiveAct::Close])
            }
            (_, Came::Offer(offer)) => self.offered(&offer),
            (State::Open, Came::Data(..)) => out_of_order("a piece", "the offer of its file"),
            (State::Open, Came::Check(..)) => out_of_order("a check", "the offer of a file"),
            (State::Open, Came::EndOfFile) => out_of_order("the end of a file", "its offer"),
            (State::File(file), Came::Data(block, sequence, bytes)) => {
                file.piece(block, sequence, bytes).map(|()| Vec::new())
            }
            (State::File(file), Came::Check(block, last)) => file.check(block, last),
            (State::File(file), Came::EndOfFile) => {
                if !file.is_complete() {
                    return Ok(vec![ReceiveAct::Answer(Verdict::Incomplete)]);
                }
                self.state = State::Open;
                Ok(vec![ReceiveAct::Finish, ReceiveAct::Answer(Verdict::Ok)])
            }
        }
    }

    /// A file is offered, also in place of the one before: a sender that gave up may begin again.
    fn offered(&mut self, offer: &Offer<'_>) -> Result<Vec<ReceiveAct>, ReceiveFault> {
        self.state = State::Open;
        let verdict = match (offer.has, offer.blocks) {
            (Has::Same, Some(_)) => Verdict::There,
            (Has::Other, Some(_)) => Verdict::Other,
            (_, None) => Verdict::Refused,
            (Has::Nothing, Some(blocks)) => {
                let file = Incoming::new(blocks)?;
                self.state = State::File(Box::new(file));
                return Ok(vec![ReceiveAct::Open(offer.name.to_owned()), ReceiveAct::Answer(Verdict::Ok)]);
            }
        };
        Ok(vec![ReceiveAct::Answer(verdict)])
    }
}

impl Incoming {
    fn new(blocks: Blocks) -> Result<Self, ReceiveFault> {
        let mut new = Self { blocks, block: 0, bytes: Vec::new(), here: Vec::new() };
        new.next_block()?;
        Ok(new)
    }

    fn next_block(&mut self) -> Result<(), ReceiveFault> {
        self.block += 1;
        let bytes = self.blocks.block(self.block).unwrap_or(0..0);
        let len = usize::try_from(bytes.end - bytes.start).map_err(|_| ReceiveFault::TooLarge)?;
        self.bytes = vec![0; len];
        let last = self.blocks.last_piece(self.block).unwrap_or(0);
        self.here = vec![false; usize::try_from(last).map_err(|_| ReceiveFault::TooLarge)?];
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.block > self.blocks.count()
    }

    fn piece(&mut self, block: u64, sequence: u32, bytes: &[u8]) -> Result<(), ReceiveFault> {
        if block != self.block || self.is_complete() {
            return Err(ReceiveFault::OtherBlock { came: block, now: self.block });
        }
        let last = self.blocks.last_piece(block).unwrap_or(0);
        let no_such = || ReceiveFault::NoSuchPiece { block, came: sequence, last };
        let place = self.blocks.piece(block, sequence).ok_or_else(no_such)?;
        let at = self.blocks.block(block).map_or(0, |all| place.start - all.start);
        let wanted = place.end - place.start;
        if u64::try_from(bytes.len()).ok() != Some(wanted) {
            return Err(ReceiveFault::OtherLength { block, sequence, came: bytes.len(), place: wanted });
        }
        let at = usize::try_from(at).map_err(|_| ReceiveFault::TooLarge)?;
        let index = usize::try_from(sequence - 1).map_err(|_| ReceiveFault::TooLarge)?;
        let kept = self.bytes.get_mut(at..at + bytes.len()).ok_or_else(no_such)?;
        let here = self.here.get_mut(index).ok_or_else(no_such)?;
        if *here && kept != bytes {
            return Err(ReceiveFault::OtherBytes { block, sequence });
        }
        kept.copy_from_slice(bytes);
        *here = true;
        Ok(())
    }

    fn check(&mut self, block: u64, came: u32) -> Result<Vec<ReceiveAct>, ReceiveFault> {
        let other = || ReceiveFault::OtherBlock { came: block, now: self.block };
        let last = self.blocks.last_piece(block).ok_or_else(other)?;
        if came != last {
            return Err(ReceiveFault::OtherLast { block, came, last });
        }
        // The answer about the block before may have been lost on the way.
        if block + 1 == self.block {
            return Ok(vec![ReceiveAct::AnswerMissing { block, last, missing: Vec::new() }]);
        }
        if block != self.block {
            return Err(other());
        }
        let missing: Vec<u32> =
            (1..=last).zip(&self.here).filter(|(_, here)| !**here).map(|(piece, _)| piece).collect();
        let answer = ReceiveAct::AnswerMissing { block, last, missing };
        if matches!(&answer, ReceiveAct::AnswerMissing { missing, .. } if !missing.is_empty()) {
            return Ok(vec![answer]);
        }
        let bytes = std::mem::take(&mut self.bytes);
        self.next_block()?;
        Ok(vec![ReceiveAct::Store(bytes), answer])
    }
}
