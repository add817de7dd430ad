//! [`Paths`]: every path that the output may mention. A renamed or re-exported fep-codec therefore needs only one attribute.
//!
//! All these paths go through `fep_codec::__rt`, which is for derived code only.
//!
//! The rest of the output consists of the user's own tokens and of paths into `core`. The paths of `Result` and `Option` are here too.

use fep_core::charset::CharsetId;
use fep_core::kinds::KindName;
use fep_core::words::Word;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

/// The path of the runtime: `::fep_codec`, or the path in `#[telegram(crate = …)]`.
pub(crate) struct Paths {
    root: TokenStream,
}

impl Default for Paths {
    fn default() -> Self {
        Self { root: quote!(::fep_codec) }
    }
}

/// Defines one method for each path below the root.
macro_rules! runtime {
    ($($(#[$about:meta])* $method:ident = $($path:ident)::+;)*) => {
        impl Paths {
            $($(#[$about])* pub(crate) fn $method(&self) -> TokenStream {
                let root = &self.root;
                quote!(#root::__rt::$($path)::+)
            })*
        }
    };
}

runtime! {
    telegram = Telegram;
    decode = Decode;
    telegram_set = TelegramSet;
    reader = Reader;
    writer = Writer;
    tally = FieldSum;
    body = Body;
    decode_body = DecodeBody;
    tail_value = TailValue;
    xor = xor;
    viewed = Viewed;
    window = Window;
    window_mut = WindowMut;
    entries = Entries;
    values = Values;
    item_at = ItemRef;
    slot = FieldSlot;
    error = Error;
    fault = Fault;
    culprit = Culprit;

    /// The user's types, under a name that stands for no type if the type lacks the trait.
    part_type = PartType;
    choice_type = ChoiceType;
    code_type = CodeType;
    value_type = ValueType;
    tail_type = TailType;

    field_value = FieldValue;
    code_set = CodeSet;
    get_code = get_code;
    get_ascii_code = get_ascii_code;
    put_code = put_code;
    pivot_default = PIVOT_DEFAULT;
    none_set = NoneSet;

    /// Wraps every list and string of a constant layout. The path goes through the runtime, because not every crate has `std`.
    borrowed = Cow::Borrowed;
    layout = Layout;
    late_max = LATE_MAX;
    marks = Discriminator;
    when = When;
    item = Item;
    field = Field;
    kind = Kind;
    computed = Computed;
    sign = Sign;
    sign_of = SignOf;
    accepts = Accepts;
    check = Check;
    page = Page;
    choice = Choice;
    case = Case;
    literal = Literal;
    filler = Filler;
    part = Part;
    flattened = Flattened;
    decode_flattened = decode_flattened;
    group = Group;
    repeat = Repeat;

    code_meaning = CodeMeaning;
}

impl Paths {
    /// A function of the runtime's module `slots`: `text`, `group`, `ascii_byte`.
    pub(crate) fn slots(&self, function: &str) -> TokenStream {
        let root = &self.root;
        let function = format_ident!("{function}");
        quote!(#root::__rt::slots::#function)
    }

    /// A trait or a function of the runtime's serde support.
    pub(crate) fn serial(&self, name: &str) -> TokenStream {
        let root = &self.root;
        let name = format_ident!("{name}");
        quote!(#root::__rt::serial::#name)
    }

    /// The runtime at another path.
    pub(crate) fn at(root: &syn::Path) -> Self {
        Self { root: quote!(#root) }
    }

    /// The variant of an enum of words: `Justify::Left`.
    pub(crate) fn word<W: Word>(&self, value: W) -> TokenStream {
        let root = &self.root;
        let name = format_ident!("{}", W::TYPE_NAME);
        let variant = format_ident!("{}", value.variant_name());
        quote!(#root::__rt::#name::#variant)
    }

    /// The rule type of a kind: `TextRule`.
    pub(crate) fn rule(&self, kind: KindName) -> TokenStream {
        let root = &self.root;
        let name = format_ident!("{}Rule", kind.variant_name());
        quote!(#root::__rt::#name)
    }

    /// The variant of a charset: `Charset::EucKr`.
    pub(crate) fn charset(&self, id: CharsetId) -> TokenStream {
        let root = &self.root;
        let variant = format_ident!("{}", id.variant_name());
        quote!(#root::__rt::Charset::#variant)
    }
}

/// The path of `Result`.
pub(crate) fn result() -> TokenStream {
    quote!(::core::result::Result)
}

/// The path of `Option`.
pub(crate) fn option() -> TokenStream {
    quote!(::core::option::Option)
}
