//! Two gateways share one journal in a PostgreSQL database and work at the same time. Either of them is killed, or paused so long that the other one
//! takes over, in the middle of traffic. One key goes to both: it is sent once. No request is lost, and no outcome is wrong, by the bank's own
//! record.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::bank::Bank;
use crate::daemon::{self, Answer, Daemon};
use crate::database::Server;
use crate::ledger::Ledger;
use crate::settling::{SETTLEMENT, compare, exchanges_at_rest};
use crate::transfer;

/// How often a gateway dies.
const DEATHS: u64 = 20;

/// The requests around each death.
const REQUESTS: u64 = 24;

/// A gateway with its files.
pub(crate) struct Member<'s> {
    server: &'s Server,
    bank: u16,
    name: &'static str,
    /// Further keys of the institution.
    institution: String,
    /// Further tables of its configuration.
    further: String,
    folder: TempDir,
    pub(crate) daemon: Daemon,
}

impl<'s> Member<'s> {
    fn start(server: &'s Server, bank: u16, name: &'static str, further: &str) -> Self {
        Self::start_of(server, bank, name, "", further)
    }

    /// With further keys of the institution.
    pub(crate) fn start_of(
        server: &'s Server,
        bank: u16,
        name: &'static str,
        institution: &str,
        further: &str,
    ) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), (server, bank), name, (institution, further))
    }

    fn start_in(
        folder: TempDir,
        (server, bank): (&'s Server, u16),
        name: &'static str,
        (institution, further): (&str, &str),
    ) -> Self {
        let daemon = Daemon::start_of(folder.path(), bank, institution, &tables(server, name, further));
        Self { server, bank, name, institution: institution.to_owned(), further: further.to_owned(), folder, daemon }
    }

    /// Starts it again, and waits until it is ready.
    pub(crate) fn again(&mut self) {
        let tables = tables(self.server, self.name, &self.further);
        self.daemon = Daemon::start_of(self.folder.path(), self.bank, &self.institution, &tables);
    }
}

fn tables(server: &Server, name: &str, further: &str) -> String {
    format!("{}lease_ms = 2000\n[instances]\nmax = 2\n{further}", server.table_of(name))
}

/// The name of the exchange that an answer is about.
fn exchange(answer: &Answer) -> String {
    let body: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    body["exchange"].as_str().expect("a name").to_owned()
}

/// Asks both gateways for transfers of these amounts, each with one key, at the same time.
fn ask_both(
    ports: [u16; 2],
    amounts: std::ops::RangeInclusive<u64>,
) -> Vec<thread::JoinHandle<(u64, [Option<Answer>; 2])>> {
    let ask = move |port, amount| thread::spawn(move || daemon::ask(port, &format!("key-{amount}"), &transfer(amount)));
    let both = move |amount| {
        let asked = ports.map(|port| ask(port, amount));
        (amount, asked.map(|asked| asked.join().expect("no panic")))
    };
    amounts.map(|amount| thread::spawn(move || both(amount))).collect()
}

fn check(bank: &Bank, ports: [u16; 2], told: &BTreeMap<u64, [Option<Answer>; 2]>) {
    compare_with(|| bank.transfers(), ports, told, told.len() / 2);
}

/// Compares what both say in the end about each transfer with what the bank saw. More than `fewest` were sent before that.
pub(crate) fn compare_with(
    transfers: impl Fn() -> BTreeMap<u64, u32>,
    ports: [u16; 2],
    told: &BTreeMap<u64, [Option<Answer>; 2]>,
    fewest: usize,
) {
    let at_the_bank = transfers();
    let mut sent = 0;
    for (amount, first) in told {
        let later =
            ports.map(|port| daemon::ask(port, &format!("key-{amount}"), &transfer(*amount)).expect("an answer"));
        let [one, other] = &later;
        assert!(matches!(one.status, 200 | 504), "{amount}: {} {}", one.status, one.body);
        assert_eq!((one.status, &one.body), (other.status, &other.body), "{amount}: the two disagree");
        if at_the_bank.contains_key(amount) {
            sent += 1;
            for told in first.iter().flatten() {
                // `not_sent` is said of an exchange. The other gateway's exchange with the same key is another one. Who lost the key to it
                // is told `not_sent` only if that one was not sent either. `key_unchecked` says that nothing is known.
                let is_honest = told.status != 503
                    || told.body.contains("\"key_unchecked\"")
                    || (exchange(told) != exchange(one) && !told.body.contains("\"key_taken\""));
                assert!(is_honest, "{amount} was at the bank and was called not sent: {}", told.body);
            }
        }
        // An answer that a paused gateway could not store any more was told as one that is not in the journal.
        let is_durable = |told: &&Answer| told.status == 200 && !told.body.contains("\"journaled\":false");
        for told in first.iter().flatten().filter(is_durable) {
            assert_eq!((told.status, &told.body), (one.status, &one.body), "{amount}: an outcome changed");
        }
    }
    assert!(sent > fewest, "only {sent} of {} were sent before: the test tests little", told.len());
    thread::sleep(Duration::from_millis(200));
    for (amount, times) in transfers() {
        assert_eq!(times, 1, "{amount} reached the bank {times} times");
    }
}

