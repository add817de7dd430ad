//! Which line carries which request: main and backup lines, stopped lines, windows, links for one request, telegrams without a
//! key, polls. And what of that survives a restart.

use std::sync::Arc;

use fep_gateway::exchange::{Exchange, LineStatus, LinkState};
use fep_gateway::gateway::{Decision, StandInOnly};
use fep_gateway::{Config, Gateway};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::connecting::frame;
use crate::harness::{Setup, config_with, entries_of, outcome, start, transfer, until};
use crate::peer::{PATIENCE, Peer, transfer_answer};

/// A gateway that can be started again on its journal.
struct Bench {
    gateway: Gateway,
    config: Config,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn new(lines: &str, institution: &'static str, tables: &'static str) -> Self {
        Self::changed(lines, institution, tables, |_| {}).await
    }

    async fn changed(
        lines: &str,
        institution: &'static str,
        tables: &'static str,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup { institution, tables, ..Setup::default() };
        let mut config = config_with(&folder.path().join("journal.sqlite"), &setup, lines);
        change(&mut config);
        let gateway = start(config.clone(), Arc::new(StandInOnly)).await;
        Self { gateway, config, folder }
    }

    async fn restart(self) -> Self {
        let Self { gateway, config, folder } = self;
        gateway.stop().await;
        // The journal is free when its last handle is gone.
        drop(gateway);
        let gateway = start(config.clone(), Arc::new(StandInOnly)).await;
        Self { gateway, config, folder }
    }

    fn line(&self, name: &str) -> LineStatus {
        self.gateway.lines().into_iter().find(|line| line.line == name).unwrap()
    }

    async fn becomes(&self, name: &str, state: LinkState) {
        until("the link has this state", async || self.line(name).links[0].state == state).await;
    }

    fn ask(&self) -> JoinHandle<Exchange> {
        let gateway = self.gateway.clone();
        tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &transfer(), None).await.unwrap() })
    }

    /// Makes an exchange that this peer gets and answers.
    async fn answered_by(&self, peer: &mut Peer) {
        let asked = self.ask();
        let (connection, request) = peer.receive().await;
        peer.send(connection, &transfer_answer(&request)).await;
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }

    fn classes(&self) -> Vec<String> {
        entries_of(&self.folder.path().join("journal.sqlite")).into_iter().map(|(_, class, _)| class).collect()
    }
}

fn line(name: &str, port: u16, keys: &str) -> String {
    format!(
        "[[institutions.bank-a.lines]]\nname = \"{name}\"\nconnect = \"127.0.0.1:{port}\"\nreconnect_max_ms = 100\n{keys}\n"
    )
}

const QUICK: &str = "[institutions.bank-a.switchover]\nafter_ms = 200\nreturn_after_ms = 400\n";
const BY_HAND: &str = "[institutions.bank-a.switchover]\nafter_ms = 200\nreturn_after_ms = 400\nreturn = \"manual\"\n";

async fn pair(standby: &str, tables: &'static str) -> (Bench, Peer, Peer) {
    let main = Peer::start().await;
    let (bench, backup) = with_main(main.port, standby, tables).await;
    bench.becomes("main", LinkState::Up).await;
    (bench, main, backup)
}

async fn with_main(port: u16, standby: &str, tables: &'static str) -> (Bench, Peer) {
    let backup = Peer::start().await;
    let second = line("backup", backup.port, &format!("rank = 2\nstandby = \"{standby}\""));
    let lines = [line("main", port, ""), second];
    (Bench::new(&lines.concat(), "answer_timeout_ms = 5000", tables).await, backup)
}

