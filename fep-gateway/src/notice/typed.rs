//! [`TypedNotices`]: notices and their answers as derived telegrams.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;

use fep_codec::{DecodeOwned, Layout, Record, Telegram};
use fep_spec::model::Spec;
use serde_json::{Map, Value};

use super::{Notice, NoticeFuture, NoticeHandler, StandInOnly};

/// A notice handler for derived telegrams, with one function for each notice, by the telegram's name.
///
/// ```
/// use fep_codec::{Digits, Telegram};
/// use fep_gateway::gateway::TypedNotices;
///
/// #[derive(Telegram)]
/// #[telegram(when("code" = "0400"))]
/// struct DepositNotice {
///     #[field(full)]
///     code: Digits<4>,
///     #[field(len = 10)]
///     amount: u64,
/// }
///
/// #[derive(Telegram)]
/// #[telegram(when("code" = "0410"))]
/// struct DepositNoticeAnswer {
///     #[field(full)]
///     code: Digits<4>,
///     #[field(len = 10)]
///     amount: u64,
/// }
///
/// let notices = TypedNotices::new().on(async |notice: DepositNotice| {
///     Ok(DepositNoticeAnswer { code: notice.code, amount: notice.amount })
/// });
/// ```
#[derive(Default)]
pub struct TypedNotices {
    handlers: BTreeMap<&'static str, Typed>,
    others: Option<Box<dyn NoticeHandler>>,
}

struct Typed {
    notice: &'static Layout,
    answer: &'static Layout,
    handle: Box<dyn Fn(Notice) -> NoticeFuture<'static> + Send + Sync>,
}

impl TypedNotices {
    /// Creates a handler without functions: every notice is left to its stand-in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes notices of type `N`, calls `handle`, and answers with an `A`. If `handle` returns an error, the configured
    /// stand-in answers, and `handle` is called again later with the same notice. The gateway sets the codes of the answer's `when` itself.
    #[must_use]
    pub fn on<N, A, F, R>(mut self, handle: F) -> Self
    where
        N: DecodeOwned,
        A: Telegram,
        F: Fn(N) -> R + Send + Sync + 'static,
        R: Future<Output = Result<A, String>> + Send + 'static,
    {
        let handle = move |notice: Notice| -> NoticeFuture<'static> {
            match N::decode(&notice.bytes) {
                Ok(telegram) => {
                    let answer = handle(telegram);
                    Box::pin(async move { Ok(fields(&answer.await?)?.into()) })
                }
                Err(error) => Box::pin(async move { Err(error.to_string().into()) }),
            }
        };
        let typed = Typed { notice: N::LAYOUT, answer: A::LAYOUT, handle: Box::new(handle) };
        self.handlers.insert(&N::LAYOUT.name, typed);
        self
    }

    /// Leaves all other notices to `handler`.
    #[must_use]
    pub fn otherwise(mut self, handler: impl NoticeHandler) -> Self {
        self.others = Some(Box::new(handler));
        self
    }
}

/// The fields of an answer as nested JSON.
fn fields<A: Telegram>(answer: &A) -> Result<Map<String, Value>, String> {
    let bytes = answer.encode_to_vec().map_err(|error| error.to_string())?;
    let record = Record::decode(A::LAYOUT, &bytes).map_err(|error| error.to_string())?;
    match record.to_json_value() {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Map::new()),
    }
}

impl NoticeHandler for TypedNotices {
    fn notice(&self, notice: Notice) -> NoticeFuture<'_> {
        match (self.handlers.get(&*notice.telegram), &self.others) {
            (Some(typed), _) => (typed.handle)(notice),
            (None, Some(others)) => others.notice(notice),
            (None, None) => StandInOnly.notice(notice),
        }
    }

    fn fits(&self, spec: &Spec) -> Result<(), String> {
        for (name, typed) in &self.handlers {
            let Some(notice) = spec.telegram(name) else { continue };
            let answer = notice.answer.as_deref().and_then(|answer| spec.telegram(answer));
            let pairs = [(typed.notice, Some(notice)), (typed.answer, answer)];
            for (derived, telegram) in pairs {
                let Some(telegram) = telegram else { return Err(format!("the notice {name} has no answer")) };
                if let Some(difference) = derived.difference(&telegram.layout) {
                    return Err(format!("the struct {} is not the spec's telegram: {difference}", derived.name));
                }
            }
        }
        self.others.as_ref().map_or(Ok(()), |others| others.fits(spec))
    }
}

impl fmt::Debug for TypedNotices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedNotices").field("telegrams", &self.handlers.keys()).finish_non_exhaustive()
    }
}