#[test]
fn either_gateway_dies_under_load_and_nothing_is_lost_or_doubled() {
    let Some(server) = Server::start() else { return };
    let bank = Bank::start();
    let mut members = ["seoul-1", "busan-1"].map(|name| Member::start(&server, bank.port(), name, ""));
    let mut told = BTreeMap::new();
    for death in 0..DEATHS {
        let ports = [members[0].daemon.port(), members[1].daemon.port()];
        let before = bank.transfers().len();
        let asking = ask_both(ports, death * REQUESTS + 1..=(death + 1) * REQUESTS);
        bank.wait_for_transfers(before + usize::try_from(death % 10).expect("a number") * 2);
        let dying = &mut members[usize::from(death % 2 == 1)];
        dying.daemon.kill();
        told.extend(asking.into_iter().map(|asked| asked.join().expect("no panic")));
        dying.again();
    }
    let ports = [members[0].daemon.port(), members[1].daemon.port()];
    check(&bank, ports, &told);
}

#[cfg(unix)]
#[test]
fn a_paused_gateway_is_taken_over_ends_itself_when_it_wakes_up_and_comes_back() {
    let Some(server) = Server::start() else { return };
    let bank = Bank::start();
    let mut members = ["seoul-1", "busan-1"].map(|name| Member::start(&server, bank.port(), name, ""));
    let mut told = BTreeMap::new();
    for pause in 0..3_u64 {
        let ports = [members[0].daemon.port(), members[1].daemon.port()];
        let before = bank.transfers().len();
        let amounts = pause * REQUESTS + 1..=(pause + 1) * REQUESTS;
        let asking = ask_both(ports, amounts.clone());
        bank.wait_for_transfers(before + 6);
        let which = usize::from(pause % 2 == 1);
        members[which].daemon.pause(true);
        // The other one ends what was open, without anybody who restarts anything.
        let survivor = ports[1 - which];
        let began = Instant::now();
        for amount in amounts {
            let ended = || {
                daemon::ask(survivor, &format!("key-{amount}"), &transfer(amount)).filter(|answer| answer.status != 409)
            };
            while ended().is_none() {
                assert!(began.elapsed() < Duration::from_secs(30), "{amount} has no end");
                thread::sleep(Duration::from_millis(50));
            }
        }
        // If nothing was open, it is taken over nevertheless, when its lease is over.
        thread::sleep(Duration::from_secs(4).saturating_sub(began.elapsed()));
        let overview = daemon::get(survivor, "/v1/overview").expect("the survivor lives").body;
        let overview: serde_json::Value = serde_json::from_str(&overview).expect("JSON");
        let of = |name: &str| {
            let all = overview["instances"].as_array().expect("a list");
            all.iter().find(|instance| instance["instance"] == name).expect("it is listed").clone()
        };
        let gone = of(members[which].name);
        let heir = of(members[1 - which].name);
        assert_eq!((&gone["state"], &gone["heirs"][0]), (&"ended".into(), &heir["instance"]), "{overview}");
        assert_eq!((&heir["state"], &heir["is_own"]), (&"writes".into(), &true.into()), "{overview}");
        members[which].daemon.pause(false);
        assert_eq!(members[which].daemon.ends(), Some(1), "it ends, so that its service manager starts it again");
        told.extend(asking.into_iter().map(|asked| asked.join().expect("no panic")));
        members[which].again();
    }
    let ports = [members[0].daemon.port(), members[1].daemon.port()];
    check(&bank, ports, &told);
}

/// Nobody starts the dead one again until the other one has settled everything.
#[test]
fn a_survivor_settles_what_a_dead_gateway_left_as_the_bank_has_it() {
    let Some(server) = Server::start() else { return };
    let bank = Ledger::start();
    let mut members = ["seoul-1", "busan-1"].map(|name| Member::start(&server, bank.port, name, SETTLEMENT));
    for death in 0..6_u64 {
        let ports = [members[0].daemon.port(), members[1].daemon.port()];
        let first = death * REQUESTS + 1;
        let ask = move |amount: u64| {
            let port = ports[usize::from(amount.is_multiple_of(2))];
            daemon::ask(port, &format!("key-{amount}"), &transfer(amount))
        };
        let asking: Vec<_> = (first..first + REQUESTS).map(|amount| thread::spawn(move || ask(amount))).collect();
        bank.wait_for_more(5 + 9 * usize::try_from(death).expect("a number"));
        let dying = usize::from(death.is_multiple_of(2));
        members[dying].daemon.kill();
        asking.into_iter().for_each(|asked| drop(asked.join()));
        compare(&exchanges_at_rest(&members[1 - dying].daemon), &bank);
        members[dying].again();
    }
    let ends = [&members[0], &members[1]].map(|member| exchanges_at_rest(&member.daemon));
    assert_eq!(ends[0], ends[1], "both say the same");
    compare(&ends[0], &bank);
    check_owners(&members, ends[0].values().map(|exchange| exchange["exchange"].as_str().expect("a name")));
}

