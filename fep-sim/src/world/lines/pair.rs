//! The checks about pairs of lines: nothing is written on the line that receives, and no request goes out while nothing could bring its
//! answer.

use std::time::Duration;

use fep_protocol::fact::Fact;

use super::{DECISION, MS};
use crate::setup::RECEIVE;
use crate::telegram::{KEY, Telegram};
use crate::world::check::Rule;
use crate::world::{ConnectionId, World};

impl World {
    /// The connections that a sign-on, a sign-off or an answer to one is about. On a line of the bank, that is not the line itself.
    pub(super) fn sign_is_about(
        &self,
        id: ConnectionId,
        bank: usize,
        line: usize,
        telegram: Telegram<'_>,
    ) -> Vec<ConnectionId> {
        if line != RECEIVE {
            return vec![id];
        }
        let is_answer = telegram.get((24, 4)) == b"0810";
        let is_end = telegram.get((28, 3)) == b"200";
        if is_answer {
            return self.lines.signs.get(&(bank, telegram.get(KEY).to_vec())).copied().into_iter().collect();
        }
        let sending = self.lines.links.iter().filter(|(_, link)| link.bank == bank && link.line != RECEIVE);
        // Their sign-on is no answer to ours.
        sending.filter(|(_, link)| is_end || link.is_off).map(|(id, _)| *id).collect()
    }

    /// A frame was written on a connection.
    pub(super) fn written_in_pair(&mut self, id: ConnectionId, frame: &[u8]) {
        let Some(link) = self.lines.links.get(&id) else { return };
        let telegram = Telegram(frame);
        if telegram.get((24, 7)) == b"0800100" {
            self.lines.signs.insert((link.bank, telegram.get(KEY).to_vec()), id);
        }
        if link.line == RECEIVE {
            let what = format!("{} is written on connection {id}, which only receives", telegram.kind());
            self.fail(Rule::Pair, what);
        }
    }

    /// A request is durable since now, and was decided then.
    pub(super) fn stored_in_pair(&mut self, bank: usize, fact: &Fact, decided: Duration) {
        if self.setup.bank(bank).pair.is_none() || !self.is_punctual {
            return;
        }
        self.count("a request on a pair of lines");
        let [since, until] = [decided.saturating_sub(DECISION), decided + MS];
        let heard = self.lines.banks.get(bank).and_then(|lines| lines.works.get(RECEIVE)).into_iter().flatten();
        let mut heard = heard.filter(|(from, to)| *from <= until && to.is_none_or(|to| to >= since));
        if heard.next().is_none() {
            let key = Telegram(&fact.bytes).text(KEY);
            self.fail(
                Rule::Pair,
                format!("{key} goes out at {decided:?}, and no line of bank {bank} could bring its answer"),
            );
        }
    }
}
