//! Reads the TOML file into a [`Config`]. Reports all mistakes at once, each with its line and column.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fep_spec::document::{Document, Located, Table, Value, instead};
use fep_spec::load::read;
use fep_spec::model::Spec;
use fep_spec::report::{Code, Source};
use ring::digest::{SHA256, digest};
use serde_json::Value as Json;

use super::hours::{self, session_notices};
use super::names::{check_name, known_path, known_telegram, ms, values};
use super::{
    Access, ArchiveConfig, BreakerConfig, Config, ConfigError, ConfigFile, Environment, Fill, Filling, FlowConfig,
    Framing, HoursConfig, InstitutionConfig, JournalFile, MarksConfig, PollConfig, ResponseCodes, SessionConfig,
    TelegramLimits, agreement, alarms, controls, events, http, http_target, instances, keys, lines, notices,
    opentelemetry, passing_on, postgres, proof, reconciliation, requests, routing, settlement, sharing, streams,
    switchover,
};
use crate::hex::hex;

/// The default number of whole days that stay in the journal besides the current one.
const ARCHIVE_AFTER_DAYS: u32 = 30;

/// The default limit of a frame, in bytes.
const FRAME_MAX_BYTES: usize = 8192;

/// The range of `polled_within_ms`, in milliseconds: up to an hour.
const POLLED_WITHIN_MS: std::ops::RangeInclusive<u64> = 1..=3_600_000;

impl Config {
    /// Reads a configuration file and the specs that it names.
    ///
    /// # Errors
    /// If the file cannot be read, or if it has mistakes. The error then has all of them.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let (name, text) = read(path).map_err(ConfigError::Unreadable)?;
        let digest = format!("sha256:{}", hex(digest(&SHA256, text.as_bytes()).as_ref()));
        let config = Self::parse(&name, &text, path.parent().unwrap_or(Path::new("")))?;
        Ok(Self { file: Some(ConfigFile { path: path.to_owned(), digest }), ..config })
    }

    /// Reads the text of a configuration. Paths in it are relative to `folder`.
    ///
    /// # Errors
    /// If the text has mistakes. The error has all of them.
    pub fn parse(name: &str, text: &str, folder: &Path) -> Result<Self, ConfigError> {
        Self::read(Document::new(Source::new(name, text)), folder, &BTreeMap::new())
    }

    /// Reads a document, which can have findings already. `specs` has the specs that are no files, by institution.
    pub(super) fn read(
        document: Document,
        folder: &Path,
        specs: &BTreeMap<String, Arc<Spec>>,
    ) -> Result<Self, ConfigError> {
        let config = document.walk(|root| config(&root, folder, specs).inspect(|_| root.finish()));
        let failed = document.has_errors();
        match config.flatten() {
            Some(config) if !failed => {
                if let Some(path) = &config.http.access {
                    let streams = config.streams.keys().cloned().collect();
                    Access::load_with_streams(path, &config.specs(), &streams)?;
                }
                Ok(config)
            }
            _ => Err(ConfigError::Findings(document.into_report())),
        }
    }
}

