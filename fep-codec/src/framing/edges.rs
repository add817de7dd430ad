//! [`Edges`]: the bytes that a framing puts around a telegram.

/// The bytes before and behind a telegram that make a frame of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edges {
    /// The bytes before the telegram.
    pub before: Edge,
    /// The bytes behind the telegram.
    pub after: Edge,
}

/// At most [`Edge::LEN_MAX`] bytes, kept inline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    bytes: [u8; Self::LEN_MAX],
    len: u8,
}

impl Edges {
    /// Nothing stands around the telegram: the telegram is the frame.
    pub const NONE: Self = Self { before: Edge::NONE, after: Edge::NONE };
}

impl Edge {
    /// The most bytes that can stand on one side of a telegram.
    pub const LEN_MAX: usize = 15;

    /// No bytes.
    pub const NONE: Self = Self { bytes: [0; Self::LEN_MAX], len: 0 };

    /// These bytes, or `None` if they are more than [`Edge::LEN_MAX`].
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut edge = Self { bytes: [0; Self::LEN_MAX], len: u8::try_from(bytes.len()).ok()? };
        edge.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(edge)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}
