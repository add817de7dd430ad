//! The index follows its store: steps, waits and looks for what other instances store.

use super::*;

/// An index that keeps only how far it is.
struct Counter(FactNumber);

impl Index for Counter {
    fn applied(&self) -> FactNumber {
        self.0
    }

    fn apply(&mut self, facts: &[(FactNumber, Fact)]) -> Result<(), StoreError> {
        self.0 = facts.last().map_or(self.0, |(number, _)| *number);
        Ok(())
    }
}

impl FactSource for Counter {
    fn after(&mut self, _: FactNumber, _: usize) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        panic!("every fact was handed over");
    }
}

/// Others store a fact with each look.
struct Busy(FactNumber);

impl FactSource for Busy {
    fn newest(&mut self) -> Result<Option<FactNumber>, StoreError> {
        Ok(Some(self.0))
    }

    fn after(&mut self, number: FactNumber, _: usize) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        self.0 += 1;
        Ok((number + 1..=self.0).map(|number| (number, Fact::new("bank-a".into(), 0))).collect())
    }
}

#[test]
fn catching_up_ends_although_others_go_on() {
    let mut index = Counter(0);
    catch_up(&mut index, &mut Busy(5)).unwrap();
    assert_eq!(index.0, 6);
}

#[test]
fn facts_that_keep_coming_do_not_put_a_step_off() {
    let queue = Arc::new(IndexQueue::new(0));
    let indexer = {
        let queue = Arc::clone(&queue);
        std::thread::spawn(move || run(&queue, Counter(0), Counter(0)))
    };
    let pushed = (1..).find(|number| {
        queue.push(*number, vec![Fact::new("bank-a".into(), 0)]);
        // The pause between two facts is shorter than `GATHER`.
        std::thread::sleep(GATHER / 50);
        queue.applied() > 0
    });
    assert!(pushed.is_some_and(|pushed| pushed < 2000), "the first step came after {pushed:?} facts");
    queue.wait(INDEX_PATIENCE).unwrap();
    assert_eq!(queue.applied(), queue.stored());
    queue.close();
    indexer.join().unwrap();
}

/// How long the index may take for a handful of facts.
const INDEX_PATIENCE: Duration = Duration::from_secs(60);

/// Another instance has stored five facts. The first looks fail.
#[cfg(feature = "postgres")]
struct Lost {
    failures: u32,
}

#[cfg(feature = "postgres")]
impl FactSource for Lost {
    fn newest(&mut self) -> Result<Option<FactNumber>, StoreError> {
        let Some(left) = self.failures.checked_sub(1) else { return Ok(Some(5)) };
        self.failures = left;
        Err(StoreError::Unavailable(JournalError::Failed("the connection is gone".to_owned())))
    }

    fn after(&mut self, number: FactNumber, _: usize) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        Ok((number + 1..=5).map(|number| (number, Fact::new("bank-a".into(), 0))).collect())
    }
}

/// Whether a reader that has to know everything gets an error, and what the index has then.
#[cfg(feature = "postgres")]
fn knows_all(failures: u32) -> (Result<(), JournalError>, FactNumber) {
    let queue = Arc::new(IndexQueue::new(0));
    queue.share();
    let indexer = {
        let queue = Arc::clone(&queue);
        std::thread::spawn(move || run(&queue, Counter(0), Lost { failures }))
    };
    let waited = queue.wait_for_all(Duration::from_secs(10));
    let applied = queue.state().applied;
    queue.close();
    indexer.join().unwrap();
    (waited, applied)
}

#[cfg(feature = "postgres")]
#[test]
fn a_reader_who_has_to_know_everything_is_told_when_that_cannot_be_known() {
    assert_eq!(knows_all(0), (Ok(()), 5));
    // The indexer looks by itself, too, so one failure may pass unseen, and twenty cannot.
    assert_eq!(knows_all(1), (Ok(()), 5));
    let (waited, applied) = knows_all(20);
    let why = waited.unwrap_err().to_string();
    assert!(why.contains("what other gateways have stored cannot be read now"), "{why}");
    assert_eq!(applied, 0, "it is never called up to date");
}

/// Another instance has stored five facts. They cannot be read at first.
#[cfg(feature = "postgres")]
struct Unread {
    failures: u32,
}

#[cfg(feature = "postgres")]
impl FactSource for Unread {
    fn newest(&mut self) -> Result<Option<FactNumber>, StoreError> {
        Ok(Some(5))
    }

    fn after(&mut self, number: FactNumber, _: usize) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        let Some(left) = self.failures.checked_sub(1) else {
            return Ok((number + 1..=5).map(|number| (number, Fact::new("bank-a".into(), 0))).collect());
        };
        self.failures = left;
        Err(StoreError::Unavailable(JournalError::Failed("the connection is gone".to_owned())))
    }
}

/// Readers ask faster than the indexer gathers, as callers do after the database was away.
#[cfg(feature = "postgres")]
#[test]
fn an_index_that_could_not_be_written_goes_on_although_readers_ask_all_the_time() {
    let queue = Arc::new(IndexQueue::new(0));
    queue.share();
    let indexer = {
        let queue = Arc::clone(&queue);
        std::thread::spawn(move || run(&queue, Counter(0), Unread { failures: 3 }))
    };
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || {
                let mut refused = 0;
                while queue.wait_for_all(Duration::from_secs(10)).is_err() {
                    refused += 1;
                    assert!(refused < 1000, "it is never read");
                    std::thread::sleep(Duration::from_millis(2));
                }
                refused
            })
        })
        .collect();
    for reader in readers {
        assert!(reader.join().unwrap() <= 3, "each failure is told once");
    }
    assert_eq!(queue.applied(), 5);
    queue.close();
    indexer.join().unwrap();
}
