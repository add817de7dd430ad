//! Access to one item of a layout by its index, for derived code that knows the kind of the item.
//!
//! The derive emits both the layout and the calls, and every call is in a constant. So a panic here is a compile error.
//! Run-time code must not call these functions. It uses [`Layout::item_at`], [`Layout::field_at`] and [`Layout::chooser_at`].

use crate::charset::Charset;
use crate::layout::rules::*;
pub use crate::layout::splice::spliced;
use crate::layout::walk::{borrowed, text as text_of};
use crate::layout::{
    Check, Choice, Chooser, Computed, ExtentRule, Field, FieldSlot, Filler, Group, Item, Layout, LengthScope, Limit,
    Literal, SignOf,
};

/// One accessor for each kind.
macro_rules! slots {
    ($($about:literal, $accessor:ident $kind:ident($rule:ident);)*) => {
        $(#[doc = concat!("The field at this index. ", $about)]
        ///
        /// # Panics
        /// If the item is something else.
        #[must_use]
        pub const fn $accessor(layout: &Layout, index: usize) -> FieldSlot<'_, $rule> {
            let field = field(layout, index);
            match &field.kind {
                Kind::$kind(rule) => FieldSlot { field, rule },
                _ => wrong_item(),
            }
        })*
    };
}

each_kind!(slots);

/// The item at this index.
///
/// # Panics
/// If there is no such item.
#[must_use]
pub const fn item(layout: &Layout, index: usize) -> &Item {
    match layout.item_at(index) {
        Some(item) => item,
        None => wrong_item(),
    }
}

/// The field or the tail at this index.
///
/// # Panics
/// If the item is something else.
#[must_use]
pub const fn field(layout: &Layout, index: usize) -> &Field {
    match layout.field_at(index) {
        Some(field) => field,
        None => wrong_item(),
    }
}

