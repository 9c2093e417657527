//! PostgreSQL's binary column values (the `…send` functions of its types) as JSON.

use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};
use lastlook_canon::{Json, Limits, Number, parse};
use tokio_postgres::types::{Kind, Type};

/// From the Unix epoch to the database's, 2000-01-01.
const EPOCH_US: i64 = 946_684_800_000_000;

/// A value that is not null; `None` when its type, or this value of it, has no plain form.
pub(super) fn value(kind: &Type, raw: &[u8]) -> Option<Json> {
    match *kind {
        Type::BOOL => Some(Json::Bool(raw.first()? != &0)),
        Type::INT2 => Some(i64::from(i16::from_be_bytes(raw.try_into().ok()?)).into()),
        Type::INT4 => Some(i64::from(i32::from_be_bytes(raw.try_into().ok()?)).into()),
        Type::INT8 => Some(i64::from_be_bytes(raw.try_into().ok()?).into()),
        Type::OID | Type::XID | Type::CID => Some(u64::from(u32::from_be_bytes(raw.try_into().ok()?)).into()),
        Type::XID8 => Some(u64::from_be_bytes(raw.try_into().ok()?).into()),
        Type::FLOAT4 => Some(single(f32::from_be_bytes(raw.try_into().ok()?))),
        Type::FLOAT8 => Some(double(f64::from_be_bytes(raw.try_into().ok()?))),
        Type::NUMERIC => numeric(raw).map(number),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => text(raw),
        Type::UUID => uuid(raw),
        Type::JSON => json(raw),
        // A version byte stands before the document.
        Type::JSONB => json(raw.strip_prefix(&[1])?),
        Type::BYTEA => Some(hex::encode(raw).into()),
        Type::TIMESTAMPTZ => at(raw, |time| time.to_string()),
        Type::TIMESTAMP => at(raw, |time| Offset::UTC.to_datetime(time).to_string()),
        Type::DATE => date(raw),
        Type::TIME => time(raw),
        _ => match kind.kind() {
            Kind::Domain(base) => value(base, raw),
            Kind::Enum(_) => text(raw),
            // An extension's: its number differs from database to database.
            Kind::Simple if kind.name() == "citext" => text(raw),
            _ => None,
        },
    }
}

/// The shortest text that reads as this double; a string for what JSON has no number for.
pub(super) fn double(value: f64) -> Json {
    if value.is_infinite() { infinity(value.is_sign_negative()) } else { number(format!("{value:?}")) }
}

fn single(value: f32) -> Json {
    if value.is_infinite() { infinity(value.is_sign_negative()) } else { number(format!("{value:?}")) }
}

fn infinity(negative: bool) -> Json {
    if negative { "-Infinity".into() } else { "Infinity".into() }
}

fn number(text: String) -> Json {
    Number::new(&text).map_or_else(|| text.into(), Json::Number)
}

fn text(raw: &[u8]) -> Option<Json> {
    std::str::from_utf8(raw).ok().map(Json::from)
}

fn json(raw: &[u8]) -> Option<Json> {
    parse(raw, &Limits { max_bytes: usize::MAX, ..Limits::default() }).ok()
}

fn uuid(raw: &[u8]) -> Option<Json> {
    let digits = hex::encode(<[u8; 16]>::try_from(raw).ok()?);
    let part = |from, to| digits.get(from..to);
    let parts = [part(0, 8)?, part(8, 12)?, part(12, 16)?, part(16, 20)?, part(20, 32)?];
    Some(parts.join("-").into())
}

/// Exact, with the digits behind the point that the database shows.
///
/// Groups of four decimal digits; `weight` is the power of 10000 of the first (`numeric_send`).
fn numeric(raw: &[u8]) -> Option<String> {
    let mut halves = raw.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
    let groups = usize::from(halves.next()?);
    let weight = i32::from(halves.next()?.cast_signed());
    let sign = halves.next()?;
    let scale = usize::from(halves.next()?);
    let digits: Vec<u16> = halves.collect();
    let mut out = match sign {
        0x0000 => String::new(),
        0x4000 => "-".to_owned(),
        0xc000 => return Some("NaN".to_owned()),
        0xd000 => return Some("Infinity".to_owned()),
        0xf000 => return Some("-Infinity".to_owned()),
        _ => return None,
    };
    if digits.len() != groups || digits.iter().any(|group| *group > 9999) {
        return None;
    }
    let group = |power: i32| {
        let at = usize::try_from(weight - power).ok();
        at.and_then(|at| digits.get(at)).copied().unwrap_or(0)
    };
    out.push_str(&group(weight.max(0)).to_string());
    (0..weight.max(0)).rev().for_each(|power| out.push_str(&format!("{:04}", group(power))));
    if scale > 0 {
        let mut behind: String = (1..=scale.div_ceil(4))
            .filter_map(|n| i32::try_from(n).ok())
            .map(|n| format!("{:04}", group(-n)))
            .collect();
        behind.truncate(scale);
        out.push('.');
        out.push_str(&behind);
    }
    Some(out)
}

fn at(raw: &[u8], show: impl Fn(Timestamp) -> String) -> Option<Json> {
    let micros = i64::from_be_bytes(raw.try_into().ok()?);
    match micros {
        i64::MAX => Some("infinity".into()),
        i64::MIN => Some("-infinity".into()),
        _ => common(show(Timestamp::from_microsecond(micros.checked_add(EPOCH_US)?).ok()?)),
    }
}

/// A year before 0000 has a sign, for which RFC 3339 has no place.
fn common(text: String) -> Option<Json> {
    (!text.starts_with('-')).then(|| text.into())
}

fn date(raw: &[u8]) -> Option<Json> {
    let days = i32::from_be_bytes(raw.try_into().ok()?);
    match days {
        i32::MAX => Some("infinity".into()),
        i32::MIN => Some("-infinity".into()),
        _ => {
            let span = Span::new().try_days(days).ok()?;
            common(Date::constant(2000, 1, 1).checked_add(span).ok()?.to_string())
        }
    }
}

fn time(raw: &[u8]) -> Option<Json> {
    let span = Span::new().try_microseconds(i64::from_be_bytes(raw.try_into().ok()?)).ok()?;
    Some(Time::midnight().checked_add(span).ok()?.to_string().into())
}

#[cfg(test)]
mod tests;
