//! Items that depend on each other: groups, counts, lengths, wire order, parts without a field.

use fep_codec::layout::{Computed, Item, LengthScope, Repeat};
use fep_codec::{Decode, Telegram};

use super::{check, refusal};

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(len = 3, view)]
pub(super) struct Entry {
    #[field(len = 3)]
    pub(super) no: u16,
}

#[derive(Telegram, Debug, PartialEq)]
struct Grouped {
    #[field(len = 4, computed = length(all))]
    total: (),
    #[field(len = 2, computed = count(first))]
    first_count: (),
    #[field(len = 1, computed = count(second))]
    second_count: (),
    #[field(group, count = first_count, max = 10)]
    first: Vec<Entry>,
    part: Entry,
    #[field(group)]
    fixed: [Entry; 2],
    #[field(group, count = second_count, max = 2, label = "둘째")]
    second: Vec<Entry>,
    #[field(len = 3, computed = length(rest))]
    rest: (),
    #[field(literal = ".")]
    end: (),
}

pub(super) fn entries(numbers: &[u16]) -> Vec<Entry> {
    numbers.iter().map(|no| Entry { no: *no }).collect()
}

#[test]
fn groups_counts_and_lengths() {
    let mut grouped = Grouped {
        total: (),
        first_count: (),
        second_count: (),
        first: entries(&[1, 2]),
        part: Entry { no: 3 },
        fixed: [Entry { no: 4 }, Entry { no: 5 }],
        second: entries(&[6]),
        rest: (),
        end: (),
    };
    check(&grouped, b"0029021001002003004005006001.");
    grouped.first.clear();
    grouped.second.clear();
    check(&grouped, b"0020000003004005001.");

    assert!(refusal(Grouped::decode(b"0020000003004005002.")).contains("rest"));
    assert!(refusal(Grouped::decode(b"0020003003004005001.")).contains("second"));
    assert!(refusal(Grouped::decode(b"0023010a0a003004005001.")).contains("first[0].no"));
    grouped.second = entries(&[1, 2, 3]);
    assert!(refusal(grouped.encode_to_vec()).contains("second"));

    let Item::Group(group) = &Grouped::LAYOUT.items[6] else { panic!("no group") };
    assert_eq!(group.repeat, Repeat::Counted { by: "second_count".into(), max: 2 });
    assert_eq!(group.label, "둘째");
    let Item::Group(fixed) = &Grouped::LAYOUT.items[5] else { panic!("no group") };
    assert_eq!(fixed.repeat, Repeat::Fixed(2));
    assert_eq!(Grouped::LAYOUT.field_at(7).unwrap().computed, Some(Computed::Length(LengthScope::Rest)));
    assert_eq!((Grouped::LAYOUT.min_len(), Grouped::LAYOUT.max_len()), (20, 56));
}

#[test]
fn wire_order_is_not_the_order_of_the_struct() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Shuffled {
        #[field(group, count = count, max = 3, order = 4)]
        entries: Vec<Entry>,
        #[field(len = 1, order = 3, at = 4)]
        third: u8,
        #[field(len = 2, order = 1)]
        first: u8,
        #[field(len = 2, computed = count(entries), order = 2)]
        count: (),
    }
    check(&Shuffled { entries: entries(&[7, 8]), third: 3, first: 1, count: () }, b"01023007008");
}

#[test]
fn a_telegram_has_up_to_four_lengths() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 8)]
    struct Lengths {
        #[field(len = 2, computed = length(all))]
        all: (),
        #[field(len = 2, computed = length(rest))]
        first: (),
        #[field(len = 2, computed = length(rest))]
        second: (),
        #[field(len = 2, computed = length(rest))]
        third: (),
    }
    check(&Lengths { all: (), first: (), second: (), third: () }, b"08040200");
}

#[test]
fn a_struct_without_fields_is_an_empty_telegram() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Nothing;

    check(&Nothing, b"");
}
