//! Which errors of Kafka are about the message itself.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

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
