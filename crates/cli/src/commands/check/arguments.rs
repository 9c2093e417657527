//! The arguments of the call: from the command line, a file, or standard input.

use std::io::Read as _;

use lastlook_canon::{Json, Limits, parse};

use crate::failure::Failure;

/// The longest arguments, in bytes.
const LONGEST: u64 = 1 << 20;

/// Reads them: JSON, `@FILE`, or `-`.
pub fn read(given: &str) -> Result<Json, Failure> {
    let bytes = match given {
        "-" => from(std::io::stdin(), "standard input")?,
        _ => match given.strip_prefix('@') {
            Some(path) => from(std::fs::File::open(path).map_err(|error| unreadable(path, &error))?, path)?,
            None => given.as_bytes().to_vec(),
        },
    };
    let hint = r#"they are one JSON object: '{"order_id": "42"}', @FILE or -"#;
    let arguments = parse(&bytes, &Limits::default())
        .map_err(|error| Failure::usage(format!("the arguments are not strict JSON: {error}")).hint(hint))?;
    match arguments {
        Json::Object(_) => Ok(arguments),
        _ => Err(Failure::usage("the arguments are no object").hint(hint)),
    }
}

fn from(source: impl std::io::Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    source.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::usage(format!("the arguments are longer than {LONGEST} bytes")));
    }
    Ok(bytes)
}

fn unreadable(name: &str, error: &std::io::Error) -> Failure {
    Failure::usage(format!("the arguments cannot be read from `{name}`: {error}"))
}
