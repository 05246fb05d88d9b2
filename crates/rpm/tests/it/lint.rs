//! What the lint says of a target, and what the target's program does.

use std::fs;
use std::path::Path;

use pkgseal_openpgp::{Certificates, Examination};
use pkgseal_repo::{CheckOptions, Outcome, Severity};
use pkgseal_rpm::client::Client;
use pkgseal_rpm::lint::{self, Target};
use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag, tag};
use pkgseal_testkit::build::yum::Repository;
use pkgseal_testkit::keys::{self, Hash, RawOptions, armor, raw_sign};
use pkgseal_testkit::peers::rpm::Database;
use pkgseal_testkit::peers::trixie::Room;
use pkgseal_testkit::peers::yum;

use crate::common::{codes, limits, now, rejections};

/// Keys that are alive and bound: what a reader makes of them is a matter of kind alone.
const KINDS: &[&str] = &[
    "good-rsa2048",
    "good-rsa4096",
    "good-ed25519",
    "good-p256",
    "good-p384",
    "good-p521",
    "good-brainpool-p256",
    "good-v6-ed25519",
    "good-v6-ed448",
    "good-mldsa65",
    "good-mldsa87",
    "primary-signs",
    "primary-signs-rsa3072",
    "rsa1024",
    "dsa2048",
    "sha1-binding",
    "sha1-subkey-binding",
];

fn target(name: &str) -> Vec<Target> {
    vec![Target::named(name).unwrap()]
}

fn certificates(key: &str) -> Certificates {
    keys::certificates(&[key])
}

fn hello(format: Format) -> Rpm {
    Rpm::new("hello", "1.0", "noarch", format).reserve(Some(4096))
}

fn legacy(key: &str) -> Option<u32> {
    if key.contains("v6") || key.contains("mldsa") {
        return None;
    }
    Some(if key.contains("rsa") {
        tag::RSA
    } else {
        tag::DSA
    })
}

fn by(key: &str, data: &[u8], hash: Option<Hash>) -> Vec<u8> {
    let mut options = RawOptions::at(keys::SIGNED).binary();
    options.hash = hash;
    raw_sign(&keys::load(key), data, &options)
}

/// A version 4 package, signed in the tag that is meant for the key.
fn signed(key: &str) -> Vec<u8> {
    let parts = Parts::read(&hello(Format::V4).build());
    let packet = by(key, &parts.header, None);
    match legacy(key) {
        Some(tag) => parts.with(Tag::binary(tag, &packet)).build(),
        None => parts.openpgp(&[packet]).build(),
    }
}

/// Packages that are odd in another way than by their key, all by one that all know.
fn oddities() -> Vec<(&'static str, Vec<u8>)> {
    let key = "good-rsa4096";
    let parts = Parts::read(&hello(Format::V4).build());
    let packet = by(key, &parts.header, None);
    let good = |parts: Parts| parts.with(Tag::binary(tag::RSA, &packet));
    let other = by("good-v6-ed25519", &parts.header, None);
    let sha1 = by(key, &parts.header, Some(Hash::Sha1));
    let mut undigested = parts.clone().without(tag::SHA256).without(tag::SHA1);
    let word = undigested
        .header
        .chunks_exact(4)
        .position(|word| word == 5092_u32.to_be_bytes())
        .unwrap();
    undigested.header[4 * word..4 * word + 4].copy_from_slice(&5091_u32.to_be_bytes());
    let unbound = by(key, &undigested.header, None);
    let six = Parts::read(&hello(Format::V6).build());
    let six_packet = by(key, &six.header, None);
    let zstd = hello(Format::V4).compressed(Compression::Zstd).build();
    let zstd = Parts::read(&zstd);
    let zstd_packet = by(key, &zstd.header, None);
    vec![
        ("plain", good(parts.clone()).build()),
        ("unsigned", parts.build()),
        (
            "openpgp alone",
            parts.clone().openpgp(std::slice::from_ref(&packet)).build(),
        ),
        (
            "both tags",
            good(parts.clone().openpgp(std::slice::from_ref(&packet))).build(),
        ),
        (
            "version 6 in a legacy tag",
            parts.clone().with(Tag::binary(tag::DSA, &other)).build(),
        ),
        (
            "SHA-1",
            parts.clone().with(Tag::binary(tag::RSA, &sha1)).build(),
        ),
        (
            "no payload digest",
            undigested.with(Tag::binary(tag::RSA, &unbound)).build(),
        ),
        (
            "no SHA-256 of the header",
            good(parts.without(tag::SHA256)).build(),
        ),
        (
            "format 6, both tags",
            six.openpgp(std::slice::from_ref(&six_packet))
                .with(Tag::binary(tag::RSA, &six_packet))
                .build(),
        ),
        (
            "zstd",
            zstd.with(Tag::binary(tag::RSA, &zstd_packet)).build(),
        ),
    ]
}

