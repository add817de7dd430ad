//! Parts without a name of their own, as derived code reads and writes them: `#[field(flatten)]`.
//!
//! The items of such a part stand in the layout at the level of the struct. The part itself is read and written by its own type, by
//! its own layout. Fields that depend on items on the other side of that border are looked at here, by the layout that has both.
//!
//! ```text
//! struct Transfer { header: Header, amount, memo }        what the type has
//!                   └─ code, memo_len ─┘
//! layout Transfer { code, memo_len, amount, memo }        what the layout has: `memo_len` and `memo` stand side by side
//! ```

use crate::cursor::{Reader, Writer};
use crate::error::{Culprit, Error, Fault};
use crate::kind::Amount;
use crate::layout::{Computed, ExtentRule, Field, FieldSlot, Group, Item, Kind, Layout, Limit, NumberRule, SignOf};
use crate::links::{fill, links_at, range_at};
use crate::telegram::{Decode, Telegram};
use crate::walk::PlacedLayout;

/// A flattened part in the layout that it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Flattened {
    /// The layout with the items of the part.
    pub layout: &'static Layout,
    /// The index of the first item of the part.
    pub first: usize,
    /// The layout of the part alone.
    pub part: &'static Layout,
}

impl Flattened {
    /// The indices of the fields of the part that are computed from items outside of it, and that the layout answers.
    fn open(self) -> impl Iterator<Item = usize> {
        let items = self.part.items().iter().enumerate();
        let open = items.filter(move |(_, item)| matches!(item, Item::Field(field) if self.is_answered(field)));
        open.map(move |(index, _)| self.first.saturating_add(index))
    }

    fn is_answered(self, field: &Field) -> bool {
        self.part.is_link(field) && !self.layout.is_link(field)
    }

    const fn behind(self) -> usize {
        self.first.saturating_add(self.part.items().len())
    }
}

/// The number field at an index of a layout.
fn number_at(layout: &Layout, index: usize) -> Result<FieldSlot<'_, NumberRule>, Error> {
    match layout.field_at(index) {
        Some(field @ Field { kind: Kind::Number(rule), .. }) => Ok(FieldSlot { field, rule }),
        _ => Err(Error::new(Culprit::Spec, Fault::BadSpec { reason: "a length is a number" })),
    }
}

/// The field at an index of a layout that holds the sign of a number.
fn sign_at(layout: &Layout, index: usize) -> Result<(&Field, &SignOf), Error> {
    match layout.field_at(index) {
        Some(field @ Field { computed: Some(Computed::Sign(sign)), .. }) => Ok((field, sign)),
        _ => Err(Error::new(Culprit::Spec, Fault::BadSpec { reason: "the item is not a sign" })),
    }
}

impl<'a> Reader<'a> {
    /// A layout that began at `start` and is being read.
    fn placed<'l>(&self, layout: &'l Layout, start: usize) -> PlacedLayout<'l, 'a> {
        PlacedLayout::new(layout, self.telegram(), start, self.position().saturating_add(self.left()))
    }

    /// Reads a part without a name of its own. `limit` is the latest end of its bytes, in a layout that began at `start`.
    ///
    /// # Errors
    /// The errors of its items.
    #[inline]
    pub fn flattened<T: Decode<'a>>(&mut self, of: Flattened, start: usize, limit: Limit) -> Result<T, Error> {
        let behind = match limit {
            Limit::Before(behind) => behind,
            Limit::Stated(_) | Limit::Endless => {
                let end = self.placed(of.layout, start).offset_of(of.behind())?;
                self.position().saturating_add(self.left()).saturating_sub(end)
            }
        };
        self.before(behind, T::decode_items)
    }

    /// Reads an item whose length in bytes a field of a flattened part may state. `measure` is the index of that field.
    ///
    /// # Errors
    /// Those of [`Reader::within`] and of `read`.
    #[inline]
    pub fn measured<T>(
        &mut self,
        layout: &Layout,
        start: usize,
        name: &str,
        measure: Option<usize>,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Some(measure) = measure else { return read(self) };
        let at = self.placed(layout, start).offset_of(measure)?;
        let len: u64 = Reader::starting_at(self.telegram(), at).field(number_at(layout, measure)?)?;
        self.within(name, len, read)
    }

    /// The number of entries of a group that a field of a flattened part counts, or `None` if that field stands after the group.
    ///
    /// # Errors
    /// If the field is not a number, or states more entries than the group may have.
    pub fn counted(
        &self,
        layout: &Layout,
        start: usize,
        group: &Group,
        extent: ExtentRule,
    ) -> Result<Option<usize>, Error> {
        match extent.counted_by() {
            Some(_) => self.count_in_part(layout, start, group).map(Some),
            None => Ok(None),
        }
    }

    /// Applies the sign in a flattened part to a number beside the part. `sign` is the index of the field with the sign.
    ///
    /// # Errors
    /// Those of [`Reader::signed`].
    pub fn signed_beside<T: Amount>(
        &self,
        layout: &Layout,
        start: usize,
        sign: usize,
        number: T,
        rule: &NumberRule,
    ) -> Result<T, Error> {
        let found = sign_at(layout, sign)?;
        let at = self.placed(layout, start).offset_of(sign)?;
        let stated = Reader::starting_at(self.telegram(), at).sign(found.0)?;
        self.signed(found, stated, number, rule)
    }

    /// Verifies the fields of a flattened part that are computed from items outside of it. The layout was read to its end.
    ///
    /// # Errors
    /// If a field states another value.
    pub fn flattened_links(&self, of: Flattened, start: usize) -> Result<(), Error> {
        self.links_beside(of.layout, start, of.open())
    }

    /// Verifies the fields at these indices, which are computed from items of a flattened part. The layout was read to its end.
    ///
    /// # Errors
    /// If a field states another value.
    pub fn links_beside(
        &self,
        layout: &Layout,
        start: usize,
        indices: impl IntoIterator<Item = usize>,
    ) -> Result<(), Error> {
        let placed = PlacedLayout::new(layout, self.telegram(), start, self.position());
        links_at(placed, indices)?.iter().try_for_each(|link| link.lie(self).map_or(Ok(()), Err))
    }
}

