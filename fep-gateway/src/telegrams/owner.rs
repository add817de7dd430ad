//! The gateway that an answer names: the field in which requests have the mark of their gateway, and the marks of all gateways.

use std::ops::Range;

use fep_codec::layout::{Field, Layout};
use fep_protocol::coordination::KeyOwner;
use serde_json::Value as Json;

use super::{Role, TelegramCatalogue, fill};
use crate::config::{Filling, InstitutionConfig};

/// The field of an answer that has the mark of a gateway.
#[derive(Clone, Debug)]
pub(super) struct OwnerField {
    field: Field,
    range: Range<usize>,
    /// The marks, as [`Field::key_text`] reads them, with their gateways. `Nobody` is this one.
    owners: Vec<(String, KeyOwner)>,
}

impl OwnerField {
    /// The field in this layout. `None` if it has none.
    ///
    /// # Errors
    /// If a mark does not fit the field, or two marks are the same there.
    pub(super) fn new(layout: &Layout, config: &InstitutionConfig) -> Result<Option<Self>, String> {
        let Some(marks) = &config.marks else { return Ok(None) };
        let path = config.fill.iter().find(|fill| fill.with == Filling::Instance).map(|fill| fill.path.as_str());
        let Some((path, span)) = path.and_then(|path| Some((path, layout.span(path)?))) else { return Ok(None) };
        let mut owners: Vec<(String, KeyOwner)> = Vec::new();
        for (instance, mark) in &marks.of {
            let value = fill::fixed(layout, path, &Json::from(mark.as_str()))?;
            let bytes =
                fill::encoded(layout, span.field, value).map_err(|error| format!("{}: {error}", layout.name))?;
            let text = span.field.key_text(&bytes);
            if owners.iter().any(|(other, _)| *other == text) {
                return Err(format!(
                    "{}, {path}: the mark {mark} of {instance} is another gateway's mark there",
                    layout.name
                ));
            }
            let owner = match *instance == marks.own {
                true => KeyOwner::Nobody,
                false => KeyOwner::Instance(instance.as_str().into()),
            };
            owners.push((text, owner));
        }
        Ok(Some(Self { field: span.field.clone(), range: span.range, owners }))
    }

    /// The gateway that these bytes name. `None` if that is no mark.
    pub(super) fn of(&self, bytes: &[u8]) -> Option<KeyOwner> {
        let text = self.field.key_text(bytes.get(self.range.clone())?);
        self.owners.iter().find(|(mark, _)| *mark == text).map(|(_, owner)| owner.clone())
    }
}

