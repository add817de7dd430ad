//! Several gateways that write one journal at the same time: keys, trace numbers, and who goes on when one is gone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::exchange::Outcome;
use fep_protocol::fact::{Class, Fact, Reason, TakenOver, What};
use fep_protocol::trace::{TraceHighWater, TraceRange, TraceUse};

use super::again::Left;
use super::postgres::testing::Schema;
use super::postgres::tests::{Site, facts, lane, open};
use super::tests::{answer, ending, id, keyed, request, state, store};
use super::{Journal, JournalError, KeyState, OpenOptions, Opened};
use crate::coordinator::{BlockWanted, Instances};

const PATIENCE: Duration = Duration::from_secs(5);

/// A gateway that shares its journal with another one.
struct Member {
    site: Site,
    opened: Opened,
}

impl Member {
    async fn of(schema: &Schema, name: &str) -> Self {
        let site = Site::new(schema.config(name));
        let opened = open(shared(&site, 2)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { site, opened }
    }

    fn journal(&self) -> &Journal {
        &self.opened.journal
    }

    /// The other gateways that are gone.
    async fn over(&self) -> Vec<TakenOver> {
        self.journal().over().await.unwrap().into_iter().map(|over| over.run).collect()
    }

    /// Takes over from a run. Returns whether this gateway may.
    async fn takes(&self, run: &TakenOver) -> bool {
        let lane = self.journal().add_lane();
        self.journal().take_over(&lane, run, "bank-a", 0, PATIENCE).await.unwrap()
    }

    async fn inherits(&self, run: &TakenOver) -> Left {
        let lane = self.journal().add_lane();
        let options = self.site.options();
        let options = OpenOptions { institutions: vec!["bank-a".to_owned()], ..options };
        self.journal().inherit(&lane, run, options, PATIENCE).await.unwrap()
    }

    /// The state of an exchange after the index has what everybody stored.
    async fn state(&self, serial: u32) -> Option<Outcome> {
        self.journal().known_by_all("bank-a", "none", [0; 16]).await.unwrap();
        state(self.journal(), serial).await.0
    }
}

fn shared(site: &Site, instances_max: usize) -> OpenOptions {
    OpenOptions { instances_max, ..site.options() }
}

/// The leases of the gateways but this one are over, as if they were paused.
fn pause_others(schema: &Schema, name: &str) {
    schema.execute(&format!("UPDATE instances SET lease_ms = 0 WHERE name <> '{name}'"));
}

#[tokio::test]
async fn two_gateways_write_one_journal_and_each_sees_all() {
    let Some(schema) = Schema::new() else { return };
    let seoul = Member::of(&schema, "seoul-1").await;
    let busan = Member::of(&schema, "busan-1").await;
    for round in 0..20 {
        let first = 2 * round + 1;
        let [one, other] = [lane(&seoul.opened), lane(&busan.opened)];
        let answered = |serial| [request(serial), answer(serial, Class::Answer, b"yes")];
        tokio::join!(store(&one, answered(first)), store(&other, answered(first + 1)));
    }
    for member in [&seoul, &busan] {
        for serial in 1..=40 {
            assert_eq!(member.state(serial).await, Some(Outcome::Answered), "exchange {serial}");
        }
        let numbers: Vec<_> = facts(member.journal()).await.into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, (1..=80).collect::<Vec<_>>(), "no gap, nothing twice");
    }
    let by = |name: &str, facts: &[(u64, Fact)]| {
        facts.iter().filter(|(_, fact)| fact.instance.as_deref() == Some(name)).count()
    };
    let all = facts(seoul.journal()).await;
    assert_eq!((by("seoul-1", &all), by("busan-1", &all)), (40, 40));
}

#[tokio::test]
async fn one_key_at_two_gateways_is_sent_by_one_of_them() {
    let Some(schema) = Schema::new() else { return };
    let seoul = Member::of(&schema, "seoul-1").await;
    let busan = Member::of(&schema, "busan-1").await;
    for round in 0..20 {
        let key = format!("order-{round}");
        let first = 2 * round + 1;
        let [one, other] = [lane(&seoul.opened), lane(&busan.opened)];
        // What comes with it in the same commit is stored nevertheless.
        let of_seoul =
            store(&one, [request(1000 + first), keyed(first, &key, 1), answer(1000 + first, Class::Answer, b"1")]);
        let of_busan = store(
            &other,
            [keyed(first + 1, &key, 1), request(1001 + first), answer(1001 + first, Class::Answer, b"2")],
        );
        let (of_seoul, of_busan) = tokio::join!(of_seoul, of_busan);
        let refused: Vec<_> = of_seoul.into_iter().chain(of_busan).map(|(_, error)| error).collect();
        assert_eq!(refused, [JournalError::KeyTaken], "round {round}");
        for member in [&seoul, &busan] {
            assert_eq!(member.state(1000 + first).await, Some(Outcome::Answered));
            assert_eq!(member.state(1001 + first).await, Some(Outcome::Answered));
            let known = member.journal().known_by_all("bank-a", &key, [1; 16]).await.unwrap();
            let (exchange, is_same) = known.expect("one of them has it");
            assert!(is_same && [id(first), id(first + 1)].contains(&exchange.id));
        }
    }
    let all: Vec<_> = facts(seoul.journal()).await.into_iter().map(|(number, _)| number).collect();
    assert_eq!(all, (1..=100).collect::<Vec<_>>(), "what is refused takes no number");
}

