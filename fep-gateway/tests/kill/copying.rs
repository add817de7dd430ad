//! `fep-gateway journal copy` moves a journal from a file into a PostgreSQL database, and is killed again and again. However often, the last run
//! completes it: each fact is there once, under its number and as it was in the file.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;
use serde_json::Value;

use crate::bank::Bank;
use crate::daemon::{self, Daemon};
use crate::database::Server;
use crate::transfer;

/// How often a copy is made. Each is killed twice.
const COPIES: u32 = 10;

/// The exchanges of the file, and how often its facts are doubled then, so that a copy takes a while.
const EXCHANGES: u64 = 40;
const DOUBLINGS: u32 = 6;

/// A file of a gateway that was killed, with many facts: their exchanges repeat, and only the first ones have idempotency keys. As long as the
/// connection lasts, the write-ahead log stays beside the file.
fn many_facts(folder: &Path) -> (PathBuf, Connection) {
    let bank = Bank::start();
    let mut daemon = Daemon::start_with(folder, bank.port(), "");
    let port = daemon.port();
    let ask = move |amount: u64| daemon::ask(port, &format!("key-{amount}"), &transfer(amount));
    let asking: Vec<_> = (1..=EXCHANGES).map(|amount| thread::spawn(move || ask(amount))).collect();
    asking.into_iter().for_each(|asked| drop(asked.join()));
    daemon.kill();
    let journal = folder.join("journal.sqlite");
    let file = Connection::open(&journal).expect("the journal");
    let columns: Vec<String> = {
        let mut columns = file.prepare("SELECT name FROM pragma_table_info('facts')").expect("the columns");
        let names = columns.query_map([], |row| row.get(0)).expect("the columns");
        names.collect::<Result<_, _>>().expect("the columns")
    };
    let values: Vec<&str> = columns
        .iter()
        .map(|name| match name.as_str() {
            "number" => "number + (SELECT max(number) FROM facts)",
            "idempotency" | "digest" => "NULL",
            other => other,
        })
        .collect();
    let double = format!("INSERT INTO facts ({}) SELECT {} FROM facts", columns.join(", "), values.join(", "));
    for _ in 0..DOUBLINGS {
        file.execute(&double, []).expect("more facts");
    }
    (journal, file)
}

fn command(what: &str, config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
    command.args(["journal", what, "--config"]).arg(config).stdin(Stdio::null());
    command
}

/// Runs a copy to its end.
#[track_caller]
fn complete(config: &Path) -> String {
    let Output { status, stdout, stderr } = command("copy", config).output().expect("it runs");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8_lossy(&stdout).into_owned()
}

/// All facts as `export` writes them, without the gateway that stored them: a file does not say which one that was.
#[track_caller]
fn exported(mut export: Command) -> Vec<Value> {
    let Output { status, stdout, stderr } = export.output().expect("it runs");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let fact = |line: &str| {
        let mut fact: Value = serde_json::from_str(line).expect("a line is JSON");
        fact.as_object_mut().expect("an object").remove("instance");
        fact
    };
    String::from_utf8_lossy(&stdout).lines().map(fact).collect()
}

/// A folder with the file and a configuration with a schema of its own.
fn place(made: &Path, server: &Server, schema: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["journal.sqlite", "journal.sqlite-wal"] {
        if made.join(name).exists() {
            std::fs::copy(made.join(name), folder.path().join(name)).expect("a copy of the file");
        }
    }
    let config = folder.path().join("gateway.toml");
    let text = std::fs::read_to_string(made.join("gateway.toml")).expect("the configuration");
    let table = format!("{}schema = \"{schema}\"\n", server.table_of("seoul-1"));
    std::fs::write(&config, text + &table).expect("the configuration");
    (folder, config)
}

#[test]
fn a_copy_that_is_killed_again_and_again_has_every_fact_once() {
    let Some(server) = Server::start() else { return };
    let made = tempfile::tempdir().expect("a folder");
    let (journal, log) = many_facts(made.path());
    let mut export = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
    export.args(["journal", "export", "--journal"]).arg(&journal).stdin(Stdio::null());
    let facts = exported(export);
    assert!(facts.len() > 5000, "{} facts are copied too fast", facts.len());

    let undisturbed = place(made.path(), &server, "undisturbed");
    let began = Instant::now();
    let said = complete(&undisturbed.1);
    let mut lasts = began.elapsed();
    assert!(said.contains(&format!("{} facts up to number {}", facts.len(), facts.len())), "{said}");
    assert_eq!(exported(command("export", &undisturbed.1)), facts);

    let mut unfinished = 0;
    let mut copy = 0;
    while copy < COPIES || (unfinished < COPIES && copy < 3 * COPIES) {
        let (_folder, config) = place(made.path(), &server, &format!("copy_{copy}"));
        for death in [1, 2] {
            // The first deaths go through the whole run, the second ones are anywhere.
            let anywhere = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.subsec_micros());
            let part =
                if death == 1 { copy % COPIES * 1000 / COPIES + anywhere % (1000 / COPIES) } else { anywhere % 1000 };
            let mut running =
                command("copy", &config).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
            thread::sleep(lasts * part / 1000);
            running.kill().expect("it is ours");
            let has_ended = running.wait().expect("its end").success();
            unfinished += u32::from(!has_ended);
            if has_ended {
                // The first run was slower than those that follow.
                lasts = lasts * 3 / 4;
            }
        }
        complete(&config);
        assert_eq!(exported(command("export", &config)), facts, "copy {copy}");
        assert!(complete(&config).contains("was moved"), "copy {copy}: a complete copy is left alone");
        copy += 1;
    }
    drop(log);
    assert!(unfinished >= COPIES, "only {unfinished} runs were killed before their end: the test tests little");
    // A gateway goes on with the last one.
    let bank = Bank::start();
    let folder = tempfile::tempdir().expect("a folder");
    let table = format!("{}schema = \"undisturbed\"\n", server.table_of("seoul-1"));
    let daemon = Daemon::start_with(folder.path(), bank.port(), &table);
    let known = daemon::ask(daemon.port(), "key-1", &transfer(1)).expect("an outcome");
    assert_eq!(known.status, 200, "{}", known.body);
    assert!(bank.transfers().is_empty(), "it was sent before the copy");
    drop(undisturbed);
}
