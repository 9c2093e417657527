//! What a reading compares of an answer.

use lastlook_canon::Json;

/// The compared parts of an answer as a sorted list of places and what stands there; nothing when it is no answer.
///
/// `content`, `structuredContent` and `isError` of a result, or code and message of an error; numbers by their source
/// text, never `_meta`. `isError: false` says what its absence says.
pub fn compared(answer: &Json) -> Option<Vec<(String, String)>> {
    let (result, error) = (answer.get("result"), answer.get("error"));
    let mut places = Vec::new();
    match (result, error) {
        (Some(result), None) => {
            result.as_object()?;
            for name in ["content", "structuredContent"] {
                if let Some(value) = result.get(name) {
                    place(value, &format!("/{name}"), &mut places);
                }
            }
            if result.get("isError") == Some(&Json::Bool(true)) {
                places.push(("/isError".to_owned(), "true".to_owned()));
            }
        }
        (None, Some(error)) => {
            places.push(("/error".to_owned(), "error".to_owned()));
            for name in ["code", "message"] {
                if let Some(value) = error.get(name) {
                    place(value, &format!("/error/{name}"), &mut places);
                }
            }
        }
        _ => return None,
    }
    places.sort();
    Some(places)
}

fn place(value: &Json, at: &str, places: &mut Vec<(String, String)>) {
    let what = match value {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => format!("number {number}"),
        Json::String(text) => format!("text {text}"),
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| place(item, &format!("{at}/{index}"), places));
            format!("{} items", items.len())
        }
        Json::Object(members) => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                place(value, &format!("{at}/{name}"), places);
            }
            format!("{} members", members.len())
        }
    };
    places.push((at.to_owned(), what));
}
