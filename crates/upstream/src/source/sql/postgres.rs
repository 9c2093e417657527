//! Reading from a PostgreSQL server.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, pin_mut};
use lastlook_canon::Json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::Failure;
use super::rows::Rows;
use super::{SqlAsk, binary, parameters};
use crate::source::{Bounds, Got, SourceError, root_cause};

/// Readings of one database at a time; the next one waits.
const MOST_CONNECTIONS: usize = 8;

/// Statements that one connection keeps prepared.
const MOST_PREPARED: usize = 256;

/// How long a connection may take to be ready again.
const TIDYING: Duration = Duration::from_secs(5);

/// A server and the connections to it that nobody uses just now.
pub(super) struct Postgres {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    idle: Mutex<Vec<Connection>>,
    room: Arc<Semaphore>,
}

struct Connection {
    client: Client,
    prepared: HashMap<String, Statement>,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Postgres")
    }
}

impl Postgres {
    pub(super) fn new(url: &str) -> Result<Postgres, SourceError> {
        // This client knows one mode that verifies, and always verifies in it.
        let url = url
            .replace("sslmode=verify-full", "sslmode=require")
            .replace("sslmode=verify-ca", "sslmode=require");
        // The error is not shown: it may quote the string, and the string may hold a password.
        let parsed = url.parse::<Config>();
        let mut config =
            parsed.map_err(|_| SourceError::Refused("the database's `url` cannot be read".to_owned()))?;
        if config.get_application_name().is_none() {
            config.application_name("lastlook");
        }
        let tls = match config.get_ssl_mode() {
            SslMode::Require => Some(verified()?),
            _ => None,
        };
        let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        Ok(Postgres { config, tls, idle: Mutex::new(Vec::new()), room })
    }

    pub(super) async fn read(self: &Arc<Self>, ask: &SqlAsk, bounds: &Bounds) -> Result<Got, SourceError> {
        let deadline = Instant::now() + bounds.timeout;
        let gone = |_| SourceError::Gone("the database is gone".to_owned());
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(gone)?;
        if let Some(mut held) = self.take_idle() {
            match held.read(ask, deadline, bounds.max_bytes).await {
                // It broke while nobody looked; a reading may be repeated.
                Err(Failure { broken: true, .. }) => drop(held),
                done => return self.end(held, done, room),
            }
        }
        let mut fresh = self.connect().await?;
        let done = fresh.read(ask, deadline, bounds.max_bytes).await;
        self.end(fresh, done, room)
    }

    /// Keeps a connection for the next reading when it is worth keeping. The answer does not wait for that.
    fn end(
        self: &Arc<Self>,
        connection: Connection,
        done: Result<Got, Failure>,
        room: OwnedSemaphorePermit,
    ) -> Result<Got, SourceError> {
        // More rows may be on their way when there were too many of them.
        let more = matches!(
            &done,
            Err(Failure { error: SourceError::TooLarge { .. } | SourceError::NotPlain(_), .. })
        );
        let broken = matches!(&done, Err(Failure { broken: true, .. }));
        if !more && !broken {
            let this = Arc::clone(self);
            tokio::spawn(async move {
                this.give_back(connection).await;
                drop(room);
            });
        }
        done.map_err(|failure| failure.error)
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle();
        idle.retain(|connection| !connection.client.is_closed());
        idle.pop()
    }

    async fn give_back(&self, connection: Connection) {
        // Locks that a statement took for its session would outlive its transaction.
        let tidy = connection.client.batch_execute("ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all()");
        if matches!(tokio::time::timeout(TIDYING, tidy).await, Ok(Ok(()))) {
            self.idle().push(connection);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<Connection, SourceError> {
        let failed = |error: tokio_postgres::Error| {
            SourceError::Gone(format!("no connection to the database: {}", root_cause(&error)))
        };
        let client = match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await.map_err(failed)?;
                tokio::spawn(connection);
                client
            }
            None => {
                let mut plain = self.config.clone();
                plain.ssl_mode(SslMode::Disable);
                let (client, connection) = plain.connect(NoTls).await.map_err(failed)?;
                tokio::spawn(connection);
                client
            }
        };
        Ok(Connection { client, prepared: HashMap::new() })
    }
}

impl Connection {
    /// Reads in a transaction that can only read, and leaves it open.
    async fn read(&mut self, ask: &SqlAsk, deadline: Instant, at_most: usize) -> Result<Got, Failure> {
        let left = deadline.saturating_duration_since(Instant::now()).as_millis().max(1);
        // One snapshot, also for a function that reads several times. The server ends what nobody waits for any more.
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
             SET LOCAL statement_timeout = {left}; \
             SET LOCAL idle_in_transaction_session_timeout = {}",
            left.saturating_add(TIDYING.as_millis())
        );
        self.client.batch_execute(&begin).await.map_err(|error| Failure::of(error, &[]))?;
        let statement = self.prepare(&ask.query).await?;
        let kinds = statement.params();
        let params = parameters::bind(kinds, &ask.params)?;
        let names = statement.columns().iter().map(|column| column.name().to_owned()).collect();
        let mut rows = Rows::new(ask, names, at_most)?;
        let found =
            self.client.query_raw(&statement, &params).await.map_err(|error| Failure::of(error, kinds))?;
        pin_mut!(found);
        while let Some(row) = found.next().await {
            let row = row.map_err(|error| Failure::of(error, kinds))?;
            rows.push(values(&row, &rows)?)?;
        }
        Ok(rows.finish()?)
    }

    async fn prepare(&mut self, query: &str) -> Result<Statement, Failure> {
        if let Some(statement) = self.prepared.get(query) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(query).await.map_err(|error| Failure::of(error, &[]))?;
        if self.prepared.len() >= MOST_PREPARED {
            self.prepared.clear();
        }
        self.prepared.insert(query.to_owned(), statement.clone());
        Ok(statement)
    }
}

fn values(row: &Row, rows: &Rows<'_>) -> Result<Vec<Json>, SourceError> {
    let columns = row.columns().iter().enumerate();
    columns
        .map(|(at, column)| {
            let raw: Raw<'_> = row.try_get(at).map_err(|_| unplain(rows.name(at), column.type_()))?;
            let Some(raw) = raw.0 else { return Ok(Json::Null) };
            rows.has_room_for(raw.len() / 2)?;
            binary::value(column.type_(), raw).ok_or_else(|| unplain(rows.name(at), column.type_()))
        })
        .collect()
}

fn unplain(name: &str, kind: &Type) -> SourceError {
    let kind = kind.name();
    SourceError::NotPlain(format!("column `{name}` holds a `{kind}` without a plain form: cast it to `text`"))
}

/// A column's bytes as they came.
struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Raw(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Raw(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// TLS with the system's root certificates.
fn verified() -> Result<MakeRustlsConnect, SourceError> {
    // Another part of the program may have been first, with the same one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let gone = |why: &str| SourceError::Gone(format!("no root certificates: {why}"));
    match MakeRustlsConnect::with_native_certs() {
        // Some of the system's certificates may be unreadable; the others do.
        Ok((tls, _)) => Ok(tls),
        Err(errors) => Err(gone(&errors.first().map(|error| root_cause(error)).unwrap_or_default())),
    }
}