#[tokio::test]
async fn business_moves_to_a_hot_backup_and_returns() {
    let main = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = main.local_addr().unwrap().port();
    let (bench, mut backup) = with_main(port, "hot", QUICK).await;
    let (mut stream, _) = timeout(PATIENCE, main.accept()).await.expect("it connects").unwrap();
    bench.becomes("main", LinkState::Up).await;
    bench.becomes("backup", LinkState::Up).await;
    let lost = bench.ask();
    let request = frame(&mut stream).await;
    // From now on the institution refuses connections.
    drop((main, stream));
    let lost = lost.await.unwrap();
    assert!(outcome(&lost).starts_with("unknown: the link was lost after the write"), "{}", outcome(&lost));
    let asked = bench.ask();
    let (connection, moved) = backup.receive().await;
    // The answer to what was sent on the main line counts on the backup line.
    backup.send(connection, &transfer_answer(&request)).await;
    backup.send(connection, &transfer_answer(&moved)).await;
    assert_eq!(outcome(&asked.await.unwrap()), "answered");
    until("the late answer settles it", async || {
        bench.gateway.find(&lost.id).await.unwrap().is_some_and(|exchange| exchange.settled_by.is_some())
    })
    .await;
    let status = bench.line("backup");
    assert_eq!((status.carries, status.carries_why.as_deref()), (true, Some("no line of the former rank worked")));
    assert!(status.carries_since_ms.is_some() && !bench.line("main").carries);
    let again = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let (mut stream, _) = timeout(PATIENCE, again.accept()).await.expect("it connects").unwrap();
    bench.becomes("main", LinkState::Up).await;
    bench.answered_by(&mut backup).await;
    until("business returns", async || bench.line("main").carries).await;
    let asked = bench.ask();
    let request = frame(&mut stream).await;
    stream.write_all(&transfer_answer(&request)).await.unwrap();
    assert_eq!(outcome(&asked.await.unwrap()), "answered");
    let switchover = bench.gateway.institution("bank-a").await.unwrap().switchover.unwrap();
    assert_eq!((switchover.rank, switchover.lines, switchover.cause), (1, vec!["main".to_owned()], "good"));
}

#[tokio::test]
async fn a_cold_backup_is_connected_when_it_is_needed() {
    let main = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (bench, mut backup) = with_main(main.local_addr().unwrap().port(), "cold", QUICK).await;
    let (stream, _) = timeout(PATIENCE, main.accept()).await.expect("it connects").unwrap();
    bench.becomes("main", LinkState::Up).await;
    assert_eq!(bench.line("backup").links[0].state, LinkState::Idle);
    drop((main, stream));
    until("the loss is known", async || bench.line("main").links[0].state != LinkState::Up).await;
    until("business moves", async || bench.line("backup").carries).await;
    bench.answered_by(&mut backup).await;
}

#[tokio::test]
async fn a_person_switches_and_returns_and_that_survives_a_restart() {
    let (mut bench, mut main, mut backup) = pair("hot", BY_HAND).await;
    bench.becomes("backup", LinkState::Up).await;
    let decide = async |bench: &Bench, decision| bench.gateway.decide("bank-a", decision).await;
    decide(&bench, Decision::Switch("backup".to_owned(), "works in the street".to_owned())).await.unwrap();
    bench.answered_by(&mut backup).await;
    bench = bench.restart().await;
    bench.becomes("main", LinkState::Up).await;
    bench.becomes("backup", LinkState::Up).await;
    bench.answered_by(&mut backup).await;
    let why = bench.line("backup").carries_why;
    assert_eq!(why.as_deref(), Some("a person decided: works in the street"));
    decide(&bench, Decision::Return("the works are over".to_owned())).await.unwrap();
    bench.answered_by(&mut main).await;
    let refused = decide(&bench, Decision::Switch("other".to_owned(), "x".to_owned())).await.unwrap_err();
    assert_eq!(refused.to_string(), "the institution has no such line");
}

#[tokio::test]
async fn a_stopped_line_stays_stopped_over_a_restart_until_a_person_starts_it() {
    let (mut bench, mut main, mut backup) = pair("hot", QUICK).await;
    bench.becomes("backup", LinkState::Up).await;
    let stop = Decision::StopLine("main".to_owned(), "new cables".to_owned());
    bench.gateway.decide("bank-a", stop.clone()).await.unwrap();
    bench.becomes("main", LinkState::Down).await;
    bench.answered_by(&mut backup).await;
    assert_eq!(
        bench.gateway.decide("bank-a", stop).await.unwrap_err().to_string(),
        "the line is in that state already"
    );
    bench = bench.restart().await;
    bench.becomes("backup", LinkState::Up).await;
    bench.answered_by(&mut backup).await;
    let status = bench.line("main");
    assert_eq!((status.links[0].state, status.stopped.unwrap().note.as_str()), (LinkState::Down, "new cables"));
    bench.gateway.decide("bank-a", Decision::StartLine("main".to_owned())).await.unwrap();
    until("business returns", async || bench.line("main").carries).await;
    bench.answered_by(&mut main).await;
}

