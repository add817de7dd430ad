//! What counts as stuck. The institution's task is held up by the one thing of an embedding program that it calls itself: a coordinator.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use fep_gateway::Gateway;
use fep_gateway::coordinator::{Coordinator, Joining, NewsSender, Seat};
use fep_gateway::gateway::{StandInOnly, StartOptions};
use fep_protocol::coordination::{Ask, Terms};

use crate::fake::TERMS;
use crate::harness::{Setup, config, until};
use crate::ports::dead_port;

const WORKS: u8 = 0;
const HANGS: u8 = 1;
const PANICS: u8 = 2;

/// A coordinator that breaks its contract: it lets the task wait, or panics.
#[derive(Clone, Debug, Default)]
struct Rude {
    does: Arc<AtomicU8>,
}

impl Coordinator for Rude {
    fn instance(&self) -> Arc<str> {
        "a".into()
    }

    fn terms(&self) -> Terms {
        TERMS
    }

    fn join(&self, _: Joining, _: NewsSender) -> Box<dyn Seat> {
        Box::new(self.clone())
    }
}

impl Seat for Rude {
    fn ask(&mut self, _: Ask) {
        while self.does.load(Ordering::SeqCst) == HANGS {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_ne!(self.does.load(Ordering::SeqCst), PANICS, "the test wants this");
    }
}

/// Gives the runtime something to do from outside. A worker that hangs may be the one that waits for timers and sockets, and only new
/// tasks make another one take over. A daemon whose runtime is held up as a whole says nothing to its watchdog, too.
struct KeptAwake {
    is_over: Arc<AtomicBool>,
    rude: Rude,
}

impl KeptAwake {
    fn new(rude: Rude) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&is_over);
        let runtime = tokio::runtime::Handle::current();
        std::thread::spawn(move || {
            while !until.load(Ordering::SeqCst) {
                runtime.spawn(async {});
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Self { is_over, rude }
    }
}

impl Drop for KeptAwake {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // A runtime whose task hangs never ends, and so would a test that fails.
        self.rude.does.store(WORKS, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_hangs_or_has_ended_is_stuck_and_a_bank_that_is_away_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup { links: 1, institution: "", tables: "" };
    let config = config(&folder.path().join("journal.sqlite"), dead_port().await, &setup);
    let rude = Rude::default();
    let options = StartOptions { coordinator: Arc::new(rude.clone()), ..StartOptions::default() };
    let gateway = Gateway::start_with(config, Arc::new(StandInOnly), options).await.unwrap();
    assert_eq!(gateway.stuck(Duration::from_secs(2)).await, [""; 0]);
    assert!(!gateway.troubles().is_empty(), "the bank is away");
    assert!(gateway.journal_works());
    let awake = KeptAwake::new(rude.clone());
    // It reports its share again and again, so it meets this soon.
    rude.does.store(HANGS, Ordering::SeqCst);
    let hangs = async || {
        gateway
            .stuck(Duration::from_millis(300))
            .await
            .contains(&"bank-a: its task does not answer within 300 ms".to_owned())
    };
    until("it hangs", hangs).await;
    rude.does.store(WORKS, Ordering::SeqCst);
    let patient = async || gateway.stuck(Duration::from_secs(2)).await.is_empty();
    until("it moves again", patient).await;
    rude.does.store(PANICS, Ordering::SeqCst);
    let ended = async || gateway.stuck(Duration::from_secs(2)).await == ["bank-a: its task has ended"];
    until("it has ended", ended).await;
    drop(awake);
    gateway.stop().await;
    assert_eq!(gateway.stuck(Duration::from_secs(2)).await, [""; 0], "what stops is not stuck");
}
