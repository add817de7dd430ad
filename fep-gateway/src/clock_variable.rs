//! The variable of the environment that sets the business clock of a gateway for tests. What the clock is, and who may set it, is decided by
//! `fep_gateway`.

use std::path::Path;

use fep_gateway::Config;
use fep_gateway::business_clock::{BASE_VARIABLE, BaseTime, BusinessClock};
use fep_gateway::config::{Environment, TestClock};

use super::Failure;

/// The clock of the variable, if it is set. The configuration must be for tests, and must not follow another clock.
pub(super) fn of_variable(path: &Path, config: &Config) -> Result<Option<BusinessClock>, Failure> {
    let Some(text) = std::env::var_os(BASE_VARIABLE) else { return Ok(None) };
    let refused = |why: String| Failure::Message(format!("the variable {BASE_VARIABLE} is set, but {why}"));
    let shown = path.display();
    if config.environment == Environment::Production {
        return Err(refused(format!("{shown} is for production, where no test sets the clock: unset it")));
    }
    if let Some(TestClock::From(from)) = &config.test_clock {
        return Err(refused(format!("`[test_clock]` of {shown} follows {from}: set that clock, or remove `from`")));
    }
    let text = text.to_str().ok_or_else(|| refused("it is no UTF-8".to_owned()))?;
    let base = BaseTime::from_variable(text);
    let base = base.map_err(|why| {
        refused(format!("{why}; write 2026-12-31T23:59:30+09:00, or behind it a space and the speed"))
    })?;
    Ok(Some(BusinessClock::at(base)))
}