impl TelegramCatalogue {
    /// Checks that each answer has the field in which its request has the mark: otherwise it would not name its gateway.
    pub(super) fn marks_come_back(&self) -> Result<(), String> {
        for entry in self.entries.iter().filter(|entry| matches!(entry.role, Role::Request | Role::Duty(_))) {
            let Some(filler) = entry.fillers.iter().find(|filler| filler.is_mark()) else { continue };
            let answer = entry.answer.and_then(|answer| self.entries.get(answer));
            if let Some(answer) = answer.filter(|answer| answer.owner.is_none()) {
                return Err(format!(
                    "{} lacks the field {} of `<instance>`, so it would not say which gateway sent {}",
                    answer.name,
                    filler.path(),
                    entry.name
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(feature = "postgres")]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use fep_protocol::terms::{Now, Telegrams};

    use super::*;
    use crate::config::Config;
    use crate::telegrams::testing;

    const BANK: &str = include_str!("../../testdata/bank-a.toml");

    const NOW: Now = Now::new(Duration::ZERO, 1_795_221_015_000);

    /// The bank of the tests, for the gateway `seoul-1`, with these marks in this field.
    fn configuration(marks: &str, path: &str) -> String {
        let bank = BANK
            .replace("\"header.transaction_code\" = \"FEPTEST01\"\n", "")
            .replace("[institutions.bank-a.fill]", &format!("[institutions.bank-a.fill]\n\"{path}\" = \"<instance>\""));
        format!(
            "[journal.postgres]\nhosts = [\"db\"]\ndatabase = \"fep\"\nuser = \"fep\"\ninstance = \"seoul-1\"\n\
             [instances]\nmax = 2\nmarks = {{ {marks} }}\n{bank}"
        )
    }

    fn catalogue(text: &str, folder: &Path) -> Result<TelegramCatalogue, String> {
        let config = Config::parse("gateway.toml", text, folder).map_err(|error| error.to_string())?;
        TelegramCatalogue::new(config.institutions.values().next().unwrap())
    }

    fn with_marks(marks: &str) -> Result<TelegramCatalogue, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        catalogue(&configuration(marks, "header.transaction_code"), &root)
    }

    #[test]
    fn a_request_has_the_mark_of_its_gateway_and_an_answer_names_it() {
        let catalogue = with_marks("seoul-1 = \"S1\", busan-1 = \"부산\"").unwrap_err();
        assert!(catalogue.contains("header.transaction_code"), "the field is ASCII: {catalogue}");
        let catalogue = with_marks("seoul-1 = \"S1\", busan-1 = \"B1\"").unwrap();
        let (mut fields, _) = testing::golden("bank-a-transfer.json");
        fields["header"]["transaction_code"] = "B1".into();
        let draft = catalogue.draft("Transfer", &fields, NOW).unwrap();
        let request = catalogue.request(&draft, 7, NOW).unwrap();
        assert_eq!(request.bytes[4..13], *b"S1       ", "a caller does not choose it");
        let named = |mark: &[u8; 9]| {
            let mut answer = request.bytes.to_vec();
            answer[4..13].copy_from_slice(mark);
            catalogue.named_owner("TransferAnswer", &answer)
        };
        assert_eq!(named(b"B1       "), Some(KeyOwner::Instance("busan-1".into())));
        assert_eq!(named(b"S1       "), Some(KeyOwner::Nobody));
        assert_eq!((named(b"B10      "), named(b"         "), named(b" B1      ")), (None, None, None));
        assert_eq!(catalogue.named_owner("TransferAnswer", &request.bytes[..12]), None);
        assert_eq!(catalogue.named_owner("DepositNotice", &request.bytes), None);
    }

    #[test]
    fn a_mark_that_does_not_fit_or_does_not_come_back_is_told() {
        let told = with_marks("seoul-1 = \"S1\", busan-1 = \"TOO-LONG-MARK\"").unwrap_err();
        assert!(told.contains("header.transaction_code") && told.contains("13"), "{told}");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let numbers = configuration("seoul-1 = \"1\", busan-1 = \"01\"", "amount");
        let told = catalogue(&numbers, &root).unwrap_err();
        assert!(told.contains("amount: the mark 1 of seoul-1 is another gateway's mark there"), "{told}");
        let folder = tempfile::tempdir().unwrap();
        let spec = "spec = \"bank-c\"\ntitle = \"C\"\nversion = \"1\"\nsource = \"a test\"\ncharset = \"euc-kr\"\n\
            [telegrams.Ask]\nwhen = { kind = \"A\" }\nanswer = \"Reply\"\nitems = [\n\
            { name = \"kind\", kind = \"text\", len = 1 }, { name = \"number\", kind = \"number\", len = 6 },\n\
            { name = \"who\", kind = \"text\", len = 2 } ]\n\
            [telegrams.Reply]\nwhen = { kind = \"R\" }\nitems = [\n\
            { name = \"kind\", kind = \"text\", len = 1 }, { name = \"number\", kind = \"number\", len = 6 } ]\n";
        std::fs::write(folder.path().join("bank-c.toml"), spec).unwrap();
        let bank = "[institutions.bank-c]\nspec = \"bank-c.toml\"\nkey = [\"number\"]\ntrace = \"number\"\nfill = { who = \"<instance>\" }\n\
            [[institutions.bank-c.lines]]\nname = \"main\"\nconnect = \"127.0.0.1:9\"\n";
        let text = configuration("seoul-1 = \"S1\"", "who");
        let head = text.split("# The configuration").next().unwrap();
        let told = catalogue(&format!("{head}{bank}"), folder.path()).unwrap_err();
        assert_eq!(told, "Reply lacks the field who of `<instance>`, so it would not say which gateway sent Ask");
        let told = catalogue(bank, folder.path()).unwrap_err();
        assert!(told.contains("`<instance>` needs marks") && told.contains("add [instances.marks]"), "{told}");
    }
}
