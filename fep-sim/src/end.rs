//! The checks that ask the gateway and its journal: after each start, when everything has come to its end, and of the files.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::path::Path;

use clap::Parser;
use fep_gateway::Gateway;
use fep_gateway::exchange::{Exchange, ExchangeId, Outcome};
use fep_gateway::inspect::{self, JournalCommand, Verdict};
use fep_protocol::exchange::{Money, SettledBy};
use serde_json::Value;

use crate::setup::{ARCHIVE, KEY_FILE};
use crate::telegram::{KEY, RESPONSE, Telegram};
use crate::world::{Rule, Shared, Told, Transfer, World};

/// More exchanges than any plan has.
const ALL: usize = 10_000;

/// What callers were told by earlier processes is still so.
pub(crate) async fn earlier(shared: &Shared, gateway: &Gateway) {
    let told = shared.lock().checks.told.clone();
    for Told { exchange, .. } in told {
        let id = exchange.id;
        let found = match gateway.find(&id).await {
            Ok(found) => found,
            Err(error) => return shared.lock().fail(Rule::Journal, format!("{id} cannot be read: {error}")),
        };
        let before_ms = shared.lock().removed_before_ms();
        if found.is_none() && before_ms.is_some_and(|before_ms| exchange.accepted_at_ms < before_ms) {
            shared.lock().count("an exchange that was removed on purpose");
            continue;
        }
        if let Some((rule, why)) = differs(&exchange, found.as_ref()) {
            shared.lock().fail(rule, format!("{id}: {why}"));
        }
    }
}

/// How the journal contradicts what a caller was told.
fn differs(told: &Exchange, found: Option<&Exchange>) -> Option<(Rule, String)> {
    let Some(found) = found else {
        return told
            .journaled
            .then(|| (Rule::Durable, "it was told as journaled, and is not in the journal".to_owned()));
    };
    let outcome = found.outcome.map_or("running", Outcome::name);
    match (told.outcome, found.outcome) {
        (Some(Outcome::Unknown), Some(Outcome::NotSent)) => {
            Some((Rule::NotSent, "it was told unknown and became not_sent".to_owned()))
        }
        (told_as, now) if told.journaled && told_as != now => {
            let told_as = told_as.map_or("running", Outcome::name);
            Some((Rule::Durable, format!("it was told as journaled {told_as} and is {outcome}")))
        }
        _ if told.journaled && told.answer != found.answer && told.outcome == Some(Outcome::Answered) => {
            Some((Rule::Durable, "its answer changed".to_owned()))
        }
        _ => None,
    }
}

/// When no fault has lasted for long, everything has come to its end, and the gateway says what the banks did.
pub(crate) async fn settled(shared: &Shared, gateway: &Gateway) {
    earlier(shared, gateway).await;
    let exchanges = match gateway.recent(ALL).await {
        Ok(exchanges) => exchanges,
        Err(error) => return shared.lock().fail(Rule::Journal, format!("the exchanges cannot be read: {error}")),
    };
    let letters = gateway.dead_letters(ALL).await.unwrap_or_default();
    let letters: BTreeSet<ExchangeId> = letters.iter().map(|(exchange, _)| exchange.id).collect();
    let mut world = shared.lock();
    for exchange in &exchanges {
        world.has_ended(exchange, letters.contains(&exchange.id));
    }
    world.isolated();
    world.lines_have_returned();
    world.notices_delivered();
}

impl World {
    fn has_ended(&mut self, exchange: &Exchange, is_dead_letter: bool) {
        let Exchange { id, telegram, settled_by, .. } = exchange;
        let Some(outcome) = exchange.outcome else {
            return self.fail(Rule::Final, format!("{id} ({telegram}) still runs"));
        };
        if **telegram != *"Transfer" {
            return;
        }
        if outcome == Outcome::Unknown && exchange.money.is_none() && !is_dead_letter {
            return self.fail(Rule::Settled, format!("{id} is unknown, not settled, and waits for nobody"));
        }
        let bank = usize::from(*exchange.institution != *"bank-0");
        let key = Telegram(&exchange.request).get(KEY).to_vec();
        let Some(bank) = self.banks.get(bank) else { return };
        if bank.lied.contains(&key) || *settled_by == Some(SettledBy::Person) {
            return;
        }
        let transfer = bank.transfers.get(&key);
        let is_done = transfer.is_some_and(Transfer::is_done);
        let response = exchange.answer.as_ref().map(|answer| Telegram(&answer.bytes).text(RESPONSE));
        let says = match (outcome, exchange.money) {
            (Outcome::NotSent, _) | (_, Some(Money::NotDone | Money::Reversed)) => false,
            (Outcome::Answered, _) => response.as_deref() == Some("0000"),
            (Outcome::Unknown, Some(Money::Done)) => true,
            (Outcome::Unknown, None) => return self.count("a dead letter"),
        };
        if says != is_done {
            let what = format!("{id} is {} {:?}, and the bank has it done: {is_done}", outcome.name(), exchange.money);
            return self.fail(Rule::Truth, what);
        }
        self.count(match settled_by {
            None => "a transfer agrees with the bank",
            Some(SettledBy::LateAnswer) => "a late answer settles",
            Some(SettledBy::Inquiry) => "an inquiry settles",
            Some(SettledBy::Reversal) => "a reversal settles",
            Some(SettledBy::Person) => "a person settles",
        });
    }
}

