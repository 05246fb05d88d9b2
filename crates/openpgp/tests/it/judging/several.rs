//! Several signatures in one block.

use super::*;

/// Several signatures in one block.
fn several(signers: &[(&str, RawOptions)], data: &[u8]) -> Vec<u8> {
    let packets: Vec<u8> = signers
        .iter()
        .flat_map(|(name, options)| {
            keys::raw_sign(&keys::load(name), data, &options.clone().binary())
        })
        .collect();
    keys::armor(&packets)
}

fn at_signed(name: &str) -> (&str, RawOptions) {
    (name, RawOptions::at(keys::SIGNED))
}

#[test]
fn one_good_and_one_bad_rejects() {
    let mut block = keys::raw_sign(
        &keys::load("good"),
        DATA,
        &RawOptions::at(keys::SIGNED).binary(),
    );
    block.extend(keys::raw_sign(
        &keys::load("good-ed25519-2"),
        b"other",
        &RawOptions::at(keys::SIGNED).binary(),
    ));
    for object in OBJECTS {
        let report = verifier(&["good", "good-ed25519-2"], keys::NOW)
            .detached(object, DATA, &block)
            .unwrap();
        assert_eq!(report.signatures[0].status, Status::Good);
        assert_eq!(report.signatures[1].status, Status::Bad);
        let [reason] = reasons(&report) else {
            panic!("{report:?}");
        };
        assert_eq!(reason.code.id, "signature.bad");
        let cause = reason.cause.as_deref().unwrap();
        assert!(
            cause.contains("bad-signature.beside-good = \"reject\""),
            "{cause}"
        );
        // By somebody unknown it is listed only.
        let report = verifier(&["good"], keys::NOW)
            .detached(object, DATA, &block)
            .unwrap();
        assert!(report.is_accepted());
        assert_eq!(report.signatures[1].status, Status::MissingCertificate);
        let findings = report.findings("it");
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Note);
        assert_eq!(findings[0].subject, "it");
    }
}

#[test]
fn one_good_beside_worthless_ones_is_enough() {
    let block = several(
        &[
            at_signed("good"),
            at_signed("expired"),
            at_signed("rsa1024"),
            at_signed("stranger"),
        ],
        DATA,
    );
    let report = verifier(&["expired", "good", "rsa1024"], keys::NOW)
        .detached(Object::Repository, DATA, &block)
        .unwrap();
    let statuses: Vec<_> = report
        .signatures
        .iter()
        .map(|facts| &facts.status)
        .collect();
    assert_eq!(
        statuses,
        [
            &Status::Good,
            &Status::BadKey(BadKey::Expired),
            &Status::WeakAlgorithm,
            &Status::MissingCertificate,
        ]
    );
    assert_eq!(report.accepted_signers().unwrap().len(), 1);
    let severities: Vec<_> = report.findings("").iter().map(|f| f.severity).collect();
    assert_eq!(
        severities,
        [Severity::Warning, Severity::Warning, Severity::Note]
    );
}

#[test]
fn none_good_gives_every_reason() {
    let block = several(&[at_signed("expired"), at_signed("stranger")], DATA);
    let report = verifier(&["expired"], keys::NOW)
        .detached(Object::Repository, DATA, &block)
        .unwrap();
    let codes: Vec<_> = reasons(&report)
        .iter()
        .map(|reason| reason.code.id)
        .collect();
    assert_eq!(
        codes,
        ["signature.key-expired", "signature.missing-certificate"]
    );
}

#[test]
fn a_threshold_counts_certificates_not_signatures() {
    let twice = several(&[at_signed("good"), at_signed("good")], DATA);
    let both = several(&[at_signed("good"), at_signed("good-rsa4096")], DATA);
    let verifier = Verifier::new(
        keys::certificates(&["good", "good-rsa4096"]),
        Profile::strict().threshold(2),
        keys::time(keys::NOW),
    );
    let judge = |block: &[u8]| verifier.detached(Object::Artifact, DATA, block).unwrap();
    assert_eq!(judge(&both).accepted_signers().unwrap().len(), 2);
    let report = judge(&twice);
    assert!(
        report
            .signatures
            .iter()
            .all(|facts| facts.status == Status::Good)
    );
    let [reason] = reasons(&report) else {
        panic!("{report:?}");
    };
    assert_eq!(reason.code.id, "signature.threshold");
    assert!(
        reason.detail.contains("1 distinct certificate, 2 needed"),
        "{}",
        reason.detail
    );
    assert!(reason.cause.as_deref().unwrap().contains("threshold = 2"));
}
