//! Which settings of an institution a reload changes in place, with its lines, sessions and exchanges as they are.
//!
//! A key is here if it says how much or how long: limits, timeouts, thresholds, schedules, where notices go, and what no line needs. What says which bytes or which
//! connections there are is not: such an institution starts anew.

use fep_protocol::flow::{FlowSettings, GateSettings};

use super::{InstitutionConfig, NoticeConfig, TelegramLimits};

/// The settings that hold, with everything of the others that can be changed in place. If they are the others then, nothing starts anew.
pub(super) fn in_place(holds: &InstitutionConfig, to: &InstitutionConfig) -> InstitutionConfig {
    let mut live = holds.clone();
    live.label.clone_from(&to.label);
    live.contact.clone_from(&to.contact);
    live.answer_timeout = to.answer_timeout;
    live.inflight_max = to.inflight_max;
    live.drain_max = to.drain_max;
    live.reconciliation.clone_from(&to.reconciliation);
    flow(&mut live.flow.settings, &to.flow.settings);
    if let (Some(own), Some(new)) = (&mut live.breaker, &to.breaker) {
        own.clone_from(new);
    }
    for (name, own) in &mut live.telegrams {
        to.telegrams.get(name).into_iter().for_each(|new| telegram(own, new));
    }
    for (name, own) in &mut live.notices {
        to.notices.get(name).into_iter().for_each(|new| notice(own, new));
    }
    live
}

fn flow(own: &mut FlowSettings, new: &FlowSettings) {
    own.reserved_percent = new.reserved_percent;
    own.queue_max = new.queue_max;
    gate(&mut own.contract, &new.contract);
    for (name, own) in &mut own.businesses {
        new.businesses.get(name).into_iter().for_each(|new| gate(own, new));
    }
}

/// A rate that is new, or has another window, counts telegrams that nobody has in memory: the start reads them in the journal.
fn gate(own: &mut GateSettings, new: &GateSettings) {
    own.inflight_max = new.inflight_max;
    own.adapts = new.adapts;
    if let (Some(own), Some(new)) = (&mut own.rate, &new.rate)
        && own.window == new.window
    {
        *own = *new;
    }
}

fn telegram(own: &mut TelegramLimits, new: &TelegramLimits) {
    own.answer_timeout = new.answer_timeout;
    if let (Some(own), Some(new)) = (&mut own.settlement, &new.settlement) {
        own.policy.clone_from(&new.policy);
    }
}

/// Where a notice goes, and when it is brought there again. Whether it goes to a service at all, and how it is answered, stays.
fn notice(own: &mut NoticeConfig, new: &NoticeConfig) {
    if own.callback.is_some() && new.callback.is_some() {
        own.callback.clone_from(&new.callback);
    }
    own.callback_timeout = new.callback_timeout;
    own.backoff = new.backoff;
    own.attempts_max = new.attempts_max;
    own.horizon = new.horizon;
}
