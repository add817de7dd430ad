//! [`Word`]: an option's value that attributes and spec files say in a word. The `words!` macro writes such an enum.

/// A value that attributes and spec files say in a word.
pub trait Word: Copy + PartialEq + 'static {
    /// The words with their meanings, in the order in which messages list them.
    const WORDS: &'static [(&'static str, Self)];

    /// The enum's name in Rust, of which the derive makes a path.
    const TYPE_NAME: &'static str;

    /// The variant's name in Rust, which ends that path.
    fn variant_name(self) -> &'static str;

    /// The word. Empty for a value that goes without saying, so that nobody writes it.
    #[must_use]
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }

    /// The value of a word.
    #[must_use]
    fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }
}

/// An enum with the word of each variant: `Cut = "cut"`. A variant without a word goes without saying.
macro_rules! words {
    (
        $(#[$about:meta])*
        pub enum $name:ident {
            $($(#[$meaning:meta])* $variant:ident $(= $word:literal)?,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$meaning])* $variant,)+
        }

        impl $crate::words::Word for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$($(($word, Self::$variant),)?)+];

            const TYPE_NAME: &'static str = stringify!($name);

            fn variant_name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                }
            }
        }
    };
}

pub(crate) use words;