impl Writer<'_> {
    /// Writes a part without a name of its own.
    ///
    /// # Errors
    /// The errors of its items.
    #[inline]
    pub fn flattened<T: Telegram>(&mut self, part: &T) -> Result<(), Error> {
        part.encode_items(self)
    }

    /// Writes the lengths of items of a flattened part into the fields before the part that state them. The part was written, and
    /// began at `at`.
    ///
    /// # Errors
    /// If a field cannot hold its length.
    pub fn flattened_lens(&mut self, of: Flattened, start: usize, at: usize) -> Result<(), Error> {
        for index in 0..of.part.items().len() {
            let Limit::Stated(measure) = of.layout.limit(of.first.saturating_add(index)) else { continue };
            if measure >= of.first {
                continue;
            }
            let placed = PlacedLayout::new(of.part, self.written(0), at, self.position());
            let len = range_at(placed, index)?.len();
            self.measure(of.layout, start, Some(measure), len)?;
        }
        Ok(())
    }

    /// Writes a length in bytes into the field of a flattened part that states it. `measure` is the index of that field.
    ///
    /// # Errors
    /// If the field cannot hold the length.
    #[inline]
    pub fn measure(&mut self, layout: &Layout, start: usize, measure: Option<usize>, len: usize) -> Result<(), Error> {
        let Some(measure) = measure else { return Ok(()) };
        let at = self.placed(layout, start).offset_of(measure)?;
        self.number_at(number_at(layout, measure)?.field, at, len as i128)
    }

    /// Writes the number of entries of a group into the field of a flattened part before it that counts it, if there is one.
    ///
    /// # Errors
    /// If the field cannot state that many.
    pub fn counted(
        &mut self,
        layout: &Layout,
        start: usize,
        group: &Group,
        extent: ExtentRule,
        count: usize,
    ) -> Result<(), Error> {
        match extent.counted_by() {
            Some(_) => self.count_in_part(layout, start, group, count),
            None => Ok(()),
        }
    }

    /// Writes the sign of a number into the field of a flattened part that holds it. `sign` is the index of that field.
    ///
    /// # Errors
    /// If the number is larger than an `i128`.
    pub fn sign_beside<T: Amount>(
        &mut self,
        layout: &Layout,
        start: usize,
        sign: usize,
        number: &T,
        rule: &NumberRule,
    ) -> Result<(), Error> {
        let (field, sign_of) = sign_at(layout, sign)?;
        let at = self.placed(layout, start).offset_of(sign)?;
        let Some(units) = number.units(rule) else {
            let fault = Fault::Overflow { holder: "a number of 38 digits" };
            return Err(Error::in_field(Culprit::Caller, fault, field).at_bytes(at..at.saturating_add(1), None));
        };
        self.byte_at(at, sign_of.byte_of(units));
        Ok(())
    }

    /// Fills in the fields of a flattened part that are computed from items outside of it. The layout was written to its end.
    ///
    /// # Errors
    /// If a field cannot hold its value.
    pub fn flattened_links(&mut self, of: Flattened, start: usize) -> Result<(), Error> {
        self.links_beside(of.layout, start, of.open())
    }

    /// Fills in the fields at these indices, which are computed from items of a flattened part. The layout was written to its end.
    ///
    /// # Errors
    /// If a field cannot hold its value.
    pub fn links_beside(
        &mut self,
        layout: &Layout,
        start: usize,
        indices: impl IntoIterator<Item = usize>,
    ) -> Result<(), Error> {
        let found = links_at(self.placed(layout, start), indices)?;
        found.iter().try_for_each(|link| fill(self, link))
    }

    /// A layout that began at `start` and is being written.
    fn placed<'l>(&self, layout: &'l Layout, start: usize) -> PlacedLayout<'l, '_> {
        PlacedLayout::new(layout, self.written(0), start, self.position())
    }
}
