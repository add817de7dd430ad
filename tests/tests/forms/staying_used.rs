//! Whatever changes a telegram in place leaves the used entries of padded groups used: patches, refreshes and lenient repairs. What is written from values
//! is in `padded.rs`, with the model of what a reader reads.

use fep_codec::layout::{Computed, Field, Group, Kind, Repeat, TextRule};
use fep_codec::lenient::Lenient;
use fep_codec::view::{patch, refresh};
use fep_codec::{Charset, Item, Record, Value};

use super::items;
use super::padded::{Sent, amount, any_layout, layout_of, length_of_the_rest, padded};

/// A patch does what writing the bytes of the field does, or nothing if a reader would not read an entry then.
#[test]
fn a_patch_is_refused_exactly_if_a_reader_would_not_read_an_entry_then() {
    let [mut patched, mut refused] = [0, 0];
    for seed in 0..20_000 {
        let (mut random, shapes, layout) = any_layout(seed);
        let mut sent = Sent::default();
        sent.add(&shapes, "", &mut Record::new(&layout), &mut random);
        let Some(telegram) = sent.telegram().filter(|telegram| telegram.len() <= 99) else { continue };
        for (path, at, is_number) in &sent.fields {
            for text in if *is_number { ["00", "07"] } else { ["  ", "**"] } {
                let value =
                    if *is_number { Value::Number(text.parse().expect("a number")) } else { text.trim().into() };
                let mut wanted = telegram.clone();
                wanted[*at..at + 2].copy_from_slice(text.as_bytes());
                let is_read = sent.are_read(&wanted);
                let mut bytes = telegram.clone();
                let result = patch(&layout, &mut bytes, path, &value);
                assert_eq!(result.is_ok(), is_read, "seed {seed}, {path}: {result:?}");
                assert_eq!(bytes, if is_read { wanted } else { telegram.clone() }, "seed {seed}, {path}");
                patched += u32::from(is_read);
                refused += u32::from(!is_read);
            }
        }
    }
    assert!(patched > 30_000 && refused > 300, "{patched} and {refused}");
}

/// Whatever its lengths were, a refreshed telegram is the one that is sent. If a reader would not read an entry of that one, nothing changes.
#[test]
fn a_refresh_is_what_is_sent_or_is_refused() {
    let [mut refreshed, mut refused] = [0, 0];
    for seed in 0..20_000 {
        let (mut random, shapes, layout) = any_layout(seed);
        let mut sent = Sent::default();
        sent.add(&shapes, "", &mut Record::new(&layout), &mut random);
        if sent.bytes.len() > 99 {
            continue;
        }
        let stale = sent.with_lengths(|_| [0, 7][random.small(2)]);
        if sent.are_read(&stale) {
            let mut bytes = stale.clone();
            let result = refresh(&layout, &mut bytes);
            let wanted = sent.telegram();
            assert_eq!(result.is_ok(), wanted.is_some(), "seed {seed}: {result:?}");
            refreshed += u32::from(wanted.is_some() && !sent.lengths.is_empty());
            refused += u32::from(wanted.is_none());
            assert_eq!(bytes, wanted.unwrap_or(stale), "seed {seed}");
        }
    }
    assert!(refreshed > 3000 && refused > 20, "{refreshed} and {refused}");
}

/// A repair makes numbers of blanks zero, and never an entry unused. What it reports is what it changed.
#[test]
fn repairs_leave_all_entries_used() {
    let forgiving = Lenient { blank_numbers: true, ..Lenient::default() };
    let [mut repaired, mut left] = [0, 0];
    for seed in 0..20_000 {
        let (mut random, shapes, layout) = any_layout(seed);
        let mut sent = Sent::default();
        sent.add(&shapes, "", &mut Record::new(&layout), &mut random);
        let Some(mut bytes) = sent.telegram().filter(|telegram| telegram.len() <= 99) else { continue };
        let numbers = || sent.fields.iter().filter(|(_, _, is_number)| *is_number).map(|(_, at, _)| *at);
        for at in numbers() {
            if random.below(2) == 1 {
                bytes[at..at + 2].fill(b' ');
            }
        }
        if sent.are_read(&bytes) {
            let (mended, forgiven) = forgiving.mend(&layout, &bytes);
            assert!(sent.are_read(&mended), "seed {seed}");
            let changed = numbers().filter(|at| mended[*at..at + 2] != bytes[*at..at + 2]).count();
            assert_eq!(forgiven.len(), changed, "seed {seed}");
            let blank = numbers().filter(|at| mended[*at..at + 2] == *b"  ").count();
            repaired += u32::from(changed > 0);
            left += u32::from(blank > 0);
        }
    }
    assert!(repaired > 3000 && left > 20, "{repaired} and {left}");
}

