//! Certificates that change: extended, re-signed, stripped, revoked by others.

use std::time::{Duration, SystemTime};

use openpgp::cert::{CertBuilder, CertRevocationBuilder, CipherSuite};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::policy::StandardPolicy;
use openpgp::serialize::MarshalInto;
use openpgp::types::{HashAlgorithm, KeyFlags, ReasonForRevocation, RevocationKey, SignatureType};
use openpgp::{Cert, Packet};
use pkgseal_openpgp::{
    Certificate, Certificates, KeyState, Object, Profile, SignatureFacts, Standing, Status,
    Verifier, codes,
};
use pkgseal_repo::Code;
use pkgseal_testkit::keys::time;
use sequoia_openpgp as openpgp;

const DATA: &[u8] = b"hello\n";

fn day(day: &str) -> SystemTime {
    SystemTime::from(time(day))
}

/// One Ed25519 key for everything, made 2025-01-01, expiring 2025-02-01.
fn short_lived() -> Cert {
    let (cert, _) = CertBuilder::new()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_creation_time(day("2025-01-01"))
        .set_validity_period(Duration::from_secs(31 * 86_400))
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
        .add_userid("history <history@test.invalid>")
        .generate()
        .unwrap();
    cert
}

fn primary(cert: &Cert) -> openpgp::crypto::KeyPair {
    let key = cert.primary_key().key().clone();
    key.parts_into_secret().unwrap().into_keypair().unwrap()
}

/// New self-signatures made at `made` that end the key's life at `end`.
fn extended(cert: &Cert, made: &str, end: &str, hash: HashAlgorithm) -> Vec<Packet> {
    let mut signer = primary(cert);
    let life = day(end).duration_since(day("2025-01-01")).unwrap();
    let policy = StandardPolicy::at(day("2025-01-15"));
    let valid = cert.with_policy(&policy, day("2025-01-15")).unwrap();
    let direct = SignatureBuilder::from(valid.direct_key_signature().unwrap().clone())
        .set_signature_creation_time(day(made))
        .unwrap()
        .set_key_validity_period(life)
        .unwrap()
        .set_hash_algo(hash)
        .sign_direct_key(&mut signer, None)
        .unwrap();
    let user_id = valid.primary_userid().unwrap();
    let binding = SignatureBuilder::from(user_id.binding_signature().clone())
        .set_signature_creation_time(day(made))
        .unwrap()
        .set_key_validity_period(life)
        .unwrap()
        .set_hash_algo(hash)
        .sign_userid_binding(&mut signer, cert.primary_key().key(), user_id.userid())
        .unwrap();
    vec![
        direct.into(),
        user_id.userid().clone().into(),
        binding.into(),
    ]
}

fn with(cert: &Cert, packets: Vec<Packet>) -> Cert {
    cert.clone().insert_packets(packets).unwrap().0
}

/// Only self-signatures made on or after a day.
fn stripped(cert: &Cert, since: &str) -> Cert {
    let packets = cert.as_tsk().into_packets().filter(|packet| match packet {
        Packet::Signature(signature) => signature.signature_creation_time().unwrap() >= day(since),
        _ => true,
    });
    Cert::from_packets(packets.collect::<Vec<_>>().into_iter()).unwrap()
}

fn signature(cert: &Cert, made: &str) -> Vec<u8> {
    let packet = SignatureBuilder::new(SignatureType::Binary)
        .set_signature_creation_time(day(made))
        .unwrap()
        .sign_message(&mut primary(cert), DATA)
        .unwrap();
    Packet::from(packet).to_vec().unwrap()
}

fn certificates<'a>(certs: impl IntoIterator<Item = &'a Cert>) -> Certificates {
    Certificates::new(certs.into_iter().flat_map(|cert| {
        let (found, errors) = Certificate::parse_all(&cert.to_vec().unwrap());
        assert!(errors.is_empty(), "{errors:?}");
        found
    }))
}

fn judge(copies: &[&Cert], profile: Profile, made: &str, now: &str) -> SignatureFacts {
    let verifier = Verifier::new(certificates(copies.iter().copied()), profile, time(now));
    let signature = signature(copies[0], made);
    let mut report = verifier
        .detached(Object::Repository, DATA, &signature)
        .unwrap();
    report.signatures.remove(0)
}

