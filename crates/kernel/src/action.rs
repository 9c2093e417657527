//! What is wanted, immutable and digested.

#[cfg(test)]
mod tests;

use lastlook_canon::{Digest, Json, canonical};

/// Who acts, as the policy names them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal {
    /// The entity, for example `User::"ada"`.
    pub id: String,
    /// True when nothing but the operating system's user id, or configuration, vouches for it.
    pub asserted: bool,
}

/// A verb, its arguments and its author: one thing that is wanted, with one digest.
///
/// The digest covers upstream, tool, tool definition, principal and arguments in RFC 8785 form under a domain tag
/// (I4, I5); request ids and `_meta` stay outside, so that a retry in other words is the same action.
#[derive(Debug, Clone)]
pub struct Action {
    upstream: String,
    tool: String,
    definition: Option<Digest>,
    principal: Principal,
    arguments: Json,
    canonical_arguments: Vec<u8>,
    digest: Digest,
}

/// Why there is no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// Some number has no exact canonical form: where, as the beginning of a JSON Pointer. The number itself is a value,
    /// and stays out of what is recorded in the clear (I32).
    #[error("the number at `{0}` has no exact form")]
    Inexact(String),
    /// The arguments are neither absent nor an object.
    #[error("`arguments` is not an object")]
    NotAnObject,
}

/// Names of members may be as long as they like; no reason should be.
const LONGEST_PLACE: usize = 200;

fn beginning(pointer: &str) -> String {
    pointer.chars().take(LONGEST_PLACE).collect()
}

/// The domain tag of action digests.
const DOMAIN: &str = "lastlook/action/v1";

impl Action {
    /// Binds an action and computes its digest.
    ///
    /// Errors when `arguments` is not an object, or holds an integer beyond ±(2^53 − 1): two such integers may
    /// share canonical bytes (RFC 8785 §3.2.2.3), so that one decision would cover two actions.
    pub fn new(
        upstream: &str,
        tool: &str,
        definition: Option<Digest>,
        principal: Principal,
        arguments: Json,
    ) -> Result<Action, ActionError> {
        if arguments.as_object().is_none() {
            return Err(ActionError::NotAnObject);
        }
        let canonical_arguments =
            canonical(&arguments).map_err(|error| ActionError::Inexact(beginning(&error.pointer)))?;
        let definition_hex = definition.map(|digest| digest.to_hex()).unwrap_or_default();
        let digest = Digest::of(
            DOMAIN,
            &[
                upstream.as_bytes(),
                tool.as_bytes(),
                definition_hex.as_bytes(),
                principal.id.as_bytes(),
                &canonical_arguments,
            ],
        );
        Ok(Action {
            upstream: upstream.to_owned(),
            tool: tool.to_owned(),
            definition,
            principal,
            arguments,
            canonical_arguments,
            digest,
        })
    }

    /// Stands in for a call that is no action: its digest covers the raw `params`, under a tag of its own.
    ///
    /// It exists so that a refusal of such a call has something to be bound to. [`crate::Standing::unreadable`] says
    /// why; nothing but audit mode ever lets it run.
    pub fn unreadable(
        upstream: &str,
        tool: &str,
        definition: Option<Digest>,
        principal: Principal,
        params: &[u8],
    ) -> Action {
        Action {
            upstream: upstream.to_owned(),
            tool: tool.to_owned(),
            definition,
            principal,
            arguments: Json::Null,
            canonical_arguments: params.to_vec(),
            digest: Digest::of(
                "lastlook/unreadable-call/v1",
                &[upstream.as_bytes(), tool.as_bytes(), params],
            ),
        }
    }

    /// The same action under another digest, which must tell it from every other action as this one does: for arguments that
    /// nobody may find by trying digests of likely ones.
    #[must_use]
    pub fn with_digest(self, digest: Digest) -> Action {
        Action { digest, ..self }
    }

    /// The name of the upstream it goes to.
    pub fn upstream(&self) -> &str {
        &self.upstream
    }

    /// The tool's own name at that upstream.
    pub fn tool(&self) -> &str {
        &self.tool
    }

    /// The digest of the tool's definition it was decided on; `None` when the tool is not listed.
    pub fn definition(&self) -> Option<Digest> {
        self.definition
    }

    /// Who acts.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The arguments, parsed strictly.
    pub fn arguments(&self) -> &Json {
        &self.arguments
    }

    /// The arguments in RFC 8785 form; the raw `params` of a call that is no action.
    pub fn canonical_arguments(&self) -> &[u8] {
        &self.canonical_arguments
    }

    /// The action's digest.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}
