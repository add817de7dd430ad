//! Golden telegrams: bytes that an independent program made, with the JSON of their values.

use std::path::PathBuf;

use serde_json::Value;

/// One file of `tests/golden`.
#[derive(Debug)]
pub struct Golden {
    /// The name of the spec, such as `bank-a`.
    pub spec: String,
    /// The name of the telegram or of the record file.
    pub telegram: String,
    /// The fields as JSON; an array of records for a record file.
    pub fields: Value,
    /// The bytes on the wire.
    pub bytes: Vec<u8>,
}

impl Golden {
    /// Loads the golden file with this name (without the file extension).
    ///
    /// # Panics
    /// If the file does not exist or is not a valid golden file.
    #[must_use]
    #[allow(clippy::expect_used, reason = "for tests")]
    pub fn load(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name).with_extension("json");
        let text = std::fs::read_to_string(&path).expect("a golden file");
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let text = |key: &str| json.get(key).and_then(Value::as_str).expect(key).to_owned();
        Self {
            spec: text("spec"),
            telegram: text("telegram"),
            bytes: from_hex(&text("hex")).expect("hex"),
            fields: json.get("fields").expect("fields").clone(),
        }
    }

    /// The names of all golden files of a spec.
    ///
    /// # Panics
    /// If the folder cannot be read.
    #[must_use]
    #[allow(clippy::expect_used, reason = "for tests")]
    pub fn names(spec: &str) -> Vec<String> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder")
            .filter_map(|entry| entry.expect("an entry").path().file_stem()?.to_str().map(str::to_owned))
            .filter(|name| name.strip_prefix(spec).is_some_and(|rest| rest.starts_with('-')))
            .collect();
        names.sort();
        names
    }
}

/// Converts bytes to hex digits, in lower case.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Converts hex digits to bytes.
#[must_use]
pub fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| Some(digit(*high)? * 16 + digit(*low)?)).collect())?
}
