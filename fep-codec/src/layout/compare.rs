//! The difference between two layouts, to report when a struct and a spec do not have the same version.

use alloc::format;
use alloc::string::String;

use super::{Choice, Field, Group, Item, Layout};

impl Layout {
    /// The first difference from another layout, in wire order, as one line: `header.trace_no: its length is 6, not 7`. `None` if
    /// they are equal.
    ///
    /// ```
    /// # #[cfg(feature = "derive")] {
    /// use fep_codec::{Layout, Telegram};
    ///
    /// #[derive(Telegram)]
    /// struct Fee {
    ///     #[field(len = 5)]
    ///     amount: u32,
    /// }
    ///
    /// let mut sheet: Layout = Fee::LAYOUT.clone();
    /// assert_eq!(Fee::LAYOUT.difference(&sheet), None);
    /// sheet.name = "Charge".into();
    /// assert_eq!(Fee::LAYOUT.difference(&sheet).as_deref(), Some("its name is \"Fee\", not \"Charge\""));
    /// # }
    /// ```
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        difference(self, other, "")
    }
}

fn difference(one: &Layout, other: &Layout, within: &str) -> Option<String> {
    if one == other {
        return None;
    }
    let named = |item: &Item| match item {
        Item::Field(field) if field.name.is_empty() => within.trim_end_matches('.').into(),
        _ => format!("{within}{}", item.name().unwrap_or("(filler)")),
    };
    for (own, their) in one.items().iter().zip(other.items()) {
        if own != their {
            let path = named(own);
            return Some(item(own, their, &path));
        }
    }
    let more = |layout: &Layout, count: usize| layout.items().get(count).map(named);
    let of_layout = [
        aspect("name", &one.name, &other.name),
        aspect("label", &one.label, &other.label),
        aspect("charset", &one.charset, &other.charset),
        aspect("stated length", &one.stated_len, &other.stated_len),
        aspect("conditions", &one.when, &other.when),
        more(one, other.items().len()).map(|path| format!("{path} is there, and nothing should be")),
        more(other, one.items().len()).map(|path| format!("{path} is missing")),
    ];
    let found = of_layout.into_iter().flatten().next()?;
    Some(match within.strip_suffix('.') {
        Some(path) => format!("{path}: {found}"),
        None => found,
    })
}

fn item(one: &Item, other: &Item, path: &str) -> String {
    let found = match (one, other) {
        (Item::Field(own), Item::Field(their)) | (Item::Tail(own), Item::Tail(their)) => field(own, their),
        (Item::Part(own), Item::Part(their)) if own.name == their.name => {
            return difference(&own.layout, &their.layout, &format!("{path}.")).unwrap_or_default();
        }
        (Item::Group(own), Item::Group(their)) => match group(own, their) {
            None => return difference(&own.layout, &their.layout, &format!("{path}.")).unwrap_or_default(),
            found => found,
        },
        (Item::Choice(own), Item::Choice(their)) => match choice(own, their) {
            None => {
                let cases = own.cases().iter().zip(their.cases());
                let mut inner = cases.map(|(own, their)| difference(&own.layout, &their.layout, &format!("{path}.")));
                return inner.find_map(|found| found).unwrap_or_default();
            }
            found => found,
        },
        _ => None,
    };
    let found = found.unwrap_or_else(|| format!("it is {one:?}, not {other:?}"));
    format!("{path}: {found}")
}

fn field(one: &Field, other: &Field) -> Option<String> {
    aspect("name", &one.name, &other.name)
        .or_else(|| aspect("length", &one.len, &other.len))
        .or_else(|| aspect("kind", &one.kind, &other.kind))
        .or_else(|| aspect("label", &one.label, &other.label))
        .or_else(|| aspect("`secret`", &one.secret, &other.secret))
        .or_else(|| aspect("computation", &one.computed, &other.computed))
}

fn group(one: &Group, other: &Group) -> Option<String> {
    aspect("name", &one.name, &other.name)
        .or_else(|| aspect("repetition", &one.repeat, &other.repeat))
        .or_else(|| aspect("label", &one.label, &other.label))
        .or_else(|| aspect("page", &one.page, &other.page))
}

fn choice(one: &Choice, other: &Choice) -> Option<String> {
    let codes = |choice: &Choice| choice.cases().iter().map(|case| format!("{:?}", case.codes)).collect::<String>();
    aspect("name", &one.name, &other.name)
        .or_else(|| aspect("code", &one.by, &other.by))
        .or_else(|| aspect("label", &one.label, &other.label))
        .or_else(|| aspect("list of codes", &codes(one), &codes(other)))
}

fn aspect<T: PartialEq + core::fmt::Debug>(what: &str, one: &T, other: &T) -> Option<String> {
    (one != other).then(|| format!("its {what} is {one:?}, not {other:?}"))
}