fn then(copies: &[&Cert], made: &str) -> KeyState {
    let facts = judge(copies, Profile::strict(), made, "2025-06-01");
    facts.when_signed.unwrap()
}

#[test]
fn extended_in_time() {
    let old = short_lived();
    let new = with(
        &old,
        extended(&old, "2025-01-20", "2026-01-01", HashAlgorithm::SHA512),
    );
    for made in ["2025-01-10", "2025-02-10", "2025-05-01"] {
        let facts = judge(&[&new], Profile::strict(), made, "2025-06-01");
        assert_eq!(facts.status, Status::Good, "{made}: {facts:?}");
    }
    assert!(matches!(
        then(&[&old], "2025-02-10"),
        KeyState::Expired { .. }
    ));
}

/// An artifact, under an embedded profile.
fn artifact(copy: &Cert, signer: &Cert, profile: &str, made: &str) -> SignatureFacts {
    let profile = Profile::named(profile).unwrap();
    let verifier = Verifier::new(certificates([copy]), profile, time("2025-06-01"));
    let signature = signature(signer, made);
    let mut report = verifier
        .detached(Object::Artifact, DATA, &signature)
        .unwrap();
    report.signatures.remove(0)
}

fn says(facts: &SignatureFacts, code: Code) -> bool {
    let mut all = facts.reason.iter().chain(&facts.notes);
    all.any(|finding| finding.code == code)
}

