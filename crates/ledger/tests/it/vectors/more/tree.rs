//! Proofs that do not hold: each hash, place, size and root changed.

use lastlook_ledger::Hash;
use lastlook_ledger::tree::{
    consistency_proof, empty_root, inclusion_proof, leaf_hash, root_of, verify_consistency, verify_inclusion,
};
use serde_json::{Value, json};

type Case<P> = (String, P);

#[derive(Clone)]
struct Inclusion {
    index: u64,
    size: u64,
    leaf: Hash,
    proof: Vec<Hash>,
    root: Hash,
}

#[derive(Clone)]
struct Consistency {
    old: u64,
    new: u64,
    old_root: Hash,
    new_root: Hash,
    proof: Vec<Hash>,
}

fn hexes(proof: &[Hash]) -> Vec<String> {
    proof.iter().map(Hash::to_hex).collect()
}

/// What can be done to a list of hashes.
fn proofs(proof: &[Hash]) -> Vec<Case<Vec<Hash>>> {
    let mut all = Vec::new();
    for at in 0..proof.len() {
        let [mut flipped, mut missing, mut doubled, mut moved] = [(); 4].map(|()| proof.to_vec());
        let mut bytes = *flipped[at].as_bytes();
        bytes[(at * 7) % 32] ^= 1 << (at % 8);
        flipped[at] = Hash::from_bytes(bytes);
        missing.remove(at);
        doubled.insert(at, proof[at]);
        all.push((format!("a bit of hash {at}"), flipped));
        all.push((format!("hash {at} is missing"), missing));
        all.push((format!("hash {at} stands twice"), doubled));
        if at + 1 < proof.len() {
            moved.swap(at, at + 1);
            all.push((format!("hashes {at} and {} have changed places", at + 1), moved));
        }
    }
    all.push(("a hash before it".to_owned(), [&[leaf_hash(b"x")], proof].concat()));
    all.push(("65 hashes".to_owned(), vec![leaf_hash(b"x"); 65]));
    all
}

/// Adds proofs that do not hold to those of the file.
pub fn tree(mut file: Value) -> Value {
    let data: Vec<_> = (0..12).map(|n| if n == 0 { String::new() } else { format!("leaf {n}") }).collect();
    let leaves: Vec<Hash> = data.iter().map(|data| leaf_hash(data.as_bytes())).collect();
    let inclusion = |index: u64, size: u64| Inclusion {
        index,
        size,
        leaf: leaves[index as usize],
        proof: inclusion_proof(&leaves, index, size).unwrap(),
        root: root_of(&leaves[..size as usize]),
    };
    let consistency = |old: u64, new: u64| Consistency {
        old,
        new,
        old_root: root_of(&leaves[..old as usize]),
        new_root: root_of(&leaves[..new as usize]),
        proof: consistency_proof(&leaves, old, new).unwrap(),
    };
    let inclusions = inclusions(&inclusion(5, 11), &inclusion);
    let consistencies = consistencies(&consistency(6, 11), &consistency);
    file["inclusion"].as_array_mut().unwrap().extend(inclusions.into_iter().map(|(name, it)| {
        assert!(!verify_inclusion(&it.root, it.size, it.index, &it.leaf, &it.proof), "{name}");
        json!({
            "name": name, "good": false, "index": it.index, "size": it.size, "leaf": it.leaf.to_hex(),
            "root": it.root.to_hex(), "proof": hexes(&it.proof),
        })
    }));
    file["consistency"].as_array_mut().unwrap().extend(consistencies.into_iter().map(|(name, it)| {
        assert!(!verify_consistency(it.old, &it.old_root, it.new, &it.new_root, &it.proof), "{name}");
        json!({
            "name": name, "good": false, "old_size": it.old, "new_size": it.new,
            "old_root": it.old_root.to_hex(), "new_root": it.new_root.to_hex(), "proof": hexes(&it.proof),
        })
    }));
    file
}

