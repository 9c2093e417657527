//! Inclusion and consistency proofs, made from leaf hashes and checked without them.

use super::{Hash, Tree, empty_root, node_hash};

/// The root over these leaf hashes.
pub fn root_of(leaves: &[Hash]) -> Hash {
    Tree::from_leaf_hashes(leaves.iter().copied()).root()
}

/// The proof that leaf `index` is in the tree of the first `size` leaves: RFC 9162 §2.1.3.1, lowest sibling first.
///
/// Nothing when `index` is not below `size` or fewer than `size` leaves are given. Costs one hash per leaf.
pub fn inclusion_proof(leaves: &[Hash], index: u64, size: u64) -> Option<Vec<Hash>> {
    let mut rest = leaves.get(..usize::try_from(size).ok()?)?;
    let mut at = usize::try_from(index).ok().filter(|at| *at < rest.len())?;
    let mut path = Vec::new();
    while rest.len() > 1 {
        let (left, right) = rest.split_at_checked(split(rest.len()))?;
        if at < left.len() {
            path.push(root_of(right));
            rest = left;
        } else {
            path.push(root_of(left));
            at -= left.len();
            rest = right;
        }
    }
    path.reverse();
    Some(path)
}

/// How many hashes an inclusion proof for `index` in a tree of `size` leaves has, or nothing when there is no such leaf.
pub fn inclusion_proof_len(index: u64, size: u64) -> Option<usize> {
    let last = size.checked_sub(1).filter(|last| index <= *last)?;
    // Below the highest bit where the leaf and the last leaf part, every level has a sibling; above it, one per one bit.
    let inner = u64::BITS - (index ^ last).leading_zeros();
    Some((inner + index.checked_shr(inner).unwrap_or(0).count_ones()) as usize)
}

/// Whether `proof` shows that `leaf` is at `index` in the tree of `size` leaves under `root`: RFC 9162 §2.1.3.2.
///
/// Exact: a proof that is too short or too long shows nothing.
pub fn verify_inclusion(root: &Hash, size: u64, index: u64, leaf: &Hash, proof: &[Hash]) -> bool {
    if inclusion_proof_len(index, size) != Some(proof.len()) {
        return false;
    }
    let (mut at, mut last) = (index, size.saturating_sub(1));
    let mut node = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            node = node_hash(sibling, &node);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            node = node_hash(&node, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && node == *root
}

/// The proof that the tree of the first `new` leaves continues the tree of the first `old`: RFC 9162 §2.1.4.1.
///
/// Empty when `old` is 0 or equals `new`; nothing when `old` exceeds `new` or fewer than `new` leaves are given.
pub fn consistency_proof(leaves: &[Hash], old: u64, new: u64) -> Option<Vec<Hash>> {
    let mut rest = leaves.get(..usize::try_from(new).ok()?)?;
    let mut keep = usize::try_from(old).ok().filter(|keep| *keep <= rest.len())?;
    let mut path = Vec::new();
    if keep == 0 || keep == rest.len() {
        return Some(path);
    }
    // While the old tree is a whole left part, whoever checks knows its root already and it need not be sent.
    let mut known = true;
    while keep != rest.len() {
        let (left, right) = rest.split_at_checked(split(rest.len()))?;
        if keep <= left.len() {
            path.push(root_of(right));
            rest = left;
        } else {
            path.push(root_of(left));
            keep -= left.len();
            rest = right;
            known = false;
        }
    }
    if !known {
        path.push(root_of(rest));
    }
    path.reverse();
    Some(path)
}

/// Whether `proof` shows that the tree (`new`, `new_root`) continues the tree (`old`, `old_root`): RFC 9162 §2.1.4.2.
///
/// Every tree continues the empty one, with an empty proof.
pub fn verify_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty() && *old_root == empty_root();
    }
    if old > new {
        return false;
    }
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let mut path = proof.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(first) = first else { return false };
    let (mut old_node, mut new_node) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old_node = node_hash(sibling, &old_node);
            new_node = node_hash(sibling, &new_node);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            new_node = node_hash(&new_node, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && old_node == *old_root && new_node == *new_root
}

/// Where RFC 9162 parts a list of `len` > 1 leaves: the largest power of two below `len`.
fn split(len: usize) -> usize {
    len.div_ceil(2).next_power_of_two()
}
