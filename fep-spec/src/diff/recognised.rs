//! Whether telegrams of one version are recognised as the same telegram by the other.

use fep_codec::Layout;
use fep_codec::layout::MarkRelation;

use super::{Break, Sender};

/// A telegram in both versions.
pub(super) type Both<'s> = (&'s Layout, &'s Layout);

/// Notes the telegrams that are not recognised, or are taken for another telegram. `breaks` has what is known already: a telegram that
/// breaks at its bytes is not noted again.
pub(super) fn compare(pairs: &[Both<'_>], only_old: &[&Layout], only_new: &[&Layout], breaks: &mut Vec<Break>) {
    for (old, new) in pairs {
        let relation = old.compare_marks(new);
        let is_kept = matches!(relation, MarkRelation::Same | MarkRelation::Narrower);
        note(breaks, Sender::Old, old, new, is_kept);
        let is_known = matches!(relation, MarkRelation::Same | MarkRelation::Wider);
        note(breaks, Sender::New, new, old, is_known);
        let others = || pairs.iter().filter(|(other, _)| other.name != old.name);
        let taken_new =
            others().map(|(own, other)| (Some(*own), *other)).chain(only_new.iter().map(|new| (None, *new)));
        taken(breaks, Sender::Old, (old, new), taken_new);
        let taken_old =
            others().map(|(own, other)| (Some(*other), *own)).chain(only_old.iter().map(|old| (None, *old)));
        taken(breaks, Sender::New, (new, old), taken_old);
    }
}

fn note(breaks: &mut Vec<Break>, sender: Sender, sent: &Layout, receiver: &Layout, has_its_marks: bool) {
    let is_kept = has_its_marks && receiver.is_recognisable();
    if is_kept || !sent.is_recognisable() || is_known(breaks, sender, sent) {
        return;
    }
    let reason = match sender {
        Sender::Old => "the new version recognises the telegram by other bytes",
        Sender::New => "the old version recognises the telegram by other bytes",
    };
    let mark = receiver.all_marks();
    let place = mark.iter().find_map(|mark| Some(mark.offset()..mark.offset() + mark.bytes()?.len()));
    put(breaks, sender, sent, place, reason.to_owned());
}

/// Notes that bytes of a telegram are taken for another one by the receiver, which they were not by the sender.
fn taken<'s>(
    breaks: &mut Vec<Break>,
    sender: Sender,
    (sent, received): Both<'_>,
    others: impl Iterator<Item = (Option<&'s Layout>, &'s Layout)>,
) {
    if !sent.is_recognisable() {
        return;
    }
    for (senders, receivers) in others {
        let wins = |other: &Layout, own: &Layout| other.compare_marks(own) == MarkRelation::Narrower;
        if !receivers.is_recognisable()
            || !wins(receivers, received)
            || receivers.compare_marks(sent) == MarkRelation::Apart
        {
            continue;
        }
        let was_so = senders
            .is_some_and(|senders| wins(senders, sent) && senders.compare_marks(receivers) == MarkRelation::Same);
        if !was_so && !is_known(breaks, sender, sent) {
            let version = if sender == Sender::Old { "new" } else { "old" };
            put(
                breaks,
                sender,
                sent,
                None,
                format!("the {version} version takes some of them for `{}`", receivers.name),
            );
        }
    }
}

fn is_known(breaks: &[Break], sender: Sender, sent: &Layout) -> bool {
    breaks.iter().any(|known| known.sender == sender && known.telegram == sent.name)
}

fn put(breaks: &mut Vec<Break>, sender: Sender, sent: &Layout, bytes: Option<std::ops::Range<usize>>, reason: String) {
    breaks.push(Break { telegram: sent.name.to_string(), path: None, sender, bytes, reason, example: None });
}
