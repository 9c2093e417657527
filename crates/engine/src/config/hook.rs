//! Whom people are told through.

use std::collections::BTreeSet;

use super::Secret;
use crate::notify::Happened;

/// A receiver of messages about held actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookConfig {
    /// Its address; may hold a secret, and is never shown but for its host.
    pub url: Secret,
    /// How messages are written.
    pub format: HookFormat,
    /// The key that messages are signed with, `whsec_…`; `None` for a format that has no signatures.
    pub secret: Option<Secret>,
    /// What it is told of.
    pub on: BTreeSet<Happened>,
    /// Whether messages hold the arguments, which may hold secrets.
    pub show_arguments: bool,
    /// Whether it may be in a private network, or on this machine.
    pub private: bool,
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookFormat {
    /// JSON, signed by the Standard Webhooks scheme.
    Json,
    /// For an incoming webhook of Slack.
    Slack,
}