fn inclusions(sound: &Inclusion, of: &dyn Fn(u64, u64) -> Inclusion) -> Vec<Case<Inclusion>> {
    let mut cases: Vec<_> = proofs(&sound.proof)
        .into_iter()
        .map(|(name, proof)| (format!("5 of 11: {name}"), Inclusion { proof, ..sound.clone() }))
        .collect();
    for index in (0..11).filter(|index| *index != 5).chain([11, 1 << 32, (1 << 53) - 1]) {
        cases.push((format!("5 of 11, said to be at {index}"), Inclusion { index, ..sound.clone() }));
    }
    for size in [0, 1, 5, 6, 7, 8, 17, 1 << 32, (1 << 53) - 1] {
        cases.push((format!("5 of 11, said to be of {size}"), Inclusion { size, ..sound.clone() }));
    }
    for index in (0..11).filter(|index| *index != 5) {
        let proof = of(index, 11).proof;
        cases.push((format!("5 of 11 by the proof of {index}"), Inclusion { proof, ..sound.clone() }));
    }
    cases.push((
        "5 of 11 under the root of 12".to_owned(),
        Inclusion { root: of(5, 12).root, ..sound.clone() },
    ));
    cases
        .push(("5 of 11 under the empty root".to_owned(), Inclusion { root: empty_root(), ..sound.clone() }));
    let root_for_leaf = Inclusion { leaf: sound.root, proof: vec![], ..of(0, 2) };
    cases.push((
        "the root for a leaf, without a proof".to_owned(),
        Inclusion { root: sound.root, ..root_for_leaf },
    ));
    cases
}

fn consistencies(sound: &Consistency, of: &dyn Fn(u64, u64) -> Consistency) -> Vec<Case<Consistency>> {
    let mut cases: Vec<_> = proofs(&sound.proof)
        .into_iter()
        .map(|(name, proof)| (format!("6 to 11: {name}"), Consistency { proof, ..sound.clone() }))
        .collect();
    for old in [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, (1 << 53) - 1] {
        cases.push((format!("6 to 11, said to be from {old}"), Consistency { old, ..sound.clone() }));
    }
    for new in [0, 5, 6, 7, 8, 17, 33, (1 << 53) - 1] {
        cases.push((format!("6 to 11, said to be to {new}"), Consistency { new, ..sound.clone() }));
    }
    for (old, new) in [(5, 11), (7, 11), (6, 10), (6, 12), (4, 8), (1, 2)] {
        let proof = of(old, new).proof;
        cases.push((
            format!("6 to 11 by the proof from {old} to {new}"),
            Consistency { proof, ..sound.clone() },
        ));
    }
    let swapped = Consistency { old_root: sound.new_root, new_root: sound.old_root, ..sound.clone() };
    cases.push(("6 to 11, the roots exchanged".to_owned(), swapped));
    for (name, old) in
        [("the old root is the new one", sound.new_root), ("the old root is the empty one", empty_root())]
    {
        cases.push((format!("6 to 11, {name}"), Consistency { old_root: old, ..sound.clone() }));
    }
    let power = of(4, 7);
    cases.push((
        "4 to 7, with the old root sent along".to_owned(),
        Consistency { proof: [&[power.old_root], &power.proof[..]].concat(), ..power.clone() },
    ));
    cases.push(("4 to 7, without a proof".to_owned(), Consistency { proof: vec![], ..power }));
    let (same, none) = (of(5, 5), of(0, 5));
    cases.push(("5 to 5, with a proof".to_owned(), Consistency { proof: vec![same.old_root], ..same }));
    cases.push((
        "0 to 5, with a proof".to_owned(),
        Consistency { proof: vec![none.new_root], ..none.clone() },
    ));
    cases.push((
        "0 to 5 from another root".to_owned(),
        Consistency { old_root: none.new_root, ..none.clone() },
    ));
    cases.push(("0 to 0, two roots".to_owned(), Consistency { new: 0, ..none }));
    cases
}
