//! Profiles: each rule accepts and rejects, and each rejection cites its line.

use pkgseal_openpgp::{
    Certificates, Error, Fingerprint, Object, Profile, SignatureReport, Status, Verdict, Verifier,
};
use pkgseal_repo::Severity;
use pkgseal_testkit::keys::{self, Form, Hash, RawOptions};

const DATA: &[u8] = b"hello\n";

fn strict() -> &'static str {
    Profile::embedded()[0].1
}

/// `strict` with one line changed.
fn changed(from: &str, to: &str) -> Profile {
    assert!(strict().contains(from), "{from}");
    Profile::parse("changed", &strict().replacen(from, to, 1)).unwrap()
}

fn legacy() -> Profile {
    Profile::named("legacy").unwrap()
}

fn judge(profile: &Profile, name: &str, options: &RawOptions, object: Object) -> SignatureReport {
    let signature = keys::raw_sign(&keys::load(name), DATA, options);
    verifier(profile, &[name])
        .detached(object, DATA, &signature)
        .unwrap()
}

fn verifier(profile: &Profile, names: &[&str]) -> Verifier {
    let certificates: Certificates = keys::certificates(names);
    Verifier::new(certificates, profile.clone(), keys::time(keys::NOW))
}

fn accepts(profile: &Profile, name: &str, options: &RawOptions, object: Object) -> bool {
    judge(profile, name, options, object).is_accepted()
}

fn at_signed() -> RawOptions {
    RawOptions::at(keys::SIGNED)
}

fn reason(profile: &str) -> String {
    match Profile::parse("mine.toml", profile).unwrap_err() {
        Error::Profile(error) => {
            assert_eq!(error.name, "mine.toml");
            error.reason
        }
        other => panic!("{other}"),
    }
}

#[test]
fn embedded_profiles_parse_and_are_named() {
    let names: Vec<_> = Profile::embedded().iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "strict",
            "legacy",
            "maven-central",
            "maven-legacy",
            "gradle",
            "rpm-4.18",
            "rpm-6"
        ]
    );
    for (name, text) in Profile::embedded() {
        let profile = Profile::named(name).unwrap();
        assert_eq!(profile.name(), *name);
        assert_eq!(profile.text(), *text);
        assert!(!profile.summary().is_empty());
    }
    assert_eq!(Profile::strict().name(), "strict");
    let error = Profile::named("lax").unwrap_err().to_string();
    assert!(error.contains("strict, legacy, maven-central"), "{error}");
}

#[test]
fn a_wrong_file_is_told_where() {
    assert!(reason("").contains("name"), "{}", reason(""));
    let wrong = |from: &str, to: &str| reason(&strict().replacen(from, to, 1));
    let said = wrong("threshold = 1", "threshold = 0");
    assert!(
        said.contains("threshold: 0 would accept unsigned"),
        "{said}"
    );
    let said = wrong("threshold = 1", "treshold = 1");
    assert!(said.contains("treshold"), "{said}");
    let said = wrong(
        "[digest.md5]\ndata = \"never\"",
        "[digest.md5]\ndata = \"sometimes\"",
    );
    assert!(
        said.contains("sometimes") && said.contains("2026-02-01"),
        "{said}"
    );
    let said = wrong("alive-now = \"reject\"", "alive-now = \"maybe\"");
    assert!(said.contains("maybe"), "{said}");
    let said = wrong("certificates = []", "certificates = [\"249B39D24F25E3B6\"]");
    assert!(said.contains("not a full fingerprint"), "{said}");
}

#[test]
fn digests_by_use_and_day() {
    let before = changed(
        "[digest.sha1]\ndata = \"never\"",
        "[digest.sha1]\ndata = \"2025-03-01\"",
    );
    let sha1 = |time: &str| RawOptions::at(time).hash(Hash::Sha1);
    assert!(accepts(
        &before,
        "good",
        &sha1("2025-02-28T23:59:59Z"),
        Object::Package
    ));
    assert!(!accepts(
        &before,
        "good",
        &sha1("2025-03-01T00:00:00Z"),
        Object::Package
    ));
    let always = changed(
        "[digest.sha1]\ndata = \"never\"",
        "[digest.sha1]\ndata = \"always\"",
    );
    assert!(accepts(
        &always,
        "good",
        &sha1(keys::SIGNED),
        Object::Package
    ));
    // The other use stays as it was.
    assert!(!accepts(
        &always,
        "sha1-binding",
        &at_signed(),
        Object::Package
    ));
}

#[test]
fn a_digest_that_is_not_listed_is_never_accepted() {
    let table = strict()
        .split("\n\n")
        .find(|table| table.starts_with("[digest.sha256]"))
        .unwrap();
    let report = judge(
        &changed(table, ""),
        "good",
        &at_signed().hash(Hash::Sha256),
        Object::Package,
    );
    assert_eq!(report.signatures[0].status, Status::WeakAlgorithm);
    let cause = report.findings("")[0].cause.clone().unwrap();
    assert!(cause.contains("digest.sha256 (not listed"), "{cause}");
}

