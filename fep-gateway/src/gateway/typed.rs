//! Exchanges with derived telegrams: the request is a struct, and the answer is decoded into another struct.
//!
//! These are the same exchanges as those of [`Gateway::exchange`], journaled and matched in the same way. Only the request
//! and the answer have types.

use fep_codec::{DecodeOwned, Error, Telegram};

use super::digest::digest_of_bytes;
use super::{Gateway, Refusal};
use crate::exchange::{Exchange, Outcome};

/// An exchange with its answer as a derived telegram.
#[derive(Clone, Debug)]
pub struct TypedExchange<A> {
    /// The exchange: its name, its reason, and the bytes of both telegrams.
    pub exchange: Exchange,
    /// The outcome, with the decoded answer.
    pub outcome: TypedOutcome<A>,
}

/// [`Outcome`] with the decoded answer. A `match` on it must be exhaustive, so the unknown case cannot be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypedOutcome<A> {
    /// The institution answered. A decline is an answer.
    Answered(A),
    /// The institution answered, but the struct cannot hold the answer, for example because an enum lacks a code. The
    /// answer is in the journal.
    Unreadable(Error),
    /// It is proved that no byte was handed to the kernel. The request may be sent again.
    NotSent,
    /// The request may have been carried out. Find out before you send it again.
    Unknown,
}

impl Gateway {
    /// Sends a derived telegram and waits for its final outcome.
    ///
    /// The institution's spec must have a telegram with the name of the struct and an equal layout. The answer in the spec
    /// must have the layout of `A`. The trace number, dates and times that the configuration fills with `<trace>`,
    /// `<date>`, `<time>` and `<transaction>` replace those of the struct. All other fields are sent as they are in the
    /// struct. A second call with the same idempotency key and an equal struct returns the exchange of the first call.
    ///
    /// # Errors
    /// If the request is not accepted. If an accepted request cannot be sent, that is an outcome and not an error.
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
