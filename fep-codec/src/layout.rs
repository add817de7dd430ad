//! [`Layout`]: the meaning of each byte of a telegram.
//!
//! A layout is plain data. The derive emits one as a constant, a spec file is lowered to an owned one, and `==` between the two
//! is the drift check between code and sheet. All byte positions come from here. The rules that read and write a field's
//! bytes are in [`crate::kind`].
//!
//! ```text
//! Layout ── items ──┬─ Field    a named span of bytes with a kind
//!                   ├─ Literal  constant bytes
//!                   ├─ Filler   reserved bytes
//!                   ├─ Part     another layout, spliced in under a name
//!                   ├─ Group    another layout, repeated
//!                   ├─ Choice   one of several layouts, by the code in another field
//!                   └─ Tail     a field as long as its value
//! ```

mod computed;
pub(crate) mod rules;
pub(crate) mod walk;
mod place;
mod runs;
mod extent;
mod links;
pub(crate) mod splice;
pub(crate) mod marks;
mod alike;
mod when;
pub(crate) mod nearest;
mod paths;
mod compare;

use alloc::borrow::Cow;

pub use self::alike::MarkRelation;
pub use self::computed::{Check, CheckFn, Computed, LengthScope, SignOf};
pub use self::extent::{Counter, ExtentRule, Limit};
pub(crate) use self::extent::{Extent, UsedEntry};
pub use self::marks::Mark;
pub use self::place::{Chooser, Span};
pub use self::rules::{
    Accept, Accepts, BytesRule, CodeMeaning, CodeRule, DateForm, DatePattern, DateRule, DateTimePattern, DateTimeRule,
    DigitsRule, Encoding, FlagRule, Half, Justify, Kind, NoneAs, NoneSet, NumberRule, Overflow, Overpunch,
    PatternError, Sign, TextRule, TimePattern, TimeRule, Width,
};
pub(crate) use self::walk::FieldSlot;
use crate::charset::Charset;

/// The maximum number of computed lengths and checks in a telegram, including its parts and entries. The writer fills them in
/// at the end.
pub const LATE_MAX: usize = fep_core::limits::LATE_MAX_FIELDS;

/// The byte plan of one telegram, of a part of one, or of one entry of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The name in code and spec: `Transfer`.
    pub name: Cow<'static, str>,
    /// The name on the institution's sheet: `이체`. Empty if there is none.
    pub label: Cow<'static, str>,
    /// The charset of text fields that do not state one.
    pub charset: Charset,
    /// The total length in bytes as the sheet states it. It is checked, and never used in a computation.
    pub stated_len: Option<usize>,
    /// The conditions that identify a received telegram as this one. All of them must hold, and its literals too: see [`Mark`].
    pub when: Cow<'static, [When]>,
    /// The items in wire order.
    pub items: Cow<'static, [Item]>,
}

/// One condition of [`Layout::when`]: the field at `path` has this value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// Dotted path of a field at a fixed offset, which is no date and no time: `header.telegram_code`.
    pub path: Cow<'static, str>,
    /// Its value: text, digits and codes without padding (`0100`), a number as decimal digits, a flag as its character or as `true` and
    /// `false`, bytes as hex digits.
    pub value: Cow<'static, str>,
}

/// Any entry of a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A named span of bytes.
    Field(Field),
    /// Constant bytes.
    Literal(Literal),
    /// Reserved bytes.
    Filler(Filler),
    /// Another layout under a name, once.
    Part(Part),
    /// Another layout under a name, repeated.
    Group(Group),
    /// One of several layouts under a name.
    Choice(Choice),
    /// A named span of bytes as long as its value. The field's `len` is its maximum length in bytes.
    Tail(Field),
}

/// A named span of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in code, JSON and paths. Empty for the entry of an array.
    pub name: Cow<'static, str>,
    /// The name on the sheet. Empty if there is none.
    pub label: Cow<'static, str>,
    /// The length on the wire in bytes.
    pub len: usize,
    /// How the bytes are read and written.
    pub kind: Kind,
    /// Never shown in an error, a `Debug` text or a dump.
    pub secret: bool,
    /// Filled by the encoder and verified by the decoder.
    pub computed: Option<Computed>,
}

