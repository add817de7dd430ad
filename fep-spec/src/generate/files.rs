//! A record file → an enum of its records and a `FileLayout`, for a typed reader and writer.
//!
//! A plan is a deeply nested list. It is printed here as rustfmt prints it: on one line if it fits, otherwise one entry per line.

use std::borrow::Cow;

use fep_codec::Layout;
use fep_codec::files::{
    BlockWord, Blocks, Counted, FieldOf, FileLayout, LengthWord, Lenient, LineEnd, Minus, Only, Serial, Stands, Step,
    Summed, Tally, Total,
};
use fep_codec::lenient::Deviation;
use proc_macro2::TokenStream;
use quote::quote;

use super::print::LINE_MAX_COLUMNS;
use super::words::{escaped, ident};
use crate::lower::{plan_name, record_name};
use crate::model::Spec;

/// The types that plans can name, beside the records.
const IMPORTS: [&str; 16] = [
    "BlockWord",
    "Blocks",
    "FieldOf",
    "FileLayout",
    "LastLineEnd",
    "LengthWord",
    "Lenient",
    "LineEnd",
    "Minus",
    "Only",
    "Serial",
    "Stands",
    "Step",
    "Summed",
    "Tally",
    "Total",
];

/// `pub enum EB13Record { Header(Header), … }`, for each file with more than one kind of record. Records that only their position in
/// the file tells apart cannot be an enum, which is read from the bytes of one record.
pub(super) fn records(spec: &Spec) -> TokenStream {
    let enums = spec.files.iter().filter_map(|file| {
        let plan = spec.file_layout(file);
        let layouts = plan.layouts();
        let told_apart =
            |at: usize| layouts.get(at).is_some_and(|one| one.is_recognisable()) && !Layout::is_hidden(&layouts, at);
        if layouts.len() < 2 || !(0..layouts.len()).all(told_apart) {
            return None;
        }
        let names: Vec<_> = layouts.iter().map(|layout| ident(&layout.name)).collect();
        let docs = layouts.iter().map(|layout| super::words::doc(&layout.name, &layout.label, ""));
        let name = ident(&record_name(&file.name));
        let text = format!(" Any record of {}.", titled(&file.name, &file.label));
        Some(quote! {
            #[doc = #text]
            #[derive(Telegram, Clone, Debug, PartialEq, Eq)]
            #[allow(clippy::large_enum_variant, reason = "records are as long as the sheet says")]
            pub enum #name { #(#docs #names(#names)),* }
        })
    });
    enums.collect()
}

/// The plans of all files as text, and the types that they name.
pub(super) fn plans(spec: &Spec) -> (String, Vec<&'static str>) {
    let mut text = String::new();
    for file in &spec.files {
        let plan = spec.file_layout(file);
        text.push_str(&format!("\n/// How {} is read and written.\n", titled(&file.name, &file.label)));
        text.push_str(&format!("pub static {}: FileLayout = ", plan_name(&file.name)));
        let whole = file_layout(&plan);
        whole.broken(0, &mut text);
        text.push_str(";\n");
    }
    let named = |name: &&str| {
        [" ", "(", "[", "&"]
            .iter()
            .any(|before| text.contains(&format!("{before}{name}::")) || text.contains(&format!("{before}{name} {{")))
    };
    let names = IMPORTS.into_iter().filter(named).collect();
    (text, names)
}

fn titled(name: &str, label: &str) -> String {
    if label.is_empty() { format!("the file {name}") } else { format!("the file {name} ({})", escaped(label)) }
}

/// A piece of an expression.
enum Tree {
    Text(String),
    /// The opening text, the entries, the closing text, and whether the brackets have blanks inside if it is on one line.
    List(String, Vec<Self>, &'static str, bool),
}

impl Tree {
    fn struct_(name: &str, fields: Vec<(&str, Self)>) -> Self {
        let fields = fields.into_iter().map(|(name, value)| value.behind(&format!("{name}: "))).collect();
        Self::List(format!("{name} {{"), fields, "}", true)
    }

    fn list(entries: Vec<Self>) -> Self {
        Self::List("Cow::Borrowed(&[".to_owned(), entries, "])", false)
    }

    /// The same tree with this text before it.
    fn behind(self, before: &str) -> Self {
        match self {
            Self::Text(text) => Self::Text(format!("{before}{text}")),
            Self::List(open, entries, close, blanks) => Self::List(format!("{before}{open}"), entries, close, blanks),
        }
    }

    fn on_one_line(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(open, entries, close, blanks) => {
                let entries: Vec<String> = entries.iter().map(Self::on_one_line).collect();
                let blank = if *blanks && !entries.is_empty() { " " } else { "" };
                format!("{open}{blank}{}{blank}{close}", entries.join(", "))
            }
        }
    }

