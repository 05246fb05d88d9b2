//! What ails certificates: each trouble by its code, and nothing where nothing ails.

use jiff::Timestamp;
use pkgseal_keyring::doctor::{Diagnosis, Remedy, compare_copies, diagnose};
use pkgseal_openpgp::Certificate;
use pkgseal_repo::{Outcome, Severity};
use pkgseal_testkit::keys::{self, Back, Flags, Hash, Recast, Says};

pub(crate) fn now() -> Timestamp {
    keys::time("2026-03-01")
}

pub(crate) fn certificate(bytes: &[u8]) -> Certificate {
    let (mut certificates, errors) = Certificate::parse_all(bytes);
    assert!(errors.is_empty(), "{errors:?}");
    certificates.remove(0)
}

fn of(bytes: &[u8]) -> Diagnosis {
    diagnose(&certificate(bytes), now()).unwrap()
}

const WHO: &str = "pkgseal TEST doctor <doctor@test.invalid>";

pub(crate) fn patient() -> Recast {
    keys::load("good").recast()
}

fn says(hash: Hash) -> Says {
    Says::plain(hash, "2025-01-01")
}

/// Strong, or of SHA-1 throughout.
pub(crate) fn uniform(hash: Hash) -> Recast {
    patient()
        .user_id(WHO, &[says(hash)])
        .binding(says(hash), Back::By(hash))
}

/// Codes of what is worse than a note, in order.
fn worse(diagnosis: &Diagnosis) -> Vec<&'static str> {
    diagnosis
        .troubles
        .iter()
        .filter(|trouble| trouble.finding.severity > Severity::Note)
        .map(|trouble| trouble.finding.code.id)
        .collect()
}

fn all(diagnosis: &Diagnosis) -> Vec<&'static str> {
    diagnosis
        .troubles
        .iter()
        .map(|trouble| trouble.finding.code.id)
        .collect()
}

#[test]
fn a_whole_certificate_has_notes_only() {
    let diagnosis = of(&uniform(Hash::Sha512).certificate());
    assert_eq!(diagnosis.outcome(), Outcome::Accepted);
    assert_eq!(all(&diagnosis), ["doctor.no-features", "doctor.no-expiry"]);
    assert!(!diagnosis.needs_mending());
}

#[test]
fn weak_digests_are_named_part_by_part() {
    for (hash, name) in [
        (Hash::Md5, "MD5"),
        (Hash::Sha1, "SHA-1"),
        (Hash::Sha224, "SHA-224"),
    ] {
        let diagnosis = of(&uniform(hash).certificate());
        assert_eq!(
            worse(&diagnosis),
            [
                "doctor.weak-self-signature",
                "doctor.weak-binding",
                "doctor.weak-back-signature"
            ]
        );
        assert_eq!(diagnosis.outcome(), Outcome::Rejected);
        for trouble in diagnosis.reissuable() {
            assert!(trouble.finding.detail.contains(name), "{trouble:?}");
            assert!(trouble.finding.hint.is_some());
            assert_eq!(trouble.made, Some(keys::time("2025-01-01")));
        }
    }
}

#[test]
fn a_weak_direct_key_signature_beside_a_strong_user_id_is_a_warning() {
    let cast = uniform(Hash::Sha512).direct(says(Hash::Sha1));
    let diagnosis = of(&cast.certificate());
    assert_eq!(worse(&diagnosis), ["doctor.weak-self-signature"]);
    assert_eq!(diagnosis.outcome(), Outcome::Accepted);
    assert!(diagnosis.needs_mending());
}

#[test]
fn back_signatures_that_are_missing_foreign_or_weak() {
    for (back, code) in [
        (Back::Missing, "doctor.no-back-signature"),
        (Back::Foreign, "doctor.bad-back-signature"),
        (Back::By(Hash::Sha1), "doctor.weak-back-signature"),
    ] {
        let cast = patient()
            .user_id(WHO, &[says(Hash::Sha512)])
            .binding(says(Hash::Sha512), back);
        let diagnosis = of(&cast.certificate());
        assert_eq!(worse(&diagnosis), [code, "doctor.half-mended"], "{back:?}");
        assert_eq!(diagnosis.outcome(), Outcome::Rejected);
    }
}

