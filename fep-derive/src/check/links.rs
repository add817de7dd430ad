//! Fields that refer to other fields: lengths of items, sums, signs, checks and pages. Counts are in [`super`].

use fep_core::likeness::nearest;
use fep_core::rules::Sign;
use proc_macro2::Ident;
use syn::ext::IdentExt as _;

use crate::attr::{Computed, Link, PageAttrs};
use crate::ctxt::Ctxt;
use crate::model::{Field, Item, ItemKind, Kind, Number, Telegram};

/// Checks that the fields referred to exist, and marks each number whose sign is in another field.
pub(super) fn check(telegram: &mut Telegram, cx: &Ctxt) {
    for (at, item) in telegram.items.iter().enumerate() {
        let linked = Linked { telegram, at, item };
        match &item.what {
            ItemKind::Computed { computed, .. } => linked.computed(computed, cx),
            ItemKind::Group { page: Some(PageAttrs { total, start }), .. } => {
                linked.number(total, "a page is of a list that another field counts", cx);
                linked.number(start, "a page begins where another field says", cx);
            }
            _ => {}
        }
    }
    signs(telegram, cx);
}

/// An item that refers to other items.
struct Linked<'t> {
    telegram: &'t Telegram,
    at: usize,
    item: &'t Item,
}

impl<'t> Linked<'t> {
    /// The item with this name. Reports a mistake if there is no such item.
    fn find(&self, name: &Ident, cx: &Ctxt) -> Option<(usize, &'t Item)> {
        let found = self.telegram.items.iter().enumerate().find(|(_, item)| item.member == *name);
        // The compiler looks in the flattened parts.
        if found.is_none() && !self.telegram.broken.contains(name) && !self.telegram.has_flattened() {
            // Only these can be computed from items beside the part.
            let outwards = matches!(
                self.item.what,
                ItemKind::Computed { computed: Computed::LengthOf(_) | Computed::Sum { .. } | Computed::Link(_), .. }
            );
            cx.error(name, no_field(self.telegram, name, Some(&self.item.member), outwards));
        }
        found
    }

    fn computed(&self, computed: &Computed, cx: &Ctxt) {
        match computed {
            Computed::LengthOf(of) => self.length_of(of, cx),
            Computed::Link(link) => {
                let beside = link.paths().into_iter().filter(|path| !path.outer);
                let found: Vec<_> =
                    beside.filter_map(|path| Some((self.find(&path.head, cx)?.0, &path.head))).collect();
                if let (Link::Check { .. }, [(first, from), (last, to)]) = (link, found.as_slice())
                    && last < first
                {
                    cx.error(*to, format_args!("`{to}` stands before `{from}`: write `{to}..={from}`"));
                }
            }
            Computed::Sum { group, path } => self.sum(group, path, cx),
            Computed::Check { from: Some(from), .. } => {
                if let Some((at, _)) = self.find(from, cx)
                    && at >= self.at
                {
                    cx.error(from, "a check covers bytes that stand before it");
                }
            }
            // `signs` checks a sign afterwards, because it changes the number that has the sign.
            Computed::Sign { .. }
            | Computed::Check { from: None, .. }
            | Computed::Length(_)
            | Computed::Count(_)
            | Computed::Sequence(_) => {}
        }
    }

    fn sum(&self, group: &Ident, path: &[Ident], cx: &Ctxt) {
        let Some((_, item)) = self.find(group, cx) else { return };
        match (&item.what, path) {
            (ItemKind::Part, [_, ..]) => {}
            (ItemKind::Group { value: None, .. }, [_, ..]) => {}
            (ItemKind::Group { value: None, .. }, []) => {
                cx.error(group, format_args!("which number of the entries? `sum({group}.amount)`"));
            }
            (ItemKind::Group { value: Some(_), .. }, [inner, ..]) => {
                cx.error(inner, format_args!("the entries of `{group}` are plain values: `sum({group})`"));
            }
            (ItemKind::Group { value: Some(field), .. }, []) if !matches!(field.kind, Kind::Number(_)) => {
                cx.error(group, format_args!("the entries of `{group}` are no numbers, so there is nothing to add up"));
            }
            (ItemKind::Group { .. }, []) => {}
            _ => cx.error(group, format_args!("`{group}` is no group, so there is nothing to add up")),
        }
    }

