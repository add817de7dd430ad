//! What others see of the task: `GET /v1/alarms`, `/readyz` and metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::gauge;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::AlarmTask;
use crate::alarm_status::{AlarmStatus, AlarmWord, AlarmsStatus, ReceiverStatus};
use crate::alarms::attempts::Telling;
use crate::alarms::telling::receiver_of;
use crate::gateway::{AlarmPart, SilenceOrder};

/// How long attempts may fail until a note says so.
const NOTED_AFTER: Duration = Duration::from_secs(60);

/// How long nobody may have judged until a note says so.
const UNJUDGED_MAX: Duration = Duration::from_secs(30);

/// What is shown.
pub(super) struct Shown {
    pub(super) status: AlarmsStatus,
    /// Until when it is true that this gateway judges. `None`: for ever.
    pub(super) judges_until: Option<Instant>,
    /// When alarms were judged last, here or by another gateway. `None` while the gateway ends.
    pub(super) judged_at: Option<Instant>,
}

/// What others see of the task.
pub(super) struct Seen {
    pub(super) shown: Arc<Mutex<Shown>>,
    pub(super) orders: mpsc::Sender<SilenceOrder>,
}

impl AlarmPart for Seen {
    fn note(&self, now_ms: i64) -> Option<String> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let silent = shown.judged_at.map(|at| at.elapsed()).filter(|silent| *silent >= UNJUDGED_MAX);
        let silent =
            silent.map(|silent| format!("alarms are not judged since {} s: the log says why", silent.as_secs()));
        let late = |receiver: &&ReceiverStatus| {
            let waits_ms = receiver.oldest_ms.map_or(0, |oldest| now_ms.saturating_sub(oldest));
            receiver.trouble.is_some() && u128::try_from(waits_ms).is_ok_and(|ms| ms >= NOTED_AFTER.as_millis())
        };
        let notes = shown.status.receivers.iter().filter(late).map(|receiver| {
            let why = receiver
                .trouble
                .as_deref()
                .and_then(code)
                .map_or("no answer".to_owned(), |code| format!("it answers {code}"));
            format!("alarms do not reach the receiver {}: {why}", receiver_of(&receiver.receiver))
        });
        Some(silent.into_iter().chain(notes).collect::<Vec<_>>().join("; ")).filter(|note| !note.is_empty())
    }

    fn status(&self) -> AlarmsStatus {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let mut status = shown.status.clone();
        // The task may wait for a database that does not answer, while another gateway judges.
        if status.judges && shown.judges_until.is_some_and(|until| until <= Instant::now()) {
            (status.judges, status.instance) = (false, None);
        }
        status
    }

    fn orders(&self) -> mpsc::Sender<SilenceOrder> {
        self.orders.clone()
    }
}

impl AlarmTask {
    /// Shows what is known. A gateway that does not judge shows what the other one stored.
    pub(super) async fn show(&mut self) {
        let now_ms = self.feed.now_ms();
        let instance = self.feed.journal.instance();
        let mut judge = instance.as_ref().filter(|_| self.judges).map(|name| name.to_string());
        if !self.judges {
            // What cannot be read stays as it was known last: every alarm is shown in any case.
            let stored = self.store.read().await.unwrap_or_default();
            judge = stored.instance;
            if let Some(state) = stored.state
                && let Ok(Ok(book)) = self.parsed(Some(state)).await
            {
                self.book = book;
            }
        }
        let institutions = self.feed.institutions();
        let alarms = self.book.statuses(&self.config, &institutions, now_ms);
        self.measure_raised(&alarms);
        let mut longest = BTreeMap::<String, Duration>::new();
        let receiver = |(name, telling): (&String, &Telling)| {
            let (waiting, oldest_ms) = self.book.outboxes.get(name).map(|outbox| outbox.waiting()).unwrap_or_default();
            let waits_ms = oldest_ms.map_or(0, |oldest| now_ms.saturating_sub(oldest));
            let waits = Duration::from_millis(u64::try_from(waits_ms).unwrap_or_default());
            let longest = longest.entry(receiver_of(name).to_owned()).or_default();
            *longest = waits.max(*longest);
            ReceiverStatus { receiver: name.clone(), waiting, oldest_ms, trouble: telling.trouble.clone() }
        };
        let receivers = self.telling.iter().map(receiver).collect();
        for (name, waits) in longest {
            gauge!("fep_alarm_waiting_seconds", "to" => name).set(waits.as_secs_f64());
        }
        let status =
            AlarmsStatus { judges: self.judges, instance: judge, alarms, recent: self.book.recent(), receivers };
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        (shown.status, shown.judges_until) = (status, self.judges_until);
    }

