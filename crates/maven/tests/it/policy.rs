//! What a tree must satisfy beyond good signatures: policies, trust files, Gradle's cache.

use std::fs;
use std::path::Path;

use pkgseal_maven::codes;
use pkgseal_maven::tree::{Policy, Unsigned, recognise, verify, verify_with};
use pkgseal_maven::trust::keysmap::Keysmap;
use pkgseal_maven::trust::{Form, Trust, learn, read};
use pkgseal_openpgp::{Examination, codes as signature};
use pkgseal_repo::{CheckOptions, Code, NoProgress, Outcome, Root, Severity};
use pkgseal_testkit::build::{Digest, maven, put};
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};

use crate::{assert_accepted, assert_rejected, contents, has, verifier};

const JAR: &str = "org/example/lib/1.0/lib-1.0.jar";

/// A signed artifact, without checksums.
fn signed() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in maven::Artifact::new("org.example", "lib", "1.0").files() {
        let asc = raw_sign(&keys::load("good"), &content, &RawOptions::at(keys::SIGNED));
        put(dir.path(), &format!("{path}.asc"), asc);
        put(dir.path(), &path, content);
    }
    dir
}

fn judge(dir: &Path, policy: &Policy) -> Examination {
    let known = verifier(&["good", "good-rsa2048", "expired"]);
    verify_with(dir, &known, policy, &CheckOptions::default(), &NoProgress).unwrap()
}

fn by(trust: Trust) -> Policy {
    Policy {
        trust: Some(trust),
        ..Policy::default()
    }
}

fn keysmap(text: &str) -> Policy {
    let text = text
        .replace("GOOD", &format!("0x{}", keys::load("good").fingerprint()))
        .replace(
            "SUBKEY",
            &format!("0x{}", keys::load("good").signing_fingerprint()),
        )
        .replace(
            "STRANGER",
            &format!("0x{}", keys::load("stranger").fingerprint()),
        )
        .replace(
            "OTHER",
            &format!("0x{}", keys::load("good-rsa2048").fingerprint()),
        );
    by(Keysmap::parse(&text).unwrap().trust())
}

#[test]
fn unsigned_files_pass_only_where_the_policy_says_so() {
    let dir = signed();
    fs::remove_file(dir.path().join(format!("{JAR}.asc"))).unwrap();
    assert_rejected(&judge(dir.path(), &Policy::default()), signature::NONE);
    for (unsigned, severity) in [
        (Unsigned::Warn, Severity::Warning),
        (Unsigned::Note, Severity::Note),
    ] {
        let policy = Policy {
            unsigned,
            trust: None,
        };
        let judged = judge(dir.path(), &policy);
        assert_accepted(&judged);
        let mut all = judged.report.findings.iter();
        let told = all.find(|finding| finding.code == codes::UNSIGNED).unwrap();
        assert_eq!((told.severity, told.subject.as_str()), (severity, JAR));
        // A signature that is none does not pass for a missing one.
        put(dir.path(), &format!("{JAR}.asc"), "nonsense");
        assert_eq!(judge(dir.path(), &policy).outcome(), Outcome::Rejected);
        fs::remove_file(dir.path().join(format!("{JAR}.asc"))).unwrap();
    }
}

#[test]
fn a_keysmap_says_who_may_sign_what() {
    let dir = signed();
    for accepted in [
        "org.example = GOOD",
        "org.example = SUBKEY",
        "org.example = OTHER, GOOD",
        "org.example = OTHER\norg.example:lib = GOOD",
        "org.* = any",
        "*:lib:[1,2) = GOOD",
    ] {
        assert_accepted(&judge(dir.path(), &keysmap(accepted)));
    }
    for (rejected, code) in [
        ("org.example = OTHER", codes::TRUST_FORBIDDEN),
        ("org.example = STRANGER", codes::TRUST_FORBIDDEN),
        ("org.example = noSig", codes::TRUST_FORBIDDEN),
        ("org.example = badSig, noKey", codes::TRUST_FORBIDDEN),
        ("org.example = !GOOD", codes::TRUST_FORBIDDEN),
        ("org.other = GOOD", codes::TRUST_UNMENTIONED),
        ("org.example:lib:[2,) = GOOD", codes::TRUST_UNMENTIONED),
        ("org.example:lib:pom = GOOD", codes::TRUST_UNMENTIONED),
    ] {
        let judged = judge(dir.path(), &keysmap(rejected));
        assert_rejected(&judged, code);
    }
    // A key ID is nobody's.
    let id = &keys::load("good").fingerprint()[24..];
    assert_rejected(
        &judge(dir.path(), &keysmap(&format!("org.example = 0x{id}"))),
        codes::TRUST_FORBIDDEN,
    );
}

