//! Field conversions that `deku` and `binrw` leave to the user. Both handle bytes and binary integers. They do not handle padded text in
//! a charset or ASCII numbers.

use encoding_rs::EUC_KR;

pub fn number(bytes: &[u8]) -> Result<u64, String> {
    std::str::from_utf8(bytes).map_err(|error| error.to_string())?.parse().map_err(|_| "not a number".to_owned())
}

pub fn text(bytes: &[u8]) -> Result<String, String> {
    let text = EUC_KR.decode_without_bom_handling_and_without_replacement(bytes).ok_or("not EUC-KR")?;
    Ok(text.trim_end_matches(' ').to_owned())
}

pub fn number_bytes<const N: usize>(value: u64) -> [u8; N] {
    let mut bytes = [b'0'; N];
    bytes.copy_from_slice(format!("{value:0N$}").as_bytes());
    bytes
}

pub fn text_bytes<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [b' '; N];
    let (encoded, _, _) = EUC_KR.encode(text);
    bytes[..encoded.len()].copy_from_slice(&encoded);
    bytes
}
