//! What a decision needs to be made again and no entry holds: the rules, and the tools they were read against. Kept in the
//! state under their digests, once, when they come into force.

use lastlook_canon::{Digest, Limits, lexical, parse};
use lastlook_kernel::{Class, ToolName};
use lastlook_store::{Commit, Store, StoreError, Write};
use serde::{Deserialize, Serialize};

use crate::config::{Config, ConfigError, PoliciesRead};
use crate::rulebook::{Listed, Rulebook};

const RULES: &str = "lastlook-rules/v1";
const TOOLS: &str = "lastlook-tools/v1";

/// The files that rule, as they are kept: secrets are struck out, and leave a text that reads the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptRules {
    format: String,
    /// The name of the configuration file.
    name: String,
    text: String,
    policies: Option<String>,
    entities: Option<String>,
}

/// The tools of one upstream as its server listed them, and what the boundary took them for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptTools {
    format: String,
    upstream: String,
    /// Who acted, as the policies' schema knows them; nothing where the configuration names nobody.
    principal: Option<String>,
    tools: Vec<KeptTool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptTool {
    name: String,
    class: String,
    /// Its `inputSchema`, as JSON text.
    schema: Option<String>,
}

/// Something that is kept, and the name it is kept under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    mark: String,
    text: String,
    /// Its digest; of rules, that of the configuration.
    pub(crate) digest: Digest,
}

/// Why what was kept cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// The state does not have it.
    #[error("the {what} it was decided under ({}…) are not kept in this state", digest.get(..12).unwrap_or(digest))]
    Missing {
        /// Rules or tools.
        what: &'static str,
        /// Their digest.
        digest: String,
    },
    /// What is kept is not what the digest says, or of another form.
    #[error("the {what} kept under {}… are damaged", digest.get(..12).unwrap_or(digest))]
    Damaged {
        /// Rules or tools.
        what: &'static str,
        /// Their digest.
        digest: String,
    },
    /// This version reads the rules differently.
    #[error("the rules it was decided under do not read any more: {0}")]
    Config(#[from] Box<ConfigError>),
    /// The state cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The rules as they are kept; nothing without a configuration.
pub(crate) fn rules(config: &Config, policies: Option<&PoliciesRead>, digest: Digest) -> Document {
    let kept = KeptRules {
        format: RULES.to_owned(),
        name: config.places.name().to_owned(),
        text: config.places.kept().to_owned(),
        policies: policies.map(|read| read.text.clone()),
        entities: policies.and_then(|read| read.entities.clone()),
    };
    Document { mark: mark("rules", &digest.to_hex()), text: to_text(&kept), digest }
}

/// The tools as they are kept.
pub(crate) fn tools(upstream: &str, principal: Option<&str>, tools: &[Listed]) -> Document {
    let tool = |listed: &Listed| KeptTool {
        name: listed.name.tool.clone(),
        class: listed.class.as_str().to_owned(),
        schema: listed.schema.as_ref().map(|schema| String::from_utf8_lossy(&lexical(schema)).into_owned()),
    };
    let kept = KeptTools {
        format: TOOLS.to_owned(),
        upstream: upstream.to_owned(),
        principal: principal.map(str::to_owned),
        tools: tools.iter().filter(|tool| tool.name.upstream == upstream).map(tool).collect(),
    };
    let text = to_text(&kept);
    let digest = digest_of_tools(&text);
    Document { mark: mark("tools", &digest.to_hex()), text, digest }
}

fn digest_of_tools(text: &str) -> Digest {
    Digest::of("lastlook/tools/v1", &[text.as_bytes()])
}

fn mark(what: &str, digest: &str) -> String {
    format!("{what}/{digest}")
}

fn to_text(kept: &impl Serialize) -> String {
    // INVARIANT(plain): strings and lists only, which always serialize.
    serde_json::to_string(kept).unwrap_or_default()
}

/// The commit that keeps what the store does not have yet; nothing when it has all of it.
pub(crate) fn keep<'a>(
    store: &dyn Store,
    documents: impl IntoIterator<Item = &'a Document>,
) -> Option<Commit> {
    let missing = documents.into_iter().filter(|document| !matches!(store.mark(&document.mark), Ok(Some(_))));
    let writes: Vec<Write> = missing
        .map(|document| Write::SetMark { name: document.mark.clone(), value: document.text.clone() })
        .collect();
    (!writes.is_empty()).then(|| Commit { writes, ..Commit::default() })
}

