//! What a commit stores only if no other gateway has it: a request with an idempotency key, and a takeover. The claims are made in the
//! transaction of their facts, so both are durable, or neither is.

use fep_protocol::exchange::{Outcome, Passage};
use fep_protocol::fact::{Fact, SentClass, TakenOver, What};
use fep_protocol::reason::JournalError;
use futures_util::future::try_join;
use tokio_postgres::{Client, Error, Row, Statement};

use super::rows::escaped;
use crate::journal::columns::signed;

/// The claims of the facts of one commit.
#[derive(Debug, Default)]
pub(super) struct Claims<'f> {
    keys: Keys,
    /// The exchanges that certainly were not sent: their keys are free again.
    freed: Vec<&'f [u8]>,
    takeovers: Vec<(usize, &'f str, &'f TakenOver)>,
}

/// Keys, each as its place among the facts, the institution that was asked, its name, and the exchange.
#[derive(Debug, Default)]
struct Keys {
    places: Vec<usize>,
    institutions: Vec<String>,
    names: Vec<String>,
    exchanges: Vec<Vec<u8>>,
}

/// The statements about keys, prepared on one connection.
pub(super) struct Statements {
    free: Statement,
    claim: Statement,
}

/// Who claims.
#[derive(Clone, Copy)]
pub(super) struct Claimant<'c> {
    pub(super) instance: &'c str,
    /// Whether all others have ended, so that their leases need not be over.
    pub(super) is_alone: bool,
}

const FREE: &str = "DELETE FROM keys WHERE exchange = ANY ($1::bytea[])";

/// Returns those that are ours now.
const CLAIM: &str = "INSERT INTO keys SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[]) ON CONFLICT DO NOTHING
                     RETURNING exchange";

/// Ends the run `$2` of the instance `$1`, if its lease is over or `$3`.
const END: &str =
    "UPDATE instances SET ended_at = coalesce(ended_at, clock_timestamp()) WHERE name = $1 AND epoch = $2::int8
                   AND ($3::boolean OR clock_timestamp() - seen_at >= make_interval(secs => lease_ms / 1000.0))";

/// The instance `$4` goes on with what the run `$2` of the instance `$1` has of the institution `$3`.
const TAKE: &str = "INSERT INTO taken_over SELECT $1, $2::int8, $3, $4 WHERE NOT EXISTS
                        (SELECT FROM taken_over WHERE name = $1 AND epoch = $2::int8 AND institution IN ($3, ''))";

impl Statements {
    pub(super) async fn prepare(client: &Client) -> Result<Self, Error> {
        let (free, claim) = try_join(client.prepare(FREE), client.prepare(CLAIM)).await?;
        Ok(Self { free, claim })
    }
}

impl<'f> Claims<'f> {
    pub(super) fn of(facts: &'f [Fact]) -> Self {
        let mut claims = Self::default();
        for (place, fact) in facts.iter().enumerate() {
            let exchange = fact.exchange.as_ref().map(|id| &id.as_bytes()[..]);
            match (fact.what, exchange, fact.idempotency.as_deref(), fact.taken_over.as_deref()) {
                (What::Sent(SentClass::Request), Some(exchange), Some(key), _) => {
                    // The service repeats its request at the institution that it asked first.
                    let asked = fact.passage.as_deref().and_then(Passage::asked).unwrap_or(&fact.institution);
                    claims.keys.places.push(place);
                    claims.keys.institutions.push(escaped(asked).into_owned());
                    claims.keys.names.push(escaped(&key.key).into_owned());
                    claims.keys.exchanges.push(exchange.to_vec());
                }
                (What::TakenOver, _, _, Some(taken)) => claims.takeovers.push((place, &fact.institution, taken)),
                (_, Some(exchange), _, _) if fact.outcome == Some(Outcome::NotSent) => claims.freed.push(exchange),
                _ => {}
            }
        }
        claims
    }

    /// Makes the claims. Returns the places of the facts that another gateway does not let us have, in their order, and why.
    pub(super) async fn make(
        &self,
        client: &Client,
        statements: &Statements,
        claimant: Claimant<'_>,
    ) -> Result<Vec<(usize, JournalError)>, Error> {
        let mut refused = self.claim_keys(client, statements).await?;
        // A request and its end can be in one commit.
        if !self.freed.is_empty() {
            client.execute(&statements.free, &[&self.freed]).await?;
        }
        for (place, institution, taken) in &self.takeovers {
            if !take(client, institution, taken, claimant).await? {
                let why = format!("{} writes, or another gateway took over from it already", taken.instance);
                refused.push((*place, JournalError::Failed(why)));
            }
        }
        refused.sort_unstable_by_key(|(place, _)| *place);
        Ok(refused)
    }

    async fn claim_keys(&self, client: &Client, statements: &Statements) -> Result<Vec<(usize, JournalError)>, Error> {
        let Keys { places, institutions, names, exchanges } = &self.keys;
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let ours = client.query(&statements.claim, &[institutions, names, exchanges]).await?;
        if ours.len() == places.len() {
            return Ok(Vec::new());
        }
        let ours = ours.iter().map(|row: &Row| row.try_get(0)).collect::<Result<Vec<&[u8]>, Error>>()?;
        let taken = places.iter().zip(exchanges).filter(|(_, exchange)| !ours.contains(&&exchange[..]));
        Ok(taken.map(|(place, _)| (*place, JournalError::KeyTaken)).collect())
    }
}

async fn take(client: &Client, institution: &str, taken: &TakenOver, claimant: Claimant<'_>) -> Result<bool, Error> {
    let Claimant { instance, is_alone } = claimant;
    let epoch = signed(taken.epoch);
    if client.execute(END, &[&taken.instance, &epoch, &is_alone]).await? == 0 {
        return Ok(false);
    }
    Ok(client.execute(TAKE, &[&taken.instance, &epoch, &institution, &instance]).await? > 0)
}
