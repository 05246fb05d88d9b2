use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::{Packet, Signature, UserID};
use openpgp::parse::Parse;
use openpgp::types::{HashAlgorithm, SignatureType};
use openpgp::{Cert, PacketPile};
use pkgseal_testkit::keys::{self, assembled};
use sequoia_openpgp as openpgp;

use super::*;

fn now() -> Timestamp {
    keys::time(keys::NOW)
}

fn changes(old: &Certificates, new: &Certificates) -> Vec<(&'static str, Safety)> {
    diff(old, new, &Profile::strict(), now())
        .unwrap()
        .into_iter()
        .map(|change| {
            (
                change.code.id.strip_prefix("keyring.diff.").unwrap(),
                change.safety,
            )
        })
        .collect()
}

fn without(name: &str, gone: impl Fn(&Packet) -> bool) -> Certificates {
    assembled(
        keys::load(name)
            .packets()
            .into_iter()
            .filter(|packet| !gone(packet))
            .collect(),
    )
}

fn typed(packet: &Packet, wanted: SignatureType) -> bool {
    matches!(packet, Packet::Signature(signature) if signature.typ() == wanted)
}

/// The certificate with its user ID signed anew: this digest, time and validity.
fn renewed(name: &str, digest: HashAlgorithm, at: &str, days: Option<u64>) -> Certificates {
    let (cert, signature) = renewal(name, digest, at, days);
    let user_id = cert.userids().next().unwrap().userid().clone();
    let (cert, _) = cert
        .insert_packets([Packet::from(user_id), signature.into()])
        .unwrap();
    assembled(cert.into_packets().collect())
}

fn renewal(name: &str, digest: HashAlgorithm, at: &str, days: Option<u64>) -> (Cert, Signature) {
    let cert = Cert::from_bytes(keys::load(name).secret()).unwrap();
    let mut primary = keys::load(name).primary();
    let user_id = cert.userids().next().unwrap();
    let old = user_id.self_signatures().next().unwrap().clone();
    let at = std::time::SystemTime::from(keys::time(at));
    let expires = days.map(|days| at + std::time::Duration::from_secs(days * 86_400));
    let signature = SignatureBuilder::from(old)
        .set_hash_algo(digest)
        .set_signature_creation_time(at)
        .unwrap()
        .set_key_expiration_time(cert.primary_key().key(), expires)
        .unwrap()
        .sign_userid_binding(&mut primary, cert.primary_key().key(), user_id.userid())
        .unwrap();
    (cert.strip_secret_key_material(), signature)
}

#[test]
fn the_same_is_the_same() {
    let all = keys::certificates(&["good", "expired", "revoked-hard", "sha1-binding"]);
    assert_eq!(changes(&all, &all), []);
    assert_eq!(outcome(&[]), Outcome::Accepted);
}

#[test]
fn certificates_come_and_go() {
    let one = keys::certificates(&["good"]);
    let two = keys::certificates(&["good", "stranger"]);
    assert_eq!(
        changes(&one, &two),
        [("certificate-added", Safety::NeedsEyes)]
    );
    assert_eq!(changes(&two, &one), [("certificate-gone", Safety::Breaks)]);
    let dead = keys::certificates(&["good", "expired"]);
    assert_eq!(
        changes(&dead, &one),
        [("certificate-gone", Safety::NeedsEyes)]
    );
    let found = diff(&two, &one, &Profile::strict(), now()).unwrap();
    assert_eq!(outcome(&found), Outcome::Rejected);
    let found = diff(&one, &two, &Profile::strict(), now()).unwrap();
    assert_eq!(outcome(&found), Outcome::Undecided);
}

#[test]
fn a_subkey_comes_and_goes() {
    let with = keys::certificates(&["good"]);
    let without_it = without("good", |packet| {
        matches!(packet, Packet::PublicSubkey(_)) || typed(packet, SignatureType::SubkeyBinding)
    });
    assert_eq!(changes(&without_it, &with), [("key-added", Safety::Safe)]);
    assert_eq!(
        changes(&with, &without_it),
        [("key-gone", Safety::Breaks), ("state", Safety::Breaks)]
    );
    // One that nobody can sign with any more is missed by old signatures only.
    let expired = without("subkey-expired", |packet| {
        matches!(packet, Packet::PublicSubkey(_)) || typed(packet, SignatureType::SubkeyBinding)
    });
    assert_eq!(
        changes(&keys::certificates(&["subkey-expired"]), &expired),
        [("key-gone", Safety::NeedsEyes)]
    );
    // One that does not sign back may be anybody's.
    let stray = without("no-backsig", |packet| {
        matches!(packet, Packet::PublicSubkey(_)) || typed(packet, SignatureType::SubkeyBinding)
    });
    assert_eq!(
        changes(&stray, &keys::certificates(&["no-backsig"])),
        [("key-added", Safety::NeedsEyes)]
    );
}

