//! Values by path: `body.items[3].amount`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use fep_core::likeness;

use super::{Record, Value};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{DateForm, Field, Item, Kind, Layout, Repeat};

impl Value {
    /// The value of an array: a group whose entries are plain fields.
    ///
    /// ```
    /// # #[cfg(feature = "derive")] {
    /// use fep_codec::{Record, Telegram, Value};
    ///
    /// #[derive(Telegram)]
    /// struct Rates {
    ///     #[field(group, len = 2)]
    ///     rates: [u8; 3],
    /// }
    ///
    /// let mut record = Record::new(Rates::LAYOUT);
    /// record.set("rates", Value::array([1, 2, 3]))?;
    /// record.set("rates[1]", 20)?;
    /// assert_eq!(record.encode()?, b"012003");
    /// assert_eq!(record.get("rates[2]"), Some(&Value::Number(3)));
    /// # }
    /// # Ok::<(), fep_codec::Error>(())
    /// ```
    #[must_use]
    pub fn array<T: Into<Self>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::Group(values.into_iter().map(|value| Vec::from([value.into()])).collect())
    }
}

/// The items of a layout without values. Parts contain the items of their layout, groups of varying size are empty, and choices
/// have no case.
pub(crate) fn absent(layout: &Layout) -> Vec<Value> {
    layout
        .items()
        .iter()
        .map(|item| match item {
            Item::Part(part) => Value::Part(absent(&part.layout)),
            Item::Group(group) => match group.repeat {
                Repeat::Fixed(count) => Value::Group((0..count).map(|_| absent(&group.layout)).collect()),
                Repeat::Counted { .. } | Repeat::Padded { .. } | Repeat::Rest { .. } => Value::Group(Vec::new()),
            },
            Item::Field(_) | Item::Tail(_) | Item::Literal(_) | Item::Filler(_) | Item::Choice(_) => Value::Absent,
        })
        .collect()
}

/// A path through parts that was looked up once, for a field that is read or set in many records of one layout.
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::record::Path;
/// use fep_codec::{Record, Telegram, Value};
///
/// #[derive(Telegram)]
/// struct Pair {
///     #[field(len = 3)]
///     first: u16,
///     #[field(len = 3)]
///     second: u16,
/// }
///
/// let second = Path::new(Pair::LAYOUT, "second").unwrap();
/// let mut record = Record::new(Pair::LAYOUT);
/// record.set_at(&second, 7)?;
/// assert_eq!(record.get_at(&second), Some(&Value::Number(7)));
/// # }
/// # Ok::<(), fep_codec::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    text: String,
    /// The index of each item in its layout. The name is compared again, so that no other layout is misread.
    steps: Vec<(String, usize)>,
}

impl Path {
    /// Looks a path up. Returns `None` if the layout has no item there, or only within a group or a choice.
    #[must_use]
    pub fn new(layout: &Layout, path: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut within = Some(layout);
        for name in path.split('.') {
            let (at, item) = within?.item(name)?;
            within = if let Item::Part(part) = item { Some(&part.layout) } else { None };
            steps.push((String::from(name), at));
        }
        Some(Self { text: String::from(path), steps })
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// `items[3]` → `items`, 3.
pub(crate) fn split_index(segment: &str) -> Option<(&str, Option<usize>)> {
    if !segment.ends_with(']') {
        return Some((segment, None));
    }
    match segment.split_once('[') {
        None => Some((segment, None)),
        Some((name, index)) => Some((name, Some(index.strip_suffix(']')?.parse().ok()?))),
    }
}

impl<'l> Record<'l> {
    /// The value at a path, or `None` if the record has no item there. A value that is not given is [`Value::Absent`].
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        self.find(path).map(|(_, value)| value)
    }

    /// The field at a path and its value.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<(&'l Field, &Value)> {
        match self.find(path)? {
            (Item::Field(field) | Item::Tail(field), value) => Some((field, value)),
            _ => None,
        }
    }

    fn find(&self, path: &str) -> Option<(&'l Item, &Value)> {
        let mut layout = self.layout;
        let mut values = self.values.as_slice();
        let mut segments = path.split('.').peekable();
        loop {
            let (name, index) = split_index(segments.next()?)?;
            let (at, item) = layout.item(name)?;
            let value = values.get(at)?;
            (layout, values) = match (item, value, index) {
                (_, _, None) if segments.peek().is_none() => return Some((item, value)),
                (Item::Part(part), Value::Part(inner), None) => (&*part.layout, inner.as_slice()),
                (Item::Group(group), Value::Group(entries), Some(index)) => {
                    let entry = entries.get(index)?.as_slice();
                    if segments.peek().is_none() {
                        group.layout.array_field()?;
                        return Some((group.layout.items().first()?, entry.first()?));
                    }
                    (&*group.layout, entry)
                }
                (Item::Choice(choice), Value::Choice(case, inner), None) => {
                    (&*choice.cases().get(*case)?.layout, inner.as_slice())
                }
                _ => return None,
            };
        }
    }

