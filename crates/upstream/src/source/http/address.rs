//! Which addresses a request may reach.
//!
//! A template fills in part of an address, so that what is asked for is the agent's word as much as the operator's. The
//! addresses of private networks, of this machine and of its link are therefore out of reach unless the operator says
//! `private = true`. The check is on the number that the connection goes to, not on the name: names are resolved once,
//! the numbers are checked, and the connection is made to those (a second resolution could answer otherwise).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::source::SourceError;

/// A name or number that leads somewhere private.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{host}` leads to an address that is not public; `private = true` allows that")]
pub(super) struct NotPublic {
    host: String,
}

/// A name that leads away from this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{host}` is not this machine")]
struct NotHere {
    host: String,
}

impl From<NotPublic> for SourceError {
    fn from(error: NotPublic) -> SourceError {
        SourceError::Refused(error.to_string())
    }
}

/// Resolves names as the system does, and gives out public addresses or none.
#[derive(Debug)]
pub(crate) struct PublicOnly;

/// The same for this machine's own addresses.
#[derive(Debug)]
pub(crate) struct LoopbackOnly;

impl Resolve for LoopbackOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if !found.iter().all(|address| address.ip().is_loopback()) {
                return Err(NotHere { host: name.as_str().to_owned() }.into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            judge(name.as_str(), &found)?;
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// One private address among several refuses them all: which one is used is not for the name's owner to say.
fn judge(host: &str, found: &[SocketAddr]) -> Result<(), NotPublic> {
    match found.iter().all(|address| is_public(address.ip())) {
        true => Ok(()),
        false => Err(NotPublic { host: host.to_owned() }),
    }
}

/// Reads an address as a request would, and refuses what is no plain `http` or `https` address.
///
/// Numbers in any spelling (`2130706433`, `0x7f.1`, `[::ffff:127.0.0.1]`) are one number here (WHATWG URL, host parsing).
pub(crate) fn checked(text: &str, private: bool) -> Result<Url, SourceError> {
    let refused = |why: &str| Err(SourceError::Refused(why.to_owned()));
    // A URL parser drops some of these and takes `\` for `/`: what the operator reads would not be what is asked.
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return refused("the address holds white space, a control character or a backslash");
    }
    let Ok(url) = Url::parse(text) else { return refused("the address is no URL") };
    if !matches!(url.scheme(), "http" | "https") {
        return refused("the address is neither `http` nor `https`");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("the address holds a name or password; send them in a header");
    }
    let Some(host) = url.host_str() else { return refused("the address has no host") };
    match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(ip) if !private && !is_public(ip) => Err(NotPublic { host: host.to_owned() }.into()),
        _ => Ok(url),
    }
}

/// Whether an address belongs to the internet at large (IANA special-purpose address registries, RFC 6890).
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !in_any(u128::from(ip.to_bits()), 32, V4_SPECIAL),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// Only global unicast (2000::/3) is public at all, and the prefix that translates to IPv4 (RFC 6052), which is as public as
/// the address in it. An IPv4-mapped address is never: it is another spelling, and no name needs it.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    const TRANSLATED: (u128, u32) = (0x0064_ff9b << 96, 96);
    if in_any(ip.to_bits(), 128, &[TRANSLATED]) {
        let [.., a, b, c, d] = ip.octets();
        return is_public(Ipv4Addr::new(a, b, c, d).into());
    }
    in_any(ip.to_bits(), 128, &[(0x2000 << 112, 3)]) && !in_any(ip.to_bits(), 128, V6_SPECIAL)
}

fn in_any(address: u128, width: u32, blocks: &[(u128, u32)]) -> bool {
    blocks.iter().any(|(start, length)| (address ^ start) >> (width - length) == 0)
}

const V4_SPECIAL: &[(u128, u32)] = &[
    (0x0000_0000, 8),  // this network
    (0x0a00_0000, 8),  // private
    (0x6440_0000, 10), // shared by carriers (RFC 6598)
    (0x7f00_0000, 8),  // loopback
    (0xa9fe_0000, 16), // link-local
    (0xac10_0000, 12), // private
    (0xc000_0000, 24), // protocol assignments
    (0xc000_0200, 24), // documentation
    (0xc058_6300, 24), // relays to IPv6, deprecated
    (0xc0a8_0000, 16), // private
    (0xc612_0000, 15), // benchmarks
    (0xc633_6400, 24), // documentation
    (0xcb00_7100, 24), // documentation
    (0xe000_0000, 4),  // multicast
    (0xf000_0000, 4),  // reserved, broadcast
];

const V6_SPECIAL: &[(u128, u32)] = &[
    (0x2001_0000 << 96, 23), // protocol assignments, Teredo among them
    (0x2001_0db8 << 96, 32), // documentation
    (0x2002_0000 << 96, 16), // holds an IPv4 address (6to4)
    (0x3fff_0000 << 96, 20), // documentation
];

#[cfg(test)]
mod tests;
