//! The plan of a file transfer: a TOML file that says where the other side is, how the telegrams of the protocol are called, and which of their fields
//! carry what. Both sides of a transfer use the same plan, but for the address. Mistakes are reported together, each with its place.

mod distinct;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fep_codec::layout::{Field, Item, Kind, Layout};
use fep_protocol::file_transfer::{Blocks, PIECES_MAX};
use fep_spec::document::{Document, Located, Table, instead};
use fep_spec::framing::Framing;
use fep_spec::load::LoadError;
use fep_spec::model::{Spec, TelegramSpec};
use fep_spec::report::Code;

use super::template::Template;
use crate::config::{TlsConfig, TlsPlace};
use crate::plans::{field, load, spec};

/// The longest frame, in bytes, unless `framing` says less.
const FRAME_MAX_BYTES: usize = 1 << 20;

/// A plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `spec`, required: the telegrams.
    pub spec: Arc<Spec>,
    /// `connect` or `listen`, one of them required: where the other side is.
    pub line: Line,
    /// `[tls]`, default none.
    pub(super) tls: Option<TlsConfig>,
    /// `[framing]`, default four digits that count the bytes after them.
    pub(super) framing: Framing,
    /// `answer_timeout_ms`, default 30000: how long an answer, or the connection, is waited for.
    pub(super) answer_timeout: Duration,
    /// `idle_timeout_ms`, default 60000: how long a receiver waits for the next telegram.
    pub(super) idle_timeout: Duration,
    /// `folder`, default the folder of the plan: where a sender keeps what became of each file.
    pub(super) folder: PathBuf,
    /// `remember_days`, default 30: how long a name of a complete file stands for that file, at both sides.
    pub(super) remember_days: i64,
    /// `connections_max`, default 8: how many connections a receiver serves at the same time.
    pub(super) connections_max: usize,
    /// `utc_offset_minutes`, default 540: the clock of dates and times in telegrams.
    pub(super) utc_offset_minutes: i64,
    /// `file_max_bytes`, default 1 GiB: larger files are neither sent nor taken.
    pub(super) file_max_bytes: u64,
    /// `set`: fields of all telegrams that have them.
    pub(super) set: Vec<(String, Template)>,
    pub(super) answers: Answers,
    pub(super) start: Telegram,
    /// `[start] expect`: what a receiver wants to see, such as a password.
    pub(super) expect: Vec<(String, Template)>,
    pub(super) offer: Offer,
    pub(super) data: Data,
    pub(super) check: Check,
    pub(super) end_of_file: Telegram,
    pub(super) end: Telegram,
}

/// Where the other side is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// `connect`: this side connects to host:port.
    Connect(String),
    /// `listen`: the other side connects to this address.
    Listen(SocketAddr),
}

/// `[answers]`: the field with the code of an answer, and what the codes are.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    /// `code`, required: its path, the same in all answers.
    pub(super) code: String,
    /// `ok`, required.
    pub(super) ok: String,
    /// `there`, required: the file was received before.
    pub(super) there: String,
    /// `other`, default that of `refused`: there is another file of this name.
    pub(super) other: String,
    /// `incomplete`, default that of `refused`: the file is not complete.
    pub(super) incomplete: String,
    /// `refused`, required.
    pub(super) refused: String,
}

/// A telegram and how it differs from others of the same layout.
#[derive(Clone, Debug)]
pub(super) struct Telegram {
    /// `telegram`, required.
    pub(super) name: String,
    /// `when`: values that it is made with and recognised by. Its answer has them too.
    pub(super) when: Vec<(String, String)>,
    /// `set`: fields that it is made with.
    pub(super) set: Vec<(String, Template)>,
}

/// `[offer]`.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) telegram: Telegram,
    /// `name`, required: the field with the name of the file.
    pub(super) name: String,
    /// `size`, required: the field with its size in bytes.
    pub(super) size: String,
    /// `piece_bytes`, default none: the field with the bytes of a piece.
    pub(super) piece_bytes: Option<String>,
}

/// `[data]`.
#[derive(Clone, Debug)]
pub(super) struct Data {
    pub(super) telegram: Telegram,
    /// `again`, default the same telegram: the one with which a missing piece is sent again.
    pub(super) again: Telegram,
    /// `block`, `sequence`, `data`, required: the fields.
    pub(super) block: String,
    pub(super) sequence: String,
    pub(super) data: String,
    /// `bytes`, required: the bytes of a piece.
    pub(super) bytes: NonZeroU32,
    /// `pieces`, required: the pieces of a block.
    pub(super) pieces: NonZeroU32,
}

