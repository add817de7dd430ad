//! How the journal reads what institutions left: an earlier run of this gateway, or another one from which it takes over.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::fact::Fact;
use fep_protocol::settlement::SettlementFact;

use super::prepared::Prepared;
use crate::config::InstitutionConfig;
use crate::journal::{CaseOpener, OpenOptions, Whose};
use crate::telegrams::TelegramCatalogue;

/// How long an institution that starts waits for the journal to take its facts.
pub(super) const JOURNAL_PATIENCE: Duration = Duration::from_secs(10);

/// How the journal reads what these institutions left. It says nothing about the journal's files.
pub(super) fn options_of(prepared: &BTreeMap<String, Prepared>, now_ms: i64) -> OpenOptions {
    let configs = || prepared.values().map(|prepared| &prepared.config);
    let ms = |longest: Option<Duration>| i64::try_from(longest.unwrap_or_default().as_millis()).unwrap_or(i64::MAX);
    let opened = |prepared: &Prepared| (Arc::clone(&prepared.catalogue), prepared.config.write_timeout);
    let opened = prepared.iter().map(|(name, prepared)| (name.clone(), opened(prepared)));
    OpenOptions {
        path: PathBuf::new(),
        institutions: prepared.keys().cloned().collect(),
        now_ms,
        quarantine_max_ms: ms(configs().map(quarantine_max).max()),
        closed_keep_max_ms: ms(configs().map(|config| config.settlement.closed_keep).max()),
        rate_span_max_ms: ms(configs().filter_map(InstitutionConfig::rate_span).max()),
        opener: case_opener(opened.collect()),
        begin_anew: false,
        key_file: None,
        is_test: false,
        archive: None,
        postgres: None,
        instances_max: 1,
        whose: Whose::default(),
    }
}

/// Opens the settlements of exchanges that an earlier run left open, by the telegrams and the `write_timeout_ms` of their institutions.
fn case_opener(institutions: BTreeMap<String, (Arc<TelegramCatalogue>, Duration)>) -> CaseOpener {
    CaseOpener(Arc::new(move |request: &Fact| {
        let (catalogue, write_timeout) = institutions.get(&*request.institution)?;
        let telegram = request.telegram.as_deref().filter(|telegram| catalogue.is_monetary(telegram))?;
        // The fact precedes the write, at most by the answer timeout, and the write may last. The horizon must not end too early.
        let latest = catalogue.answer_timeout(telegram).saturating_add(*write_timeout);
        let latest = i64::try_from(latest.as_millis()).unwrap_or(i64::MAX);
        Some(SettlementFact::Opened {
            telegram: telegram.to_owned(),
            account: catalogue.account_key(telegram, &request.bytes),
            written_at_ms: request.at_ms.saturating_add(latest),
        })
    }))
}

/// The longest time from the acceptance of an exchange until the quarantine of its key ends. The request may reach the wire
/// late, and its answer may be late too.
fn quarantine_max(institution: &InstitutionConfig) -> Duration {
    let limits = institution.telegrams.values().map(|limits| limits.answer_timeout);
    let answer_timeout = limits.max().unwrap_or_default().max(institution.answer_timeout);
    answer_timeout * 2 + institution.quarantine * 2
}