fn config(root: &Table<'_>, folder: &Path, specs: &BTreeMap<String, Arc<Spec>>) -> Option<Config> {
    let (environment, test_clock) = Environment::read(root);
    let http = http::read(root.table("http"), folder);
    let journal = journal(root.table("journal"), folder);
    let instances = instances::read(root.table("instances"), journal.postgres.as_ref(), folder);
    let events = events::read(root.table("events"), journal.key_file.is_some());
    let requests = requests::read(root.table("requests"), events.as_ref());
    let opentelemetry = opentelemetry::read(root.table("opentelemetry"), folder);
    agreement::listeners(root, http.listen);
    let mut institutions = BTreeMap::new();
    if let Some(table) = root.table("institutions") {
        let entries = table.entries();
        let names: Vec<&str> = entries.iter().map(|(name, _)| name.value).collect();
        for (name, value) in &entries {
            check_name(root.document(), name);
            let Some(table) = value.table() else { continue };
            let marks = instances.as_ref().and_then(|instances| instances.marks.as_ref());
            let origin = Origin { folder, spec: specs.get(name.value), marks };
            if let Some(institution) = institution(name.value, &names, &table, &origin) {
                institutions.insert(name.value.to_owned(), institution);
            }
            table.finish();
        }
        passing_on::check(&table, &institutions);
        routing::check(&table, &institutions, http.access.as_deref());
    }
    let streams = streams::read(root.table("streams"), folder);
    if !root.has("streams") && root.table("institutions").is_none_or(|table| table.entries().is_empty()) {
        let hint = "add a table [institutions.NAME]";
        root.document().error_hint(Code::MissingKey, root.span(), "there is no institution", hint);
    }
    let alarms = alarms::read(root.table("alarms"), &institutions, folder);
    let own = journal.postgres.as_ref().map(|postgres| postgres.instance.as_str());
    sharing::place(root.table("institutions").as_ref(), &mut institutions, instances.as_ref(), own);
    let mut notes = proof::notes(root.table("institutions"), &institutions);
    notes.findings.extend(postgres::note(root.table("journal"), journal.postgres.as_ref()));
    notes.findings.extend(sharing::notes(root.table("institutions"), &institutions));
    notes.findings.extend(instances::notes(root.table("instances"), instances.as_ref()));
    Some(Config {
        environment,
        test_clock,
        http,
        journal,
        instances,
        events,
        requests,
        opentelemetry,
        alarms,
        streams,
        institutions,
        notes,
        file: None,
    })
}

fn journal(table: Option<Table<'_>>, folder: &Path) -> JournalFile {
    let Some(table) = table else {
        let path = folder.join("journal.sqlite");
        return JournalFile { path, archive: None, key_file: None, postgres: None };
    };
    let path = folder.join(table.string("path").map_or("journal.sqlite", |path| path.value));
    let archive = table.string("archive");
    archive.iter().for_each(|archive| agreement::not_the_journal(&table, archive, folder, &path));
    let after_days = table.integer("archive_after_days", 1..=3650_u32);
    let offset = table.integer("utc_offset_minutes", -720..=840);
    if let (None, Some(days)) = (&archive, &after_days) {
        let hint = "add `archive = \"archive\"`, the folder of the archives";
        table.document().error_hint(Code::MissingKey, days.span.clone(), "`archive_after_days` needs `archive`", hint);
    }
    let keep_days = table.integer("keep_days", 2..=36_500_u32);
    let key_file = table.table("encryption").and_then(|encryption| {
        let key_file = encryption.required_string("key_file");
        key_file.iter().for_each(|file| agreement::not_the_journal(&encryption, file, folder, &path));
        encryption.finish();
        key_file.map(|file| folder.join(file.value))
    });
    if let Some(bodies) = table.string("bodies").filter(|bodies| bodies.value != "whole") {
        let hint = "encrypt them: encryption = { key_file = \"journal.keys\" }, and forget old keys";
        let message = "bodies are stored whole: masked ones could not be sent again, compared or settled";
        table.document().error_hint(Code::BadValue, bodies.span, message, hint);
    }
    let utc_offset_minutes = offset.map_or(540, |minutes| minutes.value);
    let days = keep_days.as_ref().map(|days| days.value);
    let postgres = postgres::read(table.table("postgres"), (utc_offset_minutes, days), folder);
    if let Some(days) = keep_days.as_ref().filter(|_| postgres.is_none()) {
        let after_days = after_days.as_ref().map_or(ARCHIVE_AFTER_DAYS, |days| days.value);
        let (message, hint) = match &archive {
            None => (
                "`keep_days` needs `archive`",
                "only archives and days of a database are deleted: add `archive = \"archive\"`".to_owned(),
            ),
            Some(_) => ("`keep_days` must be more than `archive_after_days`", format!("at least {}", after_days + 1)),
        };
        if archive.is_none() || days.value <= after_days {
            table.document().error_hint(Code::ConflictingKeys, days.span.clone(), message, hint);
        }
    }
    if let Some(archive) = archive.as_ref().filter(|_| postgres.is_some()) {
        let hint = "leave `archive` out: a database has a partition for each day";
        let message = "`archive` is for a journal in a file";
        table.document().error_hint(Code::ConflictingKeys, archive.span.clone(), message, hint);
    }
    table.finish();
    let archive = archive.map(|archive| ArchiveConfig {
        folder: folder.join(archive.value),
        after_days: after_days.map_or(ARCHIVE_AFTER_DAYS, |days| days.value),
        utc_offset_minutes,
        keep_days: days,
    });
    JournalFile { path, archive, key_file, postgres }
}

