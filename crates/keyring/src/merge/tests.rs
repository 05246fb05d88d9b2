use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::{Packet, UserID};
use openpgp::parse::Parse;
use openpgp::serialize::MarshalInto;
use openpgp::types::SignatureType;
use openpgp::{Cert, PacketPile};
use pkgseal_testkit::keys::{self, assembled};
use sequoia_openpgp as openpgp;

use super::*;
use crate::Encoding;

fn binary(certificates: &Certificates) -> Vec<u8> {
    Encoding::Binary.encode(certificates)
}

fn input(name: &str, keys_named: &[&str]) -> (String, Certificates) {
    (name.to_owned(), keys::certificates(keys_named))
}

fn is_revocation(packet: &Packet) -> bool {
    matches!(packet, Packet::Signature(signature) if matches!(
        signature.typ(),
        SignatureType::KeyRevocation | SignatureType::SubkeyRevocation
    ))
}

fn codes_of(made: &Made) -> Vec<&'static str> {
    made.findings
        .iter()
        .map(|finding| finding.code.id)
        .collect()
}

/// A user ID and a certification of it by somebody else.
fn certified_by_another(name: &str) -> Vec<Packet> {
    let cert = Cert::from_bytes(keys::load(name).certificate()).unwrap();
    let mut other = keys::load("stranger").primary();
    let user_id = cert.userids().next().unwrap().userid().clone();
    let certification = SignatureBuilder::new(SignatureType::GenericCertification)
        .sign_userid_binding(&mut other, cert.primary_key().key(), &user_id)
        .unwrap();
    let (cert, _) = cert
        .insert_packets([Packet::from(user_id), certification.into()])
        .unwrap();
    cert.into_packets().collect()
}

const SEVERAL: &[&str] = &[
    "good",
    "good-rsa4096",
    "revoked-soft",
    "subkey-revoked-hard",
    "sha1-binding",
    "good-v6-ed25519",
    "good-mldsa65",
    "expired",
    "no-backsig",
];

#[test]
fn the_order_of_inputs_changes_nothing() {
    let inputs: Vec<_> = SEVERAL.iter().map(|name| input(name, &[name])).collect();
    for extent in [Extent::Everything, Extent::Own, Extent::Minimal] {
        let expected = binary(&merge(&inputs, extent).unwrap().certificates);
        for turn in 0..inputs.len() {
            let mut turned = inputs.clone();
            turned.rotate_left(turn);
            assert_eq!(
                binary(&merge(&turned, extent).unwrap().certificates),
                expected
            );
            turned.reverse();
            assert_eq!(
                binary(&merge(&turned, extent).unwrap().certificates),
                expected
            );
        }
        let once = merge(&inputs, extent).unwrap().certificates;
        let twice = merge(&[("once".to_owned(), once.clone())], extent).unwrap();
        assert_eq!(binary(&twice.certificates), binary(&once));
        let (read, errors) = Certificate::parse_all(&expected);
        assert_eq!((read.len(), errors.len()), (SEVERAL.len(), 0));
    }
}

#[test]
fn a_revocation_in_any_copy_survives() {
    for name in [
        "revoked-hard",
        "revoked-soft",
        "subkey-revoked-hard",
        "subkey-revoked-soft",
    ] {
        let all = keys::load(name).packets();
        let without: Vec<_> = all.iter().filter(|p| !is_revocation(p)).cloned().collect();
        assert!(without.len() < all.len(), "{name}");
        let old = ("old.gpg".to_owned(), assembled(without));
        let new = input("new.gpg", &[name]);
        for extent in [Extent::Everything, Extent::Own, Extent::Minimal] {
            let one = merge(&[old.clone(), new.clone()], extent).unwrap();
            let other = merge(&[new.clone(), old.clone()], extent).unwrap();
            assert_eq!(binary(&one.certificates), binary(&other.certificates));
            let kept = PacketPile::from_bytes(&binary(&one.certificates)).unwrap();
            assert!(kept.into_children().any(|p| is_revocation(&p)), "{name}");
            let said = one
                .findings
                .iter()
                .find(|finding| finding.code == codes::REVOKED)
                .unwrap();
            assert!(
                said.detail.ends_with("not known to old.gpg"),
                "{}",
                said.detail
            );
        }
    }
}

