//! One GET: `{status, body}`.
//!
//! The body is a JSON value when it parses strictly, else its text. A status that is no success is a value as well:
//! absence is a fact. The version is the `ETag`, else a `Last-Modified` that is strong; the source's own time is the
//! `Last-Modified`, else `Date` less `Age` where there is an `Age`.
//!
//! No address can be reached that the operator did not mean: see [`address`]. Nothing is taken from the environment
//! (no proxies), nothing is followed unless asked for, and then within one origin only, and nothing is decompressed.

pub mod address;
mod stamps;

use std::sync::Arc;

use lastlook_canon::{Json, Limits, parse};
use reqwest::header::{ACCEPT, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, ClientBuilder, Response, StatusCode, Url};

use super::{Bounds, Got, SourceError, quoted, root_cause, within};
use address::{NotPublic, PublicOnly};
use stamps::Stamps;

/// Redirects followed for one answer.
const MOST_REDIRECTS: usize = 5;

/// What to get.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpAsk {
    /// The address, `http` or `https`, without a name or password in it.
    pub url: String,
    /// Headers to send, secrets filled in. None of their values is ever shown.
    pub headers: Vec<(String, String)>,
    /// Whether to follow redirects, to the same scheme, host and port only.
    pub redirects: bool,
    /// Whether addresses of private networks and of this machine may be reached.
    pub private: bool,
}

impl std::fmt::Debug for HttpAsk {
    /// Without the address and the headers: both may hold secrets.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let HttpAsk { url: _, headers: _, redirects, private } = self;
        out.debug_struct("HttpAsk")
            .field("redirects", redirects)
            .field("private", private)
            .finish_non_exhaustive()
    }
}

/// Gets; keeps connections for the next time. One for a process.
#[derive(Debug)]
pub struct HttpClient {
    public: Client,
    any: Client,
}

impl HttpClient {
    /// A client with the system's root certificates.
    ///
    /// Errs with [`SourceError::Gone`] when TLS cannot be set up.
    pub fn new() -> Result<HttpClient, SourceError> {
        let failed =
            |error: reqwest::Error| SourceError::Gone(format!("no HTTP client: {}", root_cause(&error)));
        // Two clients, so that a connection made for the one kind of request is never used for the other.
        Ok(HttpClient {
            public: client().dns_resolver(Arc::new(PublicOnly)).build().map_err(failed)?,
            any: client().build().map_err(failed)?,
        })
    }

    /// Gets one answer. [`Bounds::max_bytes`] bounds its body.
    pub async fn get(&self, ask: &HttpAsk, bounds: &Bounds) -> Result<Got, SourceError> {
        within(bounds, self.follow(ask, bounds.max_bytes)).await
    }

    async fn follow(&self, ask: &HttpAsk, at_most: usize) -> Result<Got, SourceError> {
        let client = if ask.private { &self.any } else { &self.public };
        let headers = headers(&ask.headers)?;
        let mut url = address::checked(&ask.url, ask.private)?;
        for _ in 0..=MOST_REDIRECTS {
            let response = client.get(url.clone()).headers(headers.clone()).send().await.map_err(failure)?;
            match next(&url, &response).filter(|_| ask.redirects) {
                Some(next) => url = same_origin(&url, next?, ask.private)?,
                None => return answer(response, at_most).await,
            }
        }
        Err(SourceError::Refused(format!("more than {MOST_REDIRECTS} redirects")))
    }
}

/// What all clients here have in common: nothing from the environment, nothing followed.
pub(crate) fn client() -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .tcp_nodelay(true)
        .user_agent(concat!("lastlook/", env!("CARGO_PKG_VERSION")))
}

fn headers(given: &[(String, String)]) -> Result<HeaderMap, SourceError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, */*;q=0.5"));
    for (name, value) in given {
        let refused = || SourceError::Refused(format!("the header `{}` cannot be sent", quoted(name)));
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| refused())?;
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    Ok(headers)
}

/// Where a redirect leads; `None` for an answer that is none.
fn next(from: &Url, response: &Response) -> Option<Result<Url, SourceError>> {
    let redirects = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    let location = response.headers().get(LOCATION).filter(|_| redirects.contains(&response.status()))?;
    let joined = location.to_str().ok().and_then(|location| from.join(location).ok());
    Some(joined.ok_or_else(|| SourceError::NotPlain("the redirect leads to no address".to_owned())))
}

fn same_origin(from: &Url, to: Url, private: bool) -> Result<Url, SourceError> {
    let to = address::checked(to.as_str(), private)?;
    if to.origin() == from.origin() {
        return Ok(to);
    }
    let origin = to.origin().ascii_serialization();
    Err(SourceError::Refused(format!("the redirect leads to another origin, `{}`", quoted(&origin))))
}

async fn answer(mut response: Response, at_most: usize) -> Result<Got, SourceError> {
    let too_large = SourceError::TooLarge { at_most };
    if response.content_length().is_some_and(|length| length > at_most as u64) {
        return Err(too_large);
    }
    let encoding = response.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| encoding != "identity") {
        return Err(SourceError::NotPlain("the body is compressed, which nobody asked for".to_owned()));
    }
    let status = i64::from(response.status().as_u16());
    let Stamps { version, as_of_ns } = stamps::read(response.headers())?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if body.len() + chunk.len() > at_most {
            return Err(too_large);
        }
        body.extend_from_slice(&chunk);
    }
    let value = Json::object([("status", status.into()), ("body", content(body)?)]);
    Ok(Got { value, version, as_of_ns })
}

fn content(body: Vec<u8>) -> Result<Json, SourceError> {
    match parse(&body, &Limits { max_bytes: usize::MAX, ..Limits::default() }) {
        Ok(json) => Ok(json),
        Err(_) => match String::from_utf8(body) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(SourceError::NotPlain("the body is neither JSON nor text in UTF-8".to_owned())),
        },
    }
}

/// What went wrong, without the address.
pub(crate) fn failure(error: reqwest::Error) -> SourceError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(at) = cause {
        if let Some(not_public) = at.downcast_ref::<NotPublic>() {
            return not_public.clone().into();
        }
        cause = at.source();
    }
    if error.is_timeout() {
        return SourceError::Late;
    }
    let what = if error.is_connect() { "no connection" } else { "the answer broke off" };
    SourceError::Gone(format!("{what}: {}", root_cause(&error.without_url())))
}
