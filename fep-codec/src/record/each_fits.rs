//! Checks the values of an unfinished record, each by itself: what is given fits its field. What is missing, and what follows from other values, is
//! checked when the record is encoded.

use alloc::vec;

use super::write::put_value;
use super::{Record, Value};
use crate::error::Error;
use crate::layout::{Item, Layout};

impl Record<'_> {
    /// Checks that each value that the record has fits its field: its kind, its length in bytes, its charset. Values may be missing.
    ///
    /// # Errors
    /// The first value that does not fit. The culprit is the caller, and the error has no byte range, because the bytes before the
    /// field are not known.
    ///
    /// ```
    /// # #[cfg(feature = "derive")] {
    /// use fep_codec::{Record, Telegram, Value};
    ///
    /// #[derive(Telegram)]
    /// #[telegram(len = 10, charset = "euc-kr")]
    /// struct Payee {
    ///     #[field(len = 6)]
    ///     name: String,
    ///     #[field(len = 4)]
    ///     amount: u16,
    /// }
    ///
    /// let mut payee = Record::new(Payee::LAYOUT);
    /// payee.set("name", Value::from("홍길동")).unwrap();
    /// assert!(payee.encode().is_err(), "the amount is missing");
    /// assert!(payee.each_fits().is_ok());
    /// payee.set("name", Value::from("홍길동님")).unwrap();
    /// let error = payee.each_fits().unwrap_err();
    /// assert_eq!((error.path(), error.range()), ("name".to_owned(), None));
    /// # }
    /// ```
    pub fn each_fits(&self) -> Result<(), Error> {
        each_fits(self.layout, &self.values)
    }
}

fn each_fits(layout: &Layout, values: &[Value]) -> Result<(), Error> {
    layout.items().iter().zip(values).try_for_each(|(item, value)| match (item, value) {
        (_, Value::Absent) => Ok(()),
        (Item::Field(field), value) => put_value(field, value, &mut vec![0; field.len]).map_err(Error::without_range),
        (Item::Part(part), Value::Part(values)) => {
            each_fits(&part.layout, values).map_err(|error| error.within(&part.name))
        }
        (Item::Group(group), Value::Group(entries)) => entries.iter().enumerate().try_for_each(|(index, entry)| {
            each_fits(&group.layout, entry).map_err(|error| error.at_entry(index).within(&group.name))
        }),
        (Item::Choice(choice), Value::Choice(case, values)) => match choice.cases().get(*case) {
            Some(case) => each_fits(&case.layout, values).map_err(|error| error.within(&choice.name)),
            None => Ok(()),
        },
        // The length of a tail and of a filler is known when the telegram is encoded, and a literal says itself what it must be.
        _ => Ok(()),
    })
}
