//! Fields that are computed from items of a flattened part: only the compiler knows these items.

use proc_macro2::Ident;
use syn::GenericParam;

use crate::attr::{Computed, ItemPath, Link, PageAttrs};
use crate::ctxt::Ctxt;
use crate::model::{ItemKind, Telegram};
use crate::shape::mentions;

impl Telegram {
    /// Whether a name can only be that of an item of a flattened part.
    pub(crate) fn is_flattened(&self, name: &Ident) -> bool {
        let is_own = self.items.iter().any(|item| item.member == *name && !matches!(item.what, ItemKind::Flatten))
            || self.broken.contains(name);
        self.has_flattened() && !is_own
    }
}

/// Makes a link of each computed field whose item can only be that of a flattened part: like all links, it is looked at when the
/// layout is complete.
pub(super) fn resolve(telegram: &mut Telegram, cx: &Ctxt) {
    if !telegram.has_flattened() {
        return;
    }
    for item in telegram.items.iter().filter(|item| matches!(item.what, ItemKind::Flatten)) {
        let parameters: Vec<&Ident> = telegram.generics.params.iter().filter_map(parameter).collect();
        if mentions(&item.ty, &parameters) {
            let message = "the number of items of a type parameter is not known, so it cannot be flattened: write the type, or leave \
                           `flatten` out";
            cx.error(&item.ty, message);
        }
    }
    let resolved: Vec<Option<Computed>> = telegram
        .items
        .iter()
        .map(|item| match &item.what {
            ItemKind::Computed { computed, .. } => as_link(telegram, computed, cx),
            ItemKind::Group { page: Some(PageAttrs { total, start }), .. } => {
                for name in [total, start].into_iter().filter(|name| telegram.is_flattened(name)) {
                    let message = format!("there is no field `{name}` here; the numbers of a page stand beside its group, not in a flattened part");
                    cx.error(name, message);
                }
                None
            }
            _ => None,
        })
        .collect();
    for (item, resolved) in telegram.items.iter_mut().zip(resolved) {
        if let (ItemKind::Computed { computed, .. }, Some(link)) = (&mut item.what, resolved) {
            *computed = link;
        }
    }
}

fn as_link(telegram: &Telegram, computed: &Computed, cx: &Ctxt) -> Option<Computed> {
    let path = |name: &Ident, inner: &[Ident]| ItemPath { outer: false, head: name.clone(), inner: inner.to_vec() };
    let found = |name: &Ident| telegram.is_flattened(name);
    let link = match computed {
        Computed::LengthOf(of) if found(of) => Link::Length(path(of, &[])),
        Computed::Count(of) if found(of) => {
            let message = format!(
                "there is no group `{of}` here to count; the count of a group in a flattened part stands in that part"
            );
            cx.error(of, message);
            return None;
        }
        Computed::Sum { group, path: inner } if found(group) => Link::Sum(path(group, inner)),
        Computed::Check { function, from: Some(from) } if found(from) => {
            Link::Check { function: function.clone(), from: Some(path(from, &[])), to: None }
        }
        Computed::Sign { of, outer: false, .. } if found(of) => {
            let message = format!(
                "there is no field `{of}` here; the sign of a number in a flattened part stands in that part, beside the number"
            );
            cx.error(of, message);
            return None;
        }
        _ => return None,
    };
    Some(Computed::Link(link))
}

/// A parameter that changes the type. A lifetime does not change its layout.
const fn parameter(param: &GenericParam) -> Option<&Ident> {
    match param {
        GenericParam::Type(param) => Some(&param.ident),
        GenericParam::Const(param) => Some(&param.ident),
        GenericParam::Lifetime(_) => None,
    }
}