/// Accepted, with a warning that says why.
fn tolerated(dir: &Path, text: &str) {
    let judged = judge(dir, &keysmap(text));
    assert_accepted(&judged);
    assert!(has(&judged, codes::TRUST_TOLERATED), "{judged:#?}");
}

#[test]
fn what_a_keysmap_lets_pass_is_told() {
    let dir = signed();
    let asc = dir.path().join(format!("{JAR}.asc"));
    let jar = fs::read(dir.path().join(JAR)).unwrap();
    let both = |word: &str| format!("org.example = GOOD\norg.example:lib:jar = {word}");
    fs::write(
        &asc,
        raw_sign(&keys::load("good"), b"other", &RawOptions::at(keys::SIGNED)),
    )
    .unwrap();
    tolerated(dir.path(), &both("badSig"));
    assert_eq!(
        judge(dir.path(), &keysmap(&both("noKey, noSig"))).outcome(),
        Outcome::Rejected
    );
    fs::write(
        &asc,
        raw_sign(&keys::load("stranger"), &jar, &RawOptions::at(keys::SIGNED)),
    )
    .unwrap();
    tolerated(dir.path(), &both("noKey"));
    assert_eq!(
        judge(dir.path(), &keysmap(&both("badSig, noSig"))).outcome(),
        Outcome::Rejected
    );
    fs::remove_file(&asc).unwrap();
    tolerated(dir.path(), &both("noSig"));
    assert_eq!(
        judge(dir.path(), &keysmap(&both("badSig, noKey, any"))).outcome(),
        Outcome::Rejected
    );
}

#[test]
fn a_trust_files_checksums_stand_for_signatures_and_against_files() {
    let dir = signed();
    let jar = fs::read(dir.path().join(JAR)).unwrap();
    let summary = |digest: Digest, content: &[u8]| {
        let form = match digest {
            Digest::Md5 => pkgseal_repo::DigestAlgorithm::Md5,
            _ => pkgseal_repo::DigestAlgorithm::Sha256,
        };
        let text = format!("{}  {JAR}\n", digest.hex(content));
        let (mut trust, _) = read(Form::Checksums(form), text.as_bytes()).unwrap();
        trust.rules = keysmap("org.example = GOOD").trust.unwrap().rules;
        by(trust)
    };
    assert_accepted(&judge(dir.path(), &summary(Digest::Sha256, &jar)));
    assert_rejected(
        &judge(dir.path(), &summary(Digest::Sha256, b"other")),
        codes::TRUST_CHECKSUM,
    );
    fs::remove_file(dir.path().join(format!("{JAR}.asc"))).unwrap();
    let judged = judge(dir.path(), &summary(Digest::Sha256, &jar));
    assert_accepted(&judged);
    assert!(has(&judged, codes::UNSIGNED));
    // MD5 stands for nothing.
    assert_eq!(
        judge(dir.path(), &summary(Digest::Md5, &jar)).outcome(),
        Outcome::Rejected
    );
}

#[test]
fn what_is_learned_accepts_what_it_was_learned_from() {
    let dir = signed();
    for (path, content) in maven::Artifact::new("org.other", "tool", "2.0").files() {
        let asc = raw_sign(
            &keys::load("good-rsa2048"),
            &content,
            &RawOptions::at(keys::SIGNED),
        );
        put(dir.path(), &format!("{path}.asc"), asc);
        put(dir.path(), &path, content);
    }
    let judged = judge(dir.path(), &Policy::default());
    let (trust, untaught) = learn(&judged);
    assert_eq!((trust.rules.len(), untaught.len()), (2, 0));
    assert_accepted(&judge(dir.path(), &by(trust.clone())));
    // Another key later is noticed.
    let jar = fs::read(dir.path().join(JAR)).unwrap();
    let asc = raw_sign(
        &keys::load("good-rsa2048"),
        &jar,
        &RawOptions::at(keys::SIGNED),
    );
    put(dir.path(), &format!("{JAR}.asc"), asc);
    assert_accepted(&judge(dir.path(), &Policy::default()));
    assert_rejected(&judge(dir.path(), &by(trust)), codes::TRUST_FORBIDDEN);
    fs::remove_file(dir.path().join(format!("{JAR}.asc"))).unwrap();
    let (_, untaught) = learn(&judge(dir.path(), &Policy::default()));
    assert_eq!(untaught.len(), 1);
}

