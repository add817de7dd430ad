//! Refusals leave a trace: who was refused (401, 403, 421), from where and why is in the log. Failed logins and acts without the right are in the
//! audit trail as well. Nothing of a token, a query or a body is in either.
//!
//! ```text
//! refusal ──► first of its source and reason in this minute? ──► yes: a line, and maybe an entry, at once
//!                                                          └──► no: counted; one line, one entry says how many more
//! ```
//!
//! What is kept and said in a minute has a limit, so that a flood neither fills the disk nor hides other entries.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use fep_protocol::audit::{Act, AuditEnd, AuditFact};
use fep_protocol::exchange::{Caller, RequestId};
use tracing::warn;

use super::access::Who;
use super::error::Refused;
use super::source::{Address, Network};
use super::tally::{Tally, Unsaid};
use crate::contract::decisions::UNNAMED;
use crate::gateway::Gateway;

/// How long refusals of one kind are counted together.
const MINUTE: Duration = Duration::from_secs(60);

/// How often a quiet gateway looks whether the minute is over.
const LOOK_PAUSE: Duration = Duration::from_secs(5);

/// How many sources and reasons are told apart in a minute. Each has a line of the log, and one more for its repetitions.
const KINDS_MAX: usize = 256;

/// How many failed logins, and how many acts without the right, have an entry of their own in a minute.
const ENTRIES_MAX: usize = 5;

/// The longest name of a method in the log. A client can send any word.
const METHOD_MAX_BYTES: usize = 16;

/// The rights that are for persons. A service that may not read or send is only in the log.
const ACTS: [&str; 5] = ["reveal", "operate", "settle", "verify", "configure"];

/// The route and the method of a login at the console.
const SESSION: &str = "/v1/session";

/// A refused request, as far as it may be told.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) refused: Refused,
    pub(super) address: Option<Address>,
    /// Who asked, if that was proved.
    pub(super) who: Option<Who>,
    pub(super) request_id: Option<RequestId>,
    pub(super) method: Method,
    /// The pattern of the route. Empty if there is none.
    pub(super) route: String,
}

/// The refusals of all listeners.
#[derive(Debug)]
pub(super) struct Refusals {
    gateway: Gateway,
    since: Instant,
    counted: Mutex<Counted>,
}