    /// Only the gateway that judges says that an alarm is raised, and nobody says so of an alarm that is gone.
    fn measure_raised(&mut self, alarms: &[AlarmStatus]) {
        let set = |(rule, institution): &(String, String), value: f64| {
            let labels = [("rule", rule.clone()), ("institution", institution.clone())];
            gauge!("fep_alarms_raised", &labels).set(value);
        };
        let mut measured = BTreeSet::new();
        for alarm in alarms.iter().filter(|_| self.judges) {
            let labels = (alarm.rule.clone(), alarm.institution.clone());
            set(&labels, f64::from(u8::from(alarm.state == AlarmWord::Raised)));
            measured.insert(labels);
        }
        self.measured.difference(&measured).for_each(|labels| set(labels, 0.0));
        self.measured = measured;
    }

    /// Alarms are judged now, here or by another gateway.
    pub(super) fn judged(&self) {
        if self.judges {
            self.measure_time();
        }
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).judged_at = Some(Instant::now());
    }

    /// Says when alarms were judged last.
    pub(super) fn measure_time(&self) {
        let seconds = Duration::from_millis(u64::try_from(self.feed.now_ms()).unwrap_or_default()).as_secs_f64();
        gauge!("fep_alarms_judged_timestamp_seconds").set(seconds);
    }

    /// The gateway ends, so nobody is to wonder that nobody judges.
    pub(super) fn ends(&self) {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).judged_at = None;
    }
}

/// The code with which a service or a mail server answered. Its text is not for everybody: it can quote addresses.
fn code(why: &str) -> Option<&str> {
    let code = why.split_once(" answered ")?.1.get(..3)?;
    code.bytes().all(|byte| byte.is_ascii_digit()).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_its_database_does_not_say_that_it_judges_after_its_time() {
        let status = AlarmsStatus { judges: true, instance: Some("seoul-1".to_owned()), ..AlarmsStatus::default() };
        let seen = |judges_until| {
            let shown = Shown { status: status.clone(), judges_until, judged_at: None };
            let (orders, _) = mpsc::channel(1);
            Seen { shown: Arc::new(Mutex::new(shown)), orders }.status()
        };
        assert_eq!(seen(None), status);
        assert_eq!(seen(Some(Instant::now() + Duration::from_secs(600))), status);
        let over = seen(Some(Instant::now()));
        assert_eq!((over.judges, over.instance), (false, None));
    }

    fn note(trouble: Option<&str>, judged_before: Duration) -> Option<String> {
        let receiver = ReceiverStatus {
            receiver: "on-call <kim@bank.example>".to_owned(),
            waiting: 1,
            oldest_ms: Some(1000),
            trouble: trouble.map(str::to_owned),
        };
        let status = AlarmsStatus { receivers: vec![receiver], ..AlarmsStatus::default() };
        let shown = Shown { status, judges_until: None, judged_at: Instant::now().checked_sub(judged_before) };
        let (orders, _) = mpsc::channel(1);
        Seen { shown: Arc::new(Mutex::new(shown)), orders }.note(61_000)
    }

    #[test]
    fn a_note_says_who_hears_nothing_and_that_nobody_judges_and_no_text_of_a_server() {
        let fresh = Duration::ZERO;
        let said = |trouble| note(Some(trouble), fresh).unwrap();
        assert_eq!(said("the mail server answered 550"), "alarms do not reach the receiver on-call: it answers 550");
        assert_eq!(
            said("the service answered 503 Service Unavailable, not 2xx"),
            "alarms do not reach the receiver on-call: it answers 503"
        );
        assert_eq!(said("kim@bank.example? never heard"), "alarms do not reach the receiver on-call: no answer");
        assert_eq!(note(None, fresh), None);
        let silent = note(None, Duration::from_secs(31)).unwrap();
        assert_eq!(silent, "alarms are not judged since 31 s: the log says why");
    }
}