/// A Gradle cache with these files of `org.example:lib:1.0`.
fn cache() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in contents(signed().path()) {
        cached(dir.path(), name.rsplit('/').next().unwrap(), &content);
    }
    put(
        dir.path(),
        "caches/modules-2/metadata-2.107/module.bin",
        "x",
    );
    dir
}

fn cached(dir: &Path, name: &str, content: &[u8]) -> String {
    let folder = Digest::Sha1.hex(content);
    let folder = folder.trim_start_matches('0');
    let path = format!("caches/modules-2/files-2.1/org.example/lib/1.0/{folder}/{name}");
    put(dir, &path, content);
    path
}

#[test]
fn a_gradle_cache_is_verified() {
    let dir = cache();
    assert!(recognise(&Root::open(dir.path()).unwrap()).unwrap());
    for path in [
        dir.path().to_owned(),
        dir.path().join("caches/modules-2/files-2.1"),
    ] {
        let judged = judge(&path, &Policy::default());
        assert_accepted(&judged);
        assert_eq!(judged.signatures.len(), 4);
        assert_eq!(judged.report.files, 8);
        assert_accepted(&judge(&path, &keysmap("org.example = GOOD")));
        assert_rejected(
            &judge(&path, &keysmap("org.example = OTHER")),
            codes::TRUST_FORBIDDEN,
        );
    }
}

#[test]
fn a_gradle_cache_that_is_not_what_it_says_rejects() {
    let check = |change: fn(&Path), code: Code| {
        let dir = cache();
        change(dir.path());
        assert_rejected(&judge(dir.path(), &Policy::default()), code);
    };
    fn find(dir: &Path, suffix: &str) -> std::path::PathBuf {
        let all = contents(dir);
        let (name, _) = all.iter().find(|(name, _)| name.ends_with(suffix)).unwrap();
        dir.join(name)
    }
    check(
        |dir| fs::write(find(dir, "lib-1.0.jar"), "changed").unwrap(),
        codes::GRADLE_DIGEST,
    );
    check(
        |dir| fs::write(find(dir, "lib-1.0.jar"), "changed").unwrap(),
        signature::BAD,
    );
    check(
        |dir| fs::write(find(dir, "lib-1.0.pom.asc"), "changed").unwrap(),
        codes::GRADLE_DIGEST,
    );
    check(
        |dir| fs::remove_file(find(dir, "lib-1.0.jar.asc")).unwrap(),
        signature::NONE,
    );
    check(
        |dir| {
            let pom = b"<project><groupId>org.other</groupId><artifactId>lib</artifactId><version>1.0</version></project>";
            fs::remove_file(find(dir, "lib-1.0.pom")).unwrap();
            fs::remove_file(find(dir, "lib-1.0.pom.asc")).unwrap();
            cached(dir, "lib-1.0.pom", pom);
            cached(
                dir,
                "lib-1.0.pom.asc",
                &raw_sign(&keys::load("good"), pom, &RawOptions::at(keys::SIGNED)),
            );
        },
        codes::POM_MISMATCH,
    );
}

#[test]
fn a_cache_may_keep_several_signatures() {
    let dir = cache();
    for content in [&b"stale"[..], b"another"] {
        let stale = raw_sign(&keys::load("good"), content, &RawOptions::at(keys::SIGNED));
        cached(dir.path(), "lib-1.0.jar.asc", &stale);
    }
    assert_accepted(&judge(dir.path(), &Policy::default()));
}

#[test]
fn what_is_nearly_a_cache_is_none() {
    let dir = tempfile::tempdir().unwrap();
    for path in [
        "files-2.1/org.example/lib/1.0/lib-1.0.jar",
        "files-2.1/org.example/lib/1.0/nohex/lib-1.0.jar",
        "files-2.1/org.example/lib/1.0/ab/cd/lib-1.0.jar",
    ] {
        put(dir.path(), path, "x");
    }
    assert!(!recognise(&Root::open(dir.path()).unwrap()).unwrap());
    let known = verifier(&["good"]);
    let judged = verify(dir.path(), &known, &CheckOptions::default(), &NoProgress).unwrap();
    assert_ne!(judged.outcome(), Outcome::Accepted);
}