    /// Prints one entry per line. The line of the first bracket is indented by `indent` columns.
    fn broken(&self, indent: usize, out: &mut String) {
        let Self::List(open, entries, close, of_fields) = self else { return out.push_str(&self.on_one_line()) };
        out.push_str(open);
        // A list with a single entry does not indent it: their brackets share lines.
        if let ([entry @ Self::List(..)], false) = (entries.as_slice(), of_fields) {
            entry.broken(indent, out);
            return out.push_str(close);
        }
        out.push('\n');
        for entry in entries {
            out.push_str(&" ".repeat(indent + 4));
            let line = entry.on_one_line();
            let columns: usize = line.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum();
            // The comma has a column too.
            if indent + 4 + columns < LINE_MAX_COLUMNS {
                out.push_str(&line);
            } else {
                entry.broken(indent + 4, out);
            }
            out.push_str(",\n");
        }
        out.push_str(&" ".repeat(indent));
        out.push_str(close);
    }
}

fn file_layout(plan: &FileLayout) -> Tree {
    let FileLayout {
        name,
        label,
        line_ends,
        last_line_end,
        record_word,
        block_word,
        steps,
        blocks,
        totals,
        serials,
        lenient,
    } = plan;
    let line_end = |end: &LineEnd| Tree::Text(format!("LineEnd::{end:?}"));
    Tree::struct_(
        "FileLayout",
        vec![
            ("name", string(name)),
            ("label", string(label)),
            ("line_ends", Tree::list(line_ends.iter().map(line_end).collect())),
            ("last_line_end", Tree::Text(format!("LastLineEnd::{last_line_end:?}"))),
            ("record_word", record_word.map_or_else(none, |word| some(length_word(word)))),
            ("block_word", block_word.map_or_else(none, |word| some(self::block_word(word)))),
            ("steps", Tree::list(steps.iter().map(step).collect())),
            ("blocks", blocks.map_or_else(none, block)),
            ("totals", Tree::list(totals.iter().map(total).collect())),
            ("serials", Tree::list(serials.iter().map(serial).collect())),
            ("lenient", forgiven(*lenient)),
        ],
    )
}

fn none() -> Tree {
    Tree::Text("None".to_owned())
}

fn some(tree: Tree) -> Tree {
    match tree {
        Tree::Text(text) => Tree::Text(format!("Some({text})")),
        Tree::List(open, entries, _, blanks) => Tree::List(format!("Some({open}"), entries, "})", blanks),
    }
}

fn length_word(word: LengthWord) -> Tree {
    if word == LengthWord::RDW {
        return Tree::Text("LengthWord::RDW".to_owned());
    }
    let LengthWord { len, encoding, counts, zeros_before, zeros } = word;
    Tree::struct_(
        "LengthWord",
        vec![
            ("len", Tree::Text(len.to_string())),
            ("encoding", Tree::Text(format!("fep_codec::layout::Encoding::{encoding:?}"))),
            ("counts", Tree::Text(format!("fep_codec::layout::LengthScope::{counts:?}"))),
            ("zeros_before", Tree::Text(zeros_before.to_string())),
            ("zeros", Tree::Text(zeros.to_string())),
        ],
    )
}

fn block_word(block: BlockWord) -> Tree {
    if block == BlockWord::BDW {
        return Tree::Text("BlockWord::BDW".to_owned());
    }
    let BlockWord { word, max_bytes } = block;
    let fields = vec![("word", length_word(word)), ("max_bytes", Tree::Text(max_bytes.to_string()))];
    Tree::struct_("BlockWord", fields)
}

fn string(text: &str) -> Tree {
    Tree::Text(format!("Cow::Borrowed({text:?})"))
}

fn block(Blocks { records, fill }: Blocks) -> Tree {
    let fill = proc_macro2::Literal::byte_character(fill);
    Tree::Text(format!("Some(Blocks {{ records: {records}, fill: {fill} }})"))
}

fn forgiven(lenient: Lenient) -> Tree {
    let given = Deviation::ALL.iter().filter(|deviation| lenient.forgives(**deviation));
    let given: Vec<String> = given.map(|deviation| format!("{}: true, ", deviation.field_name())).collect();
    Tree::Text(match given.len() {
        0 => "Lenient::STRICT".to_owned(),
        len if len == Deviation::ALL.len() => "Lenient::ALL".to_owned(),
        _ => format!("Lenient {{ {}..Lenient::STRICT }}", given.concat()),
    })
}

