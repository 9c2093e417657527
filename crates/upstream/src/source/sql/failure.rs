//! What a PostgreSQL error means for a fact.

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::types::Type;

use crate::source::{SourceError, quoted, root_cause};

/// Why a reading failed, and whether another connection could help.
#[derive(Debug)]
pub(super) struct Failure {
    pub error: SourceError,
    /// The connection is of no use any more.
    pub broken: bool,
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Failure {
        Failure { error, broken: false }
    }
}

impl Failure {
    /// `kinds` are the declared types of the statement's parameters.
    pub(super) fn of(error: Error, kinds: &[Type]) -> Failure {
        match error.as_db_error() {
            Some(said) => Failure { error: meaning(said, kinds), broken: is_about_the_connection(said) },
            None => Failure {
                error: SourceError::Gone(format!("the database is gone: {}", root_cause(&error))),
                broken: true,
            },
        }
    }
}

/// A cached plan that no longer fits is the connection's as well: another prepares anew.
fn is_about_the_connection(said: &DbError) -> bool {
    let code = said.code();
    is_shutdown(code)
        || (*code == SqlState::FEATURE_NOT_SUPPORTED && said.message().contains("cached plan"))
        || *code == SqlState::INVALID_SQL_STATEMENT_NAME
}

/// Classes 08 and 57P: the server is going away.
fn is_shutdown(code: &SqlState) -> bool {
    code.code().starts_with("08") || code.code().starts_with("57P")
}

fn meaning(said: &DbError, kinds: &[Type]) -> SourceError {
    let code = said.code();
    let refused = SourceError::Refused;
    if *code == SqlState::QUERY_CANCELED || *code == SqlState::LOCK_NOT_AVAILABLE {
        return SourceError::Late;
    }
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        return refused("the statement would write: a fact is what it reads".to_owned());
    }
    if *code == SqlState::SYNTAX_ERROR && said.message().contains("multiple commands") {
        return refused("there is more than one statement: a fact is one".to_owned());
    }
    // Class 22 is about a value, and its message shows that.
    if code.code().starts_with("22") {
        return refused(
            match parameter(said).and_then(|number| Some((number, kinds.get(number.checked_sub(1)?)?))) {
                Some((number, kind)) => {
                    format!("parameter {number} is a value that `{}` does not take", kind.name())
                }
                None => format!("the database refused a value (SQLSTATE {})", code.code()),
            },
        );
    }
    let message = format!("{} (SQLSTATE {})", quoted(said.message()), code.code());
    // Class 53 is lack of room, 40 a conflict, 28 a failed log-in.
    if is_shutdown(code) || ["53", "40", "28", "3D"].iter().any(|class| code.code().starts_with(class)) {
        return SourceError::Gone(format!("the database is not available: {message}"));
    }
    refused(format!("the database refused the statement: {message}"))
}

/// The parameter that an error is about: its context is `… parameter $2 …`.
fn parameter(said: &DbError) -> Option<usize> {
    let (_, rest) = said.where_()?.split_once("parameter $")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}