/// `[check]`.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) telegram: Telegram,
    /// `block`, `last`, required: fields of the check and of its answer.
    pub(super) block: String,
    pub(super) last: String,
    /// `count`, default none: the field of the answer with the number of missing pieces.
    pub(super) count: Option<String>,
    /// `missing`, required: the field of the answer with a mark for each piece.
    pub(super) missing: String,
    /// `marks`, required: `{ here = "1", missing = "0" }`.
    pub(super) here: char,
    pub(super) gone: char,
    /// `rounds_max`, default 5: how often a block is checked.
    pub(super) rounds_max: u32,
}

impl Plan {
    /// Reads a plan and its spec.
    ///
    /// # Errors
    /// If a file cannot be read or has mistakes.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        load(path, plan)
    }

    /// How many connections a receiver serves at the same time: `connections_max`.
    #[must_use]
    pub fn connections_max(&self) -> usize {
        self.connections_max
    }

    /// The division of a file. `None` if it is larger than this side takes.
    pub(super) fn blocks(&self, size: u64) -> Option<Blocks> {
        let blocks = Blocks::new(size, self.data.bytes, self.data.pieces)?;
        (size <= self.file_max_bytes).then_some(blocks)
    }
}

fn plan(root: &Table<'_>, folder: &Path) -> Option<Plan> {
    let document = root.document();
    let line = line(root);
    let host = line.as_ref().and_then(Line::host);
    let tls = root.table("tls").map(|table| {
        let place = host.map_or(TlsPlace::Listens, TlsPlace::Dials);
        TlsConfig::read(table, place, folder)
    });
    let spec = root.required_string("spec").and_then(|path| spec(document, &path, folder))?;
    let framing = Framing::read(root.table("framing"), &spec, FRAME_MAX_BYTES);
    let ms = |key, default| root.integer(key, 100..=3_600_000_u64).map_or(default, |ms| ms.value);
    let answer_timeout = Duration::from_millis(ms("answer_timeout_ms", 30_000));
    let idle_timeout = Duration::from_millis(ms("idle_timeout_ms", 60_000));
    let kept = root.string("folder").map_or_else(|| folder.to_owned(), |path| folder.join(path.value));
    let kept = if kept.as_os_str().is_empty() { PathBuf::from(".") } else { kept };
    let remember_days = root.integer("remember_days", 1..=36_500_i64).map_or(30, |days| days.value);
    let connections_max = root.integer("connections_max", 1..=1000_usize).map_or(8, |max| max.value);
    let utc_offset_minutes = root.integer("utc_offset_minutes", -720..=840_i64).map_or(540, |minutes| minutes.value);
    let file_max_bytes = root.integer("file_max_bytes", 1..=1_u64 << 40).map_or(1 << 30, |max| max.value);
    let reader = Reader { document, spec: &spec, folder };
    let set = reader.templates(root, "set", None);
    let part = |key| root.required(key)?.table();
    let answers = part("answers").and_then(|table| answers(&table).inspect(|_| table.finish()));
    let start = part("start").and_then(|table| {
        let telegram = reader.telegram(&table, "telegram", true)?;
        let expect = reader.templates(&table, "expect", spec.telegram(&telegram.name));
        table.finish();
        Some((telegram, expect))
    });
    let offer = part("offer").and_then(|table| reader.offer(&table).inspect(|_| table.finish()));
    let data = part("data").and_then(|table| reader.data(&table).inspect(|_| table.finish()));
    let check = part("check").and_then(|table| reader.check(&table).inspect(|_| table.finish()));
    let plain = |key| part(key).and_then(|table| reader.telegram(&table, "telegram", true).inspect(|_| table.finish()));
    let end_of_file = plain("end_of_file");
    let end = plain("end");
    let (start, expect) = start?;
    let plan = Plan {
        line: line?,
        tls,
        framing,
        answer_timeout,
        idle_timeout,
        folder: kept,
        remember_days,
        connections_max,
        utc_offset_minutes,
        file_max_bytes,
        set,
        answers: answers?,
        start,
        expect,
        offer: offer?,
        data: data?,
        check: check?,
        end_of_file: end_of_file?,
        end: end?,
        spec: Arc::clone(&spec),
    };
    distinct::telegrams(root, &plan);
    distinct::codes(root, &plan);
    Some(plan)
}

