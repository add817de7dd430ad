//! Random cases of choices: a code for the deciding field, and the body that the code selects.

use fep_codec::Record;
use fep_codec::layout::{Choice, Field, Item, Kind, Layout};

use super::{Random, fill};

/// Fills all choices of a layout. Choices with the same deciding field get the cases of one code.
pub(super) fn make(layout: &Layout, within: &str, record: &mut Record<'_>, random: &mut Random) {
    let mut decided: Vec<(&str, String)> = Vec::new();
    for (number, item) in layout.items().iter().enumerate() {
        let Item::Choice(choice) = item else { continue };
        let Some(decider) = layout.decider_of(number) else { continue };
        let known = decided.iter().find(|(path, _)| *path == choice.by).map(|(_, code)| code.clone());
        let code = known.unwrap_or_else(|| code(choice, decider, random));
        record.set(&format!("{within}{}", choice.by), code.as_str()).unwrap_or_default();
        if let Some(case) = choice.case_with(&code).and_then(|number| choice.cases().get(number)) {
            let path = format!("{within}{}", choice.name);
            record.choose(&path, &case.layout.name).unwrap_or_default();
            fill(&case.layout, &format!("{path}."), record, random);
        }
        decided.push((&choice.by, code));
    }
}

/// Returns one of the codes. If there is a case for other codes, it may return a code that no case names.
fn code(choice: &Choice, field: &Field, random: &mut Random) -> String {
    let codes: Vec<&str> = choice.cases().iter().flat_map(|case| case.codes.iter()).map(AsRef::as_ref).collect();
    let has_other = choice.cases().iter().any(|case| case.codes.is_empty());
    if has_other && random.below(4) == 0 {
        let strange = match &field.kind {
            Kind::Code(rule) if !rule.open => rule.codes.iter().map(|known| known.code.to_string()).collect(),
            _ => vec!["9".repeat(field.len), "8".repeat(field.len)],
        };
        if let Some(code) = strange.into_iter().find(|code| !codes.contains(&code.as_str())) {
            return code;
        }
    }
    codes.get(random.small(codes.len().max(1))).map(|code| (*code).to_owned()).unwrap_or_default()
}
