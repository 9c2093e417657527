//! Telling or asking somebody: one POST of a short message to the address that an operator named.
//!
//! The address is the operator's own word, and a secret where it holds one: no error shows more of it than its host. What
//! holds for HTTP facts holds here: no redirects, no proxies, private addresses only where the operator says so, and the
//! check is made on the number that is connected to. Of an answer to a message nothing is read but its status, of one to a question
//! no more than was allowed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url};

use crate::source::http::address::{LoopbackOnly, PublicOnly, checked};
use crate::source::http::{client, failure};
use crate::source::{Bounds, SourceError, within};

/// Where messages are sent: `https`, or `http` on this machine.
#[derive(Clone)]
pub struct HookUrl {
    url: Url,
    private: bool,
}

impl HookUrl {
    /// Reads an address. `private`: whether addresses of private networks and of this machine may be reached.
    ///
    /// # Errors
    ///
    /// It is no plain `https` address, or leads where it must not; the sentence holds no more of it than the host.
    pub fn parse(text: &str, private: bool) -> Result<HookUrl, SourceError> {
        let url = checked(text, private)?;
        let refused = |why: String| Err(SourceError::Refused(why));
        match (url.scheme(), is_this_machine(&url)) {
            ("http", false) => refused("without TLS only this machine is told: write `https://`".to_owned()),
            (_, true) if !private => refused(format!(
                "`{}` leads to an address that is not public; `private = true` allows that",
                url.host_str().unwrap_or_default()
            )),
            _ => Ok(HookUrl { url, private }),
        }
    }

    /// The address of a call below this one: of `add` below `https://host/path`, `https://host/path/add`.
    #[must_use]
    pub fn below(&self, call: &str) -> HookUrl {
        let mut url = self.url.clone();
        let path = format!("{}/{call}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        HookUrl { url, private: self.private }
    }

    /// Its host, and its port where that is not the usual one: all that may be shown of it.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

impl fmt::Debug for HookUrl {
    /// Only the host.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "HookUrl({})", self.host())
    }
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let number = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || number.is_ok_and(|number| number.is_loopback())
}

/// A message on its way.
pub struct Post<'a> {
    /// Where to.
    pub url: &'a HookUrl,
    /// Headers beside the content type, by their lower-case names.
    pub headers: &'a [(&'static str, String)],
    /// JSON.
    pub body: &'a str,
}

/// Sends messages. One for a process.
#[derive(Debug)]
pub struct HookClient {
    public: Client,
    private: Client,
    here: Client,
}

impl HookClient {
    /// A client with the system's root certificates.
    ///
    /// # Errors
    ///
    /// TLS cannot be set up.
    pub fn new() -> Result<HookClient, SourceError> {
        // Whoever has not been told a while ago may have gone: no connection is kept.
        let fresh = || client().pool_max_idle_per_host(0);
        let failed =
            |error: reqwest::Error| SourceError::Gone(format!("no HTTP client: {}", error.without_url()));
        Ok(HookClient {
            public: fresh().dns_resolver(Arc::new(PublicOnly)).build().map_err(failed)?,
            private: fresh().build().map_err(failed)?,
            here: fresh().dns_resolver(Arc::new(LoopbackOnly)).build().map_err(failed)?,
        })
    }

    /// Sends one message; returns the status that came back, whatever it is.
    ///
    /// # Errors
    ///
    /// No status came back in this time.
    pub async fn post(&self, post: &Post<'_>, timeout: Duration) -> Result<u16, SourceError> {
        let client = self.client_for(post.url);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in post.headers {
            let refused = |_| SourceError::Refused(format!("the header `{name}` cannot be sent"));
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).map_err(refused)?);
        }
        let sent = client.post(post.url.url.clone()).headers(headers).body(post.body.to_owned()).send();
        // The answer is dropped with its connection: whoever sends much of it sends it to nobody.
        let bounds = Bounds { timeout, max_bytes: 0 };
        within(&bounds, async { sent.await.map(|answer| answer.status().as_u16()).map_err(failure) }).await
    }

    /// Asks something; returns the status and the body that came back, whatever they are.
    ///
    /// # Errors
    ///
    /// No whole answer came back within these bounds.
    pub async fn ask(
        &self,
        url: &HookUrl,
        body: String,
        bounds: &Bounds,
    ) -> Result<(u16, Vec<u8>), SourceError> {
        let sent =
            self.client_for(url).post(url.url.clone()).header(CONTENT_TYPE, "text/plain; charset=utf-8");
        within(bounds, async {
            let mut answer = sent.body(body).send().await.map_err(failure)?;
            let (status, at_most) = (answer.status().as_u16(), bounds.max_bytes);
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(failure)? {
                if body.len().saturating_add(chunk.len()) > at_most {
                    return Err(SourceError::TooLarge { at_most });
                }
                body.extend_from_slice(&chunk);
            }
            Ok((status, body))
        })
        .await
    }

    fn client_for(&self, url: &HookUrl) -> &Client {
        match (url.url.scheme(), url.private) {
            ("http", _) => &self.here,
            (_, true) => &self.private,
            (_, false) => &self.public,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As if the check of the text had not seen where it leads: names can.
    fn post(url: &str) -> String {
        let url = HookUrl { url: Url::parse(url).unwrap(), private: false };
        let post = Post { url: &url, headers: &[], body: "{}" };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let client = HookClient::new().unwrap();
        runtime.block_on(client.post(&post, Duration::from_secs(5))).unwrap_err().to_string()
    }

    #[test]
    fn a_name_is_judged_by_where_it_leads() {
        assert_eq!(
            post("https://localhost/"),
            "`localhost` leads to an address that is not public; `private = true` allows that"
        );
    }
}
