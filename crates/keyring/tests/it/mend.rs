//! Certificates mended: what changes, what stays, and what is refused.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use pkgseal_keyring::doctor::{Halves, Mended, Request, diagnose, mend};
use pkgseal_keyring::lifecycle::KeyFile;
use pkgseal_keyring::prove::Prover;
use pkgseal_keyring::{Error, Passphrase};
use pkgseal_openpgp::{Armor, Certificates, Object, Profile, SignatureReport, Signer, Verifier};
use pkgseal_repo::{Destination, Outcome};
use pkgseal_testkit::keys::{self, Back, Hash, Recast, Says};

use crate::doctor::{certificate, now, patient, uniform};

const WHO: &str = "pkgseal TEST doctor <doctor@test.invalid>";

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn file(&self, cast: &Recast) -> KeyFile {
        KeyFile::open(
            &self.put("patient.key.asc", &cast.secret()),
            &Certificates::default(),
        )
        .unwrap()
    }

    fn mend(&self, cast: &Recast) -> Mended {
        mend(&self.file(cast), None, Halves::Refuse, now()).unwrap()
    }
}

fn says(hash: Hash, made: &'static str) -> Says {
    Says::plain(hash, made)
}

fn assert_whole(mended: &Mended) {
    let after = diagnose(&mended.changed.after, now()).unwrap();
    assert_eq!(after.outcome(), Outcome::Accepted, "{after:#?}");
    assert!(!after.needs_mending(), "{after:#?}");
    assert_eq!(
        mended.changed.before.fingerprint(),
        mended.changed.after.fingerprint()
    );
}

/// A signature of the good key's subkey, whatever its certificate is worth.
fn signed(text: &[u8], day: &str) -> Vec<u8> {
    let signer = keys::signer("good", keys::time("2025-02-01"));
    Signer::detached(&[signer], text, Armor::Binary, keys::time(day)).unwrap()
}

fn judged(certificates: Certificates, signature: &[u8], text: &[u8]) -> SignatureReport {
    Verifier::new(certificates, Profile::strict(), now())
        .detached(Object::Artifact, text, signature)
        .unwrap()
}

#[test]
fn every_break_is_mended_and_old_signatures_count_again() {
    let strong = || says(Hash::Sha512, "2025-01-01");
    let weak = || says(Hash::Sha1, "2025-01-01");
    for (what, cast) in [
        ("SHA-1 throughout", uniform(Hash::Sha1)),
        ("MD5 throughout", uniform(Hash::Md5)),
        ("SHA-224 throughout", uniform(Hash::Sha224)),
        ("a direct-key signature", uniform(Hash::Sha1).direct(weak())),
        (
            "the user ID",
            patient()
                .user_id(WHO, &[weak()])
                .binding(strong(), Back::By(Hash::Sha512)),
        ),
        (
            "the binding",
            patient()
                .user_id(WHO, &[strong()])
                .binding(weak(), Back::By(Hash::Sha512)),
        ),
        (
            "the back-signature",
            patient()
                .user_id(WHO, &[strong()])
                .binding(strong(), Back::By(Hash::Sha1)),
        ),
        (
            "no back-signature",
            patient()
                .user_id(WHO, &[strong()])
                .binding(strong(), Back::Missing),
        ),
        (
            "a foreign back-signature",
            patient()
                .user_id(WHO, &[strong()])
                .binding(strong(), Back::Foreign),
        ),
        (
            "the half fix",
            patient()
                .user_id(WHO, &[weak(), says(Hash::Sha512, "2026-01-01")])
                .binding(weak(), Back::By(Hash::Sha1)),
        ),
        (
            "several user IDs",
            patient()
                .user_id(WHO, &[weak()])
                .user_id("pkgseal TEST other <other@test.invalid>", &[weak()])
                .binding(weak(), Back::By(Hash::Sha1)),
        ),
    ] {
        let bench = Bench::new();
        let mended = bench.mend(&cast);
        assert_whole(&mended);
        assert!(!mended.changed.steps.is_empty(), "{what}");
        assert!(mended.left.is_empty(), "{what}");

        // A signature from before the mend: refused with the old one, good with the new.
        let signature = signed(b"text", "2025-03-01");
        let old = Certificates::new([certificate(&cast.certificate())]);
        let new = Certificates::new([mended.changed.after.clone()]);
        assert!(
            !judged(old.clone(), &signature, b"text").is_accepted(),
            "{what}"
        );
        let report = judged(new.clone(), &signature, b"text");
        assert!(report.is_accepted(), "{what}: {report:#?}");
        let facts = &report.signatures[0];
        let by_later = facts
            .notes
            .iter()
            .any(|n| n.code.id == "signature.key-history");
        assert!(!by_later, "{what}: bound by a signature of that time");

        // Nothing is lost, and the proof says so.
        let prover = Prover::new(old, new, [("strict".to_owned(), Profile::strict())], now());
        let rejected = prover
            .certificates(&[])
            .unwrap()
            .into_iter()
            .find(|finding| finding.severity > pkgseal_repo::Severity::Note);
        assert_eq!(rejected, None, "{what}");
        let report = prover
            .gathering()
            .detached(Object::Artifact, &b"text"[..], &signature)
            .unwrap();
        let proof = prover.object(Object::Artifact, "text.sig", &report);
        assert_eq!(proof.counts["strict"].gained, 1, "{what}");
        assert_eq!(proof.counts["strict"].lost, 0, "{what}");
    }
}

