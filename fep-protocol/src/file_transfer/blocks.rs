//! How a file is divided: into pieces of one telegram each, and the pieces into blocks. All numbers begin with 1.

use std::num::NonZeroU32;
use std::ops::Range;

/// The most bytes of a block: a receiver keeps a block in memory until it is whole.
pub const BLOCK_MAX_BYTES: u64 = 16 << 20;

/// The most pieces of a block: an answer has a mark for each of them.
pub const PIECES_MAX: u32 = 3000;

/// The division of a file of some size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    size: u64,
    piece: u64,
    pieces: u32,
}

impl Blocks {
    /// A file of `size` bytes, in pieces of `piece` bytes, `pieces` of them in a block. The last piece and the last block can be shorter.
    ///
    /// `None` if a block would have more than [`BLOCK_MAX_BYTES`] or [`PIECES_MAX`].
    #[must_use]
    pub fn new(size: u64, piece: NonZeroU32, pieces: NonZeroU32) -> Option<Self> {
        let piece = u64::from(piece.get());
        let pieces = pieces.get();
        let fits = pieces <= PIECES_MAX && piece * u64::from(pieces) <= BLOCK_MAX_BYTES;
        fits.then_some(Self { size, piece, pieces })
    }

    /// The size of the file, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The bytes of a piece that is not the last one.
    #[must_use]
    pub fn piece_bytes(&self) -> u64 {
        self.piece
    }

    /// The number of blocks. An empty file has none.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.size.div_ceil(self.block_bytes())
    }

    /// The number of the last piece of a block. `None` if there is no such block.
    #[must_use]
    pub fn last_piece(&self, block: u64) -> Option<u32> {
        let bytes = self.block(block)?;
        // At most PIECES_MAX.
        u32::try_from((bytes.end - bytes.start).div_ceil(self.piece)).ok()
    }

    /// The bytes of the file that a block has.
    #[must_use]
    pub fn block(&self, block: u64) -> Option<Range<u64>> {
        let before = block.checked_sub(1).filter(|before| *before < self.count())?;
        // Not more than the size: the block exists.
        let start = before * self.block_bytes();
        Some(start..self.size.min(start.saturating_add(self.block_bytes())))
    }

    /// The bytes of the file that a piece has.
    #[must_use]
    pub fn piece(&self, block: u64, sequence: u32) -> Option<Range<u64>> {
        let Range { start, end } = self.block(block)?;
        let start = start + u64::from(sequence.checked_sub(1)?) * self.piece;
        (start < end).then(|| start..end.min(start + self.piece))
    }

    fn block_bytes(&self) -> u64 {
        self.piece * u64::from(self.pieces)
    }
}
