//! The value that rows become, in whatever database they were.

use lastlook_canon::{Json, lexical};

use super::SqlAsk;
use crate::source::{Got, SourceError};

/// Takes rows until there are too many or too much.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    ask: &'a SqlAsk,
    names: Vec<String>,
    rows: Vec<Json>,
    at_most: usize,
    size: usize,
}

impl<'a> Rows<'a> {
    /// Refuses a statement without columns, and columns that a record could not keep apart.
    pub(super) fn new(ask: &'a SqlAsk, names: Vec<String>, at_most: usize) -> Result<Rows<'a>, SourceError> {
        if names.is_empty() {
            return Err(SourceError::Refused(
                "the statement returns no columns: a fact is what it reads".into(),
            ));
        }
        for (at, name) in names.iter().enumerate() {
            if names.iter().skip(at + 1).any(|other| other == name) {
                return Err(SourceError::NotPlain(format!(
                    "two columns have the name `{name}`: rename one with `as`"
                )));
            }
        }
        if let Some(version) = ask.version.as_ref().filter(|version| !names.contains(version)) {
            return Err(SourceError::Refused(format!(
                "the version column `{version}` is not among those selected"
            )));
        }
        Ok(Rows { ask, names, rows: Vec::new(), at_most, size: 0 })
    }

    /// The name of a column, for what is said of it.
    pub(super) fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }

    /// Whether a value of this many bytes has room at all: asked before it is copied.
    pub(super) fn has_room_for(&self, bytes: usize) -> Result<(), SourceError> {
        if self.size + bytes > self.at_most {
            return Err(SourceError::TooLarge { at_most: self.at_most });
        }
        Ok(())
    }

    /// Takes the values of one row, in the order of the columns.
    pub(super) fn push(&mut self, values: Vec<Json>) -> Result<(), SourceError> {
        if !self.ask.many && !self.rows.is_empty() {
            return Err(SourceError::NotPlain(
                "there is more than one record: narrow the statement, or take many".into(),
            ));
        }
        let record = Json::object(self.names.iter().cloned().zip(values));
        let size = lexical(&record).len();
        self.has_room_for(size)?;
        // The comma behind it.
        self.size += size + 1;
        self.rows.push(record);
        Ok(())
    }

    /// What the rows are as a fact.
    pub(super) fn finish(mut self) -> Result<Got, SourceError> {
        if self.ask.many {
            let count = Json::from(self.rows.len() as u64);
            let value = Json::object([("count", count), ("rows", self.rows.into())]);
            return Ok(Got { value, version: None, as_of_ns: None });
        }
        let value = self.rows.pop().ok_or(SourceError::Absent)?;
        let version = self.ask.version.as_ref().map(|name| version(name, value.get(name))).transpose()?;
        Ok(Got { value, version, as_of_ns: None })
    }
}

/// The text of a version: a string as it is, anything else as JSON. Nothing is no version.
fn version(name: &str, value: Option<&Json>) -> Result<String, SourceError> {
    match value {
        None | Some(Json::Null) => Err(SourceError::NotPlain(format!("the version column `{name}` is null"))),
        Some(Json::String(text)) => Ok(text.clone()),
        Some(other) => Ok(String::from_utf8_lossy(&lexical(other)).into_owned()),
    }
}
