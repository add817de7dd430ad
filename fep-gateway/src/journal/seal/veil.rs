//! Keyed hashes of what is looked up by equality: idempotency keys, digests of bodies, keys of notices, accounts, response codes.
//!
//! Two equal values have equal hashes, so the journal finds them. Without the key of the hash, nobody can try values out.

use fep_protocol::fact::{Class, Fact, SentClass, What};
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::settlement::{AccountKey, SettlementFact};
use fep_protocol::terms::Key;
use ring::hmac;

use crate::hex::hex;

/// The key of the hashes, or nothing if the journal is not encrypted.
#[derive(Clone, Debug, Default)]
pub struct Veil(Option<hmac::Key>);

/// What veiled texts begin with.
const MARK: &str = "hmac:";

/// The number of bytes of a hash that a text has.
const HASH_LEN: usize = 16;

impl Veil {
    pub(super) fn new(secret: &[u8]) -> Self {
        Self(Some(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// The idempotency key as the journal has it.
    #[must_use]
    pub fn idempotency(&self, key: &str) -> String {
        self.text("idempotency", &[key]).filter(|_| !is_on(Mutant::LeavesKeysPlain)).unwrap_or_else(|| key.to_owned())
    }

    /// The digest of a body as the journal has it.
    pub(in crate::journal) fn digest(&self, key: &str, digest: [u8; 16]) -> [u8; 16] {
        let hash = self.hash("digest", &[key.as_bytes(), &digest]);
        hash.and_then(|hash| hash.as_ref().first_chunk().copied()).unwrap_or(digest)
    }

    /// The key of a notice as the journal has it. A key that is veiled already stays as it is.
    pub(in crate::journal) fn notice(&self, institution: &str, telegram: &str, key: &Key) -> Key {
        if is_veiled(key) {
            return key.clone();
        }
        let parts: Vec<&str> = [institution, telegram].into_iter().chain(key.fields()).collect();
        self.text("notice", &parts).map_or_else(|| key.clone(), |text| Key::new([text]))
    }

    /// The account of a settlement as the journal has it.
    #[must_use]
    pub fn account(&self, account: AccountKey) -> AccountKey {
        let hash = self.hash("account", &[&account.0.to_be_bytes()]);
        let hash = hash.and_then(|hash| hash.as_ref().first_chunk().copied());
        hash.map_or(account, |hash| AccountKey(u64::from_be_bytes(hash)))
    }

    /// The response code as the journal has it.
    #[must_use]
    pub fn code(&self, code: &str) -> String {
        self.text("code", &[code]).unwrap_or_else(|| code.to_owned())
    }

    /// Veils an idempotency key, a response code, and the keys of a notice and of our answer to one, unless they are veiled already.
    /// Other keys are not looked up: they are sealed.
    pub(in crate::journal) fn fact(&self, fact: &mut Fact) {
        let is_notice =
            matches!(fact.what, What::Received(Class::Notice) | What::Sent(SentClass::Reply) | What::Delivery);
        if let (true, Some(telegram), Some(key)) = (is_notice, &fact.telegram, &fact.key) {
            fact.key = Some(self.notice(&fact.institution, telegram, key));
        }
        if let Some(code) = fact.code.as_deref().filter(|code| !is_hash(code)) {
            fact.code = Some(self.code(code).into());
        }
        if let Some(idempotency) = fact.idempotency.as_deref_mut().filter(|own| !is_hash(&own.key)) {
            let key = self.idempotency(&idempotency.key);
            idempotency.digest = self.digest(&key, idempotency.digest);
            idempotency.key = key.into();
        }
    }

    /// Veils everything that is looked up in a fact of a time before the journal was encrypted.
    pub(in crate::journal) fn old_fact(&self, fact: &mut Fact) {
        self.fact(fact);
        if let Some(settlement) = fact.settlement.as_deref_mut() {
            self.old_settlement(settlement);
        }
    }

    /// Veils the account in a fact of settlement of a time before the journal was encrypted.
    pub(in crate::journal) fn old_settlement(&self, fact: &mut SettlementFact) {
        if let SettlementFact::Opened { account: Some(account), .. } = fact {
            *account = self.account(*account);
        }
    }

    /// What proves that a journal was encrypted with this key file from this fact on.
    pub(super) fn proof(&self, journal: &[u8; 16], sealed_from: u64) -> Vec<u8> {
        let hash = self.hash("journal", &[journal, &sealed_from.to_be_bytes()]);
        hash.map(|hash| hash.as_ref().to_vec()).unwrap_or_default()
    }

    fn text(&self, purpose: &str, parts: &[&str]) -> Option<String> {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        let hash = self.hash(purpose, &parts)?;
        let hash = hash.as_ref().get(..HASH_LEN)?;
        Some(format!("{MARK}{}", hex(hash)))
    }

    /// The hash of some values. Each is behind its length, so that adjacent values cannot run together.
    fn hash(&self, purpose: &str, parts: &[&[u8]]) -> Option<hmac::Tag> {
        let mut context = hmac::Context::with_key(self.0.as_ref()?);
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            context.update(&u64::try_from(part.len()).unwrap_or_default().to_be_bytes());
            context.update(part);
        }
        Some(context.sign())
    }
}

/// Whether a key is a keyed hash.
pub(super) fn is_veiled(key: &Key) -> bool {
    let mut fields = key.fields();
    fields.next().is_some_and(is_hash) && fields.next().is_none()
}

fn is_hash(text: &str) -> bool {
    text.strip_prefix(MARK).is_some_and(|hash| hash.len() == 2 * HASH_LEN)
}
