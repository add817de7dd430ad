//! [`Spec`]: the content of a spec file, ready for use.
//!
//! The byte plans are `fep_codec`'s [`Layout`]s. The types here add the facts that documents, generated code and the gateway
//! need and a codec does not: which telegram answers which, remarks, the names of codes, record files. [`crate::lower`] and
//! [`crate::load`] read a file.

mod recognise;

use std::borrow::Cow;

use fep_codec::files::{
    BlockWord, Blocks, FileLayout, LastLineEnd, LengthWord, Lenient, LineEnd, Serial, Stands, Step, Total,
};
use fep_codec::layout::{CodeMeaning, Group, Item, Part};
use fep_codec::{Charset, Layout};

pub use self::recognise::UnchosenError;

/// The methods that every generated view has.
pub(crate) const VIEW_METHODS: [&str; 5] = ["new", "as_bytes", "decode", "view", "refresh"];

/// One spec file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Its short name: `bank-a`.
    pub name: String,
    /// The sheet's title.
    pub title: String,
    /// The sheet's version, usually a date.
    pub version: String,
    /// Where the sheet comes from.
    pub source: String,
    /// The charset of text that does not state its own.
    pub charset: Charset,
    /// The FNV-1a hash of the file's lines. Generated code carries it, so that its source text can be identified.
    pub hash: u64,
    /// The sheet's own letters for kinds.
    pub types: Vec<TypeSpec>,
    /// The lists of codes, including those written at a field.
    pub codes: Vec<CodeList>,
    /// The layouts that telegrams share.
    pub parts: Vec<PartSpec>,
    /// The telegrams, in the order of the file.
    pub telegrams: Vec<TelegramSpec>,
    /// The record files.
    pub files: Vec<FileSpec>,
}

/// A letter of the sheet and the kind that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeSpec {
    /// The letter: `AN`.
    pub name: String,
    /// The name of the kind: `text`.
    pub kind: &'static str,
    /// A remark for documents.
    pub remark: String,
}

/// A list of codes with meanings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeList {
    /// The name, which is also the name of the generated enum: `TradeKind`.
    pub name: String,
    /// The name on the sheet: `거래구분`.
    pub label: String,
    /// Whether codes that are not on the list are kept. A closed list refuses them.
    pub open: bool,
    /// The codes, each with its name in generated code: `Deposit`. Either all codes have a name, or no code has one.
    pub codes: Vec<(CodeMeaning, Option<String>)>,
}

/// A layout that telegrams share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartSpec {
    /// The byte plan.
    pub layout: Layout,
    /// One note for each item of the layout.
    pub notes: Vec<Note>,
}

/// One telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelegramSpec {
    /// The byte plan, and the conditions by which the telegram is recognised.
    pub layout: Layout,
    /// One note for each item of the layout.
    pub notes: Vec<Note>,
    /// The name of the telegram that answers this one.
    pub answer: Option<String>,
    /// The name of the telegram whose items this one shares.
    pub like: Option<String>,
    /// A remark for documents.
    pub remark: String,
    /// Whether generated code has a view of it.
    pub view: bool,
}

/// The facts about an item that documents and generated code need, beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// A remark for documents.
    pub remark: String,
    /// The sheet's letter.
    pub type_name: Option<String>,
    /// The name of the field's list of codes.
    pub codes: Option<String>,
    /// The notes of a group's entry, if its items are written at the group.
    pub entry: Option<Vec<Self>>,
    /// The note of a choice, if the item is a choice.
    pub choice: Option<ChoiceNote>,
    /// The part without a name of its own that begins with the item, if one does.
    pub flattened: Option<FlattenedNote>,
}

/// A part without a name of its own: its items stand in the list of the telegram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlattenedNote {
    /// The name of the part.
    pub part: String,
    /// The number of its items.
    pub count: usize,
    /// A remark for documents.
    pub remark: String,
}

/// The facts about a choice that generated code needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChoiceNote {
    /// The name of the enum: `PaymentBody`.
    pub name: String,
    /// The notes of each case's items, or `None` if the case is a part.
    pub cases: Vec<Option<Vec<Note>>>,
}

/// A file of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSpec {
    /// Its name: `EB13`.
    pub name: String,
    /// The name on the sheet.
    pub label: String,
    /// The length of each record in bytes, without its line end, as the sheet states it. `None` if it states no common length.
    pub record_len: Option<usize>,
    /// The line ends that may follow a record. The first one is written.
    pub line_ends: Vec<LineEnd>,
    /// Whether the last record has a line end.
    pub last_line_end: LastLineEnd,
    /// The word before each record that states its length, if any.
    pub record_word: Option<LengthWord>,
    /// The word before each block of records that states its length, if any.
    pub block_word: Option<BlockWord>,
    /// The records, in their order.
    pub records: Vec<RecordUse>,
    /// The blocks that the records are grouped in, if any.
    pub blocks: Option<Blocks>,
    /// The fields that are totals over other records.
    pub totals: Vec<Total>,
    /// The fields that number the records.
    pub serials: Vec<Serial>,
    /// The deviations that every reader of the file accepts.
    pub lenient: Lenient,
}

