//! Reading an SQLite file.
//!
//! The file is opened for each reading: a held connection would go on reading a file that was replaced.

use std::path::Path;
use std::time::Instant;

use lastlook_canon::Json;
use rusqlite::config::DbConfig;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement};

use super::SqlAsk;
use super::rows::Rows;
use crate::source::{Bounds, Got, SourceError, quoted};

/// Instructions of SQLite's machine between two looks at the clock.
const STEPS: i32 = 1000;

/// Blocks; ends by itself when the time is over.
pub(super) fn read(path: &Path, ask: &SqlAsk, bounds: &Bounds) -> Result<Got, SourceError> {
    let connection = open(path, bounds).map_err(failure)?;
    let mut statement = connection.prepare(&ask.query).map_err(failure)?;
    // Such a statement could not write either, but it can change the connection it runs on.
    if !statement.readonly() {
        return Err(SourceError::Refused("the statement would write: a fact is what it reads".to_owned()));
    }
    bind(&mut statement, &ask.params)?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let columns = names.len();
    let mut rows = Rows::new(ask, names, bounds.max_bytes)?;
    let mut found = statement.raw_query();
    while let Some(row) = found.next().map_err(failure)? {
        let values: Result<Vec<Json>, SourceError> =
            (0..columns).map(|at| value(row.get_ref(at).map_err(failure)?, at, &rows)).collect();
        rows.push(values?)?;
    }
    rows.finish()
}

fn open(path: &Path, bounds: &Bounds) -> rusqlite::Result<Connection> {
    let deadline = Instant::now() + bounds.timeout;
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.progress_handler(STEPS, Some(move || Instant::now() >= deadline))?;
    connection.busy_timeout(bounds.timeout)?;
    connection.pragma_update(None, "query_only", true)?;
    // What stands in the file's own schema is not the operator's: no functions with effects out of views.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(connection)
}

fn bind(statement: &mut Statement<'_>, params: &[Json]) -> Result<(), SourceError> {
    let wanted = statement.parameter_count();
    if wanted != params.len() {
        let given = params.len();
        return Err(SourceError::Refused(format!(
            "the statement has {wanted} parameters, and {given} are given"
        )));
    }
    for (number, param) in (1..).zip(params) {
        statement.raw_bind_parameter(number, bound(number, param)?).map_err(failure)?;
    }
    Ok(())
}

fn bound(number: usize, param: &Json) -> Result<Value, SourceError> {
    let refused = |what: &str| Err(SourceError::Refused(format!("parameter {number} is {what}")));
    match param {
        Json::Null => Ok(Value::Null),
        Json::Bool(truth) => Ok(Value::Integer((*truth).into())),
        Json::String(text) => Ok(Value::Text(text.clone())),
        Json::Number(text) if text.is_integer_text() => match text.as_i64() {
            Some(integer) => Ok(Value::Integer(integer)),
            None => refused("an integer beyond 64 bits, which SQLite does not hold"),
        },
        Json::Number(text) => match text.as_str().parse::<f64>() {
            Ok(real) if real.is_finite() => Ok(Value::Real(real)),
            _ => refused("a number beyond a double, which SQLite does not hold"),
        },
        Json::Array(_) | Json::Object(_) => refused("an array or object, which SQLite does not hold"),
    }
}

fn value(raw: ValueRef<'_>, at: usize, rows: &Rows<'_>) -> Result<Json, SourceError> {
    Ok(match raw {
        ValueRef::Null => Json::Null,
        ValueRef::Integer(integer) => integer.into(),
        ValueRef::Real(real) => super::binary::double(real),
        ValueRef::Text(text) => {
            rows.has_room_for(text.len())?;
            let text = std::str::from_utf8(text);
            text.map_err(|_| {
                SourceError::NotPlain(format!("column `{}` is text that is not UTF-8", rows.name(at)))
            })?
            .into()
        }
        ValueRef::Blob(bytes) => {
            rows.has_room_for(bytes.len().saturating_mul(2))?;
            hex::encode(bytes).into()
        }
    })
}

fn failure(error: rusqlite::Error) -> SourceError {
    if matches!(error, rusqlite::Error::MultipleStatement) {
        return SourceError::Refused("there is more than one statement: a fact is one".to_owned());
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            SourceError::Late
        }
        Some(ErrorCode::ReadOnly) => {
            SourceError::Refused("the statement would write: a fact is what it reads".to_owned())
        }
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::NotADatabase
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::SystemIoFailure,
        ) => SourceError::Gone(format!("the database could not be read: {}", said(&error))),
        _ => SourceError::Refused(format!("the database refused the statement: {}", said(&error))),
    }
}

/// SQLite's sentence, without the statement that rusqlite adds to it.
fn said(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => quoted(msg),
        other => quoted(&other.to_string()),
    }
}