#[tokio::test]
async fn an_exchange_that_has_ended_at_one_gateway_is_not_called_running_at_the_other() {
    let Some(schema) = Schema::new() else { return };
    let seoul = Member::of(&schema, "seoul-1").await;
    let busan = Member::of(&schema, "busan-1").await;
    let lane = lane(&seoul.opened);
    for serial in 1..=10 {
        let key = format!("order-{serial}");
        store(&lane, [keyed(serial, &key, 1)]).await;
        let (running, _) = busan.journal().known_by_all("bank-a", &key, [1; 16]).await.unwrap().expect("it has begun");
        assert_eq!(running.outcome, None);
        store(&lane, [answer(serial, Class::Answer, b"yes")]).await;
        let asked = busan.journal().reserve_key("bank-a", &key, [1; 16], id(100 + serial)).await.unwrap();
        let KeyState::Ended(exchange) = asked else { panic!("{asked:?}") };
        assert_eq!((exchange.id, exchange.outcome), (id(serial), Some(Outcome::Answered)));
    }
}

#[tokio::test]
async fn a_key_is_free_for_everybody_after_not_sent() {
    let Some(schema) = Schema::new() else { return };
    let seoul = Member::of(&schema, "seoul-1").await;
    let busan = Member::of(&schema, "busan-1").await;
    assert_eq!(store(&lane(&seoul.opened), [keyed(1, "k", 1)]).await, []);
    assert_eq!(store(&lane(&busan.opened), [keyed(2, "k", 1)]).await.len(), 1);
    store(&lane(&seoul.opened), [ending(1, Outcome::NotSent)]).await;
    assert_eq!(store(&lane(&busan.opened), [keyed(3, "k", 1)]).await, [], "nothing was sent, so it is free again");
    // In one commit, as after a commit in doubt.
    assert_eq!(store(&lane(&seoul.opened), [keyed(4, "l", 1), ending(4, Outcome::NotSent)]).await, []);
    assert_eq!(store(&lane(&busan.opened), [keyed(5, "l", 1)]).await, []);
    let other = Fact { institution: "bank-b".into(), ..keyed(6, "k", 1) };
    assert_eq!(store(&lane(&seoul.opened), [other]).await, [], "another institution has its own keys");
}

#[tokio::test]
async fn a_survivor_goes_on_with_what_a_gateway_left_and_only_one_does() {
    let Some(schema) = Schema::new() else { return };
    let seoul = Member::of(&schema, "seoul-1").await;
    let busan = Member::of(&schema, "busan-1").await;
    store(&lane(&seoul.opened), [request(1), request(2), answer(2, Class::Answer, b"yes")]).await;
    store(&lane(&busan.opened), [request(3)]).await;
    assert_eq!(busan.over().await, [], "everybody writes");
    pause_others(&schema, "busan-1");
    // It comes back before anybody took over: nothing happened.
    schema.execute("UPDATE instances SET lease_ms = 60000");
    store(&lane(&seoul.opened), [request(4)]).await;
    assert_eq!(busan.over().await, []);
    pause_others(&schema, "busan-1");
    let over = busan.over().await;
    let [run] = &over[..] else { panic!("{over:?}") };
    assert_eq!(run.instance, "seoul-1");
    let (one, other) = tokio::join!(busan.takes(run), busan.takes(run));
    assert!(one ^ other, "one of two takes over");
    let left = busan.inherits(run).await;
    let mut names: Vec<_> = left.recalled.iter().map(|recalled| recalled.id).collect();
    names.sort();
    assert_eq!(names, [id(1), id(4)], "their late answers may come to us");
    assert_eq!(busan.state(1).await, Some(Outcome::Unknown));
    assert_eq!(busan.state(2).await, Some(Outcome::Answered));
    assert_eq!(busan.state(3).await, None, "our own request is in flight");
    let over = busan.journal().over().await.unwrap();
    assert_eq!(over[0].taken, ["bank-a"], "somebody else may take over what it had of other institutions");
    // The paused one wakes up.
    let refused = store(&lane(&seoul.opened), [request(5)]).await;
    assert!(
        matches!(&refused[..], [(_, JournalError::Failed(why))] if why.contains("another gateway took over")),
        "{refused:?}"
    );
    assert!(seoul.journal().is_fenced());
    // It begins again, while the other one runs. What was taken over is not its own any more.
    let Member { site, opened } = seoul;
    let before = facts(busan.journal()).await.len();
    drop(opened);
    let opened = open(shared(&site, 2)).await.unwrap();
    assert_eq!(facts(&opened.journal).await.len(), before, "nothing ends twice");
    assert!(opened.instances.as_ref().is_some_and(|instances| instances.was_fenced()));
    store(&lane(&opened), [request(6)]).await;
    assert!(!busan.takes(run).await, "a former run is over once");
}

