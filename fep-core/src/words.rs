//! [`Word`]: a value that attributes and spec files write as a word. The `words!` macro defines an enum of such values.

/// A value that attributes and spec files write as a word.
pub trait Word: Copy + PartialEq + 'static {
    /// The words with their meanings, in the order in which messages list them.
    const WORDS: &'static [(&'static str, Self)];

    /// The enum's name in Rust, from which the derive builds a path.
    const TYPE_NAME: &'static str;

    /// The variant's name in Rust, the last segment of that path.
    fn variant_name(self) -> &'static str;

    /// What the word means, as the documentation of the variant says it.
    fn meaning(self) -> &'static str;

    /// The word. It is empty for a default value that has no word and cannot be written.
    #[must_use]
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }

    /// The value of a word, or `None` if the word is unknown.
    #[must_use]
    fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }
}

/// Defines an enum with the word of each variant: `Cut = "cut"`. A variant without a word is a default that cannot be written.
macro_rules! words {
    (
        $(#[$about:meta])*
        pub enum $name:ident {
            $($(#[doc = $meaning:literal])+ $(#[default $($default:tt)?])? $variant:ident $(= $word:literal)?,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[doc = $meaning])+ $(#[default $($default)?])? $variant,)+
        }

        impl $crate::words::Word for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$($(($word, Self::$variant),)?)+];

            const TYPE_NAME: &'static str = stringify!($name);

            fn variant_name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                }
            }

            fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($meaning),+).trim_ascii(),)+
                }
            }
        }
    };
}

pub(crate) use words;
