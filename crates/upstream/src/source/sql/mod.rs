//! One statement that reads: a record of its columns, or `{count, rows}`.
//!
//! Reading is enforced by the database, not by looking at the text: PostgreSQL runs the statement in a transaction that
//! is read-only and is rolled back, SQLite opens the file for reading only. What a function does beside the database's own
//! data (write a file, call another server) is for the rights of its role to forbid: give facts a role that may only read.
//!
//! Values keep what they say: numbers their digits, `json` its document, times RFC 3339 (without an offset where the
//! column has none), bytes lower-case hexadecimal digits. What has no plain form is refused by the column's name, and cast
//! to `text` in the statement.

mod binary;
mod failure;
mod parameters;
mod postgres;
mod rows;
mod sqlite;

use std::path::PathBuf;
use std::sync::Arc;

use lastlook_canon::Json;

use super::{Bounds, Got, SourceError, beside, within};

/// Where a database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A PostgreSQL server.
    Postgres {
        /// Its connection string. `sslmode=require`, `verify-ca` and `verify-full` all mean TLS with a verified
        /// certificate and host name; without one of them the connection is plain.
        url: String,
    },
    /// An SQLite file.
    Sqlite {
        /// Where it is.
        path: PathBuf,
    },
}

impl std::fmt::Debug for Database {
    /// Without the connection string: it may hold a password.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Database::Postgres { url: _ } => out.write_str("Postgres"),
            Database::Sqlite { path } => write!(out, "Sqlite({})", path.display()),
        }
    }
}

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlAsk {
    /// One statement, with `$1`, `$2`, … (SQLite: also `?`) for its parameters.
    pub query: String,
    /// The values of its parameters, bound by their types.
    pub params: Vec<Json>,
    /// True for `{count, rows}`; false for exactly one record.
    pub many: bool,
    /// The column that is the record's version (PostgreSQL: `xmin` may be selected for it). Only for one record.
    pub version: Option<String>,
}

/// A database to read from; several readings at a time.
#[derive(Debug)]
pub struct SqlSource(Kind);

#[derive(Debug)]
enum Kind {
    Postgres(Arc<postgres::Postgres>),
    Sqlite(PathBuf),
}

impl SqlSource {
    /// A source that connects when it is first asked.
    ///
    /// Errs with [`SourceError::Refused`] for a connection string that is none.
    pub fn new(database: Database) -> Result<SqlSource, SourceError> {
        Ok(SqlSource(match database {
            Database::Postgres { url } => Kind::Postgres(Arc::new(postgres::Postgres::new(&url)?)),
            Database::Sqlite { path } => Kind::Sqlite(path),
        }))
    }

    /// Reads once. [`Bounds::max_bytes`] bounds the value as JSON.
    ///
    /// Errs with [`SourceError::Absent`] when one record was asked for and there is none.
    pub async fn read(&self, ask: &SqlAsk, bounds: &Bounds) -> Result<Got, SourceError> {
        if ask.many && ask.version.is_some() {
            return Err(SourceError::Refused(
                "a version column belongs to one record, not to many".to_owned(),
            ));
        }
        match &self.0 {
            Kind::Postgres(postgres) => within(bounds, postgres.read(ask, bounds)).await,
            Kind::Sqlite(path) => {
                let (path, ask, own) = (path.clone(), ask.clone(), *bounds);
                beside(bounds, move || sqlite::read(&path, &ask, &own)).await
            }
        }
    }
}