/// What an institution has from outside its table.
struct Origin<'c> {
    /// Where its files are.
    folder: &'c Path,
    /// Its spec, if that is no file.
    spec: Option<&'c Arc<Spec>>,
    /// The marks of the gateways.
    marks: Option<&'c MarksConfig>,
}

/// The keys of an institution that are tables, and those that other modules read.
const TABLES: [&str; 19] = [
    "label",
    "spec",
    "key",
    "trace",
    "fill",
    "session",
    "telegrams",
    "notices",
    "lines",
    "framing",
    "contact",
    "flow",
    "breaker",
    "hours",
    "settlement",
    "switchover",
    "delivery",
    "routing",
    "reconciliation",
];

fn institution(name: &str, names: &[&str], table: &Table<'_>, origin: &Origin<'_>) -> Option<InstitutionConfig> {
    let folder = origin.folder;
    table.knows(&TABLES);
    let label = table.string("label").map_or(name, |label| label.value).to_owned();
    let answer_timeout = ms(table, "answer_timeout_ms", 5000);
    let trace_wraps = table.boolean("trace_wraps").is_some_and(|wraps| wraps.value);
    let unsolicited_max_per_s = table.integer("unsolicited_max_per_s", 1..=100_000_u32).map_or(500, |max| max.value);
    let inflight_max = table.integer("inflight_max", 1..=100_000_usize).map_or(500, |max| max.value);
    let quarantine = ms(table, "quarantine_ms", 60_000);
    let drain_max = ms(table, "drain_max_ms", 10_000);
    let write_timeout = ms(table, "write_timeout_ms", 5000);
    let frame_timeout = ms(table, "frame_timeout_ms", 10_000);
    let zone = hours::zone(table, -720..=840).unwrap_or_else(|| 540.into());
    let lines = lines::read(table, folder);
    let spec = spec(table, origin)?;
    let framing = Framing::read(table.table("framing"), &spec, FRAME_MAX_BYTES);
    let key = keys::of_institution(table, &spec);
    http_target::check(table, lines.iter().map(|line| (line.name.as_str(), line.http.is_some())), &key);
    let trace = table.string("trace").map(|path| known_path(table.document(), &spec, &path));
    let hours = HoursConfig::read(table.table("hours"), &spec, zone, folder);
    let telegrams = telegrams(table, &spec, answer_timeout, &key);
    let fill = table.table("fill");
    if hours.calendar.day_starts_at() != 0 {
        let own = telegrams.values().filter_map(|limits| limits.key.as_ref()).flat_map(|key| &key.key);
        fill.iter().for_each(|fill| no_calendar_dates(fill, &key.iter().chain(own.clone()).collect::<Vec<_>>()));
    }
    fill.iter().zip(&trace).for_each(|(fill, trace)| agreement::trace(fill, trace));
    let session = table.table("session").map(|session| self::session(session, &spec));
    let has_echo_test = session.as_ref().is_some_and(SessionConfig::tests_links);
    let switchover = switchover::read(table, &lines, key.is_empty() && table.has("key"));
    let moves_money =
        |name: &str| telegrams.get(name).is_some_and(|limits: &TelegramLimits| limits.settlement.is_some());
    table.table("session").iter().for_each(|session| agreement::duties(session, moves_money));
    let breaker = table
        .table("breaker")
        .map(|table| BreakerConfig::read(table, &spec, (name, names), has_echo_test, moves_money));
    let settles = telegrams.values().any(|limits| limits.settlement.is_some());
    Some(InstitutionConfig {
        label,
        contact: table.string("contact").map(|contact| contact.value.to_owned()),
        control_characters: controls::read(table, &spec),
        key,
        trace,
        response_codes: ResponseCodes::read(table, &spec),
        answer_timeout,
        trace_wraps,
        inflight_max,
        unsolicited_max_per_s,
        quarantine,
        drain_max,
        write_timeout,
        frame_timeout,
        zone,
        framing,
        fill: fill.map_or(Vec::new(), |fill| fillings(&fill, &spec, origin.marks.is_some())),
        marks: origin.marks.cloned(),
        session,
        flow: FlowConfig::read(table.table("flow"), &spec, inflight_max, settles),
        breaker,
        hours,
        settlement: settlement::limits(table.table("settlement")),
        telegrams,
        notices: notices::read(table, &spec, folder),
        delivery: notices::limits(table.table("delivery")),
        routing: routing::read(table.table("routing"), &spec, (name, names)),
        reconciliation: reconciliation::read(table.table("reconciliation"), &spec, folder),
        switchover,
        lines,
        spec,
    })
}

