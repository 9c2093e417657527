//! How a command fails: one message, one way out, one exit code.

use std::process::ExitCode;

use lastlook_engine::approvers::{ChangeError, RegistryError};
use lastlook_engine::config::ConfigError;
use lastlook_engine::credential::CredentialError;
use lastlook_store::StateError;
use lastlook_upstream::child::SpawnError;

/// Refused, or a proof fails.
pub const REFUSED: u8 = 1;
/// Usage or configuration.
pub const USAGE: u8 = 2;
/// Nothing was done: somebody must say yes first.
pub const HELD: u8 = 3;
/// Something that is needed is not there or does not work now.
pub const UNAVAILABLE: u8 = 4;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
    hint: Option<String>,
    /// A rendered report that already says everything.
    report: Option<String>,
}

impl Failure {
    fn new(code: u8, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into(), hint: None, report: None }
    }

    /// Usage or configuration: exit code 2.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(USAGE, message)
    }

    /// Refused, or a proof fails: exit code 1.
    pub fn refused(message: impl Into<String>) -> Failure {
        Failure::new(REFUSED, message)
    }

    /// Not there, or not working now: exit code 4.
    pub fn unavailable(message: impl Into<String>) -> Failure {
        Failure::new(UNAVAILABLE, message)
    }

    /// A mistake in the configuration, shown with its lines.
    pub fn config(error: ConfigError) -> Failure {
        let message = error.to_string();
        let report = format!("{:?}", miette::Report::new(error));
        Failure { report: Some(report), ..Failure::usage(message) }
    }

    /// Adds the way out.
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// A mistake in a file, shown with its line: what is printed in the place of message and hint.
    pub fn rendered(mut self, report: String) -> Failure {
        self.report = Some(report);
        self
    }

    /// What happened, without the way out.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The way out, if there is one.
    pub fn way_out(&self) -> &str {
        self.hint.as_deref().unwrap_or_default()
    }

    /// Prints it to standard error, and gives its exit code.
    pub fn report(&self, json: bool) -> ExitCode {
        if json {
            let error =
                serde_json::json!({"error": {"message": self.message, "hint": self.hint, "exit": self.code}});
            eprintln!("{error}");
        } else if let Some(report) = &self.report {
            eprintln!("{report}");
        } else {
            eprintln!("error: {}", self.message);
            if let Some(hint) = &self.hint {
                eprintln!("hint: {hint}");
            }
        }
        ExitCode::from(self.code)
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Failure {
        let message = error.to_string();
        let failure = match &error {
            StateError::KeyPassphrase { .. } => Failure::refused(message),
            StateError::KeyLocked { .. } | StateError::Passphrase { .. } => Failure::usage(message),
            _ => Failure::unavailable(message),
        };
        failure.hint(error.hint())
    }
}

impl From<lastlook_store::StoreError> for Failure {
    fn from(error: lastlook_store::StoreError) -> Failure {
        Failure::unavailable(error.to_string()).hint(error.hint())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::unavailable(error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure::unavailable(format!("{error:#}"))
    }
}

impl From<CredentialError> for Failure {
    fn from(error: CredentialError) -> Failure {
        use CredentialError as E;
        let message = error.to_string();
        let failure = match &error {
            E::WrongPassphrase(_) | E::OtherKey { .. } => Failure::refused(message),
            E::Io { .. } | E::Encryption(_) | E::Randomness(_) => Failure::unavailable(message),
            E::Missing(_) | E::Exists(_) | E::Exposed { .. } | E::NotYours(_) | E::Damaged { .. } => {
                Failure::usage(message)
            }
            E::NoPassphrase | E::ShortPassphrase | E::LongPassphrase | E::NotText(_) => {
                Failure::usage(message)
            }
        };
        failure.hint(error.hint())
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Failure {
        Failure::from(ChangeError::from(error))
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Failure {
        let message = error.to_string();
        let failure = match &error {
            error if error.is_usage() => Failure::usage(message),
            error if error.is_passing() => Failure::unavailable(message),
            _ => Failure::refused(message),
        };
        failure.hint(error.hint())
    }
}

impl From<SpawnError> for Failure {
    fn from(error: SpawnError) -> Failure {
        let message = error.to_string();
        match error {
            SpawnError::Empty => Failure::usage(message).hint("give a command after `--`"),
            SpawnError::NotFound(_) => {
                Failure::usage(message).hint("check the spelling and PATH; the command stands after `--`")
            }
            SpawnError::Os { .. } => {
                Failure::unavailable(message).hint("see whether the command runs by itself")
            }
        }
    }
}