fn line(root: &Table<'_>) -> Option<Line> {
    let document = root.document();
    match (root.string("connect"), root.string("listen")) {
        (Some(connect), None) => {
            let port = connect.value.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
            if port.is_none_or(|(host, port)| host.is_empty() || port == 0) {
                let message = format!("`{}` is no host with a port", connect.value);
                document.error_hint(Code::BadValue, connect.span, message, "such as \"bank.example:9300\"");
                return None;
            }
            Some(Line::Connect(connect.value.to_owned()))
        }
        (None, Some(listen)) => {
            let address = listen.value.parse().map(Line::Listen);
            let message = format!("`{}` is no address", listen.value);
            address
                .map_err(|_| document.error_hint(Code::BadValue, listen.span, message, "such as \"0.0.0.0:9300\""))
                .ok()
        }
        (connect, _) => {
            let message = if connect.is_some() {
                "there is both `connect` and `listen`"
            } else {
                "there is neither `connect` nor `listen`"
            };
            document.error_hint(
                Code::ConflictingKeys,
                root.span(),
                message,
                "`connect = \"host:port\"` if this side connects, `listen = \"address:port\"` if the other side does",
            );
            None
        }
    }
}

impl Line {
    /// The host that is connected to.
    fn host(&self) -> Option<&str> {
        match self {
            Self::Connect(address) => address.rsplit_once(':').map(|(host, _)| host),
            Self::Listen(_) => None,
        }
    }
}

fn answers(table: &Table<'_>) -> Option<Answers> {
    let text = |key| table.string(key).map(|code| code.value.to_owned());
    let required = |key| table.required_string(key).map(|code| code.value.to_owned());
    let code = required("code");
    let ok = required("ok");
    let there = required("there");
    let refused = required("refused");
    let refused = refused?;
    Some(Answers {
        code: code?,
        ok: ok?,
        there: there?,
        other: text("other").unwrap_or_else(|| refused.clone()),
        incomplete: text("incomplete").unwrap_or_else(|| refused.clone()),
        refused,
    })
}

/// What the tables of telegrams are read with.
struct Reader<'r> {
    document: &'r Document,
    spec: &'r Spec,
    folder: &'r Path,
}

