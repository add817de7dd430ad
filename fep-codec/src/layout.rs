//! [`Layout`]: which bytes of a telegram mean what.
//!
//! A layout is plain data. The derive emits one as a constant, a spec file lowers to an owned one, and `==` between the two
//! is the drift check between code and sheet. Everything that needs to know a byte position asks here; the rules by which
//! a field's bytes are read and written are in [`crate::kind`].
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
mod extent;
mod when;
pub(crate) mod marks;
mod paths;
mod compare;

use alloc::borrow::Cow;

pub use self::computed::{Check, CheckFn, Computed, LengthScope, SignOf};
pub(crate) use self::extent::Extent;
pub use self::extent::{ExtentRule, Limit};
pub use self::place::{Chooser, Span};
pub use self::rules::{
    BytesRule, CodeMeaning, CodeRule, DatePattern, DateRule, DateTimePattern, DateTimeRule, DigitsRule, Encoding,
    FlagRule, Half, Justify, Kind, NoneAs, NumberRule, Overflow, Overpunch, Sign, TextRule, TimePattern, TimeRule,
    Width,
};
pub(crate) use self::walk::FieldSlot;
use crate::charset::Charset;

/// How many computed lengths and checks a telegram may have, its parts and entries included: the writer fills them in at the
/// end.
pub const LATE_MAX: usize = fep_core::limits::LATE_MAX_FIELDS;

/// The byte plan of one telegram, of a part of one, or of one entry of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The name in code and spec: `Transfer`.
    pub name: Cow<'static, str>,
    /// The name on the institution's sheet: `이체`. Empty if there is none.
    pub label: Cow<'static, str>,
    /// The charset of text fields that state none of their own.
    pub charset: Charset,
    /// The total length in bytes as the sheet states it. Asserted, never used to compute anything.
    pub stated_len: Option<usize>,
    /// The field values by which a received telegram is known to be this one; all must hold.
    pub when: Cow<'static, [When]>,
    /// The items in wire order.
    pub items: Cow<'static, [Item]>,
}

/// One condition of [`Layout::when`]: the field at `path` has this value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// Dotted path of a text, digits or code field at a fixed offset: `header.telegram_code`.
    pub path: Cow<'static, str>,
    /// Its value without padding: `0100`.
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
    /// A named span of bytes as long as its value. The field's `len` is the most bytes that it has.
    Tail(Field),
}

/// A named span of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in code, JSON and paths.
    pub name: Cow<'static, str>,
    /// The name on the sheet. Empty if there is none.
    pub label: Cow<'static, str>,
    /// Bytes on the wire.
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
    /// The name in JSON and paths; empty: the literal is not shown.
    pub name: Cow<'static, str>,
    /// The name on the sheet. Empty if there is none.
    pub label: Cow<'static, str>,
    /// What stands on the wire.
    pub bytes: Cow<'static, [u8]>,
}

/// Reserved bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filler {
    /// The name on the sheet: `예비`. Empty if there is none.
    pub label: Cow<'static, str>,
    /// Bytes on the wire.
    pub len: usize,
    /// The byte that fills them.
    pub pad: u8,
    /// Accept any bytes on decode. A record that was decoded writes them again; a derived struct and JSON have no place for them, so
    /// `pad` is written.
    pub any: bool,
}

/// Another layout under a name: the common part in front of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name in code, JSON and paths.
    pub name: Cow<'static, str>,
    /// What stands here.
    pub layout: Cow<'static, Layout>,
}

/// Another layout under a name, repeated (반복부).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name in code, JSON and paths.
    pub name: Cow<'static, str>,
    /// The name on the sheet. Empty if there is none.
    pub label: Cow<'static, str>,
    /// How many entries there are.
    pub repeat: Repeat,
    /// Which page of a longer list the entries are, if the telegram says so.
    pub page: Option<Page>,
    /// One entry.
    pub layout: Cow<'static, Layout>,
}

/// How many entries a group has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Always this many.
    Fixed(usize),
    /// As many as a sibling field says, which is computed from the group. If the field stands behind the group, the entries end
    /// where just enough bytes are left for what follows them.
    Counted {
        /// The name of the counting field.
        by: Cow<'static, str>,
        /// The most entries that are accepted and written.
        max: usize,
    },
    /// Always `max` entries on the wire; those that are not used stand at the end and are blank.
    Padded {
        /// The name of the sibling field that counts the used entries, if there is one. Without it the first blank entry ends them.
        by: Option<Cow<'static, str>>,
        /// The entries on the wire.
        max: usize,
        /// The byte that a blank entry is made of.
        pad: u8,
    },
    /// As many as there is room for: the entries end where just enough bytes are left for what follows them.
    Rest {
        /// The most entries that are accepted and written.
        max: usize,
    },
}

/// The sibling number fields by which a group is a page of a longer list: entries `start` to `start + count - 1` of `total`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The name of the field with the entries of all pages.
    pub total: Cow<'static, str>,
    /// The name of the field with the number of this page's first entry, from 1.
    pub start: Cow<'static, str>,
}

/// One of several layouts under a name; a code in another field says which. With cases of one length it is a redefinition: the
/// same bytes read in several ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The name in code, JSON and paths.
    pub name: Cow<'static, str>,
    /// The name on the sheet. Empty if there is none.
    pub label: Cow<'static, str>,
    /// Dotted path, through parts, from the layout that the choice stands in, of a text, digits or code field. It stands before the
    /// choice, or at a fixed offset: behind the choice, that is, if all cases have the same length.
    pub by: Cow<'static, str>,
    /// What can stand here.
    pub cases: Cow<'static, [Case]>,
}

/// One layout of a [`Choice`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The codes by which it is chosen, without padding. None at all: every code that no other case names.
    pub codes: Cow<'static, [Cow<'static, str>]>,
    /// What stands here then.
    pub layout: Cow<'static, Layout>,
}

impl Item {
    /// The name under which the item appears in JSON and paths; fillers and unnamed literals have none.
    #[must_use]
    pub const fn name(&self) -> Option<&str> {
        let name = self.own_name();
        if name.is_empty() { None } else { Some(name) }
    }
}
