use super::*;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;
use tlog_tiles::tlog;

const SIZES: u64 = 70;
/// Up to this size every leaf is proven, up to that one some are, at every size.
const ALL: u64 = 200;
const EVERY: u64 = 1000;

fn data(count: u64) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("entry {n}").into_bytes()).collect()
}

fn leaves(count: u64) -> Vec<Hash> {
    data(count).iter().map(|data| leaf_hash(data)).collect()
}

fn flat(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

fn theirs(hash: &Hash) -> tlog::Hash {
    tlog::Hash(*hash.as_bytes())
}

#[test]
fn the_empty_tree_has_the_hash_of_nothing() {
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(Tree::new().root().to_hex(), hex);
    assert_eq!(theirs(&empty_root()), tlog::EMPTY_HASH);
}

#[test]
fn roots_and_inclusion_proofs_are_those_of_the_oracles() {
    let all = leaves(EVERY);
    let mut theirs_tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for (size, data) in (1..).zip(data(EVERY)) {
        theirs_tree.push(data);
        let root = root_of(&all[..size as usize]);
        assert_eq!(root.as_bytes(), &theirs_tree.root().as_bytes()[..], "root of {size}");
        // All of them while they are few; then the ends, every power of two, and every 97th.
        let chosen = |index: &u64| {
            size <= ALL || index.is_multiple_of(97) || *index + 2 > size || index.is_power_of_two()
        };
        for index in (0..size).filter(chosen) {
            let proof = inclusion_proof(&all, index, size).unwrap();
            let expected = theirs_tree.prove_inclusion(index as usize);
            assert_eq!(flat(&proof), expected.as_bytes(), "{index} of {size}");
            assert_eq!(Some(proof.len()), inclusion_proof_len(index, size));
            let leaf = &all[index as usize];
            assert!(verify_inclusion(&root, size, index, leaf, &proof));
            let proof = proof.iter().map(theirs).collect();
            tlog::check_record(&proof, size, theirs(&root), index, theirs(leaf)).unwrap();
        }
    }
}

#[test]
fn consistency_proofs_are_those_of_the_oracles() {
    let all = leaves(EVERY);
    let roots: Vec<_> = (0..=EVERY).map(|size| root_of(&all[..size as usize])).collect();
    let mut theirs_tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for (new, data) in (1..).zip(data(EVERY)) {
        theirs_tree.push(data);
        let chosen = |old: &u64| {
            new <= SIZES
                || (new.is_multiple_of(7) && old.is_multiple_of(61))
                || *old + 2 > new
                || old.is_power_of_two()
        };
        for old in (1..=new).filter(chosen) {
            let [old_root, new_root] = [old, new].map(|size| roots[size as usize]);
            let proof = consistency_proof(&all, old, new).unwrap();
            assert!(verify_consistency(old, &old_root, new, &new_root, &proof), "{old} to {new}");
            if old < new {
                let expected = theirs_tree.prove_consistency((new - old) as usize);
                assert_eq!(flat(&proof), expected.as_bytes(), "{old} to {new}");
            }
            let proof = proof.iter().map(theirs).collect();
            tlog::check_tree(&proof, new, theirs(&new_root), old, theirs(&old_root)).unwrap();
        }
    }
}

/// Roots and proofs just before, at and just after each power of two, up to 2^20 leaves.
#[test]
fn large_trees_are_those_of_the_oracle() {
    const LARGEST: u64 = (1 << 20) + 1;
    let mut theirs_tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let (mut tree, mut all, mut before) = (Tree::new(), Vec::new(), (0, empty_root()));
    for number in 0..LARGEST {
        let data = number.to_be_bytes().to_vec();
        let leaf = leaf_hash(&data);
        tree.push(leaf);
        all.push(leaf);
        theirs_tree.push(data);
        let size = number + 1;
        if size < 256 || ![size - 1, size, size + 1].into_iter().any(u64::is_power_of_two) {
            continue;
        }
        let root = tree.root();
        assert_eq!(root.as_bytes(), &theirs_tree.root().as_bytes()[..], "root of {size}");
        for index in [0, size / 3, size - 1] {
            // Ours is made from all leaves and costs as much as the tree; theirs is taken from what they keep.
            let proof: Vec<Hash> = hashes(theirs_tree.prove_inclusion(index as usize).as_bytes());
            assert_eq!(Some(proof.len()), inclusion_proof_len(index, size));
            assert!(verify_inclusion(&root, size, index, &all[index as usize], &proof), "{index} of {size}");
            assert!(!verify_inclusion(&root, size, index ^ 1, &all[index as usize], &proof));
        }
        if size < 1 << 17 || size.is_power_of_two() {
            let proof = inclusion_proof(&all, size / 3, size).unwrap();
            assert_eq!(flat(&proof), theirs_tree.prove_inclusion((size / 3) as usize).as_bytes());
        }
        let (old, old_root) = before;
        if old > 0 {
            let proof = hashes(theirs_tree.prove_consistency((size - old) as usize).as_bytes());
            assert!(verify_consistency(old, &old_root, size, &root, &proof), "{old} to {size}");
            assert!(!verify_consistency(old - 1, &old_root, size, &root, &proof));
        }
        before = (size, root);
    }
    assert_eq!(before.0, LARGEST);
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.chunks(32).map(|hash| Hash::from_slice(hash).unwrap()).collect()
}

#[test]
fn every_tree_continues_the_empty_one() {
    let all = leaves(5);
    assert_eq!(consistency_proof(&all, 0, 5), Some(vec![]));
    assert!(verify_consistency(0, &empty_root(), 5, &root_of(&all), &[]));
    assert!(!verify_consistency(0, &all[0], 5, &root_of(&all), &[]));
    assert!(!verify_consistency(0, &empty_root(), 5, &root_of(&all), &all[..1]));
    assert!(!verify_consistency(5, &root_of(&all), 0, &empty_root(), &[]));
}

#[test]
fn there_is_no_proof_of_what_is_not_there() {
    let all = leaves(5);
    assert_eq!(inclusion_proof(&all, 5, 5), None);
    assert_eq!(inclusion_proof(&all, 0, 6), None);
    assert_eq!(inclusion_proof(&all, 0, 0), None);
    assert_eq!(consistency_proof(&all, 4, 3), None);
    assert_eq!(consistency_proof(&all, 3, 6), None);
    assert_eq!(inclusion_proof_len(u64::MAX, u64::MAX), None);
    assert!(!verify_inclusion(&all[0], 0, 0, &all[0], &[]));
}

#[test]
fn the_frontier_brings_a_tree_back() {
    for size in 0..SIZES {
        let tree = Tree::from_leaf_hashes(leaves(size));
        let mut again = Tree::from_frontier(size, tree.frontier()).unwrap();
        assert_eq!(again, tree);
        again.push(leaf_hash(b"next"));
        let mut all = leaves(size);
        all.push(leaf_hash(b"next"));
        assert_eq!((again.root(), again.size()), (root_of(&all), size + 1));
    }
    assert_eq!(Tree::from_frontier(3, &leaves(1)), None);
}

proptest! {
    #[test]
    fn a_proof_fits_one_leaf_one_place_one_size_and_one_root(
        size in 1u64..200, index in 0u64..200, other in 0u64..200, claimed in 0u64..400, cut in 0usize..9, bit in 0usize..256,
    ) {
        let all = leaves(size);
        let index = index % size;
        let (root, leaf) = (root_of(&all), all[index as usize]);
        let proof = inclusion_proof(&all, index, size).unwrap();
        if other != index {
            prop_assert!(!verify_inclusion(&root, size, other, &leaf, &proof));
            let another = leaf_hash(format!("entry {other}").as_bytes());
            prop_assert!(!verify_inclusion(&root, size, index, &another, &proof));
        }
        if cut < proof.len() {
            prop_assert!(!verify_inclusion(&root, size, index, &leaf, &proof[..cut]));
        }
        let longer = [proof.clone(), vec![root]].concat();
        prop_assert!(!verify_inclusion(&root, size, index, &leaf, &longer));
        let mut flipped = *root.as_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify_inclusion(&Hash::from_bytes(flipped), size, index, &leaf, &proof));
        // Another size may share the path; then the root is what tells them apart, and the checkpoint signs both.
        let _ = verify_inclusion(&root, claimed, index, &leaf, &proof);
    }

    #[test]
    fn a_rewritten_history_is_not_consistent(new in 2u64..120, old in 1u64..120, edited in 0u64..120) {
        let old = old % new;
        prop_assume!(old > 0);
        let all = leaves(new);
        let mut rewritten = all.clone();
        rewritten[(edited % old) as usize] = leaf_hash(b"edited");
        let proof = consistency_proof(&rewritten, old, new).unwrap();
        let old_root = root_of(&all[..old as usize]);
        prop_assert!(!verify_consistency(old, &old_root, new, &root_of(&rewritten), &proof));
    }

    #[test]
    fn checking_never_panics(
        old: u64, new: u64, proof in prop::collection::vec(any::<[u8; 32]>(), 0..70), root: [u8; 32],
    ) {
        let proof: Vec<_> = proof.into_iter().map(Hash::from_bytes).collect();
        let root = Hash::from_bytes(root);
        prop_assert!(!verify_inclusion(&root, new, old, &root, &proof) || proof.is_empty());
        let _ = verify_consistency(old, &root, new, &root, &proof);
    }
}
