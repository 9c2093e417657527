//! The hash tree of a log: RFC 9162 §2.1, SHA-256.
//!
//! [`Tree`] is what a writer keeps: the right-hand edge of the tree, at most 64 hashes, enough to append and to give the root.
//! Proofs are made from the leaf hashes and checked without them.

mod proof;
#[cfg(test)]
mod tests;

use sha2::{Digest as _, Sha256};
use std::fmt;

pub use proof::{
    consistency_proof, inclusion_proof, inclusion_proof_len, root_of, verify_consistency, verify_inclusion,
};

/// A 32-byte SHA-256 hash of a leaf, of a node or of a whole tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Hash(bytes)
    }

    /// The hash with these bytes, when there are exactly 32 of them (for instance, a database column).
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Hash)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The hash of a leaf that holds `data`: SHA-256(0x00 ‖ data), RFC 9162 §2.1.1.
///
/// The leaf of a *ledger entry* holds its DSSE pre-authentication encoding, not the bare payload: use
/// [`crate::leaf_of_payload`] for those.
pub fn leaf_hash(data: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0x00]).chain_update(data).finalize().into())
}

/// The hash of a node above two others: SHA-256(0x01 ‖ left ‖ right), RFC 9162 §2.1.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([0x01]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The root of a tree without leaves: SHA-256 of nothing, RFC 9162 §2.1.1.
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// An append-only tree that remembers only its frontier: the roots of its complete subtrees, largest first.
///
/// Appending and the root cost O(log n) time at worst and the memory is at most 64 hashes, whatever the size. Cloning is cheap:
/// a writer appends to a clone, and keeps it once the flush succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tree {
    size: u64,
    frontier: Vec<Hash>,
}

impl Tree {
    /// A tree without leaves.
    pub fn new() -> Self {
        Tree::default()
    }

    /// The tree over these leaf hashes, in order.
    pub fn from_leaf_hashes(leaves: impl IntoIterator<Item = Hash>) -> Self {
        let mut tree = Tree::new();
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        tree
    }

    /// The tree of `size` leaves with this [`frontier`](Tree::frontier), or nothing when their numbers do not fit together.
    ///
    /// The hashes are believed: compare [`root`](Tree::root) with a signed checkpoint afterwards.
    pub fn from_frontier(size: u64, frontier: &[Hash]) -> Option<Self> {
        (frontier.len() == size.count_ones() as usize).then(|| Tree { size, frontier: frontier.to_vec() })
    }

    /// Appends one leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        // Each trailing one bit of the size is a complete subtree as large as the one just built.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.frontier.pop() else { break };
            node = node_hash(&left, &node);
        }
        self.frontier.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The Merkle tree hash over all leaves, RFC 9162 §2.1.1.
    pub fn root(&self) -> Hash {
        let mut nodes = self.frontier.iter().rev().copied();
        match nodes.next() {
            None => empty_root(),
            Some(last) => nodes.fold(last, |right, left| node_hash(&left, &right)),
        }
    }

    /// The roots of the complete subtrees, largest first: one for each one bit of the size.
    pub fn frontier(&self) -> &[Hash] {
        &self.frontier
    }
}
