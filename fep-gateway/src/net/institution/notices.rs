//! Notices: passes them to the service, answers within the institution's time limit, and gives the same answer to a
//! repetition.

use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;

use super::{Done, Task};
use crate::journal::{NoticeId, NoticeState};
use crate::notice::{Notice, NoticeHandler};
use crate::telegrams::TelegramCatalogue;
use fep_protocol::exchange::TelegramBytes;
use fep_protocol::terms::Incarnation;

/// The data to handle one notice.
struct NoticeTask {
    handler: Arc<dyn NoticeHandler>,
    catalogue: Arc<TelegramCatalogue>,
    notice: Notice,
    bytes: TelegramBytes,
    stand_in: Map<String, Value>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Task {
    pub(super) fn notice(&mut self, incarnation: Incarnation, telegram: &str, bytes: TelegramBytes) {
        let Some(config) = self.config.notices.get(telegram) else { return };
        let Some((key, former_key)) = self.catalogue.notice_key(telegram, &bytes) else { return };
        let id = NoticeId { institution: self.name.clone(), telegram: telegram.to_owned(), key, former_key };
        if !self.notices_running.insert(id.clone()) {
            // A repetition arrived while the first notice is still being handled.
            return;
        }
        let now = self.shared.clock.now();
        let notice = Notice {
            id: self.shared.clock.name(now),
            institution: self.name.clone(),
            telegram: telegram.to_owned(),
            fields: self.catalogue.fields(telegram, &bytes).unwrap_or(Value::Null),
            bytes: TelegramBytes::copy_of(self.catalogue.telegram(&bytes)),
            callback: config.callback.clone(),
            timeout: config.callback_timeout,
        };
        let task = NoticeTask {
            handler: Arc::clone(&self.shared.notices),
            catalogue: Arc::clone(&self.catalogue),
            notice,
            bytes,
            stand_in: TelegramCatalogue::nested(&config.stand_in),
            permit: Arc::clone(&self.notice_permits).try_acquire_owned().ok(),
        };
        let journal = self.shared.journal.clone();
        self.others.push(Box::pin(async move {
            let state = journal.notice(id.clone(), task.notice.id.clone(), now.wall_ms).await;
            let (answer, fresh) = match state {
                Ok(NoticeState::Answered(answer)) => (Some(answer), false),
                Ok(NoticeState::Unanswered) => (task.run().await, true),
                Err(error) => {
                    // A notice that is not journaled gets no answer, so the institution sends it again.
                    tracing::error!(%error, "a notice cannot be journaled");
                    (None, false)
                }
            };
            Done::Notice { incarnation, id, answer, fresh }
        }));
    }

    pub(super) fn answer_notice(
        &mut self,
        incarnation: Incarnation,
        id: NoticeId,
        answer: Option<TelegramBytes>,
        fresh: bool,
    ) {
        self.notices_running.remove(&id);
        let Some(answer) = answer else { return };
        match self.machine.reply(incarnation, answer) {
            Ok(ticket) if fresh => {
                self.notice_replies.insert(ticket, id);
            }
            Ok(_) => {}
            Err(why) => {
                tracing::warn!(
                    institution = self.name,
                    why = why.to_string(),
                    code = why.code(),
                    "a notice's answer cannot be sent"
                )
            }
        }
    }
}

impl NoticeTask {
    /// Returns the bytes of the answer: the service's, or the stand-in's. Returns `None` if neither can be encoded.
    async fn run(self) -> Option<TelegramBytes> {
        let telegram = self.notice.telegram.clone();
        let own = self.ask().await.unwrap_or_else(|why| {
            tracing::warn!(institution = self.notice.institution, telegram, why, "the stand-in answers a notice");
            metrics::counter!("fep_stand_ins_total", "institution" => self.notice.institution.clone()).increment(1);
            self.stand_in.clone()
        });
        let answer = self.catalogue.answer(&telegram, &self.bytes, &own).or_else(|error| {
            tracing::warn!(%error, telegram, "the service's fields make no answer, the stand-in answers");
            self.catalogue.answer(&telegram, &self.bytes, &self.stand_in)
        });
        answer.inspect_err(|error| tracing::error!(%error, telegram, "the stand-in makes no answer")).ok()
    }

    async fn ask(&self) -> Result<Map<String, Value>, String> {
        if self.permit.is_none() {
            return Err("too many notices are being handled".to_owned());
        }
        let handler = Arc::clone(&self.handler);
        let notice = self.notice.clone();
        let limit = self.notice.timeout;
        // A separate task: a handler that panics or blocks must not stop the institution's lines.
        let asked = tokio::spawn(async move { tokio::time::timeout(limit, handler.notice(notice)).await });
        match asked.await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(format!("no answer from the service within {} ms", limit.as_millis())),
            Err(_) => Err("the service's handler broke off".to_owned()),
        }
    }
}
