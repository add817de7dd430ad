//! User-defined types and names: newtypes, generics, paths of other crates, other macros.

use std::fmt::Debug;

use fep_codec::layout::NumberRule;
use fep_codec::{Code, Digits, FieldValue, Telegram, TelegramSet, Text};

use super::check;
use super::items::{Entry, entries};

/// A user-defined number type.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Won(u64);

impl<'a> FieldValue<'a, NumberRule> for Won {
    fn put(&self, rule: &NumberRule, out: &mut [u8]) -> Result<(), fep_codec::Fault> {
        self.0.put(rule, out)
    }

    fn get(rule: &NumberRule, bytes: &'a [u8]) -> Result<Self, fep_codec::Fault> {
        u64::get(rule, bytes).map(Self)
    }
}

type Account = Digits<5>;

#[test]
fn types_of_ones_own() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 17)]
    struct Own {
        #[field(number, len = 6)]
        amount: Won,
        #[field(number, len = 6, none = "spaces")]
        maybe: Option<Won>,
        #[field(digits, len = 5)]
        account: Account,
    }
    check(&Own { amount: Won(1), maybe: None, account: "12".parse().unwrap() }, b"000001      12   ");
}

#[test]
fn type_parameters_lifetimes_and_const_parameters() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Envelope<'a, 'b, T, V, const N: usize>
    where
        T: Debug,
    {
        #[field(len = 2, charset = "ascii")]
        first: &'a str,
        #[field(len = 2, charset = "ascii")]
        second: &'b str,
        #[field(len = 3, number)]
        value: V,
        name: Text<N>,
        body: T,
        #[field(len = 1, computed = count(more))]
        count: (),
        #[field(group, count = count, max = 9)]
        more: Vec<T>,
        #[field(group)]
        all: [T; N],
    }
    let envelope = Envelope::<'_, '_, Entry, u16, 2> {
        first: "A",
        second: "B",
        value: 7,
        name: "n".parse().unwrap(),
        body: Entry { no: 1 },
        count: (),
        more: entries(&[2]),
        all: [Entry { no: 3 }, Entry { no: 4 }],
    };
    check(&envelope, b"A B 007n 0011002003004");

    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 6)]
    struct Stated<T> {
        #[field(len = 3)]
        no: u16,
        #[field(at = 3)]
        body: T,
    }
    check(&Stated { no: 1, body: Entry { no: 2 } }, b"001002");
}

mod elsewhere {
    pub(crate) mod runtime {
        pub(crate) use fep_codec as codec;
    }

    // These names must not conflict with the generated code.
    pub(crate) struct Result;
    pub(crate) struct Option;
    pub(crate) struct Item;
    pub(crate) struct Layout;

    #[derive(fep_codec::Telegram, Debug, PartialEq)]
    #[telegram(crate = crate::types::elsewhere::runtime::codec)]
    #[telegram(when("type" = "A"))]
    struct Private {
        r#type: fep_codec::Text<1>,
        #[field(len = 2)]
        reader: u8,
        #[field(len = 2)]
        writer: u8,
        #[cfg(any())]
        gone: Nothing,
        #[field(len = 2, computed = count(r#loop))]
        count: (),
        #[field(len = 2)]
        count_count: u8,
        #[cfg(not(any(unix, windows)))]
        gone_too: Nothing,
        #[field(group, count = count, max = 9)]
        r#loop: Vec<super::Entry>,
    }

    #[derive(fep_codec::Code, Debug, PartialEq)]
    #[telegram(crate = self::runtime::codec)]
    enum Kind {
        #[code("1")]
        Some,
        #[code("2")]
        None,
    }

    #[test]
    fn renamed_crates_raw_names_and_names_of_the_prelude() {
        use runtime::codec::{CodeSet as _, Telegram as _};

        let text = "A".parse().unwrap();
        let private = Private { r#type: text, reader: 1, writer: 2, count: (), count_count: 3, r#loop: Vec::new() };
        crate::check(&private, b"A01020003");
        let names: Vec<_> = Private::LAYOUT.items.iter().filter_map(fep_codec::Item::name).collect();
        assert_eq!(names, ["type", "reader", "writer", "count", "count_count", "loop"]);
        assert_eq!(Kind::Some.code(), "1");
        let _ = (Result, Option, Item, Layout);
    }
}

#[test]
fn telegrams_can_come_out_of_another_macro() {
    macro_rules! telegram {
        ($name:ident $set:ident $code:ident, $field:ident: $ty:ty = $len:literal, $byte:ty, $entry:ty, $kind:literal) => {
            #[derive(Code, Debug, PartialEq)]
            enum $code {
                #[code($kind)]
                Known,
                #[code(other)]
                Other($ty),
            }

            #[derive(Telegram, Debug, PartialEq)]
            #[telegram(view, when("kind" = $kind))]
            struct $name {
                #[field(code, len = $len)]
                kind: $code,
                #[field(len = $len, at = 1)]
                $field: $ty,
                raw: [$byte; $len],
                part: $entry,
                #[field(len = $len, computed = count(items))]
                count: (),
                #[field(group, count = count, max = 9)]
                items: Vec<$entry>,
            }

            #[derive(Telegram, Debug, PartialEq)]
            enum $set {
                $name($name),
            }
        };
    }
    telegram!(Made MadeSet MadeCode, name: Text<1> = 1, u8, Entry, "K");

    let made = || Made {
        kind: MadeCode::Known,
        name: "n".parse().unwrap(),
        raw: [7],
        part: Entry { no: 1 },
        count: (),
        items: entries(&[2]),
    };
    check(&made(), b"Kn\x070011002");
    assert_eq!(MadeSet::decode_any(b"Kn\x070011002").unwrap(), made().into());
    let mut bytes = *b"Kn\x070011002";
    MadeViewMut::new(&mut bytes).unwrap().items_mut(0).unwrap().set_no(&7).unwrap();
    let view = MadeView::new(&bytes).unwrap();
    assert_eq!((view.part().no().unwrap(), view.raw().unwrap()), (1, [7]));
    assert_eq!(view.items().get(0).unwrap().no().unwrap(), 7);
}
