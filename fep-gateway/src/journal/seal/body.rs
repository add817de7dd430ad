//! The part of a fact that is sealed: what a telegram says, and what a person wrote. Everything else stays readable.
//!
//! ```text
//! (tag 1 byte, length 4 bytes, content)*    1 the bytes with short runs, 2 the correlation key as JSON, 3 person and note as JSON
//! zeros up to a multiple of 32 bytes
//! ```
//!
//! Without the zeros, the length would say how long names and amounts are.

use fep_protocol::audit::AuditFact;
use fep_protocol::delivery::DeliveryFact;
use fep_protocol::exchange::TelegramBytes;
use fep_protocol::fact::Fact;
use fep_protocol::settlement::SettlementFact;
use fep_protocol::terms::Key;

use super::{runs, veil};

/// What of a fact is sealed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::journal) struct Body {
    bytes: TelegramBytes,
    key: Option<Key>,
    person: Option<(String, String)>,
}

const BYTES: u8 = 1;
const KEY: u8 = 2;
const PERSON: u8 = 3;

/// The tag of the zeros at the end.
const END: u8 = 0;

/// The length of a body is a multiple of this number of bytes.
const STEP: usize = 32;

impl Body {
    /// Takes out of a fact what must be sealed. Keys that are veiled already stay: they are looked up.
    pub(in crate::journal) fn take(fact: &mut Fact) -> Self {
        let key = fact.key.take_if(|key| !veil::is_veiled(key));
        let person = fact.settlement.as_deref_mut().and_then(take_person);
        let person = person.or_else(|| fact.delivery.as_deref_mut().and_then(take_delivery_person));
        let audit = |audit: &mut AuditFact| (std::mem::take(&mut audit.person), std::mem::take(&mut audit.note));
        let person = person.or_else(|| fact.audit.as_deref_mut().map(audit));
        Self { bytes: std::mem::take(&mut fact.bytes), key, person }
    }

    /// Puts back what [`Body::take`] took.
    pub(in crate::journal) fn give(self, fact: &mut Fact) {
        fact.bytes = self.bytes;
        fact.key = self.key.or(fact.key.take());
        let Some(person) = self.person else { return };
        if let Some(settlement) = fact.settlement.as_deref_mut() {
            give_person(settlement, person);
        } else if let Some(delivery) = fact.delivery.as_deref_mut() {
            give_delivery_person(delivery, person);
        } else if let Some(audit) = fact.audit.as_deref_mut() {
            (audit.person, audit.note) = person;
        }
    }

    pub(in crate::journal) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len() + 64);
        let mut part = |tag: u8, content: &[u8]| {
            out.push(tag);
            out.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(content);
        };
        if !self.bytes.is_empty() {
            part(BYTES, &runs::shorten(&self.bytes));
        }
        if let Some(key) = &self.key {
            part(KEY, serde_json::Value::from_iter(key.fields()).to_string().as_bytes());
        }
        if let Some((person, note)) = &self.person {
            part(PERSON, serde_json::Value::from_iter([person.as_str(), note.as_str()]).to_string().as_bytes());
        }
        out.resize(out.len().next_multiple_of(STEP), END);
        out
    }

    /// Reads what [`Body::to_bytes`] wrote, or returns `None` for other bytes.
    pub(in crate::journal) fn from_bytes(mut rest: &[u8]) -> Option<Self> {
        let mut body = Self::default();
        while let Some((tag, behind)) = rest.split_first().filter(|(tag, _)| **tag != END) {
            let (len, behind) = behind.split_first_chunk()?;
            let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
            let (content, behind) = behind.split_at_checked(len)?;
            let texts = || serde_json::from_slice::<Vec<String>>(content).ok();
            match *tag {
                BYTES => body.bytes = TelegramBytes::from(runs::restore(content)?),
                KEY => body.key = Some(Key::new(texts()?)),
                PERSON => {
                    let [person, note] = texts()?.try_into().ok()?;
                    body.person = Some((person, note));
                }
                _ => return None,
            }
            rest = behind;
        }
        Some(body)
    }
}

fn take_person(fact: &mut SettlementFact) -> Option<(String, String)> {
    match fact {
        SettlementFact::Asked { person, note, .. } | SettlementFact::Decided { person, note, .. } => {
            Some((std::mem::take(person), std::mem::take(note)))
        }
        _ => None,
    }
}

fn give_person(fact: &mut SettlementFact, (own, text): (String, String)) {
    if let SettlementFact::Asked { person, note, .. } | SettlementFact::Decided { person, note, .. } = fact {
        *person = own;
        *note = text;
    }
}

fn take_delivery_person(fact: &mut DeliveryFact) -> Option<(String, String)> {
    match fact {
        DeliveryFact::Asked { person, note } | DeliveryFact::Closed { person, note } => {
            Some((std::mem::take(person), std::mem::take(note)))
        }
        _ => None,
    }
}

fn give_delivery_person(fact: &mut DeliveryFact, (own, text): (String, String)) {
    if let DeliveryFact::Asked { person, note } | DeliveryFact::Closed { person, note } = fact {
        *person = own;
        *note = text;
    }
}

/// A fact of a delivery without what a person wrote, as the index has it.
pub(in crate::journal) fn without_delivery_person(fact: &DeliveryFact) -> DeliveryFact {
    let mut fact = fact.clone();
    take_delivery_person(&mut fact);
    fact
}

/// A fact of settlement without what a person wrote, as the index has it.
pub(in crate::journal) fn without_person(fact: &SettlementFact) -> SettlementFact {
    let mut fact = fact.clone();
    take_person(&mut fact);
    fact
}
