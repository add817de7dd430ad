//! [`Paths`]: every path that the output may mention, so that a renamed or re-exported fep-codec is one attribute.
//!
//! The rest of the output is made of the user's own tokens and of paths into `core`, which stand here too.

use proc_macro2::TokenStream;
use quote::quote;

/// Where the runtime is: `::fep_codec`, or what `#[telegram(crate = …)]` says.
pub(crate) struct Paths {
    root: TokenStream,
}

impl Default for Paths {
    fn default() -> Self {
        Self { root: quote!(::fep_codec) }
    }
}

/// One method per path below the root.
macro_rules! runtime {
    ($($(#[$about:meta])* $method:ident = $($path:ident)::+;)*) => {
        impl Paths {
            $($(#[$about])* pub(crate) fn $method(&self) -> TokenStream {
                let root = &self.root;
                quote!(#root::$($path)::+)
            })*
        }
    };
}

runtime! {
    telegram = telegram::Telegram;
    decode = telegram::Decode;
    telegram_set = telegram::TelegramSet;
    record_set = telegram::RecordSet;
    reader = cursor::Reader;
    writer = cursor::Writer;
    tally = cursor::FieldSum;
    body = nested::Body;
    decode_body = nested::DecodeBody;
    tail_value = kind::TailValue;
    xor = kind::xor;
    viewed = view::Viewed;
    window = view::Window;
    window_mut = view::WindowMut;
    entries = view::Entries;
    item_at = view::ItemRef;
    slot = layout::FieldSlot;
    error = error::Error;
    fault = error::Fault;
    culprit = error::Culprit;
    charset = charset::Charset;

    field_value = kind::FieldValue;
    code_set = kind::CodeSet;
    get_code = kind::get_code;
    get_ascii_code = kind::get_ascii_code;
    put_code = kind::put_code;
    pivot_default = kind::PIVOT_DEFAULT;

    /// How every list and string of a constant layout stands there; by way of the runtime, for not every crate has `std`.
    borrowed = layout::Cow::Borrowed;
    layout = layout::Layout;
    late_max = layout::LATE_MAX;
    marks = layout::Discriminator;
    when = layout::When;
    item = layout::Item;
    field = layout::Field;
    kind = layout::Kind;
    computed = layout::Computed;
    counts = layout::LengthScope;
    sign_of = layout::SignOf;
    check = layout::Check;
    page = layout::Page;
    choice = layout::Choice;
    case = layout::Case;
    literal = layout::Literal;
    filler = layout::Filler;
    part = layout::Part;
    group = layout::Group;
    repeat = layout::Repeat;

    text_rule = layout::TextRule;
    digits_rule = layout::DigitsRule;
    number_rule = layout::NumberRule;
    date_rule = layout::DateRule;
    time_rule = layout::TimeRule;
    datetime_rule = layout::DateTimeRule;
    code_rule = layout::CodeRule;
    code_meaning = layout::CodeMeaning;
    flag_rule = layout::FlagRule;
    bytes_rule = layout::BytesRule;

    justify = layout::Justify;
    overflow = layout::Overflow;
    width = layout::Width;
    half = charset::Half;
    encoding = layout::Encoding;
    sign = layout::Sign;
    overpunch = layout::Overpunch;
    none_as = layout::NoneAs;
    date_pattern = layout::DatePattern;
    time_pattern = layout::TimePattern;
    datetime_pattern = layout::DateTimePattern;
}

impl Paths {
    /// The runtime at another path.
    pub(crate) fn at(root: &syn::Path) -> Self {
        Self { root: quote!(#root) }
    }
}

/// `Result`.
pub(crate) fn result() -> TokenStream {
    quote!(::core::result::Result)
}

/// `Option`.
pub(crate) fn option() -> TokenStream {
    quote!(::core::option::Option)
}
