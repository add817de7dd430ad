//! `charset = "…"`: reads a label, or reports a mistake with a hint.

use fep_core::charset::{CharsetId, LabelError};
use fep_core::words::Word as _;

use super::entry::{Entry, Given};
use super::words::did_you_mean;
use crate::ctxt::Ctxt;

/// Reads `charset = "euc-kr"`. The labels are those of fep-core, which the runtime accepts too.
pub(super) fn charset(entry: &Entry, cx: &Ctxt) -> Option<Given<CharsetId>> {
    let given = entry.string(cx, "charset = \"euc-kr\"")?;
    let label = &given.value;
    let hint = match CharsetId::of_label(label) {
        Ok(id) => return Some(given.map(|_| id)),
        Err(LabelError::Refused(hint)) => format!("; {hint}"),
        Err(LabelError::Unknown) => {
            let labels: Vec<&str> = CharsetId::WORDS.iter().map(|(label, _)| *label).collect();
            did_you_mean(label, &labels)
        }
    };
    cx.error_at(given.span, format_args!("unknown charset \"{label}\"{hint}"));
    None
}