    fn length_of(&self, of: &Ident, cx: &Ctxt) {
        let Some((at, item)) = self.find(of, cx) else { return };
        if !matches!(item.what, ItemKind::Part | ItemKind::Group { .. } | ItemKind::Choice(_) | ItemKind::Tail(_)) {
            let message =
                format!("`{of}` always has the same length; a length is of a part, a group, a choice or a tail");
            cx.error(of, message);
        } else if at < self.at {
            cx.error(of, format_args!("`{of}` stands before its length; a length comes first"));
        }
        let others = self.telegram.items.iter().take(self.at);
        let again = |item: &Item| matches!(&item.what, ItemKind::Computed { computed: Computed::LengthOf(other), .. } if other == of);
        if others.into_iter().any(again) {
            cx.error(of, format_args!("another field says the length of `{of}` already"));
        }
    }

    fn number(&self, name: &Ident, why: &str, cx: &Ctxt) {
        let Some((_, item)) = self.find(name, cx) else { return };
        let is_number =
            matches!(&item.what, ItemKind::Field(Field { kind: Kind::Number(Number { scale: 0, .. }), .. }));
        if !is_number || item.member == self.item.member {
            cx.error(name, format_args!("`{name}` is no whole number; {why}"));
        }
    }
}

/// `there is no field …`, with the name that was probably meant.
fn no_field(telegram: &Telegram, name: &Ident, own: Option<&Ident>, outwards: bool) -> String {
    let others = telegram.items.iter().map(|item| &item.member).filter(|member| Some(*member) != own);
    let members: Vec<String> = others.map(ToString::to_string).collect();
    let hint = match nearest(&name.to_string(), members.iter().map(String::as_str)) {
        Some(like) => format!("; did you mean `{like}`?"),
        None if outwards => format!("; if it stands beside this part, write `super::{name}`"),
        None => String::new(),
    };
    format!("there is no field `{name}` here{hint}")
}

/// Checks that a number whose sign is in another field has no `sign` itself, and marks it.
fn signs(telegram: &mut Telegram, cx: &Ctxt) {
    let mut signed: Vec<Ident> = Vec::new();
    for item in &telegram.items {
        if let ItemKind::Computed { computed: Computed::Sign { of, outer, plus, minus, zero, .. }, .. } = &item.what {
            if signed.contains(of) {
                cx.error(of, format_args!("`{of}` has a sign already"));
            }
            if plus == minus || *zero == Some(*plus) || *zero == Some(*minus) {
                cx.error(of, "each sign has a byte of its own");
            }
            if !outer {
                signed.push(of.clone());
            }
        }
    }
    unsigned(telegram, &signed, cx);
    for of in signed {
        let broken = telegram.broken.contains(&of);
        let flattened = telegram.has_flattened();
        match telegram.items.iter_mut().find(|item| item.member == of).map(|item| &mut item.what) {
            Some(ItemKind::Field(Field { kind: Kind::Number(Number { sign, .. }), .. })) => match sign {
                Sign::Unsigned | Sign::Elsewhere => *sign = Sign::Elsewhere,
                _ => cx.error(&of, format_args!("`{of}` has a sign of its own; leave its `sign` out")),
            },
            Some(_) => cx.error(&of, format_args!("`{of}` is no number, so it has no sign")),
            // Of a number that can only be in a flattened part, it was reported.
            None if broken || flattened => {}
            None => cx.error(&of, no_field(telegram, &of, None, false)),
        }
    }
}

/// Reports each number that states a sign elsewhere, and has none.
fn unsigned(telegram: &Telegram, signed: &[Ident], cx: &Ctxt) {
    // The compiler looks in the flattened parts.
    if telegram.has_flattened() {
        return;
    }
    for item in &telegram.items {
        if let ItemKind::Field(Field { kind: Kind::Number(Number { sign: Sign::Elsewhere, .. }), .. }) = &item.what
            && !signed.contains(&item.member)
        {
            let name = item.member.unraw();
            let message = format!(
                "no field here is the sign of `{name}`: `#[field(len = 1, computed = sign({name}, '+', '-'))] {name}_sign: ()`, or a \
                 flattened part with `computed = sign(super::{name}, '+', '-')`"
            );
            cx.error(&item.member, message);
        }
    }
}
