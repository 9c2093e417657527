use super::*;
use crate::key::{KeyError, SigningKey};
use crate::tree::{Hash, consistency_proof, leaf_hash, root_of};
use base64::{Engine as _, engine::general_purpose::STANDARD};

const STATE: &str = "lastlook/3f9a2c";

fn log() -> SigningKey {
    SigningKey::from_seed(STATE, &[1; 32]).unwrap()
}

fn witness(n: u8) -> CosigningKey {
    CosigningKey::from_seed(&format!("witness.example/w{n}"), &[100 + n; 32]).unwrap()
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

fn note(leaves: &[Hash]) -> String {
    let origin = format!("{STATE}/1");
    log().sign_checkpoint(&Checkpoint { origin, size: leaves.len() as u64, root: root_of(leaves) }).unwrap()
}

fn add(all: &[Hash], old: usize, new: usize) -> AddCheckpoint {
    let proof = consistency_proof(all, old as u64, new as u64).unwrap();
    AddCheckpoint { old: old as u64, proof, note: note(&all[..new]) }
}

fn seen(leaves: &[Hash]) -> Checkpoint {
    Checkpoint { origin: format!("{STATE}/1"), size: leaves.len() as u64, root: root_of(leaves) }
}

/// The example of c2sp.org/tlog-cosignature; the key that made it is not published, so only its id can be compared.
#[test]
fn keys_are_those_of_c2sp() {
    let key = witness(1).verifier();
    let spelt = key.to_string();
    assert_eq!(spelt.parse(), Ok(key.clone()));
    let blob = STANDARD.decode(spelt.splitn(3, '+').last().unwrap()).unwrap();
    assert_eq!((blob[0], &blob[1..]), (4, &key.public_bytes()[..]));
    // One key is two things under two types, and neither stands for the other.
    let as_log = SigningKey::from_seed(key.name(), &[101; 32]).unwrap().verifier();
    assert_eq!(as_log.public_bytes(), key.public_bytes());
    assert_ne!(as_log.id(), key.id());
    assert_eq!(as_log.to_string().parse::<WitnessKey>().map_err(|it| it.code()), Err("key-type"));
    assert_eq!(spelt.parse::<crate::VerifierKey>(), Err(KeyError::Type(key.name().to_owned())));
}

#[test]
fn a_file_of_witnesses_is_read_as_one_of_keys_is() {
    let [one, two] = [1, 2].map(|n| witness(n).verifier());
    let file = format!("# pinned in May\n{one}\n\n{two}\n");
    assert_eq!(parse_witnesses(file.as_bytes()), Ok(vec![one, two]));
    assert_eq!(parse_witnesses(b"").unwrap_err().code(), "key-file");
}

#[test]
fn a_cosigning_key_is_not_shown() {
    assert_eq!(format!("{:?}", witness(1)), "CosigningKey(witness.example/w1, …)");
}

#[test]
fn a_quorum_is_of_different_keys_and_holds() {
    let keys = [log().verifier()];
    let note = note(&leaves(3));
    let [one, two, three] = [1, 2, 3].map(witness);
    let both = format!("{note}{}{}", one.cosign(&note, 7).unwrap(), two.cosign(&note, 9).unwrap());
    let all = vec![one.verifier(), two.verifier(), three.verifier()];
    let of = |quorum| Witnesses::new(all.clone(), quorum).unwrap();
    assert_eq!((of(2).quorum(), of(2).many(), of(2).keys()), (2, 3, &all[..]));
    assert_eq!((Witnesses::none().quorum(), Witnesses::none().many()), (0, 0));
    let (_, found) = open_witnessed(&both, &keys, &of(2)).unwrap();
    assert_eq!(
        found.iter().map(|it| (it.witness.as_str(), it.time_s)).collect::<Vec<_>>(),
        [("witness.example/w1", 7), ("witness.example/w2", 9)]
    );
    let code = |note: &str, witnesses: &Witnesses| {
        open_witnessed(note, &keys, witnesses).map(|it| it.1.len()).map_err(|error| error.code())
    };
    assert_eq!(code(&both, &of(3)), Err("checkpoint-not-witnessed"));
    assert_eq!(code(&note, &of(1)), Err("checkpoint-not-witnessed"));
    assert_eq!(code(&note, &Witnesses::none()), Ok(0));
    // One key under two names, or one witness twice, is one.
    let alias = CosigningKey::from_seed("witness.example/alias", &[101; 32]).unwrap();
    let twice = format!(
        "{note}{}{}{}",
        one.cosign(&note, 7).unwrap(),
        alias.cosign(&note, 8).unwrap(),
        one.cosign(&note, 6).unwrap()
    );
    let with_alias = vec![one.verifier(), alias.verifier(), two.verifier()];
    assert_eq!(Witnesses::new(with_alias.clone(), 3), None);
    let two_of = Witnesses::new(with_alias, 2).unwrap();
    assert_eq!(code(&twice, &two_of), Err("checkpoint-not-witnessed"));
    // The log's own key is no second party.
    let own = CosigningKey::from_seed("witness.example/own", &[1; 32]).unwrap();
    let self_made = format!("{note}{}", own.cosign(&note, 7).unwrap());
    let its_own = Witnesses::new(vec![own.verifier()], 1).unwrap();
    assert_eq!(code(&self_made, &its_own), Err("checkpoint-not-witnessed"));
    assert_eq!(Witnesses::new(vec![], 1), None);
    assert_eq!(Witnesses::new(all.clone(), 0), None);
}

#[test]
fn a_cosignature_is_of_one_text_one_time_and_one_witness() {
    let keys = [log().verifier()];
    let (short, long) = (note(&leaves(3)), note(&leaves(4)));
    let line = witness(1).cosign(&short, 7).unwrap();
    let one = Witnesses::new(vec![witness(1).verifier()], 1).unwrap();
    let code = |note: String| open_witnessed(&note, &keys, &one).map(drop).map_err(|error| error.code());
    assert_eq!(code(format!("{short}{line}")), Ok(()));
    assert_eq!(code(format!("{long}{line}")), Err("checkpoint-bad-cosignature"));
    let (head, spelt) = line.trim_end().rsplit_once(' ').unwrap();
    let blob = STANDARD.decode(spelt).unwrap();
    let with = |blob: &[u8]| format!("{short}{head} {}\n", STANDARD.encode(blob));
    for at in 4..blob.len() {
        let mut flipped = blob.clone();
        flipped[at] ^= 1;
        assert_eq!(code(with(&flipped)), Err("checkpoint-bad-cosignature"), "byte {at}");
    }
    assert_eq!(code(with(&blob[..75])), Err("checkpoint-bad-cosignature"));
    assert_eq!(code(with(&[&blob[..], &[0]].concat())), Err("checkpoint-bad-cosignature"));
    // Under another name or id it is a stranger's, and passed over.
    assert_eq!(code(format!("{short}{}", line.replace("w1", "w9"))), Err("checkpoint-not-witnessed"));
}

#[test]
fn requests_are_read_as_they_are_written() {
    let all = leaves(11);
    for (old, new) in [(0, 0), (0, 7), (3, 7), (7, 7), (8, 11)] {
        let request = add(&all, old, new);
        assert_eq!(AddCheckpoint::parse(request.to_body().as_bytes()), Ok(request));
    }
    let malformed = |body: &str| AddCheckpoint::parse(body.as_bytes()).map_err(|error| error.status());
    let note = note(&all);
    for body in [
        "",
        "old 3",
        "old 03\n\nx",
        "old -1\n\nx",
        "old 18446744073709551616\n\nx",
        "new 3\n\nx",
        "old 3\nAAAA\n\nx",
        "old 3\n",
        &format!("old 3\r\n\r\n{note}"),
        &format!("old 3\n{}\n{note}", "FmOFZ4SnDd6qUU4hUo5vSQmZqO2TMZ8jzN8wVq2pGbs=\n".repeat(64)),
    ] {
        assert_eq!(malformed(body), Err(400), "{body:.40}");
    }
}

#[test]
fn a_request_may_be_as_large_as_the_limit_and_no_larger() {
    let of_size = |size: usize| {
        let head = format!("old 3\n{}\n", "FmOFZ4SnDd6qUU4hUo5vSQmZqO2TMZ8jzN8wVq2pGbs=\n".repeat(63));
        format!("{head}{}", "x".repeat(size - head.len()))
    };
    // A note of 256 KiB, 63 lines of 45 bytes, and 64 bytes for the rest.
    let largest = of_size(262_144 + 63 * 45 + 64);
    assert_eq!(AddCheckpoint::parse(largest.as_bytes()).map(|request| request.proof.len()), Ok(63));
    let over = format!("{largest}x");
    assert_eq!(AddCheckpoint::parse(over.as_bytes()).map_err(|error| error.status()), Err(400));
}

#[test]
fn a_witness_cosigns_what_continues_what_it_saw() {
    let keys = [log().verifier()];
    let all = leaves(11);
    let judge = |request: &AddCheckpoint, before: Option<&Checkpoint>| {
        request.judge(&keys, before).map(|it| it.size).map_err(|refusal| refusal.status())
    };
    assert_eq!(judge(&add(&all, 0, 5), None), Ok(5));
    assert_eq!(judge(&add(&all, 0, 0), None), Ok(0));
    let five = seen(&all[..5]);
    assert_eq!(judge(&add(&all, 5, 11), Some(&five)), Ok(11));
    // The same again, with a new time.
    assert_eq!(judge(&add(&all, 5, 5), Some(&five)), Ok(5));
    // What it last saw is something else than the log thinks.
    assert_eq!(judge(&add(&all, 0, 11), Some(&five)), Err(409));
    assert_eq!(judge(&add(&all, 4, 11), Some(&five)), Err(409));
    assert_eq!(judge(&add(&all, 5, 11), None), Err(409));
    // Cut short, under whatever old size.
    assert_eq!(judge(&add(&all, 3, 3), Some(&five)), Err(409));
    assert_eq!(judge(&AddCheckpoint { old: 5, ..add(&all, 0, 3) }, Some(&five)), Err(400));
    // Rewritten: the same size, and longer.
    let mut other = all.clone();
    other[2] = leaf_hash(b"edited");
    assert_eq!(judge(&add(&other, 5, 5), Some(&five)), Err(409));
    assert_eq!(judge(&add(&other, 5, 11), Some(&five)), Err(422));
    let grafted = AddCheckpoint { proof: add(&all, 5, 11).proof, ..add(&other, 5, 11) };
    assert_eq!(judge(&grafted, Some(&five)), Err(422));
    let padded = AddCheckpoint { proof: vec![all[0]], ..add(&all, 0, 5) };
    assert_eq!(judge(&padded, None), Err(422));
}

#[test]
fn a_witness_knows_its_logs() {
    let all = leaves(3);
    let request = add(&all, 0, 3);
    let stranger = SigningKey::from_seed("lastlook/other", &[9; 32]).unwrap();
    let impostor = SigningKey::from_seed(STATE, &[9; 32]).unwrap();
    let judge = |request: &AddCheckpoint, key: &SigningKey| {
        request.judge(&[key.verifier()], None).map(drop).map_err(|refusal| refusal.status())
    };
    assert_eq!(judge(&request, &log()), Ok(()));
    assert_eq!(judge(&request, &stranger), Err(404));
    assert_eq!(judge(&request, &impostor), Err(403));
    let unsigned = request.note.rsplit_once("\n\n").unwrap().0.to_owned() + "\n\n";
    assert_eq!(judge(&AddCheckpoint { note: unsigned, ..request.clone() }, &log()), Err(403));
    let broken = request.note.replacen("\n3\n", "\n03\n", 1);
    assert_eq!(judge(&AddCheckpoint { note: broken, ..request.clone() }, &log()), Err(400));
    let resized = request.note.replacen("\n3\n", "\n2\n", 1);
    assert_eq!(judge(&AddCheckpoint { note: resized, ..request }, &log()), Err(403));
}

#[test]
fn cosignatures_are_put_onto_a_note_one_for_each_witness() {
    let note = note(&leaves(3));
    let [one, two] = [1, 2].map(witness);
    let noise = format!("garbage\n{}{}", two.cosign(&note, 5).unwrap(), one.cosign(&note, 6).unwrap());
    let signed = with_cosignature(&note, &noise, &one.verifier()).unwrap();
    assert_eq!(signed, format!("{note}{}", one.cosign(&note, 6).unwrap()));
    let again = with_cosignature(&signed, &one.cosign(&note, 9).unwrap(), &one.verifier()).unwrap();
    assert_eq!(again, format!("{note}{}", one.cosign(&note, 9).unwrap()));
    let both = with_cosignature(&again, &noise, &two.verifier()).unwrap();
    let spelt = |key: &WitnessKey| format!("{}+{}", key.name(), hex::encode(key.id()));
    assert_eq!(signers(&both).unwrap()[1..], [spelt(&one.verifier()), spelt(&two.verifier())]);
    let own = [log().verifier()];
    let of = Witnesses::new(vec![one.verifier(), two.verifier()], 2).unwrap();
    assert_eq!(open_witnessed(&both, &own, &of).unwrap().1.len(), 2);
    let other = one.cosign(&super::tests::note(&leaves(4)), 6).unwrap();
    assert!(with_cosignature(&note, &other, &one.verifier()).is_err());
    assert!(with_cosignature(&note, &other, &two.verifier()).is_err());
    assert!(with_cosignature(&note, "", &two.verifier()).is_err());
    // Another key under the witness's name is not the witness, nor is its line in the way.
    let namesake = CosigningKey::from_seed("witness.example/w1", &[77; 32]).unwrap();
    let beside = format!("{}{}", namesake.cosign(&note, 8).unwrap(), one.cosign(&note, 6).unwrap());
    assert_eq!(with_cosignature(&note, &beside, &one.verifier()), Ok(signed));
    assert_eq!(recall(&both, &two.verifier()).unwrap(), seen(&leaves(3)));
    assert!(recall(&note, &two.verifier()).is_err());
}
