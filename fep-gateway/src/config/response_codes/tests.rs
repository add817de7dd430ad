//! Which fields can hold the response code, and which codes accept.

use super::ResponseCodes;
use crate::config::Config;
use crate::config::two_banks::{banks, parse, root};

#[test]
fn a_field_of_the_spec_that_is_not_secret_has_the_response_code() {
    let check = |keys: &str, expected: Option<&str>| parse(&banks(keys), expected);
    check("response_code = \"header.response_code\"\naccepted_codes = [\"0000\", \"A1\"]", None);
    check("response_code = \"passbook_memo\"", None);
    check("response_code = \"header.verdict\"", Some("no telegram of bank-a has the field `header.verdict`"));
    check("response_code = \"payee_name\"", Some("`payee_name` is secret"));
    check("accepted_codes = [\"00\", \"\"]", Some("a code is empty"));
    check("accepted_codes = \"00\"", Some("accepted_codes"));
}

#[test]
fn codes_of_zeros_accept_unless_others_are_named() {
    let usual = ResponseCodes::default();
    assert!(usual.accept("0000") && usual.accept("0") && !usual.accept("0110"));
    let text = banks("accepted_codes = [\"A1\"]");
    let config = Config::parse("gateway.toml", &text, root()).unwrap();
    let named = &config.institutions["bank-a"].response_codes;
    assert!(named.accept("A1") && !named.accept("0000"));
}