    pub(crate) fn find_mut(&mut self, path: &str) -> Option<(&'l Item, &mut Value)> {
        let mut layout = self.layout;
        let mut values = self.values.as_mut_slice();
        let mut segments = path.split('.').peekable();
        loop {
            let (name, index) = split_index(segments.next()?)?;
            let (at, item) = layout.item(name)?;
            let value = values.get_mut(at)?;
            if index.is_none() && segments.peek().is_none() {
                return Some((item, value));
            }
            (layout, values) = match (item, value, index) {
                (Item::Part(part), Value::Part(inner), None) => (&*part.layout, inner.as_mut_slice()),
                (Item::Group(group), Value::Group(entries), Some(index)) => {
                    let entry = entries.get_mut(index)?.as_mut_slice();
                    if segments.peek().is_none() {
                        group.layout.array_field()?;
                        return Some((group.layout.items().first()?, entry.first_mut()?));
                    }
                    (&*group.layout, entry)
                }
                (Item::Choice(choice), Value::Choice(case, inner), None) => {
                    (&*choice.cases().get(*case)?.layout, inner.as_mut_slice())
                }
                _ => return None,
            };
        }
    }

    /// Sets the value at a path. It must be of the field's kind: text for a text field, a number in its
    /// smallest unit for a number. A plain `&str`, `u32` or [`Date`](crate::Date) converts by itself. Encoding the record checks whether the value fits.
    ///
    /// [`Value::Absent`] removes a value, and [`Value::None`] states that there is no value. A whole part or group takes the value
    /// that [`Record::get`] returns for a part or group with the same layout.
    ///
    /// # Errors
    /// If the layout has no item there (the error suggests a similar name), if the group has no such entry, or if the value is of
    /// another kind. Then the record is unchanged.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) -> Result<(), Error> {
        let value = value.into();
        let layout = self.layout;
        let Some((item, place)) = self.find_mut(path) else { return Err(unknown(layout, path)) };
        check_kind(item, &value).map_err(|fault| in_item(fault, item, path))?;
        *place = value;
        Ok(())
    }

    /// As [`Record::get`] with a path that was looked up in the layout of this record. With the path of another layout, it finds what
    /// has the same names at the same positions.
    #[must_use]
    pub fn get_at(&self, path: &Path) -> Option<&Value> {
        let (last, parents) = path.steps.split_last()?;
        let mut layout = self.layout;
        let mut values = self.values.as_slice();
        for step in parents {
            let (Item::Part(part), Value::Part(inner)) = (step_to(layout, step)?, values.get(step.1)?) else {
                return None;
            };
            (layout, values) = (&*part.layout, inner.as_slice());
        }
        step_to(layout, last)?;
        values.get(last.1)
    }

    /// As [`Record::set`] with a path that was looked up in the layout of this record.
    ///
    /// # Errors
    /// As [`Record::set`]. The path of another layout leads to no item here, unless the same names are at the same positions.
    pub fn set_at(&mut self, path: &Path, value: impl Into<Value>) -> Result<(), Error> {
        let value = value.into();
        let layout = self.layout;
        let Some((item, place)) = self.find_at(path) else { return Err(unknown(layout, &path.text)) };
        check_kind(item, &value).map_err(|fault| in_item(fault, item, &path.text))?;
        *place = value;
        Ok(())
    }

    fn find_at(&mut self, path: &Path) -> Option<(&'l Item, &mut Value)> {
        let (last, parents) = path.steps.split_last()?;
        let mut layout = self.layout;
        let mut values = self.values.as_mut_slice();
        for step in parents {
            let (Item::Part(part), Value::Part(inner)) = (step_to(layout, step)?, values.get_mut(step.1)?) else {
                return None;
            };
            (layout, values) = (&*part.layout, inner.as_mut_slice());
        }
        Some((step_to(layout, last)?, values.get_mut(last.1)?))
    }

    /// Selects the case with this name for the choice at a path. The case has no values yet.
    ///
    /// # Errors
    /// If there is no choice, or no such case.
    pub fn choose(&mut self, path: &str, case: &str) -> Result<(), Error> {
        if let Some((Item::Choice(choice), value)) = self.find_mut(path)
            && let Some((number, case)) = choice.cases().iter().enumerate().find(|(_, known)| known.layout.name == case)
        {
            *value = Value::Choice(number, absent(&case.layout));
            return Ok(());
        }
        Err(unknown(self.layout, path))
    }

    /// Adds an entry without values to the group at a path. Encoding the record checks whether there are too many entries.
    ///
    /// # Errors
    /// If there is no group.
    pub fn push_entry(&mut self, path: &str) -> Result<(), Error> {
        let layout = self.layout;
        match self.find_mut(path) {
            Some((Item::Group(group), Value::Group(entries))) => {
                entries.push(absent(&group.layout));
                Ok(())
            }
            Some((item, _)) => Err(in_item(Fault::WrongType { expected: "a group", found: noun(item) }, item, path)),
            None => Err(unknown(layout, path)),
        }
    }
}

/// The item of a step, if the layout has it there.
fn step_to<'l>(layout: &'l Layout, (name, at): &(String, usize)) -> Option<&'l Item> {
    layout.items().get(*at).filter(|item| item.name() == Some(name))
}