fn spec(table: &Table<'_>, origin: &Origin<'_>) -> Option<Arc<Spec>> {
    let path = table.required_string("spec")?;
    if let Some(spec) = origin.spec {
        return Some(Arc::clone(spec));
    }
    let hint = "a spec file, relative to this file; `fep check` shows its mistakes in their lines";
    Spec::load(&origin.folder.join(path.value))
        .inspect_err(|error| table.document().error_hint(Code::BadValue, path.span, error.to_string(), hint))
        .ok()
        .map(Arc::new)
}

/// Trace numbers begin again with the business date. With the calendar date beside them, keys would occur twice on one date.
fn no_calendar_dates(fill: &Table<'_>, key: &[&String]) {
    for (path, value) in fill.entries().into_iter().filter(|(path, _)| key.iter().any(|key| *key == path.value)) {
        if value.is_string() && value.string().is_some_and(|text| text.value == "<date>") {
            let message = "`<date>` in a key does not fit `day_starts_at`";
            let hint = "write `<business_date>`: trace numbers begin again when it does";
            fill.document().error_hint(Code::ConflictingKeys, path.span, message, hint);
        }
    }
}

fn fillings(table: &Table<'_>, spec: &Spec, has_marks: bool) -> Vec<Fill> {
    let mut fills = Vec::new();
    for (path, value) in table.entries() {
        let path = known_path(table.document(), spec, &path);
        let with = if value.is_integer() {
            value.integer(i64::MIN..=i64::MAX).map(|number| Filling::Fixed(Json::from(number.value)))
        } else {
            value.string().map(|text| filling(table.document(), &text, has_marks))
        };
        fills.extend(with.map(|with| Fill { path, with }));
    }
    fills
}

fn filling(document: &Document, text: &Located<&str>, has_marks: bool) -> Filling {
    match text.value {
        "<instance>" => {
            if !has_marks {
                let hint = "add [instances.marks] with the mark of each gateway";
                document.error_hint(Code::ConflictingKeys, text.span.clone(), "`<instance>` needs marks", hint);
            }
            Filling::Instance
        }
        "<trace>" => Filling::Trace,
        "<date>" => Filling::Date,
        "<business_date>" => Filling::BusinessDate,
        "<time>" => Filling::Time,
        "<transaction>" => Filling::Transaction,
        word => {
            if word.starts_with('<') && word.ends_with('>') {
                let words = ["<trace>", "<date>", "<business_date>", "<time>", "<transaction>", "<instance>"];
                document.error_hint(
                    Code::UnknownWord,
                    text.span.clone(),
                    format!("there is no filling `{word}`"),
                    instead(word, &words),
                );
            }
            Filling::Fixed(Json::from(word))
        }
    }
}

