//! Where requests go instead of to the institution that was asked, and how that is changed while the gateway runs.
//!
//! ```text
//! key looked up and reserved ─► rule ─► the other institution: one exchange, with the key of the one that was asked
//!        │                        └───► the institution that was asked
//!        └─ known: the exchange of the first request, wherever that is and whatever the rule says now
//! ```
//!
//! The rule is asked after the key. So a repeated request never changes sides. The choice is in the request's fact, which is durable before a byte
//! is sent: after a crash the key leads to the same exchange, or the key is free because nothing was sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use fep_protocol::exchange::{Exchange, Passage};
use fep_protocol::reason::NotSent;
use fep_protocol::routing::Point;

use super::prepared::Prepared;
use super::{Gateway, StartError};
use crate::config::unfit_sticky;
use crate::net::institution::Handle;
pub use crate::net::routing::{NotRouted, RoutingDecision, RoutingStatus, RuleChanged, RuleStatus, SideStatus};
use crate::telegrams::Draft;

/// A request with the institution that gets it.
pub(super) struct Routed {
    pub(super) handle: Arc<Handle>,
    pub(super) draft: Draft,
    pub(super) exchange: Exchange,
}

impl Gateway {
    /// Where requests to this institution go. `None` if there is no such institution.
    #[must_use]
    pub fn routing(&self, institution: &str) -> Option<RoutingStatus> {
        let handle = self.find_handle(institution)?;
        let routing = self.inner.shared.routings.of(institution).map(|routing| routing.status());
        Some(routing.unwrap_or_else(|| RoutingStatus::without_rules(&handle.name)))
    }

    /// Changes where requests to this institution go, and waits until that is durable. What runs and what was sent stays where it is.
    ///
    /// # Errors
    /// If nothing was changed, or ([`NotRouted::NotDurable`]) the change holds and may not outlive a restart. `NoRules` if there is no such
    /// institution.
    pub async fn route(&self, institution: &str, decision: RoutingDecision) -> Result<RoutingStatus, NotRouted> {
        let handle = self.find_handle(institution).ok_or(NotRouted::NoRules)?;
        self.fits_sticky(institution, &decision)?;
        handle.route(decision).await?;
        self.routing(institution).ok_or(NotRouted::NoRules)
    }

    /// Checks the sticky fields of a decision as those of the file are checked.
    fn fits_sticky(&self, institution: &str, decision: &RoutingDecision) -> Result<(), NotRouted> {
        let config = self.inner.reloads.config();
        let Some(own) = config.institutions.get(institution) else { return Ok(()) };
        for (telegram, share) in &decision.rules {
            let path = share.as_ref().and_then(|share| share.sticky.as_ref()?.field());
            if let Some((message, hint)) = path.and_then(|path| unfit_sticky(own, telegram, path)) {
                return Err(NotRouted::Sticky { telegram: telegram.clone(), why: format!("{message}; {hint}") });
            }
        }
        Ok(())
    }

    /// Chooses the institution of a request. `key` is its idempotency key. If the other institution cannot get it, the exchange is returned
    /// with the reason why it was not sent: it does not go to the other side instead.
    pub(super) fn routed(
        &self,
        asked: &Arc<Handle>,
        draft: Draft,
        exchange: Exchange,
        key: Option<&str>,
    ) -> Result<Routed, Box<(NotSent, Exchange)>> {
        let Some(routing) = self.inner.shared.routings.of(&asked.name) else {
            return Ok(Routed { handle: Arc::clone(asked), draft, exchange });
        };
        let client = exchange.caller.as_ref().and_then(|caller| caller.client.as_deref());
        let sticky = |path: Option<&str>| {
            let of_field = path.and_then(|path| asked.catalogue.field_bytes(&draft, path));
            let own = exchange.id.as_bytes();
            Point::of(&asked.name, of_field.or(key.map(str::as_bytes)).unwrap_or(own))
        };
        let Some((to, from)) = routing.goes_to(&exchange.telegram, client, sticky) else {
            return Ok(Routed { handle: Arc::clone(asked), draft, exchange });
        };
        let other = self.find_handle(to);
        let institution = other.as_ref().map_or_else(|| to.into(), |other| Arc::clone(&other.name));
        let passed = other.and_then(|other| {
            let draft = asked.catalogue.passed_on(&draft, &other.catalogue)?;
            Some((other, draft))
        });
        let exchange = Exchange { institution, passage: Some(Passage::RoutedFrom(from)), ..exchange };
        match passed {
            Some((handle, draft)) => Ok(Routed { handle, draft, exchange }),
            None => {
                let why = format!("{to} has no request {}", exchange.telegram);
                Err(Box::new((NotSent::Unencodable(why), exchange)))
            }
        }
    }
}

/// Checks what a configuration file is checked for already: a rule of a configuration in code must name an institution with this request.
pub(super) fn fits(institutions: &BTreeMap<String, Prepared>) -> Result<(), StartError> {
    for (name, Prepared { config, .. }) in institutions {
        for (telegram, rule) in &config.routing {
            let other = institutions.get(&rule.to).filter(|other| {
                rule.to != *name
                    && other.catalogue.has_request(telegram)
                    && !other.config.routing.contains_key(telegram)
            });
            if other.is_none() {
                let why = format!(
                    "{telegram} is routed to {:?}, which is no other institution that sends it itself",
                    rule.to
                );
                return Err(StartError::Institution { name: name.clone(), why });
            }
        }
    }
    Ok(())
}
