//! How the task tells receivers, and what it does when one does not take a letter.

use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use tokio::time::Instant;
use tracing::error;

use super::AlarmTask;
use crate::alarm_status::AlarmChange;
use crate::alarms::telling::{NotTold, log, receiver_of};
use crate::config::ReceiverKind;

impl AlarmTask {
    /// Begins an attempt for each receiver that has something to hear.
    pub(super) async fn tell(&mut self) {
        self.mind_its_time();
        if !self.judges {
            return;
        }
        let now = Instant::now();
        let due = self.telling.iter().filter(|(_, telling)| !telling.is_running && telling.next_at <= now);
        let due: Vec<String> = due.map(|(name, _)| name.clone()).collect();
        let mut letters = Vec::new();
        let mut is_new = false;
        for name in due {
            let Some(outbox) = self.book.outboxes.get_mut(&name) else { continue };
            let letter = outbox.letter(|| {
                is_new = true;
                self.feed.new_name()
            });
            letters.extend(letter.cloned().map(|letter| (name, letter)));
        }
        if is_new {
            // Its name must not be another one after a crash.
            self.save().await;
            self.mind_its_time();
        }
        if !self.judges {
            return;
        }
        for (name, letter) in letters {
            let Some(receiver) = self.config.to.get(&name).cloned() else { continue };
            self.telling.iter_mut().filter(|(of, _)| **of == name).for_each(|(_, telling)| telling.is_running = true);
            let teller = Arc::clone(&self.teller);
            self.attempts.spawn(async move { (name, teller.tell(&receiver, &letter).await) });
        }
    }

    /// Takes what came of an attempt.
    pub(super) async fn told(&mut self, told: Option<(String, Result<(), NotTold>)>) {
        let Some((name, result)) = told else {
            // An attempt that panicked counts for all that run: each is tried again.
            self.telling.values_mut().for_each(|telling| telling.is_running = false);
            return;
        };
        let seed = self.feed.seed();
        let pause = self.config.to.get(&name).map_or(Duration::ZERO, |receiver| receiver.pause);
        let Some((telling, outbox)) = self.telling.get_mut(&name).zip(self.book.outboxes.get_mut(&name)) else {
            return;
        };
        telling.is_running = false;
        match result {
            Ok(()) => {
                counter!("fep_alarm_messages_total", "to" => receiver_of(&name).to_owned()).increment(1);
                outbox.taken();
                telling.succeeded(pause);
                self.save().await;
            }
            Err(why) => {
                counter!("fep_alarm_failures_total", "to" => receiver_of(&name).to_owned()).increment(1);
                let is_first = telling.fails_since.is_none();
                if telling.failed(why, seed) {
                    let (waiting, _) = outbox.waiting();
                    let why = telling.trouble.as_deref().unwrap_or_default();
                    error!(
                        to = receiver_of(&name),
                        why, waiting, "alarms do not reach a receiver: they are told again"
                    );
                }
                // What comes while it fails goes into the log when it comes.
                outbox.changes().filter(|_| is_first).for_each(log);
            }
        }
        self.show().await;
    }

    /// Writes into the log what a receiver that fails hears too late. A receiver that is the log hears it anyway.
    pub(super) fn log_for_those_who_fail(&mut self) {
        for (change, to) in self.book.take_added() {
            let is_log = |name: &String| self.config.to.get(name).is_some_and(|to| to.kind == ReceiverKind::Log);
            let fails = |name: &String| self.telling.get(name).is_some_and(|telling| telling.fails_since.is_some());
            if to.iter().any(fails) && !to.iter().any(is_log) {
                log(&change);
            }
        }
    }

    /// Gives what is not told to the receivers that its rule has now, and says so.
    pub(super) fn redirect(&mut self) {
        for (receiver, change) in self.book.redirect(&self.config) {
            let receiver = receiver_of(&receiver);
            let AlarmChange { id, rule, institution, text, .. } = change;
            error!(
                id,
                rule,
                institution,
                receiver,
                "alarm: not told to a receiver that has it no longer, so others are told: {text}"
            );
        }
    }
}