#[test]
fn public_keys_by_kind_and_size() {
    let longer = changed("minimum-bits = 2048", "minimum-bits = 4096");
    assert!(accepts(
        &longer,
        "good-rsa4096",
        &at_signed(),
        Object::Package
    ));
    assert!(!accepts(
        &longer,
        "primary-signs-rsa3072",
        &at_signed(),
        Object::Package
    ));
    let shorter = changed("minimum-bits = 2048", "minimum-bits = 1024");
    assert!(accepts(&shorter, "rsa1024", &at_signed(), Object::Package));
    let none = changed(
        "[public-key.ed25519]\naccept = \"always\"",
        "[public-key.ed25519]\naccept = \"2025-02-01\"",
    );
    assert!(accepts(
        &none,
        "good",
        &RawOptions::at("2025-01-31"),
        Object::Repository
    ));
    assert!(!accepts(&none, "good", &at_signed(), Object::Repository));
    assert!(accepts(
        &none,
        "good-p256",
        &at_signed(),
        Object::Repository
    ));
}

#[test]
fn versions_of_signatures() {
    let without = changed(
        "[signature.v6]\naccept = \"always\"",
        "[signature.v6]\naccept = \"never\"",
    );
    let report = judge(&without, "good-v6-ed25519", &at_signed(), Object::Package);
    assert_eq!(report.signatures[0].status, Status::WeakAlgorithm);
    assert_eq!(report.findings("")[0].code.id, "signature.old-version");
    assert!(accepts(&without, "good", &at_signed(), Object::Package));
}

#[test]
fn alive_now_for_each_kind_of_object() {
    for (object, table, usual) in [
        (Object::Repository, "repository", "reject"),
        (Object::Package, "package", "note"),
        (Object::Artifact, "artifact", "note"),
    ] {
        for (word, severity) in [
            ("reject", None),
            ("warn", Some(Severity::Warning)),
            ("note", Some(Severity::Note)),
        ] {
            let profile = changed(
                &format!("[{table}]\nalive-now = \"{usual}\""),
                &format!("[{table}]\nalive-now = \"{word}\""),
            );
            let report = judge(&profile, "expired", &at_signed(), object);
            assert_eq!(report.is_accepted(), severity.is_some(), "{table} {word}");
            if let Some(severity) = severity {
                assert_eq!(report.findings("")[0].severity, severity);
            }
            // What no rule softens.
            let late = RawOptions::at("2025-06-02");
            assert!(!accepts(&profile, "expired", &late, object));
        }
    }
}

#[test]
fn retired_since_for_each_kind_of_object() {
    for (object, usual) in [
        (
            Object::Repository,
            "alive-now = \"reject\"\nretired-since = \"reject\"",
        ),
        (
            Object::Package,
            "[package]\nalive-now = \"note\"\nretired-since = \"warn\"",
        ),
        (
            Object::Artifact,
            "[artifact]\nalive-now = \"note\"\nretired-since = \"warn\"",
        ),
    ] {
        for (word, accepted) in [("reject", false), ("warn", true), ("note", true)] {
            let start = usual.rfind('=').unwrap();
            let profile = changed(usual, &format!("{}= \"{word}\"", &usual[..start]));
            assert_eq!(
                accepts(&profile, "revoked-soft", &at_signed(), object),
                accepted
            );
            assert!(!accepts(&profile, "revoked-hard", &at_signed(), object));
            let late = RawOptions::at("2025-07-02");
            assert!(!accepts(&profile, "revoked-soft", &late, object));
        }
    }
}

#[test]
fn text_signatures_by_rule() {
    let text = at_signed().form(Form::Text);
    let signature = keys::raw_sign(&keys::load("good"), DATA, &text);
    for (word, lf, crlf) in [
        ("reject", false, false),
        ("lf-only", true, false),
        ("accept", true, true),
    ] {
        let profile = changed(
            "text-form = \"lf-only\"",
            &format!("text-form = \"{word}\""),
        );
        let judge = |data: &[u8]| {
            verifier(&profile, &["good"])
                .detached(Object::Repository, data, &signature)
                .unwrap()
                .is_accepted()
        };
        assert_eq!(judge(DATA), lf, "{word}");
        assert_eq!(judge(b"hello\r\n"), crlf, "{word}");
        assert!(!judge(b"hello\r"), "{word}");
        assert!(!judge(b"hello\r\r\n"), "{word}");
    }
}

#[test]
fn a_bad_one_beside_a_good_one() {
    let mut block = keys::raw_sign(&keys::load("good"), DATA, &at_signed().binary());
    block.extend(keys::raw_sign(
        &keys::load("good-p256"),
        b"x",
        &at_signed().binary(),
    ));
    let ignore = changed("beside-good = \"reject\"", "beside-good = \"ignore\"");
    let judge = |profile: &Profile| {
        verifier(profile, &["good", "good-p256"])
            .detached(Object::Package, DATA, &block)
            .unwrap()
    };
    assert!(!judge(&Profile::strict()).is_accepted());
    let report = judge(&ignore);
    assert!(report.is_accepted());
    assert_eq!(
        report.findings("")[0].severity,
        Severity::Warning,
        "still told"
    );
}