#[tokio::test]
async fn a_block_survives_a_restart_and_so_does_its_end() {
    let main = Peer::start().await;
    let mut bench = Bench::new(&line("main", main.port, ""), "answer_timeout_ms = 5000", "").await;
    bench.becomes("main", LinkState::Up).await;
    bench.gateway.decide("bank-a", Decision::Block(None, "wrong fees".to_owned())).await.unwrap();
    let since = bench.gateway.institution("bank-a").await.unwrap().closed[0].since_ms;
    bench = bench.restart().await;
    bench.becomes("main", LinkState::Up).await;
    let closed = bench.gateway.institution("bank-a").await.unwrap().closed;
    assert_eq!((closed.len(), closed[0].since_ms), (1, since));
    assert_eq!(outcome(&bench.ask().await.unwrap()), "not sent: business with the institution is blocked: wrong fees");
    bench.gateway.decide("bank-a", Decision::Unblock(None)).await.unwrap();
    bench = bench.restart().await;
    assert!(bench.gateway.institution("bank-a").await.unwrap().closed.is_empty());
}

const ENDS: &str = r#"
[[institutions.bank-a.session.notices]]
telegram = "SignOff"
means = "end"
"#;

#[tokio::test]
async fn the_end_of_business_that_the_institution_told_survives_a_restart() {
    let mut main = Peer::start().await;
    let mut bench = Bench::new(&line("main", main.port, ""), "answer_timeout_ms = 5000", ENDS).await;
    bench.becomes("main", LinkState::Up).await;
    let mut end = crate::harness::golden("bank-a-sign-on.json");
    end[28..38].copy_from_slice(b"2001900002");
    main.send(0, &end).await;
    until("business has ended", async || !bench.gateway.institution("bank-a").await.unwrap().closed.is_empty()).await;
    bench = bench.restart().await;
    bench.becomes("main", LinkState::Up).await;
    let said = outcome(&bench.ask().await.unwrap());
    assert_eq!(said, "not sent: the institution said that business has ended");
}

#[tokio::test]
async fn a_link_for_one_request_is_connected_and_closed_for_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let bench = Bench::new(&line("main", port, "one_shot = true\nlinks = 2"), "answer_timeout_ms = 5000", "").await;
    bench.becomes("main", LinkState::Idle).await;
    assert!(bench.gateway.troubles().is_empty(), "it is ready without a connection");
    let note = "bank-a: line main counts as alive because no connecting failed: no answer has come yet, and a link for one request is not \
                tested";
    assert_eq!((bench.line("main").proved_by, bench.gateway.notes()), (None, vec![note.to_owned()]));
    for closes_itself in [false, true, false] {
        let asked = [bench.ask(), bench.ask()];
        let mut streams = Vec::new();
        for _ in 0..2 {
            streams.push(timeout(PATIENCE, listener.accept()).await.expect("it connects").unwrap().0);
        }
        for mut stream in streams {
            let request = frame(&mut stream).await;
            stream.write_all(&transfer_answer(&request)).await.unwrap();
            if !closes_itself {
                let mut rest = Vec::new();
                timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the gateway closes it").unwrap();
                assert_eq!(rest, b"", "one request for each connection");
            }
        }
        for asked in asked {
            assert_eq!(outcome(&asked.await.unwrap()), "answered");
        }
    }
    assert!(bench.gateway.notes().is_empty(), "an answer proves the line, also after its connection has ended");
    let status = bench.line("main");
    assert_eq!((status.connection, status.reconnects, status.last_error), ("one_shot", 0, None));
    drop(listener);
    let said = outcome(&bench.ask().await.unwrap());
    assert!(said.starts_with("not sent: no line is up: 127.0.0.1"), "{said}");
}

