//! A transfer as a derived struct, for the typed form of the embedded API.

use fep_codec::Decode as _;
use fep_gateway::Gateway;
use fep_gateway::gateway::TypedOutcome;

use crate::embedded::NAME;
use crate::telegrams;

#[path = "../../../tests/src/generated/bank_a.rs"]
#[allow(dead_code, unreachable_pub, reason = "all telegrams of the spec; two are measured")]
mod bank_a;

pub(crate) use bank_a::Transfer;

/// The check digits of the golden telegram. The gateway changes the date, which they cover, and the bank does not compute them.
fn check_digits(_: &[u8], out: &mut [u8]) -> Result<(), &'static str> {
    out.copy_from_slice(b"253788");
    Ok(())
}

pub(crate) fn request() -> Transfer {
    Transfer::decode(&telegrams::bytes("bank-a-transfer")).expect("the golden telegram")
}

/// Makes a transfer and says whether it was answered and the answer could be decoded.
pub(crate) async fn transfer(gateway: &Gateway, request: &Transfer) -> bool {
    let sent = gateway.send::<Transfer, bank_a::TransferAnswer>(NAME, request, None).await;
    let sent = sent.unwrap_or_else(|refusal| panic!("{refusal}"));
    matches!(sent.outcome, TypedOutcome::Answered(_))
}
