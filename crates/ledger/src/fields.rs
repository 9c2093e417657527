//! Single fields of the values an entry commits to: each is committed to by itself, and one hash in the entry covers all.
//!
//! `spec/entry.md`, "Fields", is the normative text. A field is disclosed with its own salt and a proof; nothing is told of the
//! others but how many there are.

#[cfg(test)]
mod tests;

use crate::commit::{Commitment, Salt};
use crate::tree::{Hash, inclusion_proof, leaf_hash, root_of, verify_inclusion};
use lastlook_canon::{Digest, Json, lexical};
use serde_json::{Value, json};

/// Domain of a field's leaf.
const FIELD_DOMAIN: &str = "lastlook/field/v1";

/// The fields of one entry's values: their labels and commitments, in the order of the labels, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, Commitment)>);

/// What an entry says of its fields: how many there are, and the root over them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldsHead {
    /// How many.
    pub size: u64,
    /// The root of the tree over their leaves.
    pub root: Hash,
}

/// Where a field stands among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProof {
    /// Its place, from 0.
    pub index: u64,
    /// The inclusion proof, lowest sibling first.
    pub proof: Vec<Hash>,
}

impl Fields {
    /// Adds the fields of the value committed to at `label`: its scalars, empty arrays and empty objects, by their pointer.
    ///
    /// `sealed` holds the pointers of what is not in the value any more but by its own commitment, which stands there in its
    /// place: each is one field, whatever it was.
    pub fn add(&mut self, seed: &[u8; 32], label: &str, value: &Json, sealed: &[String]) {
        let mut walk = Walk { seed, sealed, fields: &mut self.0 };
        walk.go(label.len(), &mut label.to_owned(), value);
    }

    /// Sorts the fields by their labels; what was added twice counts once.
    #[must_use]
    pub fn sorted(mut self) -> Fields {
        self.0.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.0.dedup_by(|(a, _), (b, _)| a == b);
        self
    }

    /// Their labels, in order.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(label, _)| label.as_str())
    }

    /// What an entry says of them; nothing when there are none.
    pub fn head(&self) -> Option<FieldsHead> {
        let size = u64::try_from(self.0.len()).ok().filter(|size| *size > 0)?;
        Some(FieldsHead { size, root: root_of(&self.leaves()) })
    }

    /// The commitment to one field and its place among the others.
    pub fn prove(&self, label: &str) -> Option<(Commitment, FieldProof)> {
        let at = self.0.binary_search_by(|(name, _)| name.as_str().cmp(label)).ok()?;
        let (_, commitment) = self.0.get(at)?;
        let index = u64::try_from(at).ok()?;
        let proof = inclusion_proof(&self.leaves(), index, u64::try_from(self.0.len()).ok()?)?;
        Some((*commitment, FieldProof { index, proof }))
    }

    fn leaves(&self) -> Vec<Hash> {
        self.0.iter().map(|(label, commitment)| leaf(label, commitment)).collect()
    }
}

impl FieldsHead {
    /// As it stands in an entry: `{"root":"HEX","size":N}`.
    pub fn to_json(&self) -> Value {
        json!({"root": self.root.to_hex(), "size": self.size})
    }

    /// Reads what [`to_json`](FieldsHead::to_json) wrote.
    pub fn from_json(value: &Value) -> Option<FieldsHead> {
        let root = Digest::from_hex(value.get("root")?.as_str()?)?;
        Some(FieldsHead { size: value.get("size")?.as_u64()?, root: Hash::from_slice(root.as_bytes())? })
    }

    /// Whether a field with this label, salt and value is among them.
    pub fn has(&self, label: &str, salt: &Salt, value: &[u8], proof: &FieldProof) -> bool {
        let leaf = leaf(label, &Commitment::of(salt, value));
        verify_inclusion(&self.root, self.size, proof.index, &leaf, &proof.proof)
    }
}

fn leaf(label: &str, commitment: &Commitment) -> Hash {
    leaf_hash(Digest::of(FIELD_DOMAIN, &[label.as_bytes(), commitment.as_bytes()]).as_bytes())
}

/// One step of a JSON Pointer (RFC 6901).
pub fn pointer_step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

struct Walk<'a> {
    seed: &'a [u8; 32],
    sealed: &'a [String],
    fields: &'a mut Vec<(String, Commitment)>,
}

impl Walk<'_> {
    /// `label` ends with the pointer of this value, which begins at `from`.
    fn go(&mut self, from: usize, label: &mut String, value: &Json) {
        let pointer = label.get(from..).unwrap_or_default();
        if self.sealed.iter().any(|sealed| sealed == pointer)
            && let Some(commitment) = Commitment::from_canon(value)
        {
            self.fields.push((label.clone(), commitment));
            return;
        }
        let until = label.len();
        match value {
            Json::Object(members) if !members.is_empty() => {
                for (name, inner) in members {
                    label.push_str(&pointer_step(name));
                    self.go(from, label, inner);
                    label.truncate(until);
                }
            }
            Json::Array(items) if !items.is_empty() => {
                for (index, inner) in items.iter().enumerate() {
                    label.push_str(&format!("/{index}"));
                    self.go(from, label, inner);
                    label.truncate(until);
                }
            }
            _ => {
                let salt = Salt::derive(self.seed, label);
                self.fields.push((label.clone(), Commitment::of(&salt, &lexical(value))));
            }
        }
    }
}