/// A line of the log: the source, the client, if it has a name, and the reason. Behind a proxy, clients have one address.
type Logged = (Network, Option<String>, &'static str);

/// An act without the right: the institution, the client and the right.
type Overstep = (Option<String>, String, String);

#[derive(Debug)]
struct Counted {
    minute: Duration,
    logged: Tally<Logged>,
    logins: Tally<Network>,
    oversteps: Tally<Overstep>,
}

/// What is said about a refusal.
#[derive(Debug)]
enum Say {
    Line(Refusal),
    More { source: Logged, more: u64 },
    MoreOthers(u64),
    Entry { institution: Option<String>, fact: AuditFact, caller: Option<Arc<Caller>> },
}

impl Refusals {
    pub(super) fn new(gateway: &Gateway) -> Arc<Self> {
        Arc::new(Self { gateway: gateway.clone(), since: Instant::now(), counted: Mutex::new(Counted::new()) })
    }

    /// Writes down a refused request, or counts it.
    pub(super) fn note(&self, refusal: Refusal) {
        // A client can write any name of an institution. Only one that there is counts.
        let is_known = |name: &String| self.gateway.spec(name).is_some();
        let institution = refusal.refused.institution.clone().filter(is_known);
        let refusal = Refusal { refused: Refused { institution, ..refusal.refused }, ..refusal };
        let said = self.counted().note(refusal, self.since.elapsed());
        self.say(said);
    }

    /// Says how many more there were when a minute is over, for ever.
    pub(super) async fn follow(&self) {
        loop {
            tokio::time::sleep(LOOK_PAUSE).await;
            let said = self.counted().ended(self.since.elapsed());
            self.say(said);
        }
    }

    /// Says what is counted and not said yet: the gateway stops.
    pub(super) fn say_rest(&self) {
        let said = self.counted().end();
        self.say(said);
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        // The counts are valid after every single change, so a panic elsewhere does not damage them.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, said: Vec<Say>) {
        for one in said {
            match one {
                Say::Line(Refusal { status, refused, address, who, request_id, method, route }) => {
                    let method = Some(method.as_str()).filter(|method| method.len() <= METHOD_MAX_BYTES);
                    let Refused { code, reason_code, action, institution } = refused;
                    warn!(
                        status = status.as_u16(),
                        code,
                        reason_code,
                        address = address.map(tracing::field::display),
                        client = who.as_ref().and_then(Who::name),
                        method = method.unwrap_or("other"),
                        route,
                        action,
                        institution,
                        request_id = request_id.as_ref().map(RequestId::as_str),
                        "a request is refused"
                    );
                }
                Say::More { source: (network, client, code), more } => {
                    warn!(code, address = %network, client, more, "requests were refused again within a minute");
                }
                Say::MoreOthers(more) => warn!(more, "requests from further addresses were refused within a minute"),
                Say::Entry { institution, fact, caller } => {
                    let act = fact.act.name();
                    if !self.gateway.note_refused(institution.as_deref(), fact, caller) {
                        warn!(act, "the journal is in trouble: the audit trail lacks a refusal");
                    }
                }
            }
        }
    }
}

impl Counted {
    fn new() -> Self {
        Self {
            minute: Duration::ZERO,
            logged: Tally::new(KINDS_MAX, KINDS_MAX),
            logins: Tally::new(ENTRIES_MAX, KINDS_MAX),
            oversteps: Tally::new(ENTRIES_MAX, KINDS_MAX),
        }
    }

    /// Counts a refusal. Returns what to say now.
    fn note(&mut self, refusal: Refusal, now: Duration) -> Vec<Say> {
        let mut said = self.ended(now);
        said.extend(self.entry(&refusal));
        let client = refusal.who.as_ref().and_then(Who::name).map(str::to_owned);
        if self.logged.count((Network::of(refusal.address), client, refusal.refused.code)) {
            said.push(Say::Line(refusal));
        }
        said
    }

    /// The entry of the audit trail about a refusal, if it has one of its own.
    fn entry(&mut self, refusal: &Refusal) -> Option<Say> {
        let Refusal { status, refused, address, who, request_id, method, route } = refusal;
        let is_login = *status == StatusCode::UNAUTHORIZED && *method == Method::POST && route == SESSION;
        if is_login {
            let about = address.map(|address| address.to_string());
            let fact = AuditFact { about, ..refused_fact(Act::LogIn, "", refused.code) };
            let caller = request_id.clone().map(|id| Arc::new(Caller { request_id: Some(id), ..Caller::default() }));
            return self.logins.count(Network::of(*address)).then_some(Say::Entry { institution: None, fact, caller });
        }
        let action = refused.action.as_deref().filter(|action| ACTS.contains(action))?;
        let who = who.as_ref()?;
        let client = who.name()?;
        let institution = refused.institution.clone();
        if !self.oversteps.count((institution.clone(), client.to_owned(), action.to_owned())) {
            return None;
        }
        let about = Some(format!("{action}: {method} {route}"));
        let fact = AuditFact { about, ..refused_fact(Act::Overstep, &who.decides(UNNAMED.to_owned()), refused.code) };
        let caller = Caller { client: Some(client.into()), request_id: request_id.clone(), ..Caller::default() };
        Some(Say::Entry { institution, fact, caller: Some(Arc::new(caller)) })
    }

    /// What to say if the minute is over.
    fn ended(&mut self, now: Duration) -> Vec<Say> {
        if now.saturating_sub(self.minute) < MINUTE {
            return Vec::new();
        }
        self.minute = now;
        self.end()
    }

    /// Ends the minute.
    fn end(&mut self) -> Vec<Say> {
        let Unsaid { kinds, others } = self.logged.end();
        let more = |(source, more)| Say::More { source, more };
        let mut said: Vec<_> = kinds.into_iter().map(more).collect();
        said.extend((others > 0).then_some(Say::MoreOthers(others)));
        let logins = self.logins.end();
        if logins.total() > 0 {
            let least = if logins.others > 0 { "more than " } else { "" };
            let note = format!("{} more within a minute, from {least}{} addresses", logins.total(), logins.kinds.len());
            let fact = AuditFact { note, ..refused_fact(Act::LogIn, "", "unauthenticated") };
            said.push(Say::Entry { institution: None, fact, caller: None });
        }
        let mut by_institution: BTreeMap<Option<String>, u64> = BTreeMap::new();
        let oversteps = self.oversteps.end();
        by_institution.extend((oversteps.others > 0).then_some((None, oversteps.others)));
        for ((institution, ..), more) in oversteps.kinds {
            *by_institution.entry(institution).or_default() += more;
        }
        said.extend(by_institution.into_iter().map(|(institution, more)| {
            let note = format!("{more} more within a minute");
            Say::Entry {
                institution,
                fact: AuditFact { note, ..refused_fact(Act::Overstep, "", "forbidden") },
                caller: None,
            }
        }));
        said
    }
}

/// What the audit trail says of a refusal. Nobody did anything, so it has its end at once.
fn refused_fact(act: Act, person: &str, code: &'static str) -> AuditFact {
    AuditFact { end: Some(AuditEnd::refused(code)), ..AuditFact::new(act, person) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(address: u32) -> Refusal {
        let address = std::net::Ipv4Addr::from_bits(address).into();
        let refused = Refused { code: "unauthenticated", reason_code: None, action: None, institution: None };
        Refusal {
            status: StatusCode::UNAUTHORIZED,
            refused,
            address: Some(Address::new(address)),
            who: None,
            request_id: None,
            method: Method::POST,
            route: SESSION.to_owned(),
        }
    }

    fn counts(said: &[Say]) -> [usize; 3] {
        let count = |is: fn(&Say) -> bool| said.iter().filter(|say| is(say)).count();
        [
            count(|say| matches!(say, Say::Line(_))),
            count(|say| matches!(say, Say::More { .. } | Say::MoreOthers(_))),
            count(|say| matches!(say, Say::Entry { .. })),
        ]
    }

    fn notes(said: &[Say]) -> Vec<&str> {
        let entries = said.iter().filter_map(|say| if let Say::Entry { fact, .. } = say { Some(fact) } else { None });
        entries.map(|fact| fact.note.as_str()).collect()
    }

    #[test]
    fn a_flood_of_failed_logins_is_one_line_and_one_entry_each_minute() {
        let mut counted = Counted::new();
        let mut said = Vec::new();
        for ms in 0..60_000 {
            said.extend(counted.note(login(1), Duration::from_millis(ms)));
        }
        assert_eq!(counts(&said), [1, 0, 1], "{said:?}");
        let after = counted.ended(MINUTE);
        assert_eq!(counts(&after), [0, 1, 1], "{after:?}");
        assert_eq!(notes(&after), ["59999 more within a minute, from 1 addresses"]);
        assert_eq!(counts(&counted.ended(MINUTE * 2)), [0, 0, 0], "a quiet minute says nothing");
    }

    #[test]
    fn a_flood_from_everywhere_says_no_more_than_its_limits() {
        let mut counted = Counted::new();
        let said: Vec<_> = (0..100_000).flat_map(|address| counted.note(login(address), Duration::ZERO)).collect();
        assert_eq!(counts(&said), [KINDS_MAX, 0, ENTRIES_MAX]);
        let after = counted.ended(MINUTE);
        assert_eq!(counts(&after), [0, 1, 1], "{after:?}");
        assert_eq!(notes(&after), ["99995 more within a minute, from more than 251 addresses"]);
    }
}