/// Constant bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// The name in JSON and paths. If it is empty, the literal is not shown.
    pub name: Cow<'static, str>,
    /// The name on the sheet. Empty if there is none.
    pub label: Cow<'static, str>,
    /// The bytes on the wire.
    pub bytes: Cow<'static, [u8]>,
    /// The charset in which the bytes are text, if they are text. JSON and dumps show other bytes as hex.
    pub text: Option<Charset>,
}

/// Reserved bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filler {
    /// The name on the sheet: `예비`. Empty if there is none.
    pub label: Cow<'static, str>,
    /// The length on the wire in bytes.
    pub len: usize,
    /// The byte that fills them.
    pub pad: u8,
    /// Accept any bytes on decode. A decoded record keeps them and writes them again. A derived struct and JSON do not keep them,
    /// so `pad` is written.
    pub any: bool,
}

/// Another layout under a name: the common part in front of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name in code, JSON and paths.
    pub name: Cow<'static, str>,
    /// The layout of the part.
    pub layout: Cow<'static, Layout>,
}

/// Another layout under a name, repeated (반복부). A group of plain fields is an array: see [`Layout::array_field`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name in code, JSON and paths.
    pub name: Cow<'static, str>,
    /// The name on the sheet. Empty if there is none.
    pub label: Cow<'static, str>,
    /// The number of entries.
    pub repeat: Repeat,
    /// The fields that make the entries a page of a longer list, if there are such fields.
    pub page: Option<Page>,
    /// The layout of one entry.
    pub layout: Cow<'static, Layout>,
}

/// The number of entries of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Always this many.
    Fixed(usize),
    /// As many as a field says that stands beside the group or in a part beside it. That field is computed from the group. If it is
    /// after the group, the entries end where just enough bytes are left for the items after the group.
    Counted {
        /// The name of the counting field, or its path through parts: `header.item_count`.
        by: Cow<'static, str>,
        /// The maximum number of entries that are accepted and written.
        max: usize,
    },
    /// Always `max` entries on the wire. The unused entries are at the end and are blank.
    Padded {
        /// The name or the path of the field that counts the used entries, if there is one. Without it, the first blank entry ends
        /// the used entries.
        by: Option<Cow<'static, str>>,
        /// The number of entries on the wire.
        max: usize,
        /// The byte that fills a blank entry.
        pad: u8,
    },
    /// As many as there is room for: the entries end where just enough bytes are left for the items after the group.
    Rest {
        /// The maximum number of entries that are accepted and written.
        max: usize,
    },
}

/// The sibling number fields that make a group a page of a longer list: entries `start` to `start + count - 1` of `total`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The name of the field with the number of entries on all pages.
    pub total: Cow<'static, str>,
    /// The name of the field with the number of this page's first entry, from 1.
    pub start: Cow<'static, str>,
}

/// One of several layouts under a name. A code in another field selects the layout. If all cases have the same length, the
/// choice is a redefinition: the same bytes, read in several ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The name in code, JSON and paths.
    pub name: Cow<'static, str>,
    /// The name on the sheet. Empty if there is none.
    pub label: Cow<'static, str>,
    /// Dotted path of a text, digits or code field. The path starts at the layout that contains the choice and goes through parts.
    /// The field is before the choice or at a fixed offset. It can be after the choice only if all cases have the same length.
    pub by: Cow<'static, str>,
    /// The possible layouts.
    pub cases: Cow<'static, [Case]>,
}

/// One layout of a [`Choice`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The codes that select this case, without padding. An empty list selects it for every code that no other case names.
    pub codes: Cow<'static, [Cow<'static, str>]>,
    /// The layout of this case.
    pub layout: Cow<'static, Layout>,
}

impl Item {
    /// The name of the item in JSON and paths. `None` for fillers and unnamed literals.
    #[must_use]
    pub const fn name(&self) -> Option<&str> {
        let name = self.own_name();
        if name.is_empty() { None } else { Some(name) }
    }
}
