//! [`Spec`]: what a spec file says, ready for use.
//!
//! The bytes are in `fep_codec`'s [`Layout`]s; around them stands what a codec does not need and documents, generated code
//! and the gateway do: which telegram answers which, remarks, the names of codes, record files. Reading a file is the
//! business of [`crate::lower`] and [`crate::load`].

use std::borrow::Cow;
use std::fmt;

use fep_codec::files::{Blocks, FileLayout, Lenient, LineEnd, Stands, Step, Total};
use fep_codec::layout::{CodeMeaning, Item};
use fep_codec::{Charset, Error, Layout};

/// One spec file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Its short name: `bank-a`.
    pub name: String,
    /// The sheet's title.
    pub title: String,
    /// The sheet's version, a date as a rule.
    pub version: String,
    /// Where the sheet comes from.
    pub source: String,
    /// The charset of text that states none of its own.
    pub charset: Charset,
    /// FNV-1a of the file's lines: generated code carries it, so that it can be told from which text it was made.
    pub hash: u64,
    /// The sheet's own letters for kinds.
    pub types: Vec<TypeSpec>,
    /// The lists of codes, those written at a field included.
    pub codes: Vec<CodeList>,
    /// The layouts that telegrams share.
    pub parts: Vec<PartSpec>,
    /// The telegrams, in the order of the file.
    pub telegrams: Vec<TelegramSpec>,
    /// The record files.
    pub files: Vec<FileSpec>,
}

/// A letter of the sheet and the kind that it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeSpec {
    /// The letter: `AN`.
    pub name: String,
    /// The name of the kind: `text`.
    pub kind: &'static str,
    /// For documents.
    pub remark: String,
}

/// A list of codes with meanings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeList {
    /// The name, which is also the name of the generated enum: `TradeKind`.
    pub name: String,
    /// The name on the sheet: `거래구분`.
    pub label: String,
    /// Codes that are not on the list are kept; closed lists refuse them.
    pub open: bool,
    /// The codes, and the name of each in code: `Deposit`. Either all have a name, or none has.
    pub codes: Vec<(CodeMeaning, Option<String>)>,
}

/// A layout that telegrams share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartSpec {
    /// Which bytes mean what.
    pub layout: Layout,
    /// One note for each item of the layout.
    pub notes: Vec<Note>,
}

/// One telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelegramSpec {
    /// Which bytes mean what, and by which values the telegram is known.
    pub layout: Layout,
    /// One note for each item of the layout.
    pub notes: Vec<Note>,
    /// The name of the telegram that answers this one.
    pub answer: Option<String>,
    /// The name of the telegram whose items this one has.
    pub like: Option<String>,
    /// For documents.
    pub remark: String,
    /// Generated code has a view of it.
    pub view: bool,
}

/// What documents and generated code need to know of an item, beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// For documents.
    pub remark: String,
    /// The sheet's letter.
    pub type_name: Option<String>,
    /// The name of the field's list of codes.
    pub codes: Option<String>,
    /// The notes of a group's entry whose items are written at the group.
    pub entry: Option<Vec<Self>>,
    /// What is known of a choice.
    pub choice: Option<ChoiceNote>,
}

/// What generated code needs to know of a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChoiceNote {
    /// The name of the enum: `PaymentBody`.
    pub name: String,
    /// For each case the notes of its items, if they are written at the case.
    pub cases: Vec<Option<Vec<Note>>>,
}

/// A file of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSpec {
    /// Its name: `EB13`.
    pub name: String,
    /// The name on the sheet.
    pub label: String,
    /// Bytes of each record, without its line end, as the sheet states it; none if the records differ.
    pub record_len: Option<usize>,
    /// What may stand after each record; the first is written.
    pub line_ends: Vec<LineEnd>,
    /// Which records, in their order.
    pub records: Vec<RecordUse>,
    /// The blocks that the records come in.
    pub blocks: Option<Blocks>,
    /// The fields that are totals of other records.
    pub totals: Vec<Total>,
    /// What every reader of the file forgives.
    pub lenient: Lenient,
}

/// What stands at one place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordUse {
    /// A telegram of the spec, or several that repeat together.
    pub what: RecordUseOf,
    /// The fewest that must stand here.
    pub min: usize,
    /// The most that may stand here; none: as many as there are.
    pub max: Option<usize>,
}

/// What a [`RecordUse`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordUseOf {
    /// The name of a telegram of the spec.
    Telegram(String),
    /// Records that repeat together.
    Group(Vec<RecordUse>),
}

