//! [`Charset`]: the charsets of this build, each with its identity in fep-core.

use fep_core::charset::CharsetId;

/// Declares [`Charset`] and ties each variant to the [`CharsetId`] of the same name, so that a variant without one does not
/// compile.
macro_rules! charsets {
    (
        $(#[doc = $about:literal])*
        pub enum Charset {
            $($(#[doc = $meaning:literal])* $(#[cfg($family:meta)])? $variant:ident,)+
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Charset {
            $($(#[doc = $meaning])* $(#[cfg($family)])? $variant,)+
        }

        impl Charset {
            /// All charsets of this build, in the order of the documents.
            pub const ALL: &'static [Self] = &[$($(#[cfg($family)])? Self::$variant,)+];

            /// The identity in fep-core, which exists even in builds without this charset.
            #[inline]
            pub(crate) const fn id(self) -> CharsetId {
                match self {
                    $($(#[cfg($family)])? Self::$variant => CharsetId::$variant,)+
                }
            }

            /// The charset with this identity, or `None` if this build lacks its family.
            pub(super) fn of_id(id: CharsetId) -> Option<Self> {
                Self::ALL.iter().copied().find(|charset| charset.id() == id)
            }
        }
    };
}

charsets! {
    /// A charset that a spec may name.
    pub enum Charset {
        /// ASCII, one byte a character.
        Ascii,
        /// KS X 1001 in its EUC form. Encoding is strict. Decoding accepts all of CP949, because peers send it.
        #[cfg(feature = "charset-korean")]
        EucKr,
        /// Microsoft's Unified Hangul Code (MS949, windows-949). Not IBM-949.
        #[cfg(feature = "charset-korean")]
        Cp949,
        /// The combination code of KS X 1001 (조합형, CP1361).
        #[cfg(feature = "charset-korean")]
        Johab,
        /// Korean EBCDIC: single bytes of IBM-833, pairs of IBM-834 between SO and SI.
        #[cfg(feature = "charset-ebcdic-korean")]
        Ibm933,
        /// IBM-933 with all 11,172 syllables, conjoining jamo, € and ®.
        #[cfg(feature = "charset-ebcdic-korean")]
        Ibm1364,
        /// Korean EBCDIC, single bytes only.
        #[cfg(feature = "charset-ebcdic-korean")]
        Ibm833,
        /// Korean EBCDIC, pairs only, without SO and SI.
        #[cfg(feature = "charset-ebcdic-korean")]
        Ibm834,
        /// EBCDIC of the United States.
        #[cfg(feature = "charset-ebcdic")]
        Cp037,
        /// International EBCDIC.
        #[cfg(feature = "charset-ebcdic")]
        Cp500,
        /// EBCDIC for Unix on hosts.
        #[cfg(feature = "charset-ebcdic")]
        Cp1047,
        /// CP037 with €.
        #[cfg(feature = "charset-ebcdic")]
        Cp1140,
        /// Microsoft's Shift_JIS (windows-31j).
        #[cfg(feature = "charset-japanese")]
        Cp932,
        /// Latin letters and half-width katakana, one byte each. Zengin files use it.
        #[cfg(feature = "charset-japanese")]
        JisX0201,
        /// Japanese EBCDIC with katakana in the usual places of small letters. Small letters have other codes.
        #[cfg(feature = "charset-ebcdic-japanese")]
        Ibm930,
        /// Japanese EBCDIC with small letters in the usual places.
        #[cfg(feature = "charset-ebcdic-japanese")]
        Ibm939,
        /// IBM-930 with the kanji of JIS X 0213 and €. 25 of its codes are two characters each, か゚ for example.
        #[cfg(feature = "charset-ebcdic-japanese")]
        Ibm1390,
        /// IBM-939 with the additions of IBM-1390: the kanji of JIS X 0213, €, and codes that are two characters each.
        #[cfg(feature = "charset-ebcdic-japanese")]
        Ibm1399,
        /// The first 256 characters of Unicode (Latin-1).
        #[cfg(feature = "charset-latin")]
        Iso8859_1,
        /// ISO 8859-1 with €, Š, Ž, Œ and Ÿ (Latin-9).
        #[cfg(feature = "charset-latin")]
        Iso8859_15,
        /// Microsoft's extension of ISO 8859-1 with €, quotation marks and dashes in 80 to 9F (cp1252).
        #[cfg(feature = "charset-latin")]
        Windows1252,
        /// UTF-8, one to four bytes a character.
        Utf8,
    }
}
