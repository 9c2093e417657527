//! What a page says when there is no page.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use lastlook_engine::approvers::RegistryError;
use lastlook_engine::credential::CredentialError;
use lastlook_engine::held::SayError;
use lastlook_store::{StateError, StoreError};

use super::events::NOTHING;
use super::shown::Shown;

/// Why something could not be shown or done, and what to do about it.
#[derive(Debug, Clone)]
pub struct Trouble {
    status: StatusCode,
    pub(super) message: Shown,
    pub(super) hint: Shown,
    /// A passphrase was tried, and was wrong.
    pub(super) wrong_passphrase: bool,
}

#[derive(Template)]
#[template(path = "console/trouble.html")]
struct Page<'a> {
    seen: &'a str,
    watched: &'a str,
    trouble: &'a Trouble,
}

impl Trouble {
    pub(super) fn new(status: StatusCode, message: impl AsRef<str>, hint: impl AsRef<str>) -> Trouble {
        Trouble { status, message: Shown::new(message), hint: Shown::new(hint), wrong_passphrase: false }
    }

    /// Something that is needed is not there, or does not work now.
    pub fn unavailable(message: impl AsRef<str>, hint: impl AsRef<str>) -> Trouble {
        Trouble::new(StatusCode::SERVICE_UNAVAILABLE, message, hint)
    }

    pub(super) fn refused(message: &str) -> Trouble {
        let hint = "`lastlook console` prints the address that opens it, which is good once; start it again for another";
        Trouble::new(StatusCode::FORBIDDEN, message, hint)
    }

    pub(super) fn missing(message: impl AsRef<str>) -> Trouble {
        Trouble::new(StatusCode::NOT_FOUND, message, "")
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        // Looks again by itself while the state is away; there is nothing to look at again where somebody is refused.
        let watched = if self.status == StatusCode::SERVICE_UNAVAILABLE { "/events" } else { "" };
        answer(self.status, &Page { seen: NOTHING, watched, trouble: &self })
    }
}

/// A page as an answer.
pub(super) fn answer(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl From<StateError> for Trouble {
    fn from(error: StateError) -> Trouble {
        Trouble::unavailable(error.to_string(), error.hint())
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Trouble {
        Trouble::unavailable(error.to_string(), error.hint())
    }
}

impl From<RegistryError> for Trouble {
    fn from(error: RegistryError) -> Trouble {
        Trouble::unavailable(error.to_string(), "`lastlook approvers list` says more")
    }
}

impl From<CredentialError> for Trouble {
    fn from(error: CredentialError) -> Trouble {
        let message = error.to_string();
        match &error {
            CredentialError::WrongPassphrase(_) => {
                let trouble = Trouble::new(StatusCode::FORBIDDEN, message, error.hint());
                Trouble { wrong_passphrase: true, ..trouble }
            }
            CredentialError::Missing(_) => Trouble::new(
                StatusCode::FORBIDDEN,
                message,
                "a key that is elsewhere is used with `lastlook approve --key FILE`",
            ),
            _ => Trouble::new(StatusCode::FORBIDDEN, message, error.hint()),
        }
    }
}

impl From<SayError> for Trouble {
    fn from(error: SayError) -> Trouble {
        let message = error.to_string();
        match error {
            SayError::Missing(_) | SayError::Ambiguous { .. } => Trouble::missing(message),
            SayError::Closed { .. } | SayError::Twice { .. } => {
                Trouble::new(StatusCode::CONFLICT, message, "")
            }
            SayError::Expired(_) | SayError::EarlierEpoch(_) => {
                Trouble::new(StatusCode::CONFLICT, message, "the agent's next call of it opens a new request")
            }
            SayError::Requester(_) | SayError::NotAsked { .. } => {
                Trouble::new(StatusCode::FORBIDDEN, message, "")
            }
            SayError::Unproven(_) => Trouble::new(
                StatusCode::FORBIDDEN,
                message,
                "`lastlook approvers list` shows whose word counts",
            ),
            SayError::Gate(error) => Trouble::unavailable(message, error.hint()),
            SayError::Damaged(_)
            | SayError::Statement(_)
            | SayError::Registry(_)
            | SayError::Store(_)
            | SayError::Draft(_)
            | SayError::Commit(_)
            | SayError::ReadOnly => Trouble::unavailable(message, "look at `lastlook doctor`"),
        }
    }
}
