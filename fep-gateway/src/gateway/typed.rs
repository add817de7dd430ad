//! Exchanges with derived telegrams: the request is a struct, the answer is decoded into one.
//!
//! The same exchange as [`Gateway::exchange`] makes, journaled and correlated in the same way; only the two ends have types.

use fep_codec::{DecodeOwned, Error, Telegram};

use super::digest::digest_of_bytes;
use super::{Gateway, Refusal};
use crate::exchange::{Exchange, Outcome};

/// An exchange with its answer as a derived telegram.
#[derive(Clone, Debug)]
pub struct TypedExchange<A> {
    /// The exchange: its name, its reason, both telegrams' bytes.
    pub exchange: Exchange,
    /// How it ended.
    pub outcome: TypedOutcome<A>,
}

/// [`Outcome`] with the answer. Matching on it is exhaustive, so that nobody forgets the unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypedOutcome<A> {
    /// The institution answered; a decline is an answer.
    Answered(A),
    /// The institution answered, and the answer is not what the struct can hold: a code that its enum lacks, for one. It stands
    /// in the journal.
    Unreadable(Error),
    /// Proved: no byte was handed to the kernel. It may be sent again.
    NotSent,
    /// It may have been carried out. Find out before it is sent again.
    Unknown,
}

impl Gateway {
    /// Sends a derived telegram and waits for its final outcome.
    ///
    /// The institution's spec must have a telegram of the struct's name with an equal layout, and an answer with the layout of `A`.
    /// The trace number, dates and times that the configuration fills with `<trace>`, `<date>`, `<time>` and `<transaction>` replace
    /// those of the struct; its other fields are sent as they are. A second call with the same idempotency key and an equal struct
    /// gives the first one's exchange.
    ///
    /// # Errors
    /// If the request is not accepted. A request that is accepted and cannot be sent is no error but an outcome.
    pub async fn send<T: Telegram, A: DecodeOwned>(
        &self,
        institution: &str,
        telegram: &T,
        idempotency_key: Option<&str>,
    ) -> Result<TypedExchange<A>, Refusal> {
        let handle = self.handle(institution)?;
        let (draft, bytes) = handle.catalogue.draft_of::<T, A>(telegram)?;
        let name = &T::LAYOUT.name;
        let idempotency = idempotency_key.map(|key| (key.to_owned(), digest_of_bytes(name, &bytes)));
        let exchange = self.run(institution, name, draft, idempotency).await?;
        let outcome = match (&exchange.answer, exchange.outcome) {
            (Some(answer), _) => A::decode(&answer.bytes).map_or_else(TypedOutcome::Unreadable, TypedOutcome::Answered),
            (None, Some(Outcome::NotSent)) => TypedOutcome::NotSent,
            (None, _) => TypedOutcome::Unknown,
        };
        Ok(TypedExchange { exchange, outcome })
    }
}