fn step(step: &Step) -> Tree {
    let Step { stands, min, max } = step;
    let limits = |stands: Tree| {
        Tree::struct_(
            "Step",
            vec![("stands", stands), ("min", Tree::Text(min.to_string())), ("max", Tree::Text(format!("{max:?}")))],
        )
    };
    match stands {
        Stands::Last(layout) => {
            let record = format!("{}::LAYOUT", ident(&layout.name));
            match (min, max) {
                (1, Some(1)) => Tree::Text(format!("Step::last({record})")),
                _ => limits(Tree::Text(format!("Stands::Last(Cow::Borrowed({record}))"))),
            }
        }
        Stands::Record(layout) => {
            let record = format!("{}::LAYOUT", ident(&layout.name));
            match (min, max) {
                (1, Some(1)) => Tree::Text(format!("Step::once({record})")),
                (0, None) => Tree::Text(format!("Step::any_number({record})")),
                _ => limits(Tree::Text(format!("Stands::Record(Cow::Borrowed({record}))"))),
            }
        }
        Stands::Group(steps) => {
            let steps = steps.iter().map(self::step).collect();
            limits(Tree::List("Stands::Group(Cow::Borrowed(&[".to_owned(), steps, "]))", false))
        }
    }
}

fn total(total: &Total) -> Tree {
    let Total { record, field, tally, only, minus, absolute, last_digits } = total;
    let is_short = only.is_none() && minus.is_none() && !absolute && last_digits.is_none();
    if let (true, Some(tally)) = (is_short, short_tally(tally)) {
        return Tree::Text(format!("Total::new({record:?}, {field:?}, {tally})"));
    }
    let option = |tree: Option<Tree>| tree.unwrap_or_else(|| Tree::Text("None".to_owned()));
    Tree::struct_(
        "Total",
        vec![
            ("record", string(record)),
            ("field", string(field)),
            ("tally", self::tally(tally)),
            ("only", option(only.as_ref().map(|only| selected(only, "Some(Only {", "})")))),
            ("minus", option(minus.as_deref().map(self::minus))),
            ("absolute", Tree::Text(absolute.to_string())),
            ("last_digits", Tree::Text(format!("{last_digits:?}"))),
        ],
    )
}

/// A tally that a constructor with plain names makes.
fn short_tally(tally: &Tally) -> Option<String> {
    match tally {
        Tally::Count { of: Counted::Record(of) } => Some(format!("Tally::count({of:?})")),
        Tally::Sum { of: Summed::Field(FieldOf { record, field }) } => {
            Some(format!("Tally::sum({record:?}, {field:?})"))
        }
        Tally::Blocks => Some("Tally::Blocks".to_owned()),
        Tally::Count { .. } | Tally::Sum { .. } => None,
    }
}

fn tally(tally: &Tally) -> Tree {
    if let Some(short) = short_tally(tally) {
        return Tree::Text(short);
    }
    let call = |function: &str, entries| Tree::List(format!("Tally::{function}(&["), entries, "])", false);
    match tally {
        Tally::Count { of: Counted::Record(name) } => call("count_any", strings(std::slice::from_ref(name))),
        Tally::Count { of: Counted::Records(names) } => call("count_any", strings(names)),
        Tally::Count { of: Counted::All { except } } => call("count_all", strings(except)),
        Tally::Sum { of } => call("sum_any", of.fields().iter().map(field_of).collect()),
        Tally::Blocks => Tree::Text("Tally::Blocks".to_owned()),
    }
}

fn minus(minus: &Minus) -> Tree {
    match minus {
        Minus::Records(only) => selected(only, "Some(Cow::Borrowed(&Minus::Records(Only {", "})))"),
        Minus::Fields(Summed::Field(field)) => {
            Tree::Text(format!("Some(Cow::Borrowed(&Minus::Fields(Summed::Field({}))))", field_of(field).on_one_line()))
        }
        Minus::Fields(Summed::Fields(fields)) => Tree::List(
            "Some(Cow::Borrowed(&Minus::Fields(Summed::Fields(Cow::Borrowed(&[".to_owned(),
            fields.iter().map(field_of).collect(),
            "])))))",
            false,
        ),
    }
}

fn serial(serial: &Serial) -> Tree {
    let Serial { fields, from, to, restart, gaps } = serial;
    Tree::struct_(
        "Serial",
        vec![
            ("fields", Tree::list(fields.iter().map(field_of).collect())),
            ("from", Tree::Text(format!("{from:?}"))),
            ("to", Tree::Text(format!("{to:?}"))),
            ("restart", Tree::list(strings(restart))),
            ("gaps", Tree::Text(gaps.to_string())),
        ],
    )
}

fn field_of(FieldOf { record, field }: &FieldOf) -> Tree {
    Tree::struct_("FieldOf", vec![("record", string(record)), ("field", string(field))])
}

fn strings(texts: &[Cow<'static, str>]) -> Vec<Tree> {
    texts.iter().map(|text| string(text)).collect()
}

fn selected(Only { field, values }: &Only, open: &str, close: &'static str) -> Tree {
    let values = Tree::list(strings(values));
    let fields = vec![string(field).behind("field: "), values.behind("values: ")];
    Tree::List(open.to_owned(), fields, close, true)
}
