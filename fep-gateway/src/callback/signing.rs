//! Signs callbacks as Standard Webhooks says, so that a service knows who posts, that nothing was changed, and that it is no old copy:
//! `webhook-id`, `webhook-timestamp`, and in `webhook-signature` one `v1,…` for each secret: HMAC-SHA256 over `ID.TIMESTAMP.BODY`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::hmac::{HMAC_SHA256, Key, sign};

use crate::config::{CallbackSecret, read_secrets};

/// How many files of secrets are remembered. Others are read each time.
const FILES_MAX: usize = 256;

/// The files of secrets, as they were read last.
#[derive(Debug, Default)]
pub(super) struct SecretFiles(Mutex<Vec<SecretFile>>);

#[derive(Debug)]
struct SecretFile {
    path: PathBuf,
    stamp: Option<Stamp>,
    secrets: Arc<Vec<CallbackSecret>>,
}

/// By what a change of a file is seen.
type Stamp = (SystemTime, u64);

impl SecretFiles {
    /// The secrets of a file as it is now. If a changed file cannot be used, those before stay in use.
    ///
    /// # Errors
    /// If the file cannot be used and never could. Then nothing is posted: without a signature, anybody could have posted it.
    pub(super) fn secrets(&self, path: &Path) -> Result<Arc<Vec<CallbackSecret>>, String> {
        let stamp = stamp(path);
        // A single assignment is complete even after a panic elsewhere.
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = files.iter().position(|file| file.path == path);
        let before = known.and_then(|at| files.get(at));
        if let Some(same) = before.filter(|file| file.stamp == stamp && stamp.is_some()) {
            return Ok(Arc::clone(&same.secrets));
        }
        let secrets = match (read_secrets(path), before) {
            (Ok(secrets), before) => {
                if before.is_some() {
                    tracing::info!(file = %path.display(), secrets = secrets.len(), "the secrets of callbacks were read again");
                }
                Arc::new(secrets)
            }
            (Err(why), None) => return Err(format!("its secret cannot be used, so nothing is posted: {why}")),
            (Err(why), Some(before)) => {
                if before.stamp != stamp {
                    tracing::error!(%why, "the changed secrets of callbacks cannot be used: those before stay in use");
                }
                Arc::clone(&before.secrets)
            }
        };
        let file = SecretFile { path: path.to_owned(), stamp, secrets: Arc::clone(&secrets) };
        let has_room = files.len() < FILES_MAX;
        match known.and_then(|at| files.get_mut(at)) {
            Some(place) => *place = file,
            None if has_room => files.push(file),
            None => {}
        }
        Ok(secrets)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len()))
}

/// The value of `webhook-signature`.
pub(super) fn signatures(secrets: &[CallbackSecret], id: &str, timestamp_s: u64, body: &[u8]) -> String {
    let mut signed = format!("{id}.{timestamp_s}.").into_bytes();
    signed.extend_from_slice(body);
    let one = |secret: &CallbackSecret| {
        let signature = sign(&Key::new(HMAC_SHA256, secret.bytes()), &signed);
        format!("v1,{}", BASE64_STANDARD.encode(signature))
    };
    secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By another program: `{ printf 'msg_1.1614265330.'; printf '{"a":1}'; } | openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary |
    /// base64`, with the secret's bytes in hexadecimal.
    const SIGNED: &str = "8WmO9OATkSvjxs+eEJolmK2V9ge32ryGE0kSd4GZiDY=";

    #[test]
    fn a_signature_is_that_of_another_program_and_a_changed_file_holds_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets");
        let write = |text: &str| {
            std::fs::write(&path, text).unwrap();
            #[cfg(unix)]
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        };
        let files = SecretFiles::default();
        assert!(files.secrets(&path).unwrap_err().starts_with("its secret cannot be used, so nothing is posted: "));
        let first = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        write(first);
        let signed =
            |files: &SecretFiles| signatures(&files.secrets(&path).unwrap(), "msg_1", 1_614_265_330, b"{\"a\":1}");
        assert_eq!(signed(&files), format!("v1,{SIGNED}"));
        write(&format!("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\n{first}\n"));
        let both = signed(&files);
        assert_eq!(both.split(' ').count(), 2, "{both}");
        assert_eq!(both.split(' ').next_back(), Some(format!("v1,{SIGNED}").as_str()));
        write("whsec_damaged");
        assert_eq!(signed(&files), both, "those before stay in use");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(signed(&files), both);
    }
}
