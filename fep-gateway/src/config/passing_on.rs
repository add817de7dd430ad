//! `breaker.alternatives` with another institution, and rules of `routing`: whether its telegram can take the place of ours.

use std::collections::BTreeMap;
use std::ops::Range;

use fep_codec::layout::Layout;
use fep_protocol::breaker::Alternative;
use fep_spec::document::Table;
use fep_spec::report::Code;

use super::InstitutionConfig;

/// Checks each telegram that a breaker sends to another institution. `table` is that of all institutions.
pub(super) fn check(table: &Table<'_>, institutions: &BTreeMap<String, InstitutionConfig>) {
    for (name, value) in table.entries() {
        let alternatives = value.table().and_then(|table| table.table("breaker")?.table("alternatives"));
        let Some((own, alternatives)) = institutions.get(name.value).zip(alternatives) else { continue };
        for (telegram, _) in alternatives.entries() {
            let Some(to) = goes_to(own, telegram.value) else { continue };
            let Some(other) = institutions.get(to).filter(|_| to != name.value) else { continue };
            let pair = Pair {
                names: (name.value, to),
                telegram: telegram.value,
                own,
                other,
                instead: "leave it out, so that it is refused",
            };
            if let Some((message, hint)) = pair.chain().or_else(|| pair.mistake()) {
                report(&alternatives, telegram.span, &message, &hint);
            }
        }
    }
}

fn report(table: &Table<'_>, place: Range<usize>, message: &str, hint: &str) {
    table.document().error_hint(Code::ConflictingKeys, place, message, hint);
}

fn goes_to<'c>(institution: &'c InstitutionConfig, telegram: &str) -> Option<&'c str> {
    match institution.breaker.as_ref()?.alternatives.get(telegram)? {
        Alternative::Institution(to) => Some(to),
        _ => None,
    }
}

/// A telegram of two institutions.
pub(super) struct Pair<'c> {
    pub(super) names: (&'c str, &'c str),
    pub(super) telegram: &'c str,
    pub(super) own: &'c InstitutionConfig,
    pub(super) other: &'c InstitutionConfig,
    /// What to do about a telegram that only one institution can answer.
    pub(super) instead: &'static str,
}

type Mistake = (String, String);

impl Pair<'_> {
    /// The first reason why the request of the one cannot be sent to the other, with advice.
    pub(super) fn mistake(&self) -> Option<Mistake> {
        self.step()
            .or_else(|| self.layouts())
            .or_else(|| self.settlement())
            .or_else(|| self.fills())
            .or_else(|| self.numbers())
    }

    /// A request goes on once. A second breaker that sends it on would need a second look at what the first bank got.
    fn chain(&self) -> Option<Mistake> {
        let (_, to) = self.names;
        let further = goes_to(self.other, self.telegram)?;
        let message = format!("`{}` goes to {to}, whose breaker sends it on to {further}", self.telegram);
        Some((message, "a telegram goes to another institution once: let one of them refuse it".to_owned()))
    }

    /// An inquiry or a reversal is about what one bank has got.
    fn step(&self) -> Option<Mistake> {
        let (own, _) = self.names;
        let settlements = self.own.telegrams.values().filter_map(|limits| limits.settlement.as_ref());
        let mut steps = settlements.flat_map(|settlement| {
            let inquiry = settlement.inquiry.as_ref().map(|inquiry| &inquiry.telegram);
            inquiry.into_iter().chain(settlement.reversal.as_ref().map(|reversal| &reversal.telegram))
        });
        steps.any(|step| step.name == self.telegram).then(|| {
            let message =
                format!("`{}` is about exchanges with {own}, and no other institution knows them", self.telegram);
            (message, self.instead.to_owned())
        })
    }

    /// Both requests and both answers must have the same bytes.
    fn layouts(&self) -> Option<Mistake> {
        let (own, to) = self.names;
        let hint = || "both specs must have the same layout for the request and its answer".to_owned();
        let ours = self.own.spec.telegram(self.telegram)?;
        let Some(theirs) = self.other.spec.telegram(self.telegram) else {
            return Some((format!("{to} has no telegram `{}`", self.telegram), hint()));
        };
        let differs = |what: &str, ours: &Layout, theirs: &Layout| {
            let difference = ours.difference(theirs)?;
            Some((format!("{what} of {own} is not that of {to}: {difference}"), hint()))
        };
        let request = differs(&format!("`{}`", self.telegram), &ours.layout, &theirs.layout);
        if request.is_some() || ours.answer.is_none() {
            return request;
        }
        let answer = |institution: &InstitutionConfig, name: &Option<String>| {
            name.as_ref().and_then(|name| institution.spec.telegram(name)).map(|answer| answer.layout.clone())
        };
        let ours = answer(self.own, &ours.answer)?;
        let Some(theirs) = answer(self.other, &theirs.answer) else {
            return Some((format!("`{}` has no answer in the spec of {to}", self.telegram), hint()));
        };
        differs(&format!("the answer `{}` to `{}`", ours.name, self.telegram), &ours, &theirs)
    }

    /// What moves money at one moves money at the other.
    fn settlement(&self) -> Option<Mistake> {
        let moves_money = |config: &InstitutionConfig| {
            config.telegrams.get(self.telegram).is_some_and(|limits| limits.settlement.is_some())
        };
        let (own, to) = self.names;
        (moves_money(self.own) && !moves_money(self.other)).then(|| {
            let message = format!("`{}` has a settlement at {own} and none at {to}", self.telegram);
            let hint =
                format!("add [institutions.{to}.telegrams.{}.settlement], or nobody finds out about it", self.telegram);
            (message, hint)
        })
    }

    /// The other institution replaces what we fill by its own. What it does not fill would keep our value.
    fn fills(&self) -> Option<Mistake> {
        let layout = &self.own.spec.telegram(self.telegram)?.layout;
        let fills = |config: &InstitutionConfig| {
            let paths = config.fill.iter().map(|fill| &fill.path).chain(&config.trace);
            paths.filter(|path| layout.span(path).is_some()).cloned().collect::<Vec<_>>()
        };
        let ours = fills(self.own);
        let theirs = fills(self.other);
        let (own, to) = self.names;
        let lacks = |filled: &[String], by: &str, other: &[String], not: &str| {
            let path = filled.iter().find(|path| !other.contains(path))?;
            let message = format!("the field {path} of `{}` is filled by {by} and not by {not}", self.telegram);
            Some((message, format!("add it to [institutions.{not}.fill]")))
        };
        lacks(&ours, own, &theirs, to).or_else(|| lacks(&theirs, to, &ours, own))
    }

    /// A request that numbers itself would bring the number of one bank to the other.
    fn numbers(&self) -> Option<Mistake> {
        (self.own.trace.is_none() && !self.own.key.is_empty()).then(|| {
            let (own, _) = self.names;
            let message = format!("`{}` has a trace number of its own, which is one of {own}", self.telegram);
            (message, "let the gateway give trace numbers: `trace = …`".to_owned())
        })
    }
}

#[cfg(test)]
mod tests;
