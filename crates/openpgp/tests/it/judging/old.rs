//! What old software left behind: SHA-1 collisions and version 3 signatures.

use super::*;

/// The first 320 bytes of shattered-1.pdf (M. Stevens and others, "The first collision
/// for full SHA-1", 2017): a collision attack on SHA-1 shows in them.
const SHATTERED: &str = "\
255044462d312e330a25e2e3cfd30a0a0a312030206f626a0a3c3c2f57696474682032203020522f\
4865696768742033203020522f547970652034203020522f537562747970652035203020522f4669\
6c7465722036203020522f436f6c6f7253706163652037203020522f4c656e677468203820302052\
2f42697473506572436f6d706f6e656e7420383e3e0a73747265616d0affd8fffe00245348412d31\
20697320646561642121212121852fec092339759c39b1a1c63c4c97e1fffe017346dc9166b67e11\
8f029ab621b2560ff9ca67cca8c7f85ba84c79030c2b3de218f86db3a90901d5df45c14f26fedfb3\
dc38e96ac22fe7bd728f0e45bce046d23c570feb141398bb552ef5a0a82be331fea48037b8b5d71f\
0e332edf93ac3500eb4ddc0decc1a864790c782c76215660dd309791d06bd0af3f98cda4bc4629b1";

#[test]
fn a_sha1_collision_is_told() {
    let data: Vec<u8> = (0..SHATTERED.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&SHATTERED[at..at + 2], 16).unwrap())
        .collect();
    let options = RawOptions::at(keys::SIGNED).hash(Hash::Sha1);
    let signature = keys::raw_sign(&keys::load("good"), DATA, &options);
    let report = verifier(&["good"], keys::NOW)
        .detached(Object::Artifact, &data[..], &signature)
        .unwrap();
    rejects(
        &report,
        &Status::WeakAlgorithm,
        "signature.weak-digest",
        &["made to collide under SHA-1"],
        "",
    );
}

/// A version 3 signature (RFC 9580, 5.2.2), as old rpm and signing servers make it.
fn version_3(data: &[u8]) -> Vec<u8> {
    use openpgp::packet::signature::Signature3;
    use openpgp::parse::Parse;
    use openpgp::serialize::MarshalInto;
    use openpgp::types::{HashAlgorithm, SignatureType, Timestamp};
    use sequoia_openpgp as openpgp;

    let cert = openpgp::Cert::from_bytes(keys::load("primary-signs").secret()).unwrap();
    let key = cert
        .primary_key()
        .key()
        .clone()
        .parts_into_secret()
        .unwrap();
    let mut pair = key.into_keypair().unwrap();
    let made = u32::try_from(keys::time(keys::SIGNED).as_second()).unwrap();
    let mut context = HashAlgorithm::SHA256.context().unwrap().for_signature(3);
    context.update(data);
    context.update(&[0]);
    context.update(&made.to_be_bytes());
    let digest = context.into_digest().unwrap();
    let mpis = openpgp::crypto::Signer::sign(&mut pair, HashAlgorithm::SHA256, &digest).unwrap();
    let signature = Signature3::new(
        SignatureType::Binary,
        Timestamp::from(made),
        cert.keyid(),
        cert.primary_key().key().pk_algo(),
        HashAlgorithm::SHA256,
        [digest[0], digest[1]],
        mpis,
    );
    openpgp::Packet::from(openpgp::packet::Signature::from(signature))
        .to_vec()
        .unwrap()
}

#[test]
fn version_3_signatures() {
    let signature = version_3(DATA);
    let judge = |profile: Profile, data: &[u8]| {
        Verifier::new(
            keys::certificates(&["primary-signs"]),
            profile,
            keys::time(keys::NOW),
        )
        .detached(Object::Package, data, &signature)
        .unwrap()
    };
    let report = judge(Profile::strict(), DATA);
    rejects(
        &report,
        &Status::WeakAlgorithm,
        "signature.old-version",
        &["version 3"],
        "signature.v3.accept = \"never\"",
    );
    assert_eq!(one(&report).version, 3);
    assert_eq!(one(&report).mathematics, Mathematics::Good);
    assert_eq!(one(&report).issuers.len(), 1);
    let legacy = || Profile::named("legacy").unwrap();
    assert!(judge(legacy(), DATA).is_accepted());
    assert_eq!(one(&judge(legacy(), b"x")).status, Status::Bad);
}
