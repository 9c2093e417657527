//! What a form sends. A passphrase may be in it, so that all of it is wiped once it was used.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use std::time::Duration;
use zeroize::{Zeroize as _, Zeroizing};

use super::Trouble;

/// The most bytes of a form: a passphrase and a reason of 4096 bytes, each three times as long when it is encoded.
const LARGEST: usize = 32 * 1024;
/// How long a form may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// The fields of a form.
pub(super) struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    pub(super) async fn read(request: Request) -> Result<Form, Trouble> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
        if kind != Some("application/x-www-form-urlencoded") {
            return Err(Trouble::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "this is no form", ""));
        }
        let bytes = bytes(request.into_body()).await?;
        fields(&bytes).map(Form).ok_or_else(|| Trouble::new(StatusCode::BAD_REQUEST, "this is no form", ""))
    }

    /// What stands in a field; nothing when it is missing, or there twice.
    pub(super) fn field(&self, name: &str) -> Option<&Zeroizing<String>> {
        let mut found = self.0.iter().filter(|(field, _)| field == name).map(|(_, value)| value);
        let value = found.next()?;
        found.next().is_none().then_some(value)
    }
}

async fn bytes(body: Body) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let read = tokio::time::timeout(PATIENCE, to_bytes(body, LARGEST)).await;
    let read =
        read.map_err(|_| Trouble::new(StatusCode::REQUEST_TIMEOUT, "the form did not arrive", "try again"))?;
    let read = read.map_err(|_| Trouble::new(StatusCode::PAYLOAD_TOO_LARGE, "the form is too large", ""))?;
    let own = Zeroizing::new(read.to_vec());
    // As far as it is nobody else's: the connection's own buffer is not ours to wipe.
    if let Ok(mut read) = read.try_into_mut() {
        read.as_mut().zeroize();
    }
    Ok(own)
}

/// Source: the URL standard, "application/x-www-form-urlencoded parsing"; what is not UTF-8 is refused.
pub(super) fn fields(bytes: &[u8]) -> Option<Vec<(String, Zeroizing<String>)>> {
    let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            let (name, value) = pair.split_at(at);
            Some((decoded(name)?.to_string(), decoded(value.get(1..)?)?))
        })
        .collect()
}

fn decoded(text: &[u8]) -> Option<Zeroizing<String>> {
    // Never grown, so that no copy of it stays behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        match (byte, after) {
            (b'+', _) => plain.push(b' '),
            (b'%', [high, low, after @ ..]) => {
                plain.push(nibble(*high)? * 16 + nibble(*low)?);
                rest = after;
            }
            (b'%', _) => return None,
            (byte, _) => plain.push(*byte),
        }
    }
    Some(Zeroizing::new(std::str::from_utf8(&plain).ok()?.to_owned()))
}

fn nibble(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_browsers_write_them() {
        let form = Form(fields(b"a=b+c&d=%C3%A9%26%3D&e=&twice=1&twice=2").unwrap());
        let field = |name| form.field(name).map(|value| value.as_str());
        assert_eq!([field("a"), field("d"), field("e")], [Some("b c"), Some("é&="), Some("")]);
        assert_eq!([field("twice"), field("none")], [None, None]);
        for bad in [&b"a=%"[..], b"a=%4", b"a=%zz", b"a=%ff", b"nothing", b"a=%+1"] {
            assert!(fields(bad).is_none(), "{bad:?}");
        }
    }
}