#[tokio::test]
async fn a_window_of_one_sends_the_next_request_after_the_answer() {
    let mut peer = Peer::start().await;
    let bench = Bench::new(&line("main", peer.port, "window = 1"), "answer_timeout_ms = 5000", "").await;
    bench.becomes("main", LinkState::Up).await;
    let asked = [bench.ask(), bench.ask(), bench.ask()];
    for _ in 0..3 {
        let (connection, request) = peer.receive().await;
        assert!(peer.is_quiet().await, "the window is full");
        peer.send(connection, &transfer_answer(&request)).await;
    }
    for asked in asked {
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }
}

#[tokio::test]
async fn a_window_of_two_has_two_requests_in_flight_and_an_answer_makes_room_for_one() {
    let mut peer = Peer::start().await;
    let bench = Bench::new(&line("main", peer.port, "window = 2"), "answer_timeout_ms = 5000", "").await;
    bench.becomes("main", LinkState::Up).await;
    let asked = [bench.ask(), bench.ask(), bench.ask(), bench.ask()];
    let mut waiting = [peer.receive().await, peer.receive().await];
    for _ in 0..2 {
        assert!(peer.is_quiet().await, "the window is full");
        let [older, newer] = waiting;
        peer.send(newer.0, &transfer_answer(&newer.1)).await;
        waiting = [older, peer.receive().await];
    }
    for (connection, request) in waiting {
        peer.send(connection, &transfer_answer(&request)).await;
    }
    for asked in asked {
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }
}

#[tokio::test]
async fn a_telegram_that_is_overdue_can_hold_its_place_until_its_answer_or_the_end_of_its_quarantine() {
    let mut peer = Peer::start().await;
    let keys = "window = 1\nwhen_overdue = \"hold\"";
    let institution = "answer_timeout_ms = 600\nquarantine_ms = 1500";
    let bench = Bench::new(&line("main", peer.port, keys), institution, "").await;
    bench.becomes("main", LinkState::Up).await;
    let silent = bench.ask();
    let (connection, request) = peer.receive().await;
    let silent = silent.await.unwrap();
    assert_eq!(outcome(&silent), "unknown: no answer within 600 ms");
    let refused = outcome(&bench.ask().await.unwrap());
    assert!(refused.starts_with("not sent: ") && refused.ends_with(" within 300 ms"), "{refused}");
    assert!(peer.is_quiet_now(), "the place is not free");
    // The late answer reaches its own request, and frees the place.
    peer.send(connection, &transfer_answer(&request)).await;
    until("it is settled", async || bench.gateway.find(&silent.id).await.unwrap().unwrap().settled_by.is_some()).await;
    bench.answered_by(&mut peer).await;
    // Without an answer it is free with the end of the quarantine.
    let silent = bench.ask();
    peer.receive().await;
    assert_eq!(outcome(&silent.await.unwrap()), "unknown: no answer within 600 ms");
    let mut refusals = 0;
    let answered = loop {
        let asked = bench.ask();
        until("it is sent or refused", async || asked.is_finished() || !peer.is_quiet_now()).await;
        if !peer.is_quiet_now() {
            break asked;
        }
        assert_eq!(outcome(&asked.await.unwrap()), refused);
        refusals += 1;
    };
    assert!(refusals > 1, "the place was free at once");
    let (connection, request) = peer.receive().await;
    peer.send(connection, &transfer_answer(&request)).await;
    assert_eq!(outcome(&answered.await.unwrap()), "answered");
    assert_eq!((connection, bench.line("main").links[0].incarnation), (0, 1), "the link was never closed");
}

/// The answer of a stop-and-wait line, with this number instead of the trace number, which no key reads.
fn answer_without_key(request: &[u8], number: u8) -> Vec<u8> {
    let mut answer = transfer_answer(request);
    answer[32..38].copy_from_slice(&[b'9', b'9', b'9', b'9', b'9', b'0' + number]);
    answer
}