impl Reader<'_> {
    fn telegram(&self, table: &Table<'_>, key: &'static str, is_answered: bool) -> Option<Telegram> {
        let found = self.named(&table.required_string(key)?, is_answered)?;
        let mut when = Vec::new();
        for (path, value) in table.table("when").iter().flat_map(Table::entries) {
            let Some(text) = value.string() else { continue };
            if text.value.contains('{') {
                let message = format!("`{}` stands as it is in a telegram", text.value);
                self.document.error_hint(Code::BadValue, text.span, message, "names in braces are for `set`");
                continue;
            }
            when.extend(field(self.document, &found.layout, &path).map(|path| (path, text.value.to_owned())));
        }
        let set = self.templates(table, "set", Some(found));
        Some(Telegram { name: found.name().to_owned(), when, set })
    }

    fn named(&self, name: &Located<&str>, is_answered: bool) -> Option<&TelegramSpec> {
        let Some(found) = self.spec.telegram(name.value) else {
            let known: Vec<_> = self.spec.telegrams.iter().map(TelegramSpec::name).collect();
            let message = format!("{} has no telegram `{}`", self.spec.name, name.value);
            let hint = instead(name.value, &known);
            self.document.error_hint(Code::UnknownName, name.span.clone(), message, hint);
            return None;
        };
        if is_answered && self.answer(found).is_none() {
            let message = format!("`{}` has no answer", name.value);
            let hint = "name the answer in the spec: answer = \"…\"";
            self.document.error_hint(Code::WrongReference, name.span.clone(), message, hint);
            return None;
        }
        Some(found)
    }

    fn answer(&self, telegram: &TelegramSpec) -> Option<&TelegramSpec> {
        self.spec.telegram(telegram.answer.as_deref()?)
    }

    /// The values of a table `set` or `expect`. Without a telegram, any telegram may have the fields.
    fn templates(&self, table: &Table<'_>, key: &'static str, of: Option<&TelegramSpec>) -> Vec<(String, Template)> {
        let mut values = Vec::new();
        for (path, value) in table.table(key).iter().flat_map(Table::entries) {
            let is_there = match of {
                Some(telegram) => field(self.document, &telegram.layout, &path).is_some(),
                None => {
                    let has = |telegram: &TelegramSpec| telegram.layout.item_by_path(path.value).is_some();
                    let is_there = self.spec.telegrams.iter().any(has);
                    if !is_there {
                        let message = format!("no telegram of {} has a field `{}`", self.spec.name, path.value);
                        let hint = "paths go through parts: header.institution";
                        self.document.error_hint(Code::UnknownName, path.span.clone(), message, hint);
                    }
                    is_there
                }
            };
            let template = Template::read(value, self.document, self.folder);
            values.extend(template.filter(|_| is_there).map(|template| (path.value.to_owned(), template)));
        }
        values
    }

    fn offer(&self, table: &Table<'_>) -> Option<Offer> {
        let telegram = self.telegram(table, "telegram", true)?;
        let layout = &self.spec.telegram(&telegram.name)?.layout;
        let name = self.required(table, "name", layout);
        let size = self.required(table, "size", layout);
        let piece_bytes = table.string("piece_bytes").and_then(|path| field(self.document, layout, &path));
        Some(Offer { telegram, name: name?, size: size?, piece_bytes })
    }

    fn data(&self, table: &Table<'_>) -> Option<Data> {
        let telegram = self.telegram(table, "telegram", false)?;
        let layout = &self.spec.telegram(&telegram.name)?.layout;
        let again = match table.string("again") {
            Some(name) => {
                let again = self.named(&name, false)?;
                // It has the same fields.
                let fields = ["block", "sequence"].into_iter().filter_map(|key| table.string(key));
                fields.for_each(|path| drop(field(self.document, &again.layout, &path)));
                table.string("data").and_then(|path| self.raw(&again.layout, &path));
                Telegram { name: again.name().to_owned(), ..telegram.clone() }
            }
            None => telegram.clone(),
        };
        let block = self.required(table, "block", layout);
        let sequence = self.required(table, "sequence", layout);
        let data = table.required_string("data");
        let bytes = table.required("bytes").and_then(|bytes| bytes.integer(1..=1_u32 << 20));
        let pieces = table.required("pieces").and_then(|pieces| pieces.integer(1..=PIECES_MAX));
        let data = data.and_then(|path| self.raw(layout, &path));
        let bytes = bytes?;
        let pieces = pieces?;
        let counts = (NonZeroU32::new(bytes.value)?, NonZeroU32::new(pieces.value)?);
        if Blocks::new(0, counts.0, counts.1).is_none() {
            let message = "a block has more than 16 MiB";
            self.document.error_hint(Code::BadValue, pieces.span, message, "fewer `pieces`, or fewer `bytes` of each");
            return None;
        }
        Some(Data {
            telegram,
            again,
            block: block?,
            sequence: sequence?,
            data: data?,
            bytes: counts.0,
            pieces: counts.1,
        })
    }

    /// The field with the bytes of a file, which takes any bytes.
    fn raw(&self, layout: &Layout, path: &Located<&str>) -> Option<String> {
        let found = field(self.document, layout, path)?;
        let takes_any = |field: &Field| matches!(field.kind, Kind::Bytes(_));
        if let Some(Item::Field(field) | Item::Tail(field)) = layout.item_by_path(&found)
            && takes_any(field)
        {
            return Some(found);
        }
        let message = format!("`{found}` does not take any bytes");
        let hint = "in the spec: kind = \"bytes\", tail = true, max = …";
        self.document.error_hint(Code::BadValue, path.span.clone(), message, hint);
        None
    }

    fn check(&self, table: &Table<'_>) -> Option<Check> {
        let telegram = self.telegram(table, "telegram", true)?;
        let asked = self.spec.telegram(&telegram.name)?;
        let answer = &self.answer(asked)?.layout;
        let block = self.required(table, "block", &asked.layout);
        let last = self.required(table, "last", &asked.layout);
        // The answer has them too: an answer to another check is not taken.
        for path in [table.string("block"), table.string("last")].into_iter().flatten() {
            field(self.document, answer, &path);
        }
        let missing = self.required(table, "missing", answer);
        let count = table.string("count").and_then(|path| field(self.document, answer, &path));
        let rounds_max = table.integer("rounds_max", 1..=100_u32).map_or(5, |max| max.value);
        let marks = table.required("marks")?.table()?;
        let mark = |key| {
            let text = marks.required_string(key)?;
            let mut characters = text.value.chars();
            match (characters.next(), characters.next()) {
                (Some(mark), None) if mark.is_ascii_graphic() => Some(mark),
                _ => {
                    let message = format!("`{}` is no mark", text.value);
                    self.document.error_hint(Code::BadValue, text.span, message, "one letter or digit, such as \"1\"");
                    None
                }
            }
        };
        let here = mark("here");
        let gone = mark("missing");
        if here.is_some() && here == gone {
            self.document.error(Code::ConflictingKeys, marks.span(), "both marks are the same");
        }
        marks.finish();
        let here = here?;
        let gone = gone?;
        Some(Check { telegram, block: block?, last: last?, count, missing: missing?, here, gone, rounds_max })
    }

    fn required(&self, table: &Table<'_>, key: &'static str, layout: &Layout) -> Option<String> {
        table.required_string(key).and_then(|path| field(self.document, layout, &path))
    }
}

#[cfg(test)]
mod tests;
