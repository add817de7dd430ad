//! Which requests a line carries, and how many: main and backup lines, the window of a link, links for one request.

use fep_protocol::terms::LineDuty;
use fep_spec::document::Table;
use fep_spec::report::Code;

/// The keys of a line about the requests on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CarryConfig {
    /// `rank`, default 1: lines of the lowest rank carry business. Those of another rank carry it only while those do not work.
    pub rank: u8,
    /// `standby`, default `hot`: whether a backup line is connected before it is needed (`hot`) or only then (`cold`).
    pub is_cold: bool,
    /// `window`, default `"unlimited"`: how many telegrams of ours may wait for their answer on one link.
    pub window: Option<usize>,
    /// `when_overdue`, `close` or `hold`: what happens to a telegram in a limited window that was not answered in time. `close`, the
    /// default for a window of 1, closes its link. With `hold`, the default for others, it keeps its place. If such telegrams fill the
    /// window for `echo_interval_ms`, the link is closed, because no echo test can be sent on it.
    pub holds_overdue: bool,
    /// `one_shot`, default false: whether a link carries one request. It is connected for it and closed after its answer.
    pub one_shot: bool,
}

const RANKS: std::ops::RangeInclusive<u8> = 1..=9;

impl CarryConfig {
    pub(super) fn read(table: &Table<'_>, duty: LineDuty) -> Self {
        let document = table.document();
        let one_shot = table.boolean("one_shot").is_some_and(|one_shot| one_shot.value);
        let window = match table.get("window") {
            None => None,
            Some(window) if window.is_integer() => window.integer(1..=10_000_usize).map(|window| window.value),
            Some(window) => window.choice(&[("unlimited", ())]).and(None),
        };
        let holds = table.choice("when_overdue", &[("close", false), ("hold", true)]);
        if let Some(holds) = holds.as_ref().filter(|_| window.is_none()) {
            let hint = "write `window = 1`, or leave it out";
            let message = "`when_overdue` has a meaning only with a limited `window`";
            document.error_hint(Code::ConflictingKeys, holds.span.clone(), message, hint);
        }
        let rank = table.integer("rank", RANKS).map_or(1, |rank| rank.value);
        let standby = table.choice("standby", &[("hot", false), ("cold", true)]);
        if let Some(standby) = standby.as_ref().filter(|_| rank == *RANKS.start()) {
            let hint = "a backup line has a higher `rank` than the main one: write `rank = 2`";
            let message = "`standby` has a meaning only on a backup line";
            document.error_hint(Code::ConflictingKeys, standby.span.clone(), message, hint);
        }
        if one_shot {
            let others =
                ["window", "when_overdue", "standby", "listen"].into_iter().filter_map(|key| table.key_span(key));
            let duty = (duty != LineDuty::Both).then(|| table.key_span("duty")).flatten();
            for span in others.chain(duty) {
                let hint = "a link for one request is connected by the gateway, and answered on the same connection";
                document.error_hint(Code::ConflictingKeys, span, "this does not fit `one_shot`", hint);
            }
        }
        Self {
            rank,
            is_cold: standby.is_some_and(|standby| standby.value),
            window: if one_shot { Some(1) } else { window },
            holds_overdue: holds.map_or(window.is_some_and(|window| window > 1), |holds| holds.value),
            one_shot,
        }
    }

    /// How a link is connected: `kept`, `standby` (only when it is needed) or `one_shot`.
    #[must_use]
    pub fn connection(&self) -> &'static str {
        match (self.one_shot, self.is_cold) {
            (true, _) => "one_shot",
            (false, true) => "standby",
            (false, false) => "kept",
        }
    }
}
