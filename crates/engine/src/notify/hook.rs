//! One receiver, and one message on its way to it.

use std::time::Duration;

use lastlook_upstream::hook::{HookClient, HookUrl, Post};
use lastlook_upstream::source::SourceError;

use super::{Notice, SigningKey, json, slack};
use crate::config::{HookConfig, HookFormat, Secret};
use crate::{clock, ids};

/// How long one try may take.
const EACH: Duration = Duration::from_secs(5);
/// How long is waited before each try but the first.
const BETWEEN: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(2)];

/// A receiver with its address and key at hand.
#[derive(Debug)]
pub struct Hook {
    url: HookUrl,
    key: Option<SigningKey>,
    format: HookFormat,
    show_arguments: bool,
}

/// Why a message was not delivered: a sentence without secrets, and whether another try may end better.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Undelivered {
    why: String,
    may_pass: bool,
}

impl Hook {
    /// The receiver of a configuration; `variable` reads the environment.
    ///
    /// # Errors
    ///
    /// A sentence without secrets: a variable is not set, or holds no address or key.
    pub fn new(config: &HookConfig, variable: impl Fn(&str) -> Option<String>) -> Result<Hook, String> {
        let value = |secret: &Secret| {
            secret.value(&variable).map_err(|name| format!("the variable `{name}` is not set"))
        };
        let url = HookUrl::parse(value(&config.url)?.trim(), config.private)
            .map_err(|why| format!("its address cannot be used: {why}"))?;
        let key = config.secret.as_ref().map(|secret| {
            SigningKey::parse(&value(secret)?).map_err(|why| format!("its secret cannot be used: {why}"))
        });
        let HookConfig { format, show_arguments, .. } = *config;
        Ok(Hook { url, key: key.transpose()?, format, show_arguments })
    }

    /// All that may be shown of where it is.
    pub fn host(&self) -> String {
        self.url.host()
    }

    /// Delivers a message, with a few tries under one id; returns the status that took it.
    ///
    /// # Errors
    ///
    /// Nobody took it.
    pub async fn deliver(&self, client: &HookClient, notice: &Notice) -> Result<u16, Undelivered> {
        let body = match self.format {
            HookFormat::Json => json::body(notice, self.show_arguments),
            HookFormat::Slack => slack::body(notice, self.show_arguments),
        };
        let id =
            ids::attempt_id().map_err(|error| Undelivered { why: error.to_string(), may_pass: false })?;
        let id = format!("msg_{id}");
        let mut waits = BETWEEN.iter();
        loop {
            let done = self.send(client, &id, &body).await;
            match (done, waits.next()) {
                (Err(error), Some(wait)) if error.may_pass => tokio::time::sleep(*wait).await, // backoff: the receiver is another's
                (done, _) => return done,
            }
        }
    }

    async fn send(&self, client: &HookClient, id: &str, body: &str) -> Result<u16, Undelivered> {
        let seconds = clock::unix_ns() / 1_000_000_000;
        let headers = self.key.as_ref().map(|key| key.headers(id, seconds, body));
        let headers = headers.as_ref().map_or(&[][..], |headers| &headers[..]);
        let status = client.post(&Post { url: &self.url, headers, body }, EACH).await?;
        let refused =
            |may_pass, also: &str| Err(Undelivered { why: format!("it answered {status}{also}"), may_pass });
        match status {
            200..=299 => Ok(status),
            300..=399 => refused(false, ", and redirects are not followed"),
            408 | 425 | 429 | 500..=599 => refused(true, ""),
            _ => refused(false, ""),
        }
    }
}

impl From<SourceError> for Undelivered {
    fn from(error: SourceError) -> Undelivered {
        let may_pass = matches!(error, SourceError::Late | SourceError::Gone(_));
        Undelivered { why: error.to_string(), may_pass }
    }
}