#[test]
fn the_newer_self_signature_comes_along() {
    let mut newer = keys::load("good").packets();
    let cert = Cert::from_bytes(keys::load("good").certificate()).unwrap();
    let mut primary = keys::load("good").primary();
    let user_id = cert.userids().next().unwrap().userid().clone();
    let renewed = SignatureBuilder::new(SignatureType::PositiveCertification)
        .set_signature_creation_time(keys::time(keys::NOW))
        .unwrap()
        .sign_userid_binding(&mut primary, cert.primary_key().key(), &user_id)
        .unwrap();
    let at = newer
        .iter()
        .position(|packet| matches!(packet, Packet::UserID(_)))
        .unwrap();
    newer.splice(at + 1..at + 2, [Packet::from(renewed)]);
    let made = merge(
        &[
            input("old", &["good"]),
            ("new".to_owned(), assembled(newer)),
        ],
        Extent::Minimal,
    )
    .unwrap();
    let merged = Cert::from_bytes(&binary(&made.certificates)).unwrap();
    let signatures: Vec<_> = merged.userids().next().unwrap().self_signatures().collect();
    assert_eq!(signatures.len(), 2, "the old one stays beside the new one");
    assert_eq!(
        signatures[0].signature_creation_time().unwrap(),
        std::time::SystemTime::from(keys::time(keys::NOW))
    );
}

#[test]
fn what_others_signed_is_kept_only_where_asked() {
    let certified = (
        "certified".to_owned(),
        assembled(certified_by_another("good")),
    );
    let count = |extent| {
        let made = merge(std::slice::from_ref(&certified), extent).unwrap();
        let cert = Cert::from_bytes(&binary(&made.certificates)).unwrap();
        let kept = cert.userids().next().unwrap().certifications().count();
        (kept, codes_of(&made))
    };
    assert_eq!(count(Extent::Everything), (1, vec![]));
    assert_eq!(count(Extent::Own), (0, vec!["keyring.left-out"]));
    assert_eq!(count(Extent::Minimal), (0, vec!["keyring.left-out"]));
    let plain = merge(&[input("plain", &["good"])], Extent::Own).unwrap();
    let trimmed = merge(&[certified], Extent::Own).unwrap();
    assert_eq!(binary(&plain.certificates), binary(&trimmed.certificates));
}

#[test]
fn bad_self_signatures_are_left_out_and_said() {
    let good = keys::load("good").packets();
    for (place, packet) in good.iter().enumerate() {
        let Packet::Signature(_) = packet else {
            continue;
        };
        let mut damaged = good.clone();
        // The mathematics, not the prefix of the digest: only verifying tells.
        let mut bytes = MarshalInto::to_vec(packet).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        damaged[place] = Packet::from_bytes(&bytes).unwrap();
        let damaged = ("damaged".to_owned(), assembled(damaged));
        let alone = merge(std::slice::from_ref(&damaged), Extent::Own).unwrap();
        assert!(
            codes_of(&alone).contains(&"keyring.bad-self-signature"),
            "{place}: {:?}",
            alone.findings
        );
        let mended = merge(&[damaged, input("good", &["good"])], Extent::Own).unwrap();
        let whole = merge(&[input("good", &["good"])], Extent::Own).unwrap();
        assert_eq!(binary(&mended.certificates), binary(&whole.certificates));
        assert_eq!(codes_of(&mended), ["keyring.bad-self-signature"]);
    }
}

#[test]
fn what_nobody_bound_is_left_out_and_said() {
    let mut added = keys::load("good").packets();
    added.push(Packet::from(UserID::from("Mallory <mallory@example.org>")));
    let made = merge(&[("added".to_owned(), assembled(added))], Extent::Own).unwrap();
    assert_eq!(codes_of(&made), ["keyring.unbound"]);
    let whole = merge(&[input("good", &["good"])], Extent::Own).unwrap();
    assert_eq!(binary(&made.certificates), binary(&whole.certificates));

    let made = merge(&[input("unbound", &["unbound-subkey"])], Extent::Own).unwrap();
    assert_eq!(codes_of(&made), ["keyring.unbound"]);
    let cert = Cert::from_bytes(&binary(&made.certificates)).unwrap();
    assert_eq!(cert.keys().subkeys().count(), 0);
}