#[test]
fn only_allowed_certificates_count() {
    let fingerprint = |text: String| Fingerprint::parse(&text).unwrap();
    let good = keys::load("good");
    let by_certificate = Profile::strict().allowing(vec![fingerprint(good.fingerprint())]);
    let by_subkey = Profile::strict().allowing(vec![fingerprint(good.signing_fingerprint())]);
    let by_file = changed(
        "certificates = []",
        &format!("certificates = [\"{}\"]", good.fingerprint()),
    );
    for profile in [by_certificate, by_subkey, by_file] {
        assert!(accepts(&profile, "good", &at_signed(), Object::Package));
        let report = judge(&profile, "good-p256", &at_signed(), Object::Package);
        assert_eq!(report.signatures[0].status, Status::Good);
        let Verdict::Rejected { reasons } = &report.verdict else {
            panic!("{report:?}");
        };
        assert_eq!(reasons.len(), 1);
        assert_eq!(reasons[0].code.id, "signature.not-allowed");
        assert_eq!(reasons[0].severity, Severity::Reject);
        assert!(
            reasons[0]
                .cause
                .as_deref()
                .unwrap()
                .contains("allowed.certificates")
        );
    }
}

#[test]
fn a_bad_one_by_somebody_not_allowed_does_not_reject() {
    let good = keys::load("good");
    let mut block = keys::raw_sign(&good, DATA, &at_signed().binary());
    block.extend(keys::raw_sign(
        &keys::load("good-p256"),
        b"x",
        &at_signed().binary(),
    ));
    let only = Fingerprint::parse(&good.fingerprint()).unwrap();
    let report = verifier(
        &Profile::strict().allowing(vec![only]),
        &["good", "good-p256"],
    )
    .detached(Object::Package, DATA, &block)
    .unwrap();
    assert!(report.is_accepted());
}

#[test]
fn a_threshold_of_nothing_is_one() {
    let report = judge(
        &Profile::strict().threshold(0),
        "stranger",
        &RawOptions::at("2025-01-02"),
        Object::Package,
    );
    assert!(report.is_accepted());
    let unknown = keys::raw_sign(&keys::load("stranger"), DATA, &at_signed());
    let report = verifier(&Profile::strict().threshold(0), &["good"])
        .detached(Object::Package, DATA, &unknown)
        .unwrap();
    assert!(!report.is_accepted());
}

#[test]
fn clock_skew_by_rule() {
    let patient = changed("clock-skew-seconds = 300", "clock-skew-seconds = 86400");
    let ahead = RawOptions::at("2025-09-02");
    assert!(accepts(&patient, "good", &ahead, Object::Repository));
    assert!(!accepts(
        &Profile::strict(),
        "good",
        &ahead,
        Object::Repository
    ));
}

#[test]
fn legacy_takes_what_old_archives_hold() {
    for name in [
        "sha1-binding",
        "sha1-subkey-binding",
        "expired",
        "revoked-soft",
    ] {
        for object in [Object::Repository, Object::Package, Object::Artifact] {
            assert!(accepts(&legacy(), name, &at_signed(), object), "{name}");
        }
    }
    let report = judge(&legacy(), "expired", &at_signed(), Object::Repository);
    assert_eq!(report.findings("")[0].severity, Severity::Warning);
}

#[test]
fn legacy_does_not_take_what_can_be_forged() {
    for name in [
        "rsa1024",
        "no-backsig",
        "unbound-subkey",
        "revoked-hard",
        "not-signing",
        "young",
    ] {
        assert!(
            !accepts(&legacy(), name, &at_signed(), Object::Package),
            "{name}"
        );
    }
    for hash in [Hash::Md5, Hash::Sha1] {
        assert!(!accepts(
            &legacy(),
            "good",
            &at_signed().hash(hash),
            Object::Package
        ));
    }
    assert!(!accepts(
        &legacy(),
        "expired",
        &RawOptions::at("2025-06-02"),
        Object::Package
    ));
    let report = judge(
        &legacy(),
        "good",
        &at_signed().hash(Hash::Sha1),
        Object::Package,
    );
    let cause = report.findings("")[0].cause.clone().unwrap();
    assert!(
        cause.contains("profile legacy: digest.sha1.data = \"2013-02-01\""),
        "{cause}"
    );
}

#[test]
fn uploads_have_rules_of_their_own_or_those_of_repositories() {
    let (days, line) = Profile::strict().max_age_days(Object::Upload).unwrap();
    assert_eq!(days, 365);
    assert!(line.contains("upload.max-age-days = 365"), "{line}");
    assert!(Profile::strict().max_age_days(Object::Repository).is_none());
    let table = strict()
        .split("\n\n")
        .find(|table| table.starts_with("[upload]"))
        .unwrap();
    let older = changed(table, "");
    for (name, accepted) in [("good", true), ("expired", false)] {
        assert_eq!(
            accepts(&older, name, &at_signed(), Object::Upload),
            accepted,
            "{name}"
        );
    }
    assert!(older.max_age_days(Object::Upload).is_none());
}
