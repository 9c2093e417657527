//! JSON values as parameters of the types that a statement declares.
//!
//! Values are sent in the text form that each type reads, so that no digit is lost on the way. What the text form would
//! read more freely than JSON says it (`'yes'` for a boolean, `'tomorrow'` for a date) is refused here.

use std::error::Error;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use lastlook_canon::{Json, Number, lexical};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{Format, IsNull, Kind, ToSql, Type};

use crate::source::SourceError;

/// A parameter in the text form of its type; `None` is null.
#[derive(Debug)]
pub(super) struct Parameter(Option<String>);

impl ToSql for Parameter {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Some(text) = &self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.to_sql(kind, out)
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }
}

/// Makes every value a parameter of its declared type.
///
/// Errs with [`SourceError::Refused`], naming the parameter's number and type but never its value.
pub(super) fn bind(kinds: &[Type], values: &[Json]) -> Result<Vec<Parameter>, SourceError> {
    if kinds.len() != values.len() {
        let (wanted, given) = (kinds.len(), values.len());
        return Err(SourceError::Refused(format!(
            "the statement has {wanted} parameters, and {given} are given"
        )));
    }
    (1..).zip(kinds.iter().zip(values)).map(|(number, (kind, value))| one(number, kind, value)).collect()
}

fn one(number: usize, kind: &Type, value: &Json) -> Result<Parameter, SourceError> {
    if value.is_null() {
        return Ok(Parameter(None));
    }
    match text_form(kind, value) {
        Form::Text(text) => Ok(Parameter(Some(text))),
        Form::Mismatch => {
            let what = what(value);
            Err(SourceError::Refused(format!(
                "parameter {number} is {what} that `{}` does not take",
                kind.name()
            )))
        }
        Form::Unknown => {
            let name = kind.name();
            Err(SourceError::Refused(format!(
                "parameter {number} is a `{name}`, which is not bound: write `${number}::text::{name}`"
            )))
        }
    }
}

enum Form {
    Text(String),
    Mismatch,
    Unknown,
}

fn text_form(kind: &Type, value: &Json) -> Form {
    let text = match *kind {
        Type::BOOL => value.as_bool().map(|truth| truth.to_string()),
        Type::INT2 => integer::<i16>(value),
        Type::INT4 => integer::<i32>(value),
        Type::INT8 => integer::<i64>(value),
        Type::OID => integer::<u32>(value),
        Type::FLOAT4 | Type::FLOAT8 => value.as_number().map(|number| number.as_str().to_owned()),
        Type::NUMERIC => decimal(value),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => plain(value),
        Type::UUID => value.as_str().filter(|text| is_uuid(text)).map(str::to_owned),
        Type::JSON | Type::JSONB => String::from_utf8(lexical(value)).ok(),
        // Read here and written anew: what the server reads must not depend on its settings.
        Type::DATE => value.as_str().and_then(|text| text.parse::<Date>().ok()).map(|date| date.to_string()),
        Type::TIME => value.as_str().and_then(|text| text.parse::<Time>().ok()).map(|time| time.to_string()),
        Type::TIMESTAMP => value.as_str().and_then(local).map(|time| time.to_string()),
        Type::TIMESTAMPTZ => {
            value.as_str().and_then(|text| text.parse::<Timestamp>().ok()).map(|time| time.to_string())
        }
        _ => match kind.kind() {
            Kind::Domain(base) => return text_form(base, value),
            Kind::Enum(labels) => plain(value).filter(|text| labels.contains(text)),
            Kind::Simple if kind.name() == "citext" => plain(value),
            _ => return Form::Unknown,
        },
    };
    text.map_or(Form::Mismatch, Form::Text)
}

fn integer<T: std::str::FromStr>(value: &Json) -> Option<String> {
    let text = value.as_number()?.as_str();
    text.parse::<T>().ok().map(|_| text.to_owned())
}

/// A number, or a string that is one: amounts travel as strings where numbers would be rounded.
fn decimal(value: &Json) -> Option<String> {
    let number = match value {
        Json::String(text) => Number::new(text)?,
        other => other.as_number()?.clone(),
    };
    Some(number.as_str().to_owned())
}

/// Text without NUL, which the database has no place for.
fn plain(value: &Json) -> Option<String> {
    value.as_str().filter(|text| !text.contains('\0')).map(str::to_owned)
}

/// A date and time without an offset: with one, it would be silently dropped.
fn local(text: &str) -> Option<DateTime> {
    if text.parse::<Timestamp>().is_ok() {
        return None;
    }
    text.parse().ok()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn what(value: &Json) -> &'static str {
    match value {
        Json::Null => "a null",
        Json::Bool(_) => "a truth value",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}
