//! Values written in TOML, as JSON.

use lastlook_canon::{Json, Number};

/// A TOML value as JSON; dates and times become text.
///
/// # Errors
///
/// A number that JSON does not have.
pub fn json(value: &toml::Value) -> Result<Json, String> {
    Ok(match value {
        toml::Value::String(text) => Json::from(text.as_str()),
        toml::Value::Integer(number) => Json::from(*number),
        toml::Value::Float(number) => {
            let text = number.to_string();
            Json::Number(Number::new(&text).ok_or_else(|| format!("`{text}` is no number in JSON"))?)
        }
        toml::Value::Boolean(is) => Json::from(*is),
        toml::Value::Datetime(at) => Json::from(at.to_string()),
        toml::Value::Array(items) => Json::Array(items.iter().map(json).collect::<Result<_, _>>()?),
        toml::Value::Table(members) => table(members)?,
    })
}

/// A TOML table as an object.
///
/// # Errors
///
/// As [`json`].
pub fn table(members: &toml::Table) -> Result<Json, String> {
    let members = members.iter().map(|(name, value)| Ok((name.clone(), json(value)?)));
    Ok(Json::Object(members.collect::<Result<_, String>>()?))
}
