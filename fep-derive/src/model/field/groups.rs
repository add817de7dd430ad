//! Groups: how often they repeat, and arrays, whose entries are plain values.

use super::Source;
use crate::model::{Field, ItemKind, Repeat};
use crate::shape::Shape;

impl Source<'_> {
    pub(super) fn group(&self) -> Option<ItemKind> {
        let Some((entry, count)) = Shape::of_list(self.ty) else {
            let message =
                "a group is a `Vec<Entry>` or `[Entry; n]` of structs with `#[derive(Telegram)]`, or of plain values";
            self.cx.error(self.ty, message);
            return None;
        };
        let is_array = self.is_array(entry);
        if !is_array {
            self.only("a group", &["group", "count", "max", "rest", "padded", "pad", "page"]);
        }
        let page = self.attrs.page.clone();
        let value = if is_array { Some(self.entry(entry)) } else { None };
        let repeat = match count {
            Some(len) => {
                for key in ["count", "max", "rest", "padded", "pad"] {
                    // The `pad` of an array's values is theirs.
                    if let Some(at) = self.attrs.key(key).filter(|_| key != "pad" || !is_array) {
                        self.cx
                            .error_at(at, format_args!("an array always has all its entries; `{key}` is for a `Vec`"));
                    }
                }
                Repeat::Fixed(Box::new(len.clone()))
            }
            None => self.repeat(is_array)?,
        };
        let value = match value {
            Some(value) => Some(Box::new(value?)),
            None => None,
        };
        Some(ItemKind::Group { entry: Box::new(entry.clone()), repeat, page, value })
    }

    /// Whether the entries of a group are plain values and not structs.
    fn is_array(&self, entry: &syn::Type) -> bool {
        self.attrs.value_kind.is_some()
            || !matches!(Shape::of(entry), Shape::Path)
            || ["len", "codes"].iter().any(|key| self.attrs.has(key))
    }

    /// The field that each entry of an array is.
    fn entry(&self, ty: &syn::Type) -> Option<Field> {
        let attrs = self.attrs.of_entry();
        let shape = Shape::of(ty);
        if let Some(at) = attrs.key("tail") {
            self.cx.error_at(at, "the entries of a group have one length, so none of them is a tail: write `len = …`");
            return None;
        }
        if matches!(shape, Shape::Array | Shape::Vec) {
            self.cx.error(ty, "an entry is one value: put entries that repeat themselves into a struct of their own");
            return None;
        }
        let source = Source { attrs: &attrs, ty, shape, charset: self.charset, cx: self.cx, member: self.member };
        let item = match &attrs.kind {
            Some(kind) => source.stated(&kind.value),
            None => source.inferred(),
        };
        match item? {
            ItemKind::Field(field) => Some(field),
            _ => None,
        }
    }

    /// How the number of entries of a `Vec` is determined.
    fn repeat(&self, is_array: bool) -> Option<Repeat> {
        let rest = self.attrs.rest.as_ref();
        let padded = self.attrs.padded.is_some();
        if let Some(rest) = rest {
            for key in ["count", "padded"] {
                if self.attrs.has(key) {
                    let message = format!("entries that take what is left have no `{key}`: leave one of both out");
                    self.cx.error_at(rest.span, message);
                    return None;
                }
            }
        } else if !padded && !self.attrs.has("count") {
            let message = "a group of varying size needs `count = …`, the field that says how many there are; or `rest`, \
                           if they take what is left of the telegram; or `padded`, if unused ones are blank";
            self.cx.error_at(self.member, message);
        }
        if let Some(at) = self.attrs.key("pad").filter(|_| !padded && !is_array) {
            self.cx.error_at(at, "`pad` is what unused entries are made of: only a `padded` group has any");
        }
        if !self.attrs.has("max") {
            self.cx.error_at(self.member, "how many entries at most? write `max = 10`");
        }
        let max = self.attrs.max.clone()?;
        let by = self.attrs.count.clone().map(|by| by.value);
        match (rest, padded) {
            (Some(_), _) => Some(Repeat::Rest { max }),
            (None, true) if by.is_none() && self.attrs.has("count") => None,
            (None, true) => Some(Repeat::Padded { by, max, pad: self.pad() }),
            (None, false) => Some(Repeat::Counted { by: by?, max }),
        }
    }
}
