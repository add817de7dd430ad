//! [`Page`]: what a sheet shows of a spec, as plain data in the order of the page.

use fep_codec::layout::CodeMeaning;

use super::explained::Explained;
use super::words::Text;

/// The page of one spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The name of the spec, which is also the name of its file: `bank-a`.
    pub name: String,
    /// The sheet's title.
    pub title: String,
    /// The sheet's version.
    pub version: String,
    /// Where the sheet comes from.
    pub source: String,
    /// The label of the charset.
    pub charset: String,
    /// The hash of the spec file, which generated code carries too.
    pub hash: u64,
    /// The rules of a field that states none, for a reader of the tables.
    pub reading: Vec<Text>,
    /// The telegrams, in the order of the spec.
    pub telegrams: Vec<TelegramPage>,
    /// The parts that stand in several places. A part that stands in one place is shown there.
    pub parts: Vec<PartPage>,
    /// The record files.
    pub files: Vec<FilePage>,
    /// The lists of codes that fields use.
    pub codes: Vec<CodeListPage>,
    /// The sheet's own letters for kinds.
    pub letters: Vec<LetterPage>,
    /// Samples of the telegrams. [`Page::of`] has none.
    pub samples: Vec<Explained>,
}

/// One telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelegramPage {
    /// The name in the spec.
    pub name: String,
    /// The name on the sheet. Empty if there is none.
    pub label: String,
    /// The length in bytes, or `None` if it varies.
    pub len: Option<usize>,
    /// The shortest and the longest length in bytes.
    pub limits: (usize, usize),
    /// The telegram that answers this one.
    pub answer: Option<String>,
    /// The telegrams that this one answers.
    pub answers: Vec<String>,
    /// The conditions by which it is recognised: the path, the label of the field, the value.
    pub when: Vec<Condition>,
    /// The telegram whose items this one shares. Then the items are shown there, and `rows` is empty.
    pub like: Option<String>,
    /// A remark.
    pub remark: String,
    /// Whether it is a record of a file.
    pub is_record: bool,
    /// The items.
    pub rows: Vec<Row>,
}

/// One condition of a telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The path of the field.
    pub path: String,
    /// The name of the field on the sheet. Empty if there is none.
    pub label: String,
    /// The value, without padding.
    pub value: String,
}

/// A part that stands in several places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartPage {
    /// The name in the spec.
    pub name: String,
    /// The name on the sheet. Empty if there is none.
    pub label: String,
    /// The length in bytes, or `None` if it varies.
    pub len: Option<usize>,
    /// The telegrams and parts that contain it.
    pub used_in: Vec<Anchor>,
    /// Its items. Offsets count from the start of the part.
    pub rows: Vec<Row>,
}

/// One item of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The number in its table: `3`, or `7.2` within a group.
    pub number: String,
    /// The name on the sheet. Empty if there is none.
    pub label: String,
    /// The path from the telegram or part. `None` for a filler and for a literal without a name.
    pub path: Option<String>,
    /// The sheet's letter.
    pub letter: Option<String>,
    /// The word of the kind, as in `fep layout`: `text`. A part is `part`.
    pub kind: &'static str,
    /// The kind for people.
    pub kind_text: Text,
    /// The offset from 0, or `None` behind an item whose length varies.
    pub offset: Option<usize>,
    /// The length in bytes; of a group that of one entry; of a tail the maximum.
    pub len: Option<usize>,
    /// How often it repeats.
    pub times: Option<Times>,
    /// Whether the value is as long as it is.
    pub is_tail: bool,
    /// Whether its value is never shown.
    pub secret: bool,
    /// Whether the encoder fills it in.
    pub computed: bool,
    /// What a value must be like.
    pub facts: Vec<Text>,
    /// The codes of a code field.
    pub codes: Vec<CodeMeaning>,
    /// The list of these codes.
    pub code_list: Option<String>,
    /// A remark.
    pub remark: String,
    /// The shared part that the item is or that is its entry. It is shown in a section of its own.
    pub part: Option<String>,
    /// The items of an entry, or of a part that stands here only.
    pub rows: Vec<Self>,
    /// The cases of a choice.
    pub cases: Vec<CasePage>,
}