#[test]
fn the_half_fix_everybody_makes() {
    // The user ID was renewed in 2026, the binding of 2025 forgotten.
    let cast = patient()
        .user_id(
            WHO,
            &[says(Hash::Sha1), Says::plain(Hash::Sha512, "2026-01-01")],
        )
        .binding(says(Hash::Sha1), Back::By(Hash::Sha1));
    let diagnosis = of(&cast.certificate());
    assert_eq!(
        worse(&diagnosis),
        [
            "doctor.weak-binding",
            "doctor.weak-back-signature",
            "doctor.half-mended",
            "doctor.weak-history"
        ]
    );
    let half = &diagnosis.troubles[diagnosis
        .troubles
        .iter()
        .position(|t| t.finding.code.id == "doctor.half-mended")
        .unwrap()];
    assert!(half.finding.detail.contains("user ID"), "{half:?}");
    assert!(half.finding.detail.contains(&cast.signing_fingerprint()));

    // The binding was renewed, and the back-signature in it is still the old one.
    let cast = patient().user_id(WHO, &[says(Hash::Sha512)]).binding(
        Says::plain(Hash::Sha512, "2026-01-01"),
        Back::By(Hash::Sha1),
    );
    assert_eq!(
        worse(&of(&cast.certificate())),
        ["doctor.weak-back-signature", "doctor.half-mended"]
    );
}

#[test]
fn a_weak_past_behind_a_strong_present() {
    let cast = patient()
        .user_id(
            WHO,
            &[says(Hash::Sha1), Says::plain(Hash::Sha512, "2026-01-01")],
        )
        .binding(says(Hash::Sha512), Back::By(Hash::Sha512));
    let diagnosis = of(&cast.certificate());
    assert_eq!(worse(&diagnosis), ["doctor.weak-history"]);
    assert_eq!(diagnosis.outcome(), Outcome::Accepted);
    let detail = &diagnosis.troubles.last().unwrap().finding.detail;
    let history = diagnosis
        .troubles
        .iter()
        .find(|t| t.finding.code.id == "doctor.weak-history")
        .unwrap();
    assert!(
        history
            .finding
            .detail
            .contains("2025-01-01T00:00:00Z and 2026-01-01T00:00:00Z"),
        "{detail}"
    );
}

#[test]
fn a_subkey_that_was_forgotten_and_a_primary_that_was() {
    let until = |expires| Says {
        expires: Some(expires),
        ..says(Hash::Sha512)
    };
    let cast = patient()
        .user_id(WHO, &[until("2030-01-01")])
        .binding(until("2026-02-01"), Back::By(Hash::Sha512));
    let diagnosis = of(&cast.certificate());
    assert_eq!(worse(&diagnosis), ["doctor.subkey-forgotten"]);
    assert_eq!(diagnosis.outcome(), Outcome::Rejected);
    assert_eq!(diagnosis.troubles.last().unwrap().remedy, Remedy::Extend);

    let cast = patient()
        .user_id(WHO, &[until("2026-02-01")])
        .binding(until("2030-01-01"), Back::By(Hash::Sha512));
    let diagnosis = of(&cast.certificate());
    assert_eq!(worse(&diagnosis), ["doctor.expired"]);
    let expired = &diagnosis
        .troubles
        .iter()
        .find(|t| t.finding.code.id == "doctor.expired")
        .unwrap()
        .finding;
    assert!(expired.detail.contains("would live on"), "{expired:?}");

    // Nothing is expired the day before.
    let earlier = diagnose(&certificate(&cast.certificate()), keys::time("2026-01-31")).unwrap();
    assert_eq!(earlier.outcome(), Outcome::Accepted);
}

#[test]
fn signatures_of_the_future_do_not_count_yet() {
    let cast = patient()
        .user_id(
            WHO,
            &[says(Hash::Sha1), Says::plain(Hash::Sha512, "2027-01-01")],
        )
        .binding(says(Hash::Sha512), Back::By(Hash::Sha512));
    assert_eq!(
        worse(&of(&cast.certificate())),
        [
            "doctor.future-self-signature",
            "doctor.weak-self-signature",
            "doctor.half-mended"
        ]
    );
}

#[test]
fn what_self_signatures_leave_unsaid() {
    let mute = Says {
        flags: Flags::Missing,
        ..says(Hash::Sha512)
    };
    let cast = patient()
        .user_id(WHO, &[says(Hash::Sha512)])
        .binding(mute, Back::Missing);
    let diagnosis = of(&cast.certificate());
    assert_eq!(
        all(&diagnosis),
        [
            "doctor.no-features",
            "doctor.no-key-flags",
            "doctor.cannot-sign"
        ]
    );
}

