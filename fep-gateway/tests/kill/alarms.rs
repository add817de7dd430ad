//! Who judges alarms fails: by a bug of its own, or because it is cut off from the database. Whoever goes on knows what was told, and tells nothing
//! twice.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bank::Bank;
use crate::daemon::{self, Daemon};

/// The log is told when the bank has been silent for a second.
const RULES: &str = "
[alarms.to.log]
kind = \"log\"
pause_ms = 1
[alarms.rules.silence]
kind = \"no_traffic\"
quiet_max_ms = 1000
clear_after_ms = 0
to = [\"log\"]
";

fn alarms(daemon: &Daemon) -> Value {
    let body = daemon::get(daemon.port(), "/v1/alarms").expect("a reply").body;
    serde_json::from_str(&body).expect("JSON")
}

/// Waits until the alarms at a gateway are as wanted.
fn shows(daemon: &Daemon, is_so: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let seen = alarms(daemon);
        if is_so(&seen) {
            return seen;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "in vain: {seen}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// How often the log was told that it is raised.
fn raised(folder: &Path) -> usize {
    daemon::log(folder).matches("alarm: bank-a sent no telegram").count()
}

#[cfg(feature = "fault-points")]
#[test]
fn a_judge_that_panics_goes_on_with_what_is_stored_and_tells_nothing_twice() {
    let bank = Bank::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut daemon = Daemon::spawn_with(folder.path(), bank.port(), "LookingAtAlarms:5:panic", RULES);
    assert!(daemon.is_ready());
    let before = shows(&daemon, |seen| seen["alarms"][0]["state"] == "raised");
    let metric = || daemon::get(daemon.port(), "/metrics").expect("a reply").body;
    let began = Instant::now();
    while !metric().contains("fep_alarm_panics_total 1") {
        assert!(began.elapsed() < Duration::from_secs(30), "the point was never reached");
        thread::sleep(Duration::from_millis(20));
    }
    let at = alarms(&daemon)["alarms"][0]["id"].clone();
    assert_eq!(at, before["alarms"][0]["id"]);
    assert!(daemon::log(folder.path()).contains("judging alarms panicked, which is a bug"));
    // It judges again: the bank's answer ends the alarm, and its silence raises another one.
    shows(&daemon, |seen| seen["judges"] == true);
    let is_first = |seen: &Value| seen["alarms"][0]["state"] == "raised" && seen["alarms"][0]["id"] == at;
    // It looks each 200 ms, and an answer ends the alarm for a second: one answer would do, if the machine never stood still.
    // The bank is silent on each third transfer.
    for number in (1..).filter(|number| number % 3 != 0) {
        let key = format!("key-{number}");
        let asked = daemon::ask(daemon.port(), &key, &crate::transfer(number));
        assert!(asked.is_some_and(|answer| answer.status == 200));
        if !is_first(&alarms(&daemon)) {
            break;
        }
        assert!(number < 1000, "answers do not end the alarm");
        thread::sleep(Duration::from_millis(20));
    }
    shows(&daemon, |seen| {
        let is_told = seen["receivers"][0]["waiting"] == 0;
        seen["alarms"][0]["state"] == "raised" && seen["alarms"][0]["id"] != at && is_told
    });
    // A thread of its own writes the log.
    let told = Instant::now();
    while raised(folder.path()) < 2 && told.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(raised(folder.path()), 2, "{}", daemon::log(folder.path()));
}

#[cfg(feature = "postgres")]
#[test]
fn a_judge_that_is_cut_off_from_the_database_tells_nothing_after_another_one_has_begun() {
    use crate::database::Server;
    use crate::proxy::{Cable, Proxy};

    for cable in [Cable::Silent, Cable::Pulled] {
        let Some(server) = Server::start() else { return };
        let way = Proxy::to(server.address().to_owned());
        let bank = Bank::start();
        let folders = [0, 1].map(|_| tempfile::tempdir().expect("a folder"));
        // Both would raise it some seconds after the cut.
        let rules = RULES.replace("quiet_max_ms = 1000", "quiet_max_ms = 1000\nraise_after_ms = 8000");
        let start = |place: usize, address: &str, name| {
            let tables = Server::table_at(address, name) + "lease_ms = 2000\n[instances]\nmax = 2\n" + &rules;
            Daemon::start_with(folders[place].path(), bank.port(), &tables)
        };
        let mut first = start(0, &format!("127.0.0.1:{}", way.port()), "seoul-1");
        shows(&first, |seen| seen["judges"] == true);
        let second = start(1, server.address(), "busan-1");
        assert_eq!(alarms(&second)["judges"], false);
        way.set(cable);
        shows(&second, |seen| seen["judges"] == true);
        shows(&second, |seen| seen["alarms"][0]["state"] == "raised");
        // What the first one knew is past its time by now, whether it lives on without its database or has ended.
        thread::sleep(Duration::from_secs(3));
        assert!(first.has_ended() || alarms(&first)["judges"] == false, "{cable:?}: two judge");
        assert_eq!((raised(folders[0].path()), raised(folders[1].path())), (0, 1), "{cable:?}");
    }
}