#[test]
fn four_answers_to_one_question() {
    let old = short_lived();
    let new = with(
        &old,
        extended(&old, "2025-04-01", "2026-01-01", HashAlgorithm::SHA512),
    );
    // Copy, made, standing, code; who accepts it.
    let everybody = [
        "strict",
        "legacy",
        "maven-central",
        "maven-legacy",
        "gradle",
    ];
    type Case<'a> = (&'a Cert, &'a str, Standing, Option<Code>, &'a [&'a str]);
    let cases: [Case<'_>; 5] = [
        (
            &new,
            "2025-01-10",
            Standing::ValidAtSigning,
            None,
            &everybody,
        ),
        (
            &old,
            "2025-01-10",
            Standing::ValidAtSigning,
            Some(codes::KEY_EXPIRED_NOW),
            &everybody,
        ),
        (
            &new,
            "2025-02-10",
            Standing::SignedInGap,
            Some(codes::KEY_EXTENDED_LATER),
            &["maven-central", "maven-legacy", "gradle"],
        ),
        (
            &old,
            "2025-02-10",
            Standing::SignedAfterExpiry,
            Some(codes::KEY_EXPIRED_AT_SIGNING),
            &["maven-central", "gradle"],
        ),
        (
            &new,
            "2025-05-01",
            Standing::ValidAtSigning,
            None,
            &everybody,
        ),
    ];
    for (copy, made, standing, code, accepting) in cases {
        for profile in everybody {
            let facts = artifact(copy, &old, profile, made);
            assert_eq!(facts.standing(), standing, "{made} {profile}: {facts:?}");
            let good = facts.status == Status::Good;
            assert_eq!(
                good,
                accepting.contains(&profile),
                "{made} {profile}: {facts:?}"
            );
            if let Some(code) = code {
                assert!(says(&facts, code), "{made} {profile}: {facts:?}");
            }
        }
    }
}

#[test]
fn weak_today_is_an_answer_of_its_own() {
    let cert = with(
        &short_lived(),
        extended(
            &short_lived(),
            "2025-01-20",
            "2026-01-01",
            HashAlgorithm::SHA512,
        ),
    );
    let strict = Profile::embedded()[0].1;
    let from = "[digest.sha512]\ndata = \"always\"";
    assert!(strict.contains(from));
    let dated = strict.replace(from, "[digest.sha512]\ndata = \"2025-01-15\"");
    let profile = Profile::parse("dated", &dated).unwrap();
    let verifier = Verifier::new(certificates([&cert]), profile, time("2025-06-01"));
    for (made, status, standing) in [
        ("2025-01-10", Status::Good, Standing::WeakNow),
        ("2025-01-16", Status::WeakAlgorithm, Standing::Weak),
    ] {
        let signature = signature(&cert, made);
        let report = verifier
            .detached(Object::Artifact, DATA, &signature)
            .unwrap();
        let facts = &report.signatures[0];
        assert_eq!(
            (&facts.status, facts.standing()),
            (&status, standing),
            "{facts:?}"
        );
        let note = says(facts, codes::WEAK_NOW);
        assert_eq!(note, standing == Standing::WeakNow, "{facts:?}");
    }
}

#[test]
fn a_bare_key_is_pinned_or_nothing() {
    let cert = short_lived();
    let bare: Vec<Packet> = cert
        .clone()
        .strip_secret_key_material()
        .into_packets()
        .filter(|packet| !matches!(packet, Packet::Signature(_)))
        .collect();
    let bare = Cert::from_packets(bare.into_iter()).unwrap();
    for made in ["2025-01-10", "2025-02-10"] {
        let facts = artifact(&bare, &cert, "gradle", made);
        assert_eq!(facts.status, Status::Good, "{facts:?}");
        assert_eq!(facts.standing(), Standing::Pinned);
        assert!(says(&facts, codes::KEY_PINNED));
    }
    for profile in ["strict", "legacy", "maven-central", "maven-legacy"] {
        let facts = artifact(&bare, &cert, profile, "2025-01-10");
        assert_eq!(facts.standing(), Standing::WrongKey, "{facts:?}");
        assert!(says(&facts, codes::KEY_UNBOUND));
    }
    // One that lost only some of them is not bare.
    let stripped = Cert::from_packets(
        cert.clone()
            .strip_secret_key_material()
            .into_packets()
            .filter(|packet| !matches!(packet, Packet::UserID(_)))
            .collect::<Vec<_>>()
            .into_iter(),
    );
    if let Ok(stripped) = stripped {
        let facts = artifact(&stripped, &cert, "gradle", "2025-01-10");
        assert_ne!(facts.standing(), Standing::Pinned, "{facts:?}");
    }
}

#[test]
fn extended_later_leaves_the_gap() {
    let old = short_lived();
    let new = with(
        &old,
        extended(&old, "2025-04-01", "2026-01-01", HashAlgorithm::SHA512),
    );
    assert_eq!(then(&[&new], "2025-01-10"), KeyState::Live);
    assert_eq!(
        then(&[&new], "2025-02-10"),
        KeyState::Expired {
            at: time("2025-02-01"),
            primary: true
        }
    );
    assert_eq!(then(&[&new], "2025-04-02"), KeyState::Live);
}

#[test]
fn copies_are_merged_before_judging() {
    let old = short_lived();
    let new = with(
        &old,
        extended(&old, "2025-04-01", "2026-01-01", HashAlgorithm::SHA512),
    );
    let new = stripped(&new, "2025-04-01");
    for copies in [[&old, &new], [&new, &old]] {
        // The old copy knows of the gap, the new one of the extension.
        assert!(matches!(
            then(&copies, "2025-02-10"),
            KeyState::Expired { .. }
        ));
        assert_eq!(then(&copies, "2025-04-02"), KeyState::Live);
    }
}

#[test]
fn without_the_self_signatures_of_the_day_the_next_one_speaks() {
    let old = short_lived();
    let new = with(
        &old,
        extended(&old, "2025-04-01", "2026-01-01", HashAlgorithm::SHA512),
    );
    let new = stripped(&new, "2025-04-01");
    for made in ["2025-01-10", "2025-02-10", "2025-05-01"] {
        assert_eq!(then(&[&new], made), KeyState::Live, "{made}");
        let facts = judge(&[&new], Profile::strict(), made, "2025-06-01");
        let told = facts
            .notes
            .iter()
            .any(|note| note.code.id == "signature.key-history");
        assert_eq!(told, made < "2025-04-01", "{made}");
    }
    let facts = judge(&[&new], Profile::strict(), "2025-05-01", "2026-01-01");
    assert!(matches!(facts.now, Some(KeyState::Expired { .. })));
}

#[test]
fn a_weak_self_signature_of_the_day_may_forbid_but_not_allow() {
    let cert = short_lived();
    let weak = extended(&cert, "2025-01-02", "2025-02-01", HashAlgorithm::SHA1);
    let cert = with(&cert, weak);
    // Only the SHA-1 ones and, from April, a strong one.
    let weak = stripped(&cert, "2025-01-02");
    assert!(matches!(
        then(&[&weak], "2025-01-10"),
        KeyState::Unbound { .. }
    ));
    let mended = extended(&cert, "2025-04-01", "2026-01-01", HashAlgorithm::SHA512);
    let mended = stripped(&with(&cert, mended), "2025-01-02");
    assert_eq!(then(&[&mended], "2025-01-10"), KeyState::Live);
    assert!(matches!(
        then(&[&mended], "2025-02-10"),
        KeyState::Expired { .. }
    ));
    assert_eq!(then(&[&mended], "2025-04-02"), KeyState::Live);
    // The legacy profile takes the weak ones at their word.
    let legacy = Profile::named("legacy").unwrap();
    let facts = judge(&[&weak], legacy, "2025-01-10", "2025-01-11");
    assert_eq!(facts.status, Status::Good, "{facts:?}");
}

/// A certificate that names a revoker, that revoker, and the revoker's revocation.
fn designated() -> (Cert, Cert, Packet) {
    let (revoker, _) = CertBuilder::new()
        .set_creation_time(day("2025-01-01"))
        .add_userid("revoker <revoker@test.invalid>")
        .generate()
        .unwrap();
    let named = RevocationKey::new(
        revoker.primary_key().key().pk_algo(),
        revoker.fingerprint(),
        false,
    );
    let (cert, _) = CertBuilder::new()
        .set_creation_time(day("2025-01-01"))
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
        .set_revocation_keys(vec![named])
        .add_userid("revocable <revocable@test.invalid>")
        .generate()
        .unwrap();
    let revocation = CertRevocationBuilder::new()
        .set_signature_creation_time(day("2025-03-01"))
        .unwrap()
        .set_reason_for_revocation(ReasonForRevocation::KeyCompromised, b"stolen")
        .unwrap()
        .build(&mut primary(&revoker), &cert, None)
        .unwrap();
    (cert, revoker, revocation.into())
}

#[test]
fn a_designated_revoker_revokes() {
    let (cert, revoker, revocation) = designated();
    let revoked = with(&cert, vec![revocation]);
    let state = then(&[&revoked, &revoker], "2025-02-01");
    assert!(
        matches!(&state, KeyState::Revoked(r) if r.hard && r.reason == "stolen"),
        "{state:?}"
    );
    // Without the revoker's certificate nobody can tell.
    assert_eq!(then(&[&revoked], "2025-02-01"), KeyState::Live);
}

#[test]
fn others_cannot_revoke() {
    let (cert, revoker, _) = designated();
    let (stranger, _) = CertBuilder::new()
        .set_creation_time(day("2025-01-01"))
        .add_userid("stranger")
        .generate()
        .unwrap();
    let forged = CertRevocationBuilder::new()
        .set_signature_creation_time(day("2025-03-01"))
        .unwrap()
        .build(&mut primary(&stranger), &cert, None)
        .unwrap();
    let poisoned = with(&cert, vec![forged.into()]);
    assert_eq!(
        then(&[&poisoned, &revoker, &stranger], "2025-02-01"),
        KeyState::Live
    );
}

#[test]
fn a_soft_revocation_stands_though_the_key_was_extended() {
    let cert = short_lived();
    let retired = CertRevocationBuilder::new()
        .set_signature_creation_time(day("2025-01-15"))
        .unwrap()
        .set_reason_for_revocation(ReasonForRevocation::KeyRetired, b"")
        .unwrap()
        .build(&mut primary(&cert), &cert, None)
        .unwrap();
    let extended = extended(&cert, "2025-01-20", "2026-01-01", HashAlgorithm::SHA512);
    let cert = with(&with(&cert, extended), vec![retired.into()]);
    assert_eq!(then(&[&cert], "2025-01-10"), KeyState::Live);
    assert!(matches!(then(&[&cert], "2025-01-25"), KeyState::Revoked(_)));
}