/// Whether the item can hold such a value.
fn check_kind(item: &Item, value: &Value) -> Result<(), Fault> {
    let fits = match (item, value) {
        (_, Value::Absent) => !matches!(item, Item::Part(_) | Item::Group(_)),
        (Item::Field(field) | Item::Tail(field), value) => field.kind.holds(value),
        (Item::Part(part), Value::Part(values)) => fit(&part.layout, values),
        (Item::Group(group), Value::Group(entries)) => entries.iter().all(|values| fit(&group.layout, values)),
        (Item::Choice(choice), Value::Choice(case, values)) => {
            choice.cases().get(*case).is_some_and(|case| fit(&case.layout, values))
        }
        (Item::Filler(filler), Value::Bytes(bytes)) => filler.any && bytes.len() == filler.len,
        (Item::Literal(literal), Value::Bytes(bytes)) => {
            return if *bytes == *literal.bytes { Ok(()) } else { Err(Fault::NotTheLiteral) };
        }
        _ => false,
    };
    if fits { Ok(()) } else { Err(Fault::WrongType { expected: noun(item), found: value.kind_name() }) }
}

/// Whether these can be the values of all items of a layout.
fn fit(layout: &Layout, values: &[Value]) -> bool {
    let items = layout.items();
    items.len() == values.len() && items.iter().zip(values).all(|(item, value)| check_kind(item, value).is_ok())
}

impl Kind {
    /// Whether a field of this kind can hold such a value. The rule decides whether [`Value::None`] can be written.
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Text(_) | Self::Digits(_) | Self::Code(_) => matches!(value, Value::Text(_)),
            Self::Number(_) => matches!(value, Value::Number(_) | Value::None),
            Self::Date(rule) => match rule.pattern.form() {
                DateForm::Day => matches!(value, Value::Date(_) | Value::None),
                DateForm::YearMonth => matches!(value, Value::YearMonth(_) | Value::None),
                DateForm::MonthDay => matches!(value, Value::MonthDay(_) | Value::None),
            },
            Self::Time(_) => matches!(value, Value::Time(_) | Value::None),
            Self::DateTime(rule) if !rule.pattern.has_year() => {
                matches!(value, Value::MonthDayTime(_) | Value::None)
            }
            Self::DateTime(_) => matches!(value, Value::DateTime(_) | Value::None),
            Self::Flag(_) => matches!(value, Value::Flag(_)),
            Self::Bytes(_) => matches!(value, Value::Bytes(_)),
        }
    }
}

/// The content that an item can have, as a phrase for messages.
fn noun(item: &Item) -> &'static str {
    match item {
        Item::Field(field) | Item::Tail(field) => field.kind.value_name(),
        Item::Literal(_) => "the literal's bytes",
        Item::Filler(_) => "nothing",
        Item::Part(_) => "a part with values for all its items",
        Item::Group(group) if group.layout.array_field().is_some() => "an array with a value for each entry",
        Item::Group(_) => "a group whose entries have values for all their items",
        Item::Choice(_) => "a case of the choice with values for all its items",
    }
}

/// An error at an item, with the path that the caller gave.
#[cold]
pub(crate) fn in_item(fault: Fault, item: &Item, path: &str) -> Error {
    match item {
        Item::Field(field) | Item::Tail(field) => within_parents(Error::in_field(Culprit::Caller, fault, field), path),
        _ => Error::new(Culprit::Caller, fault).within(path),
    }
}

/// Puts all names but the last in front of the error's path. The error of an array's entry has no name of its own.
pub(crate) fn within_parents(error: Error, path: &str) -> Error {
    if error.path().is_empty() {
        return error.within(path);
    }
    match path.rsplit_once('.') {
        Some((parents, _)) => error.within(parents),
        None => error,
    }
}

/// The error of a path that leads to no item. It suggests an item with a similar name.
#[cold]
pub(crate) fn unknown(layout: &Layout, path: &str) -> Error {
    let mut layout = layout;
    let mut known = String::new();
    for segment in path.split('.') {
        let (name, index) = split_index(segment).unwrap_or((segment, None));
        let Some((_, item)) = layout.item(name) else {
            let nearest = nearest(layout, name).map(|name| format!("{known}{name}").into());
            return Error::new(Culprit::Caller, Fault::UnknownField { nearest }).within(path);
        };
        layout = match (item, index) {
            (Item::Part(part), None) => &part.layout,
            (Item::Group(group), Some(_)) => &group.layout,
            (Item::Group(_), None) => {
                let nearest = Some(format!("{known}{name}[0]").into());
                return Error::new(Culprit::Caller, Fault::UnknownField { nearest }).within(path);
            }
            _ => break,
        };
        known.push_str(segment);
        known.push('.');
    }
    Error::new(Culprit::Caller, Fault::UnknownField { nearest: None }).within(path)
}

/// The item name that is most similar to `name`, if any is similar enough.
pub(crate) fn nearest<'l>(layout: &'l Layout, name: &str) -> Option<&'l str> {
    likeness::nearest(name, layout.items().iter().filter_map(Item::name))
}
