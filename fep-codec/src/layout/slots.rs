//! Accessors for derived code: one item of a layout by its number, as what the derive knows that it is.
//!
//! The same derive wrote the layout and the call, and every call stands in a constant, so a panic here is a compile error.

use super::walk::{borrowed, text};
use super::{
    BytesRule, Check, Choice, Chooser, CodeRule, Computed, DateRule, DateTimeRule, DigitsRule, Field, FieldSlot,
    Filler, FlagRule, Group, Item, Kind, Layout, LengthScope, Limit, Literal, NumberRule, SignOf, TextRule, TimeRule,
};

/// One accessor per kind.
macro_rules! slots {
    ($($(#[$doc:meta])* $name:ident -> $rule:ident = $kind:ident;)*) => {
        impl Layout {
            $($(#[$doc])*
            ///
            /// # Panics
            /// If the item is something else; derived code calls this in constants only.
            #[must_use]
            pub const fn $name(&self, number: usize) -> FieldSlot<'_, $rule> {
                let field = self.field(number);
                match &field.kind {
                    Kind::$kind(rule) => FieldSlot { field, rule },
                    _ => wrong_item(),
                }
            })*
        }
    };
}

slots! {
    /// The text field with this number.
    text -> TextRule = Text;
    /// The digits field with this number.
    digits -> DigitsRule = Digits;
    /// The number field with this number.
    number -> NumberRule = Number;
    /// The date field with this number.
    date -> DateRule = Date;
    /// The time field with this number.
    time -> TimeRule = Time;
    /// The timestamp field with this number.
    datetime -> DateTimeRule = DateTime;
    /// The code field with this number.
    code -> CodeRule = Code;
    /// The flag field with this number.
    flag -> FlagRule = Flag;
    /// The bytes field with this number.
    bytes -> BytesRule = Bytes;
}

impl Layout {
    /// The item with this number.
    ///
    /// # Panics
    /// If there is none; derived code calls this in constants only.
    #[must_use]
    #[allow(clippy::indexing_slicing, reason = "evaluated at compile time, where a panic is the error message")]
    pub const fn at(&self, number: usize) -> &Item {
        &self.items()[number]
    }

    /// The field or the tail with this number.
    ///
    /// # Panics
    /// If the item is something else; derived code calls this in constants only.
    #[must_use]
    pub const fn field(&self, number: usize) -> &Field {
        match self.at(number) {
            Item::Field(field) | Item::Tail(field) => field,
            _ => wrong_item(),
        }
    }

    /// The literal with this number.
    ///
    /// # Panics
    /// If the item is something else; derived code calls this in constants only.
    #[must_use]
    pub const fn literal(&self, number: usize) -> &Literal {
        match self.at(number) {
            Item::Literal(literal) => literal,
            _ => wrong_item(),
        }
    }

    /// The filler with this number.
    ///
    /// # Panics
    /// If the item is something else; derived code calls this in constants only.
    #[must_use]
    pub const fn filler(&self, number: usize) -> &Filler {
        match self.at(number) {
            Item::Filler(filler) => filler,
            _ => wrong_item(),
        }
    }

    /// The group with this number.
    ///
    /// # Panics
    /// If the item is something else; derived code calls this in constants only.
    #[must_use]
    pub const fn group(&self, number: usize) -> &Group {
        match self.at(number) {
            Item::Group(group) => group,
            _ => wrong_item(),
        }
    }

    /// Whether the sum with this number is one of numbers with as many decimals.
    ///
    /// # Panics
    /// If the item is no sum; derived code calls this in constants only.
    #[must_use]
    pub const fn is_sum_sound(&self, number: usize) -> bool {
        let FieldSlot { rule, .. } = self.number(number);
        match self.summand_of(number) {
            Some(Field { kind: Kind::Number(summand), .. }) => summand.scale == rule.scale,
            _ => false,
        }
    }

    /// The rule of the numbers that the sum with this number adds up.
    ///
    /// # Panics
    /// If the item is no sum of numbers; derived code calls this in constants only.
    #[must_use]
    pub const fn summand_rule(&self, number: usize) -> &NumberRule {
        match self.summand_of(number) {
            Some(Field { kind: Kind::Number(rule), .. }) => rule,
            _ => wrong_item(),
        }
    }

    const fn summand_of(&self, number: usize) -> Option<&Field> {
        match &self.field(number).computed {
            Some(Computed::Sum(path)) => self.summand(text(path)),
            _ => wrong_item(),
        }
    }

    /// Where the bytes begin that the check with this number covers, counted from the start of this layout; none if it covers
    /// all of the telegram before it.
    ///
    /// # Panics
    /// If the item is no check; derived code calls this in constants only.
    #[must_use]
    pub const fn check_from(&self, number: usize) -> Option<usize> {
        match &self.field(number).check().from {
            Some(from) => self.offset_of_item(text(from)),
            None => None,
        }
    }

    /// Bytes that are kept for what follows the item with this number.
    ///
    /// # Panics
    /// If the item takes what is left, and what follows it varies in length; derived code calls this in constants only.
    #[must_use]
    pub const fn behind(&self, number: usize) -> usize {
        match self.limit(number) {
            Limit::Before(behind) => behind,
            Limit::Stated(_) => 0,
            Limit::Endless => wrong_item(),
        }
    }

    /// The choice with this number.
    ///
    /// # Panics
    /// If the item is something else; derived code calls this in constants only.
    #[must_use]
    pub const fn choice(&self, number: usize) -> &Choice {
        match self.at(number) {
            Item::Choice(choice) => choice,
            _ => wrong_item(),
        }
    }

    /// Where the choice with this number finds its code.
    ///
    /// # Panics
    /// If the item is no choice, or its path leads to no such field; derived code calls this in constants only.
    #[must_use]
    pub const fn chooser(&self, number: usize) -> Chooser<'_> {
        match (self.chooser_of(self.choice(number)), self.decider_of(number)) {
            (Some(span), _) => Chooser::At(span),
            (None, Some(_)) => Chooser::Passed { layout: self, number },
            (None, None) => wrong_item(),
        }
    }
}

impl Group {
    /// The layout of an entry, in `const` code too.
    #[must_use]
    pub const fn layout_of_entry(&self) -> &Layout {
        borrowed(&self.layout)
    }
}

impl Field {
    /// Which bytes a computed length counts.
    ///
    /// # Panics
    /// If the field is no computed length; derived code calls this in constants only.
    #[must_use]
    pub const fn counts(&self) -> LengthScope {
        match &self.computed {
            Some(Computed::Length(counts)) => *counts,
            _ => wrong_item(),
        }
    }

    /// What a sequence begins with.
    ///
    /// # Panics
    /// If the field is no sequence; derived code calls this in constants only.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        match &self.computed {
            Some(Computed::Sequence(first)) => *first,
            _ => wrong_item(),
        }
    }

    /// The sign that the field is.
    ///
    /// # Panics
    /// If the field is no sign; derived code calls this in constants only.
    #[must_use]
    pub const fn sign(&self) -> &SignOf {
        match &self.computed {
            Some(Computed::Sign(sign)) => sign,
            _ => wrong_item(),
        }
    }

    /// The check that the field is.
    ///
    /// # Panics
    /// If the field is no check; derived code calls this in constants only.
    #[must_use]
    pub const fn check(&self) -> &Check {
        match &self.computed {
            Some(Computed::Check(check)) => check,
            _ => wrong_item(),
        }
    }
}

#[allow(clippy::panic, reason = "reached in constants only, where a panic is a compile error")]
const fn wrong_item() -> ! {
    panic!("the derive asked its own layout for an item of another kind")
}