/// One accessor for each item that is not a field.
macro_rules! items {
    ($($(#[$doc:meta])* $name:ident -> $item:ident;)*) => {
        $($(#[$doc])*
        ///
        /// # Panics
        /// If the item is something else.
        #[must_use]
        pub const fn $name(layout: &Layout, index: usize) -> &$item {
            match item(layout, index) {
                Item::$item(item) => item,
                _ => wrong_item(),
            }
        })*
    };
}

items! {
    /// The literal at this index.
    literal -> Literal;
    /// The filler at this index.
    filler -> Filler;
    /// The group at this index.
    group -> Group;
    /// The choice at this index.
    choice -> Choice;
}

/// The number of bytes from the field at this index that are ASCII by the layout: [`Layout::ascii_run`].
#[must_use]
pub const fn ascii_run(layout: &Layout, index: usize) -> usize {
    layout.ascii_run(index)
}

/// The layout of one entry of the group at this index.
///
/// # Panics
/// If the item is not a group.
#[must_use]
pub const fn entry(layout: &Layout, index: usize) -> &Layout {
    borrowed(&group(layout, index).layout)
}

/// Whether the numbers that the sum at this index adds up have as many decimals as the sum.
///
/// # Panics
/// If the item is not a sum.
#[must_use]
pub const fn is_sum_sound(layout: &Layout, index: usize) -> bool {
    let FieldSlot { rule, .. } = number(layout, index);
    match summand_of(layout, index) {
        Some(Field { kind: Kind::Number(summand), .. }) => summand.decimals() == rule.decimals(),
        _ => false,
    }
}

/// The rule of the numbers that the sum at this index adds up.
///
/// # Panics
/// If the item is not a sum of numbers.
#[must_use]
pub const fn summand_rule(layout: &Layout, index: usize) -> &NumberRule {
    match summand_of(layout, index) {
        Some(Field { kind: Kind::Number(rule), .. }) => rule,
        _ => wrong_item(),
    }
}

/// Whether the items that the link at this index depends on exist in this layout.
///
/// # Panics
/// If the item is not a link.
#[must_use]
pub const fn is_link_answered(layout: &Layout, index: usize) -> bool {
    match &field(layout, index).computed {
        Some(computed) => layout.answers(computed),
        None => wrong_item(),
    }
}

/// Whether a field in a part counts the group at this index.
///
/// # Panics
/// If the item is not a group.
#[must_use]
pub const fn is_counted_in_part(layout: &Layout, index: usize) -> bool {
    layout.is_counted_in_part(group(layout, index), index)
}

/// The index of the field that states the length of the item at this index, if a field before the item does.
#[must_use]
pub const fn measure(layout: &Layout, index: usize) -> Option<usize> {
    match layout.limit(index) {
        Limit::Stated(field) => Some(field),
        Limit::Before(_) | Limit::Endless => None,
    }
}

/// The latest end of the bytes of a flattened part, whose items begin at index `first`.
///
/// # Panics
/// If the part takes the rest of the telegram, and the items after it vary in length.
#[must_use]
pub const fn limit_of_flattened(layout: &Layout, first: usize, part: &Layout) -> Limit {
    match layout.limit_of_spliced(first, part) {
        Limit::Endless => wrong_item(),
        limit => limit,
    }
}

/// Whether a field before a flattened part states the length of one of its items.
#[must_use]
pub const fn is_flattened_measured(layout: &Layout, first: usize, part: &Layout) -> bool {
    layout.measure_of(first, first.saturating_add(part.items().len())).is_some()
}

/// Whether no item of a flattened part has the name of another item.
#[must_use]
pub const fn has_own_names(layout: &Layout, first: usize, part: &Layout) -> bool {
    layout.has_own_names(first, part.items().len())
}

/// Whether each group that a flattened part counts names the counting field.
#[must_use]
pub const fn are_counts_named(layout: &Layout, first: usize, part: &Layout) -> bool {
    layout.are_counts_named(first, part.items().len())
}

/// Whether a flattened part has fields that are computed from items outside of it.
#[must_use]
pub const fn is_open(part: &Layout) -> bool {
    part.is_open()
}

/// The index of the field that holds the sign of the number at this index.
///
/// # Panics
/// If no field does.
#[must_use]
pub const fn sign_index(layout: &Layout, index: usize) -> usize {
    match layout.sign_index(index) {
        Some(sign) => sign,
        None => wrong_item(),
    }
}

/// Whether another field holds the sign of the number at this index.
#[must_use]
pub const fn has_sign(layout: &Layout, index: usize) -> bool {
    layout.sign_index(index).is_some()
}

const fn summand_of(layout: &Layout, index: usize) -> Option<&Field> {
    match &field(layout, index).computed {
        Some(Computed::Sum(path)) => layout.summand_in_parts(text_of(path)),
        _ => wrong_item(),
    }
}

/// The offset at which the bytes that the check at this index covers begin, in bytes from the start of this layout. `None` if
/// the check covers the whole telegram before it.
///
/// # Panics
/// If the item is not a check.
#[must_use]
pub const fn check_from(layout: &Layout, index: usize) -> Option<usize> {
    match &check(layout, index).from {
        Some(from) => layout.offset_of_item(text_of(from)),
        None => None,
    }
}

/// The number of bytes to leave for the items after the item at this index.
///
/// # Panics
/// If the item takes the rest of the telegram, and the items after it vary in length.
#[must_use]
pub const fn behind(layout: &Layout, index: usize) -> usize {
    match layout.limit(index) {
        Limit::Before(behind) => behind,
        Limit::Stated(_) => 0,
        Limit::Endless => wrong_item(),
    }
}

/// The rule for the number of entries of the group at this index.
#[must_use]
pub const fn extent(layout: &Layout, index: usize) -> ExtentRule {
    layout.extent(index)
}

/// The location of the code that decides the choice at this index.
///
/// # Panics
/// If the item is not a choice, or if its path does not lead to a field that can decide a choice.
#[must_use]
pub const fn chooser(layout: &Layout, index: usize) -> Chooser<'_> {
    match layout.chooser_at(index) {
        Some(chooser) => chooser,
        None => wrong_item(),
    }
}

/// One accessor for each computation. It returns the argument of the computation.
macro_rules! computations {
    ($($(#[$doc:meta])* $name:ident -> $type:ty = $computed:pat => $argument:expr;)*) => {
        $($(#[$doc])*
        ///
        /// # Panics
        /// If the field is computed in another way, or not at all.
        #[must_use]
        pub const fn $name(layout: &Layout, index: usize) -> $type {
            match &field(layout, index).computed {
                Some($computed) => $argument,
                _ => wrong_item(),
            }
        })*
    };
}

computations! {
    /// The bytes that the computed length at this index counts.
    counts -> LengthScope = Computed::Length(scope) => *scope;
    /// The first value of the sequence at this index.
    sequence -> u64 = Computed::Sequence(first) => *first;
    /// The sign at this index.
    sign -> &SignOf = Computed::Sign(sign) => sign;
    /// The check at this index.
    check -> &Check = Computed::Check(check) => check;
}

/// The byte of an ASCII character in a charset.
///
/// # Panics
/// If the charset has no byte for it.
#[must_use]
#[allow(clippy::panic, reason = "reached in constants only, where a panic is a compile error")]
pub const fn ascii_byte(charset: Charset, ascii: u8) -> u8 {
    match charset.byte_of(ascii) {
        Some(byte) => byte,
        None => panic!("the telegram's charset has no byte for this character"),
    }
}

/// Declares the functions that make a pattern of the word that the derive has checked.
macro_rules! patterns {
    ($($(#[$about:meta])* $function:ident -> $pattern:ident;)*) => {
        $($(#[$about])*
        ///
        /// # Panics
        /// If the word is no such pattern.
        #[must_use]
        #[allow(clippy::panic, reason = "reached in constants only, where a panic is a compile error")]
        pub const fn $function(word: &str) -> $pattern {
            match $pattern::parse(word) {
                Ok(pattern) => pattern,
                Err(_) => panic!("the derive has read the pattern"),
            }
        })*
    };
}

patterns! {
    /// The pattern of a date.
    date_pattern -> DatePattern;
    /// The pattern of a time.
    time_pattern -> TimePattern;
    /// The pattern of a date with a time.
    datetime_pattern -> DateTimePattern;
}

#[allow(clippy::panic, reason = "reached in constants only, where a panic is a compile error")]
const fn wrong_item() -> ! {
    panic!("the derive asked its own layout for an item of another kind")
}
