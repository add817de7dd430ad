//! The bytes of an e-mail with a plain text (RFC 5322, RFC 2045, RFC 2047). It knows no alarms and sends nothing.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::time::Rfc3339;

/// An e-mail. Addresses are ASCII without line ends: the configuration checks them.
pub(super) struct Mail<'m> {
    pub(super) from: &'m str,
    pub(super) to: &'m [String],
    pub(super) subject: &'m str,
    /// The name of the message without the domain. The same message has the same one each time.
    pub(super) id: &'m str,
    /// When it was written, in milliseconds since 1970.
    pub(super) at_ms: i64,
    pub(super) text: &'m str,
}

/// The bytes of an encoded word before they become base64: the word has 75 characters at most then.
const WORD_MAX_BYTES: usize = 45;

/// The length of a line of base64.
const LINE_CHARS: usize = 76;

impl Mail<'_> {
    /// The whole message.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let domain = self.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let headers = [
            format!("From: <{}>", self.from),
            format!("To: {}", self.to.iter().map(|to| format!("<{to}>")).collect::<Vec<_>>().join(",\r\n ")),
            format!("Subject: {}", words(self.subject)),
            format!("Date: {}", date(self.at_ms)),
            format!("Message-ID: <{}@{domain}>", self.id),
            "MIME-Version: 1.0".to_owned(),
            "Content-Type: text/plain; charset=utf-8".to_owned(),
            "Content-Transfer-Encoding: base64".to_owned(),
        ];
        let encoded = BASE64_STANDARD.encode(self.text.replace('\n', "\r\n"));
        let lines = encoded.as_bytes().chunks(LINE_CHARS).map(String::from_utf8_lossy);
        format!("{}\r\n\r\n{}\r\n", headers.join("\r\n"), lines.collect::<Vec<_>>().join("\r\n")).into_bytes()
    }
}

/// A text of a header: as it is if it is short printable ASCII, and otherwise as encoded words, one a line. No character is divided.
fn words(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && text.len() <= LINE_CHARS;
    if is_plain && !text.contains("=?") {
        return text.to_owned();
    }
    let mut parts = vec![String::new()];
    for character in text.chars() {
        match parts.last_mut() {
            Some(last) if last.len() + character.len_utf8() <= WORD_MAX_BYTES => last.push(character),
            _ => parts.push(character.to_string()),
        }
    }
    let words = parts.iter().map(|part| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(part)));
    words.collect::<Vec<_>>().join("\r\n ")
}

/// A time as headers have it: `Sun, 29 Nov 2026 23:12:20 +0000`.
fn date(at_ms: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = Rfc3339(at_ms).to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let weekday = usize::try_from(at_ms.div_euclid(crate::time::DAY_MS).rem_euclid(7)).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().unwrap_or(1).saturating_sub(1);
    let [weekday, month] = [DAYS.get(weekday), MONTHS.get(month)].map(|name| name.copied().unwrap_or_default());
    format!("{weekday}, {} {month} {} {} +0000", part(8, 10), part(0, 4), part(11, 19))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `date -u -R -d @SECONDS`.
    #[test]
    fn dates_are_those_of_another_program() {
        assert_eq!(date(1_795_993_940_000), "Sun, 29 Nov 2026 23:12:20 +0000");
        assert_eq!(date(951_782_399_999), "Mon, 28 Feb 2000 23:59:59 +0000");
        assert_eq!(date(0), "Thu, 01 Jan 1970 00:00:00 +0000");
    }

    #[test]
    fn subjects_are_words_that_fit_a_line_and_divide_no_character() {
        assert_eq!(words("RAISED bank-a: silent"), "RAISED bank-a: silent");
        // By `printf '무소식' | base64`.
        assert_eq!(words("무소식"), "=?utf-8?B?66y07IaM7Iud?=");
        let long = "무소식 ".repeat(20);
        let lines: Vec<String> = words(&long).split("\r\n ").map(str::to_owned).collect();
        assert!(lines.len() > 3 && lines.iter().all(|line| line.len() <= 75), "{lines:?}");
        let decoded = lines.iter().map(|line| {
            let inner = line.strip_prefix("=?utf-8?B?").unwrap().strip_suffix("?=").unwrap();
            String::from_utf8(BASE64_STANDARD.decode(inner).unwrap()).unwrap()
        });
        assert_eq!(decoded.collect::<String>(), long);
        assert!(words("a\r\nBcc: x@y").starts_with("=?utf-8?B?"), "no line end gets into a header");
        assert!(words("=?utf-8?B?aGk=?=").starts_with("=?utf-8?B?PT"), "what looks encoded is encoded");
    }
}
