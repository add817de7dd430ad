//! Serial numbers across records, checked and filled in record by record. The reader and the writer share this code.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::FileLayout;
use super::fault::FileFault;
use super::numbers::{NumberAt, layout_named, same_field};
use super::tally::Serial;
use crate::layout::Layout;

/// The running serial numbers of a file.
#[derive(Clone, Debug)]
pub(super) struct Serials<'f> {
    serials: Vec<Running<'f>>,
}

#[derive(Clone, Debug)]
struct Running<'f> {
    serial: &'f Serial,
    fields: Vec<NumberAt<'f>>,
    restart: Vec<&'f Layout>,
    last: Last,
}

/// The number before the next one.
#[derive(Clone, Copy, Debug)]
enum Last {
    /// There is none: the numbering begins.
    None,
    /// This one.
    Number(i128),
    /// It could not be read, which is a separate error. The next number is not judged.
    Unknown,
}

/// The numbers that may come next. Both ends are included; without an upper end there is no limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next {
    pub(super) least: i128,
    most: Option<i128>,
}

impl<'f> Serials<'f> {
    /// # Errors
    /// If a serial number names a record or a field that does not exist or cannot hold one, or if a field has two numberings.
    pub(super) fn new(file: &'f FileLayout, layouts: &[&'f Layout]) -> Result<Self, String> {
        let serials: Result<Vec<_>, _> =
            file.serials.iter().map(|serial| Running::new(file, serial, layouts)).collect();
        Ok(Self { serials: serials? })
    }

    /// The serial numbers of records of this layout.
    pub(super) fn fields_in(&self, layout: &Layout) -> impl Iterator<Item = &NumberAt<'f>> {
        self.serials.iter().filter_map(move |running| running.field_in(layout))
    }

    /// Whether records of this layout have serial numbers, or begin a numbering.
    #[cfg(feature = "rayon")]
    pub(super) fn are_in(&self, layout: &Layout) -> bool {
        let restarts = |running: &Running<'_>| running.restart.iter().any(|record| core::ptr::eq(*record, layout));
        self.serials.iter().any(|running| running.field_in(layout).is_some() || restarts(running))
    }

    /// Steps over a record, and returns the first of its serial numbers that is wrong. The numbering goes on from what it states.
    pub(super) fn step(&mut self, layout: &Layout, bytes: &[u8]) -> Option<FileFault> {
        let mut wrong = None;
        for running in &mut self.serials {
            let next = running.next(layout);
            running.begin_again(layout);
            let Some(at) = running.field_in(layout) else { continue };
            let stated = at.read(bytes);
            if let (Some(stated), Some(next)) = (stated, next)
                && !next.allows(stated)
            {
                wrong = wrong.or_else(|| Some(next.wrong(at, stated)));
            }
            running.last = stated.map_or(Last::Unknown, Last::Number);
        }
        wrong
    }

    /// The serial numbers of a record that would be the next one, each with the numbers that it may have.
    pub(super) fn due(&self, layout: &Layout) -> impl Iterator<Item = (&NumberAt<'f>, Option<Next>)> {
        self.serials.iter().filter_map(move |running| Some((running.field_in(layout)?, running.next(layout))))
    }
}

impl<'f> Running<'f> {
    fn new(file: &'f FileLayout, serial: &'f Serial, layouts: &[&'f Layout]) -> Result<Self, String> {
        let mut fields: Vec<NumberAt<'_>> = Vec::new();
        for field in serial.fields.iter() {
            let at = NumberAt::filled(layouts, &field.record, &field.field, "a serial number")?;
            let path = format!("{}.{}", field.record, field.field);
            if fields.iter().any(|known| known.is_in(at.layout)) {
                return Err(format!("`{path}` is the second field of `{}` in one numbering", field.record));
            }
            if at.scale() != 0 {
                return Err(format!("`{path}` has decimals, so it cannot be a serial number"));
            }
            let numberings = file.serials.iter().flat_map(|other| other.fields.iter());
            if numberings.filter(|other| *other == field).count() > 1 {
                return Err(format!("`{path}` is in two numberings"));
            }
            if file.totals.iter().any(|total| same_field((&total.record, &total.field), field)) {
                return Err(format!("`{path}` is a serial number and a total"));
            }
            let limits = [serial.from, serial.to].into_iter().flatten();
            if let Some(large) = limits.max().filter(|limit| !at.fits((*limit).into())) {
                return Err(format!("{large} does not fit into `{path}`"));
            }
            fields.push(at);
        }
        match (serial.from, serial.to) {
            _ if fields.is_empty() => return Err("a serial number has no field".into()),
            (None, Some(_)) => return Err("a numbering that has a last number needs a first one".into()),
            (Some(from), Some(to)) if to < from => return Err(format!("a numbering cannot go from {from} to {to}")),
            _ => {}
        }
        let restart: Result<_, _> = serial.restart.iter().map(|name| layout_named(layouts, name)).collect();
        Ok(Self { serial, fields, restart: restart?, last: Last::None })
    }

    fn field_in(&self, layout: &Layout) -> Option<&NumberAt<'f>> {
        self.fields.iter().find(|field| field.is_in(layout))
    }

    fn begin_again(&mut self, layout: &Layout) {
        if self.restart.iter().any(|record| core::ptr::eq(*record, layout)) {
            self.last = Last::None;
        }
    }

    /// The numbers that a record of this layout may have, or `None` for any number.
    fn next(&self, layout: &Layout) -> Option<Next> {
        let begins = self.restart.iter().any(|record| core::ptr::eq(*record, layout));
        let from = self.serial.from.map(i128::from);
        let to = self.serial.to.map(i128::from);
        let least = match self.last {
            Last::Number(_) | Last::Unknown if begins => from?,
            Last::None => from?,
            Last::Unknown => return None,
            Last::Number(last) if Some(last) == to => from?,
            Last::Number(last) => last.checked_add(1)?,
        };
        Some(Next { least, most: if self.serial.gaps { to } else { Some(least) } })
    }
}

impl Next {
    pub(super) fn allows(self, number: i128) -> bool {
        number >= self.least && self.most.is_none_or(|most| number <= most)
    }

    #[cold]
    pub(super) fn wrong(self, at: &NumberAt<'_>, stated: i128) -> FileFault {
        let least = self.least;
        let next = match self.most {
            Some(most) if most == least => format!("{least}"),
            Some(most) => format!("{least} to {most}"),
            None => format!("{least} or more"),
        };
        let record = at.layout.name.clone().into_owned();
        let field = at.path.into();
        if at.is_secret() {
            return FileFault::WrongSecretSerial { record, field };
        }
        FileFault::WrongSerial { record, field, stated, next }
    }
}