/// Several specs that are used together, as those of one folder are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecSet {
    /// The specs.
    pub specs: Vec<Spec>,
}

/// What a name of a telegram or file can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'s> {
    /// A telegram.
    Telegram(&'s TelegramSpec),
    /// A record file, with the spec that holds its records.
    File(&'s Spec, &'s FileSpec),
}

impl Named<'_> {
    const fn noun(&self) -> &'static str {
        match self {
            Self::Telegram(_) => "a telegram",
            Self::File(..) => "a file",
        }
    }
}

impl Spec {
    /// The telegram with this name.
    #[must_use]
    pub fn telegram(&self, name: &str) -> Option<&TelegramSpec> {
        self.telegrams.iter().find(|telegram| telegram.name() == name)
    }

    /// The record file with this name.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&FileSpec> {
        self.files.iter().find(|file| file.name == name)
    }

    /// The plan by which a record file of this spec is read and written.
    #[must_use]
    pub fn file_layout(&self, file: &FileSpec) -> FileLayout {
        FileLayout {
            name: Cow::Owned(file.name.clone()),
            label: Cow::Owned(file.label.clone()),
            line_ends: Cow::Owned(file.line_ends.clone()),
            steps: Cow::Owned(self.steps(&file.records)),
            blocks: file.blocks,
            totals: Cow::Owned(file.totals.clone()),
            lenient: file.lenient,
        }
    }

    /// What names no telegram is left out; a spec that was checked has no such thing.
    fn steps(&self, uses: &[RecordUse]) -> Vec<Step> {
        let stands = |what: &RecordUseOf| match what {
            RecordUseOf::Telegram(name) => {
                self.telegram(name).map(|telegram| Stands::Record(Cow::Owned(telegram.layout.clone())))
            }
            RecordUseOf::Group(uses) => Some(Stands::Group(Cow::Owned(self.steps(uses)))),
        };
        let step = |one: &RecordUse| Some(Step { stands: stands(&one.what)?, min: one.min, max: one.max });
        uses.iter().filter_map(step).collect()
    }

    /// The layouts that have views in generated code: telegrams that say so, their parts and entries. What stands in a choice is
    /// decoded as a whole.
    #[must_use]
    pub fn viewed(&self) -> Vec<&Layout> {
        fn add<'s>(layout: &'s Layout, found: &mut Vec<&'s Layout>) {
            if found.iter().any(|known| known.name == layout.name) {
                return;
            }
            found.push(layout);
            for item in layout.items() {
                match item {
                    Item::Part(part) => add(&part.layout, found),
                    Item::Group(group) => add(&group.layout, found),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        for telegram in self.telegrams.iter().filter(|telegram| telegram.view) {
            add(&telegram.layout, &mut found);
        }
        found
    }

    /// The list of codes with this name.
    #[must_use]
    pub fn code_list(&self, name: &str) -> Option<&CodeList> {
        self.codes.iter().find(|list| list.name == name)
    }

    /// The telegram that these bytes are, by `when`.
    ///
    /// # Errors
    /// If no telegram's conditions hold; the error shows the fields that tell them apart.
    pub fn choose(&self, bytes: &[u8]) -> Result<&TelegramSpec, Error> {
        self.telegrams.iter().find(|telegram| telegram.layout.matches(bytes)).ok_or_else(|| {
            let layouts: Vec<&Layout> = self.telegrams.iter().map(|telegram| &telegram.layout).collect();
            Layout::no_match(&layouts, bytes)
        })
    }
}

impl TelegramSpec {
    /// The name in code and spec.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.layout.name
    }
}

impl FileSpec {
    /// The names of the records' telegrams, in the order of the file.
    #[must_use]
    pub fn telegrams(&self) -> Vec<&str> {
        fn add<'f>(uses: &'f [RecordUse], names: &mut Vec<&'f str>) {
            for one in uses {
                match &one.what {
                    RecordUseOf::Telegram(name) => names.push(name),
                    RecordUseOf::Group(uses) => add(uses, names),
                }
            }
        }
        let mut names = Vec::new();
        add(&self.records, &mut names);
        names
    }
}