#[test]
fn an_expiry_moves() {
    let never = keys::certificates(&["good"]);
    let year = renewed("good", HashAlgorithm::SHA512, "2025-08-01", Some(365));
    let years = {
        let (cert, signature) = renewal("good", HashAlgorithm::SHA512, "2025-08-02", Some(730));
        let user_id = cert.userids().next().unwrap().userid().clone();
        let mut packets: Vec<Packet> = year
            .iter()
            .flat_map(|one| {
                PacketPile::from_bytes(&one.to_binary())
                    .unwrap()
                    .into_children()
                    .collect::<Vec<_>>()
            })
            .collect();
        packets.extend([Packet::from(user_id), signature.into()]);
        assembled(packets)
    };
    let added = ("self-signature-added", Safety::Safe);
    assert_eq!(changes(&never, &year), [("expiry", Safety::Breaks), added]);
    assert_eq!(changes(&year, &years), [("expiry", Safety::Safe), added]);
    let lost = |safety| ("self-signature-gone", safety);
    assert_eq!(
        changes(&years, &year),
        [("expiry", Safety::Breaks), lost(Safety::NeedsEyes)]
    );
    assert_eq!(
        changes(&year, &never),
        [("expiry", Safety::Safe), lost(Safety::NeedsEyes)]
    );
    // What is expired is extended.
    let expired = keys::certificates(&["expired"]);
    let extended = renewed("expired", HashAlgorithm::SHA512, "2025-08-01", Some(3650));
    let found = changes(&expired, &extended);
    assert_eq!(
        found.iter().map(|(_, safety)| *safety).max(),
        Some(Safety::Safe)
    );
    assert!(found.contains(&("expiry", Safety::Safe)), "{found:?}");
    assert!(found.contains(&("state", Safety::Safe)), "{found:?}");
}

#[test]
fn old_self_signatures_are_missed() {
    let both = renewed("good", HashAlgorithm::SHA512, "2025-08-01", None);
    let (_, signature) = renewal("good", HashAlgorithm::SHA512, "2025-08-01", None);
    let mut only_new = keys::load("good").packets();
    let at = only_new
        .iter()
        .position(|packet| typed(packet, SignatureType::PositiveCertification))
        .unwrap();
    only_new[at] = signature.into();
    // Signing is not deterministic here: compare what one run made.
    let old = keys::certificates(&["good"]);
    let found = changes(&old, &assembled(only_new));
    assert!(
        found.contains(&("self-signature-gone", Safety::Breaks)),
        "{found:?}"
    );
    assert_eq!(
        changes(&old, &both),
        [("self-signature-added", Safety::Safe)]
    );
}

#[test]
fn digests_get_stronger_or_weaker() {
    let weak = keys::certificates(&["sha1-binding"]);
    let mended = renewed("sha1-binding", HashAlgorithm::SHA512, "2025-08-01", None);
    let found = diff(&weak, &mended, &Profile::strict(), now()).unwrap();
    let said = found
        .iter()
        .find(|change| change.code == codes::SELF_SIGNATURE_ADDED)
        .unwrap();
    assert_eq!(said.safety, Safety::Safe);
    assert!(
        said.detail.ends_with("stronger than before"),
        "{}",
        said.detail
    );

    let weaker = renewed("good", HashAlgorithm::SHA1, "2025-08-01", None);
    let found = changes(&keys::certificates(&["good"]), &weaker);
    assert!(
        found.contains(&("self-signature-added", Safety::Breaks)),
        "{found:?}"
    );
}

#[test]
fn revocations_come_and_never_go() {
    for (name, kind, live) in [
        ("revoked-hard", SignatureType::KeyRevocation, false),
        ("revoked-soft", SignatureType::KeyRevocation, false),
        (
            "subkey-revoked-hard",
            SignatureType::SubkeyRevocation,
            false,
        ),
    ] {
        let revoked = keys::certificates(&[name]);
        let before = without(name, |packet| typed(packet, kind));
        let found = changes(&before, &revoked);
        assert!(
            found.contains(&("revoked", Safety::NeedsEyes)),
            "{name} {found:?}"
        );
        assert_eq!(
            found.contains(&("state", Safety::Breaks)),
            !live,
            "{name} {found:?}"
        );
        let found = changes(&revoked, &before);
        assert!(
            found.contains(&("revocation-gone", Safety::Breaks)),
            "{name} {found:?}"
        );
    }
}

#[test]
fn user_ids_need_eyes() {
    let old = keys::certificates(&["good"]);
    let mut more = keys::load("good").packets();
    more.push(Packet::from(UserID::from("Mallory <m@example.org>")));
    let more = assembled(more);
    assert_eq!(changes(&old, &more), [("user-id", Safety::NeedsEyes)]);
    assert_eq!(changes(&more, &old), [("user-id", Safety::NeedsEyes)]);
}
