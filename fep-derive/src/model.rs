//! Stage 2, the model: the derive input with every option resolved to a rule and every kind decided.
//!
//! This stage combines the options and the type of one field. [`crate::check`] compares fields with each other.

mod choice;
mod code;
mod field;
mod kind;
mod set;
mod telegram;

use fep_core::charset::CharsetId;
use fep_core::encoding::Encoding;
use proc_macro2::{Ident, Span};
use syn::ext::IdentExt as _;
use syn::{Attribute, Expr, Generics, Type, Visibility};

pub(crate) use self::choice::{Case, Cases};
pub(crate) use self::code::{Code, CodeSetModel};
pub(crate) use self::kind::{Codes, Digits, Kind, Number, Text};
pub(crate) use self::set::{Set, Variant};
use crate::attr::{Byte, Computed, Condition, CountAttr, Given, PageAttrs};
use crate::paths::Paths;

/// A struct that is a telegram, a part of one, or a group's entry.
pub(crate) struct Telegram {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) paths: Paths,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) charset: CharsetId,
    pub(crate) len: Option<Given<usize>>,
    pub(crate) when: Vec<Condition>,
    pub(crate) debug: bool,
    /// Whether `#[telegram(serde)]` asks for `Serialize` and `Deserialize`.
    pub(crate) serde: bool,
    pub(crate) vis: Visibility,
    /// The views that `#[telegram(view)]` generates.
    pub(crate) view: Option<View>,
    /// The items in the order of the struct. [`crate::check`] sorts them into wire order.
    pub(crate) items: Vec<Item>,
    /// The fields of the struct that are not in `items` because of a mistake, which was reported.
    pub(crate) broken: Vec<Ident>,
}

/// The types that decode single fields.
pub(crate) struct View {
    pub(crate) ident: Ident,
    pub(crate) ident_mut: Ident,
}

impl View {
    /// The names of the methods that every view has.
    pub(crate) const METHODS: [&'static str; 5] = ["new", "as_bytes", "decode", "view", "refresh"];
}

/// A field of the struct, as an item of the layout.
pub(crate) struct Item {
    /// The name in the struct.
    pub(crate) member: Ident,
    /// The name in the layout.
    pub(crate) name: Given<String>,
    pub(crate) label: String,
    pub(crate) vis: Visibility,
    /// Its doc comments.
    pub(crate) docs: Vec<Attribute>,
    pub(crate) ty: Type,
    pub(crate) at: Option<Given<usize>>,
    pub(crate) order: Option<Given<usize>>,
    pub(crate) what: ItemKind,
}

/// The kind of an item, with its options.
pub(crate) enum ItemKind {
    Field(Field),
    /// `kind` is the kind of a number, or the kind that a check states. A sign ignores it, and so does a check that states no kind.
    Computed {
        computed: Computed,
        len: Given<usize>,
        encoding: Encoding,
        kind: Kind,
        /// Whether the attribute states the kind.
        states_kind: bool,
        secret: bool,
        span: Span,
    },
    /// The bytes, and whether they are text.
    Literal(Vec<Byte>, bool),
    Filler {
        len: usize,
        pad: Byte,
        any: bool,
    },
    Part,
    /// A part without a name of its own.
    Flatten,
    Group {
        entry: Box<Type>,
        repeat: Repeat,
        page: Option<PageAttrs>,
        /// The field that each entry is, if the group is an array of plain values.
        value: Option<Box<Field>>,
    },
    Choice(Given<String>),
    Tail(Field),
}

/// How many entries a group has.
pub(crate) enum Repeat {
    Fixed(Box<Expr>),
    Counted { by: CountAttr, max: Given<usize> },
    Padded { by: Option<CountAttr>, max: Given<usize>, pad: Byte },
    Rest { max: Given<usize> },
}

impl Repeat {
    /// The counting field and the most entries.
    fn by(&self) -> Option<(&CountAttr, &Given<usize>)> {
        match self {
            Self::Counted { by, max } | Self::Padded { by: Some(by), max, .. } => Some((by, max)),
            Self::Fixed(_) | Self::Padded { by: None, .. } | Self::Rest { .. } => None,
        }
    }

    /// The counting field beside the group and the most entries.
    pub(crate) fn counted(&self) -> Option<(&Ident, &Given<usize>)> {
        self.by().filter(|(by, _)| by.inner.is_empty()).map(|(by, max)| (&by.head, max))
    }

    /// The path of the counting field, if it stands in a part.
    pub(crate) fn counted_in_part(&self) -> Option<&CountAttr> {
        self.by().map(|(by, _)| by).filter(|by| !by.inner.is_empty())
    }
}

/// A field with a value.
pub(crate) struct Field {
    pub(crate) len: Len,
    pub(crate) kind: Kind,
    pub(crate) secret: bool,
    /// Whether the compiler must compare the length with the length of the type, because tokens do not show the latter.
    pub(crate) ask_type_for_len: bool,
    /// What the check of a number's type needs. `None` for other kinds.
    pub(crate) number: Option<NumberType>,
}

/// What a number field says about its type.
pub(crate) struct NumberType {
    /// `narrow`: the type does not hold all numbers of the field, and this is meant.
    pub(crate) narrow: Option<Span>,
    /// Whether `sign` is written, perhaps as `"unsigned"`.
    pub(crate) sign_stated: bool,
}

/// Bytes on the wire.
pub(crate) enum Len {
    Stated(Given<usize>),
    /// The length of the type: `Text<N>`.
    OfType(Box<Expr>),
}

impl Telegram {
    /// Whether some of the layout's items are those of a flattened part.
    pub(crate) fn has_flattened(&self) -> bool {
        self.items.iter().any(|item| matches!(item.what, ItemKind::Flatten))
    }
}

impl Item {
    /// The names of the methods that the item has in the views.
    pub(crate) fn view_methods(&self) -> Vec<String> {
        let name = self.member.unraw().to_string();
        let write = match self.what {
            ItemKind::Literal(..) | ItemKind::Filler { .. } => return Vec::new(),
            ItemKind::Computed { .. } | ItemKind::Choice(_) | ItemKind::Tail(_) => None,
            ItemKind::Field(_) | ItemKind::Group { value: Some(_), .. } => Some(format!("set_{name}")),
            ItemKind::Part | ItemKind::Flatten | ItemKind::Group { .. } => Some(format!("{name}_mut")),
        };
        let read = format!("{name}_bytes");
        [name, read].into_iter().chain(write).collect()
    }

    /// The field with a value that the item is, or that each of its entries is, and the type of the value.
    pub(crate) fn value(&self) -> Option<(&Field, &Type)> {
        match &self.what {
            ItemKind::Field(field) => Some((field, &self.ty)),
            ItemKind::Group { entry, value: Some(field), .. } => Some((field, entry)),
            _ => None,
        }
    }

    /// Whether the item is a field by which telegrams can be told apart.
    pub(crate) fn is_distinguishing(&self) -> bool {
        let ItemKind::Field(field) = &self.what else { return false };
        !matches!(field.kind, Kind::Date { .. } | Kind::Time { .. } | Kind::DateTime { .. })
    }
}
