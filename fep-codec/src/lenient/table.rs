//! The table of deviations: the field of [`Lenient`], the [`Deviation`], its word and its help, all from one line each.
//!
//! To add a deviation, add an entry here. The words of spec files, generated code and the help of `fep` follow from the table. A
//! test asks for the word in the documentation of spec files.

/// Defines [`Lenient`] and [`Deviation`]. An entry is: its documentation, the field, the variant, the word, the place where it can
/// occur, and a noun phrase for the help of `fep`.
macro_rules! leniencies {
    ($($(#[$about:meta])* $field:ident: $variant:ident, $word:literal, $place:ident, $help:literal;)+) => {
        /// The deviations that a reader forgives. [`Deviation`] has a variant for each field.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Lenient {
            $($(#[$about])* pub $field: bool,)+
        }

        /// A deviation that a reader can forgive. [`Lenient`] has a field for each variant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Deviation {
            $($(#[$about])* $variant,)+
        }

        impl Lenient {
            /// Forgives nothing.
            pub const STRICT: Self = Self { $($field: false,)+ };
            /// Forgives everything that can be forgiven.
            pub const ALL: Self = Self { $($field: true,)+ };

            /// Whether this deviation is forgiven.
            #[must_use]
            pub const fn forgives(self, deviation: Deviation) -> bool {
                match deviation {
                    $(Deviation::$variant => self.$field,)+
                }
            }

            /// Forgives this deviation too.
            #[must_use]
            pub const fn with(self, deviation: Deviation) -> Self {
                match deviation {
                    $(Deviation::$variant => Self { $field: true, ..self },)+
                }
            }
        }

        impl Deviation {
            /// All deviations, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in spec files and messages. It does not change from one version to the next.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The name of the field of [`Lenient`].
            #[must_use]
            pub const fn field_name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($field),)+
                }
            }

            /// Where the deviation can occur.
            #[must_use]
            pub const fn place(self) -> DeviationPlace {
                match self {
                    $(Self::$variant => DeviationPlace::$place,)+
                }
            }

            /// The deviation as a noun phrase, for help texts.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self {
                    $(Self::$variant => $help,)+
                }
            }
        }
    };
}

/// Where a deviation can occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviationPlace {
    /// In telegrams and in the records of files.
    Anywhere,
    /// In telegrams only. The plan of a record file does not have the word.
    Telegrams,
    /// In record files only.
    Files,
}

leniencies! {
    /// Blanks at the end of a telegram may be missing because an editor or the peer stripped them. Only text and blank fillers are
    /// completed. The length must be known without the missing bytes: it is fixed, or the counts, lengths and codes that are
    /// present decide it. A layout with an item that takes all bytes that are left has no such length. In a record file this applies
    /// only if records have line ends, and the last line end may be missing too.
    stripped: Stripped, "stripped", Anywhere, "blanks missing at the end of a telegram";
    /// Bytes behind the last item are ignored.
    trailing: Trailing, "trailing", Telegrams, "surplus bytes behind a telegram";
    /// A blank number is read as zero, unless blanks or zeros mean `None` in its field. This does not apply to computed fields.
    blank_numbers: BlankNumbers, "blank-numbers", Anywhere, "blank numbers (read as zero)";
    /// Zero with a minus is read as zero, unless zeros mean `None` in its field. This does not apply to computed fields, and not to a
    /// sign in a separate field.
    minus_zero: MinusZero, "minus-zero", Anywhere, "zero with a minus (read as zero)";
    /// A [`Record`](crate::Record) keeps codes that a closed list lacks. A derived type can hold only the codes of its type.
    unknown_codes: UnknownCodes, "unknown-codes", Anywhere, "codes that are not on their list (kept)";
    /// Half a character at the end of a text, where the text was cut inside the character, is dropped. Blanks or padding take its
    /// place. In a text between SO and SI, the SI takes its place.
    half_characters: HalfCharacters, "half-characters", Anywhere, "half characters at the end of a text (dropped)";
    /// The last block of a record file may be left unfilled.
    unfilled: Unfilled, "unfilled", Files, "in a record file, a last block that is not full";
    /// The end-of-file mark of DOS, `1A`, may stand behind the last record of a file, once or several times. Behind it there may be a
    /// line end.
    eof_mark: EofMark, "eof-mark", Files, "in a record file, the mark 1A behind the last record";
    /// Lines that are empty or have only blanks are no records. This applies only if records have line ends, and not where such a line
    /// is a record.
    blank_lines: BlankLines, "blank-lines", Files, "in a record file, blank lines";
    /// Blanks may follow a record before its line end. This applies only to records that say where they end.
    trailing_blanks: TrailingBlanks, "trailing-blanks", Files, "in a record file, blanks before a line end";
    /// The last record of a file may have no line end, or a part of it. If the plan says that the last record has none, it may have one.
    last_line_end: LastLineEnd, "last-line-end", Files, "in a record file, a missing last line end";
}
