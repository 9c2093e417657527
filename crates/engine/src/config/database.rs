//! The databases that `sql` facts are read from.

use std::fmt;
use std::path::PathBuf;

/// A database that facts are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseConfig {
    /// A PostgreSQL server.
    Postgres {
        /// Its address, `postgres://user@host:5432/name`; may hold a password, and is never shown.
        url: Secret,
    },
    /// A SQLite file, by its absolute path.
    Sqlite(PathBuf),
}

/// A value that is not shown: written in the file, or taken from the environment.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The value itself.
    Literal(String),
    /// The name of the environment variable that holds it.
    Env(String),
}

impl Secret {
    /// The value; `variable` reads the environment.
    ///
    /// # Errors
    ///
    /// The name of the variable, when it is not set, or not text.
    pub fn value(&self, variable: impl Fn(&str) -> Option<String>) -> Result<String, &str> {
        match self {
            Secret::Literal(value) => Ok(value.clone()),
            Secret::Env(name) => variable(name).ok_or(name),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::Literal(_) => f.write_str("Literal(***)"),
            Secret::Env(name) => write!(f, "Env({name})"),
        }
    }
}