/// As a reader, a patch takes the bytes that are there.
#[test]
fn a_patch_that_is_refused_changes_nothing_in_half_an_entry() {
    let text = |len| items(&format!(r#"{{ name = "text", kind = "text", len = {len} }},"#)).items.to_vec();
    let rows = [vec![padded("marks", b'*', text(1))], text(4)].concat();
    let layout = layout_of(vec![padded("rows", b' ', rows)]);
    let mut bytes = *b"x*AA";
    let error = patch(&layout, &mut bytes, "rows[0].marks[0].text", &"*".into()).expect_err("it looks unused then");
    assert_eq!(
        error.to_string(),
        "caller: rows[0].marks[0].text, bytes 0..1: an entry of nothing but padding says that it is not used"
    );
    assert_eq!(&bytes, b"x*AA");
}

/// The repair of a field would be the end of its entry. Reading says what is wrong with it.
#[test]
fn a_repair_makes_no_entry_look_unused() {
    let forgiving = Lenient { blank_numbers: true, ..Lenient::default() };
    let two = |name: &str| items(&format!(r#"{{ name = "{name}", kind = "number", len = 2 }},"#)).items.to_vec();
    for (entry, bytes, repaired) in [
        (two("amount"), &b"05  "[..], &b"05  "[..]),
        (two("amount"), b"  05", b"  05"),
        ([two("amount"), two("fee")].concat(), b"0501    ", b"050100  "),
        ([two("amount"), two("fee")].concat(), b"05    07", b"05000007"),
    ] {
        let layout = layout_of(vec![padded("rows", b'0', entry)]);
        let (mended, forgiven) = forgiving.mend(&layout, bytes);
        assert_eq!(mended, repaired);
        let changed = (0..bytes.len()).step_by(2).filter(|at| bytes[*at] != repaired[*at]);
        assert_eq!(forgiven.len(), changed.count(), "what is repaired is reported");
        let is_whole = !repaired.contains(&b' ');
        let read = Record::decode_lenient(&layout, bytes, forgiving);
        assert_eq!(read.is_ok(), is_whole, "{read:?}");
    }
    // The repair of the text leaves blanks, that of the number does not.
    let Item::Field(field) = amount() else { panic!("a field") };
    let text = Field { name: "text".into(), kind: Kind::Text(TextRule::new(Charset::EucKr)), ..field };
    let layout = layout_of(vec![padded("rows", b' ', vec![Item::Field(text), amount()])]);
    let forgiving = Lenient { half_characters: true, ..forgiving };
    let (mended, forgiven) = forgiving.mend(&layout, b"\xB0       ");
    assert_eq!((&*mended, forgiven.len()), (&b"  00    "[..], 2));
}

/// A telegram that ends in a group costs what it has, not what the group can have.
#[test]
fn the_entries_that_a_telegram_does_not_have_cost_nothing() {
    let Item::Group(group) = padded("rows", b' ', vec![amount()]) else { panic!("a group") };
    let many = Group { repeat: Repeat::Padded { by: None, max: usize::MAX, pad: b' ' }, ..group };
    let layout = layout_of(vec![Item::Group(many)]);
    let mut bytes = *b"0102";
    refresh(&layout, &mut bytes).expect_err("it ends in the group");
    let (mended, forgiven) = Lenient { blank_numbers: true, ..Lenient::default() }.mend(&layout, &bytes);
    assert_eq!((&*mended, forgiven.len()), (&bytes[..], 0));
}

/// A computed value can be padding, too.
#[test]
fn a_refresh_is_refused_if_a_reader_would_not_read_an_entry_then() {
    let layout = layout_of(vec![padded("items", b'0', vec![amount(), length_of_the_rest()])]);
    let telegram = |amount| format!("0009{amount}09").into_bytes();
    let mut bytes = telegram("05");
    refresh(&layout, &mut bytes).expect("the amount says that the entry is used");
    assert_eq!(bytes, b"00040500");
    // Nothing is behind the length of the second entry.
    let mut bytes = telegram("00");
    let error = refresh(&layout, &mut bytes).expect_err("a reader would not read the second entry");
    assert_eq!(
        error.to_string(),
        "caller: items[1], bytes 4..8: an entry of nothing but padding says that it is not used"
    );
    assert_eq!(bytes, telegram("00"));
}

#[test]
fn a_refresh_knows_the_entries_of_groups_that_begin_at_the_same_byte() {
    let row = vec![padded("marks", b'0', vec![amount()]), length_of_the_rest()];
    let layout = layout_of(vec![padded("rows", b'0', row)]);
    let mut bytes = *b"070006000009";
    let error = refresh(&layout, &mut bytes).expect_err("the second row is only a length");
    assert_eq!(
        error.to_string(),
        "caller: rows[1], bytes 6..12: an entry of nothing but padding says that it is not used"
    );
    assert_eq!(&bytes, b"070006000009");
}

/// The length is filled in, so what it says before decides nothing.
#[test]
fn a_refresh_of_a_length_around_a_group_is_not_refused() {
    let Item::Field(length) = length_of_the_rest() else { panic!("a field") };
    let length = Item::Field(Field { computed: Some(Computed::LengthOf("rows".into())), ..length });
    let text = items(r#"{ name = "text", kind = "text", len = 2 },"#).items.to_vec();
    let layout = layout_of(vec![length, padded("rows", b' ', text)]);
    for stale in ["00AA  ", "02AA  ", "99AA  "] {
        let mut bytes = stale.as_bytes().to_vec();
        refresh(&layout, &mut bytes).expect("no entry changes");
        assert_eq!(bytes, b"04AA  ");
    }
}