#[test]
fn a_mend_can_be_repeated_and_changes_nothing_then() {
    let bench = Bench::new();
    let mended = bench.mend(&uniform(Hash::Sha1));
    assert_eq!(mended.changed.steps.len(), 2, "user ID and subkey");
    let file = bench.file(&uniform(Hash::Sha1));
    let written = file.write(&mended.changed, &Destination::Beside).unwrap();
    assert_eq!(
        written,
        [
            bench.path("patient.key.asc"),
            bench.path("patient.cert.asc")
        ]
    );

    let again = KeyFile::open(&written[0], &Certificates::default()).unwrap();
    let again = mend(&again, None, Halves::Refuse, now()).unwrap();
    assert!(again.changed.steps.is_empty());
    assert_eq!(again.changed.after, mended.changed.after);
    assert!(
        Signer::open(
            &std::fs::read(&written[0]).unwrap(),
            || panic!("it is not protected"),
            now()
        )
        .is_ok()
    );
}

#[test]
fn expiries_of_the_past_are_kept() {
    // Renewed once, with SHA-1 both times: dead in between.
    let until = |made, expires| Says {
        expires: Some(expires),
        ..says(Hash::Sha1, made)
    };
    let cast = patient()
        .user_id(
            WHO,
            &[
                until("2025-01-01", "2025-06-01"),
                until("2025-08-01", "2027-01-01"),
            ],
        )
        .binding(says(Hash::Sha1, "2025-01-01"), Back::By(Hash::Sha1));
    let bench = Bench::new();
    let mended = bench.mend(&cast);
    assert_whole(&mended);
    assert_eq!(mended.changed.steps.len(), 3);
    let new = Certificates::new([mended.changed.after.clone()]);
    for (day, good) in [
        ("2025-03-01", true),
        ("2025-07-01", false),
        ("2025-09-01", true),
    ] {
        let report = judged(new.clone(), &signed(b"text", day), b"text");
        assert_eq!(report.is_accepted(), good, "{day}: {report:#?}");
    }
    let keys = mended.changed.after.keys(&Profile::strict(), now());
    assert_eq!(keys[0].expires, Some(keys::time("2027-01-01")));
}

#[test]
fn half_a_mend_is_refused_unless_asked_for() {
    let cast = uniform(Hash::Sha1).without_subkey_secret();
    let bench = Bench::new();
    let file = bench.file(&cast);
    let refused = mend(&file, None, Halves::Refuse, now()).unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("nothing was changed"), "{text}");
    assert!(text.contains(&cast.signing_fingerprint()), "{text}");
    assert!(text.contains("not here"), "{text}");

    let half = mend(&file, None, Halves::Accept, now()).unwrap();
    assert_eq!(half.left.len(), 1);
    assert_eq!(half.changed.steps.len(), 1, "the user ID");
    let after = diagnose(&half.changed.after, now()).unwrap();
    assert_eq!(after.outcome(), Outcome::Rejected);
    let says = |id: &str| after.troubles.iter().any(|t| t.finding.code.id == id);
    assert!(says("doctor.half-mended") && says("doctor.weak-binding"));

    // A strong back-signature serves again, and nothing is left.
    let cast = patient()
        .user_id(WHO, &[says_weak()])
        .binding(says_weak(), Back::By(Hash::Sha512))
        .without_subkey_secret();
    let whole = mend(&bench.file(&cast), None, Halves::Refuse, now()).unwrap();
    assert_whole(&whole);
}

