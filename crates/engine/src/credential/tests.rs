use std::os::unix::fs::{PermissionsExt as _, symlink};

use ed25519_dalek::SigningKey;
use pkcs8::pkcs5::pbes2::Parameters;
use pkcs8::{
    EncodePrivateKey as _, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument,
};

use super::*;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
}

fn said<T>(result: Result<T, impl Into<CredentialError>>) -> String {
    let result = result.map_err(Into::into);
    result.err().expect("it was accepted").to_string()
}

#[test]
fn a_key_is_kept_and_opened_with_its_passphrase_alone() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("a/b/ada.pem");
    let key = create(&path, &passphrase("correct horse")).unwrap();
    assert_eq!(unlock(&path, &passphrase("correct horse")).unwrap().public(), key.public());
    for wrong in ["correct hors", "correct horse ", "Correct horse", "12345678"] {
        assert!(
            matches!(unlock(&path, &passphrase(wrong)), Err(CredentialError::WrongPassphrase(_))),
            "{wrong}"
        );
    }
    // The file is the owner's only, in a folder of the owner's only, and nothing is beside it.
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    // It is what it says it is, and the seed is nowhere in it.
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), "{text}");
    let (_, document) = SecretDocument::from_pem(&text).unwrap();
    let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).unwrap();
    let parameters = info.encryption_algorithm.pbes2().unwrap();
    let scrypt = parameters.kdf.scrypt().unwrap();
    assert_eq!((scrypt.cost_parameter, scrypt.block_size, scrypt.parallelization), (1 << 17, 8, 1));
    // Never in the place of another.
    assert!(matches!(create(&path, &passphrase("correct horse")), Err(CredentialError::Exists(_))));
    assert_eq!(unlock(&path, &passphrase("correct horse")).unwrap().public(), key.public());
}

#[test]
fn files_that_others_can_read_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("ada.pem");
    create(&path, &passphrase("correct horse")).unwrap();
    let secret = temp.path().join("passphrase");
    fs::write(&secret, "correct horse\nsecond line\n").unwrap();
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o610, 0o601, 0o644] {
        set(&path, mode);
        set(&secret, mode);
        assert!(matches!(unlock(&path, &passphrase("correct horse")), Err(CredentialError::Exposed { .. })));
        assert!(said(Passphrase::from_file(&secret)).contains("by others"), "{mode:o}");
    }
    set(&path, 0o400);
    set(&secret, 0o400);
    let link = temp.path().join("link");
    symlink(&path, &link).unwrap();
    assert!(unlock(&link, &Passphrase::from_file(&secret).unwrap()).is_ok());
    assert!(
        said(unlock(&temp.path().join("none"), &passphrase("correct horse"))).contains("there is no file")
    );
}

#[test]
fn passphrases_are_long_enough() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("passphrase");
    for (text, says) in [
        (&b""[..], "is empty"),
        (b"\nsecond line\n", "is empty"),
        (b"1234567\n", "fewer than 8"),
        ("äöüäöüä\n".as_bytes(), "fewer than 8"),
        (b"\xff\xfe12345678\n", "is not text"),
        (&[b'x'; 5000], "longer than 4096"),
    ] {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
        file.write_all(text).unwrap();
        assert!(said(Passphrase::from_file(&path)).contains(says), "{says}");
    }
    fs::write(&path, "12345678\r\nmore").unwrap();
    assert!(Passphrase::from_file(&path).unwrap().is(&passphrase("12345678")));
    assert_eq!(format!("{:?}", passphrase("correct horse")), "Passphrase(…)");
}

#[test]
fn what_is_no_key_file_is_said_to_be_none() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("ada.pem");
    let put = |bytes: &[u8]| {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
        file.write_all(bytes).unwrap();
        said(unlock(&path, &passphrase("correct horse")))
    };
    let key = SigningKey::from_bytes(&[7; 32]);
    let plain = key.to_pkcs8_der().unwrap().to_pem("PRIVATE KEY", LineEnding::LF).unwrap();
    let with = |parameters: Parameters| {
        let plain = key.to_pkcs8_der().unwrap();
        let plain = PrivateKeyInfoRef::try_from(plain.as_bytes()).unwrap();
        let encrypted = plain.encrypt_with_params(parameters, b"correct horse").unwrap();
        encrypted.to_pem(LABEL, LineEnding::LF).unwrap().to_string()
    };
    let cheap = with(Parameters::generate_pbkdf2_sha256_aes256cbc(1, &[1; 16], [2; 16]).unwrap());
    let aes128 = with(Parameters::generate_scrypt_aes128cbc(Default::default(), &[1; 16], [2; 16]).unwrap());
    assert!(put(b"").contains("is not PEM"));
    assert!(put(b"\xff").contains("is not text"));
    assert!(put(&[b'x'; 20_000]).contains("is not PEM"));
    // A key without a passphrase, and one whose passphrase is cheap to guess, protect nothing.
    assert!(put(plain.as_bytes()).contains("is no encrypted private key"));
    assert!(put(cheap.as_bytes()).contains("not stretched with scrypt"));
    assert!(put(aes128.as_bytes()).contains("not AES-256-CBC"));
    assert!(put(&scrypt_of(1 << 14)).contains("too cheap"));
    assert!(put(&scrypt_of(1 << 40)).contains("too much memory"));
}

/// A key file whose scrypt cost is said to be `n`; nothing in it could be opened.
fn scrypt_of(n: u64) -> Vec<u8> {
    let mut parameters =
        Parameters::generate_scrypt_aes256cbc(Default::default(), &[1; 16], [2; 16]).unwrap();
    if let pkcs8::pkcs5::pbes2::Kdf::Scrypt(scrypt) = &mut parameters.kdf {
        scrypt.cost_parameter = n;
    }
    let info = pkcs8::EncryptedPrivateKeyInfo {
        encryption_algorithm: parameters.into(),
        encrypted_data: pkcs8::der::asn1::OctetStringRef::new(&[0; 96]).unwrap(),
    };
    let document = SecretDocument::try_from(info).unwrap();
    document.to_pem(LABEL, LineEnding::LF).unwrap().as_bytes().to_vec()
}

#[test]
fn no_change_to_a_key_file_gives_another_key() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("ada.pem");
    let key = create(&path, &passphrase("correct horse")).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    // The encrypted part is at the end: the last blocks hold the public key and the padding, those before it the seed.
    let at: Vec<usize> =
        text.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).map(|(at, _)| at).collect();
    for at in at.iter().rev().skip(30).step_by(37).take(8) {
        let mut bytes = text.clone().into_bytes();
        bytes[*at] = if bytes[*at] == b'A' { b'B' } else { b'A' };
        fs::write(&path, &bytes).unwrap();
        if let Ok(found) = unlock(&path, &passphrase("correct horse")) {
            assert_eq!(found.public(), key.public(), "byte {at}");
        }
    }
}