#[tokio::test]
async fn a_start_ends_its_own_exchanges_and_leaves_those_of_others_alone() {
    let Some(schema) = Schema::new() else { return };
    let seoul = Member::of(&schema, "seoul-1").await;
    let busan = Member::of(&schema, "busan-1").await;
    store(&lane(&seoul.opened), [request(1)]).await;
    store(&lane(&busan.opened), [request(2)]).await;
    let Member { site, opened } = seoul;
    drop(opened);
    let opened = open(shared(&site, 2)).await.unwrap();
    let seoul = Member { site, opened };
    assert_eq!(seoul.state(1).await, Some(Outcome::Unknown));
    assert_eq!(seoul.state(2).await, None);
    store(&lane(&busan.opened), [answer(2, Class::Answer, b"yes")]).await;
    assert_eq!(seoul.state(2).await, Some(Outcome::Answered));
}

/// Keys are used again, and an answer of the earlier request must not be that of the later one.
#[tokio::test]
async fn an_heir_knows_which_answers_came_after_the_request() {
    let Some(schema) = Schema::new() else { return };
    let seoul = Member::of(&schema, "seoul-1").await;
    let busan = Member::of(&schema, "busan-1").await;
    let routed = |bytes: &[u8]| Fact { exchange: None, ..answer(0, Class::Routed, bytes) };
    store(&lane(&busan.opened), [routed(b"of another one")]).await;
    store(&lane(&seoul.opened), [request(1)]).await;
    let ownerless = Fact {
        reason: Some(Reason::new("nothing waits", "no_such_key")),
        ..answer(0, Class::Unmatched, b"of somebody")
    };
    let unexpected = Fact { reason: Some(Reason::new("another", "other_telegram")), ..ownerless.clone() };
    store(&lane(&busan.opened), [routed(b"its own"), unexpected, ownerless]).await;
    pause_others(&schema, "busan-1");
    let run = busan.over().await.remove(0);
    assert!(busan.takes(&run).await);
    let left = busan.inherits(&run).await;
    let [request] = &left.recalled[..] else { panic!("{:?}", left.recalled) };
    let after = left.routed.iter().map(|stored| (&*stored.answer.bytes, stored.number > request.number));
    let expected = [(&b"of another one"[..], false), (&b"its own"[..], true), (&b"of somebody"[..], true)];
    assert_eq!(after.collect::<Vec<_>>(), expected, "the last one is for the gateway that knows its key");
    assert_eq!(&*left.routed[0].answer.line, "main@busan-1");
}

#[tokio::test]
async fn an_heir_of_an_heir_goes_on_with_everything() {
    let Some(schema) = Schema::new() else { return };
    let seoul = Member::of(&schema, "seoul-1").await;
    store(&lane(&seoul.opened), [request(1)]).await;
    pause_others(&schema, "nobody");
    let busan = Member::of(&schema, "busan-1").await;
    let run = busan.over().await.remove(0);
    assert!(busan.takes(&run).await);
    // It dies before it has ended anything.
    store(&lane(&busan.opened), [request(2)]).await;
    pause_others(&schema, "nobody");
    let jeju = Member::of(&schema, "jeju-1").await;
    let over = jeju.over().await;
    let runs: Vec<_> = over.iter().map(|run| run.instance.as_str()).collect();
    assert_eq!(runs, ["seoul-1", "busan-1"]);
    assert!(!jeju.takes(&over[0]).await, "busan-1 took that over");
    assert!(jeju.takes(&over[1]).await);
    jeju.inherits(&over[1]).await;
    assert_eq!((jeju.state(1).await, jeju.state(2).await), (Some(Outcome::Unknown), Some(Outcome::Unknown)));
}

