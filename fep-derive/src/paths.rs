//! [`Paths`]: every path that the output may mention, so that a renamed or re-exported fep-codec is one attribute.
//!
//! All of them go through `fep_codec::__rt`, which is for derived code only.
//!
//! The rest of the output is made of the user's own tokens and of paths into `core`, which stand here too.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

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
    item_at = ItemRef;
    slot = FieldSlot;
    error = Error;
    fault = Fault;
    culprit = Culprit;
    charset = Charset;

    field_value = FieldValue;
    code_set = CodeSet;
    get_code = get_code;
    get_ascii_code = get_ascii_code;
    put_code = put_code;
    pivot_default = PIVOT_DEFAULT;

    /// How every list and string of a constant layout stands there; by way of the runtime, for not every crate has `std`.
    borrowed = Cow::Borrowed;
    layout = Layout;
    late_max = LATE_MAX;
    marks = Discriminator;
    when = When;
    item = Item;
    field = Field;
    kind = Kind;
    computed = Computed;
    counts = LengthScope;
    sign_of = SignOf;
    check = Check;
    page = Page;
    choice = Choice;
    case = Case;
    literal = Literal;
    filler = Filler;
    part = Part;
    group = Group;
    repeat = Repeat;

    text_rule = TextRule;
    digits_rule = DigitsRule;
    number_rule = NumberRule;
    date_rule = DateRule;
    time_rule = TimeRule;
    datetime_rule = DateTimeRule;
    code_rule = CodeRule;
    code_meaning = CodeMeaning;
    flag_rule = FlagRule;
    bytes_rule = BytesRule;

    justify = Justify;
    overflow = Overflow;
    width = Width;
    half = Half;
    encoding = Encoding;
    sign = Sign;
    overpunch = Overpunch;
    none_as = NoneAs;
    date_pattern = DatePattern;
    time_pattern = TimePattern;
    datetime_pattern = DateTimePattern;
}

impl Paths {
    /// A function about an item of a layout, by its name: `text`, `group`, `ascii_byte`.
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
}

/// `Result`.
pub(crate) fn result() -> TokenStream {
    quote!(::core::result::Result)
}

/// `Option`.
pub(crate) fn option() -> TokenStream {
    quote!(::core::option::Option)
}
