//! What other readers were fooled by (gpg.fail, apt's and GnuPG's advisories).

use super::*;

#[test]
fn a_signed_message_in_place_of_a_signature() {
    // /detached: an inline-signed message whose literal is not the file.
    let mut message = b"\x90\x0d\x03\x00\x08\x16".to_vec();
    message.extend([0; 8]);
    message.push(1);
    message.extend(b"\xcb\x06b\0\0\0\0\0");
    message.extend(keys::raw_sign(
        &keys::load("good"),
        b"",
        &RawOptions::at(keys::SIGNED).binary(),
    ));
    let report = verifier()
        .detached(Object::Artifact, &b"anything"[..], &message)
        .unwrap();
    assert!(!report.is_accepted() && report.signatures.is_empty());
    let armored = String::from_utf8(keys::armor(&message))
        .unwrap()
        .replace("PGP SIGNATURE", "PGP MESSAGE");
    let report = verifier()
        .detached(Object::Artifact, &b"anything"[..], armored.as_bytes())
        .unwrap();
    assert!(!report.is_accepted() && report.signatures.is_empty());
}

#[test]
fn a_nested_message_is_text() {
    let inner = signed("Suite: evil\n");
    let outer = signed(&inner);
    let (sealed, _) = verifier()
        .cleartext(Object::Artifact, outer.as_bytes())
        .accept();
    assert_eq!(sealed.unwrap().get(), inner.as_bytes());
}

#[test]
fn a_weak_digest_in_a_clearsigned_message() {
    let key = keys::load("good");
    let options = RawOptions::at(keys::SIGNED).hash(Hash::Sha1);
    let message = keys::raw_clearsign(&[(&key, options)], TEXT);
    let judged = verifier().cleartext(Object::Repository, &message);
    assert_eq!(judged.report().signatures[0].status, Status::WeakAlgorithm);
}