/// How often a group repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The maximum number of entries.
    pub max: usize,
    /// Whether the number of entries on the wire varies.
    pub varies: bool,
}

/// One case of a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CasePage {
    /// Its number: `5-1`.
    pub number: String,
    /// The name in the spec.
    pub name: String,
    /// The name on the sheet. Empty if there is none.
    pub label: String,
    /// The codes that select it. Empty for all other codes.
    pub codes: Vec<String>,
    /// The length in bytes, or `None` if it varies.
    pub len: Option<usize>,
    /// The offset from 0, or `None` behind an item whose length varies.
    pub offset: Option<usize>,
    /// The shared part that it is, which is shown in a section of its own.
    pub part: Option<String>,
    /// Its items, if it is no shared part.
    pub rows: Vec<Row>,
}

/// A section of the page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// A telegram.
    Telegram(String),
    /// A shared part.
    Part(String),
    /// A list of codes.
    Codes(String),
    /// A record file.
    File(String),
}

/// A list of codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeListPage {
    /// The name in the spec.
    pub name: String,
    /// The name on the sheet. Empty if there is none.
    pub label: String,
    /// Whether codes that are not on the list are kept.
    pub open: bool,
    /// The codes, each with its name in generated code.
    pub codes: Vec<(CodeMeaning, Option<String>)>,
}

/// A letter of the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterPage {
    /// The letter: `AN`.
    pub name: String,
    /// The kind.
    pub kind: Text,
    /// A remark.
    pub remark: String,
}

/// A record file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePage {
    /// The name in the spec.
    pub name: String,
    /// The name on the sheet. Empty if there is none.
    pub label: String,
    /// What holds for the whole file: record length, line ends, blocks.
    pub facts: Vec<Text>,
    /// The records in their order.
    pub records: Vec<RecordRow>,
    /// The fields that are totals.
    pub totals: Vec<(String, Text)>,
    /// The fields that number the records.
    pub serials: Vec<(String, Text)>,
}

/// The records at one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// How many groups of records it stands in.
    pub depth: usize,
    /// The telegram, or `None` for records that repeat together.
    pub telegram: Option<String>,
    /// The name of the telegram on the sheet. Empty if there is none.
    pub label: String,
    /// How often: `1`, `0 … n`.
    pub times: Text,
    /// Whether the file ends behind it.
    pub is_last: bool,
}

impl Page {
    /// A page without anything, for an index.
    pub(super) const fn empty() -> Self {
        Self {
            name: String::new(),
            title: String::new(),
            version: String::new(),
            source: String::new(),
            charset: String::new(),
            hash: 0,
            reading: Vec::new(),
            telegrams: Vec::new(),
            parts: Vec::new(),
            files: Vec::new(),
            codes: Vec::new(),
            letters: Vec::new(),
            samples: Vec::new(),
        }
    }
}

impl Anchor {
    /// The name of the section, unique on its page: `t-Transfer`.
    #[must_use]
    pub fn id(&self) -> String {
        let (letter, name) = match self {
            Self::Telegram(name) => ('t', name),
            Self::Part(name) => ('p', name),
            Self::Codes(name) => ('c', name),
            Self::File(name) => ('f', name),
        };
        format!("{letter}-{name}")
    }

    /// The name in the spec.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Telegram(name) | Self::Part(name) | Self::Codes(name) | Self::File(name) => name,
        }
    }
}

impl Row {
    /// The length of all bytes that it takes, or `None` if that varies.
    #[must_use]
    pub fn span(&self) -> Option<usize> {
        match (self.len, self.times) {
            (_, Some(Times { varies: true, .. })) => None,
            (Some(len), Some(Times { max, .. })) => len.checked_mul(max),
            (len, None) => len.filter(|_| !self.is_tail),
            (None, Some(_)) => None,
        }
    }

    /// All rows below this one: those of an entry or part, and those of the cases.
    pub fn below(&self) -> impl Iterator<Item = &Self> {
        self.rows.iter().chain(self.cases.iter().flat_map(|case| &case.rows))
    }
}
