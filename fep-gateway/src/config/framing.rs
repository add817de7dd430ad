//! How the bytes of a line are cut into telegrams. Only this module knows which framings can be configured.
//!
//! A new framing needs an implementation of [`fep_codec::framing::Framing`] in fep-codec. Here it needs a variant, a value of
//! `kind`, an arm in [`Framing::read`] and an arm in each of the two methods below it. Links and the simulator use only this type.

use fep_codec::framing::{BinaryLength, CodeTable, FrameError, Framing as Cutter, LengthPrefix};
use fep_codec::layout::LengthScope;
use fep_spec::document::Table;
use fep_spec::model::Spec;
use fep_spec::report::Code;

/// `framing`: how the end of a telegram is found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// `kind = "length"`, the default, with `length_digits`: a telegram begins with its length in ASCII digits.
    Digits(LengthPrefix),
    /// `kind = "length"` with `length_bytes`: a telegram begins with its length as a binary number, most significant byte first.
    Binary(BinaryLength),
    /// `kind = "code-table"`: the first bytes of a telegram identify it among the telegrams of the spec. This gives its length.
    CodeTable(CodeTable),
}

#[derive(Clone, Copy)]
enum Kind {
    Length,
    CodeTable,
}

impl Framing {
    /// Reads the table `framing` of a configuration or a scenario. Without a table it returns the default framing: four digits
    /// that count the bytes after them, and frames of at most `frame_max_bytes` bytes.
    pub(crate) fn read(table: Option<Table<'_>>, spec: &Spec, frame_max_bytes: usize) -> Self {
        let default = LengthPrefix::new(4, LengthScope::Rest, frame_max_bytes).unwrap_or(LengthPrefix::FOUR_DIGITS);
        let Some(table) = table else { return Self::Digits(default) };
        let kind = table.choice("kind", &[("length", Kind::Length), ("code-table", Kind::CodeTable)]);
        let framing = match kind.map_or(Kind::Length, |kind| kind.value) {
            Kind::Length => {
                let digits = table.integer("length_digits", 1..=LengthPrefix::DIGITS_MAX);
                let bytes = table.integer("length_bytes", 1..=BinaryLength::LEN_MAX);
                if let (Some(_), Some(bytes)) = (&digits, &bytes) {
                    let hint = "leave one of them out: a length is digits or a binary number";
                    table.document().error_hint(
                        Code::ConflictingKeys,
                        bytes.span.clone(),
                        "`length_bytes` stands beside `length_digits`",
                        hint,
                    );
                }
                let counts = table.choice("counts", &[("rest", LengthScope::Rest), ("all", LengthScope::All)]);
                let max = table.integer("frame_max_bytes", 1..=16_777_216_usize);
                let digits = digits.map_or(default.digits(), |digits| digits.value);
                let counts = counts.map_or(default.counts(), |counts| counts.value);
                let max = max.map_or(frame_max_bytes, |max| max.value);
                let binary = bytes.and_then(|bytes| BinaryLength::new(bytes.value, counts, max));
                // The range of `length_digits` was checked above.
                let prefix = LengthPrefix::new(digits, counts, max).unwrap_or(default);
                Some(binary.map_or(Self::Digits(prefix), Self::Binary))
            }
            Kind::CodeTable => {
                let layouts: Vec<_> = spec.telegrams.iter().map(|telegram| &telegram.layout).collect();
                let made = CodeTable::of(&layouts).inspect_err(|error| {
                    let hint = "each telegram needs a fixed length, and a literal or a `when` from its first byte on";
                    let span = table.key_span("kind").unwrap_or_default();
                    table.document().error_hint(
                        Code::Ambiguous,
                        span,
                        format!("{} has no code table: {error}", spec.name),
                        hint,
                    );
                });
                made.ok().map(Self::CodeTable)
            }
        };
        table.finish();
        framing.unwrap_or(Self::Digits(default))
    }

    /// The length in bytes of the frame at the start of the buffer, or `None` if the frame is not complete yet.
    ///
    /// # Errors
    /// If no frame can begin with these bytes, or the frame does not end as it must.
    pub fn next(&self, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        let cutter: &dyn Cutter = match self {
            Self::Digits(prefix) => prefix,
            Self::Binary(prefix) => prefix,
            Self::CodeTable(table) => table,
        };
        match cutter.frame_len(buffer)?.and_then(|len| buffer.get(..len)) {
            Some(frame) => cutter.check(frame).map(|()| Some(frame.len())),
            None => Ok(None),
        }
    }

    /// Makes a frame with this content, which need not be a telegram. Only the ASCII length is added: with any other framing the
    /// content is returned unchanged.
    #[must_use]
    pub fn frame(&self, content: &[u8]) -> Vec<u8> {
        match self {
            Self::Digits(prefix) => {
                let digits = usize::from(prefix.digits());
                let counted = match prefix.counts() {
                    LengthScope::Rest => content.len(),
                    LengthScope::All => content.len() + digits,
                };
                [format!("{counted:0digits$}").as_bytes(), content].concat()
            }
            Self::Binary(_) | Self::CodeTable(_) => content.to_vec(),
        }
    }
}
