//! The telegrams of `specs/bank-a` as byte offsets, written by hand from the sheet. The model bank reads and writes them without the
//! codec, so that a mistake of the codec cannot hide.

/// The received bytes of a telegram.
#[derive(Clone, Copy)]
pub(crate) struct Telegram<'b>(pub(crate) &'b [u8]);

/// A field: its offset and its length, in bytes.
pub(crate) type Place = (usize, usize);

/// The transaction code, in which the gateways of a cluster may have their marks.
pub(crate) const MARK: Place = (4, 9);
pub(crate) const CODE: Place = (24, 4);
pub(crate) const BUSINESS: Place = (28, 3);
pub(crate) const SEND_COUNT: Place = (31, 1);
/// The trace number and the date behind it: the key of an exchange.
pub(crate) const KEY: Place = (32, 14);
pub(crate) const RESPONSE: Place = (52, 4);
/// In a transfer.
pub(crate) const AMOUNT: Place = (116, 13);
pub(crate) const DEPOSIT_ACCOUNT: Place = (146, 16);
/// In an inquiry and a reversal: the key of the transfer.
pub(crate) const ORIGINAL_KEY: Place = (100, 14);
/// In the answer to an inquiry.
pub(crate) const RESULT: Place = (114, 4);
pub(crate) const RESULT_AMOUNT: Place = (118, 13);

/// The places of a telegram that may be damaged without making it another exchange's: the unused end.
pub(crate) const RESERVE: usize = 215;

impl<'b> Telegram<'b> {
    pub(crate) fn get(self, (at, len): Place) -> &'b [u8] {
        self.0.get(at..at + len).unwrap_or_default()
    }

    pub(crate) fn text(self, place: Place) -> String {
        String::from_utf8_lossy(self.get(place)).into_owned()
    }

    pub(crate) fn number(self, place: Place) -> u64 {
        self.text(place).parse().unwrap_or_default()
    }

    /// What it is: code and business code.
    pub(crate) fn kind(self) -> String {
        format!("{}/{}", self.text(CODE), self.text(BUSINESS))
    }
}

/// Writes text into a field.
pub(crate) fn put(bytes: &mut [u8], (at, len): Place, text: &str) {
    let text = text.as_bytes();
    if let Some(field) = bytes.get_mut(at..at + len).filter(|field| field.len() == text.len()) {
        field.copy_from_slice(text);
    }
}

/// The answer to a request: its bytes, with the code of the answer and a response code.
pub(crate) fn answer(request: &[u8], response: &str) -> Vec<u8> {
    let mut bytes = request.to_vec();
    let code = Telegram(request).number(CODE) + 10;
    put(&mut bytes, CODE, &format!("{code:04}"));
    put(&mut bytes, RESPONSE, response);
    bytes
}

/// A notice of a deposit.
pub(crate) fn notice(serial: u64, amount: u64) -> Vec<u8> {
    let header = format!("0296FEPTEST01FEPCO0010990200300{:01}{serial:06}20261127120000    {serial:014}{:30}", 1, "");
    let body = format!(
        "{:<16}20{amount:013}+{:013}{:20}{:10}20261127120000{serial:06}000000{:08}{:91}",
        "110200300400", 1_000, "", "", 0, ""
    );
    let mut bytes = header.into_bytes();
    bytes.extend_from_slice(body.as_bytes());
    bytes
}

/// A sign-on or a sign-off of a bank.
pub(crate) fn duty(business: &str, trace: u64) -> Vec<u8> {
    let header = format!("0096FEPTEST01FEPCO0010990800{business}1{trace:06}20261127120000    {trace:014}{:30}", "");
    header.into_bytes()
}

/// Whether a frame answers a poll of a bank, or may do so: polls and their answers may be the same bytes.
pub(crate) fn is_poll_answer(frame: &[u8]) -> bool {
    matches!(frame, b"0002HA" | b"0000")
}

/// The length of the frame at the front of these bytes, if it is complete.
pub(crate) fn frame_len(bytes: &[u8]) -> Option<usize> {
    let digits = bytes.get(..4)?;
    let len: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(len + 4).filter(|len| *len <= bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telegrams_of_a_bank_have_the_length_that_they_state() {
        let bytes = notice(7, 500);
        assert_eq!((bytes.len(), frame_len(&bytes)), (300, Some(300)));
        assert_eq!(Telegram(&bytes).kind(), "0200/300");
        let bytes = duty("200", 800_001);
        assert_eq!((bytes.len(), frame_len(&bytes)), (100, Some(100)));
        assert_eq!(Telegram(&bytes).kind(), "0800/200");
    }
}