#[tokio::test]
async fn without_a_key_a_late_answer_never_reaches_the_next_request() {
    let mut peer = Peer::start().await;
    let lines = line("main", peer.port, "window = 1");
    let keyless = |config: &mut Config| config.institutions.get_mut("bank-a").unwrap().key.clear();
    let bench = Bench::changed(&lines, "answer_timeout_ms = 800", "", keyless).await;
    bench.becomes("main", LinkState::Up).await;
    let late = bench.ask();
    let (first_link, first) = peer.receive().await;
    assert_eq!(outcome(&late.await.unwrap()), "unknown: no answer within 800 ms");
    // The link is being closed, and still read for a while.
    peer.send(first_link, &answer_without_key(&first, 1)).await;
    until("there is another connection", async || {
        let link = bench.line("main").links.remove(0);
        link.state == LinkState::Up && link.incarnation == 2
    })
    .await;
    let asked = bench.ask();
    let (second_link, second) = peer.receive().await;
    assert_ne!(first_link, second_link, "the link was closed at the time-out");
    peer.send(second_link, &answer_without_key(&second, 2)).await;
    let answered = asked.await.unwrap();
    assert_eq!((outcome(&answered).as_str(), answered.answer.unwrap().bytes[37]), ("answered", b'2'));
    let settled = bench.gateway.recent(50).await.unwrap().pop().unwrap();
    assert_eq!((&*settled.request, settled.answer.unwrap().bytes[37]), (&*first, b'1'));
    // An answer that nothing waits for: no later answer on the connection could be trusted.
    peer.send(second_link, &answer_without_key(&second, 3)).await;
    until("the link is closed", async || bench.line("main").last_error_code == Some("out_of_step")).await;
}

const POLLS: &str = "[institutions.bank-a.session]\npoll = { request = \"0000\", answer = \"0002HB\" }\n";

#[tokio::test]
async fn polls_that_are_no_telegrams_are_answered_and_flood_nobody() {
    let mut peer = Peer::start().await;
    let bench = Bench::new(&line("main", peer.port, ""), "answer_timeout_ms = 5000", POLLS).await;
    bench.becomes("main", LinkState::Up).await;
    peer.send(0, b"0000").await;
    assert_eq!(peer.receive().await.1, b"0002HB");
    assert!(bench.line("main").links[0].proved_ms.is_some(), "a poll shows that the institution is alive");
    peer.send(0, &b"0000".repeat(2000)).await;
    bench.answered_amid_polls(&mut peer).await;
    let classes = bench.classes();
    assert!(!classes.iter().any(|class| class == "undecodable"), "a poll is no wrong telegram");
}

impl Bench {
    /// Makes an exchange whose request comes among answers to polls.
    async fn answered_amid_polls(&self, peer: &mut Peer) {
        let asked = self.ask();
        loop {
            let (connection, frame) = peer.receive().await;
            if frame != b"0002HB" {
                peer.send(connection, &transfer_answer(&frame)).await;
                break;
            }
        }
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }
}

const OWN_POLLS: &str = r#"
[institutions.bank-a.session]
poll = { request = "0002PO", answer = "hex:30 30 30 30", sends = true }
echo_interval_ms = 150
echo_idle_ms = 100
echo_timeout_ms = 300
"#;

#[tokio::test]
async fn the_gateway_polls_in_place_of_an_echo_test_and_silence_loses_the_link() {
    let mut peer = Peer::start().await;
    let bench = Bench::new(&line("main", peer.port, ""), "answer_timeout_ms = 5000", OWN_POLLS).await;
    for _ in 0..3 {
        assert_eq!(peer.receive().await, (0, b"0002PO".to_vec()));
        peer.send(0, b"0000").await;
    }
    assert!(bench.line("main").links[0].echo_round_trip_us.is_some());
    assert_eq!(peer.receive().await, (0, b"0002PO".to_vec()));
    until("the link is given up", async || bench.line("main").reconnects > 0).await;
    assert_eq!(bench.line("main").last_error.as_deref(), Some("echo test: no answer within 300 ms"));
}
