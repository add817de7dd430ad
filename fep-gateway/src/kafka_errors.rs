//! What goes wrong with Kafka: which errors are about the message itself, and what connections said last. Who sends what is not known here.

use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tracing::debug;

/// Whether an error is about the message itself, so that another attempt ends alike.
pub(crate) fn is_for_good(error: &KafkaError) -> bool {
    let codes = [
        RDKafkaErrorCode::MessageSizeTooLarge,
        RDKafkaErrorCode::InvalidMessage,
        RDKafkaErrorCode::InvalidMessageSize,
        RDKafkaErrorCode::MessageBatchTooLarge,
        RDKafkaErrorCode::InvalidRecord,
    ];
    error.rdkafka_error_code().is_some_and(|code| codes.contains(&code))
}

/// What connections said last. The rest goes to the debug log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said(Arc<Mutex<Option<String>>>);

impl Said {
    /// Takes it. `None` if they said nothing since the last call.
    pub(crate) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ClientContext for Said {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(facility, message, "kafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        debug!(%error, reason, "kafka");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }
}