impl World {
    /// Each fact that was stored is in the journal or an archive, once, unless it was removed on purpose.
    fn has_all_facts(&mut self, numbers: &[u64]) {
        let stored = self.checks.facts_stored;
        let first = numbers.first().copied().unwrap_or(1);
        let is_from_the_start = first == 1 || self.removed_before_ms().is_some();
        if first > 1 {
            self.count("a beginning that was removed on purpose");
        }
        let follow = numbers.iter().zip(first..).all(|(number, expected)| *number == expected);
        let last = numbers.last().copied().unwrap_or(0);
        if !is_from_the_start || !follow || last != stored {
            let what = format!("{} facts from {first} to {last} are there, and {stored} were stored", numbers.len());
            self.fail(Rule::Archive, what);
        }
    }
}

#[derive(Parser)]
struct CommandLine {
    #[command(subcommand)]
    command: JournalCommand,
}

/// Whether a folder has an archive. Others are there for its beginning.
fn has_archive(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.map(|file| file.path()).any(|file| file.extension() == Some(OsStr::new("sqlite")))
}

/// Runs `fep-gateway journal COMMAND --journal PATH`, with the key file if there is one, and returns its output if it finds nothing wrong.
fn inspect(shared: &Shared, command: &str, path: &Path) -> Option<Vec<u8>> {
    let mut words = vec![OsStr::new("journal"), OsStr::new(command), OsStr::new("--journal"), path.as_os_str()];
    let archives = path.with_file_name(ARCHIVE);
    if has_archive(&archives) {
        words.extend([OsStr::new("--journal"), archives.as_os_str()]);
    }
    let key_file = path.with_file_name(KEY_FILE);
    if key_file.exists() {
        words.extend([OsStr::new("--key-file"), key_file.as_os_str()]);
    }
    let mut text = Vec::new();
    let failed = match CommandLine::try_parse_from(words).map(|line| inspect::run(&line.command, &mut text)) {
        Ok(Ok(Verdict::Clean)) => return Some(text),
        Ok(Ok(Verdict::Findings)) => String::from_utf8_lossy(&text).into_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    shared.lock().fail(Rule::Journal, format!("journal {command}: {failed}"));
    None
}

/// What services sent and a thief must not find: an account to withdraw from, one to deposit to, a name, the beginning of an
/// idempotency key.
const SECRETS: [(&str, &[u8]); 4] = [
    ("an account", b"1102003004"),
    ("an account of a payee", b"9002003"),
    ("a name", b"\xc8\xab\xb1\xe6\xb5\xbf"),
    ("an idempotency key", b"order-of-"),
];

fn has(bytes: &[u8], secret: &[u8]) -> bool {
    let Some(first) = secret.first() else { return false };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = rest.get(at..).unwrap_or_default();
        if rest.starts_with(secret) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

/// The bytes of all files of an encrypted journal show nothing. Those of a plain one do, so the search finds what there is.
fn secrets(shared: &Shared, path: &Path) -> io::Result<()> {
    let is_encrypted = path.with_file_name(KEY_FILE).exists();
    let archives = Some(path.with_file_name(ARCHIVE)).filter(|archives| archives.exists());
    let folders = path.parent().into_iter().chain(archives.as_deref()).map(std::fs::read_dir);
    for file in folders.collect::<io::Result<Vec<_>>>()?.into_iter().flatten() {
        let file = file?.path();
        if file.is_dir() {
            continue;
        }
        let bytes = std::fs::read(&file)?;
        for (name, _) in SECRETS.iter().filter(|(_, secret)| has(&bytes, secret)) {
            match is_encrypted {
                true => shared.lock().fail(Rule::Secret, format!("{} shows {name}", file.display())),
                false => shared.lock().count("something secret in a plain journal"),
            }
        }
        if is_encrypted {
            shared.lock().count("a file of an encrypted journal");
        }
    }
    Ok(())
}

/// The files of the journal agree with themselves, and each exchange has one outcome.
pub(crate) fn journal(shared: &Shared, path: &Path) {
    if let Err(error) = secrets(shared, path) {
        shared.lock().fail(Rule::Journal, format!("its files cannot be read: {error}"));
    }
    // It agrees with itself and its index.
    inspect(shared, "verify", path);
    let Some(text) = inspect(shared, "export", path) else { return };
    let mut outcomes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut numbers = Vec::new();
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let Ok(fact) = serde_json::from_slice::<Value>(line) else {
            return shared.lock().fail(Rule::Journal, "a line of the export is not JSON".to_owned());
        };
        shared.lock().say(format_args!("journal: {}", String::from_utf8_lossy(line)));
        numbers.extend(fact.get("number").and_then(Value::as_u64));
        let word = |name: &str| fact.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(exchange) = word("exchange") else { continue };
        let is_request = word("class").as_deref() == Some("request");
        let outcome = word("outcome");
        if is_request || outcome.is_some() {
            outcomes.entry(exchange).or_default().extend(outcome);
        }
    }
    shared.lock().has_all_facts(&numbers);
    for (exchange, outcomes) in outcomes {
        shared.lock().count("an exchange in the export");
        if outcomes.len() != 1 {
            shared.lock().fail(Rule::Final, format!("{exchange} has the outcomes {outcomes:?}"));
        }
    }
}
