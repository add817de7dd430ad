//! Exchanges with derived telegrams: the request is a struct, and the answer is decoded into another struct.
//!
//! These are the same exchanges as those of [`Gateway::exchange`], journaled and matched in the same way. Only the request
//! and the answer have types.

use fep_codec::{DecodeOwned, Error, Telegram};

use super::digest::digest_of_bytes;
use super::{Begun, Gateway, Refusal, RequestOptions};
use crate::telegrams::TelegramCatalogue;
use fep_protocol::exchange::{Exchange, Outcome};

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
    /// The institution answered. A decline is an answer. A late answer that settled an unknown exchange counts too: then
    /// [`Exchange::outcome`] is still [`Outcome::Unknown`], and [`Exchange::settled_by`] says why.
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
    /// Sends the derived telegram `T` and waits for its final outcome. `A` is the answer.
    ///
    /// The institution's spec must have a telegram with the name of `T` and an equal layout. The name is that of the layout:
    /// the name of the struct, or what `#[telegram(name = "…")]` says. The answer in the spec must have the layout of `A`.
    ///
    /// The configuration fills the trace number, dates and times with `<trace>`, `<date>`, `<time>` and `<transaction>`.
    /// These replace the values of the struct. All other fields are sent as they are in the struct.
    ///
    /// If a breaker sends the request to another institution, the constants of its `fill` replace those of the struct, too.
    ///
    /// A second call with the same idempotency key and an equal struct returns the exchange of the first call. If that certainly
    /// was not sent, the second call sends. All bytes of the struct are compared, also those of the fields that the
    /// gateway replaces. So keep the fields that the gateway replaces constant between repeats: a fresh time gives
    /// [`Refusal::OtherBody`]. A request over HTTP or by [`Gateway::exchange`] is compared by its JSON, so its digest differs
    /// from that of a struct: do not use one key for both.
    ///
    /// ```no_run
    /// use fep_codec::{Digits, Telegram};
    /// use fep_gateway::Gateway;
    /// use fep_gateway::gateway::TypedOutcome;
    ///
    /// #[derive(Telegram)]
    /// #[telegram(when("code" = "0100"))]
    /// struct Transfer {
    ///     code: Digits<4>,
    ///     #[field(len = 6)]
    ///     trace_no: u32,
    ///     #[field(len = 13)]
    ///     amount: u64,
    /// }
    ///
    /// #[derive(Telegram)]
    /// #[telegram(when("code" = "0110"))]
    /// struct TransferAnswer {
    ///     code: Digits<4>,
    ///     #[field(len = 6)]
    ///     trace_no: u32,
    ///     response_code: Digits<4>,
    /// }
    ///
    /// async fn pay(gateway: &Gateway, order: &str, amount: u64) -> Result<String, Box<dyn std::error::Error>> {
    ///     // The gateway gives the trace number, so this value stays 0 in every repeat.
    ///     let transfer = Transfer { code: "0100".parse()?, trace_no: 0, amount };
    ///     let sent = gateway.send::<Transfer, TransferAnswer>("bank-a", &transfer, Some(order)).await?;
    ///     Ok(match sent.outcome {
    ///         TypedOutcome::Answered(answer) => format!("the bank said {}", answer.response_code),
    ///         TypedOutcome::Unreadable(error) => format!("the bank answered, see exchange {}: {error}", sent.exchange.id),
    ///         TypedOutcome::NotSent => "not sent; it is safe to send it again".to_owned(),
    ///         TypedOutcome::Unknown => format!("find out first what became of exchange {}", sent.exchange.id),
    ///     })
    /// }
    /// ```
    ///
    /// A program that runs, with its spec and configuration, is `examples/typed.rs`.
    ///
    /// # Errors
    /// If the request is not accepted. If an accepted request cannot be sent, that is an outcome and not an error.
    pub async fn send<T: Telegram, A: DecodeOwned>(
        &self,
        institution: &str,
        telegram: &T,
        options: impl Into<RequestOptions<'_>>,
    ) -> Result<TypedExchange<A>, Refusal> {
        let exchange = self.begin_typed::<T, A>(institution, telegram, options).await?.end().await?;
        // Another institution may have answered. An exchange that has ended has an outcome.
        let outcome = outcome(&self.handle(&exchange.institution)?.catalogue, &exchange);
        Ok(TypedExchange { exchange, outcome: outcome.unwrap_or(TypedOutcome::Unknown) })
    }

    /// Sends the derived telegram `T` as [`Gateway::send`] does, and returns before it has its outcome. [`Begun::end`] waits for the
    /// outcome, and [`Gateway::typed`] decodes the answer.
    ///
    /// # Errors
    /// If the request is not accepted.
    pub async fn begin_typed<T: Telegram, A: DecodeOwned>(
        &self,
        institution: &str,
        telegram: &T,
        options: impl Into<RequestOptions<'_>>,
    ) -> Result<Begun, Refusal> {
        let options = options.into();
        let name = &T::LAYOUT.name;
        let idempotency = |bytes: &[u8]| options.idempotency_key.map(|key| (key, digest_of_bytes(name, bytes)));
        let drafted = self.handle(institution).and_then(|handle| {
            let (draft, bytes) = handle.catalogue.draft_of::<T, A>(telegram)?;
            Ok((handle, draft, bytes))
        });
        let (handle, draft, bytes) = match drafted {
            Ok(drafted) => drafted,
            Err(refusal) => {
                // A value that has no bytes is not the one that was sent under the key.
                let bytes = telegram.encode_to_vec().unwrap_or_default();
                return self.refused(institution, idempotency(&bytes), refusal).await;
            }
        };
        let idempotency = idempotency(&bytes);
        self.begin_draft(&handle, name, draft, options.caller(), idempotency).await
    }

    /// The typed outcome of an exchange, as [`Gateway::find`], [`Begun::end`] or a list gave it. So a service that was told "unknown" reads
    /// the answer that came later, also after a restart. `None` while the exchange has no outcome.
    ///
    /// ```no_run
    /// # use fep_codec::DecodeOwned;
    /// use fep_gateway::Gateway;
    /// use fep_gateway::exchange::ExchangeId;
    /// use fep_gateway::gateway::TypedOutcome;
    ///
    /// async fn answer_later<A: DecodeOwned>(gateway: &Gateway, id: &ExchangeId) -> Result<Option<A>, Box<dyn std::error::Error>> {
    ///     let Some(exchange) = gateway.find(id).await? else { return Ok(None) };
    ///     Ok(match gateway.typed::<A>(&exchange)?.map(|typed| typed.outcome) {
    ///         Some(TypedOutcome::Answered(answer)) => Some(answer),
    ///         // It runs, or `exchange.settled_by` and `exchange.money` say what became of it without an answer.
    ///         _ => None,
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// If the institution is not in the configuration, if it has no such request, or if the answer in its spec has another layout than
    /// `A`.
    pub fn typed<A: DecodeOwned>(&self, exchange: &Exchange) -> Result<Option<TypedExchange<A>>, Refusal> {
        let handle = self.handle(&exchange.institution)?;
        let catalogue = &handle.catalogue;
        catalogue.answers_with::<A>(&exchange.telegram)?;
        let outcome = outcome(catalogue, exchange);
        Ok(outcome.map(|outcome| TypedExchange { exchange: exchange.clone(), outcome }))
    }
}

fn outcome<A: DecodeOwned>(catalogue: &TelegramCatalogue, exchange: &Exchange) -> Option<TypedOutcome<A>> {
    match (&exchange.answer, exchange.outcome?) {
        (Some(answer), _) => Some(
            A::decode(catalogue.telegram(&answer.bytes)).map_or_else(TypedOutcome::Unreadable, TypedOutcome::Answered),
        ),
        (None, Outcome::NotSent) => Some(TypedOutcome::NotSent),
        (None, _) => Some(TypedOutcome::Unknown),
    }
}