fn session(table: Table<'_>, spec: &Spec) -> SessionConfig {
    let telegram = |key| table.string(key).map(|name| known_telegram(table.document(), spec, &name));
    let poll = table.table("poll").map(|poll| PollConfig::read(poll, table.has("echo_test")));
    let session = SessionConfig {
        poll,
        sign_on: telegram("sign_on"),
        sign_off: telegram("sign_off"),
        echo_test: telegram("echo_test"),
        accepted: values(&table, "accepted", spec),
        notices: session_notices(&table, spec),
        sign_on_timeout: ms(&table, "sign_on_timeout_ms", 10_000),
        echo_interval: ms(&table, "echo_interval_ms", 30_000),
        echo_idle: ms(&table, "echo_idle_ms", 20_000),
        echo_timeout: ms(&table, "echo_timeout_ms", 5000),
        polled_within: polled_within(&table),
        closes_unpolled: closes_unpolled(&table),
        alive: Duration::ZERO,
    };
    let alive = session.echo_interval + session.echo_timeout * 2;
    let alive = ms(&table, "alive_ms", u64::try_from(alive.as_millis()).unwrap_or(u64::MAX));
    let session = SessionConfig { alive, ..session };
    table.finish();
    session
}

fn polled_within(table: &Table<'_>) -> Option<Duration> {
    let within = table.integer("polled_within_ms", POLLED_WITHIN_MS)?;
    if !table.has("poll") && !table.has("echo_test") {
        let hint = "write `poll` or `echo_test`: what does the institution poll with?";
        table.document().error_hint(Code::MissingKey, within.span, "`polled_within_ms` needs a poll", hint);
    }
    Some(Duration::from_millis(within.value))
}

fn closes_unpolled(table: &Table<'_>) -> bool {
    let choice = table.choice("when_unpolled", &[("close", true), ("not_ready", false)]);
    if let Some(choice) = choice.as_ref().filter(|_| !table.has("polled_within_ms")) {
        let message = "`when_unpolled` has a meaning only beside `polled_within_ms`";
        table.document().error_hint(Code::ConflictingKeys, choice.span.clone(), message, "leave it out");
    }
    choice.is_none_or(|choice| choice.value)
}

fn telegrams(
    table: &Table<'_>,
    spec: &Spec,
    answer_timeout: Duration,
    common: &[String],
) -> BTreeMap<String, TelegramLimits> {
    let mut telegrams = BTreeMap::new();
    let Some(all) = table.table("telegrams") else { return telegrams };
    for (name, value) in all.entries() {
        let name = known_telegram(table.document(), spec, &name);
        let Some(table) = value.table() else { continue };
        let default = u64::try_from(answer_timeout.as_millis()).unwrap_or(u64::MAX);
        let answer_timeout = ms(&table, "answer_timeout_ms", default);
        let key = keys::of_telegram(&table, spec, &name, common);
        let repeats = repeats(&table, spec, &name);
        let settlement = settlement::read(&table, spec, &name);
        table.finish();
        telegrams.insert(name, TelegramLimits { key, repeats, answer_timeout, settlement });
    }
    keys::agree(&all, spec, &telegrams, common);
    telegrams
}

/// The fields that the answer to a telegram must repeat. Both telegrams must have each of them.
fn repeats(table: &Table<'_>, spec: &Spec, telegram: &str) -> Vec<String> {
    let paths = table.array("repeats").unwrap_or_default();
    let has =
        |telegram: &str, path: &str| spec.telegram(telegram).is_some_and(|known| known.layout.span(path).is_some());
    let answer = spec.telegram(telegram).and_then(|known| known.answer.as_deref()).unwrap_or_default();
    let mut repeats = Vec::new();
    for path in paths.into_iter().filter_map(Value::string) {
        if let Some(without) = [telegram, answer].into_iter().find(|name| !has(name, path.value)) {
            let message = format!("{without} has no field `{}` at a fixed place", path.value);
            let hint = "an answer can repeat only a field that it has in common with its request";
            table.document().error_hint(Code::UnknownName, path.span, message, hint);
        }
        repeats.push(path.value.to_owned());
    }
    repeats
}
