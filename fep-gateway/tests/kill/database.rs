//! The journal is in a PostgreSQL database, and the daemon or the database dies in the middle of traffic. No request is lost, none is sent twice,
//! and no outcome is wrong, by the bank's own record.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::bank::Bank;
use crate::daemon::{self, Answer, Daemon};
use crate::{REQUESTS, check, transfer};

/// How often the database dies.
const DEATHS: u64 = 20;

/// After how many transfers the gateway dies, round by round.
const ROUNDS: [usize; 20] = [1, 2, 3, 5, 8, 10, 12, 15, 18, 20, 22, 25, 28, 30, 35, 40, 45, 50, 55, 60];

/// A server of its own, so that it can die.
pub(crate) struct Server {
    folder: TempDir,
    address: String,
}

impl Server {
    /// Starts one, or returns `None` if PostgreSQL is not installed. With `FEP_CI`, that is an error.
    pub(crate) fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        // The server has a user of its own, who must reach its folder.
        #[cfg(unix)]
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("permissions");
        let mut server = Self { folder, address: String::new() };
        match server.script("start") {
            Ok(address) => server.address = address.trim().to_owned(),
            Err(why) => {
                assert!(std::env::var_os("FEP_CI").is_none(), "PostgreSQL does not start: {why}");
                eprintln!("skipped: PostgreSQL does not start ({}); the journal is not tried on it", why.trim());
                return None;
            }
        }
        Some(server)
    }

    pub(crate) fn script(&self, what: &str) -> Result<String, String> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scripts/postgres.sh");
        let output = Command::new(script).arg(what).arg(self.folder.path().join("server")).output();
        let output = output.map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    fn table(&self) -> String {
        self.table_of("seoul-1")
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The table of a gateway with this name.
    pub(crate) fn table_of(&self, instance: &str) -> String {
        Self::table_at(&self.address, instance)
    }

    /// The same for a gateway that reaches the server at another address.
    pub(crate) fn table_at(address: &str, instance: &str) -> String {
        format!(
            "\n[journal.postgres]\nhosts = [\"{address}\"]\ndatabase = \"postgres\"\nuser = \"fep\"\ninstance = \"{instance}\"\n"
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it does not run.
        let _ = self.script("kill");
    }
}

#[test]
fn a_killed_gateway_loses_no_request_and_sends_none_twice() {
    let Some(server) = Server::start() else { return };
    for (round, transfers) in (1..).zip(ROUNDS) {
        check(transfers, &format!("{}schema = \"round_{round}\"\n", server.table()));
    }
}

#[test]
fn a_database_that_dies_under_load_costs_no_request_and_doubles_none() {
    let Some(server) = Server::start() else { return };
    let bank = Bank::start();
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start_with(folder.path(), bank.port(), &server.table());
    let port = daemon.port();
    let mut outcomes: BTreeMap<u64, Answer> = BTreeMap::new();
    for death in 0..DEATHS {
        let amounts = death * REQUESTS + 1..=(death + 1) * REQUESTS;
        let before = bank.transfers().len();
        let ask = move |amount| (amount, daemon::ask(port, &format!("key-{amount}"), &transfer(amount)));
        let asking: Vec<_> = amounts.map(|amount| thread::spawn(move || ask(amount))).collect();
        bank.wait_for_transfers(before + usize::try_from(10 + 2 * death).expect("a number"));
        server.script("kill").expect("it was running");
        let unready = Instant::now();
        while daemon::get(port, "/readyz").is_none_or(|answer| answer.status == 200) {
            assert!(unready.elapsed() < Duration::from_secs(20), "it is green without its journal");
            thread::sleep(Duration::from_millis(20));
        }
        server.script("start").expect("it starts again");
        for (amount, answer) in asking.into_iter().filter_map(|asked| asked.join().ok()) {
            outcomes.insert(amount, answer.expect("the daemon lives"));
        }
        let began = Instant::now();
        while daemon::get(port, "/readyz").is_none_or(|answer| answer.status != 200) {
            let state = daemon::get(port, "/readyz");
            assert!(began.elapsed() < Duration::from_secs(30), "it does not come back by itself: {state:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }
    let at_the_bank = bank.transfers();
    for amount in 1..=DEATHS * REQUESTS {
        let first = &outcomes[&amount];
        assert!(matches!(first.status, 200 | 503 | 504), "{amount}: {} {}", first.status, first.body);
        let again = daemon::ask(port, &format!("key-{amount}"), &transfer(amount)).expect("an outcome");
        assert!(matches!(again.status, 200 | 503 | 504), "{amount}: {} {}", again.status, again.body);
        if at_the_bank.contains_key(&amount) {
            assert_ne!(first.status, 503, "{amount} was at the bank and was called not sent: {}", first.body);
            assert_ne!(again.status, 503, "{amount} was at the bank and is called not sent: {}", again.body);
        }
        if first.status == 200 {
            // What was told while the database was away says so.
            let told = first.body.replace(r#""journaled":false,"#, "");
            assert_eq!((first.status, &told), (again.status, &again.body), "{amount}: an outcome changed");
        }
    }
    thread::sleep(Duration::from_millis(200));
    for (amount, times) in bank.transfers() {
        assert_eq!(times, 1, "{amount} reached the bank {times} times");
    }
}
