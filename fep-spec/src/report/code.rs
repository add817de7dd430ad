//! [`Code`]: the kind of a finding, for programs.

/// Defines the enum with the word of each variant.
macro_rules! codes {
    ($($(#[$meaning:meta])* $variant:ident = $word:literal,)+) => {
        /// The kind of a finding. Codes are stable: a code is never renamed and never used for something else, and a new code stands at
        /// the end of the list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$meaning])* $variant,)+
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word that programs see: `unknown-key`.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The number of the code, for `fep check --explain`: `F019`. It is the place in [`Code::ALL`] and never changes.
            #[must_use]
            pub fn number(self) -> String {
                let place = Self::ALL.iter().position(|code| *code == self).map_or(0, |place| place + 1);
                format!("F{place:03}")
            }
        }
    };
}

codes! {
    /// The text is not TOML.
    Syntax = "syntax",
    /// The file is not UTF-8.
    NotUtf8 = "not-utf-8",
    /// The file has more findings than are shown.
    TooManyFindings = "too-many-findings",
    /// A table does not have this key.
    UnknownKey = "unknown-key",
    /// A key is missing.
    MissingKey = "missing-key",
    /// Keys, or a key and a value, do not belong together.
    ConflictingKeys = "conflicting-keys",
    /// A value has another type of TOML than its key.
    WrongType = "wrong-type",
    /// A number is too small or too large.
    OutOfRange = "out-of-range",
    /// A key cannot have this word.
    UnknownWord = "unknown-word",
    /// A text does not have the form that its key needs.
    BadValue = "bad-value",
    /// A name does not have the form of its kind of name.
    BadName = "bad-name",
    /// Two elements or two specs have the same name, or become the same name in generated code.
    NameTaken = "name-taken",
    /// There is nothing with this name.
    UnknownName = "unknown-name",
    /// The same entry stands twice.
    Duplicate = "duplicate",
    /// A list needs at least one entry.
    Empty = "empty",
    /// Nothing uses a type, part or list.
    Unused = "unused",
    /// An option that the kind, the charset or the encoding of its field does not have.
    WrongOption = "wrong-option",
    /// A field of its kind cannot have this length.
    WrongLength = "wrong-length",
    /// The stated length is not the sum of the items.
    LengthMismatch = "length-mismatch",
    /// The stated offset is not that of the item.
    OffsetMismatch = "offset-mismatch",
    /// An item needs a fixed length or offset, and has none.
    VaryingLength = "varying-length",
    /// The end of an item of varying length cannot be found.
    NoEnd = "no-end",
    /// A telegram has too many bytes, items, levels or computed fields.
    TooMuch = "too-much",
    /// A field has too few digits for what it counts or adds up.
    TooNarrow = "too-narrow",
    /// The charset lacks a character.
    NotInCharset = "not-in-charset",
    /// A code that its field cannot have.
    BadCode = "bad-code",
    /// A field looks like a code and is a number, which has no leading zeros.
    CodeAsNumber = "code-as-number",
    /// The named item is not of the kind that is needed, or not at a usable place.
    WrongReference = "wrong-reference",
    /// An item, or a part, must stand above another one.
    WrongOrder = "wrong-order",
    /// A group and its count do not name each other.
    NotLinked = "not-linked",
    /// The field cannot be computed in this way.
    WrongComputed = "wrong-computed",
    /// Nobody verifies a check, because its function is not known here.
    UnverifiedCheck = "unverified-check",
    /// A code of a closed list has no case.
    MissingCase = "missing-case",
    /// A condition of `when` cannot hold.
    WrongCondition = "wrong-condition",
    /// Telegrams cannot be told apart.
    Ambiguous = "ambiguous",
    /// A telegram has no marks, so that received bytes are never recognised as it.
    NotRecognised = "not-recognised",
    /// The records or totals of a file do not fit together.
    WrongFile = "wrong-file",
    /// Generated Rust is missing or differs from the spec (`fep gen --check`).
    NotGenerated = "not-generated",
    /// A spec is not in the canonical form (`fep fmt --check`).
    NotFormatted = "not-formatted",
    /// A group of varying size has no `max`.
    NoMax = "no-max",
    /// A shared file cannot be included.
    BadInclude = "bad-include",
    /// Shared files include each other.
    IncludeCycle = "include-cycle",
}
