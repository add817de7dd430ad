//! Which exchange has an idempotency key: looked up in the index, and reserved for a new one. What the index does not know yet is in `keys`;
//! that two gateways do not both send is decided by the commit.

use std::sync::Arc;

use fep_protocol::exchange::{Exchange, ExchangeId, Outcome};
use fep_protocol::reason::JournalError;

use super::keys::{KEYS_MAX, KeyState, Reservation, SlotState};
use super::{INDEX_WAIT, Journal};

impl Journal {
    /// Looks an idempotency key up and reserves it for an exchange, if it is free. A key is free again after an exchange
    /// that certainly was not sent.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn reserve_key(
        &self,
        institution: &str,
        key: &str,
        digest: [u8; 16],
        exchange: ExchangeId,
    ) -> Result<KeyState, JournalError> {
        let names = self.names_of(key, digest);
        let given = digest;
        let Some((veiled, digest)) = names.first().cloned() else { return Err(JournalError::Closed) };
        let mut not_sent = None;
        let mut reserved = loop {
            match self.inner.keys.reserve(institution, &veiled, digest, exchange, not_sent) {
                Reservation::Reserved(ticket) => break ticket,
                Reservation::Taken(state) => return Ok(state),
                Reservation::InQuestion(decided) => decided.await,
                Reservation::Full => return Err(JournalError::Full { waiting_max: KEYS_MAX }),
                Reservation::Recent(id) => match self.known_key(institution, &names, Some(id)).await? {
                    Some((exchange, is_same)) => return Ok(KeyState::known(exchange, is_same)),
                    None => not_sent = Some(id),
                },
            }
        };
        reserved.given = (veiled != key).then(|| key.into());
        let known = match self.known_key(institution, &names, None).await? {
            // At another gateway it may have ended, which the index does not know yet.
            Some((exchange, _)) if exchange.outcome.is_none() && self.is_shared() => {
                self.known_by_all(institution, key, given).await?
            }
            known => known,
        };
        // A reservation that is dropped is released.
        Ok(match known {
            None => KeyState::Reserved(reserved),
            Some((exchange, is_same)) => KeyState::known(exchange, is_same),
        })
    }

    /// The state of an idempotency key, or `None` if it is free. It is not reserved: who only asks is in nobody's way.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn key_state(
        &self,
        institution: &str,
        key: &str,
        digest: [u8; 16],
    ) -> Result<Option<KeyState>, JournalError> {
        let names = self.names_of(key, digest);
        let Some((veiled, own_digest)) = names.first() else { return Err(JournalError::Closed) };
        let recent = loop {
            match self.inner.keys.look(institution, veiled, *own_digest) {
                Some(SlotState::InQuestion(decided)) => decided.await,
                Some(SlotState::Running(id)) => return Ok(Some(KeyState::Running(id))),
                Some(SlotState::OtherBody(id)) => return Ok(Some(KeyState::OtherBody(id))),
                Some(SlotState::Ended(id)) => break Some(id),
                None => break None,
            }
        };
        let known = match self.is_shared() {
            // Another gateway may have sent it a moment ago.
            true => self.known_by_all(institution, key, digest).await?,
            false => self.known_key(institution, &names, recent).await?,
        };
        Ok(known.map(|(exchange, is_same)| KeyState::known(exchange, is_same)))
    }

    /// The exchange that holds a key after the index has what all gateways that share the journal have stored, and whether its body has the
    /// digest.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn known_by_all(
        &self,
        institution: &str,
        key: &str,
        digest: [u8; 16],
    ) -> Result<Option<(Exchange, bool)>, JournalError> {
        let index = Arc::clone(&self.inner.index);
        self.wait(move || index.wait_for_all(INDEX_WAIT)).await?;
        self.known_key(institution, &self.names_of(key, digest), None).await
    }

    /// A key and the digest of its body as the journal has them. In an encrypted journal, they are keyed hashes. What was stored before it was
    /// encrypted has the key itself.
    fn names_of(&self, key: &str, digest: [u8; 16]) -> Vec<(String, [u8; 16])> {
        let veil = &self.inner.reading.veil;
        let veiled = veil.idempotency(key);
        let former = (veiled != key).then(|| (key.to_owned(), digest));
        let digest = veil.digest(&veiled, digest);
        std::iter::once((veiled, digest)).chain(former).collect()
    }

    /// The exchange that holds one of these keys according to the index, and whether its body has the digest of that key. `recent`
    /// is an exchange of this run that held the key and has ended: the index is asked after it has that exchange. Otherwise the
    /// index may lag, because a key that it does not know yet is in `keys`.
    async fn known_key(
        &self,
        institution: &str,
        names: &[(String, [u8; 16])],
        recent: Option<ExchangeId>,
    ) -> Result<Option<(Exchange, bool)>, JournalError> {
        let institution = institution.to_owned();
        let names = names.to_vec();
        if recent.is_some() {
            let index = Arc::clone(&self.inner.index);
            self.wait(move || index.wait(INDEX_WAIT)).await?;
        }
        self.look_up(move |reader| {
            for (key, digest) in &names {
                let Some((id, stored)) = reader.index.key(&institution, key)? else { continue };
                let exchange = reader.find(&id)?.filter(|exchange| !is_free(exchange));
                if let Some(exchange) = exchange {
                    return Ok(Some((exchange, stored == *digest)));
                }
            }
            Ok(None)
        })
        .await
    }
}

/// Whether the idempotency key of an exchange may be used again: nothing was sent, so the same request may be sent now.
fn is_free(exchange: &Exchange) -> bool {
    exchange.outcome == Some(Outcome::NotSent)
}