/// The configuration with this digest, and its policies, as they were kept.
///
/// # Errors
///
/// The state does not have it, or has something else under this name.
pub(crate) fn find_rules(store: &dyn Store, digest: &str) -> Result<(Config, Option<PoliciesRead>), NotKept> {
    let kept: KeptRules = find(store, "rules", digest, RULES, |kept: &KeptRules| &kept.format)?;
    let config = Config::parse(&kept.text, &kept.name).map_err(Box::new)?;
    let policies = match kept.policies {
        Some(text) => Some(config.take_policies(text, kept.entities).map_err(Box::new)?),
        None => None,
    };
    let found = policies.as_ref().map_or_else(|| config.digest(None, None), |read| read.digest);
    match found.to_hex() == digest {
        true => Ok((config, policies)),
        false => Err(NotKept::Damaged { what: "rules", digest: digest.to_owned() }),
    }
}

/// The tools of one upstream, as they were kept.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    pub(crate) upstream: String,
    pub(crate) principal: Option<String>,
    pub(crate) listed: Vec<Listed>,
}

/// The tools with this digest, as they were kept.
///
/// # Errors
///
/// The state does not have them, or has something else under this name.
pub(crate) fn find_tools(store: &dyn Store, digest: &str) -> Result<Tools, NotKept> {
    let damaged = || NotKept::Damaged { what: "tools", digest: digest.to_owned() };
    let kept: KeptTools = find(store, "tools", digest, TOOLS, |kept: &KeptTools| &kept.format)?;
    if digest_of_tools(&to_text(&kept)).to_hex() != digest {
        return Err(damaged());
    }
    let KeptTools { format: _, upstream, principal, tools } = kept;
    let listed = |tool: KeptTool| {
        let schema = tool.schema.map(|schema| parse(schema.as_bytes(), &Limits::default())).transpose();
        let class = [Class::Read, Class::Write, Class::Destructive]
            .into_iter()
            .find(|class| class.as_str() == tool.class);
        let name = ToolName::new(&upstream, &tool.name);
        Some(Listed::new(name, class?, schema.ok()?))
    };
    let listed = tools.into_iter().map(listed).collect::<Option<_>>().ok_or_else(damaged)?;
    Ok(Tools { upstream: upstream.clone(), principal, listed })
}

fn find<T: serde::de::DeserializeOwned>(
    store: &dyn Store,
    what: &'static str,
    digest: &str,
    format: &str,
    of: impl Fn(&T) -> &String,
) -> Result<T, NotKept> {
    let text = store.mark(&mark(what, digest))?;
    let text = text.ok_or_else(|| NotKept::Missing { what, digest: digest.to_owned() })?;
    match serde_json::from_str::<T>(&text) {
        Ok(kept) if of(&kept) == format => Ok(kept),
        _ => Err(NotKept::Damaged { what, digest: digest.to_owned() }),
    }
}

/// A rulebook of what was kept.
///
/// # Errors
///
/// The state does not have it, or has something else under this name.
pub(crate) fn rulebook(
    store: &dyn Store,
    digest: Option<&str>,
    tools: Option<&Tools>,
) -> Result<Rulebook, NotKept> {
    let exe = std::path::Path::new("");
    let Some(digest) = digest else { return Ok(Rulebook::empty(exe)) };
    let (mut config, policies) = find_rules(store, digest)?;
    if let Some(tools) = tools {
        config.principal.clone_from(&tools.principal);
    }
    Ok(Rulebook::of(&config, policies, exe))
}
