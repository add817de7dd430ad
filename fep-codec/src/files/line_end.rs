//! The kinds of line ends, with their bytes.

/// The line end after each record of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// No bytes: the next record follows directly.
    None,
    /// A carriage return.
    Cr,
    /// A line feed.
    Lf,
    /// Carriage return and line feed.
    CrLf,
    /// The new line of EBCDIC, `15`.
    Nl,
    /// The line feed of EBCDIC, `25`.
    EbcdicLf,
    /// Carriage return and line feed of EBCDIC, `0D 25`.
    EbcdicCrLf,
    /// Carriage return and new line of EBCDIC, `0D 15`.
    CrNl,
}

/// Whether the last record of a file has a line end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastLineEnd {
    /// It has one, like every other record.
    #[default]
    Required,
    /// It may have one. The writer writes it.
    Optional,
    /// It has none.
    None,
}

impl LineEnd {
    /// All line ends, those of two bytes first.
    pub const ALL: [Self; 8] =
        [Self::CrLf, Self::EbcdicCrLf, Self::CrNl, Self::Cr, Self::Lf, Self::Nl, Self::EbcdicLf, Self::None];

    /// The bytes of the line end.
    #[must_use]
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::None => b"",
            Self::Cr => b"\r",
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
            Self::Nl => b"\x15",
            Self::EbcdicLf => b"\x25",
            Self::EbcdicCrLf => b"\r\x25",
            Self::CrNl => b"\r\x15",
        }
    }
}