fn says_weak() -> Says {
    says(Hash::Sha1, "2025-01-01")
}

#[test]
fn what_cannot_be_mended_is_said_and_nothing_changes() {
    let bench = Bench::new();
    let refuse = |cast: &Recast, words: &str| {
        let refused = mend(&bench.file(cast), None, Halves::Accept, now()).unwrap_err();
        assert!(refused.to_string().contains(words), "{refused}");
    };
    refuse(&uniform(Hash::Sha1).without_primary_secret(), "primary key");
    refuse(
        &uniform(Hash::Sha1).revoked(Hash::Sha512, "2025-07-01"),
        "revoked",
    );

    // What a critical notation says, nobody here knows: it is not copied, nor dropped.
    for who in [says_weak(), says(Hash::Sha512, "2025-01-01")] {
        let cast = patient()
            .user_id(WHO, &[who])
            .critical_binding(says_weak(), Back::By(Hash::Sha1));
        let refused = mend(&bench.file(&cast), None, Halves::Refuse, now()).unwrap_err();
        let text = refused.to_string();
        assert!(text.contains("unknown@test.invalid"), "{text}");
        let half = mend(&bench.file(&cast), None, Halves::Accept, now()).unwrap();
        assert_eq!(half.left.len(), 1);
        let weak_user_id = usize::from(who.hash == Hash::Sha1);
        assert_eq!(half.changed.steps.len(), weak_user_id);
    }
}

#[test]
fn a_subkey_that_was_revoked_stays_so() {
    let cast = uniform(Hash::Sha1).subkey_revoked(Hash::Sha512, "2025-07-01");
    let mended = Bench::new().mend(&cast);
    assert_eq!(mended.changed.steps.len(), 1, "the user ID alone");
    let report = judged(
        Certificates::new([mended.changed.after]),
        &signed(b"text", "2025-09-01"),
        b"text",
    );
    assert!(!report.is_accepted());
}

#[test]
fn a_protected_key_asks_for_its_passphrase() {
    let bench = Bench::new();
    let path = bench.put("protected.key.asc", keys::load("protected").secret());
    let file = KeyFile::open(&path, &Certificates::default()).unwrap();
    // Nothing ails it, so nobody is asked.
    let mended = mend(&file, None, Halves::Refuse, now()).unwrap();
    assert!(mended.changed.steps.is_empty());

    // The same secret with a weak user ID beside it.
    let weak = keys::load("protected")
        .recast()
        .user_id(WHO, &[says_weak()]);
    let published = Certificates::new([certificate(&weak.certificate())]);
    let file = KeyFile::open(&path, &published).unwrap();
    let none = mend(&file, None, Halves::Refuse, now()).unwrap_err();
    assert!(none.to_string().contains("passphrase"), "{none}");
    let wrong = Passphrase::File(bench.put("wrong", b"wrong\n"));
    mend(&file, Some(&wrong), Halves::Refuse, now()).unwrap_err();
    let right = Passphrase::File(bench.put("right", keys::PASSPHRASE.as_bytes()));
    let mended = mend(&file, Some(&right), Halves::Refuse, now()).unwrap();
    assert_whole(&mended);
}

#[test]
fn a_strange_published_certificate_is_refused() {
    let bench = Bench::new();
    let path = bench.put("patient.key.asc", &uniform(Hash::Sha1).secret());
    let stranger = Certificates::new([certificate(keys::load("stranger").certificate())]);
    let refused = KeyFile::open(&path, &stranger).unwrap_err();
    assert!(matches!(refused, Error::KeyFile { .. }), "{refused}");
}

