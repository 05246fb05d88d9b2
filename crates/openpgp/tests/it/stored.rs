//! Revocations out of files of their own.

use jiff::Timestamp;
use pkgseal_openpgp::edit::{Edit, Part, Reason, Revoking, SecretKey, StoredRevocation, Unlocked};
use pkgseal_openpgp::{Armor, Certificate, Fingerprint, KeyState, Profile, Result, Signer};
use pkgseal_testkit::keys::{self, PASSPHRASE};

fn now() -> Timestamp {
    keys::time("2025-03-01")
}

fn certificate(name: &str) -> Certificate {
    let (certificates, _) = Certificate::parse_all(keys::load(name).certificate());
    certificates.into_iter().next().unwrap()
}

fn open(name: &str) -> (SecretKey, Unlocked) {
    let key = SecretKey::parse(keys::load(name).secret()).unwrap();
    let holder = key.unlock(|| Ok(PASSPHRASE.into())).unwrap();
    (key, holder)
}

/// The packets of a revocation alone.
fn revocation(name: &str, part: &Part, reason: Reason) -> Vec<u8> {
    let (key, holder) = open(name);
    let mut edit = Edit::new(&key.certificate(), &holder, now()).unwrap();
    let message = "for the day it is lost".to_owned();
    edit.revoke(part, &Revoking { reason, message }).unwrap();
    edit.finish().unwrap().packets().unwrap()
}

fn stored(bytes: &[u8]) -> StoredRevocation {
    StoredRevocation::parse(bytes).unwrap()
}

fn refusal<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => panic!("it is taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_kind_of_part_is_revoked_and_nothing_is_lost() {
    for name in [
        "good-ed25519",
        "good-rsa2048",
        "good-p256",
        "good-v6-ed25519",
    ] {
        let before = certificate(name);
        let subkey = Fingerprint::parse(&keys::load(name).signing_fingerprint()).unwrap();
        let user_id = Part::UserId(keys::load(name).user_id().as_bytes().to_vec());
        for (part, reason, hard) in [
            (Part::Key, Reason::Compromised, true),
            (Part::Key, Reason::Retired, false),
            (Part::Subkey(subkey), Reason::Superseded, false),
            (user_id, Reason::UserIdInvalid, false),
        ] {
            let bytes = revocation(name, &part, reason);
            let (edited, applied) = stored(&bytes).apply(&before).unwrap();
            assert_eq!(applied.len(), 1, "{name}");
            assert_eq!((&applied[0].part, applied[0].hard), (&part, hard), "{name}");
            assert_eq!(applied[0].weak_digest, None, "{name}");
            let after = edited.certificate();
            assert_eq!(after.fingerprint(), before.fingerprint());
            let revoked = after.keys(&Profile::strict(), keys::time(keys::NOW));
            let revoked = revoked
                .iter()
                .any(|key| matches!(key.state, KeyState::Revoked(_)));
            assert_eq!(revoked, !matches!(part, Part::UserId(_)), "{name} {part:?}");
            // Once is enough.
            let again = refusal(stored(&bytes).apply(after));
            assert!(again.contains("already"), "{again}");
        }
    }
}

#[test]
fn what_is_of_another_certificate_is_refused() {
    let bytes = revocation("good-ed25519", &Part::Key, Reason::Compromised);
    for name in [
        "good-ed25519-2",
        "good-rsa2048",
        "good-v6-ed25519",
        "stranger",
    ] {
        let refused = refusal(stored(&bytes).apply(&certificate(name)));
        assert!(refused.contains("of another certificate"), "{refused}");
    }
    // A copy that is revoked says itself whose it is.
    let copy = certificate("revoked-hard").to_binary();
    let refused = refusal(stored(&copy).apply(&certificate("good-ed25519")));
    assert!(refused.contains("of another certificate"), "{refused}");
    // Of a subkey that the certificate does not have.
    let other = Part::Subkey(
        Fingerprint::parse(&keys::load("good-ed25519").signing_fingerprint()).unwrap(),
    );
    let bytes = revocation("good-ed25519", &other, Reason::Retired);
    let says = keys::Says::plain(keys::Hash::Sha256, "2025-01-01");
    let cast = keys::load("good-ed25519")
        .recast()
        .user_id("TEST another subkey", &[says])
        .with_new_subkey()
        .binding(says, keys::Back::By(keys::Hash::Sha256));
    let (copies, _) = Certificate::parse_all(&cast.certificate());
    let refused = refusal(stored(&bytes).apply(&copies[0]));
    assert!(refused.contains("does not verify"), "{refused}");
}

/// Every octet of the mathematics and of what is signed: a change is found.
#[test]
fn a_damaged_revocation_is_refused() {
    let whole = revocation("good-ed25519", &Part::Key, Reason::Compromised);
    let target = certificate("good-ed25519");
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x01;
        let Ok(read) = StoredRevocation::parse(&bytes) else {
            continue;
        };
        if let Ok((edited, _)) = read.apply(&target) {
            // What is not signed (the issuer's hint, the first octets of the digest) may
            // differ; the revocation is the right one then.
            let keys = edited
                .certificate()
                .keys(&Profile::strict(), keys::time(keys::NOW));
            assert!(
                keys.iter()
                    .all(|key| matches!(key.state, KeyState::Revoked(_)))
            );
        }
    }
    for end in 0..whole.len() {
        assert!(StoredRevocation::parse(&whole[..end]).is_err(), "{end}");
    }
}

#[test]
fn what_is_no_revocation_is_refused() {
    let signer = keys::signer("good-ed25519", now());
    let signature = Signer::detached(&[signer], b"data", Armor::Binary, now()).unwrap();
    let revocation = revocation("good-ed25519", &Part::Key, Reason::Compromised);
    let key = keys::load("good-ed25519");
    let two = [
        certificate("revoked-hard").to_binary(),
        certificate("revoked-soft").to_binary(),
    ];
    for (bytes, words) in [
        (Vec::new(), "not a revocation"),
        (b"words\n".to_vec(), "not a revocation"),
        (
            b":-----BEGIN PGP PUBLIC KEY BLOCK-----\n".to_vec(),
            "not a revocation",
        ),
        (key.certificate().to_vec(), "it is not revoked"),
        (key.secret().to_vec(), "a secret key"),
        (signature.clone(), "not a revocation: it has a signature"),
        (
            [revocation.clone(), signature].concat(),
            "it has a signature",
        ),
        ([revocation, vec![0xff; 40]].concat(), ""),
        (two.concat(), "several certificates"),
    ] {
        let refused = refusal(StoredRevocation::parse(&bytes));
        assert!(refused.contains(words), "{words}: {refused}");
    }
}

/// gpg prefixes the armor with a colon, and text stands before it.
#[test]
fn the_colon_is_no_hindrance() {
    let (key, holder) = open("good-ed25519");
    let mut edit = Edit::new(&key.certificate(), &holder, now()).unwrap();
    let why = Revoking {
        reason: Reason::Unspecified,
        message: String::new(),
    };
    edit.revoke(&Part::Key, &why).unwrap();
    let copy = edit.finish().unwrap().certificate().to_armored();
    let copy = String::from_utf8(copy).unwrap();
    for file in [
        copy.clone(),
        format!("Text - with dashes\n\n{copy}"),
        format!("Text\n\n:{copy}"),
        format!("Text\r\n\r\n:{}", copy.replace('\n', "\r\n")),
    ] {
        let read = stored(file.as_bytes());
        let (_, applied) = read.apply(&certificate("good-ed25519")).unwrap();
        assert!(applied.iter().all(|one| one.hard), "{file}");
    }
}
