//! The digest that decides whether two bodies are the same request. The order of keys does not matter.

use serde_json::Value;

/// The 128-bit FNV-1a digest of the telegram's name and the body. It detects accidental differences, not forgeries: anyone
/// who knows an idempotency key can send a request with it anyway.
pub(super) fn digest(telegram: &str, body: &Value) -> [u8; 16] {
    let mut digest = Digest::new(telegram);
    digest.value(body);
    digest.0.to_be_bytes()
}

/// The same digest for a request that came as bytes.
pub(super) fn digest_of_bytes(telegram: &str, bytes: &[u8]) -> [u8; 16] {
    let mut digest = Digest::new(telegram);
    digest.bytes(bytes);
    digest.0.to_be_bytes()
}

struct Digest(u128);

impl Digest {
    fn new(telegram: &str) -> Self {
        let mut digest = Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        digest.text(telegram);
        digest
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B);
        }
    }

    /// Adds a text after its length, so that adjacent texts cannot run together.
    fn text(&mut self, text: &str) {
        self.bytes(&text.len().to_be_bytes());
        self.bytes(text.as_bytes());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                let mut keys: Vec<_> = map.keys().collect();
                keys.sort_unstable();
                self.bytes(b"{");
                for key in keys {
                    self.text(key);
                    map.get(key).into_iter().for_each(|value| self.value(value));
                }
                self.bytes(b"}");
            }
            Value::Array(values) => {
                self.bytes(b"[");
                values.iter().for_each(|value| self.value(value));
                self.bytes(b"]");
            }
            Value::String(text) => {
                self.bytes(b"\"");
                self.text(text);
            }
            other => self.text(&other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> [u8; 16] {
        digest("Transfer", &serde_json::from_str(text).unwrap())
    }

    #[test]
    fn the_order_of_keys_does_not_matter_and_everything_else_does() {
        assert_eq!(of(r#"{"a": 1, "b": {"c": "x", "d": []}}"#), of(r#"{"b": {"d": [], "c": "x"}, "a": 1}"#));
        let bodies = [r#"{"a": 1}"#, r#"{"a": "1"}"#, r#"{"a": [1]}"#, r#"{"a": null}"#, r#"{"a": "", "1": ""}"#, "{}"];
        for (number, body) in bodies.iter().enumerate() {
            assert!(bodies[..number].iter().all(|other| of(other) != of(body)), "{body}");
        }
        assert_ne!(digest("Transfer", &Value::Null), digest("Reversal", &Value::Null));
    }
}