/// Certificate and package together, as a reader needs both.
fn lint(bytes: &[u8], key: &str, targets: &[Target]) -> Examination {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hello.rpm");
    fs::write(&path, bytes).unwrap();
    let known = certificates(key);
    let mut found = lint::package(&path, targets, &known, now(), &limits()).unwrap();
    for certificate in known.iter() {
        let more = lint::certificate(certificate, targets, now());
        found.report.merge(more.report);
    }
    found
}

/// Holds lint and program against each other: accepts means no rejection.
fn agree(name: &str, program: impl Fn(&str, &Path) -> bool) {
    let targets = target(name);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hello.rpm");
    let mut wrong = Vec::new();
    let mut compare = |what: &str, key: &str, bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let theirs = program(key, &path);
        let found = lint(bytes, key, &targets);
        if theirs != (found.outcome() == Outcome::Accepted) {
            let rejections = rejections(&found);
            wrong.push(format!("{what}: program {theirs}, lint {rejections:?}"));
        }
    };
    for key in KINDS {
        compare(key, key, &signed(key));
    }
    for (what, bytes) in oddities() {
        compare(what, "good-rsa4096", &bytes);
    }
    // Only the parser of rpm before rpm-sequoia minds a subkey that is dead.
    if name == "debian-rpm4.18" {
        for key in [
            "subkey-revoked-soft",
            "subkey-revoked-hard",
            "unbound-subkey",
        ] {
            compare(key, key, &signed(key));
        }
    }
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
}

#[test]
fn debian_12_agrees() {
    if Database::new(&[]).is_none() {
        return;
    }
    agree("debian-rpm4.18", |key, package| {
        let database = Database::new(&[]).unwrap();
        let imported = database.import(keys::load(key).certificate()).accepted();
        imported && database.check(package).accepted()
    });
}

#[test]
fn debian_13_agrees() {
    let Some(room) = Room::new() else {
        return;
    };
    agree("debian-rpm4.20", |key, package| {
        let inside = room.put("hello.rpm", fs::read(package).unwrap());
        let certificate = room.put("key.asc", keys::load(key).certificate());
        let database = tempfile::tempdir_in(room.outside()).unwrap();
        let database = room.path_inside(database.path());
        let rpmkeys = |arguments: &[&Path]| {
            let mut all = vec!["--dbpath".into(), database.clone().into_os_string()];
            all.extend(arguments.iter().map(|a| a.as_os_str().to_owned()));
            room.run("rpmkeys", all).accepted()
        };
        let level = Path::new("--define=_pkgverify_level all");
        rpmkeys(&[Path::new("--import"), &certificate])
            && rpmkeys(&[level, Path::new("--checksig"), &inside])
    });
}

/// A repository with one unsigned package, repomd.xml signed by a key.
fn repository(folder: &Path, signatures: &[Vec<u8>]) {
    Repository::new(vec![hello(Format::V4)]).write(folder);
    let asc: Vec<u8> = signatures.iter().flat_map(|packet| armor(packet)).collect();
    let path = folder.join("repodata/repomd.xml.asc");
    if asc.is_empty() {
        let _ = fs::remove_file(path);
    } else {
        fs::write(path, asc).unwrap();
    }
}

fn lint_metadata(folder: &Path, key: &str, targets: &[Target]) -> Vec<&'static str> {
    let options = CheckOptions::default();
    let found = lint::repository(folder, targets, &certificates(key), now(), &options).unwrap();
    let mut found = rejections(&found);
    found.retain(|code| code.starts_with("yum."));
    found
}