#[test]
fn the_request_names_every_packet_and_what_makes_it() {
    let diagnosis = diagnose(&certificate(&uniform(Hash::Sha1).certificate()), now()).unwrap();
    let request = Request::of(&diagnosis).unwrap();
    assert_eq!(request.wanted.len(), 3);
    let text = request.text("old.asc");
    for words in [
        uniform(Hash::Sha1).fingerprint().as_str(),
        "0x13",
        "0x18",
        "0x19",
        "pkgseal key doctor --fix KEYFILE",
        "sq cert lint --fix",
        "pkgseal key prove old.asc ANSWER DIR",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    // gpg would copy the weak back-signature, and is not proposed.
    assert!(request.commands.iter().all(|command| command.tool != "gpg"));

    let whole = diagnose(&certificate(&uniform(Hash::Sha512).certificate()), now()).unwrap();
    assert_eq!(Request::of(&whole), None);
}

#[test]
fn a_new_certificate_that_lacks_something_is_no_substitute() {
    let prove = |old: &Recast, new: &Recast| -> Vec<&'static str> {
        let keyring = |cast: &Recast| Certificates::new([certificate(&cast.certificate())]);
        Prover::new(
            keyring(old),
            keyring(new),
            [("strict".to_owned(), Profile::strict())],
            now(),
        )
        .certificates(&[])
        .unwrap()
        .iter()
        .map(|finding| finding.code.id)
        .collect()
    };
    let whole = uniform(Hash::Sha512);
    assert!(prove(&whole, &whole).is_empty());
    assert_eq!(
        prove(
            &whole,
            &keys::load("stranger").recast().user_id(WHO, &[says_weak()])
        ),
        ["prove.certificate-lost", "prove.part-added"]
    );
    assert_eq!(
        prove(&whole, &uniform(Hash::Sha512).with_new_subkey()),
        [
            "prove.part-lost",
            "prove.part-added",
            "prove.self-signature-lost"
        ]
    );
    assert_eq!(
        prove(
            &uniform(Hash::Sha512).user_id("pkgseal TEST lost <lost@test.invalid>", &[]),
            &whole
        ),
        ["prove.part-lost"]
    );
    assert_eq!(
        prove(
            &uniform(Hash::Sha512).revoked(Hash::Sha512, "2025-07-01"),
            &whole
        ),
        ["prove.revocation-lost"]
    );
    assert_eq!(
        prove(
            &uniform(Hash::Sha512).subkey_revoked(Hash::Sha512, "2025-07-01"),
            &whole
        ),
        ["prove.revocation-lost"]
    );
    assert_eq!(
        prove(&uniform(Hash::Sha1), &whole),
        ["prove.self-signature-lost"]
    );
}

#[test]
fn a_signature_that_is_lost_is_named_with_its_key() {
    // Published without the subkey that signed.
    let keyring = |cast: &Recast| Certificates::new([certificate(&cast.certificate())]);
    let prover = Prover::new(
        keyring(&uniform(Hash::Sha512)),
        keyring(
            &patient()
                .user_id(WHO, &[says(Hash::Sha512, "2025-01-01")])
                .with_new_subkey(),
        ),
        [
            ("strict".to_owned(), Profile::strict()),
            ("legacy".to_owned(), Profile::named("legacy").unwrap()),
        ],
        now(),
    );
    let check = |signature: &[u8]| {
        let report = prover
            .gathering()
            .detached(Object::Artifact, &b"text"[..], signature)
            .unwrap();
        prover.object(Object::Artifact, "text.sig", &report)
    };
    let proof = check(&signed(b"text", "2025-03-01"));
    assert_eq!(proof.findings.len(), 1);
    let finding = &proof.findings[0];
    assert_eq!(finding.code.id, "prove.signature-lost");
    assert_eq!(finding.cause.as_deref(), Some("strict, legacy"));
    assert!(
        finding
            .detail
            .contains(&uniform(Hash::Sha512).signing_fingerprint())
    );
    assert!(finding.detail.contains("no certificate is at hand"));

    // Over other bytes it never was one, and nobody's loss.
    let proof = check(&signed(b"other", "2025-03-01"));
    assert_eq!(proof.findings[0].code.id, "prove.signature-neither");
    assert!(!proof.proves_something());
}

#[test]
fn a_certificate_that_cannot_be_written_leaves_the_key_as_it_was() {
    let bench = Bench::new();
    let file = bench.file(&uniform(Hash::Sha1));
    let mended = mend(&file, None, Halves::Refuse, now()).unwrap();
    let before = std::fs::read(file.path()).unwrap();
    std::fs::create_dir(bench.path("patient.cert.asc")).unwrap();
    file.write(&mended.changed, &Destination::Beside)
        .unwrap_err();
    assert_eq!(std::fs::read(file.path()).unwrap(), before);
    let mut names: Vec<_> = std::fs::read_dir(bench.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["patient.cert.asc", "patient.key.asc"]);
}
