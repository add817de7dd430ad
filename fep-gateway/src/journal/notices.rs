//! Questions about notices.

use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;
use fep_protocol::terms::Key;

use super::filter::{LetterFilter, OpenCount};
use super::notice::{FirstNotice, NoticeCounts, NoticeFilter, NoticePage, StoredNotice, stored_notice};
use super::store::FactNumber;
use super::{Journal, LOOKED_AT_MAX, Reader};

/// The question which notice has a key first.
#[derive(Clone, Debug)]
pub struct FirstQuestion {
    /// The institution.
    pub institution: String,
    /// The telegram.
    pub telegram: String,
    /// The key, and its older form if there is one. The older form counts first.
    pub keys: Vec<Key>,
}

impl Journal {
    /// The first notices with these keys, as far as the index knows them now. It does not wait for the index.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn first_notices(&self, questions: Vec<FirstQuestion>) -> Result<Vec<Option<FirstNotice>>, JournalError> {
        self.look_up(move |reader| questions.iter().map(|question| reader.first_notice(question)).collect()).await
    }

    /// The number of the last fact that is stored, and of the last one that is in the index.
    #[must_use]
    pub fn stored_and_indexed(&self) -> (FactNumber, FactNumber) {
        (self.inner.index.stored(), self.inner.index.applied())
    }

    /// The notice with this name, or `None` if there is no such notice.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn find_notice(&self, id: &ExchangeId) -> Result<Option<StoredNotice>, JournalError> {
        let id = *id;
        self.read_all(move |reader| {
            let row = reader.index.find_notice(&id)?;
            row.map(|row| stored_notice(row, |number| reader.fact(number))).transpose()
        })
        .await
    }

    /// The notices that the filter lets pass, newest first, at most `limit`. With a filter, one call looks at 100,000 notices at most.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn notices(&self, filter: NoticeFilter, limit: usize) -> Result<NoticePage, JournalError> {
        self.read_all(move |reader| {
            let (rows, next) = reader.index.notice_page(&filter, limit, LOOKED_AT_MAX)?;
            let notices = rows.into_iter().map(|row| stored_notice(row, |number| reader.fact(number)));
            Ok(NoticePage { notices: notices.collect::<Result<_, _>>()?, next })
        })
        .await
    }

    /// The oldest notices of an institution that no service has taken yet.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn undelivered(&self, institution: &str, limit: usize) -> Result<Vec<StoredNotice>, JournalError> {
        let institution = institution.to_owned();
        self.read_all(move |reader| {
            let rows = reader.index.undelivered(&institution, limit, &reader.whose)?;
            rows.into_iter().map(|row| stored_notice(row, |number| reader.fact(number))).collect()
        })
        .await
    }

    /// The notices that need a person, as far as the filter lets them pass, oldest first, at most `limit`.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn dead_notices(&self, filter: LetterFilter, limit: usize) -> Result<Vec<StoredNotice>, JournalError> {
        self.read_all(move |reader| {
            let rows = reader.index.dead_notices(&filter, limit)?;
            rows.into_iter().map(|row| stored_notice(row, |number| reader.fact(number))).collect()
        })
        .await
    }

    /// How much is open, by kind, institution and telegram, as far as the index knows now.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn open_counts(&self) -> Result<Vec<OpenCount>, JournalError> {
        self.read(|reader| Ok(reader.index.open_counts()?)).await
    }

    /// How many notices are not delivered, by institution, as far as the index knows now. Institutions without any are left out.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn notice_counts(&self, now_ms: i64) -> Result<Vec<NoticeCounts>, JournalError> {
        self.read(move |reader| Ok(reader.index.notice_counts(now_ms)?)).await
    }

    /// The facts of a notice in their order, or an empty list if there is no such notice.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn notice_timeline(&self, id: &ExchangeId) -> Result<Vec<(FactNumber, Fact)>, JournalError> {
        let id = *id;
        self.read_all(move |reader| {
            let Some(row) = reader.index.find_notice(&id)? else { return Ok(Vec::new()) };
            let facts = row.facts().into_iter().map(|number| Ok(reader.fact(number)?.map(|fact| (number, fact))));
            facts.filter_map(Result::transpose).collect()
        })
        .await
    }
}

impl Reader {
    fn first_notice(&self, question: &FirstQuestion) -> Result<Option<FirstNotice>, JournalError> {
        let veil = |key| self.veil.notice(&question.institution, &question.telegram, key);
        // What was stored before the journal was encrypted has the key itself.
        for key in question.keys.iter().map(veil).chain(question.keys.iter().cloned()) {
            let found = self.index.first_notice(&question.institution, &question.telegram, &key)?;
            let Some((notice, answer)) = found else { continue };
            let Some(notice) = self.fact(notice)? else { continue };
            let answer = answer.map(|answer| self.fact(answer)).transpose()?.flatten();
            // Bytes that cannot be read any more must not be replaced by another answer.
            let is_forgotten =
                self.facts.is_encrypted() && answer.as_ref().is_some_and(|answer| answer.bytes.is_empty());
            let row = notice.exchange.map(|id| self.index.find_notice(&id)).transpose()?.flatten();
            return Ok(Some(FirstNotice {
                bytes: notice.bytes,
                id: notice.exchange,
                answer: answer.map(|answer| answer.bytes).filter(|bytes| !bytes.is_empty()),
                case: row.map(|row| row.case),
                is_forgotten,
            }));
        }
        Ok(None)
    }
}