#[tokio::test]
async fn who_writes_alone_and_who_shares_do_not_mix() {
    let Some(schema) = Schema::new() else { return };
    let seoul = Member::of(&schema, "seoul-1").await;
    let busan = Member::of(&schema, "busan-1").await;
    let third = Site::new(schema.config("jeju-1"));
    let why = async |max| open(shared(&third, max)).await.err().unwrap().to_string();
    let text = why(2).await;
    assert!(text.contains("`[instances] max` is 2, and that many write already"), "{text}");
    let text = why(3).await;
    assert!(text.contains("`[instances] max` is 2, and here it is 3: all of them must have the same"), "{text}");
    let text = why(1).await;
    assert!(text.contains("One gateway writes a journal at a time: stop it first"), "{text}");
    let twin = Site::new(schema.config("busan-1"));
    let text = open(shared(&twin, 2)).await.err().unwrap().to_string();
    assert!(text.contains("Each gateway needs a name of its own"), "{text}");
    // After both have stopped, one that is alone goes on with everything.
    store(&lane(&seoul.opened), [request(1)]).await;
    seoul.journal().close().await;
    let Member { site: of_busan, opened } = busan;
    opened.journal.close().await;
    drop(opened);
    let alone = open(third.options()).await.unwrap();
    assert_eq!(state(&alone.journal, 1).await.0, Some(Outcome::Unknown));
    assert!(alone.instances.is_none());
    let text = open(shared(&of_busan, 2)).await.err().unwrap().to_string();
    assert!(text.contains("It writes alone: give it the table [instances], too"), "{text}");
    alone.journal.close().await;
    let again = open(shared(&of_busan, 2)).await.unwrap();
    assert_eq!(state(&again.journal, 1).await.0, Some(Outcome::Unknown));
    assert_eq!(facts(&again.journal).await.iter().filter(|(_, fact)| fact.what == What::Outcome).count(), 1);
}

#[tokio::test]
async fn one_of_two_gateways_publishes_and_the_other_one_goes_on_from_its_mark() {
    let Some(schema) = Schema::new() else { return };
    let seoul = Member::of(&schema, "seoul-1").await;
    let busan = Member::of(&schema, "busan-1").await;
    store(&lane(&seoul.opened), [request(1), request(2), request(3)]).await;
    assert!(seoul.journal().publishes().await.unwrap());
    assert!(!busan.journal().publishes().await.unwrap());
    seoul.journal().set_published(2).await.unwrap();
    assert!(busan.journal().set_published(1).await.is_err());
    pause_others(&schema, "busan-1");
    assert!(busan.journal().publishes().await.unwrap());
    assert_eq!(busan.journal().published(), Some(2));
    busan.journal().set_published(3).await.unwrap();
    let why = seoul.journal().set_published(1).await.unwrap_err().to_string();
    assert!(why.contains("another gateway publishes now"), "{why}");
}

#[tokio::test]
async fn no_trace_number_is_granted_twice() {
    let Some(schema) = Schema::new() else { return };
    let seoul = Member::of(&schema, "seoul-1").await;
    let busan = Member::of(&schema, "busan-1").await;
    let wanted = |used| BlockWanted {
        institution: "bank-a".into(),
        range: TraceRange { max: 5000, block: 7, wraps: false },
        used,
        day: 20_000,
        for_what: TraceUse::Request,
    };
    let of = |member: &Member| -> Arc<dyn Instances> { Arc::clone(member.opened.instances.as_ref().unwrap()) };
    let tasks = [of(&seoul), of(&busan), of(&seoul), of(&busan)].map(|instances| {
        tokio::spawn(async move {
            let mut blocks = Vec::new();
            for _ in 0..50 {
                blocks.push(instances.block(wanted(Vec::new())).await.unwrap().unwrap());
            }
            blocks
        })
    });
    let mut given = BTreeSet::new();
    for task in tasks {
        for block in task.await.unwrap() {
            assert!((block.first..=block.last).all(|number| given.insert(number)), "{block:?}");
        }
    }
    assert_eq!(given, (1..=1400).collect());
    // What an instance knows as used counts, too.
    let used = vec![TraceHighWater { day: 20_000, high: 2000 }];
    assert_eq!(of(&seoul).block(wanted(used)).await.unwrap().unwrap().first, 2001);
    assert_eq!(of(&busan).block(wanted(Vec::new())).await.unwrap().unwrap().first, 2008);
    // A day so long ago that its numbers are forgotten has none left, however often it is asked for.
    for day in 20_001..20_033 {
        let later = BlockWanted { day, ..wanted(Vec::new()) };
        assert_eq!(of(&seoul).block(later).await.unwrap().unwrap().first, 1);
    }
    for _ in 0..3 {
        let forgotten = BlockWanted { day: 19_999, ..wanted(Vec::new()) };
        assert_eq!(of(&busan).block(forgotten).await.unwrap(), None);
    }
}