#[test]
fn a_binding_that_can_still_be_mended_stays() {
    for extent in [Extent::Everything, Extent::Own, Extent::Minimal] {
        let made = merge(&[input("no-backsig", &["no-backsig"])], extent).unwrap();
        assert_eq!(codes_of(&made), [""; 0]);
        let before = keys::certificates(&["no-backsig"]);
        assert_eq!(binary(&made.certificates), binary(&before));
    }
}

#[test]
fn a_bare_key_stays_what_it_is() {
    let bare: Vec<Packet> = keys::load("good")
        .packets()
        .into_iter()
        .filter(|packet| !matches!(packet, Packet::Signature(_)))
        .collect();
    let count = bare.len();
    let made = merge(&[("bare".to_owned(), assembled(bare))], Extent::Minimal).unwrap();
    let kept = PacketPile::from_bytes(&binary(&made.certificates)).unwrap();
    assert_eq!(kept.children().count(), count);
}

#[test]
fn secrets_do_not_come_along() {
    let (certificates, _) = Certificate::parse_all(keys::load("good").secret());
    let made = merge(
        &[("key".to_owned(), Certificates::new(certificates))],
        Extent::Everything,
    )
    .unwrap();
    let kept = PacketPile::from_bytes(&binary(&made.certificates)).unwrap();
    assert!(
        kept.children()
            .all(|p| !matches!(p, Packet::SecretKey(_) | Packet::SecretSubkey(_)))
    );
}

/// A file with nothing but revocations, as gpg writes it.
fn revocation_of(name: &str) -> Vec<u8> {
    let only: Vec<Packet> = keys::load(name)
        .packets()
        .into_iter()
        .filter(is_revocation)
        .collect();
    assert!(!only.is_empty(), "{name}");
    MarshalInto::to_vec(&PacketPile::from(only)).unwrap()
}

#[test]
fn a_revocation_in_a_file_of_its_own_revokes() {
    for name in ["revoked-hard", "subkey-revoked-soft"] {
        let all = keys::load(name).packets();
        let before = assembled(all.iter().filter(|p| !is_revocation(p)).cloned().collect());
        let others = keys::certificates(&["good"]);
        let known = Certificates::new(before.iter().chain(others.iter()).cloned());
        let found = Revocations::read(&revocation_of(name)).unwrap();
        let revoked = found.apply("rev.asc", &known).unwrap();
        assert_eq!(revoked.findings, []);
        assert_eq!(revoked.certificates.len(), 1);
        let inputs = [
            ("old".to_owned(), known),
            ("rev.asc".to_owned(), revoked.certificates),
        ];
        let merged = merge(&inputs, Extent::Own).unwrap();
        let whole = merge(&[input("all", &[name, "good"])], Extent::Own).unwrap();
        assert_eq!(binary(&merged.certificates), binary(&whole.certificates));
    }
}

#[test]
fn a_revocation_of_somebody_else_or_none_at_all_does_nothing() {
    let good = keys::certificates(&["good"]);
    let found = Revocations::read(&revocation_of("revoked-hard")).unwrap();
    let made = found.apply("rev.asc", &good).unwrap();
    assert!(made.certificates.is_empty());
    assert_eq!(codes_of(&made), ["keyring.revoked"]);

    let mut damaged = revocation_of("revoked-hard");
    *damaged.last_mut().unwrap() ^= 1;
    let found = Revocations::read(&damaged).unwrap();
    let own = assembled(
        keys::load("revoked-hard")
            .packets()
            .into_iter()
            .filter(|p| !is_revocation(p))
            .collect(),
    );
    let made = found.apply("rev.asc", &own).unwrap();
    assert!(made.certificates.is_empty());
    assert_eq!(codes_of(&made), ["keyring.bad-self-signature"]);

    let signature = keys::load("good")
        .packets()
        .into_iter()
        .find(|p| matches!(p, Packet::Signature(_)));
    let signature = MarshalInto::to_vec(&signature.unwrap()).unwrap();
    let certificate = keys::load("revoked-hard").certificate_binary();
    for bytes in [&b""[..], b"garbage", &signature, &certificate] {
        assert!(Revocations::read(bytes).is_none());
    }
}