impl SpecSet {
    /// What a name means: `Transfer`, or `bank-a/Transfer` if several specs have one.
    ///
    /// # Errors
    /// One line that says what there is instead.
    pub fn named(&self, name: &str) -> Result<Named<'_>, String> {
        let (spec_name, short) = name.split_once('/').map_or((None, name), |(spec, short)| (Some(spec), short));
        if let Some(spec_name) = spec_name
            && !self.specs.iter().any(|spec| spec.name == spec_name)
        {
            let specs: Vec<&str> = self.specs.iter().map(|spec| &*spec.name).collect();
            return Err(format!("there is no spec `{spec_name}`; {}", crate::document::instead(spec_name, &specs)));
        }
        let all = || self.all().filter(|(spec, ..)| spec_name.is_none_or(|name| name == spec.name));
        let found: Vec<_> = all().filter(|(_, name, _)| *name == short).collect();
        match found.as_slice() {
            [(_, _, named)] => Ok(*named),
            [] => {
                let known: Vec<String> = match spec_name {
                    Some(spec) => all().map(|(_, name, _)| format!("{spec}/{name}")).collect(),
                    None => all().map(|(_, name, _)| name.to_owned()).collect(),
                };
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                Err(format!("there is no telegram or file `{name}`; {}", crate::document::instead(name, &known)))
            }
            several => {
                let names = several.iter().map(|(spec, _, named)| format!("{}/{short} ({})", spec.name, named.noun()));
                Err(format!("several specs have `{name}`; write one of: {}", names.collect::<Vec<_>>().join(", ")))
            }
        }
    }

    /// The telegram with a name, as an envelope has it, in which no file can stand.
    ///
    /// # Errors
    /// Those of [`SpecSet::named`], or if it is a file.
    pub fn telegram(&self, name: &str) -> Result<&TelegramSpec, String> {
        let mut telegrams = self.all().filter_map(|(_, known, named)| match named {
            Named::Telegram(telegram) if known == name => Some(telegram),
            _ => None,
        });
        if let (Some(only), None) = (telegrams.next(), telegrams.next()) {
            return Ok(only);
        }
        match self.named(name)? {
            Named::Telegram(telegram) => Ok(telegram),
            Named::File(..) => Err(format!("`{name}` is a file; name it with --telegram")),
        }
    }

    /// Names for all telegrams and files: the short one if it is the only one of its kind.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let is_only = |name: &str| self.all().filter(|(_, other, _)| *other == name).count() == 1;
        let name =
            |spec: &Spec, name: &str| if is_only(name) { name.to_owned() } else { format!("{}/{name}", spec.name) };
        self.all().map(|(spec, short, _)| name(spec, short)).collect()
    }

    fn all(&self) -> impl Iterator<Item = (&Spec, &str, Named<'_>)> {
        self.specs.iter().flat_map(|spec| {
            let files = spec.files.iter().map(move |file| (spec, file.name.as_str(), Named::File(spec, file)));
            files.chain(spec.telegrams.iter().map(move |one| (spec, one.name(), Named::Telegram(one))))
        })
    }

    /// The telegram that these bytes are, by `when`.
    ///
    /// # Errors
    /// If that cannot be said: a guess between institutions would be worse than none.
    pub fn choose(&self, bytes: &[u8]) -> Result<&TelegramSpec, Unchosen> {
        let telegrams = || self.specs.iter().flat_map(|spec| spec.telegrams.iter().map(move |one| (spec, one)));
        if telegrams().all(|(_, telegram)| telegram.layout.when.is_empty()) {
            return Err(Unchosen::NoConditions);
        }
        let found: Vec<_> = telegrams().filter(|(_, telegram)| telegram.layout.matches(bytes)).collect();
        match found.as_slice() {
            [(_, telegram)] => Ok(telegram),
            [] => {
                let layouts: Vec<&Layout> = telegrams().map(|(_, telegram)| &telegram.layout).collect();
                Err(Unchosen::NoMatch(Layout::no_match(&layouts, bytes)))
            }
            several => {
                let names = several.iter().map(|(spec, telegram)| format!("{}/{}", spec.name, telegram.name()));
                Err(Unchosen::Several(names.collect()))
            }
        }
    }
}

/// Why nobody can say which telegram some bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unchosen {
    /// No telegram of the specs has a `when`.
    NoConditions,
    /// Telegrams of several specs have conditions that hold.
    Several(Vec<String>),
    /// No telegram's conditions hold.
    NoMatch(Error),
}

impl fmt::Display for Unchosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConditions => {
                f.write_str("no telegram of the spec has a `when`, so the bytes do not say which they are")
            }
            Self::Several(names) => write!(f, "the bytes can be any of {}", names.join(", ")),
            Self::NoMatch(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Unchosen {}
