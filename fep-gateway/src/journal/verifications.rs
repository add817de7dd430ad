//! Questions about runs of verifications.

use std::sync::Arc;

use fep_protocol::reason::JournalError;
use fep_protocol::verification::VerificationReport;

use super::verified::{StoredVerification, VerificationRun};
use super::{INDEX_WAIT, Journal, Reader};

impl Journal {
    /// A run as all gateways have stored it by now. `None` if it was not told.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn verification(&self, of: &VerificationRun) -> Result<Option<StoredVerification>, JournalError> {
        let of = of.clone();
        self.read_verifications(move |reader| Ok(reader.index.verification(&of)?)).await
    }

    /// A run with what it found. `None` if it was not told.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn verification_report(
        &self,
        of: &VerificationRun,
    ) -> Result<Option<(StoredVerification, VerificationReport)>, JournalError> {
        let of = of.clone();
        let read = move |reader: &Reader| {
            let Some(stored) = reader.index.verification(&of)? else { return Ok(None) };
            let unreadable = |why: &str| {
                JournalError::Failed(format!("the findings of fact {} cannot be read: {why}", stored.number))
            };
            let fact = reader.fact(stored.number)?.ok_or_else(|| unreadable("the journal does not have it"))?;
            if fact.bytes.is_empty() {
                return Err(unreadable("they are encrypted, and the key file does not have their key"));
            }
            let report = serde_json::from_slice(&fact.bytes).map_err(|error| unreadable(&error.to_string()))?;
            Ok(Some((stored, report)))
        };
        self.read_verifications(read).await
    }

    /// The last runs of each verification of an institution, or of all, the newest first, at most `limit` of each.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn verifications(
        &self,
        institution: Option<String>,
        limit: usize,
    ) -> Result<Vec<Vec<StoredVerification>>, JournalError> {
        self.read_verifications(move |reader| runs(reader, institution.as_deref(), limit)).await
    }

    /// The last run of each verification, as far as the index knows.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn last_verifications(&self) -> Result<Vec<StoredVerification>, JournalError> {
        self.read(|reader| Ok(runs(reader, None, 1)?.into_iter().flatten().collect())).await
    }

    async fn read_verifications<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let index = Arc::clone(&self.inner.index);
        self.read_after(move || index.wait_for_all(INDEX_WAIT), read).await
    }
}

/// The last runs of each verification of an institution, or of all.
fn runs(
    reader: &Reader,
    institution: Option<&str>,
    limit: usize,
) -> Result<Vec<Vec<StoredVerification>>, JournalError> {
    let names = reader.index.verification_names(institution)?;
    let runs = |name: [String; 3]| Ok(reader.index.verification_runs(name.each_ref().map(String::as_str), limit)?);
    names.into_iter().map(runs).collect()
}