#[test]
fn a_critical_notation_voids_a_binding() {
    let cast = patient()
        .user_id(WHO, &[says(Hash::Sha512)])
        .critical_binding(says(Hash::Sha512), Back::By(Hash::Sha512));
    let diagnosis = of(&cast.certificate());
    assert_eq!(worse(&diagnosis), ["doctor.critical-unknown"]);
    assert_eq!(diagnosis.outcome(), Outcome::Rejected);
    assert!(!diagnosis.needs_mending(), "nobody knows what it says");
}

#[test]
fn no_user_id_and_nothing_bound() {
    let cast = patient()
        .direct(says(Hash::Sha512))
        .binding(says(Hash::Sha512), Back::By(Hash::Sha512));
    assert_eq!(worse(&of(&cast.certificate())), ["doctor.no-user-id"]);

    let cast = patient().user_id(WHO, &[says(Hash::Sha512)]);
    assert_eq!(worse(&of(&cast.certificate())), ["doctor.unbound"]);
}

#[test]
fn what_is_revoked_needs_no_mending() {
    let cast = uniform(Hash::Sha1).revoked(Hash::Sha512, "2025-07-01");
    let diagnosis = of(&cast.certificate());
    assert_eq!(worse(&diagnosis), ["doctor.revoked"]);
    assert!(!diagnosis.needs_mending());
    assert_eq!(diagnosis.outcome(), Outcome::Rejected);

    let cast = uniform(Hash::Sha1).revoked(Hash::Sha1, "2025-07-01");
    assert_eq!(
        worse(&of(&cast.certificate())),
        ["doctor.weak-revocation", "doctor.revoked"]
    );

    let cast = uniform(Hash::Sha512).subkey_revoked(Hash::Sha1, "2025-07-01");
    assert_eq!(worse(&of(&cast.certificate())), ["doctor.weak-revocation"]);
}

#[test]
fn keys_that_no_self_signature_can_mend() {
    for (name, expected) in [
        ("dsa2048", Some("DSA2048")),
        ("rsa1024", Some("RSA1024")),
        ("good-rsa2048", None),
    ] {
        let diagnosis = of(keys::load(name).certificate());
        let weak: Vec<_> = diagnosis
            .troubles
            .iter()
            .filter(|trouble| trouble.finding.code.id == "doctor.weak-key")
            .collect();
        assert!(!weak.is_empty(), "{name}");
        assert!(weak.iter().all(|trouble| trouble.remedy == Remedy::Rotate));
        let severity = weak.iter().map(|trouble| trouble.finding.severity).max();
        match expected {
            Some(algorithm) => {
                assert_eq!(severity, Some(Severity::Reject), "{name}");
                assert!(weak[0].finding.detail.contains(algorithm));
            }
            None => assert_eq!(severity, Some(Severity::Note), "{name}"),
        }
        assert!(!diagnosis.needs_mending(), "{name}");
    }
}

#[test]
fn the_copy_that_was_not_published() {
    let mut old = of(&uniform(Hash::Sha1).certificate());
    let mended = of(&uniform(Hash::Sha512).certificate());
    compare_copies(&mut old, &mended, "mended.asc").unwrap();
    let last = old.troubles.last().unwrap();
    assert_eq!(last.finding.code.id, "doctor.unpublished");
    assert_eq!(last.remedy, Remedy::Publish);
    assert!(last.finding.detail.contains("mended.asc"));

    // The other way round there is nothing to say.
    let mut mended = of(&uniform(Hash::Sha512).certificate());
    let before = mended.clone();
    compare_copies(&mut mended, &old, "old.asc").unwrap();
    assert_eq!(mended, before);

    let stranger = of(keys::load("stranger").certificate());
    compare_copies(&mut mended, &stranger, "stranger.asc").unwrap_err();
}

#[test]
fn damaged_certificates_are_diagnosed_all_the_same() {
    let whole = uniform(Hash::Sha1)
        .direct(says(Hash::Sha224))
        .subkey_revoked(Hash::Sha1, "2025-07-01")
        .certificate_binary();
    let mut broken = 0;
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (place % 8);
        let (certificates, _) = Certificate::parse_all(&bytes);
        for certificate in certificates {
            let Ok(diagnosis) = diagnose(&certificate, now()) else {
                continue;
            };
            assert!(!diagnosis.troubles.is_empty());
            pkgseal_keyring::doctor::Request::of(&diagnosis);
            broken += 1;
        }
    }
    assert!(broken > 100, "{broken}");
}