/// Both gateways name the same owner of each exchange, and each knows its own.
fn check_owners<'e>(members: &[Member<'_>; 2], exchanges: impl Iterator<Item = &'e str>) {
    for exchange in exchanges.take(50) {
        let [one, other] = members.each_ref().map(|member| {
            let view = daemon::get(member.daemon.port(), &format!("/v1/exchanges/{exchange}/view")).expect("a view");
            let view: serde_json::Value = serde_json::from_str(&view.body).expect("JSON");
            let owner = view["owner"]["instance"].as_str().expect("an owner").to_owned();
            assert_eq!(view["owner"]["is_own"], owner == member.name, "{view}");
            owner
        });
        assert_eq!(one, other, "{exchange}");
    }
}

#[test]
fn a_database_that_dies_under_two_gateways_costs_no_request_and_doubles_none() {
    let Some(server) = Server::start() else { return };
    let bank = Bank::start();
    let members = ["seoul-1", "busan-1"].map(|name| Member::start(&server, bank.port(), name, ""));
    let ports = [members[0].daemon.port(), members[1].daemon.port()];
    let mut told = BTreeMap::new();
    for death in 0..DEATHS {
        let before = bank.transfers().len();
        let asking = ask_both(ports, death * REQUESTS + 1..=(death + 1) * REQUESTS);
        bank.wait_for_transfers(before + usize::try_from(death % 10).expect("a number") * 2);
        server.script("kill").expect("it was running");
        told.extend(asking.into_iter().map(|asked| asked.join().expect("no panic")));
        server.script("start").expect("it starts again");
        let began = Instant::now();
        while ports.iter().any(|port| daemon::get(*port, "/readyz").is_none_or(|answer| answer.status != 200)) {
            assert!(began.elapsed() < Duration::from_secs(30), "they do not come back by themselves");
            thread::sleep(Duration::from_millis(20));
        }
    }
    // One that had nothing to do has not noticed yet that its connections are gone, and what was in doubt is not resolved yet.
    for amount in told.keys() {
        for port in ports {
            until_known(port, *amount);
        }
    }
    check(&bank, ports, &told);
}

/// Asks for a transfer until its outcome is known.
fn until_known(port: u16, amount: u64) {
    let began = Instant::now();
    loop {
        let answer = daemon::ask(port, &format!("key-{amount}"), &transfer(amount)).expect("an answer");
        if matches!(answer.status, 200 | 504) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{amount} has no end: {}", answer.body);
        thread::sleep(Duration::from_millis(20));
    }
}

/// Two clients that may only send. The hashes are those of the words `one` and `two`, by sha256sum.
const CLIENTS: &str = r#"
[clients.one]
tokens = ["sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"]
may = [{ actions = ["send"] }]
[clients.two]
tokens = ["sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"]
may = [{ actions = ["send"] }]
"#;

#[test]
fn a_client_whose_key_another_client_has_at_the_other_gateway_is_not_told_what_became_of_that() {
    let Some(server) = Server::start() else { return };
    let bank = Bank::start();
    let members = ["seoul-1", "busan-1"].map(|name| {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("access.toml"), CLIENTS).expect("the clients");
        Member::start_in(folder, (&server, bank.port()), name, ("", ""))
    });
    for amount in 1..=20_u64 {
        let ask = |which: usize, token: &'static str| {
            let port = members[which].daemon.port();
            thread::spawn(move || daemon::ask_as(token, port, &format!("key-{amount}"), &transfer(amount)))
        };
        let mut answers =
            [ask(0, "one"), ask(1, "two")].map(|asked| asked.join().expect("no panic").expect("an answer"));
        // The bank keeps silent about some.
        answers.sort_by_key(|answer| answer.status == 409);
        let [sent, refused] = answers;
        assert!(matches!(sent.status, 200 | 504), "{}", sent.body);
        assert_eq!(refused.status, 409, "{}", refused.body);
        assert!(refused.body.contains("\"key_of_another_client\""), "{}", refused.body);
        assert_eq!(bank.transfers().get(&amount), Some(&1));
    }
}