#[test]
fn dnf_of_debian_12_agrees() {
    let targets = target("debian-rpm4.18");
    let mut wrong = Vec::new();
    for key in KINDS {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        repository(root, &[]);
        let repomd = fs::read(root.join("repodata/repomd.xml")).unwrap();
        let usual = by(key, &repomd, None);
        let mut cases = vec![(*key, vec![usual.clone()])];
        if *key == "good-rsa4096" {
            let second = by("good-ed25519", &repomd, None);
            cases.push(("two signatures", vec![usual, second]));
            cases.push(("unsigned", vec![]));
            cases.push(("SHA-1", vec![by(key, &repomd, Some(Hash::Sha1))]));
        }
        for (what, signatures) in cases {
            repository(root, &signatures);
            let Some(run) = yum::dnf(root, &keys::load(key)) else {
                return;
            };
            let found = lint_metadata(root, key, &targets);
            if run.accepted() != found.is_empty() {
                wrong.push(format!("{what}: dnf {}, lint {found:?}", run.accepted()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every trait that a target minds has a code, a reason with its source, and a step.
#[test]
fn findings_tell_target_reason_and_step() {
    let targets: Vec<_> = Target::names()
        .map(|name| Target::named(name).unwrap())
        .collect();
    let mut met = std::collections::BTreeSet::new();
    for key in KINDS {
        let found = lint(&signed(key), key, &targets);
        for finding in &found.report.findings {
            assert!(finding.code.id.starts_with("rpm.lint."), "{finding:?}");
            let cause = finding.cause.as_deref().unwrap();
            assert!(
                Target::names().any(|name| cause.starts_with(name)),
                "{cause}"
            );
            assert!(!finding.hint.as_deref().unwrap().is_empty());
            met.insert(finding.code.id);
        }
    }
    for (_, bytes) in oddities() {
        let found = lint(&bytes, "good-rsa4096", &targets);
        met.extend(found.report.findings.iter().map(|finding| finding.code.id));
    }
    for code in [
        "rpm.lint.short-rsa",
        "rpm.lint.eddsa",
        "rpm.lint.nist-curve",
        "rpm.lint.brainpool",
        "rpm.lint.v6-key",
        "rpm.lint.post-quantum",
        "rpm.lint.subkey",
        "rpm.lint.sha1-self-signature",
        "rpm.lint.sha1-signature",
        "rpm.lint.unsigned",
        "rpm.lint.openpgp-tag-only",
        "rpm.lint.v6-in-legacy-tag",
        "rpm.lint.no-sha256-header-digest",
        "rpm.lint.no-payload-digest",
        "rpm.lint.format-6",
        "rpm.lint.zstd-payload",
    ] {
        assert!(met.contains(code), "{code} is never met: {met:?}");
    }
}

#[track_caller]
fn rejects(key: &str, bytes: &[u8], name: &str, code: &str) {
    let found = lint(bytes, key, &target(name));
    assert!(rejections(&found).contains(&code), "{:?}", found.report);
}

#[track_caller]
fn warns(key: &str, bytes: &[u8], name: &str, code: &str) {
    let found = lint(bytes, key, &target(name));
    let warned = codes(&found, Severity::Warning);
    assert!(warned.contains(&code), "{:?}", found.report);
}

/// What threads report of targets that no program is at hand for.
#[test]
fn known_troubles_are_named() {
    rejects(
        "good-ed25519",
        &signed("good-ed25519"),
        "el8",
        "rpm.lint.eddsa",
    );
    rejects(
        "good-ed25519",
        &signed("good-ed25519"),
        "el9",
        "rpm.lint.eddsa",
    );
    rejects(
        "sha1-binding",
        &signed("sha1-binding"),
        "el9",
        "rpm.lint.sha1-self-signature",
    );
    rejects(
        "good-rsa4096",
        &signed("good-rsa4096"),
        "el7",
        "rpm.lint.subkey",
    );
    warns(
        "good-mldsa65",
        &signed("good-mldsa65"),
        "el10",
        "rpm.lint.post-quantum",
    );
    let two = {
        let parts = Parts::read(&hello(Format::V6).build());
        let packets = [
            by("good-rsa4096", &parts.header, None),
            by("good-mldsa65", &parts.header, None),
        ];
        parts.openpgp(&packets).build()
    };
    warns(
        "good-rsa4096",
        &two,
        "fedora",
        "rpm.lint.several-signatures",
    );
    rejects("good-rsa4096", &two, "el9", "rpm.lint.format-6");
    // An expiry is only worth a note.
    let expiring = lint(&signed("subkey-expired"), "subkey-expired", &target("el9"));
    assert!(codes(&expiring, Severity::Note).contains(&"rpm.lint.expiry"));
    let plain = lint(
        &signed("primary-signs-rsa3072"),
        "primary-signs-rsa3072",
        &target("el7"),
    );
    assert_eq!(rejections(&plain), [""; 0]);
}

#[test]
fn repositories_are_linted_with_their_packages() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let rsa = "primary-signs-rsa3072";
    let mut repository = Repository::new(vec![
        hello(Format::V4),
        Rpm::new("world", "1.0", "noarch", Format::V4),
    ]);
    repository.compression = Compression::Zstd;
    repository.write(root);
    let all: Vec<_> = Target::names()
        .map(|name| Target::named(name).unwrap())
        .collect();
    let lint = |targets: &[Target]| {
        let options = CheckOptions::default();
        lint::repository(root, targets, &certificates(rsa), now(), &options).unwrap()
    };
    let found = lint(&all);
    let found_codes = rejections(&found);
    for code in [
        "yum.lint.unsigned",
        "yum.lint.zstd-metadata",
        "rpm.lint.unsigned",
    ] {
        assert!(found_codes.contains(&code), "{code}: {found_codes:?}");
    }
    assert!(codes(&found, Severity::Warning).contains(&"yum.lint.no-key-file"));
    assert!(codes(&found, Severity::Note).contains(&"yum.lint.no-database"));
    // Two packages are unsigned, and that is one finding for a target.
    let el9 = lint(&target("el9"));
    let unsigned: Vec<_> = el9
        .report
        .findings
        .iter()
        .filter(|finding| finding.code.id == "rpm.lint.unsigned")
        .collect();
    assert_eq!(unsigned.len(), 1);
    assert!(
        unsigned[0].detail.contains("1 packages more"),
        "{unsigned:?}"
    );

    let repomd = root.join("repodata/repomd.xml");
    let text = fs::read(&repomd).unwrap();
    let asc = repomd.with_extension("xml.asc");
    fs::write(&asc, armor(&by(rsa, &text, None))).unwrap();
    assert!(!rejections(&lint(&target("el9"))).contains(&"yum.lint.unsigned"));
    for (key, code) in [
        ("good-ed25519", "yum.lint.eddsa"),
        ("good-p256", "yum.lint.nist-curve"),
        ("good-brainpool-p256", "yum.lint.nist-curve"),
        ("good-v6-ed25519", "yum.lint.v6-key"),
        ("good-mldsa65", "yum.lint.post-quantum"),
    ] {
        // By the signature alone: nobody is known whose key it is.
        fs::write(&asc, armor(&by(key, &text, None))).unwrap();
        let found = rejections(&lint(&target("el7")));
        assert!(found.contains(&code), "{key}: {found:?}");
    }
    let sha1 = by(rsa, &text, Some(Hash::Sha1));
    fs::write(&asc, armor(&sha1)).unwrap();
    assert!(rejections(&lint(&target("el9"))).contains(&"yum.lint.sha1-signature"));
    let two = [by(rsa, &text, None), by("good-ed25519", &text, None)];
    fs::write(
        &asc,
        two.iter().flat_map(|one| armor(one)).collect::<Vec<_>>(),
    )
    .unwrap();
    assert!(rejections(&lint(&target("fedora"))).contains(&"yum.lint.several-signatures"));
    // A keyhint that climbs, whatever the target.
    let hinted = String::from_utf8(text).unwrap().replace(
        "</revision>",
        "</revision><tags><content>../gpg-pubkey-00000000-00000000.asc</content></tags>",
    );
    fs::write(&repomd, hinted).unwrap();
    assert!(rejections(&lint(&target("fedora"))).contains(&"yum.keyhint"));
    // What cannot be read is no lint but a rejection.
    fs::write(&asc, "hello").unwrap();
    assert!(rejections(&lint(&target("el9"))).contains(&"signature.malformed"));
    fs::write(&repomd, "<hello/>").unwrap();
    fs::remove_file(&asc).unwrap();
    assert!(rejections(&lint(&target("el9"))).contains(&"yum.repomd.malformed"));
    fs::remove_file(&repomd).unwrap();
    assert!(rejections(&lint(&target("el9"))).contains(&"file.missing"));
}

#[test]
fn what_is_no_package_is_rejected() {
    let found = lint(b"hello", "good-ed25519", &target("el9"));
    assert!(rejections(&found).contains(&"rpm.not-a-package"));
    let parts = Parts::read(&hello(Format::V4).build());
    let broken = parts.clone().with(Tag::binary(tag::DSA, b"hello")).build();
    let found = lint(&broken, "good-ed25519", &target("el9"));
    assert!(rejections(&found).contains(&"signature.malformed"));
    let texts = ["!".to_owned()];
    let broken = parts.with(Tag::strings(tag::OPENPGP, &texts)).build();
    let found = lint(&broken, "good-ed25519", &target("el9"));
    assert!(rejections(&found).contains(&"rpm.signature.encoding"));
}

/// Whether the real zypper loads a repository whose repomd.xml.asc holds these signatures, by
/// the keys of these certificates; `block` makes one armored block of them.
fn zypper_takes(
    signers: &[&str],
    trusted: &[&str],
    block: fn(&[Vec<u8>]) -> Vec<u8>,
) -> Option<bool> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repository");
    Repository::new(vec![hello(Format::V4)]).write(&root);
    let text = fs::read(root.join("repodata/repomd.xml")).unwrap();
    let signatures: Vec<_> = signers.iter().map(|key| by(key, &text, None)).collect();
    fs::write(root.join("repodata/repomd.xml.asc"), block(&signatures)).unwrap();
    let keys = folder.path().join("keys.asc");
    let all = trusted
        .iter()
        .flat_map(|key| keys::load(key).certificate().to_vec());
    fs::write(&keys, all.collect::<Vec<u8>>()).unwrap();
    let url = format!("dir:{}", root.display());
    Some(yum::zypper_at(keys::time(keys::NOW), &url, &keys)?.says("hello"))
}

/// zypper looks for the key of the last signature and imports no other: who knows the first
/// one's alone is stranded, however the signatures stand in the file.
#[test]
fn zypper_goes_by_the_last_of_several_signatures() {
    let (one, other) = ("good-rsa4096", "good-rsa2048");
    let one_block: fn(&[Vec<u8>]) -> Vec<u8> = |all| armor(&all.concat());
    let blocks: fn(&[Vec<u8>]) -> Vec<u8> = |all| all.iter().flat_map(|one| armor(one)).collect();
    let found = |code: &str, signers: &[&str]| {
        let text = b"<repomd/>";
        let signature: Vec<u8> = signers.iter().flat_map(|key| by(key, text, None)).collect();
        let certificates = keys::certificates(&[one, other]);
        let linted = lint::repomd(
            text,
            &armor(&signature),
            &target("suse"),
            &certificates,
            now(),
        );
        codes(&linted, Severity::Warning).contains(&code)
    };
    assert!(found("yum.lint.several-signatures", &[one, other]));
    assert!(!found("yum.lint.several-signatures", &[one]));
    for (signers, trusted, taken) in [
        (&[one][..], &[one][..], true),
        (&[one], &[other], false),
        (&[one, other], &[one], false),
        (&[one, other], &[other], true),
        (&[one, other], &[one, other], true),
    ] {
        for block in [one_block, blocks] {
            let Some(really) = zypper_takes(signers, trusted, block) else {
                return;
            };
            assert_eq!(really, taken, "by {signers:?}, trusting {trusted:?}");
        }
    }
}

/// Debian builds rpm-sequoia without post-quantum algorithms, as it does without brainpool.
#[test]
fn debian_13_imports_what_its_model_says() {
    let Some(room) = Room::new() else {
        return;
    };
    let client = Client::named("rpm-4.20").unwrap();
    let mut refused = Vec::new();
    for key in KINDS {
        let database = tempfile::tempdir_in(room.outside()).unwrap();
        let database = room.path_inside(database.path());
        let certificate = room.put("key.asc", keys::load(key).certificate());
        let import = [
            Path::new("--dbpath"),
            &database,
            Path::new("--import"),
            &certificate,
        ];
        let really = room.run("rpmkeys", import).accepted();
        let certificates = certificates(key);
        let certificate = certificates.iter().next().unwrap();
        let said = client.imports(certificate, now()).contains(&true);
        assert_eq!(said, really, "{key}");
        if !said {
            refused.push(*key);
        }
    }
    let expected = [
        "good-brainpool-p256",
        "good-mldsa65",
        "good-mldsa87",
        "rsa1024",
        "sha1-binding",
    ];
    assert_eq!(refused, expected);
}

#[test]
fn an_algorithm_that_no_profile_has_is_refused() {
    let text = Client::named("rpm-4.20")
        .unwrap()
        .text()
        .replace("slh-dsa-128s", "slh-dsa-1");
    let error = Client::parse("x", &text).unwrap_err().to_string();
    assert!(
        error.contains("openpgp.unknown-keys") && error.contains("slh-dsa-1"),
        "{error}"
    );
}