/// The records at one place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordUse {
    /// A telegram of the spec, or several records that repeat together.
    pub what: RecordUseOf,
    /// The minimum number of repetitions.
    pub min: usize,
    /// The maximum number of repetitions, or `None` if there is no limit.
    pub max: Option<usize>,
    /// Whether the file ends behind the record, which tells it apart from other records.
    pub is_last: bool,
}

/// The telegram or the group of a [`RecordUse`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordUseOf {
    /// The name of a telegram of the spec.
    Telegram(String),
    /// Records that repeat together.
    Group(Vec<RecordUse>),
}

/// Several specs that are used together, for example all specs of one folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecSet {
    /// The specs.
    pub specs: Vec<Spec>,
}

/// The meaning of a name: a telegram or a record file.
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
    /// Whether two specs are the same in all but the hash of their texts: names, labels, byte plans, codes, conditions, files and remarks.
    #[must_use]
    pub fn is_equal_to(&self, other: &Self) -> bool {
        let Self { name, title, version, source, charset, hash: _, types, codes, parts, telegrams, files } = self;
        (name, title, version, source) == (&other.name, &other.title, &other.version, &other.source)
            && (charset, types, codes) == (&other.charset, &other.types, &other.codes)
            && (parts, telegrams, files) == (&other.parts, &other.telegrams, &other.files)
    }

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

    /// The plan for reading and writing a record file of this spec.
    #[must_use]
    pub fn file_layout(&self, file: &FileSpec) -> FileLayout {
        FileLayout {
            name: Cow::Owned(file.name.clone()),
            label: Cow::Owned(file.label.clone()),
            line_ends: Cow::Owned(file.line_ends.clone()),
            last_line_end: file.last_line_end,
            record_word: file.record_word,
            block_word: file.block_word,
            steps: Cow::Owned(self.steps(&file.records)),
            blocks: file.blocks,
            totals: Cow::Owned(file.totals.clone()),
            serials: Cow::Owned(file.serials.clone()),
            lenient: file.lenient,
        }
    }

    /// Converts the uses of records to steps. A name without a telegram is left out; a checked spec has no such name.
    fn steps(&self, uses: &[RecordUse]) -> Vec<Step> {
        let stands = |one: &RecordUse| match &one.what {
            RecordUseOf::Telegram(name) => {
                let layout = Cow::Owned(self.telegram(name)?.layout.clone());
                Some(if one.is_last { Stands::Last(layout) } else { Stands::Record(layout) })
            }
            RecordUseOf::Group(uses) => Some(Stands::Group(Cow::Owned(self.steps(uses)))),
        };
        let step = |one: &RecordUse| Some(Step { stands: stands(one)?, min: one.min, max: one.max });
        uses.iter().filter_map(step).collect()
    }

    /// The layouts that have views in generated code: telegrams with `view`, their parts and their entries. The body of a choice
    /// has no view, because it is decoded as a whole.
    #[must_use]
    pub fn viewed(&self) -> Vec<&Layout> {
        let mut found = Vec::new();
        for telegram in self.telegrams.iter().filter(|telegram| telegram.view) {
            self.add_viewed(&telegram.layout, &telegram.notes, &mut found);
        }
        found
    }

    fn add_viewed<'s>(&'s self, layout: &'s Layout, notes: &'s [Note], found: &mut Vec<&'s Layout>) {
        if found.iter().any(|known| known.name == layout.name) {
            return;
        }
        found.push(layout);
        for part in notes.iter().filter_map(|note| self.part(&note.flattened.as_ref()?.part)) {
            self.add_viewed(&part.layout, &part.notes, found);
        }
        for item in layout.items() {
            let (Item::Part(Part { layout, .. }) | Item::Group(Group { layout, .. })) = item else { continue };
            if matches!(item, Item::Group(_)) && layout.array_field().is_some() {
                continue;
            }
            let notes = self.part(&layout.name).map_or(&[][..], |part| &part.notes);
            self.add_viewed(layout, notes, found);
        }
    }

    /// The part with this name.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&PartSpec> {
        self.parts.iter().find(|part| part.layout.name == name)
    }

    /// The list of codes with this name.
    #[must_use]
    pub fn code_list(&self, name: &str) -> Option<&CodeList> {
        self.codes.iter().find(|list| list.name == name)
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
    /// Looks up a name: `Transfer`, or `bank-a/Transfer` if several specs have a `Transfer`.
    ///
    /// # Errors
    /// One line that suggests or lists the names to write instead.
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

    /// Looks up the name in an envelope, which always means a telegram and never a file.
    ///
    /// # Errors
    /// The errors of [`SpecSet::named`], and one if the name is a file's.
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

    /// The names of all telegrams and files: the short name if it is unique, otherwise `spec/name`.
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
}
