//! Polls: frames that only show that the other side is alive. They are recognised by their bytes, before any telegram.

use std::time::Duration;

use fep_protocol::exchange::TelegramBytes;
use fep_protocol::terms::{EncodedRequest, Key, POLL, Poll};

use crate::config::InstitutionConfig;

/// The frames of an institution's polls.
#[derive(Debug)]
pub(super) struct Polls {
    request: TelegramBytes,
    answer: Option<TelegramBytes>,
    /// How long a poll of ours waits for its answer. `None` if the gateway does not poll.
    timeout: Option<Duration>,
}

impl Polls {
    /// The polls of the institution, or `None` if it has none.
    pub(super) fn new(config: &InstitutionConfig) -> Result<Option<Self>, String> {
        let Some(session) = &config.session else { return Ok(None) };
        let Some(poll) = &session.poll else { return Ok(None) };
        let (request, answer) = poll.frames(&config.framing)?;
        let timeout = poll.sends.then_some(session.echo_timeout);
        Ok(Some(Self { request: request.into(), answer: answer.map(TelegramBytes::from), timeout }))
    }

    /// The meaning of a frame, or `None` if it is no poll.
    pub(super) fn read(&self, frame: &[u8]) -> Option<Poll> {
        let is_answer = self.answer.as_deref() == Some(frame);
        let is_request = *self.request == *frame;
        let answer = self.answer.clone().filter(|_| is_request);
        (is_answer || is_request).then_some(Poll { is_answer, is_request, answer })
    }

    /// A poll of ours, if the gateway polls.
    pub(super) fn own(&self) -> Option<EncodedRequest> {
        Some(EncodedRequest {
            telegram: POLL.into(),
            bytes: self.request.clone(),
            key: Key::new::<String>([]),
            answer: POLL.into(),
            trace: String::new(),
            answer_timeout: self.timeout?,
        })
    }
}
