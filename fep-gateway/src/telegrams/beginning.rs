//! What all requests of a telegram have in common: the constants of the configuration and the codes of the telegram. It is put together
//! once, and each request begins with a copy. Values of the moment of sending are not here.

use std::collections::{BTreeMap, BTreeSet};

use fep_codec::layout::Layout;
use fep_codec::record::{Prefilled, Record};
use fep_codec::{Error, json};
use serde_json::{Map, Value as Json};

use super::fill::Filler;
use super::stamp::Stamp;

/// The values that the requests of one telegram begin with.
#[derive(Debug)]
pub(super) struct Beginning {
    prefilled: Prefilled,
    /// The constants by the first name of their path: their indexes among the fillers, and their paths.
    constants: BTreeMap<String, Vec<(usize, String)>>,
    /// The first names of the paths of the codes. `None` if a constant is another telegram's code, which each request reports.
    codes: Option<BTreeSet<String>>,
}

impl Beginning {
    /// # Errors
    /// If a constant cannot be put into its field.
    pub(super) fn new(layout: &Layout, fillers: &[Filler]) -> Result<Self, Error> {
        let mut record = Record::new(layout);
        let mut constants: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
        for (number, filler) in fillers.iter().enumerate().filter(|(_, filler)| !filler.is_open()) {
            // A constant depends on neither the number nor the time. The first of two for one field counts.
            if filler.put(&mut record, 1, Stamp::new(0, 0))? {
                constants.entry(first_name(filler.path())).or_default().push((number, filler.path().to_owned()));
            }
        }
        let mut identified = record.clone();
        let codes = identified.identify().is_ok().then(|| {
            record = identified;
            layout.when.iter().map(|when| first_name(&when.path)).collect()
        });
        Ok(Self { prefilled: Prefilled::new(&record), constants, codes })
    }

    /// A record with these fields over the constants and the codes. Also returns the constants in whose place there is a field.
    ///
    /// # Errors
    /// If these are no fields of the telegram, or they are codes of another telegram.
    pub(super) fn record(&self, fields: &Json) -> Result<(Record<'_>, Vec<usize>), Error> {
        let mut record = self.prefilled.record();
        record.put_json_value(fields)?;
        let mut given = Vec::new();
        let Some(own) = fields.as_object() else { return Ok((record, given)) };
        for (name, constants) in &self.constants {
            if own.contains_key(name) {
                given.extend(
                    constants.iter().filter(|(_, path)| json::get(own, path).is_some()).map(|(number, _)| number),
                );
            }
        }
        if self.codes.as_ref().is_none_or(|codes| has_any(own, codes)) {
            record.identify()?;
        }
        Ok((record, given))
    }
}

fn has_any(fields: &Map<String, Json>, names: &BTreeSet<String>) -> bool {
    names.iter().any(|name| fields.contains_key(name))
}

/// `header.trace_no` → `header`
fn first_name(path: &str) -> String {
    path.split('.').next().unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use fep_codec::layout::{Field, Item, Kind, TextRule, When};
    use fep_codec::{Charset, Value};
    use serde_json::json;

    use super::*;
    use crate::config::Filling;

    fn layout() -> Layout {
        let text = |name: &'static str| {
            let kind = Kind::Text(TextRule::new(Charset::Ascii));
            Item::Field(Field { name: name.into(), label: "".into(), len: 2, kind, secret: false, computed: None })
        };
        let when = vec![When { path: "code".into(), value: "T1".into() }];
        let items = vec![text("code"), text("bank"), text("memo")];
        Layout {
            name: "Pay".into(),
            label: "".into(),
            charset: Charset::Ascii,
            stated_len: None,
            when: when.into(),
            items: items.into(),
        }
    }

    /// The bytes of a request with these fields and the constants in whose place there is a field, or the error.
    fn check(constants: &[(&str, &str)], fields: &Json, expected: Result<(&str, &[usize]), &str>) {
        let layout = layout();
        let filler = |(path, value): &(&str, &str)| {
            Filler::new(&layout, path, &Filling::Fixed(Json::from(*value)), "").unwrap().unwrap()
        };
        let fillers: Vec<_> = constants.iter().map(filler).collect();
        let beginning = Beginning::new(&layout, &fillers).unwrap();
        let made = beginning.record(fields).map(|(record, given)| {
            assert!(record.get("code") != Some(&Value::Absent));
            (String::from_utf8(record.encode().unwrap()).unwrap(), given)
        });
        match (made, expected) {
            (Ok((text, given)), Ok(expected)) => assert_eq!((text.as_str(), &*given), expected, "{fields}"),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (made, expected) => panic!("{fields}: {made:?} in place of {expected:?}"),
        }
    }

    #[test]
    fn the_fields_of_a_service_are_put_over_the_constants() {
        let bank: &[(&str, &str)] = &[("bank", "09")];
        check(bank, &json!({ "memo": "a" }), Ok(("T109a ", &[])));
        check(bank, &json!({ "memo": "a", "bank": "11" }), Ok(("T111a ", &[0])));
        check(bank, &json!({ "memo": "a", "code": "T1" }), Ok(("T109a ", &[])));
        check(bank, &json!({ "memo": "a", "bnak": "11" }), Err("bank"));
        check(bank, &json!({ "memo": 1, "bnak": "11" }), Err("bnak"));
        check(bank, &json!([]), Err("an object of fields"));
    }

    /// Each request says so, because the service may have named the code itself.
    #[test]
    fn the_code_of_another_telegram_is_refused() {
        check(&[("bank", "09")], &json!({ "memo": "a", "code": "T2" }), Err("T2"));
        check(&[("code", "T2"), ("bank", "09")], &json!({ "memo": "a" }), Err("T2"));
        check(&[("code", "T2"), ("bank", "09")], &json!({ "memo": "a", "code": "T1" }), Ok(("T109a ", &[0])));
    }
}
